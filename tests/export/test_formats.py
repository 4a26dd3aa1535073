"""Exported files are read back by their own runtimes, which know nothing of us."""

import io
import logging
import os
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from benchmarks.methods.exported_models import SUFFIXES, run_exported
from skautokeras import (
    AutoModel,
    BoostedTreesBlock,
    RegressionHead,
    StructuredDataInput,
)
from skautokeras.exceptions import ExportError

RAW = {
    "tf_saved_model": [
        "table",
        "plain",
        "number",
        "image",
        "mixed",
        "heads",
        "trees",
        "scales",
        "scores",
    ],
    "onnx": ["plain", "number", "image", "heads", "trees", "scales", "scores"],
    "litert": ["number", "image", "heads", "scales"],
}


@pytest.fixture(scope="session")
def raw_outputs(cases, tmp_path_factory):
    """Return what each runtime says about raw data, by format and case."""

    @cache
    def run(format):
        folder = tmp_path_factory.mktemp(format)
        paths = {name: f"{folder / name}{SUFFIXES[format]}" for name in RAW[format]}
        for name, path in paths.items():
            cases[name].estimator.export(path, format=format)
        requests = {path: cases[name].request for name, path in paths.items()}
        outputs = run_exported(format, requests)
        return {name: outputs[path] for name, path in paths.items()}

    return run


# TensorFlow takes seconds to start.
SLOW = {"tf_saved_model": [pytest.mark.slow]}


@pytest.mark.parametrize(
    ("format", "name"),
    [
        pytest.param(format, name, marks=SLOW.get(format, []))
        for format, names in RAW.items()
        for name in names
    ],
)
def test_runtimes_say_what_the_estimator_says(raw_outputs, cases, format, name):
    cases[name].check(raw_outputs(format)[name])


@pytest.mark.parametrize("format", ["onnx", "litert"])
def test_models_from_arrays_say_what_the_network_says(format, cases, tmp_path):
    requests, expected = {}, {}
    for name in ("table", "mixed", "heads", "trees", "scales"):
        estimator, path = cases[name].estimator, f"{tmp_path / name}{SUFFIXES[format]}"
        estimator.export(path, format=format, raw=False)
        requests[path] = estimator._adapter.transform(cases[name].X)
        expected[path] = estimator._ensemble.predict(requests[path])
    for path, outputs in run_exported(format, requests).items():
        assert set(outputs) == set(expected[path])
        for head, output in outputs.items():
            np.testing.assert_allclose(output, expected[path][head], atol=1e-5)


def test_a_saved_model_has_a_signature_for_pixels_and_one_for_files(
    image_case, tmp_path
):
    import tensorflow as tf

    image_case.estimator.export(tmp_path / "model")
    files = []
    for pixels in image_case.X:
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "PNG")
        files.append(file.getvalue())
    loaded = tf.saved_model.load(tmp_path / "model")
    assert set(loaded.signatures) == {"serving_default", "image_files"}
    pixels = tf.constant(image_case.X)
    image_case.check(loaded.signatures["serving_default"](image=pixels))
    image_case.check(loaded.signatures["image_files"](image_bytes=tf.constant(files)))


def test_signatures_take_no_rows(image_case, cases, tmp_path):
    import tensorflow as tf

    image_case.estimator.export(tmp_path / "images")
    loaded = tf.saved_model.load(tmp_path / "images")
    for request in (
        {"image": tf.constant(image_case.X[:0])},
        {"image_bytes": tf.constant([], tf.string)},
    ):
        signature = "image_files" if "image_bytes" in request else "serving_default"
        outputs = loaded.signatures[signature](**request)
        assert outputs["probabilities"].shape == (0, 2)
        assert outputs["label"].shape == (0,)
    # A folder holds one model, and a table has columns of several types.
    cases["plain"].estimator.export(tmp_path / "table")
    loaded = tf.saved_model.load(tmp_path / "table")
    request = {k: tf.constant(v)[:0] for k, v in cases["plain"].request.items()}
    outputs = loaded.signatures["serving_default"](**request)
    assert {len(output) for output in outputs.values()} == {0}


@pytest.mark.parametrize("name", ["plain", "heads", "mixed"])
def test_keras_calls_a_saved_model_as_a_layer(cases, name, tmp_path):
    import keras
    import tensorflow as tf

    cases[name].estimator.export(tmp_path / "model")
    layer = keras.layers.TFSMLayer(tmp_path / "model")
    cases[name].check(layer(cases[name].request))
    # Other programs find the same function under the name that Keras uses.
    loaded = tf.saved_model.load(tmp_path / "model")
    request = {k: tf.constant(v) for k, v in cases[name].request.items()}
    cases[name].check(loaded.serve(request))


@pytest.mark.parametrize("name", ["plain", "heads", "scales", "scores"])
def test_a_keras_file_is_the_raw_model(cases, name, tmp_path):
    import keras

    cases[name].estimator.export(tmp_path / "model.keras", format="keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    cases[name].check(loaded.predict(cases[name].request, verbose=0))


@pytest.mark.parametrize("name", ["table", "heads", "scales"])
def test_a_keras_file_of_arrays_is_the_network(cases, name, tmp_path):
    import keras

    estimator, path = cases[name].estimator, tmp_path / "model.keras"
    estimator.export(path, format="keras", raw=False)
    arrays = estimator._adapter.transform(cases[name].X)
    expected = estimator._ensemble.predict(arrays)
    of_export = estimator.export_model().predict(arrays, verbose=0)
    of_file = keras.models.load_model(path).predict(arrays, verbose=0)
    for outputs in (of_export, of_file):
        assert set(outputs) == set(expected)
        for head, output in outputs.items():
            np.testing.assert_allclose(output, expected[head], atol=1e-5)


# --- What a format cannot hold


@pytest.mark.parametrize(
    ("format", "name", "what"),
    [
        ("onnx", "table", "dates"),
        ("onnx", "mixed", "texts"),
        ("litert", "plain", "strings of categories"),
        ("litert", "mixed", "strings of categories"),
    ],
)
def test_what_a_format_cannot_hold_is_an_error(cases, format, name, what, tmp_path):
    path = tmp_path / f"model{SUFFIXES[format]}"
    message = (
        f"'{format}' cannot hold {what}.* Use format='tf_saved_model', or pass raw"
    )
    with pytest.raises(ExportError, match=message):
        cases[name].estimator.export(path, format=format)
    assert not path.exists()


def test_litert_knows_no_normal_scores(scores_case, tmp_path):
    path = tmp_path / "model.tflite"
    with pytest.raises(ExportError, match="LiteRT has no operations for this network"):
        scores_case.estimator.export(path, format="litert")
    assert not path.exists()


def test_numbers_that_float32_cannot_tell_apart_are_an_error(make_case, tmp_path):
    from skautokeras import StructuredDataRegressor

    X = pd.DataFrame({"time": 1.7e9 + np.arange(50) % 7})
    estimator = StructuredDataRegressor(max_trials=1, epochs=1, random_state=0)
    estimator.fit(X, np.arange(50.0))
    with pytest.raises(ExportError, match="large as those of column 'time'"):
        estimator.export(tmp_path / "model.tflite", format="litert")


@pytest.mark.parametrize(
    ("path", "format", "message"),
    [
        ("model", "pmml", "The 'format' parameter of export must be a str among"),
        ("model.h5", "keras", "ends with '.keras', got 'model.h5'"),
        ("model", "onnx", "ends with '.onnx', got 'model'"),
        ("model.onnx", "litert", "ends with '.tflite'"),
        (".", "tf_saved_model", "is an empty or new folder"),
        ("model.onnx", "tf_saved_model", "'model.onnx' the name of a file of"),
        ("model.h5", "tf_saved_model", "Use 'model.keras', or a name without"),
        ("model.h5", None, "Use 'model.keras', or a name without"),
        (".", None, "is an empty or new folder"),
        ("model.pkl", None, "ends with '.onnx', '.tflite', '.keras', or one without"),
        ("model.PB", "tf_saved_model", "`save` writes the estimator itself"),
    ],
)
def test_a_path_that_does_not_fit_is_an_error(
    number_case, path, format, message, tmp_path
):
    (tmp_path / "something").touch()
    with pytest.raises(ValueError, match=message):
        number_case.estimator.export(tmp_path / path, format=format)


@pytest.mark.parametrize("kind", [str, Path, os.fsencode])
@pytest.mark.parametrize(
    ("name", "mark"),
    [
        ("model.keras", slice(0, 2)),
        ("model.onnx", slice(0, 1)),
        ("model.tflite", slice(4, 8)),
        ("MODEL.KERAS", slice(0, 2)),
        ("MODEL.ONNX", slice(0, 1)),
        ("MODEL.TFLITE", slice(4, 8)),
    ],
)
def test_the_suffix_of_a_path_tells_the_format(number_case, kind, name, mark, tmp_path):
    number_case.estimator.export(kind(tmp_path / name))
    assert [path.name for path in tmp_path.iterdir()] == [name]
    marks = {b"PK": "model.keras", b"\x08": "model.onnx", b"TFL3": "model.tflite"}
    assert marks[(tmp_path / name).read_bytes()[mark]] == name.lower()


def test_a_format_that_is_named_may_have_a_suffix_in_capitals(number_case, tmp_path):
    number_case.estimator.export(tmp_path / "m.Onnx", format="onnx")
    assert (tmp_path / "m.Onnx").is_file()


def test_a_name_without_a_suffix_is_that_of_a_folder(number_case, tmp_path):
    number_case.estimator.export(tmp_path / "new" / "model.2")
    assert (tmp_path / "new" / "model.2" / "saved_model.pb").is_file()


@pytest.mark.parametrize("name", ["model.keras", "model.onnx", "model.tflite"])
def test_a_folder_that_is_missing_is_named(number_case, name, tmp_path):
    path = tmp_path / "missing" / name
    with pytest.raises(FileNotFoundError, match=f"missing.{name}' lies in a folder"):
        number_case.estimator.export(path)
    assert not path.parent.exists()


def test_onnx_files_are_written_without_messages(caplog, tmp_path):
    node = StructuredDataInput()
    head = RegressionHead()(BoostedTreesBlock(n_trees=20)(node))
    model = AutoModel(node, head, max_trials=1, epochs=1, random_state=0)
    model.fit(pd.DataFrame({"age": np.arange(60) * 1.1}), np.arange(60.0))
    logger = logging.getLogger("tf2onnx.graph")
    level = logger.level
    with caplog.at_level("WARNING"):
        model.export(tmp_path / "model.onnx")
    assert "missing output shape" not in caplog.text
    assert logger.level == level


def test_a_missing_package_is_named_by_its_extra(number_case, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tf2onnx", None)
    with pytest.raises(ImportError, match=r"pip install 'skautokeras\[onnx\]'"):
        number_case.estimator.export(tmp_path / "model.onnx", format="onnx")
