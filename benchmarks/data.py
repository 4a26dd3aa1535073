"""The data sets, as they lie in the data folder."""

from pathlib import Path

import pandas as pd

TASKS = {
    "titanic": "classification",
    "adult": "classification",
    "california_housing": "regression",
    "diamonds": "regression",
}


def is_classification(dataset):
    """Return whether the target of a data set is a class."""
    return TASKS[dataset] == "classification"


def read_split(folder, dataset, split):
    """Read one file of a data set.

    Parameters
    ----------
    folder : path-like
        The folder that holds one folder per data set.
    dataset : str
        Name of the data set.
    split : {"train", "test"}
        Which file.

    Returns
    -------
    X : DataFrame of shape (n_samples, n_features)
    y : Series of shape (n_samples,)
    """
    frame = pd.read_csv(Path(folder) / dataset / f"{split}.csv.gz")
    return frame.drop(columns="target"), frame["target"]
