"""The Keras layers of this package, and the base class for layers like them.

Importing this module registers them with Keras, with the optimizers that networks are
trained with. That is what it takes to load an exported model or a checkpoint in another
process:

>>> import keras
>>> import skautokeras.layers
>>> keras.saving.get_registered_object("skautokeras>OneHot").__name__
'OneHot'
"""

import skautokeras._training.optimizers  # noqa: F401
from skautokeras import _layers
from skautokeras._export import twins
from skautokeras._export.twins import *  # noqa: F403
from skautokeras._layers import *  # noqa: F403

__all__ = sorted([*_layers.__all__, *twins.__all__])
