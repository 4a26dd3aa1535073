"""The text estimators: every form that texts come in, and scikit-learn's tools."""

import pickle
import subprocess
import sys
from functools import partial

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.metrics import accuracy_score, f1_score, log_loss
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import get_tags

from skautokeras import (
    AutoModel,
    ClassificationHead,
    DenseBlock,
    GreedyOracle,
    TextClassifier,
    TextInput,
    TextRegressor,
    TextToNgramVector,
)

QUICK = {"max_trials": 1, "epochs": 1, "ensemble_size": 1, "refit": False}
COLOURS = {
    "red": ["cherry", "plum", "tannin", "leather", "spice", "blackberry"],
    "white": ["peach", "lemon", "apple", "honey", "flowers", "butter"],
}
ANY = ["a", "with", "and", "some", "fresh", "wine", "finish", "of", "long", "hint"]


def notes(n_texts, seed, share=0.5):
    """Return tasting notes, their colours, and points: red ones have more."""
    rng = np.random.default_rng(seed)
    texts, y = [], []
    for _ in range(n_texts):
        colour = "red" if rng.random() < share else "white"
        words = [*rng.choice(COLOURS[colour], 2), *rng.choice(ANY, 6)]
        texts.append(" ".join(rng.permutation(words)))
        y.append(colour)
    points = rng.normal(np.where(np.array(y) == "red", 90, 80), 2)
    return texts, np.array(y), points


@pytest.fixture(scope="module")
def wines():
    """120 tasting notes to learn from and 60 to judge by."""
    return notes(120, seed=0), notes(60, seed=1)


@pytest.fixture(scope="module")
def fitted(wines):
    """A classifier that has tried two configurations."""
    (X, y, _), _ = wines
    params = {**QUICK, "max_trials": 2, "epochs": 16}
    return TextClassifier(**params, random_state=0).fit(X, y)


class Quick(TextClassifier):
    """The classifier with one small network in place of all that are searched."""

    def _nodes(self):
        (text,), _ = super()._nodes()
        x = TextToNgramVector(ngrams="word", dim=4, dropout=0.0)(text)
        return [text], [self._make_head()(DenseBlock(n_layers=1, units=8)(x))]


# An oracle that begins with a training that learns fast.
START = partial(
    GreedyOracle,
    initial_values=[{"training/learning_rate": 3e-2, "training/batch_size": 16}],
)


def quick(**params):
    return Quick(**{**QUICK, "tuner": START, "epochs": 8, "random_state": 0, **params})


def test_texts_are_learned_from_few_rows(fitted, wines):
    X, y, _ = wines[1]
    assert fitted.score(X, y) > 0.95
    proba = fitted.predict_proba(X)
    assert proba.shape == (len(X), 2)
    np.testing.assert_allclose(proba.sum(axis=1), 1, rtol=1e-5)
    assert fitted.classes_.tolist() == ["red", "white"]
    results = fitted.evaluate(X, y)
    assert results["accuracy"] == pytest.approx(accuracy_score(y, fitted.predict(X)))
    assert results["loss"] == pytest.approx(log_loss(y, proba), rel=1e-3)
    assert (fitted.leaderboard_["status"] == "completed").all()
    assert fitted.best_params_["text_block_1/block_type"] in ("linear", "ngram")
    assert not hasattr(fitted, "n_features_in_")


def test_a_fitted_classifier_predicts_the_same_in_another_process(
    fitted, wines, tmp_path
):
    X = wines[1][0][:20]
    (tmp_path / "model.pickle").write_bytes(pickle.dumps(fitted))
    (tmp_path / "X.txt").write_text("\n".join(X), encoding="utf-8")
    code = (
        "import pickle, numpy as np\n"
        "model = pickle.load(open('model.pickle', 'rb'))\n"
        "X = open('X.txt', encoding='utf-8').read().split('\\n')\n"
        "np.save('proba.npy', model.predict_proba(X))\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    np.testing.assert_allclose(
        np.load(tmp_path / "proba.npy"), fitted.predict_proba(X), atol=1e-6
    )


def test_the_graph_is_that_of_an_auto_model():
    task = TextClassifier(max_tokens=50, **QUICK)._wire().describe()
    model = AutoModel(TextInput(max_tokens=50), ClassificationHead(), **QUICK)
    assert task == model._wire().describe()
    assert is_classifier(TextClassifier())
    assert is_regressor(TextRegressor())


def test_every_form_of_the_same_texts_gives_the_same_network(wines):
    X, y, _ = wines[0]
    X = ["", *X[1:]]
    model = quick().fit(X, y)
    expected = model.predict_proba(X)
    missing = [None, *X[1:]]
    forms = {
        "tuple": tuple(X),
        "array": np.array(X),
        "objects": np.array([np.nan, *X[1:]], dtype=object),
        "column of an array": np.array(X)[:, None],
        "lists": [[text] for text in X],
        "Series of objects": pd.Series(missing, dtype=object),
        "Series of str": pd.Series(missing, index=range(len(X))[::-1], dtype="str"),
        "nullable Series": pd.Series([pd.NA, *X[1:]], dtype="string"),
    }
    for form, texts in forms.items():
        np.testing.assert_array_equal(
            model.predict_proba(texts), expected, err_msg=form
        )
    model = quick().fit(pd.DataFrame({"note": missing}), y)
    assert model.feature_names_in_.tolist() == ["note"]
    assert model.n_features_in_ == 1
    np.testing.assert_allclose(model.predict_proba(missing), expected, atol=1e-6)
    model.fit(pd.Series(missing), y)
    np.testing.assert_allclose(model.predict_proba(X), expected, atol=1e-6)
    assert not hasattr(model, "n_features_in_")


@pytest.mark.parametrize(
    ("params", "X", "error", "message"),
    [
        ({}, "dry", TypeError, "single str. Put it into a list"),
        ({}, ["dry"] * 8 + [5], TypeError, r"got 5 \(int\) in row 8"),
        ({}, ["dry"] * 8 + [b"\xe9"], ValueError, "Row 8 of X is not UTF-8"),
        ({}, np.zeros(9), TypeError, r"got 0.0 \(float\) in row 0"),
        ({}, np.full((9, 2), "dry"), ValueError, r"shape \(9, 2\)"),
        ({}, csr_matrix(np.eye(9)), TypeError, "got csr_matrix"),
        ({}, [], ValueError, r"0 sample\(s\)"),
        ({}, ["dry"] * 8, ValueError, "inconsistent numbers of samples"),
        ({"max_tokens": 0}, ["dry"] * 9, ValueError, "'max_tokens' parameter of Text"),
    ],
    ids=["str", "int", "bytes", "floats", "two", "sparse", "none", "length", "tokens"],
)
def test_what_cannot_be_used_is_told_before_training(params, X, error, message):
    with pytest.raises(error, match=message):
        TextClassifier(**params).fit(X, np.arange(9) % 2)


def test_other_things_at_predict_are_refused(wines):
    (X, y, _), _ = wines
    model = quick().fit(X[:40], y[:40])
    with pytest.raises(TypeError, match=r"got 3 \(int\) in row 1"):
        model.predict(["dry", 3])


def test_tags_say_that_strings_are_taken():
    for estimator in (TextClassifier(), TextRegressor()):
        tags = get_tags(estimator).input_tags
        assert tags.string
        assert tags.one_d_array
        assert tags.allow_nan
        assert not tags.two_d_array
        assert not tags.sparse


def test_fewer_tokens_make_a_smaller_network(wines):
    (X, y, _), _ = wines
    sizes = [
        quick(max_tokens=n, epochs=1).fit(X, y).model_.count_params() for n in (5, None)
    ]
    assert sizes[0] < 5 * 4 + 4 + 100 < sizes[1]


def test_sklearns_tools_take_lists_of_strings(wines):
    (X, y, _), (X_test, y_test, _) = wines
    default = TextClassifier()
    assert clone(default).get_params() == default.get_params()
    assert (cross_val_score(quick(), X, y, cv=2) > 0.6).all()
    shout = FunctionTransformer(lambda texts: [text.upper() for text in texts])
    pipeline = make_pipeline(shout, quick()).fit(X, y)
    assert pipeline.score(X_test, y_test) > 0.8
    grid = GridSearchCV(quick(), {"max_tokens": [1, None]}, cv=2, refit=False)
    assert grid.fit(X, y).best_params_ == {"max_tokens": None}


def test_rare_classes_may_weigh_more(wines):
    X, y, _ = notes(200, seed=2, share=0.25)
    X_test, y_test, _ = notes(60, seed=3)
    params = {"class_weight": "balanced", "scoring": "f1", "epochs": 32}
    model = quick(**params).fit(X, y == "red")
    assert f1_score(y_test == "red", model.predict(X_test)) > 0.7
    assert 0 <= model.best_score_ <= 1


def test_a_search_goes_on_where_it_was(wines, tmp_path):
    (X, y, _), _ = wines
    params = {**QUICK, "random_state": 0}
    first = TextClassifier(**params, directory=tmp_path).fit(X, y)
    params["max_trials"] = 2
    second = TextClassifier(**params, directory=tmp_path).fit(pd.Series(X), y)
    assert second.n_trials_ == 2
    seconds = [m.leaderboard_.set_index("trial")["seconds"][0] for m in (first, second)]
    assert seconds[0] == seconds[1]
    warm = TextClassifier(**{**params, "max_trials": 1}, warm_start=True).fit(X, y)
    assert warm.set_params(max_trials=2).fit(X, y).n_trials_ == 2


def test_the_regressor_predicts_on_the_original_scale(wines):
    (X, _, points), (X_test, _, points_test) = wines
    regressor = TextRegressor(**{**QUICK, "epochs": 64}, random_state=0)
    regressor.fit(X, np.column_stack([points, -points]))
    predicted = regressor.predict(X_test)
    assert predicted.shape == (len(X_test), 2)
    y_test = np.column_stack([points_test, -points_test])
    assert regressor.score(X_test, y_test) > 0.5
