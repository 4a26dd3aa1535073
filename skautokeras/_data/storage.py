"""Room for long arrays: in memory, or in a file without a name."""

import math
import os
import tempfile

import numpy as np

# Memory that is assumed where the system does not tell its size.
_USUAL_MEMORY = 8 * 2**30
# Values that are copied at a time.
_COPIED_AT_ONCE = 2**24


def _most_bytes():
    """Return how large an array in memory may be: a quarter, as more arrays follow."""
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        memory = _USUAL_MEMORY
    return memory // 4


MOST_BYTES = _most_bytes()


def empty(shape, dtype):
    """Return an array to be filled.

    Parameters
    ----------
    shape : tuple of int
        Shape of the array.

    dtype : str or dtype
        Dtype of the array.

    Returns
    -------
    array : ndarray
        An array with undefined values. If it would take more than a quarter of the
        memory, it is a `numpy.memmap` on a file in the folder for temporary files, and
        the file is deleted with the array.

    Examples
    --------
    >>> from skautokeras._data.storage import empty
    >>> array = empty((2, 3), "uint8")
    >>> array.shape, type(array).__name__
    ((2, 3), 'ndarray')
    """
    if math.prod(shape) * np.dtype(dtype).itemsize <= MOST_BYTES:
        return np.empty(shape, dtype)
    with tempfile.TemporaryFile() as file:
        return np.memmap(file, dtype, "w+", shape=tuple(shape))


def take(array, indices):
    """Take some of the rows of an array; from a file into another one if need be.

    Parameters
    ----------
    array : ndarray of shape (n_samples, ...)
        Array in memory or on a file.

    indices : array-like of int of shape (n_taken,) or slice
        Positions of the rows.

    Returns
    -------
    taken : ndarray of shape (n_taken, ...)
        The rows. A slice gives a view.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._data.storage import take
    >>> take(np.eye(3), [2, 0]).tolist()
    [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    """
    if isinstance(indices, slice) or not isinstance(array, np.memmap):
        return array[indices]
    indices = np.arange(len(array))[indices]
    taken = empty((len(indices), *array.shape[1:]), array.dtype)
    n_rows = max(1, _COPIED_AT_ONCE // math.prod(array.shape[1:]))
    for start in range(0, len(indices), n_rows):
        rows = slice(start, start + n_rows)
        taken[rows] = array[indices[rows]]
    return taken
