"""Automated deep learning as ordinary scikit-learn estimators.

The code consists of eleven subpackages, called rooms. A room imports only from rooms
before it in this list, and the data of a `fit` goes through them in the same order:

1. ``_state``: how is an object written down, and read again without running code?
2. ``_data``: what is each column, image, text and target; how do they become arrays?
3. ``_layers``: what do our Keras layers compute?
4. ``_space``: which networks are possible?
5. ``_training``: how does one network learn?
6. ``_search``: which configuration is tried next, where, and what came of it?
7. ``_ensemble``: what predicts in the end?
8. ``_export``: how does a fitted model leave Python?
9. ``_fit``: how does one `fit` go from X and y to fitted attributes?
10. ``inspection``: what did a search do, and why should its result be trusted?
11. ``_estimators``: what does a user call?
"""

import lazy_loader

from skautokeras._state.names import use_public_names

__version__ = "0.1.0.dev0"

# TensorFlow takes seconds to import, and only some names need it: every public name is
# imported when it is first asked for. The stub `__init__.pyi` says where it lives.
__getattr__, _, __all__ = lazy_loader.attach_stub(__name__, __file__)
use_public_names(__all__, __getattr__)


def __dir__():
    return sorted({*globals(), *__all__})
