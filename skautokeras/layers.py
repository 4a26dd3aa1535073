"""The Keras layers of this package.

Importing this module registers them with Keras, which is what it takes to load an
exported model in another process:

>>> import keras
>>> import skautokeras.layers
>>> keras.saving.get_registered_object("skautokeras>OneHot").__name__
'OneHot'
"""

from skautokeras._layers import *  # noqa: F403
from skautokeras._layers import __all__  # noqa: F401
