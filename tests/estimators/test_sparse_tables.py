"""Tables with thousands of columns that are mostly zero."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline

from skautokeras import StructuredDataClassifier, StructuredDataRegressor

QUICK = {"ensemble_size": 1, "refit": False, "random_state": 0}
N_ROWS = 300


@pytest.fixture(scope="module")
def notes():
    """A table of notes, most words of which say nothing, and prices; what is liked."""
    rng = np.random.default_rng(0)
    words = np.array([f"w{i}" for i in range(3000)])
    liked = rng.random(N_ROWS) < 0.5
    telling = np.where(liked, "good", "bad")
    notes = [
        " ".join([*rng.choice(words, 12), told, f"{told}{rng.integers(3)}"])
        for told in telling
    ]
    return pd.DataFrame({"note": notes, "price": rng.normal(20, 5, N_ROWS)}), liked


def vectorize():
    return make_column_transformer(
        (TfidfVectorizer(ngram_range=(1, 2)), "note"),
        ("passthrough", ["price"]),
        sparse_threshold=1.0,
    )


def test_words_beside_numbers_are_learned_without_a_dense_matrix(notes):
    X, y = notes
    classifier = StructuredDataClassifier(max_trials=2, **QUICK)
    model = make_pipeline(vectorize(), classifier).fit(X[:200], y[:200])
    assert model.score(X[200:], y[200:]) > 0.9
    fitted = model[-1]
    assert fitted.n_features_in_ > 3000
    assert set(fitted.model_.input) == {"numerical", "sparse_codes", "sparse_values"}
    assert fitted.model_.input["sparse_codes"].shape[1] < 50
    layers = "structured_data_block_1/has_layers"
    tried = [params[layers] for params in fitted.leaderboard_["params"]]
    assert sorted(tried) == [False, True]


def test_a_wide_matrix_alone_is_enough(notes):
    X, y = notes
    X = TfidfVectorizer().fit_transform(X["note"])
    assert X.shape[1] > 1000
    regressor = StructuredDataRegressor(max_trials=1, **QUICK)
    regressor.fit(X[:200], 100.0 + y[:200])
    assert regressor.score(X[200:], 100.0 + y[200:]) > 0.5
    np.testing.assert_allclose(
        regressor.predict(X[200:]), regressor.predict(X[200:].toarray()), rtol=1e-4
    )
