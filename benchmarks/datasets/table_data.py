"""Tables from the data folder and from scikit-learn, and generated tables."""

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn import datasets
from sklearn.utils import shuffle

from benchmarks.datasets.table_folder import find_task, split_fold

# Known tables with a training and a test file in the data folder. Other tables of the
# folder are told apart by their rows; see `table_folder`.
TASKS = {
    "titanic": "classification",
    "adult": "classification",
    "california_housing": "regression",
    "diamonds": "regression",
}


def is_classification(dataset):
    """Return whether the target of a known data set is a class."""
    return TABLES[dataset] == "classification"


def task_of(spec):
    """Return the task of a measurement: its own "task", or that of its data set."""
    return spec.get("task") or TABLES[spec["dataset"]]


def read_split(folder, dataset, split, number=0, n_rows=None, *, validation=False):
    """Read the training or the test rows of a data set.

    Parameters
    ----------
    folder : path-like
        The folder that holds one folder per data set.
    dataset : str
        Name of the data set.
    split : {"train", "test"}
        Rows to read.
    number : int, default=0
        Number of the split of a data set without a test file, as in `split_fold`.
    n_rows : int or None, default=None
        Number of training rows, which are drawn without replacement and with
        ``number`` as the seed. None takes all of them.
    validation : bool, default=False
        Whether the rows of the training file are split like those of a data set
        without a test file. The test file is not read.

    Returns
    -------
    X : DataFrame of shape (n_samples, n_features)
        Features.
    y : Series of shape (n_samples,)
        Target.
    """
    X, y = _read_all(folder, dataset, split, number, validation)
    if split == "train" and n_rows is not None and n_rows < len(y):
        X, y = shuffle(X, y, n_samples=n_rows, random_state=number)
    return X, y


def _read_all(folder, dataset, split, number, validation):
    """Read all rows of a split."""
    if dataset in WITHOUT_TEST_FILE:
        task, load = WITHOUT_TEST_FILE[dataset]
        X, y = load(folder)
    else:
        X, y = _read_file(folder, dataset, "train" if validation else split)
        if not validation:
            return X, y
        task = TABLES.get(dataset) or find_task(dataset, y)
    train, test = split_fold(X, y, number, stratify=task == "classification")
    rows = train if split == "train" else test
    return X.iloc[rows].reset_index(drop=True), y.iloc[rows].reset_index(drop=True)


def _read_file(folder, dataset, split):
    frame = pd.read_csv(Path(folder) / dataset / f"{split}.csv.gz")
    return frame.drop(columns="target"), frame["target"]


def _load_both_files(dataset, folder):
    """Return the rows of the training file and of the test file together."""
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
    """Return ten normal variables; the class depends on the sum of their squares."""
    X, y = _make_of_sklearn(datasets.make_hastie_10_2, folder, n_samples=5000)
    return X, y.astype(int)


def _make_many_categories(folder):
    """Return a target with a level for each of 200 categories, and other terms.

    The other terms are a product of two columns, and a slope for each of 3 categories.
    """
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


# Data set -> task, and a function that takes the data folder and returns X and y.
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
