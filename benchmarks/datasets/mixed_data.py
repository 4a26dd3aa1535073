"""Data of several kinds: photographs or texts next to columns of a table."""

from pathlib import Path

import numpy as np
import pandas as pd

PHOTOS = ("bathroom", "bedroom", "frontal", "kitchen")


def read_houses(folder, split):
    """Return attributes and photographs as one DataFrame, and the log of the price."""
    X = pd.read_csv(Path(folder) / "houses" / f"{split}.csv.gz")
    y = np.log(X.pop("target").to_numpy())
    X["zipcode"] = X["zipcode"].astype(str)
    with np.load(Path(folder) / "houses" / f"{split}.npz") as arrays:
        photos = {name: list(arrays[name]) for name in PHOTOS}
    return X.assign(**photos), y


def read_wine_reviews(folder, split):
    """Return texts and attributes as one DataFrame, and the points."""
    root = Path(folder) / "wine_reviews"
    X = pd.read_csv(root / f"{split}.csv.gz")
    y = X.pop("target").to_numpy()
    return X.join(pd.read_csv(root / f"{split}_attributes.csv.gz")), y


# Functions of the data folder and the split, by the name of the data set.
READERS = {"houses": read_houses, "wine_reviews": read_wine_reviews}
