"""Fitted state as plain values and arrays: what comes back, and what is refused."""

import io
import json
import pathlib
import re
from datetime import date, datetime, timedelta, timezone

import keras
import keras_tuner
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from sklearn.metrics import get_scorer, make_scorer, mean_pinball_loss

from skautokeras import (
    ClassificationHead,
    DenseBlock,
    GreedyOracle,
    Int,
    Merge,
    StructuredDataInput,
    TextInput,
)
from skautokeras._data import Column, TargetSchema, TextAdapter
from skautokeras._export import (
    array_from_bytes,
    array_to_bytes,
    decode,
    encode,
)


def there_and_back(value):
    """Return a value after it has been JSON and the bytes of arrays."""
    arrays = []
    text = json.dumps(encode(value, arrays), allow_nan=False)
    arrays = [array_from_bytes(array_to_bytes(array)) for array in arrays]
    return decode(json.loads(text), arrays)


@keras.saving.register_keras_serializable("skautokeras_tests")
def distance(y_true, y_pred):
    """A user's loss that Keras knows."""
    return keras.ops.abs(y_true - y_pred)


def name_of(value):
    """Return what is printed of a value in every process alike."""
    return re.sub(" at 0x[0-9A-Fa-f]+", "", repr(value))


EQUAL = [
    None,
    True,
    7,
    2**70,
    -0.1,
    1e-320,
    float("inf"),
    "ünï\ud800\n",
    [1, [2.5, "a"]],
    (1, (2,)),
    {"a": 1, 2: ("b",), None: [], (1, "x"): {}},
    {"is": "dict", "items": 3},
    {1, 2},
    np.float32(0.1),
    np.int64(-3),
    np.str_("label"),
    np.bool_(True),
    np.datetime64("2026-11-25T12:00:00.000001"),
    pd.Timestamp("2026-11-25 12:00:00.000000001+01:00"),
    pd.Timedelta("3 days 00:00:00.000000001"),
    datetime(2026, 11, 25, tzinfo=timezone(timedelta(hours=1))),
    date(2026, 11, 25),
    pathlib.Path("some") / "folder",
    Column("age", "numerical", 0, 3),
    TargetSchema("binary", 1),
    DenseBlock(n_layers=2, units=Int(8, 16)),
    StructuredDataInput(columns=["a"], column_types={"a": "numerical"}),
    ClassificationHead(loss=distance),
    distance,
    keras.losses.Huber,
    keras.losses.mean_squared_error,
    GreedyOracle,
    keras_tuner.oracles.RandomSearchOracle,
    tf.distribute.MirroredStrategy,
]


@pytest.mark.parametrize("value", EQUAL, ids=name_of)
def test_a_value_comes_back(value):
    found = there_and_back(value)
    assert found == value
    assert type(found) is type(value)


ARRAYS = [
    np.arange(6.0).reshape(2, 3),
    np.asfortranarray(np.eye(3, dtype="float16")),
    np.zeros((0, 4), "int8"),
    np.array("a word"),
    np.array([np.nan, -0.0, np.inf], dtype="float32"),
    np.array(["NaT", "2026-11-25"], dtype="M8[s]"),
    np.array([True, False]),
    np.array([["a", 1], [None, 2.5]], dtype=object),
    np.array([b"raw"]),
]


@pytest.mark.parametrize("array", ARRAYS, ids=repr)
def test_an_array_comes_back(array):
    found = there_and_back(array)
    assert found.dtype == array.dtype
    assert found.flags.writeable
    np.testing.assert_array_equal(found, array, strict=True)


FRAMES = [
    pd.DataFrame(
        {
            "number": [0.5, np.nan],
            "count": pd.array([1, None], dtype="Int64"),
            "text": ["a", None],
            "object": pd.Series([{"a": 1}, None], dtype=object),
            "flag": pd.array([None, True], dtype="boolean"),
            "category": pd.Categorical(["b", None], categories=["b", "a"]),
            "moment": pd.to_datetime(["2026-11-25", None]),
        }
    ),
    pd.DataFrame({"a": [1, 2]}, index=pd.Index(["x", "y"], name="rows")),
    pd.DataFrame({("a", 1): [1]}).set_axis(pd.Index([3], name="k"), axis=1),
    pd.DataFrame(index=pd.RangeIndex(2, 8, 3)),
]


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: str(list(frame.columns)))
def test_a_frame_comes_back(frame):
    pd.testing.assert_frame_equal(there_and_back(frame), frame)


def test_a_series_and_missing_values_come_back():
    series = pd.Series([1, 2], index=["a", "b"], name="s")
    pd.testing.assert_series_equal(there_and_back(series), series)
    assert there_and_back([pd.NA, pd.NaT])[0] is pd.NA
    assert there_and_back([pd.NA, pd.NaT])[1] is pd.NaT
    assert np.isnan(there_and_back(float("nan")))


def test_a_fitted_adapter_comes_back():
    texts = ["dry and fruity", "dry, with oak", "fruity"]
    adapter = TextAdapter().fit(texts)
    expected = adapter.transform(texts)
    found = there_and_back(adapter).transform(texts)
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array)


def test_a_random_state_goes_on_where_it_was():
    random_state = np.random.RandomState(0)
    random_state.normal(size=3)
    found = there_and_back(random_state)
    assert found.normal() == random_state.normal()


def test_a_named_scorer_comes_back():
    found = there_and_back(get_scorer("roc_auc"))
    assert vars(found) == vars(get_scorer("roc_auc"))


def test_keras_objects_come_back():
    found = there_and_back(
        [keras.losses.CategoricalCrossentropy(label_smoothing=0.5), keras.metrics.AUC()]
    )
    assert found[0].get_config()["label_smoothing"] == 0.5
    assert isinstance(found[1], keras.metrics.AUC)


def test_inputs_and_outputs_that_are_read_apart_are_one_graph():
    table, text = StructuredDataInput(), TextInput()
    output = ClassificationHead()(Merge()([DenseBlock()(table), text]))
    inputs, found = there_and_back([table, text]), there_and_back(output)
    assert found == output
    assert found.parents[0].parents[1] == inputs[1]
    assert found.parents[0].parents[1]._key == inputs[1]._key


class Own(keras.losses.Loss):
    """A user's loss that Keras does not know."""


@pytest.mark.parametrize(
    "value",
    [
        lambda x: x,
        object(),
        iter([]),
        Own(),
        Own,
        make_scorer(mean_pinball_loss, alpha=0.3),
        keras.callbacks.EarlyStopping(),
        pd.MultiIndex.from_tuples([(1, 2)]),
        np.array([object()]),
        np.zeros(2, dtype=[("a", "i4")]),
        np.random.default_rng(0),
        {"deep": [{"er": print}]},
    ],
    ids=name_of,
)
def test_anything_else_is_refused(value):
    with pytest.raises(TypeError, match="cannot hold"):
        encode(value, [])


def test_a_pickled_array_is_refused():
    file = io.BytesIO()
    np.save(file, np.array([print], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match="would be a pickle"):
        array_from_bytes(file.getvalue())


@pytest.mark.parametrize(
    "content",
    [
        {"is": "own", "class_name": "Popen", "attributes": {}},
        {"is": "class", "module": "os", "name": "system"},
        {"is": "class", "module": "tf.distribute", "name": "get_strategy"},
        {"is": "scorer", "name": "os.system"},
        {"is": "extension", "dtype": "object", "items": []},
        {"is": "objects", "shape": [10**12], "items": []},
        {"is": "dict", "keys": [1], "values": []},
        {"is": "array", "place": 5},
        {"is": "no such kind"},
        {"no": "kind"},
    ],
    ids=str,
)
def test_what_names_something_else_is_refused(content):
    with pytest.raises((KeyError, ValueError, IndexError)):
        decode(content, [])


@pytest.mark.parametrize(
    "config",
    [
        {"class_name": "system", "module": "os", "config": {}},
        {"class_name": "function", "config": "os>system"},
        {"class_name": "skautokeras>Nothing", "config": {}},
        {"class_name": "__lambda__", "module": "keras", "config": {"value": "4wEA"}},
    ],
    ids=str,
)
def test_code_in_a_configuration_is_refused(config):
    content = encode(config, [])
    with pytest.raises(ValueError, match="registered with Keras"):
        decode({"is": "config", "config": content}, [])
