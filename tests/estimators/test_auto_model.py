"""AutoModel: any inputs, any heads, one estimator."""

import copy
import pickle
import subprocess
import sys

import keras
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.datasets import load_digits, load_iris
from sklearn.inspection import permutation_importance
from sklearn.metrics import accuracy_score, r2_score
from sklearn.model_selection import (
    GridSearchCV,
    cross_val_predict,
    cross_val_score,
    cross_validate,
    train_test_split,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skautokeras import (
    AutoModel,
    Block,
    Choice,
    ClassificationHead,
    ConvBlock,
    DenseBlock,
    Flatten,
    ImageAugmentation,
    ImageInput,
    Input,
    Merge,
    Normalization,
    RegressionHead,
    ResNetBlock,
    StructuredDataClassifier,
    StructuredDataInput,
    StructuredDataRegressor,
    TextInput,
    XceptionBlock,
)

QUICK = {"max_trials": 1, "epochs": 3, "random_state": 0, "ensemble_size": 1}


@pytest.fixture
def iris():
    """A table of three numbers, a class and another number."""
    X, species = load_iris(return_X_y=True, as_frame=True)
    width = X.pop("petal width (cm)")
    names = np.array(["setosa", "versicolor", "virginica"])
    return X, {"species": names[species], "width": width.to_numpy()}


@pytest.fixture
def digits():
    """A table with a column of images, one of numbers and one of categories."""
    data = load_digits()
    rng = np.random.default_rng(0)
    rows = rng.permutation(len(data.target))[:200]
    X = pd.DataFrame(
        {
            "picture": list(data.images[rows]),
            "ink": data.images[rows].sum((1, 2)),
            "pen": rng.choice(["blue", "black"], size=200),
        }
    )
    return X, data.target[rows]


def two_heads(**params):
    heads = [ClassificationHead(name="species"), RegressionHead(name="width")]
    return AutoModel(StructuredDataInput(), heads, **{**QUICK, **params})


def mixed(**params):
    """Return a model for images next to numbers and categories."""
    image, table = ImageInput(columns="picture"), StructuredDataInput()
    conv = ConvBlock(n_blocks=1, n_layers=1, filters=8, kernel_size=3)
    x = Flatten()(conv(Normalization()(image)))
    merged = Merge(merge_type="concatenate")([x, DenseBlock(n_layers=1)(table)])
    output = ClassificationHead()(merged)
    return AutoModel([image, table], output, **{**QUICK, "epochs": 8, **params})


@pytest.mark.parametrize(
    ("head", "estimator", "target"),
    [
        (ClassificationHead, StructuredDataClassifier, "species"),
        (RegressionHead, StructuredDataRegressor, "width"),
    ],
)
def test_the_task_estimators_are_auto_models_with_a_fixed_graph(
    iris, head, estimator, target
):
    X, y = iris
    params = {**QUICK, "max_trials": 2}
    model = AutoModel(StructuredDataInput(), head(), **params).fit(X, y[target])
    task = estimator(**params).fit(X, y[target])
    pd.testing.assert_frame_equal(
        model.leaderboard_.drop(columns=["seconds", "ended"]),
        task.leaderboard_.drop(columns=["seconds", "ended"]),
    )
    np.testing.assert_array_equal(model.predict(X), task.predict(X))
    assert model.score(X, y[target]) == task.score(X, y[target])
    assert model.evaluate(X, y[target]) == task.evaluate(X, y[target])


def test_predictions_have_the_form_of_the_target(iris):
    X, y = iris
    codes = np.unique(y["species"], return_inverse=True)[1]
    forms = {
        "dict": y,
        "frame": pd.DataFrame(y),
        "list": [y["species"], y["width"]],
        "array": np.column_stack([codes, y["width"]]),
    }
    models = {form: two_heads().fit(X, value) for form, value in forms.items()}
    found = {form: model.predict(X) for form, model in models.items()}
    assert list(found["dict"]) == ["species", "width"]
    assert found["frame"].columns.tolist() == ["species", "width"]
    assert isinstance(found["list"], list)
    assert found["array"].shape == (150, 2)
    for i, name in enumerate(["species", "width"]):
        np.testing.assert_array_equal(found["dict"][name], found["frame"][name])
        np.testing.assert_array_equal(found["dict"][name], found["list"][i])
    np.testing.assert_allclose(found["array"][:, 1], found["dict"]["width"])


def test_scores_and_evaluations_of_several_heads(iris):
    X, y = iris
    model = two_heads(scoring="val_species_accuracy").fit(X, y)
    predicted = model.predict(X)
    expected = [
        accuracy_score(y["species"], predicted["species"]),
        r2_score(y["width"], predicted["width"]),
    ]
    assert model.score(X, y) == pytest.approx(np.mean(expected))
    results = model.evaluate(X, y)
    assert results["species_accuracy"] == pytest.approx(expected[0])
    assert results["loss"] == pytest.approx(
        results["species_loss"] + results["width_loss"]
    )
    assert set(model.predict_proba(X)) == {"species"}
    assert model.predict_proba(X)["species"].shape == (150, 3)
    assert model.classes_["species"].tolist() == ["setosa", "versicolor", "virginica"]
    assert 0 <= model.best_score_ <= 1


def test_scoring_per_head(iris):
    X, y = iris

    def scorer(estimator, X, y, sample_weight=None):
        assert set(estimator.predict(X)) == set(y) == {"species", "width"}
        return 0.25

    for scoring, greatest in {
        "val_width_loss": 0.0,
        "val_width_mean_absolute_error": 0.0,
    }.items():
        model = two_heads(scoring=scoring).fit(X, y)
        assert model.best_score_ < greatest
    by_head = {"species": "accuracy", "width": "r2"}
    one = two_heads(scoring={"species": "accuracy"}).fit(X, y).best_score_
    assert two_heads(scoring=by_head).fit(X, y).best_score_ != one
    assert two_heads(scoring=scorer).fit(X, y).best_score_ == 0.25


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"scoring": "accuracy"}, "for one head, and there are"),
        ({"scoring": "val_accuracy"}, "names no head"),
        ({"scoring": {"price": "r2"}}, "must be names of heads"),
        ({"loss": "mean_squared_error"}, "'loss' parameter must be a dict by head"),
        ({"loss": {"price": "mse"}}, "must be names of heads"),
        ({"metrics": {"price": ["mse"]}}, "must be names of heads"),
        ({"class_weight": "balanced"}, "must be a dict by head"),
        ({"class_weight": {"width": "balanced"}}, "for heads of classes"),
    ],
    ids=str,
)
def test_parameters_of_heads_are_checked_before_training(iris, params, message):
    with pytest.raises(ValueError, match=message):
        two_heads(**params).fit(*iris)


def test_losses_weights_and_metrics_belong_to_heads(iris):
    X, y = iris
    model = two_heads(
        loss={"width": "mean_absolute_error"},
        metrics={"species": ["accuracy"]},
        class_weight={"species": {"setosa": 10.0, "versicolor": 1, "virginica": 1}},
    ).fit(X, y)
    assert "val_species_accuracy" in model.history_
    predicted = model.predict(X)
    results = model.evaluate(X, y)
    error = np.mean(np.abs(predicted["width"] - y["width"]))
    assert results["width_loss"] == pytest.approx(error, rel=1e-5)
    plain = two_heads().fit(X, y)
    heavy = (predicted["species"] == "setosa").mean()
    assert heavy >= (plain.predict(X)["species"] == "setosa").mean()
    heads = [
        ClassificationHead(name="species", loss_weight=3.0),
        RegressionHead(name="width", loss_weight=0.5),
    ]
    weighted = AutoModel(StructuredDataInput(), heads, **QUICK).fit(X, y)
    results = weighted.evaluate(X, y)
    assert results["loss"] == pytest.approx(
        3 * results["species_loss"] + 0.5 * results["width_loss"]
    )


def test_sample_weights_reach_every_head(iris):
    X, y = iris
    weight = np.r_[np.zeros(50), np.ones(100)]
    model = two_heads().fit(X, y, sample_weight=weight)
    # A class whose rows all have the weight 0 is a class, and is never predicted.
    assert model.classes_["species"].tolist() == ["setosa", "versicolor", "virginica"]
    assert "setosa" not in set(model.predict(X)["species"])
    assert model.score(X, model.predict(X), sample_weight=weight) == 1.0


def test_lists_and_dicts_of_arrays(digits):
    X, y = digits
    images = np.stack(X["picture"])
    table = X[["ink", "pen"]]
    inputs = [ImageInput(name="picture"), StructuredDataInput()]
    blocks = [Flatten()(inputs[0]), DenseBlock(n_layers=1)(inputs[1])]
    model = AutoModel(inputs, ClassificationHead()(Merge()(blocks)), **QUICK)
    as_list = clone(model).fit([images, table], y)
    as_dict = clone(model).fit({"picture": images, "structured_data_input_1": table}, y)
    predicted = as_list.predict_proba([images, table])
    np.testing.assert_array_equal(
        predicted,
        as_dict.predict_proba({"structured_data_input_1": table, "picture": images}),
    )
    np.testing.assert_array_equal(predicted, as_list.predict_proba((images, table)))
    assert as_list.evaluate([images, table], y)["loss"] > 0


def test_mismatches_are_told_in_one_sentence_that_names_the_input(digits):
    X, y = digits
    images = np.stack(X["picture"])
    table = X[["ink", "pen"]]
    inputs = [ImageInput(name="picture"), StructuredDataInput(name="table")]
    model = AutoModel(inputs, ClassificationHead(), **QUICK)
    for wrong, message in {
        "number of inputs": ([images], r"1 elements, but there are 2 inputs"),
        "rows": ([images[1:], table], r"inconsistent numbers.*'picture': 199"),
        "names": ({"photo": images, "table": table}, r"unknown: \['photo'\]"),
        "ranks": ([images[:, 0, 0], table], r"Input 'picture'"),
        "one array": (images, r"shape \(200, 8, 8\), but the inputs"),
        "columns": (table, r"The inputs \['picture', 'table'\] do not say"),
    }.values():
        with pytest.raises(ValueError, match=message):
            model.fit(wrong, y)


@pytest.mark.slow
def test_one_data_frame_goes_everywhere(digits):
    X, y = digits
    model = mixed()
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, stratify=y, random_state=0
    )
    fitted = clone(model).fit(X_train, y_train)
    assert fitted.score(X_test, y_test) > 0.3
    assert fitted.feature_names_in_.tolist() == ["picture", "ink", "pen"]
    assert cross_val_score(model, X, y, cv=2, error_score="raise").shape == (2,)
    pipeline = make_pipeline(FunctionTransformer(), clone(model))
    np.testing.assert_array_equal(
        pipeline.fit(X_train, y_train).predict(X_test), fitted.predict(X_test)
    )
    grid = GridSearchCV(model, {"epochs": [1, 2]}, cv=2, error_score="raise")
    assert grid.fit(X, y).best_params_["epochs"] in (1, 2)
    importances = permutation_importance(
        fitted, X_test, y_test, n_repeats=2, random_state=0
    )["importances_mean"]
    assert importances.argmax() == 0
    with pytest.raises(ValueError, match="feature names"):
        fitted.predict(X_test[["ink", "pen"]])


def test_paths_of_images_may_stand_in_a_column(digits, tmp_path):
    image_files = pytest.importorskip("PIL.Image")
    X, y = digits
    paths = []
    for i, image in enumerate(X["picture"]):
        path = tmp_path / f"{i}.png"
        image_files.fromarray((image * 15).astype("uint8")).save(path)
        paths.append(str(path))
    model = mixed().fit(X.assign(picture=paths), y)
    assert model.predict(X.assign(picture=paths)[:5]).shape == (5,)


@pytest.mark.slow
def test_the_functional_program_of_the_paper():
    # Jin et al., JMLR 2023, figure 1.
    images = np.random.default_rng(0).integers(0, 256, (40, 16, 16, 3), dtype="uint8")
    y = np.arange(40) % 2
    input_node = ImageInput()
    node = Normalization()(input_node)
    node = ImageAugmentation()(node)
    first = ResNetBlock(version="v2")(node)
    second = XceptionBlock()(node)
    output = ClassificationHead()(Merge()([first, second]))
    model = AutoModel(inputs=input_node, outputs=output, **{**QUICK, "epochs": 1})
    model.fit(images, y)
    assert model.predict_proba(images).shape == (40, 2)
    names = {name.split("/")[0] for name in model.best_params_}
    assert {"image_augmentation_1", "res_net_block_1", "merge_1"} <= names


@pytest.mark.slow
def test_the_multi_modal_program_of_the_paper(digits):
    X, y = digits
    model = AutoModel(
        inputs=[ImageInput(), StructuredDataInput()],
        outputs=[ClassificationHead(), RegressionHead()],
        **{**QUICK, "epochs": 2},
    )
    data = [np.stack(X["picture"]), X[["ink", "pen"]]]
    classes, numbers = model.fit(data, [y, X["ink"]]).predict(data)
    assert classes.shape == numbers.shape == (200,)
    assert set(classes) <= set(y)


@pytest.mark.slow
def test_texts_stand_beside_numbers():
    texts = ["good wine from here", "bad wine from there", "so so"] * 20
    X = pd.DataFrame({"text": texts, "price": np.arange(60.0)})
    y = np.tile([3.0, 1.0, 2.0], 20)
    inputs = [TextInput(columns="text"), StructuredDataInput()]
    model = AutoModel(inputs, RegressionHead(), **{**QUICK, "epochs": 30})
    assert model.fit(X, y).score(X, y) > 0.5


def test_series_of_numbers():
    rng = np.random.default_rng(0)
    y = np.arange(80) % 2
    X = rng.normal(size=(80, 12, 2)) + 3 * y[:, None, None]
    node = Input()
    x = ConvBlock(n_blocks=1, n_layers=1, filters=4, kernel_size=3, dropout=0.0)(node)
    model = AutoModel(node, ClassificationHead()(x), **{**QUICK, "epochs": 20})
    assert model.fit(X, y).score(X, y) > 0.8


def test_branches_share_what_is_called_twice(iris):
    X, y = iris
    inputs = [Input(columns=[0, 1]), Input(columns=[1, 2])]
    shared = DenseBlock(
        n_layers=1, units=4, use_batchnorm=False, residual=False, dropout=0.0
    )
    merged = Merge(merge_type="concatenate")([shared(node) for node in inputs])
    model = AutoModel(inputs, ClassificationHead()(merged), **QUICK)
    n_weights = model.fit(X, y["species"]).leaderboard_["n_parameters"][0]
    assert n_weights == (2 * 4 + 4) + (8 * 3 + 3)


def test_kind_of_estimator_follows_the_heads(iris):
    table = StructuredDataInput()
    classifier = AutoModel(table, ClassificationHead())
    regressor = AutoModel([table], [RegressionHead()(DenseBlock()(table))])
    both = AutoModel(table, [ClassificationHead(), RegressionHead()])
    assert is_classifier(classifier)
    assert not is_regressor(classifier)
    assert is_regressor(regressor)
    assert not is_regressor(both)
    assert not is_classifier(both)
    assert hasattr(both, "predict_proba")
    assert classifier.__sklearn_tags__().input_tags.sparse
    of_images = AutoModel([table, ImageInput()], ClassificationHead())
    assert not of_images.__sklearn_tags__().input_tags.sparse
    assert not of_images.__sklearn_tags__().input_tags.allow_nan
    assert not hasattr(regressor, "predict_proba")


def test_stratification_works_with_a_single_classification_head(iris):
    X, _ = iris
    model = AutoModel(StructuredDataInput(), ClassificationHead(), **QUICK)
    rare = np.where(np.arange(150) < 6, "rare", "common")
    found = cross_validate(
        model, X, rare, cv=3, return_indices=True, error_score="raise"
    )
    for test in found["indices"]["test"]:
        assert (rare[test] == "rare").sum() == 2


def test_copies_search_the_same_space_with_the_same_result(iris):
    X, y = iris
    table = StructuredDataInput()
    dense = DenseBlock(units=Choice([8, 16]))
    branches = [dense(table), DenseBlock(n_layers=1)(table)]
    model = AutoModel(
        table, ClassificationHead()(Merge()(branches)), **{**QUICK, "max_trials": 2}
    )
    fitted = clone(model).fit(X, y["species"])
    for copied in (
        clone(model),
        copy.deepcopy(model),
        pickle.loads(pickle.dumps(model)),
        clone(fitted).set_params(**model.get_params()),
    ):
        again = copied.fit(X, y["species"])
        assert again.leaderboard_["params"].tolist() == (
            fitted.leaderboard_["params"].tolist()
        )
        np.testing.assert_array_equal(again.predict_proba(X), fitted.predict_proba(X))


def test_a_fitted_model_is_read_in_another_process(iris, tmp_path):
    X, y = iris
    model = two_heads().fit(X, y)
    (tmp_path / "model.pickle").write_bytes(pickle.dumps(model))
    X.to_pickle(tmp_path / "X.pickle")
    code = (
        "import pickle, pandas as pd\n"
        "model = pickle.load(open('model.pickle', 'rb'))\n"
        "print(model.predict(pd.read_pickle('X.pickle'))['width'].sum())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    expected = model.predict(X)["width"].sum()
    assert float(done.stdout.split()[-1]) == pytest.approx(expected)


def test_text_and_html_show_the_graph():
    model = mixed()
    assert "ImageInput(columns='picture')" in repr(model)
    assert "Merge(merge_type='concatenate')" in repr(model.outputs)
    html = model._repr_mimebundle_()["text/html"]
    assert html.count("<svg") >= 1
    for name in ("image_input_1", "conv_block_1", "classification_head_1"):
        assert name in html
    assert "conv_block_1" in model._repr_html_()
    wrong = AutoModel([], ClassificationHead())
    assert "AutoModel" in wrong._repr_html_()


@pytest.mark.parametrize(
    ("inputs", "outputs", "message"),
    [
        ([], [ClassificationHead()], "'inputs' parameter"),
        (["table"], [ClassificationHead()], "'inputs' parameter .* Got 'table'"),
        ([StructuredDataInput()], [], "'outputs' parameter"),
        ([StructuredDataInput()], [DenseBlock()], "must hold heads"),
    ],
    ids=["no input", "no input node", "no head", "a block"],
)
def test_what_is_no_graph_is_refused(iris, inputs, outputs, message):
    with pytest.raises((TypeError, ValueError), match=message):
        AutoModel(inputs, outputs, **QUICK).fit(iris[0], iris[1]["species"])


def test_shapes_that_cannot_meet_are_named_before_any_training(digits):
    X, y = digits
    node = ImageInput()
    x = ConvBlock()(DenseBlock()(node))
    model = AutoModel(node, ClassificationHead()(x), **QUICK)
    with pytest.raises((TypeError, ValueError), match="conv_block_1"):
        model.fit(np.stack(X["picture"]), y)
    assert not hasattr(model, "leaderboard_")


@keras.saving.register_keras_serializable("skautokeras_tests")
class Scaled(keras.layers.Layer):
    """A user's layer that Keras knows."""

    def call(self, inputs):
        """Double."""
        return 2.0 * inputs


class Unknown(Scaled):
    """A user's layer that Keras does not know."""


class Mine(Block):
    """A user's block around a layer."""

    def __init__(self, *, layer="known", units=None):
        self.layer = layer
        self.units = units

    def build(self, hp, inputs):
        """Put the layer before a dense one."""
        layer = Scaled() if self.layer == "known" else Unknown()
        units = hp.Choice("units", [4, 8]) if self.units is None else self.units
        return keras.layers.Dense(units)(layer(inputs))


@keras.saving.register_keras_serializable("skautokeras_tests")
def halved(y_true, y_pred):
    """Half the squared error."""
    return keras.ops.mean(keras.ops.square(y_true - y_pred), axis=-1) / 2


def test_blocks_layers_and_losses_of_a_users_own(iris):
    X, y = iris
    table = StructuredDataInput()
    model = AutoModel(table, RegressionHead()(Mine()(table)), loss=halved, **QUICK).fit(
        X, y["width"]
    )
    assert "mine_1/units" in model.best_params_
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    assert any(isinstance(layer, Scaled) for layer in model.export_model().layers)


def test_layers_that_keras_does_not_know_are_named(iris):
    X, y = iris
    table = StructuredDataInput()
    output = RegressionHead()(Mine(layer="unknown")(table))
    model = AutoModel(table, output, **QUICK).fit(X, y["width"])
    assert model.predict(X).shape == (150,)
    for attempt in (model.export_model, lambda: pickle.dumps(model)):
        with pytest.raises(TypeError, match="Unknown is not registered with Keras"):
            attempt()


def test_what_networks_lack_is_told_before_what_blocks_lack(iris, tmp_path):
    class Local(Mine):
        """A block that neither pickle nor a file can name."""

    X, y = iris
    table = StructuredDataInput()
    output = RegressionHead()(Local(layer="unknown")(table))
    model = AutoModel(table, output, **QUICK).fit(X, y["width"])
    for attempt in (lambda: pickle.dumps(model), lambda: model.save(tmp_path / "m")):
        with pytest.raises(TypeError, match="Unknown is not registered with Keras"):
            attempt()


def test_a_search_of_a_graph_goes_on_in_another_process(iris, tmp_path):
    X, y = iris
    params = {**QUICK, "directory": tmp_path / "search"}

    def model(units, **changes):
        table = StructuredDataInput()
        output = ClassificationHead()(DenseBlock(units=units)(table))
        return AutoModel(table, output, **{**params, **changes})

    first = model(8).fit(X, y["species"])
    second = model(8, max_trials=2).fit(X, y["species"])
    assert second.leaderboard_["score"].isin(first.leaderboard_["score"]).any()
    with pytest.raises(ValueError, match="other parameters"):
        model(4).fit(X, y["species"])


def two_classifications():
    node = StructuredDataInput()
    block = DenseBlock(n_layers=1, units=8)(node)
    heads = [ClassificationHead()(block), ClassificationHead()(block)]
    return AutoModel(node, heads, max_trials=1, epochs=1, random_state=0)


def test_predicted_frames_have_the_index_of_the_rows():
    X = pd.DataFrame({"x": np.arange(40.0)}, index=[f"row {i}" for i in range(40)])
    y = pd.DataFrame({"a": np.arange(40) % 2, "b": np.arange(40) % 3}, index=X.index)
    model = two_classifications().fit(X, y)
    assert model.predict(X).index.tolist() == X.index.tolist()
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        predicted = model.predict(X.to_numpy())
    assert predicted.index.tolist() == list(range(40))
    assert set(model.predict_proba(X)) == set(model.classes_)


def test_columns_of_an_array_have_a_list_of_probabilities():
    X = np.arange(40.0)[:, None]
    y = np.column_stack([np.arange(40) % 2, np.arange(40) % 3])
    model = two_classifications()
    found = cross_val_predict(model, X, y, cv=2, method="predict_proba")
    assert [part.shape for part in found] == [(40, 2), (40, 3)]
    assert [c.tolist() for c in model.fit(X, y).classes_] == [[0, 1], [0, 1, 2]]


@pytest.mark.parametrize("weight", [{"a": np.ones(40)}, np.ones((40, 2))], ids=type)
def test_weights_by_head_are_refused(weight):
    X = np.arange(40.0)[:, None]
    y = np.column_stack([np.arange(40) % 2, np.arange(40) % 3])
    with pytest.raises(ValueError, match=r"one weight per row.*loss_weight"):
        two_classifications().fit(X, y, sample_weight=weight)
