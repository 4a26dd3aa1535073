"""What a plain array of numbers is."""

from dataclasses import dataclass

from skautokeras._data.schema.base import Schema
from skautokeras._state.names import saved_as


@saved_as("ArraySchema")
@dataclass(frozen=True)
class ArraySchema(Schema):
    """Facts about an array of numbers.

    Parameters
    ----------
    shape : tuple of int
        Shape of one sample.

    n_samples : int
        Number of samples seen in `fit`.

    Examples
    --------
    >>> from skautokeras._data.schema import ArraySchema
    >>> ArraySchema(shape=(28, 28), n_samples=100).shape
    (28, 28)
    """

    shape: tuple[int, ...]
    n_samples: int
