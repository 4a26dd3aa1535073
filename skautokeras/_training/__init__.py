"""Training: how one network learns.

The contract of this room, which tests rely on, is in the stub beside this file. A name
is imported when it is first asked for.
"""

import lazy_loader

from skautokeras._state.keras_door import prepare_import

prepare_import()

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
