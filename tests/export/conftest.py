"""Fitted estimators for all kinds of data, and what a client would send to them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from benchmarks.internals import make_request
from skautokeras import (
    AutoModel,
    BoostedTreesBlock,
    ClassificationHead,
    DenseBlock,
    ExtraTreesBlock,
    ImageClassifier,
    ImageInput,
    Input,
    RegressionHead,
    StructuredDataClassifier,
    StructuredDataInput,
    StructuredDataRegressor,
    TextInput,
)

QUICK = {"max_trials": 1, "epochs": 1, "random_state": 0, "ensemble_size": 1}
TYPES = {"class": "categorical"}


@dataclass
class Case:
    """A fitted estimator, new rows, and the same rows as a client sends them."""

    estimator: object
    X: object
    request: dict

    def expected(self):
        """Return outputs by name, as the estimator gives them."""
        predicted = self.estimator.predict(self.X)
        if not hasattr(self.estimator, "predict_proba"):
            if isinstance(predicted, dict):
                return {f"{head}__values": y for head, y in predicted.items()}
            return {"values": predicted}
        probabilities = self.estimator.predict_proba(self.X)
        if not isinstance(predicted, dict):
            return {"probabilities": probabilities, "label": predicted}
        outputs = {f"{k}__probabilities": p for k, p in probabilities.items()}
        for head, y in predicted.items():
            what = "label" if head in probabilities else "values"
            outputs[f"{head}__{what}"] = y
        return outputs

    def check(self, outputs):
        """Assert that outputs are those of the estimator."""
        expected = self.expected()
        assert set(outputs) == set(expected)
        for name, given in outputs.items():
            given = np.asarray(given)
            if given.dtype.kind in "OS":
                given = np.array(
                    [v if isinstance(v, str) else v.decode() for v in given]
                )
            if name.endswith("label"):
                np.testing.assert_array_equal(given, expected[name])
            elif name.endswith("probabilities"):
                np.testing.assert_allclose(given, expected[name], atol=1e-5, rtol=0)
            else:
                np.testing.assert_allclose(given, expected[name], rtol=1e-5)


def mixed_table(n_rows, seed):
    """Return a table of numbers, categories, booleans, dates and texts, with gaps."""
    rng = np.random.default_rng(seed)
    words = np.array(["Mr", "Mrs", "Smith", "Brown", "née", "O'Neil", "Σοφός"])
    X = pd.DataFrame(
        {
            "age": rng.normal(30, 9, n_rows),
            "fare (£)": rng.exponential(30, n_rows).round(2),
            "class": rng.integers(1, 4, n_rows),
            "deck": rng.choice(["A", "B", "ä", "long name"], n_rows),
            "alone": rng.random(n_rows) < 0.5,
            "when": pd.Timestamp("2001-02-03")
            + pd.to_timedelta(rng.integers(0, 10**8, n_rows), unit="s"),
            "name": [" ".join([*rng.choice(words, 3), str(i)]) for i in range(n_rows)],
            "note": [" ".join(rng.choice(words, 7)) for _ in range(n_rows)],
            "same": 1,
        }
    )
    for column in ("age", "deck", "when", "name", "note"):
        X.loc[rng.random(n_rows) < 0.15, column] = None
    return X


def new_rows(n_rows=30, seed=1):
    """Return rows with categories and words that `fit` has not seen."""
    X = mixed_table(n_rows, seed)
    X.loc[:3, "deck"] = "unseen"
    X.loc[:3, "class"] = 9
    X.loc[:3, "name"] = "someone ELSE"
    X.loc[0, ["age", "deck", "when", "name", "note"]] = None
    return X


def mixed_inputs(n_rows, seed):
    """Return a table with texts and images in it, and targets of three heads."""
    rng = np.random.default_rng(seed)
    X = mixed_table(n_rows, seed)[["age", "deck"]]
    words = np.array(["dry", "Wine", "don't", "ÉTÉ", "\ufb01no", "山田", "oak,", "£5"])
    X["note"] = [" ".join(rng.choice(words, 5)) for _ in range(n_rows)]
    X.loc[0, "note"] = None
    X["photo"] = list(rng.integers(0, 256, (n_rows, 6, 6)).astype("uint8"))
    X["curve"] = list(rng.normal(size=(n_rows, 4)))
    y = {
        "kind": rng.choice(["a", "b"], n_rows),
        "tags": rng.integers(0, 2, (n_rows, 3)),
        "price": rng.normal(100, 20, n_rows),
    }
    return X, y


@pytest.fixture(scope="session")
def make_case():
    """Return a case of a fitted estimator and new rows."""
    return lambda estimator, X: Case(estimator, X, make_request(estimator, X))


@pytest.fixture(scope="session")
def table_case(make_case):
    """Names of three classes, from a mixed table, by an ensemble."""
    estimator = StructuredDataClassifier(
        **{**QUICK, "max_trials": 2, "ensemble_size": 2}, column_types=TYPES
    )
    y = np.random.default_rng(0).choice(["no", "maybe", "yés"], 150)
    return make_case(estimator.fit(mixed_table(150, 0), y), new_rows())


@pytest.fixture(scope="session")
def plain_case(make_case):
    """Names of two classes, from numbers and categories."""
    columns = ["age", "fare (£)", "class", "deck", "alone"]
    X = mixed_table(150, 0)[columns]
    estimator = StructuredDataClassifier(**QUICK, column_types=TYPES)
    estimator.fit(X, np.where(X["fare (£)"] > 20, "dear", "chéap"))
    return make_case(estimator, new_rows()[columns])


@pytest.fixture(scope="session")
def number_case(make_case):
    """A number, from numbers alone."""
    X = mixed_table(150, 0)[["age", "fare (£)"]]
    estimator = StructuredDataRegressor(**QUICK)
    estimator.fit(X, 1000 + X["age"].fillna(0) * 10)
    return make_case(estimator, new_rows()[["age", "fare (£)"]])


@pytest.fixture(scope="session")
def image_case(make_case):
    """Two classes, from small coloured images."""
    rng = np.random.default_rng(0)
    X = rng.integers(0, 256, (60, 8, 8, 3)).astype("uint8")
    estimator = ImageClassifier(**QUICK).fit(X, rng.integers(0, 2, 60))
    return make_case(estimator, rng.integers(0, 256, (5, 8, 8, 3)).astype("uint8"))


@pytest.fixture(scope="session")
def mixed_case(make_case):
    """A class, labels and a number, from a table, a text, an image and an array."""
    X, y = mixed_inputs(80, 0)
    estimator = AutoModel(
        inputs=[
            StructuredDataInput(columns=["age", "deck"], name="table"),
            TextInput(columns="note"),
            ImageInput(columns="photo"),
            Input(columns="curve"),
        ],
        outputs=[
            ClassificationHead(name="kind"),
            ClassificationHead(name="tags"),
            RegressionHead(name="price"),
        ],
        **QUICK,
    ).fit(X, y)
    return make_case(estimator, mixed_inputs(20, 1)[0])


@pytest.fixture(scope="session")
def heads_case(make_case):
    """A class, labels and a number, from numbers, by the networks of two folds."""
    X = mixed_table(150, 0)[["age", "fare (£)"]]
    rng = np.random.default_rng(0)
    table = StructuredDataInput()
    x = DenseBlock(n_layers=1, units=8)(table)
    heads = [
        ClassificationHead(name="kind"),
        ClassificationHead(name="tags"),
        RegressionHead(name="price"),
    ]
    y = {
        "kind": rng.choice([3, 7, 11], 150),
        "tags": rng.integers(0, 2, (150, 2)),
        "price": 1000 + X["age"].fillna(0) * 10,
    }
    params = {**QUICK, "cv": 2, "refit": False}
    estimator = AutoModel(table, [head(x) for head in heads], **params).fit(X, y)
    assert len(estimator._ensemble.models) == 2
    return make_case(estimator, new_rows()[["age", "fare (£)"]])


@pytest.fixture(scope="session")
def trees_case(make_case):
    """A class, labels and a number, from numbers and categories, by trees."""
    columns = ["age", "fare (£)", "class", "deck", "alone"]

    def table(X):
        town = "town " + (X["fare (£)"].round().astype(int) % 40).astype(str)
        return X[columns].assign(town=town)

    X = table(mixed_table(150, 0))
    rng = np.random.default_rng(0)
    node = StructuredDataInput(column_types=TYPES)
    y = {
        "kind": rng.choice([3, 7, 11], 150),
        "tags": rng.integers(0, 2, (150, 2)),
        "price": 1000 + X["age"].fillna(0) * 10,
    }
    boosted = BoostedTreesBlock(n_trees=20)(node)
    random = ExtraTreesBlock(n_trees=20, max_leaf_nodes=128)(node)
    heads = [
        ClassificationHead(name="kind")(random),
        ClassificationHead(name="tags")(boosted),
        RegressionHead(name="price")(boosted),
    ]
    return make_case(AutoModel(node, heads, **QUICK).fit(X, y), table(new_rows()))


@pytest.fixture(scope="session")
def scales_case(make_case):
    """Numbers on other scales, from numbers, by networks and by trees."""
    model, X = on_scales(["log", "yeo_johnson"])
    return make_case(model, X)


@pytest.fixture(scope="session")
def scores_case(make_case):
    """Numbers as normal scores, from numbers, by networks and by trees."""
    model, X = on_scales(["quantile"])
    return make_case(model, X)


def on_scales(scales):
    """Return a fitted model with two heads for each of some scales, and new rows."""
    X = mixed_table(150, 0)[["age", "fare (£)"]]
    table = StructuredDataInput()
    parts = {
        "network": DenseBlock(n_layers=1, units=8)(table),
        "trees": BoostedTreesBlock(n_trees=20)(table),
    }
    heads, y = [], {}
    for scale in scales:
        for kind, x in parts.items():
            name = f"{scale}_{kind}"
            heads.append(RegressionHead(transformation=scale, name=name)(x))
            y[name] = 100 + 10 * X["fare (£)"]
    model = AutoModel(table, heads, **QUICK).fit(X, y)
    return model, new_rows()[["age", "fare (£)"]]


@pytest.fixture(scope="session")
def cases(
    table_case,
    plain_case,
    number_case,
    image_case,
    mixed_case,
    heads_case,
    trees_case,
    scales_case,
    scores_case,
):
    """All of them by name."""
    return {
        "table": table_case,
        "plain": plain_case,
        "number": number_case,
        "image": image_case,
        "mixed": mixed_case,
        "heads": heads_case,
        "trees": trees_case,
        "scales": scales_case,
        "scores": scores_case,
    }
