"""Texts with a class or a number as the target, read from the data folder."""

from pathlib import Path

import pandas as pd

TASKS = {
    "sms_spam": "classification",
    "ag_news": "classification",
    "imdb": "classification",
    "imdb_rating": "regression",
    "wine_reviews": "regression",
}
# Default seconds for a search.
MAX_TIME = {
    "sms_spam": 120.0,
    "ag_news": 300.0,
    "imdb": 900.0,
    "imdb_rating": 900.0,
    "wine_reviews": 300.0,
}


def read_texts(folder, dataset, split):
    """Read one part of a data set.

    Parameters
    ----------
    folder : path-like
        The folder that holds one folder per data set.
    dataset : str
        Name of the data set; "imdb_rating" has the texts of "imdb" and their stars.
    split : {"train", "test"}
        Part to read.

    Returns
    -------
    X : ndarray of shape (n_samples,), dtype object
        Strings.
    y : ndarray of shape (n_samples,)
        Classes or numbers.
    """
    root = Path(folder) / dataset.removesuffix("_rating")
    # A text such as "null" is not a missing value.
    frame = pd.read_csv(root / f"{split}.csv.gz", keep_default_na=False)
    X, y = frame["text"].to_numpy(dtype=object), frame["target"].to_numpy()
    if dataset.endswith("_rating"):
        y = pd.read_csv(root / f"{split}_rating.csv.gz")["rating"].to_numpy("float64")
    return X, y
