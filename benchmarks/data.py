"""Tables: of the data folder, of scikit-learn, and made with a known structure."""

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn import datasets
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.utils import shuffle

# With a training and a test file in the data folder.
TASKS = {
    "titanic": "classification",
    "adult": "classification",
    "california_housing": "regression",
    "diamonds": "regression",
}
# The rows of a table without a test file are split into so many parts.
N_FOLDS = 5


def is_classification(dataset):
    """Return whether the target of a data set is a class."""
    return TABLES[dataset] == "classification"


def read_split(folder, dataset, split, number=0, n_rows=None):
    """Read the training or the test rows of a data set.

    Parameters
    ----------
    folder : path-like
        The folder that holds one folder per data set.
    dataset : str
        Name of the data set.
    split : {"train", "test"}
        Which rows.
    number : int, default=0
        Which split, where there is no test file: five in a row share the rows out,
        each part being the test rows of one of them.
    n_rows : int or None, default=None
        So many of the training rows, drawn without replacement; `number` is the seed.
        None: all of them.

    Returns
    -------
    X : DataFrame of shape (n_samples, n_features)
    y : Series of shape (n_samples,)
    """
    X, y = _read_all(folder, dataset, split, number)
    if split == "train" and n_rows is not None and n_rows < len(y):
        X, y = shuffle(X, y, n_samples=n_rows, random_state=number)
    return X, y


def _read_all(folder, dataset, split, number):
    """Read all rows of a split."""
    if dataset in TASKS:
        frame = pd.read_csv(Path(folder) / dataset / f"{split}.csv.gz")
        return frame.drop(columns="target"), frame["target"]
    _, load = WITHOUT_TEST_FILE[dataset]
    X, y = load(folder)
    make_folds = StratifiedKFold if is_classification(dataset) else KFold
    folds = make_folds(N_FOLDS, shuffle=True, random_state=number // N_FOLDS)
    train, test = list(folds.split(X, y))[number % N_FOLDS]
    rows = train if split == "train" else test
    return X.iloc[rows].reset_index(drop=True), y.iloc[rows].reset_index(drop=True)


def _load_both_files(dataset, folder):
    """The rows of the training and of the test file together."""
    parts = [read_split(folder, dataset, split) for split in ("train", "test")]
    return tuple(
        pd.concat(part, ignore_index=True) for part in zip(*parts, strict=True)
    )


def _load_of_sklearn(load, folder, **options):
    return load(return_X_y=True, as_frame=True, **options)


def _make_of_sklearn(make, folder, **options):
    X, y = make(random_state=0, **options)
    X = pd.DataFrame(X, columns=[f"x{i}" for i in range(X.shape[1])])
    return X, pd.Series(y, name="target")


def _make_hastie(folder):
    """Ten normal variables; the class is whether their squares add up to much."""
    X, y = _make_of_sklearn(datasets.make_hastie_10_2, folder, n_samples=5000)
    return X, y.astype(int)


def _make_many_categories(folder):
    """A level for each of 200 categories, a product, and a slope for each of 3."""
    rng = np.random.default_rng(0)
    n_rows, n_cities = 5000, 200
    city, kind = rng.integers(n_cities, size=n_rows), rng.integers(3, size=n_rows)
    x = rng.normal(size=(n_rows, 4))
    level = rng.normal(size=n_cities)[city]
    slope = np.array([-1.0, 0.0, 1.0])[kind]
    noise = rng.normal(scale=0.3, size=n_rows)
    X = pd.DataFrame(x, columns=["a", "b", "c", "d"])
    X["city"] = pd.Series(city).map("city {}".format)
    X["kind"] = pd.Series(kind).map("kind {}".format)
    y = level + x[:, 0] * x[:, 1] + slope * x[:, 2] + noise
    return X, pd.Series(y, name="target")


# Data set -> task, and a function of the data folder that returns X and y.
WITHOUT_TEST_FILE = {
    "titanic_all": ("classification", partial(_load_both_files, "titanic")),
    "breast_cancer": (
        "classification",
        partial(_load_of_sklearn, datasets.load_breast_cancer),
    ),
    "wine": ("classification", partial(_load_of_sklearn, datasets.load_wine)),
    "digits": ("classification", partial(_load_of_sklearn, datasets.load_digits)),
    "diabetes": (
        "regression",
        partial(_load_of_sklearn, datasets.load_diabetes, scaled=False),
    ),
    "hastie": ("classification", _make_hastie),
    "imbalanced": (
        "classification",
        partial(
            _make_of_sklearn,
            datasets.make_classification,
            n_samples=10_000,
            n_informative=6,
            weights=[0.99],
            flip_y=0,
        ),
    ),
    "friedman1": (
        "regression",
        partial(_make_of_sklearn, datasets.make_friedman1, n_samples=5000, noise=1.0),
    ),
    "many_categories": ("regression", _make_many_categories),
}
TABLES = {**TASKS, **{name: task for name, (task, _) in WITHOUT_TEST_FILE.items()}}
