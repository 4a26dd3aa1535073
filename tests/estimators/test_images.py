"""The image estimators: every form that images come in, and scikit-learn's tools."""

import pickle
import subprocess
import sys
from functools import partial

import numpy as np
import pandas as pd
import PIL.Image
import pytest
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.datasets import load_digits
from sklearn.ensemble import StackingClassifier
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.utils import get_tags

from skautokeras import (
    AutoModel,
    ClassificationHead,
    ConvBlock,
    Flatten,
    GreedyOracle,
    ImageClassifier,
    ImageInput,
    ImageRegressor,
    StructuredDataClassifier,
)
from skautokeras._data import ImageAdapter

QUICK = {"max_trials": 1, "epochs": 1, "ensemble_size": 1, "refit": False}


@pytest.fixture(scope="module")
def digits():
    """Digits in two halves: images (n, 8, 8) of 0 to 16, and the classes."""
    data = load_digits()
    return train_test_split(
        data.images, data.target, stratify=data.target, test_size=0.25, random_state=0
    )


@pytest.fixture(scope="module")
def fitted(digits):
    """A classifier fitted on digits, the labels being letters."""
    X, _, y, _ = digits
    classifier = ImageClassifier(**{**QUICK, "epochs": 4}, random_state=0)
    return classifier.fit(X, np.array(list("abcdefghij"))[y])


class Quick(ImageClassifier):
    """The classifier with one small network in place of all that are searched."""

    def _nodes(self):
        (image,), _ = super()._nodes()
        x = ConvBlock(
            n_blocks=1, n_layers=1, filters=4, kernel_size=3, use_batchnorm=False
        )(image)
        return [image], [self._make_head()(Flatten()(x))]


# An oracle that begins with a training that learns fast.
START = partial(
    GreedyOracle,
    initial_values=[{"training/learning_rate": 2e-2, "training/batch_size": 32}],
)


def quick(**params):
    return Quick(**{**QUICK, "tuner": START, "epochs": 2, "random_state": 0, **params})


def test_digits_are_learned(fitted, digits):
    _, X_test, _, codes = digits
    y_test = np.array(list("abcdefghij"))[codes]
    assert fitted.score(X_test, y_test) > 0.85
    proba = fitted.predict_proba(X_test)
    assert proba.shape == (len(X_test), 10)
    np.testing.assert_allclose(proba.sum(axis=1), 1, rtol=1e-5)
    assert fitted.classes_.tolist() == list("abcdefghij")
    results = fitted.evaluate(X_test, y_test)
    predicted = fitted.predict(X_test)
    assert results["accuracy"] == pytest.approx(accuracy_score(y_test, predicted))
    assert results["loss"] == pytest.approx(log_loss(y_test, proba), rel=1e-3)
    assert (fitted.leaderboard_["status"] == "completed").all()
    assert not hasattr(fitted, "n_features_in_")
    exported = fitted.export_model()
    pixels = X_test[..., None].astype("float32")
    (output,) = exported.predict({"pixels": pixels}, verbose=0).values()
    np.testing.assert_allclose(output, proba, atol=1e-5)


def test_a_fitted_classifier_predicts_the_same_in_another_process(
    fitted, digits, tmp_path
):
    X_test = digits[1][:20]
    (tmp_path / "model.pickle").write_bytes(pickle.dumps(fitted))
    np.save(tmp_path / "X.npy", X_test)
    code = (
        "import pickle, numpy as np\n"
        "model = pickle.load(open('model.pickle', 'rb'))\n"
        "np.save('proba.npy', model.predict_proba(np.load('X.npy')))\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    np.testing.assert_allclose(
        np.load(tmp_path / "proba.npy"), fitted.predict_proba(X_test), atol=1e-6
    )
    np.testing.assert_array_equal(
        pickle.loads(pickle.dumps(fitted)).predict(X_test), fitted.predict(X_test)
    )


def test_the_graph_is_that_of_an_auto_model():
    task = ImageClassifier(**QUICK)._wire().describe()
    model = AutoModel(ImageInput(), ClassificationHead(), **QUICK)._wire().describe()
    assert task == model
    assert is_classifier(ImageClassifier())
    assert is_regressor(ImageRegressor())


def test_every_form_of_the_same_images_gives_the_same_network(digits, tmp_path):
    pillow = pytest.importorskip("PIL.Image")
    X, _, y, _ = digits
    X, y = (15 * X[:80] / 16).astype("uint8") * 17, y[:80]
    paths = []
    for i, image in enumerate(X):
        paths.append(tmp_path / f"{i}.png")
        pillow.fromarray(image).save(paths[-1])
    names = [str(path) for path in paths]
    objects = np.empty(len(X), dtype=object)
    objects[:] = list(X)
    forms = {
        "one channel": X[..., None],
        "channel first": X[:, None],
        "integers": X.astype(int),
        "list of arrays": list(X),
        "objects": objects,
        "paths": paths,
        "Series": pd.Series(names, index=np.arange(80)[::-1]),
    }
    model = quick().fit(X, y)
    expected = model.predict_proba(X)
    for form, images in forms.items():
        np.testing.assert_array_equal(
            model.predict_proba(images), expected, err_msg=form
        )
    assert not hasattr(model, "n_features_in_")
    model.fit(pd.DataFrame({"photo": names}), y)
    assert model.feature_names_in_.tolist() == ["photo"]
    model.fit(names, y)
    np.testing.assert_allclose(model.predict_proba(names), expected, atol=1e-6)
    assert not hasattr(model, "n_features_in_")
    rows = X.reshape(80, 64)
    for table in (pd.DataFrame(rows).add_prefix("pixel"), rows.tolist()):
        model = quick(image_shape=(8, 8)).fit(table, y)
        assert model.n_features_in_ == 64
        np.testing.assert_allclose(model.predict_proba(table), expected, atol=1e-6)
        assert model.score(table, y) == model.score(X, y)


def test_colours_first_or_last_and_images_of_any_size(digits):
    rng = np.random.default_rng(0)
    X = rng.random((40, 9, 7, 3))
    y = np.arange(40) % 2
    X[y == 1, ..., 0] += 1
    last = quick().fit(X, y)
    first = quick().fit(X.transpose(0, 3, 1, 2), y)
    told = quick(channels="first").fit(X.transpose(0, 3, 1, 2), y)
    for model in (first, told):  # found out, and told
        np.testing.assert_allclose(
            model.predict_proba(X.transpose(0, 3, 1, 2)), last.predict_proba(X)
        )
    sizes = [np.resize(image, (5 + i % 3, 6, 3)) for i, image in enumerate(X)]
    model = quick(image_size=(6, 5)).fit(sizes, y)
    assert model.model_.input["pixels"].shape == (None, 6, 5, 3)
    assert model.predict(X).shape == (40,)


def test_tags_say_what_an_estimator_takes():
    tags = get_tags(ImageClassifier()).input_tags
    assert tags.three_d_array
    assert tags.string
    assert not tags.two_d_array
    tags = get_tags(ImageRegressor(image_shape=(8, 8))).input_tags
    assert tags.two_d_array
    assert tags.three_d_array
    assert not any([tags.sparse, tags.allow_nan, tags.string, tags.one_d_array])


@pytest.mark.parametrize(
    ("params", "X", "message"),
    [
        ({}, np.zeros((9, 64)), "Pass image_shape="),
        ({"image_shape": (8, 7)}, np.zeros((9, 64)), "X has 64 features, but rows"),
        ({"image_shape": 8}, np.zeros((9, 64)), "'image_shape' parameter of ImageC"),
        ({"image_size": (8,)}, np.zeros((9, 8, 8)), "'image_size' parameter must be"),
        ({"channels": "middle"}, np.zeros((9, 8, 8)), "'channels' parameter of Image"),
        ({}, np.full((9, 8, 8), np.nan), "Input X contains NaN"),
        ({}, np.zeros((8, 8, 8)), "inconsistent numbers of samples"),
        ({}, ["missing.png"] * 9, r"Row 0 of X: There is no image file 'missing\.png'"),
    ],
    ids=["rows", "width", "shape", "size", "channels", "nan", "length", "missing"],
)
def test_what_cannot_be_used_is_told_before_training(params, X, message):
    with pytest.raises(ValueError, match=message):
        ImageClassifier(**params).fit(X, np.arange(9) % 2)


def test_other_images_at_predict_are_refused(digits):
    X, _, y, _ = digits
    rows = quick(image_shape=(8, 8)).fit(X[:60].reshape(60, 64), y[:60])
    with pytest.raises(ValueError, match="X has 63 features, but Quick is expecting"):
        rows.predict(np.zeros((2, 63)))
    images = quick().fit(X[:60], y[:60])
    with pytest.raises(ValueError, match=r"\(8, 9, 1\), but \(8, 8, 1\) is expected"):
        images.predict(np.zeros((2, 8, 9)))


@pytest.mark.slow
def test_sklearns_tools_take_rows_of_pixels(digits):
    X, X_test, y, y_test = digits
    X, X_test, y = X[:300].reshape(300, 64), X_test.reshape(-1, 64), y[:300]
    classifier = quick(image_shape=(8, 8), epochs=4)
    default = ImageClassifier(image_shape=(8, 8))
    assert clone(default).get_params() == default.get_params()
    pipeline = make_pipeline(MinMaxScaler(clip=True), classifier).fit(X, y)
    assert pipeline.score(X_test, y_test) > 0.3
    assert (cross_val_score(pipeline, X, y, cv=2) > 0.2).all()
    grid = {"image_shape": [(8, 8), (4, 16)]}
    search = GridSearchCV(classifier, grid, cv=2, refit=False, error_score="raise")
    assert search.fit(X, y).best_params_["image_shape"] in grid["image_shape"]
    table = StructuredDataClassifier(**QUICK, random_state=0)
    stack = StackingClassifier([("images", classifier), ("table", table)], cv=2)
    assert stack.fit(X, y).score(X_test, y_test) > 0.3


def test_the_regressor_predicts_on_the_original_scale(digits):
    X, X_test, _, _ = digits
    ink, ink_test = (1000 + images.sum((1, 2)) for images in (X, X_test))
    regressor = ImageRegressor(**{**QUICK, "epochs": 4}, random_state=0)
    regressor.fit(X, np.column_stack([ink, -ink]))
    predicted = regressor.predict(X_test)
    assert predicted.shape == (len(X_test), 2)
    assert abs(predicted[:, 0].mean() - ink_test.mean()) < ink_test.std()
    assert regressor.score(X_test, np.column_stack([ink_test, -ink_test])) > 0.3


@pytest.fixture
def files(digits, tmp_path):
    """Paths of images of zeros and ones, and what they show."""
    X, y = load_digits(n_class=2, return_X_y=True)
    X, y = X[:80].reshape(-1, 8, 8), y[:80]
    order = np.argsort(y, kind="stable")
    paths = []
    for i, row in enumerate(order):
        paths.append(tmp_path / f"{i}.png")
        PIL.Image.fromarray((X[row] * 15).astype("uint8")).save(paths[-1])
    return paths, y[order]


@pytest.mark.slow
def test_more_files_than_can_be_read_in_time(files, tmp_path, monkeypatch):
    paths, y = files
    monkeypatch.setattr("skautokeras._fit.preparation._FEWEST_ROWS", 10)
    monkeypatch.setattr(ImageAdapter, "most_rows", lambda self, X, seconds: 30)
    params = {"max_trials": 1, "max_time": 60, "random_state": 0, "refit": False}
    classifier = ImageClassifier(**params, directory=tmp_path / "search")
    with pytest.warns(UserWarning, match=r"Reading all 80 files .* about 30 of them"):
        classifier.fit(paths, y)
    # Of 30 files, 6 are held out.
    assert classifier.leaderboard_["n_rows"].tolist() == [24]
    assert len(classifier.validation_indices_) == 6
    assert classifier.validation_indices_.max() > 40
    valid = [paths[i] for i in classifier.validation_indices_]
    np.testing.assert_allclose(
        classifier.predict_proba(valid), classifier.validation_predictions_, atol=1e-5
    )
    # A search that goes on reads as many files as before, however fast it is now.
    monkeypatch.undo()
    again = ImageClassifier(**params, directory=tmp_path / "search").fit(paths, y)
    assert again.leaderboard_["n_rows"].tolist() == [24]
    assert again.leaderboard_["score"].tolist() == [classifier.best_score_]


def test_the_rate_of_reading_is_measured(files):
    paths, _ = files
    n_rows = ImageAdapter().most_rows(paths, 10.0)
    assert n_rows == pytest.approx(ImageAdapter().most_rows(paths, 10.0), rel=20)
    assert n_rows > 80
    assert ImageAdapter().most_rows(np.zeros((5, 8, 8)), 10.0) is None
    paths[40].write_bytes(b"broken")
    with pytest.raises(ValueError, match=r"Row 4\d of X.*40.png"):
        ImageAdapter(image_size=(8, 8)).most_rows(paths[:60], 10.0)
