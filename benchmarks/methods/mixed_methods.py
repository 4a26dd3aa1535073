"""Methods for data of several kinds."""

import time

import numpy as np
from sklearn.metrics import r2_score

from benchmarks.datasets.mixed_data import PHOTOS, READERS
from benchmarks.harness.resident_memory import peak_memory_mb


def houses_graph(parts):
    """Return inputs and output for some of the parts "attributes" and "images".

    Gradients describe the photographs, because there are too few houses to learn
    convolutions.
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
        descriptions = [
            Flatten()(OrientedGradientsBlock(n_cells=8, n_directions=8)(photo))
            for photo in photos
        ]
        inputs += photos
        branches += descriptions
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


# Functions that make the inputs and the output of an AutoModel for parts of the data.
GRAPHS = {"houses": houses_graph, "wine_reviews": wine_reviews_graph}


def fit_mixed(spec, report):
    """Report the measurement of an `AutoModel` on some parts of the data.

    Parameters
    ----------
    spec : dict
        "folder", "dataset", "seed", "parts" (names of parts of the data), "max_time"
        and "max_trials".
    report : callable
        Function that takes the measurement.
    """
    import tensorflow  # noqa: F401 - loading it is not part of the fit

    from skautokeras import AutoModel

    read = READERS[spec["dataset"]]
    X, y = read(spec["folder"], "train")
    inputs, outputs = GRAPHS[spec["dataset"]](spec["parts"])
    columns = np.hstack([node.columns for node in inputs]).tolist()
    model = AutoModel(
        inputs,
        outputs,
        max_time=spec["max_time"],
        max_trials=spec["max_trials"],
        random_state=spec["seed"],
    )
    report(_measure(model, X[columns], y, lambda: read(spec["folder"], "test")))


def fit_ridge(spec, report):
    """Report the measurement of ridge regression on tf-idf, for wine reviews.

    Parameters
    ----------
    spec : dict
        "folder", "dataset" and "parts". The attributes are used, one-hot and scaled,
        if they are among the parts.
    report : callable
        Function that takes the measurement.
    """
    from sklearn.compose import make_column_transformer
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import RidgeCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    read = READERS[spec["dataset"]]
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
    report(_measure(model, X, y, lambda: read(spec["folder"], "test")))


def _measure(model, X, y, read_test):
    """Return the measurement of one fit."""
    started = time.perf_counter()
    model.fit(X, y)
    seconds = time.perf_counter() - started
    # The test rows are read after the fit, so that no method can learn from them.
    X_test, y_test = read_test()
    board = getattr(model, "leaderboard_", None)
    return {
        "score": float(r2_score(y_test, model.predict(X_test[X.columns]))),
        "fit_seconds": seconds,
        "n_trials": None if board is None else len(board),
        "validation_score": None if board is None else float(model.best_score_),
        "peak_rss_mb": peak_memory_mb(),
    }
