"""The contract of inputs: every public one keeps it, and faults are found."""

from dataclasses import dataclass

import keras
import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin

import skautokeras
from skautokeras import (
    ImageInput,
    Input,
    InputNode,
    RawTwin,
    Schema,
    StructuredDataInput,
    TextInput,
    saved_as,
)
from skautokeras.testing import check_input

N_ROWS = 12
rng = np.random.default_rng(0)
NUMBERS = rng.normal(size=(N_ROWS, 2))
WORDS = np.array(["red", "white", "dry"])[np.arange(N_ROWS) % 3]
PIXELS = rng.integers(0, 256, (N_ROWS, 8, 8, 3)).astype("uint8")
TEXTS = [" ".join(rng.choice(["oak", "dry", "red", "wine"], 4)) for _ in range(N_ROWS)]
CURVES = rng.normal(size=(N_ROWS, 5, 2)).astype("float32")

CASES = {
    "StructuredDataInput": (
        StructuredDataInput(),
        pd.DataFrame({"a": NUMBERS[:, 0], "b": NUMBERS[:, 1], "kind": WORDS}),
        {"a": NUMBERS[:, 0], "b": NUMBERS[:, 1], "kind": WORDS},
    ),
    "ImageInput": (ImageInput(), PIXELS, {"image": PIXELS}),
    "TextInput": (TextInput(max_tokens=100), TEXTS, {"text": TEXTS}),
    "Input": (Input(), CURVES, {"array": CURVES}),
}
PUBLIC = [
    name
    for name in skautokeras.__all__
    if isinstance(item := getattr(skautokeras, name), type)
    and issubclass(item, InputNode)
    and item is not InputNode
]


@pytest.mark.parametrize("name", PUBLIC)
def test_every_input_keeps_the_contract(name):
    node, X, raw = CASES[name]
    assert type(node).__name__ == name
    check_input(node, X, raw)


@pytest.mark.parametrize(
    ("node", "X", "raw"),
    [
        (
            StructuredDataInput(),
            pd.DataFrame({"n": NUMBERS[:, 0], "text": TEXTS}),
            None,
        ),
        (ImageInput(image_shape=[2, 2]), rng.random((N_ROWS, 4)), None),
        (ImageInput(), [PIXELS[i][: 6 + i % 2] for i in range(N_ROWS)], None),
        (Input(), NUMBERS, {"array": NUMBERS}),
    ],
    ids=["text in a table", "flattened images", "sizes of images", "features"],
)
def test_other_forms_of_data_keep_the_contract(node, X, raw):
    if isinstance(node, StructuredDataInput):
        node = StructuredDataInput(column_types={"text": "text"})
    check_input(node, X, raw)


@saved_as("test_inputs>CurveSchema")
@dataclass(frozen=True)
class CurveSchema(Schema):
    n_samples: int
    length: int


@saved_as("test_inputs>CurveAdapter")
class CurveAdapter(TransformerMixin, BaseEstimator):
    """Takes curves of equal length, with a fault of some kind."""

    def __init__(self, fault=None):
        self.fault = fault

    def fit(self, X, y=None):
        n_samples = 1 if self.fault == "rows" else len(X)
        self.schema_ = CurveSchema(n_samples, len(X[0]))
        return self

    def transform(self, X):
        curve = np.array(X, dtype="float32")
        if self.fault == "rows depend on each other":
            curve -= curve.mean(axis=0)
        if self.fault == "changes X":
            X[0] = X[1]
        return {"curve": curve}


class CurveTwin(RawTwin, of=CurveAdapter):
    kind = "curve"

    def arrays(self, names, inputs):
        curve = inputs.add(names[None], (self.adapter.schema_.length,), "float32")
        return {"curve": 2 * curve if self.adapter.fault == "twin" else curve}


@keras.saving.register_keras_serializable("test_inputs")
class CurveInput(InputNode):
    def __init__(self, *, fault=None, columns=None, name=None):
        super().__init__(columns=columns, name=name)
        self.fault = fault

    def make_adapter(self, tokenizers=()):
        return CurveAdapter(self.fault)

    def symbolic(self, schema, prefix=""):
        name = "curve" if self.fault == "prefix" else f"{prefix}curve"
        dtype = "int32" if self.fault == "dtype" else "float32"
        curve = keras.Input((schema.length,), dtype=dtype, name=name)
        return {name: curve}, keras.ops.cast(curve, "float32")


class UnnamedAdapter(CurveAdapter):
    """Is not named for files."""


class UnnamedInput(CurveInput):
    def make_adapter(self, tokenizers=()):
        return UnnamedAdapter()


def curves():
    return np.random.default_rng(0).normal(size=(N_ROWS, 4))


def test_an_input_of_ones_own_keeps_the_contract():
    check_input(CurveInput(), curves(), {"curve": curves()})


def test_what_is_not_meant_to_be_saved_is_expected_to_fail():
    name, reason = "check_the_adapter_is_saved", "there are no files of it"
    with pytest.raises(AssertionError, match=f"{name}: TypeError"):
        check_input(UnnamedInput(), curves())
    check_input(UnnamedInput(), curves(), expected_failed_checks={name: reason})


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("rows", "check_the_schema: n_samples must be 12, got 1"),
        ("rows depend on each other", "check_the_arrays: transform of some rows must"),
        ("changes X", "check_x_is_not_changed: the adapter must not change X"),
        ("prefix", r"check_the_tensors: symbolic must return.*input__curve"),
        ("dtype", "check_the_tensors: a tensor is"),
        ("twin", "check_the_twin: the twin must make the same array 'curve'"),
    ],
)
def test_a_fault_is_found(fault, message):
    with pytest.raises(AssertionError, match=message):
        check_input(CurveInput(fault=fault), curves(), {"curve": curves()})
