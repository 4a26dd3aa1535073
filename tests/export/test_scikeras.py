"""The found networks as SciKeras estimators: trained again without a new search."""

import pickle

import numpy as np
import pandas as pd
import pytest
from scikeras import wrappers
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.datasets import load_diabetes, load_digits, load_iris
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

import skautokeras
from skautokeras import (
    AutoModel,
    ClassificationHead,
    DenseBlock,
    ImageClassifier,
    Merge,
    RegressionHead,
    StructuredDataClassifier,
    StructuredDataInput,
    StructuredDataRegressor,
    TabMBlock,
    TextInput,
    TextToNgramVector,
)
from skautokeras.datasets import load_titanic

QUICK = {"max_trials": 1, "epochs": 2, "refit": False, "random_state": 0}


@pytest.fixture(scope="module")
def titanic():
    X, y = load_titanic(return_X_y=True)
    return X.drop(columns="name"), y.map({0: "lost", 1: "saved"})


@pytest.fixture(scope="module")
def classifier(titanic):
    """An ensemble of two networks on a table of mixed types."""
    classifier = StructuredDataClassifier(
        **{**QUICK, "max_trials": 2}, ensemble_size=2, prune="none"
    )
    return classifier.fit(*titanic)


def small(head):
    """Return a model of one small network on a table."""
    table = StructuredDataInput()
    x = DenseBlock(n_layers=1, units=16, dropout=0.0, use_batchnorm=False)(table)
    return AutoModel(table, head(x), batch_size=32, **{**QUICK, "epochs": 20})


@pytest.fixture(scope="module")
def iris_model():
    X, y = load_iris(return_X_y=True, as_frame=True)
    return small(ClassificationHead()).fit(X, y), X, y


def test_unfitted_it_can_be_trained_as_any_pipeline(classifier, titanic):
    X, y = titanic
    pipeline = classifier.to_scikeras()
    assert isinstance(pipeline, Pipeline)
    assert isinstance(pipeline["model"], wrappers.KerasClassifier)
    assert not hasattr(pipeline["model"], "model_")
    assert is_classifier(pipeline)
    pipeline.set_params(model__epochs=3).fit(X, y)
    assert pipeline.classes_.tolist() == ["lost", "saved"]
    assert pipeline.predict_proba(X).shape == (len(X), 2)
    assert pipeline.score(X, y) > 0.7
    assert len(pipeline["model"].history_["loss"]) == 3


def test_fitted_it_predicts_what_the_estimator_does(classifier, titanic):
    X, y = titanic
    pipeline = classifier.to_scikeras(fitted=True)
    np.testing.assert_allclose(
        pipeline.predict_proba(X), classifier.predict_proba(X), atol=1e-6
    )
    np.testing.assert_array_equal(pipeline.predict(X), classifier.predict(X))
    assert pipeline.score(X, y) == pytest.approx(classifier.score(X, y))
    assert pipeline.n_features_in_ == X.shape[1]
    again = pickle.loads(pickle.dumps(pipeline))
    np.testing.assert_array_equal(again.predict_proba(X), pipeline.predict_proba(X))


def test_fitted_it_leaves_the_estimator_alone(classifier, titanic):
    X, y = titanic
    before = classifier.predict_proba(X)
    pipeline = classifier.to_scikeras(fitted=True)
    table = pipeline["preprocessing"].transform(X)
    pipeline["model"].partial_fit(table, y)
    assert (pipeline.predict_proba(X) != before).any()
    np.testing.assert_array_equal(classifier.predict_proba(X), before)


def test_what_was_found_is_what_is_trained(classifier):
    model = classifier.to_scikeras()["model"]
    best = classifier.best_params_
    assert model.optimizer == best["training/optimizer"]
    assert model.optimizer__learning_rate == best["training/learning_rate"]
    assert model.batch_size == best["training/batch_size"]
    assert model.callbacks__schedule == best["training/schedule"]
    assert len(model.found.values) == (classifier.leaderboard_["weight"] > 0).sum()


def test_it_learns_as_the_search_does(iris_model):
    model, X, y = iris_model
    pipeline = model.to_scikeras()
    pipeline.set_params(model__epochs=10, model__optimizer__learning_rate=2e-2)
    assert pipeline.fit(X, y).score(X, y) > 0.9
    assert pipeline["model"].batch_size == 32
    # The schedule has ended.
    assert float(pipeline["model"].model_.optimizer.learning_rate) == pytest.approx(
        2e-2
    )


def test_the_seed_decides(iris_model):
    model, X, y = iris_model
    pipeline = model.to_scikeras().set_params(model__epochs=1)
    first, second = (clone(pipeline).fit(X, y).predict_proba(X) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    other = pipeline.set_params(model__random_state=1).fit(X, y)
    assert (other.predict_proba(X) != first).any()


def test_grids_are_searched_and_folds_fit_their_own_preprocessing(iris_model):
    model, X, y = iris_model
    X = X.assign(kind=pd.Categorical(np.arange(len(X)) % 7))
    search = GridSearchCV(
        model.to_scikeras(),
        {"model__optimizer__learning_rate": [1e-6, 3e-2], "model__epochs": [5]},
        cv=2,
    ).fit(X, y)
    assert search.best_params_["model__optimizer__learning_rate"] == 3e-2
    # A column that the search has not seen.
    assert search.best_estimator_["preprocessing"].schemas_[0].categorical == ("kind",)
    assert search.best_estimator_["model"].layout_["categorical"][0] == (1,)


def test_numbers_come_on_their_scale():
    X, y = load_diabetes(return_X_y=True)
    y = np.column_stack([y, 1000 - y])
    model = small(RegressionHead()).fit(X, y)
    fitted = model.to_scikeras(fitted=True)
    np.testing.assert_allclose(fitted.predict(X), model.predict(X), rtol=1e-5)
    assert is_regressor(fitted)
    again = model.to_scikeras()
    again.set_params(model__epochs=10, model__optimizer__learning_rate=1e-2).fit(X, y)
    assert again.predict(X).shape == (442, 2)
    assert again.score(X, y) > 0.2


def test_images_go_through():
    X, y = load_digits(return_X_y=True)
    X, y = X[:100].reshape(-1, 8, 8), y[:100]
    model = ImageClassifier(**{**QUICK, "epochs": 1}, max_model_size=30_000).fit(X, y)
    fitted = model.to_scikeras(fitted=True)
    np.testing.assert_allclose(
        fitted.predict_proba(X), model.predict_proba(X), atol=1e-5
    )
    again = model.to_scikeras().set_params(model__epochs=1).fit(X, y)
    assert again.predict_proba(X).shape == (100, 10)


def test_several_inputs_and_labels_go_through():
    X, _ = load_titanic(return_X_y=True)
    X = X[:150]
    table, text = StructuredDataInput(columns=["age", "sex"]), TextInput(columns="name")
    x = Merge()([table, TextToNgramVector()(text)])
    x = DenseBlock(n_layers=1, units=4)(x)
    y = np.column_stack([X["sibsp"] > 0, X["parch"] > 0]).astype(int)
    model = AutoModel([table, text], ClassificationHead()(x), **QUICK).fit(X, y)
    fitted = model.to_scikeras(fitted=True)
    np.testing.assert_allclose(
        fitted.predict_proba(X), model.predict_proba(X), atol=1e-5
    )
    np.testing.assert_array_equal(fitted.predict(X), model.predict(X))
    again = model.to_scikeras().fit(X, y)
    assert again.predict(X).shape == (150, 2)
    assert again["preprocessing"].schemas_[1].word_contrasts is not None


def test_an_ensemble_with_a_network_of_members_goes_through():
    X, y = load_iris(return_X_y=True)
    table = StructuredDataInput()
    x = TabMBlock(n_layers=1, units=8, n_members=4)(table)
    model = AutoModel(table, ClassificationHead()(x), **{**QUICK, "max_trials": 2})
    model.set_params(prune="none", ensemble_size=2).fit(X, y)
    pipeline = model.to_scikeras(fitted=True)
    np.testing.assert_allclose(
        pipeline.predict_proba(X), model.predict_proba(X), atol=1e-6
    )
    pipeline.set_params(model__epochs=1).fit(X, y)
    assert pipeline.predict_proba(X).shape == (150, 3)


def test_several_heads_are_refused():
    X, y = load_iris(return_X_y=True)
    heads = [ClassificationHead(name="species"), RegressionHead(name="width")]
    model = AutoModel(StructuredDataInput(), heads, **{**QUICK, "epochs": 1})
    model.fit(X[:, :3], {"species": y, "width": X[:, 3]})
    with pytest.raises(ValueError, match=r"\['species', 'width'\].*export_model"):
        model.to_scikeras()


def test_weights_of_rows_and_classes_count(iris_model):
    model, X, y = iris_model
    pipeline = model.to_scikeras()
    pipeline.set_params(model__epochs=8, model__optimizer__learning_rate=2e-2)
    weight = np.where(y == 2, 0.0, 1.0)
    assert 2 not in pipeline.fit(X, y, model__sample_weight=weight).predict(X)
    balanced = clone(pipeline).set_params(model__class_weight={0: 1, 1: 1, 2: 1e-6})
    assert (balanced.fit(X, y).predict(X) == 2).sum() < 10


def test_a_loaded_estimator_can_be_handed_over(iris_model, tmp_path):
    model, X, _ = iris_model
    model.save(tmp_path / "model")
    pipeline = skautokeras.load(tmp_path / "model").to_scikeras(fitted=True)
    np.testing.assert_array_equal(pipeline.predict(X), model.predict(X))


def test_the_model_needs_the_preprocessing(iris_model):
    model, X, y = iris_model
    with pytest.raises(TypeError, match="takes what the preprocessing step before it"):
        model.to_scikeras()["model"].fit(X, y)


def test_an_estimator_that_is_not_fitted_cannot_be_handed_over():
    with pytest.raises(ValueError, match="not fitted"):
        StructuredDataRegressor().to_scikeras()
