"""Save and load: the same estimator, in any process, and never code from the file."""

import inspect
import io
import json
import os
import pickle
import random
import subprocess
import sys
import zipfile
from pathlib import Path

import joblib
import keras
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_digits
from sklearn.exceptions import NotFittedError

import skautokeras
from skautokeras import (
    AutoModel,
    Block,
    ClassificationHead,
    DenseBlock,
    Merge,
    RegressionHead,
    StructuredDataClassifier,
    StructuredDataInput,
    TextInput,
    TextToNgramVector,
)
from skautokeras._estimators import BaseAutoEstimator
from skautokeras._state import dumps, from_bytes, pack, unpack
from skautokeras.datasets import load_titanic
from skautokeras.exceptions import FileFormatError

QUICK = {"max_trials": 1, "epochs": 1, "refit": False, "random_state": 0}
SMALL = {**QUICK, "max_model_size": 30_000}
MINOR = "0.99.3"


def titanic():
    return load_titanic(return_X_y=True)


def texts():
    words = ["dry", "fruity", "oak", "sweet", "old"]
    rng = np.random.RandomState(0)
    X = [" ".join(rng.choice(words, 4)) for _ in range(60)]
    return X, [text.count("dry") for text in X]


def rows_of(name):
    """Return X, labels and numbers for an estimator of a name."""
    if name.startswith("StructuredData"):
        X, y = titanic()
        return X, y.map({0: "no", 1: "yes"}), X["fare"].fillna(0)
    if name.startswith("Image"):
        X, y = load_digits(return_X_y=True)
        return X[:80].reshape(-1, 8, 8), y[:80], y[:80] / 2
    if name.startswith("Text"):
        X, y = texts()
        return X, np.array(y) > 0, y
    raise AssertionError(f"Say here what {name} is fitted on.")


def fitted_auto_model():
    """Return a model of two inputs and two heads, and its X."""
    X, _ = titanic()
    X = X[:200]
    table = StructuredDataInput(columns=["age", "fare", "sex"])
    text = TextInput(columns="name")
    x = Merge()([table, TextToNgramVector()(text)])
    x = DenseBlock(n_layers=1, units=4)(x)
    outputs = [ClassificationHead(name="port")(x), RegressionHead(name="size")(x)]
    y = pd.DataFrame({"port": X["embarked"].fillna("?"), "size": X["parch"] + 0.5})
    model = AutoModel([table, text], outputs, **QUICK)
    return model.fit(X, y), X


def estimator_names():
    found = [getattr(skautokeras, name) for name in skautokeras.__all__]
    classes = [value for value in found if isinstance(value, type)]
    return [c.__name__ for c in classes if issubclass(c, BaseAutoEstimator)]


@pytest.fixture(scope="module")
def every_kind():
    """One fitted estimator of every class and the X that it predicts for."""
    found = {}
    for name in estimator_names():
        if name == "AutoModel":
            found[name] = fitted_auto_model()
            continue
        X, labels, numbers = rows_of(name)
        y = labels if name.endswith("Classifier") else numbers
        estimator = getattr(skautokeras, name)(**SMALL, ensemble_size=1)
        found[name] = estimator.fit(X, y), X
    return found


@pytest.fixture(scope="module")
def fitted():
    """An ensemble of two networks."""
    classifier = StructuredDataClassifier(
        **{**QUICK, "max_trials": 2}, ensemble_size=2, prune=None
    )
    X, y = titanic()
    return classifier.fit(X, y)


@pytest.fixture(scope="module")
def saved(fitted, tmp_path_factory):
    """The file of the ensemble."""
    path = tmp_path_factory.mktemp("saved") / "titanic.skautokeras"
    fitted.save(path)
    return path


def predictions(estimator, X):
    """Return what an estimator predicts, as a list of arrays."""
    found = []
    for method in ("predict", "predict_proba"):
        predicted = getattr(estimator, method, lambda X: [])(X)
        if isinstance(predicted, pd.DataFrame):
            predicted = {c: predicted[c].to_numpy() for c in predicted}
        found += predicted.values() if isinstance(predicted, dict) else [predicted]
    return found


def test_every_kind_predicts_the_same_in_a_new_process(every_kind, tmp_path):
    for name, (estimator, X) in every_kind.items():
        estimator.save(tmp_path / f"{name}.skautokeras")
        joblib.dump((X, predictions(estimator, X)), tmp_path / f"{name}.expected")
    code = f"""
import joblib, numpy as np, pandas as pd, pathlib, skautokeras
{inspect.getsource(predictions)}
for path in pathlib.Path().glob("*.skautokeras"):
    X, expected = joblib.load(path.with_suffix(".expected"))
    found = predictions(skautokeras.load(path), X)
    for left, right in zip(found, expected, strict=True):
        np.testing.assert_array_equal(left, right, strict=True)
    print(path.stem)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )
    assert set(done.stdout.split()) == set(estimator_names())


def test_what_was_learned_is_there(every_kind, tmp_path):
    for name, (estimator, _) in every_kind.items():
        path = tmp_path / name
        estimator.save(path)
        loaded = skautokeras.load(path)
        assert type(loaded) is type(estimator)
        pd.testing.assert_frame_equal(loaded.leaderboard_, estimator.leaderboard_)
        for attribute in ("best_params_", "best_score_", "history_", "n_trials_"):
            assert getattr(loaded, attribute) == getattr(estimator, attribute)
        for attribute in ("classes_", "feature_names_in_"):
            np.testing.assert_equal(
                getattr(loaded, attribute, None), getattr(estimator, attribute, None)
            )
        assert loaded.get_params() == estimator.get_params()
        assert repr(clone(loaded)) == repr(clone(estimator))


def test_an_ensemble_can_do_all_that_it_could(fitted, saved):
    X, y = titanic()
    loaded = skautokeras.load(saved)
    np.testing.assert_array_equal(loaded.predict_proba(X), fitted.predict_proba(X))
    assert loaded.evaluate(X, y) == fitted.evaluate(X, y)
    assert loaded.export_model().count_params() == fitted.model_.count_params()
    assert loaded.set_params(max_trials=1).fit(X[:99], y[:99]).n_trials_ == 1


def test_loading_leaves_pythons_generator_alone(saved):
    before = random.getstate()
    skautokeras.load(saved)
    assert random.getstate() == before


def test_only_what_is_fitted_can_be_saved(tmp_path):
    with pytest.raises(NotFittedError):
        StructuredDataClassifier().save(tmp_path / "unfitted")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("callbacks", [keras.callbacks.EarlyStopping()]),
        ("scoring", lambda estimator, X, y: 0.0),
        ("tuner", lambda **kwargs: None),
        ("loss", lambda y_true, y_pred: 0.0),
    ],
)
def test_a_parameter_without_a_name_is_an_error_before_anything_is_written(
    fitted, name, value, tmp_path
):
    before = getattr(fitted, name)
    try:
        fitted.set_params(**{name: value})
        with pytest.raises(TypeError, match=f"The {name!r} parameter cannot be saved"):
            fitted.save(tmp_path / "file")
    finally:
        fitted.set_params(**{name: before})
    assert list(tmp_path.iterdir()) == []
    fitted.save(tmp_path / "file")
    assert skautokeras.load(tmp_path / "file").get_params()[name] == before


def test_an_attribute_that_cannot_be_saved_is_named(fitted, tmp_path):
    fitted.odd_ = object()
    try:
        with pytest.raises(TypeError, match="The 'odd_' attribute cannot be saved"):
            fitted.save(tmp_path / "file")
    finally:
        del fitted.odd_


@pytest.mark.parametrize("kind", [str, Path, os.fsencode])
def test_a_path_that_can_be_saved_can_be_loaded(fitted, kind, tmp_path):
    path = kind(tmp_path / "file")
    fitted.save(path)
    assert skautokeras.load(path).classes_.tolist() == fitted.classes_.tolist()
    (tmp_path / "file").write_bytes(b"other")
    with pytest.raises(FileFormatError, match="/file' cannot be loaded"):
        skautokeras.load(path)


def test_a_disk_that_is_full_leaves_the_old_file(fitted, tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def full(descriptor):
        raise OSError("No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        fitted.save(path)
    assert [p.read_bytes() for p in tmp_path.iterdir()] == [b"old"]


@keras.saving.register_keras_serializable("skautokeras_tests")
class Twice(keras.layers.Layer):
    """A user's layer."""

    def call(self, inputs):
        return 2.0 * inputs


@keras.saving.register_keras_serializable("skautokeras_tests")
class TwiceBlock(Block):
    """A user's block around it."""

    def build(self, hp, inputs):
        return Twice()(inputs)


@keras.saving.register_keras_serializable("skautokeras_tests")
def squared(y_true, y_pred):
    """A user's loss."""
    return keras.ops.mean(keras.ops.square(y_true - y_pred), axis=-1)


@pytest.mark.parametrize("kind", ["Twice", "TwiceBlock", "squared"])
def test_parts_of_a_users_own_must_be_registered(kind, tmp_path):
    X, y = load_diabetes(return_X_y=True)
    table = StructuredDataInput()
    output = RegressionHead()(TwiceBlock()(table))
    model = AutoModel(table, output, loss=squared, **QUICK).fit(X, y)
    model.save(tmp_path / "model")
    loaded = skautokeras.load(tmp_path / "model")
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))
    registry = keras.saving.get_custom_objects()
    name = f"skautokeras_tests>{kind}"
    part = registry.pop(name)
    try:
        with pytest.raises(ValueError, match=rf"{kind}.* registered with Keras|{name}"):
            skautokeras.load(tmp_path / "model")
        with pytest.raises(TypeError, match=f"{kind} is not registered with Keras"):
            model.save(tmp_path / "another")
    finally:
        registry[name] = part
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_files_are_little_longer_than_the_weights(tmp_path):
    X, y = load_diabetes(return_X_y=True)
    table = StructuredDataInput()
    x = DenseBlock(n_layers=2, units=768, use_batchnorm=False)(table)
    model = AutoModel(table, RegressionHead()(x), callbacks=[], **QUICK).fit(X, y)
    model.save(tmp_path / "model")
    n_bytes = sum(weight.nbytes for weight in model.model_.get_weights())
    assert n_bytes > 2e6
    assert (tmp_path / "model").stat().st_size < 1.2 * n_bytes
    assert len(pickle.dumps(model)) < 1.2 * n_bytes


def change(path, to, **members):
    """Write a file whose members are changed and that is sealed as the original."""
    found = unpack(path.read_bytes())
    found.update(members)
    to.write_bytes(pack(found))
    return to


def change_state(path, to, **entries):
    state = json.loads(unpack(path.read_bytes())["state.json"])
    state.update(entries)
    return change(path, to, **{"state.json": json.dumps(state).encode()})


def network_with(layer):
    x = keras.Input((3,))
    buffer = io.BytesIO()
    model = keras.Model(x, layer(x))
    config = json.dumps(keras.saving.serialize_keras_object(model))
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("config.json", config)
    return buffer.getvalue()


def test_a_lambda_layer_is_not_run(saved, tmp_path):
    trace = tmp_path / "trace"
    where = str(trace)
    network = network_with(
        keras.layers.Lambda(lambda x: [os.makedirs(where, exist_ok=True), x][1])
    )
    trace.rmdir()
    path = change(saved, tmp_path / "evil", **{"networks/0.keras": network})
    with pytest.raises(FileFormatError, match="A lambda is not registered"):
        skautokeras.load(path)
    with pytest.raises(ValueError, match="A lambda is not registered"):
        from_bytes(network)
    assert not trace.exists()


@pytest.mark.parametrize(
    ("word", "replacement", "culprit"),
    [
        (b"keras.layers", b"antigravity", "InputLayer"),
        (b'"Dense"', b'"TFSMLayer"', "The program of a TFSMLayer"),
    ],
)
def test_a_module_or_program_that_a_file_names_is_not_loaded(
    saved, tmp_path, word, replacement, culprit
):
    network = network_with(keras.layers.Dense(2))
    with zipfile.ZipFile(io.BytesIO(network)) as archive:
        config = archive.read("config.json").replace(word, replacement)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("config.json", config)
    content = buffer.getvalue()
    path = change(saved, tmp_path / "evil", **{"networks/0.keras": content})
    with pytest.raises(
        FileFormatError, match=f"{culprit} is not registered with Keras"
    ):
        skautokeras.load(path)
    assert "antigravity" not in sys.modules


def test_a_pickled_array_is_not_opened(saved, tmp_path):
    file = io.BytesIO()
    np.save(file, np.array([Evil()], dtype=object), allow_pickle=True)
    path = change(saved, tmp_path / "evil", **{"arrays/0.npy": file.getvalue()})
    with pytest.raises(FileFormatError, match="would be a pickle"):
        skautokeras.load(path)


class Evil:
    """Raises where it is unpickled."""

    def __reduce__(self):
        return exec, ("raise SystemError('unpickled')",)


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [("x", bytes(10**7), "times as long"), ("../x", b"", "leads out of the archive")],
)
def test_networks_that_are_bombs_or_climb_out_are_refused(
    saved, tmp_path, name, content, problem
):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    path = change(saved, tmp_path / "evil", **{"networks/0.keras": buffer.getvalue()})
    with pytest.raises(FileFormatError, match=problem):
        skautokeras.load(path)
    assert [p.name for p in tmp_path.iterdir()] == ["evil"]


def test_nested_lists_without_end_are_an_error(saved, tmp_path):
    text = b"[" * 10**6 + b"]" * 10**6
    path = change(saved, tmp_path / "evil", **{"state.json": text})
    with pytest.raises(FileFormatError, match="cannot be loaded"):
        skautokeras.load(path)


def test_any_changed_byte_is_an_error(saved, tmp_path):
    content = saved.read_bytes()
    rng = np.random.RandomState(0)
    path = tmp_path / "changed"
    for _ in range(200):
        changed = bytearray(content)
        changed[rng.randint(len(content))] ^= 1 << rng.randint(8)
        path.write_bytes(changed)
        with pytest.raises(FileFormatError, match="cannot be loaded"):
            skautokeras.load(path)


def test_changes_that_are_sealed_again_are_an_error_or_harmless(
    fitted, saved, tmp_path
):
    members = unpack(saved.read_bytes())
    rng = np.random.RandomState(0)
    for _ in range(100):
        state = bytearray(members["state.json"])
        state[rng.randint(len(state))] ^= 1 << rng.randint(8)
        # Without networks nothing is loaded in the end.
        path = tmp_path / "changed"
        path.write_bytes(pack({"state.json": bytes(state)}))
        with pytest.raises(FileFormatError, match="cannot be loaded"):
            skautokeras.load(path)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.999])
def test_a_part_of_a_file_is_an_error(saved, tmp_path, share):
    content = saved.read_bytes()
    path = tmp_path / "part"
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(FileFormatError, match="only a part of one"):
        skautokeras.load(path)


def test_files_of_other_formats_are_an_error(fitted, tmp_path):
    joblib.dump(fitted, tmp_path / "a.joblib")
    fitted.export_model().save(tmp_path / "b.keras")
    np.savez(tmp_path / "c.npz", a=1)
    (tmp_path / "d.txt").write_text("a text " * 100)
    for path in tmp_path.iterdir():
        with pytest.raises(FileFormatError, match="not a file that `save` wrote"):
            skautokeras.load(path)
    with pytest.raises(FileNotFoundError):
        skautokeras.load(tmp_path / "nothing")


def test_a_file_of_another_minor_version_loads_and_says_so(fitted, saved, tmp_path):
    path = change_state(saved, tmp_path / "old", versions={"skautokeras": MINOR})
    with pytest.warns(UserWarning, match=f"saved by skautokeras {MINOR}"):
        loaded = skautokeras.load(path)
    X, _ = titanic()
    np.testing.assert_array_equal(loaded.predict(X), fitted.predict(X))


def test_a_file_that_only_another_version_can_read_says_which(saved, tmp_path):
    versions = {"skautokeras": MINOR}
    path = change_state(saved, tmp_path / "new", versions=versions, format=3)
    with pytest.raises(FileFormatError, match=f"skautokeras {MINOR} in file format 3"):
        skautokeras.load(path)
    value = json.loads(unpack(saved.read_bytes())["state.json"])["value"]
    value["config"]["name"] = "StructuredDataRanker"
    path = change_state(saved, tmp_path / "other", versions=versions, value=value)
    with pytest.raises(FileFormatError, match=f"Ranker.*\\n.*skautokeras {MINOR}"):
        skautokeras.load(path)


def test_a_file_that_holds_something_else_is_an_error(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(dumps({"a": 1}))
    with pytest.raises(FileFormatError, match="holds a dict, which is no estimator"):
        skautokeras.load(path)


def test_a_file_of_format_1_is_refused_in_one_sentence():
    path = Path(__file__).parent / "data" / "format_1.skautokeras"
    with pytest.raises(FileFormatError, match="cannot be loaded") as caught:
        skautokeras.load(path)
    assert str(caught.value) == (
        f"{str(path)!r} cannot be loaded. It was written by skautokeras 0.1.0.dev0 in "
        "file format 1, but this version reads format 2: load it with the version that "
        "wrote it, or fit again."
    )


def test_a_class_of_a_users_own_is_refused_before_anything_is_written(fitted, tmp_path):
    class Derived(StructuredDataClassifier):
        pass

    derived = Derived()
    vars(derived).update(vars(fitted))
    with pytest.raises(TypeError, match="cannot hold Derived"):
        derived.save(tmp_path / "file")
    assert list(tmp_path.iterdir()) == []


def test_joblib_and_pickle_work_as_well(fitted, saved, tmp_path):
    X, _ = titanic()
    expected = fitted.predict_proba(X)
    loaded = skautokeras.load(saved)
    joblib.dump(loaded, tmp_path / "loaded.joblib")
    for copied in (
        joblib.load(tmp_path / "loaded.joblib"),
        pickle.loads(pickle.dumps(fitted)),
    ):
        pd.testing.assert_frame_equal(copied.leaderboard_, fitted.leaderboard_)
        np.testing.assert_array_equal(copied.predict_proba(X), expected)


def test_skops_works_as_well(fitted):
    sio = pytest.importorskip("skops.io")
    X, _ = titanic()
    content = sio.dumps(fitted)
    trusted = sio.get_untrusted_types(data=content)
    assert all(name.startswith("skautokeras.") for name in trusted)
    loaded = sio.loads(content, trusted=trusted)
    pd.testing.assert_frame_equal(loaded.leaderboard_, fitted.leaderboard_)
    np.testing.assert_array_equal(loaded.predict_proba(X), fitted.predict_proba(X))
