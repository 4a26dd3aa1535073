"""Data of several kinds: photographs or texts next to columns of a table."""

from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.memory_use import peak_memory_mb

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


def houses_graph(parts):
    """Return inputs and output for some of the parts "attributes" and "images".

    The photographs are described by their gradients: there are too few houses to learn
    more.
    """
    from skautokeras import (
        Flatten,
        ImageInput,
        Merge,
        OrientedGradientsBlock,
        RegressionHead,
        StructuredDataBlock,
        StructuredDataInput,
    )

    inputs, branches = [], []
    if "images" in parts:
        photos = [ImageInput(columns=name, name=name) for name in PHOTOS]
        described = [
            Flatten()(OrientedGradientsBlock(n_cells=8, n_directions=8)(photo))
            for photo in photos
        ]
        inputs += photos
        branches += described
    if "attributes" in parts:
        table = StructuredDataInput(
            columns=["bedrooms", "bathrooms", "area", "zipcode"]
        )
        inputs.append(table)
        branches.append(StructuredDataBlock()(table))
    node = Merge(merge_type="concatenate")(branches)
    return inputs, RegressionHead()(node)


def wine_reviews_graph(parts):
    """Return inputs and output for some of the parts "attributes" and "text"."""
    from skautokeras import RegressionHead, StructuredDataInput, TextInput

    inputs = []
    if "text" in parts:
        inputs.append(TextInput(columns="text"))
    if "attributes" in parts:
        inputs.append(
            StructuredDataInput(
                columns=[
                    "varietal",
                    "location",
                    "price",
                    "alcohol",
                    "year",
                    "character_count",
                ]
            )
        )
    return inputs, RegressionHead()


# Data set -> how to read it, and the graph of an AutoModel.
DATASETS = {
    "houses": (read_houses, houses_graph),
    "wine_reviews": (read_wine_reviews, wine_reviews_graph),
}


def fit_mixed(spec, report):
    """Report R2 on the test rows of an AutoModel over some parts of the data."""
    import tensorflow  # noqa: F401

    from skautokeras import AutoModel

    read, make_graph = DATASETS[spec["dataset"]]
    X, y = read(spec["folder"], "train")
    inputs, outputs = make_graph(spec["parts"])
    columns = np.hstack([node.columns for node in inputs]).tolist()
    model = AutoModel(
        inputs,
        outputs,
        max_time=spec["max_time"],
        max_trials=spec["max_trials"],
        random_state=spec["seed"],
    )
    report(_measured(model, X[columns], y, lambda: read(spec["folder"], "test")))


def fit_ridge(spec, report):
    """Report R2 of ridge regression on tf-idf, with attributes one-hot where named."""
    from sklearn.compose import make_column_transformer
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import RidgeCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    read, _ = DATASETS[spec["dataset"]]
    X, y = read(spec["folder"], "train")
    steps = [(TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True), "text")]
    if "attributes" in spec["parts"]:
        numbers = ["price", "year", "character_count"]
        steps += [
            (make_pipeline(SimpleImputer(), StandardScaler()), numbers),
            (OneHotEncoder(handle_unknown="ignore"), ["varietal", "location"]),
            (OneHotEncoder(handle_unknown="ignore"), ["alcohol"]),
        ]
    alphas = np.logspace(-1, 2, 7)
    model = make_pipeline(make_column_transformer(*steps), RidgeCV(alphas))
    report(_measured(model, X, y, lambda: read(spec["folder"], "test")))


def _measured(model, X, y, read_test):
    import time

    from sklearn.metrics import r2_score

    started = time.perf_counter()
    model.fit(X, y)
    seconds = time.perf_counter() - started
    # The test files are opened here, once, after everything has been decided.
    X_test, y_test = read_test()
    board = getattr(model, "leaderboard_", None)
    return {
        "score": float(r2_score(y_test, model.predict(X_test[X.columns]))),
        "fit_seconds": seconds,
        "n_trials": None if board is None else len(board),
        "validation_score": None if board is None else float(model.best_score_),
        "peak_rss_mb": peak_memory_mb(),
    }
