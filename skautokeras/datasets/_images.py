"""Images: small pictures of clothes."""

import numpy as np

from skautokeras._sklearn import validate_params
from skautokeras.datasets._files import bunch_of, read_arrays

_NAMES = (
    "t-shirt",
    "trousers",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "boot",
)


@validate_params({"return_X_y": ["boolean"]}, prefer_skip_nested_validation=True)
def load_fashion(*, return_X_y=False):
    """Load and return pictures of clothes (classification).

    =================   =================
    Classes                            10
    Samples per class                  60
    Samples total                     600
    Dimensionality           28 x 28
    Features            integers 0 to 255
    =================   =================

    The pictures are a part of Fashion-MNIST (MIT licence, Zalando SE). The attribute
    `DESCR` has the licence.

    Parameters
    ----------
    return_X_y : bool, default=False
        If True, returns ``(images, target)`` instead of a Bunch object.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        images : ndarray of shape (600, 28, 28), dtype uint8
            The pictures.
        data : ndarray of shape (600, 784), dtype uint8
            The pictures as rows of pixels.
        target : ndarray of shape (600,)
            The numbers of the classes.
        target_names : ndarray of shape (10,)
            The names of the classes, indexed by `target`.
        DESCR : str
            The full description of the data set.
        filename : str
            The name of the file the pictures are read from.
        data_module : str
            The package that holds the file.

    (images, target) : tuple if ``return_X_y`` is True
        The two objects described above.

    Examples
    --------
    >>> from skautokeras.datasets import load_fashion
    >>> X, y = load_fashion(return_X_y=True)
    >>> X.shape, X.dtype
    ((600, 28, 28), dtype('uint8'))
    """
    filename = "fashion.npz"
    arrays = read_arrays(filename)
    images, target = arrays["images"], arrays["target"].astype(int)
    if return_X_y:
        return images, target
    return bunch_of(
        filename,
        images=images,
        data=images.reshape(len(images), -1),
        target=target,
        target_names=np.array(_NAMES),
    )
