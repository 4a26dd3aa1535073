"""Values as plain values and arrays: what comes back, and what is refused."""

import contextlib
import io
import json
import pathlib
import re
import zipfile
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import keras
import keras_tuner
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
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
from skautokeras._state import (
    array_from_bytes,
    array_to_bytes,
    class_named,
    decode,
    dumps,
    encode,
    from_bytes,
    loads,
    pack,
    saved_as,
    to_bytes,
    unpack,
)


def there_and_back(value):
    """Return a value after it has been JSON and the bytes of arrays."""
    members = {}
    text = json.dumps(encode(value, members), allow_nan=False)
    assert all(type(content) is bytes for content in members.values())
    return decode(json.loads(text), members)


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
    {"class_name": "dict", "config": 3},
    {"class_name": "Dense", "module": "keras.layers", "config": {}},
    b"raw",
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
    time(23, 59, 1, 5),
    timedelta(days=-3, microseconds=7),
    pd.Period("2026-11", freq="M"),
    pd.Interval(0.5, 2.0, closed="left"),
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
            "part": pd.arrays.IntervalArray.from_breaks([0.5, 1, 2]),
            "month": pd.period_range("2026-11", periods=2, freq="M").array,
            "category": pd.Categorical(["b", None], categories=["b", "a"]),
            "moment": pd.to_datetime(["2026-11-25", None]),
            "zoned": pd.to_datetime(["2026-11-25", None]).tz_localize("Asia/Tokyo"),
        }
    ),
    pd.DataFrame({"a": [1, 2]}, index=pd.Index(["x", "y"], name="rows")),
    pd.DataFrame({("a", 1): [1]}).set_axis(pd.Index([3], name="k"), axis=1),
    pd.DataFrame(index=pd.RangeIndex(2, 8, 3)),
]


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: str(list(frame.columns)))
def test_a_frame_comes_back(frame):
    pd.testing.assert_frame_equal(there_and_back(frame), frame)


BERLIN = ZoneInfo("Europe/Berlin")
# In this night the clock shows each time between two and three twice.
TWICE = datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN)


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2020, 6, 1, 12, tzinfo=BERLIN),
        TWICE,
        TWICE.replace(fold=1),
        datetime(2026, 3, 29, 2, 30, tzinfo=BERLIN),  # a time that no clock shows
        datetime(9999, 12, 31, 23, tzinfo=ZoneInfo("America/New_York")),
        datetime(2020, 6, 1, tzinfo=ZoneInfo("UTC")),
        time(12, tzinfo=BERLIN),
        pd.Timestamp("2020-06-01", tz="Europe/Berlin"),
        pd.Timestamp(TWICE),
        pd.Timestamp(TWICE.replace(fold=1)),
        pd.Timestamp("2026-11-25 12:00:00.000000001", tz="Asia/Kathmandu"),
    ],
    ids=repr,
)
def test_a_moment_comes_back_in_its_time_zone(moment):
    found = there_and_back(moment)
    assert type(found) is type(moment)
    assert found == moment
    assert str(found.tzinfo) == str(moment.tzinfo)
    assert found.utcoffset() == moment.utcoffset()
    assert found.isoformat() == moment.isoformat()


@pytest.mark.parametrize(
    "zone", ["Europe/Berlin", "UTC", timezone(timedelta(hours=5, minutes=45))], ids=str
)
@pytest.mark.parametrize("unit", ["s", "ns"])
def test_a_column_of_moments_comes_back_in_its_time_zone(zone, unit):
    moments = pd.to_datetime(
        ["2020-06-01 12:00", None, "2026-10-25 00:30", "2026-10-25 01:30"]
    )
    index = moments.tz_localize("UTC").tz_convert(zone).as_unit(unit)
    array = there_and_back(index.array)
    assert array.dtype == index.dtype
    assert str(array.dtype.tz) == str(index.dtype.tz)
    pd.testing.assert_index_equal(there_and_back(index), index)
    frame = pd.DataFrame({"when": index, "kind": pd.Categorical(index)})
    frame = frame.set_axis(index[[0, 0, 2, 3]])
    pd.testing.assert_frame_equal(there_and_back(frame), frame)


class OfTheMachine(tzinfo):
    """A time zone without a name."""

    def utcoffset(self, moment):
        return None if moment is None else timedelta(hours=moment.month)

    def dst(self, moment):
        return timedelta(0)


def test_a_time_zone_without_a_name_is_refused():
    moment = datetime(2026, 6, 1, tzinfo=OfTheMachine())
    for value in (moment, moment.timetz()):
        with pytest.raises(TypeError, match="cannot hold"):
            encode(value, {})


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
    assert found.parents[0].parents[1].key == inputs[1].key


KIND_NAMES = [
    "array", "bytes", "categorical", "class", "date", "datetime", "datetime_in_zone",
    "dict", "extension", "float", "frame", "function", "index", "missing",
    "moments_in_zone", "network", "number", "object", "objects", "path",
    "random_state", "range_index", "scalar", "scorer", "series", "set",
    "skautokeras>Choice", "skautokeras>DenseBlock", "skautokeras>Node", "time",
    "time_in_zone", "timedelta", "timestamp", "timestamp_in_zone", "tuple",
]  # fmt: skip
WHOLE = dumps([FRAMES, ARRAYS, EQUAL, np.random.RandomState(0)])


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
        encode(value, {})


def test_a_pickled_array_is_refused():
    file = io.BytesIO()
    np.save(file, np.array([print], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match="would be a pickle"):
        array_from_bytes(file.getvalue())


def kind(name, config):
    return {"class_name": name, "config": config}


@pytest.mark.parametrize(
    "content",
    [
        kind("object", {"name": "Popen", "attributes": {}}),
        kind("object", {"name": "skautokeras", "attributes": {}}),
        kind("object", {"name": "__builtins__", "attributes": {}}),
        kind("object", {"name": "Column", "attributes": [1]}),
        kind("class", "os.system"),
        kind("class", "tf.distribute.get_strategy"),
        kind("class", "keras.losses.mean_squared_error"),
        kind("scorer", "os.system"),
        kind("extension", {"dtype": "object", "items": []}),
        kind("objects", {"shape": [10**12], "items": []}),
        kind("number", ["O", 1]),
        kind("number", [{"names": ["a"], "formats": ["O"]}, 1]),
        kind("dict", [[1]]),
        kind("array", "arrays/5.npy"),
        kind("network", "networks/0.keras"),
        kind("random_state", {"bit_generator": "os", "state": {}}),
        kind("timestamp_in_zone", {"moment": "2026-11-25", "zone": "../../etc/hosts"}),
        kind("datetime_in_zone", {"moment": "2026-11-25", "zone": "Europe/Atlantis"}),
        kind("time_in_zone", {"moment": "12:00", "zone": 1}),
        kind("moments_in_zone", {"moments": [], "zone": 1}),
        kind("no such kind", None),
        kind(["a", "list"], None),
    ],
    ids=str,
)
def test_what_names_something_else_is_refused(content):
    with pytest.raises((KeyError, ValueError, TypeError)):
        decode(content)


@pytest.mark.parametrize(
    "config",
    [
        {"class_name": "system", "module": "os", "config": {}},
        {"class_name": "function", "config": "os>system"},
        {"class_name": "function", "module": "builtins", "config": "exec"},
        {"class_name": "function", "module": "builtins", "config": "get"},
        {"class_name": "function", "module": "keras.utils", "config": "get_file"},
        {"class_name": "skautokeras>Nothing", "config": {}},
        {"class_name": "__lambda__", "module": "keras", "config": {"value": "4wEA"}},
        {"class_name": "Lambda", "module": "keras.layers", "config": {}},
        {"class_name": "get_file", "module": "keras.utils", "config": {"origin": ""}},
        {"class_name": "load_model", "module": "keras.saving", "config": {}},
        {"class_name": "clone_model", "module": "keras.models", "config": {}},
        {
            "class_name": "enable_unsafe_deserialization",
            "module": "keras.config",
            "config": {},
        },
        {"class_name": "io_utils", "module": "keras.src.utils", "config": {}},
        {"class_name": ["Dense"], "module": ["keras"], "config": {}},
    ],
    ids=str,
)
def test_code_in_a_configuration_is_refused(config):
    with pytest.raises(ValueError, match="registered with Keras"):
        decode(config)
    hidden = {
        "class_name": "skautokeras>ClassificationHead",
        "config": {"loss": config},
    }
    with pytest.raises(ValueError, match="registered with Keras"):
        decode(hidden)


class Reduced:
    """Makes a file when it is pickled and read again, and when it is copied."""

    def __reduce__(self):
        return exec, ("raise SystemError('it was run')",)

    def __setstate__(self, state):
        raise SystemError("it was run")


@pytest.mark.parametrize("name", ["__reduce__", "__class__", "__setstate__"])
def test_an_attribute_with_the_name_of_a_method_runs_nothing(name):
    attributes = {name: kind("function", "skautokeras_tests>distance"), "kind": "text"}
    content = kind("object", {"name": "Column", "attributes": attributes})
    found = decode(content)
    assert type(found) is Column
    assert found.kind == "text"


def test_an_object_that_has_not_declared_itself_is_refused():
    for value in (Reduced(), [Reduced()], {"a": Reduced()}, np.array([Reduced()])):
        with pytest.raises(TypeError, match="cannot hold"):
            encode(value, {})
        with pytest.raises(TypeError, match="cannot hold"):
            encode(value)


def test_a_class_of_another_package_declares_itself():
    @saved_as("skautokeras_tests>Point")
    class Point:
        _left_out = ("cache",)
        cache = None

        def __init__(self, x):
            self.x = x
            self.cache = object()

    class Derived(Point):
        """It has not declared itself."""

    found = there_and_back(Point(np.float32(3)))
    assert type(found) is Point
    assert (found.x, found.cache) == (3, None)
    assert class_named("skautokeras_tests>Point") is Point
    with pytest.raises(TypeError, match="cannot hold"):
        encode(Derived(3), {})
    with pytest.raises(ValueError, match="already saved as"):
        saved_as("skautokeras_tests>Point")(Derived)


def test_one_long_array_cannot_be_named_twice():
    members = {"arrays/0.npy": array_to_bytes(np.zeros(10**6))}
    content = [kind("array", "arrays/0.npy")] * 2
    with pytest.raises(KeyError):
        decode(content, members)


def test_a_short_column_is_not_repeated_along_an_endless_index():
    index = kind("range_index", {"start": 0, "stop": 10**15, "step": 1, "name": None})
    scalar = kind("number", ["<f8", 1.0])
    series = {"values": scalar, "index": index, "name": None}
    frame = {"columns": [scalar], "labels": index, "index": index}
    for content in (kind("series", series), kind("frame", frame)):
        with pytest.raises(ValueError, match="not as long as its index"):
            decode(content)


def document(value):
    """Return a file whose value is as it stands here."""
    members = unpack(dumps(None))
    content = json.loads(members["state.json"])
    text = json.dumps(content).replace('"value": null', f'"value": {value}')
    return pack({"state.json": text.encode()})


@pytest.mark.parametrize(
    "value",
    [
        "[" * 10**5 + "]" * 10**5,
        '{"class_name":"tuple","config":' * 10**4 + "[]" + "}" * 10**4,
        "9" * 10**5,
        "NaN, 1",
        '{"class_name": "float", "config": []}',
    ],
    ids=lambda value: value[:30],
)
def test_a_document_that_is_no_value_is_a_value_error(value):
    with pytest.raises(ValueError, match=r"."):
        loads(document(value))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text() | st.sampled_from(["name", "items"]), inner)
        | st.builds(kind, st.sampled_from(KIND_NAMES), inner)
    ),
    max_leaves=20,
)


@given(json_values)
def test_any_value_is_read_or_refused(value):
    with contextlib.suppress(ValueError):
        loads(document(json.dumps(value)))


@given(st.lists(st.tuples(st.integers(0), st.binary(min_size=1, max_size=4))))
def test_any_change_to_a_document_is_read_or_refused(changes):
    members = unpack(WHOLE)
    state = bytearray(members["state.json"])
    for place, new in changes:
        place %= len(state)
        state[place : place + len(new)] = new
    with contextlib.suppress(ValueError):
        loads(pack({**members, "state.json": bytes(state)}))


@given(st.permutations(sorted(unpack(WHOLE))))
def test_members_that_are_swapped_are_read_or_refused(names):
    members = unpack(WHOLE)
    swapped = dict(zip(names, members.values(), strict=True))
    with contextlib.suppress(ValueError):
        loads(pack(swapped))


@given(st.binary(max_size=300))
def test_any_bytes_are_refused(content):
    for read in (loads, unpack):
        with pytest.raises(ValueError, match="not a file that `save` wrote"):
            read(content)


def test_a_network_comes_back_and_is_harmless_to_open():
    x = keras.Input((3,))
    network = keras.Model(x, keras.layers.Dense(2)(x))
    found = there_and_back([network])[0]
    rows = np.ones((1, 3), "float32")
    np.testing.assert_array_equal(found(rows), network(rows))
    content = to_bytes(network)
    with pytest.raises((ValueError, zipfile.BadZipFile)):
        from_bytes(content[:-100])
