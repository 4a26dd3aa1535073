# The contract of this room.
from .attributes import ATTRIBUTES as ATTRIBUTES
from .base import BaseAutoEstimator as BaseAutoEstimator
from .description import KINDS as KINDS
from .description import REQUIRED as REQUIRED
from .description import entries_of as entries_of
from .parameters import PARAMETERS as PARAMETERS
