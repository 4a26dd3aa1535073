# The contract of this room.
from .base import BaseAutoEstimator as BaseAutoEstimator
