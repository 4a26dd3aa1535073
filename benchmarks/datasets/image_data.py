"""Images with a class or a number as the target, read from the data folder."""

from pathlib import Path

import numpy as np

TASKS = {
    "digits": "classification",
    "mnist": "classification",
    "fashion_mnist": "classification",
    "cifar10": "classification",
    "houses": "regression",
}
# Default seconds for a search.
MAX_TIME = {
    "digits": 120.0,
    "mnist": 900.0,
    "fashion_mnist": 1200.0,
    "cifar10": 1800.0,
    "houses": 300.0,
}
# Places of the four photographs of a house in one image: two rows of two.
ROOMS = (("frontal", "kitchen"), ("bedroom", "bathroom"))


def read_images(folder, dataset, split):
    """Read one part of a data set.

    Parameters
    ----------
    folder : path-like
        The folder that holds one folder per data set.
    dataset : str
        Name of the data set; "digits" ships with scikit-learn.
    split : {"train", "test"}
        Part to read.

    Returns
    -------
    X : ndarray of shape (n_samples, height, width) or (n_samples, height, width, 3)
        Pixels.
    y : ndarray of shape (n_samples,)
        Classes, or the logarithm of the price for "houses".
    """
    if dataset == "digits":
        return _read_digits(split)
    with np.load(Path(folder) / dataset / f"{split}.npz") as arrays:
        if dataset == "houses":
            rows = [np.concatenate([arrays[r] for r in row], axis=2) for row in ROOMS]
            return np.concatenate(rows, axis=1), np.log(arrays["y"])
        return arrays["x"], arrays["y"]


def _read_digits(split):
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    digits = load_digits()
    parts = train_test_split(
        digits.images, digits.target, stratify=digits.target, random_state=0
    )
    i = ("train", "test").index(split)
    return parts[i], parts[2 + i]
