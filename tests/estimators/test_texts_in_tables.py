"""Tables with a column of texts: one estimator learns from all columns."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import cross_val_score

from skautokeras import (
    AutoModel,
    ClassificationHead,
    DenseBlock,
    RNNBlock,
    StructuredDataBlock,
    StructuredDataClassifier,
    StructuredDataInput,
    StructuredDataRegressor,
    TextBlock,
)

N_ROWS = 240
FILLING = ["this", "is", "a", "wine", "of", "the", "year", "that", "we", "drank"]


@pytest.fixture(scope="module")
def wines():
    """Sentences that tell the class by one of six words, a number, and a category."""
    rng = np.random.default_rng(0)
    y = np.arange(N_ROWS) % 2
    praise = np.array([["dull", "thin", "sour"], ["rich", "ripe", "elegant"]])[
        y, rng.integers(0, 3, N_ROWS)
    ]
    texts = [
        " ".join([*rng.permutation(FILLING)[:8], word, f"lot {i}"])
        for i, word in enumerate(praise)
    ]
    X = pd.DataFrame(
        {
            "price": rng.normal(size=N_ROWS),
            "description": texts,
            "country": rng.choice(["it", "fr"], N_ROWS),
        }
    )
    X.loc[[5, 9], "description"] = None
    return X, y


def quick(estimator=StructuredDataClassifier, **params):
    params = {"epochs": 12, "batch_size": 16, "ensemble_size": 1} | params
    return estimator(max_trials=1, random_state=0, refit=False, **params)


@pytest.fixture(scope="module")
def fitted(wines):
    X, y = wines
    return quick().fit(X[:180], y[:180])


def test_a_table_is_learned_from_though_the_text_alone_tells_the_class(fitted, wines):
    X, y = wines
    assert fitted.score(X[180:], y[180:]) > 0.9
    name = "structured_data_block_1/text_block_1/block_type"
    assert fitted.best_params_[name] in ("linear", "ngram")


def test_a_text_that_is_declared_a_category_tells_nothing(wines):
    X, y = wines
    without = quick(column_types={"description": "categorical"})
    without.fit(X[:180], y[:180])
    assert without.score(X[180:], y[180:]) < 0.75
    assert not [name for name in without.best_params_ if "text" in name]


def test_short_texts_can_be_declared_texts(wines):
    X, y = wines
    words = X.assign(description=X["description"].str.split().str[8])
    types = {"description": "text"}
    clf = quick(column_types=types).fit(words[:180], y[:180])
    assert clf.score(words[180:], y[180:]) > 0.9


def test_numbers_count_beside_texts(wines):
    X, y = wines
    target = 2.0 * X["price"] + y
    reg = quick(StructuredDataRegressor, epochs=40).fit(X[:180], target[:180])
    assert reg.score(X[180:], target[180:]) > 0.9


def test_missing_texts_and_unseen_words_have_a_prediction_of_their_own(fitted, wines):
    X = wines[0].head(4).assign(description=["rich ripe wine", None, "", "Blåbær!"])
    proba = fitted.predict_proba(X)
    assert np.isfinite(proba).all()
    alone = [fitted.predict_proba(X.iloc[[i]])[0] for i in range(4)]
    np.testing.assert_allclose(proba, alone, atol=1e-6)
    same = X.assign(price=0.0, country="it")
    rich, missing, empty, unseen = fitted.predict_proba(same)[:, 1]
    assert rich > missing
    assert missing == pytest.approx(empty, abs=1e-6)
    assert missing == pytest.approx(unseen, abs=1e-6)


def test_one_frame_goes_through_cross_validation(wines):
    assert cross_val_score(quick(), *wines, cv=2).min() > 0.8


def test_pickles_clones_and_exports_predict_the_same(fitted, wines):
    X = wines[0][180:]
    expected = fitted.predict_proba(X)
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.predict_proba(X), expected)
    refitted = clone(fitted).fit(*(part[:180] for part in wines))
    np.testing.assert_allclose(refitted.predict_proba(X), expected, atol=1e-5)
    arrays = fitted._adapter.transform(X)
    assert any(name.startswith("text_1__") for name in arrays)
    (exported,) = fitted.export_model()(arrays).values()
    np.testing.assert_allclose(np.ravel(exported), expected[:, 1], atol=1e-5)


@pytest.mark.parametrize(
    "block",
    [
        None,
        DenseBlock(n_layers=1),
        StructuredDataBlock(text=TextBlock(block_type="ngram")),
    ],
    ids=repr,
)
def test_a_table_of_any_graph_may_have_texts(wines, block):
    X, y = wines
    node = StructuredDataInput()
    output = (
        ClassificationHead() if block is None else ClassificationHead()(block(node))
    )
    model = quick(AutoModel, inputs=node, outputs=output).fit(X, y)
    assert model.score(X, y) > 0.9


def test_nothing_but_texts_is_a_table_too(wines):
    X, y = wines
    X = X[["description"]].assign(again=X["description"].str.upper())
    block = StructuredDataBlock(text=TextBlock(block_type="ngram", vocabulary_size=500))
    node = StructuredDataInput()
    model = quick(AutoModel, inputs=node, outputs=ClassificationHead()(block(node)))
    model.fit(X, y)
    assert model.score(X, y) > 0.9
    names = list(model.best_params_)
    # Two columns of texts, one set of hyperparameters.
    assert len([n for n in names if n.endswith("text_to_ngram_vector_1/dim")]) == 1
    bags = [w for w in model.model_.weights if "weighted_bag" in w.path]
    assert len(bags) >= 2


def test_a_block_that_takes_no_texts_says_so(wines):
    node = StructuredDataInput()
    block = StructuredDataBlock(text=RNNBlock())
    model = quick(AutoModel, inputs=node, outputs=ClassificationHead()(block(node)))
    with pytest.raises(TypeError, match="A text is no tensor of numbers"):
        model.fit(*wines)
