from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from skautokeras._data import Column, StructuredDataSchema, TargetSchema


def make_schema(**changes):
    facts = {
        "columns": (Column("age", "numerical", 0, 3),),
        "n_samples": 3,
        "numerical": ("age", "when:elapsed"),
        "indicator": ("age:missing",),
        "categorical": ("deck", "port", "sex"),
        "cardinalities": (4, 5, 4),
        "quantiles": np.zeros((3, 2), dtype=np.float32),
    }
    return StructuredDataSchema(**facts | changes)


def test_shapes_come_in_the_order_of_the_arrays():
    assert list(make_schema().shapes.items()) == [
        ("numerical", (2, "float32")),
        ("indicator", (1, "float32")),
        ("categorical", (3, "int32")),
    ]


def test_shapes_leave_out_arrays_without_columns():
    schema = make_schema(numerical=(), categorical=(), cardinalities=())
    assert list(schema.shapes) == ["indicator"]


def test_a_schema_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        make_schema().n_samples = 4


@pytest.mark.parametrize("kind", ["binary", "multiclass", "multilabel", "regression"])
def test_all_targets_but_regression_are_classification(kind):
    schema = TargetSchema(kind=kind, n_outputs=1)
    assert schema.is_classification is (kind != "regression")
