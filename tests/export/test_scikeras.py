"""The found networks as SciKeras estimators: trained again without a new search."""

import pickle
import warnings

import keras
import numpy as np
import pandas as pd
import pytest
from scikeras import wrappers
from sklearn import config_context
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.datasets import load_diabetes, load_digits, load_iris
from sklearn.metrics import log_loss, r2_score
from sklearn.model_selection import GridSearchCV, KFold, ShuffleSplit, cross_val_score
from sklearn.pipeline import Pipeline

import skautokeras
from skautokeras import (
    AutoModel,
    BoostedTreesBlock,
    Choice,
    ClassificationHead,
    DenseBlock,
    ExtraTreesBlock,
    ImageClassifier,
    Merge,
    RegressionHead,
    StructuredDataBlock,
    StructuredDataClassifier,
    StructuredDataInput,
    StructuredDataRegressor,
    TabMBlock,
    TextInput,
    TextToNgramVector,
)
from skautokeras._data import ClassAdapter, balanced_weights
from skautokeras._export import loss_of, weights_of_values
from skautokeras._layers import FromTargetScale, TreeEnsemble, walk
from skautokeras.datasets import load_titanic

QUICK = {"max_trials": 1, "epochs": 2, "refit": False, "random_state": 0}


@pytest.fixture(scope="module")
def titanic():
    X, y = load_titanic(return_X_y=True)
    return X.drop(columns="name"), y.map({0: "lost", 1: "saved"})


@pytest.fixture(scope="module")
def classifier(titanic):
    """An ensemble of two networks on a table of mixed types."""
    table = StructuredDataInput()
    output = ClassificationHead()(StructuredDataBlock(trees=False)(table))
    params = {**QUICK, "max_trials": 2, "ensemble_size": 2, "prune": None}
    return AutoModel(table, output, **params).fit(*titanic)


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


def test_it_makes_arrays_whatever_scikit_learn_is_told_to_make(classifier, titanic):
    X, _ = titanic
    pipeline = classifier.to_scikeras(fitted=True)
    expected = classifier.predict(X)
    with config_context(transform_output="pandas"), warnings.catch_warnings():
        warnings.simplefilter("error")
        assert (pipeline.predict(X) == expected).all()


def test_what_was_found_is_what_is_trained(classifier):
    model = classifier.to_scikeras()["model"]
    best = classifier.best_params_
    assert model.optimizer == best["training/optimizer"]
    assert model.optimizer__learning_rate == best["training/learning_rate"]
    assert model.batch_size == best["training/batch_size"]
    assert model.callbacks__schedule == best["training/schedule"]
    assert len(model.networks.values) == (classifier.leaderboard_["weight"] > 0).sum()


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
    model.set_params(prune=None, ensemble_size=2).fit(X, y)
    pipeline = model.to_scikeras(fitted=True)
    np.testing.assert_allclose(
        pipeline.predict_proba(X), model.predict_proba(X), atol=1e-6
    )
    pipeline.set_params(model__epochs=1).fit(X, y)
    assert pipeline.predict_proba(X).shape == (150, 3)


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


# --- Several heads


@pytest.fixture(scope="module")
def iris():
    """Numbers, and a class, two labels and a number that follow from them."""
    X, species = load_iris(return_X_y=True, as_frame=True)
    width = X.pop("petal width (cm)").to_numpy()
    tags = np.column_stack([width > 1, X["sepal length (cm)"] > 6]).astype(int)
    names = np.array(["setosa", "versicolor", "virginica"])
    return X, {"species": names[species], "tags": tags, "width": width}


def several(heads, **params):
    """Return a model of small networks on a table, with some heads."""
    table = StructuredDataInput()
    x = DenseBlock(n_layers=1, units=16, dropout=0.0, use_batchnorm=False)(table)
    outputs = [head(x) for head in heads]
    return AutoModel(table, outputs, batch_size=32, **{**QUICK, **params})


@pytest.fixture(scope="module")
def three_heads(iris):
    """An ensemble of the networks of two folds, with settings for each head."""
    heads = [
        ClassificationHead(name="species", loss_weight=3.0),
        ClassificationHead(name="tags"),
        RegressionHead(name="width", loss_weight=0.5),
    ]
    model = several(
        heads,
        cv=2,
        loss={"width": "mean_absolute_error"},
        metrics={"species": ["accuracy"]},
    )
    return model.fit(*iris)


@pytest.fixture(scope="module")
def two_heads(iris):
    X, y = iris
    heads = [ClassificationHead(name="species"), RegressionHead(name="width")]
    return several(heads).fit(X, pd.DataFrame({k: y[k] for k in ("species", "width")}))


def assert_equal_outputs(left, right):
    """Assert that two dicts by head are the same to 1e-5."""
    assert list(left) == list(right)
    for name, y in left.items():
        if y.dtype.kind == "f":
            np.testing.assert_allclose(y, right[name], rtol=1e-5, atol=1e-5)
        else:
            np.testing.assert_array_equal(y, right[name])


def test_several_heads_say_what_they_say_in_the_model(three_heads, iris):
    X, y = iris
    assert len(three_heads._ensemble.models) == 2
    pipeline = three_heads.to_scikeras(fitted=True)
    for one in (pipeline, pickle.loads(pickle.dumps(pipeline))):
        assert isinstance(one["model"], wrappers.BaseWrapper)
        assert_equal_outputs(one.predict(X), three_heads.predict(X))
        assert_equal_outputs(one.predict_proba(X), three_heads.predict_proba(X))
        assert one.score(X, y) == pytest.approx(three_heads.score(X, y))
        assert one.classes_["species"].tolist() == ["setosa", "versicolor", "virginica"]
    before = three_heads.predict_proba(X)
    pipeline["model"].partial_fit(pipeline["preprocessing"].transform(X), y)
    assert (pipeline.predict_proba(X)["species"] != before["species"]).any()
    assert_equal_outputs(three_heads.predict_proba(X), before)


def test_several_heads_from_a_file_say_the_same(three_heads, iris, tmp_path):
    three_heads.save(tmp_path / "model")
    loaded = skautokeras.load(tmp_path / "model")
    assert_equal_outputs(loaded.predict(iris[0]), three_heads.predict(iris[0]))
    pipeline = loaded.to_scikeras(fitted=True)
    assert_equal_outputs(pipeline.predict(iris[0]), three_heads.predict(iris[0]))


def test_several_heads_learn_from_other_rows(three_heads, iris):
    X, y = iris
    pipeline = clone(three_heads.to_scikeras(fitted=True))
    pipeline.set_params(model__epochs=15, model__optimizer__learning_rate=2e-2)
    # Other columns, and classes that the search has not seen.
    X = X.assign(kind=pd.Categorical(np.arange(len(X)) % 7))
    y = {**y, "species": np.where(y["species"] == "setosa", "new", y["species"])}
    pipeline.fit(X, y)
    assert pipeline.score(X, y) > 0.7
    assert pipeline.classes_["species"].tolist() == ["new", "versicolor", "virginica"]
    again = pickle.loads(pickle.dumps(pipeline))
    assert_equal_outputs(again.predict(X), pipeline.predict(X))
    first = pipeline["model"].model_
    pipeline.set_params(model__warm_start=True, model__epochs=1).fit(X, y)
    assert pipeline["model"].model_ is first


def test_losses_and_metrics_are_those_of_the_heads(three_heads, iris):
    X, y = iris
    # One step: Keras does not weigh the last batch by its length in each head.
    pipeline = three_heads.to_scikeras()
    pipeline.set_params(model__epochs=1, model__batch_size=len(X))
    history = pipeline.fit(X, y)["model"].history_
    weights = {"species": 3.0, "tags": 1.0, "width": 0.5}
    parts = {name: history[f"{name}_loss"][0] for name in weights}
    expected = sum(weights[name] * part for name, part in parts.items())
    assert history["loss"][0] == pytest.approx(expected, rel=1e-5)
    assert 0 <= history["species_accuracy"][0] <= 1
    pipeline.set_params(
        model__loss={"width": "mean_squared_error"},
        model__metrics={"width": ["mean_absolute_error"]},
        model__compile__loss_weights={"species": 0.0, "tags": 0.0, "width": 1.0},
        # It learns nothing, so that losses are those of what it predicts.
        model__optimizer__learning_rate=1e-9,
    )
    history = pipeline.fit(X, y)["model"].history_
    assert history["loss"] == pytest.approx(history["width_loss"])
    error = pipeline.predict(X)["width"] - y["width"]
    scale = y["width"].std()
    assert history["width_loss"][0] == pytest.approx(
        np.mean((error / scale) ** 2), rel=1e-3
    )
    assert history["width_mean_absolute_error"][0] == pytest.approx(
        np.abs(error / scale).mean(), rel=1e-3
    )


def losses_without_learning(pipeline, X, y, **fit_params):
    """Return what the heads of a pipeline lose that cannot learn, and that pipeline."""
    pipeline = clone(pipeline).set_params(
        model__epochs=1, model__batch_size=len(X), model__optimizer__learning_rate=1e-9
    )
    return pipeline.fit(X, y, **fit_params)["model"].history_, pipeline


def test_labels_are_smoothed_and_classes_and_rows_weigh(two_heads, iris):
    X, y = iris
    y = pd.DataFrame({k: y[k] for k in ("species", "width")})
    found, pipeline = losses_without_learning(two_heads.to_scikeras(), X, y)
    proba = pipeline.predict_proba(X)["species"]
    assert found["species_loss"][0] == pytest.approx(
        log_loss(y["species"], proba), rel=1e-4
    )
    pipeline = two_heads.to_scikeras().set_params(model__label_smoothing=0.3)
    smoothed, _ = losses_without_learning(pipeline, X, y)
    expected = 0.7 * log_loss(y["species"], proba) - 0.3 * np.log(proba).mean()
    assert smoothed["species_loss"][0] == pytest.approx(expected, rel=1e-4)
    of_class = {"setosa": 10.0, "versicolor": 2.0, "virginica": 1.0}
    pipeline = two_heads.to_scikeras()
    pipeline.set_params(model__class_weight={"species": of_class})
    weighted, _ = losses_without_learning(pipeline, X, y)
    expected = log_loss(
        y["species"], proba, sample_weight=y["species"].map(of_class).to_numpy()
    )
    assert weighted["species_loss"][0] == pytest.approx(expected, rel=1e-4)
    assert weighted["width_loss"] == pytest.approx(found["width_loss"])
    pickle.loads(pickle.dumps(pipeline))
    rows = np.repeat([0.0, 1.0, 2.0], 50)
    weighted, pipeline = losses_without_learning(
        two_heads.to_scikeras(), X, y, model__sample_weight=rows
    )
    assert weighted["loss"] != found["loss"]
    score = pipeline.score(X, y, sample_weight=rows)
    assert score == pytest.approx(pipeline.score(X[50:], y[50:], rows[50:]))


@pytest.mark.parametrize(
    ("labels", "loss", "class_weight"),
    [
        (["no", "yes"], None, {"no": 1.0, "yes": 3.0}),
        (["no", "yes"], "sparse_categorical_crossentropy", "balanced"),
        (["a", "b", "c"], None, "balanced"),
        (["a", "b", "c"], "sparse_categorical_crossentropy", {"a": 1, "b": 2, "c": 9}),
        ([[0, 1], [1, 0], [1, 1]], None, [{0: 1, 1: 3}, {0: 2, 1: 1}]),
        ([[0, 1], [1, 0], [1, 1]], "binary_crossentropy", "balanced"),
    ],
    ids=str,
)
def test_classes_weigh_as_much_as_their_rows(labels, loss, class_weight):
    rng = np.random.default_rng(0)
    y = np.array(labels)[rng.integers(0, len(labels), 40)]
    target, head = ClassAdapter().fit(y), ClassificationHead(loss=loss)
    codes, schema = target.transform(y), target.schema_
    encoded = np.asarray(head.encode(codes, schema))
    n_outputs = schema.n_outputs if loss != "sparse_categorical_crossentropy" else 3
    y_pred = rng.dirichlet(np.ones(max(n_outputs, 2)), 40)[:, :n_outputs]
    y_pred = y_pred.astype("float32")
    weight = balanced_weights(class_weight, y)
    expected = head.make_loss(schema)(
        encoded, y_pred, sample_weight=weight / weight.mean()
    )
    weights = weights_of_values(class_weight, y, codes)
    weighted = loss_of(head, schema, class_weights=weights)
    assert float(weighted(encoded, y_pred)) == pytest.approx(float(expected), rel=1e-5)
    config = keras.saving.serialize_keras_object(weighted)
    again = keras.saving.deserialize_keras_object(config)
    assert float(again(encoded, y_pred)) == float(weighted(encoded, y_pred))


def test_predictions_of_several_heads_have_the_form_of_the_target(two_heads, iris):
    X, y = iris
    species, width = y["species"], y["width"]
    pipeline = two_heads.to_scikeras().set_params(model__epochs=1)
    forms = [
        {"species": species, "width": width},
        [species, width],
        (species, width),
        pd.DataFrame({"width": width, "species": species}),
        np.column_stack([species.astype(object), width]),
    ]
    expected = clone(pipeline).fit(X, forms[0]).predict(X)
    for form in forms[1:]:
        predicted = pipeline.fit(X, form).predict(X)
        assert type(predicted) is type(form)
        if isinstance(form, pd.DataFrame):
            assert list(predicted) == ["width", "species"]
            predicted = predicted[["species", "width"]].to_numpy()
        if isinstance(predicted, np.ndarray):
            predicted = predicted.T
        for one, name in zip(predicted, expected, strict=True):
            np.testing.assert_array_equal(one, expected[name])


def test_several_heads_go_through_cross_validation(two_heads, iris):
    X, y = iris
    y = pd.DataFrame({k: y[k] for k in ("species", "width")})
    pipeline = two_heads.to_scikeras().set_params(
        model__epochs=6, model__optimizer__learning_rate=2e-2
    )
    search = GridSearchCV(
        pipeline,
        {"model__optimizer__learning_rate": [1e-6, 2e-2]},
        cv=KFold(2, shuffle=True, random_state=0),
    ).fit(X, y.to_numpy())
    assert search.best_params_["model__optimizer__learning_rate"] == 2e-2
    assert search.best_score_ > 0.5
    assert search.predict(X).shape == y.shape
    (score,) = cross_val_score(pipeline, X, y, cv=ShuffleSplit(1, random_state=0))
    assert score > 0.5


def test_heads_for_numbers_alone_are_a_regressor(iris):
    X, y = iris
    heads = [RegressionHead(name="width"), RegressionHead(name="length")]
    model = several(heads, max_trials=1).fit(X, [y["width"], X["petal length (cm)"]])
    pipeline = model.to_scikeras(fitted=True)
    assert is_regressor(pipeline)
    assert not hasattr(pipeline, "predict_proba")
    for left, right in zip(pipeline.predict(X), model.predict(X), strict=True):
        np.testing.assert_allclose(left, right, rtol=1e-5)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"loss": "mean_squared_error"}, "'loss' parameter must be a dict by head"),
        ({"metrics": {"price": ["mse"]}}, r"must be names of heads.*'price'"),
        ({"class_weight": "balanced"}, "'class_weight' parameter must be a dict by"),
        ({"class_weight": {"width": "balanced"}}, "for heads of classes"),
    ],
    ids=str,
)
def test_parameters_of_heads_are_checked(two_heads, iris, params, message):
    X, y = iris
    pipeline = two_heads.to_scikeras()
    pipeline["model"].set_params(**params)
    with pytest.raises(ValueError, match=message):
        pipeline.fit(X, [y["species"], y["width"]])
    with pytest.raises(ValueError, match="but there are 2 heads"):
        pipeline.fit(X, [y["species"]])


def test_a_network_beside_better_trees_is_trained_for_its_epochs(titanic):
    classifier = StructuredDataClassifier(max_trials=4, random_state=0).fit(*titanic)
    board = classifier.leaderboard_
    board = board[board["weight"] > 0].sort_values("score", ascending=False)
    assert board["epochs"].iloc[0] == 1  # the best ones are trees
    trained = board[board["epochs"] > 1].iloc[0]
    pipeline = classifier.to_scikeras()
    assert pipeline.get_params()["model__epochs"] == trained["best_epoch"]
    rate = pipeline.get_params()["model__optimizer__learning_rate"]
    assert rate == trained["params"]["training/learning_rate"]
    weights = pipeline.get_params()["model__networks"].weights
    assert sum(weights) == pytest.approx(1)
    assert weights[0] == trained["weight"]


# --- Trees


def iterations_of(model):
    """Return the numbers of iterations of all trees of a Keras model."""
    layers = [layer for layer in walk(model) if isinstance(layer, TreeEnsemble)]
    return [int(layer.n_iterations) for layer in layers]


@pytest.mark.parametrize("cv", [None, 3])
def test_trees_have_as_many_iterations_as_the_estimator_kept(cv):
    X, y = load_iris(return_X_y=True)
    table = StructuredDataInput()
    block = BoostedTreesBlock(n_trees=200, learning_rate=0.05)
    model = AutoModel(table, ClassificationHead()(block(table)), cv=cv, **QUICK)
    model.fit(X, y)
    (kept,) = model.leaderboard_["iterations"]
    of_networks = [n for m in model._ensemble.models for n in iterations_of(m)]
    assert kept == round(np.mean(of_networks)) < 200
    pipeline = model.to_scikeras()
    # There are no validation rows in a pipeline, and more or fewer rows.
    for rows in (slice(None), slice(None, None, 2)):
        pipeline.fit(X[rows], y[rows])
        assert iterations_of(pipeline["model"].model_) == [kept]
        assert pipeline.score(X, y) > 0.9
    fitted = model.to_scikeras(fitted=True)
    np.testing.assert_allclose(
        fitted.predict_proba(X), model.predict_proba(X), atol=1e-6
    )


def test_each_network_of_an_ensemble_has_its_own_trees(titanic):
    X, y = titanic
    table = StructuredDataInput()
    kinds = Choice(["boosted_trees", "extra_trees", "dense"])
    block = StructuredDataBlock(block_type=kinds)
    params = {**QUICK, "max_trials": 6, "ensemble_size": 6, "prune": None}
    model = AutoModel(table, ClassificationHead()(block(table)), **params).fit(X, y)
    board = model.leaderboard_
    chosen = board[board["weight"] > 0]
    expected = chosen["iterations"].dropna().tolist()
    assert len(expected) > 1
    pipeline = model.to_scikeras().fit(X, y)
    assert sorted(iterations_of(pipeline["model"].model_)) == sorted(expected)
    assert pipeline.score(X, y) > 0.75


def test_random_trees_are_as_many_as_before():
    X, y = load_diabetes(return_X_y=True)
    table = StructuredDataInput()
    block = ExtraTreesBlock(n_trees=20, max_leaf_nodes=64)
    model = AutoModel(table, RegressionHead()(block(table)), **QUICK).fit(X, y)
    assert model.leaderboard_["iterations"].tolist() == [20]
    pipeline = model.to_scikeras().fit(X, y)
    assert iterations_of(pipeline["model"].model_) == [20]
    assert pipeline.score(X, y) > 0.5


# --- Numbers on another scale


@pytest.fixture(scope="module")
def prices():
    """Three numbers, and prices that depend on two of them."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 3))
    return X, 1000 * np.exp(1.2 * X[:, 0] + np.sin(2 * X[:, 1]))


@pytest.mark.parametrize("kind", ["log", "yeo_johnson", "quantile"])
def test_numbers_are_learned_on_the_scale_of_the_search(prices, kind):
    X, y = prices
    # A training compares what is outside of the range, too.
    head = RegressionHead(transformation=kind, within_range=False)
    model = small(head).fit(X, y)
    fitted = model.to_scikeras(fitted=True)
    np.testing.assert_allclose(fitted.predict(X), model.predict(X), rtol=1e-4)
    pipeline = model.to_scikeras()
    pipeline.set_params(model__epochs=30, model__optimizer__learning_rate=1e-2)
    predicted = pipeline.fit(X, y).predict(X)
    assert r2_score(np.log(y), np.log(np.maximum(predicted, 1))) > 0.7
    # It learns nothing, so that the loss is that of what it predicts.
    found, pipeline = losses_without_learning(pipeline, X, y)
    (layer,) = (
        v for v in walk(pipeline["model"].model_) if isinstance(v, FromTargetScale)
    )
    predicted = pipeline.predict(X)
    z = [((some - y.mean()) / y.std())[:, None] for some in (y, predicted)]
    u, v = (np.asarray(layer.scale.forward(some.astype("float32"))) for some in z)
    assert found["loss"][0] == pytest.approx(np.mean((u - v) ** 2), rel=1e-3)


def test_a_pipeline_learns_the_scale_from_its_own_rows(prices):
    X, y = prices
    model = small(RegressionHead(transformation="log")).fit(X, y)
    pipeline = model.to_scikeras()
    pipeline.set_params(model__epochs=30, model__optimizer__learning_rate=1e-2)
    small_numbers = pipeline.fit(X, y / 1e6).predict(X)
    assert r2_score(np.log(y / 1e6), np.log(small_numbers)) > 0.7
    with pytest.raises(ValueError, match="needs a target of which no number is below"):
        pipeline.fit(X, y - 5000)
