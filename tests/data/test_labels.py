"""Many labels are looked at in the same way as few of them."""

from enum import Enum

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix

from skautokeras._data import ClassAdapter, labels


class Sex(str, Enum):  # noqa: UP042
    """Strings with names, whose str() is not the string, as that of a StrEnum is."""

    m = "male"
    f = "female"


@pytest.fixture(params=[False, True], ids=["few", "many"])
def many(request, monkeypatch):
    if request.param:
        monkeypatch.setattr(labels, "_MANY", 10)


@pytest.mark.parametrize(
    "values",
    [
        [3, 1, 2],
        [True, False],
        ["b", "a", "c"],
        np.array(["b", "a"], dtype=object),
        [2.0, 1.0],
        [7],
    ],
)
def test_classes_and_codes(many, values):
    y = np.tile(np.asarray(values), 20)
    if len(values) == 1:
        with pytest.raises(ValueError, match="at least 2 classes"):
            ClassAdapter().fit(y)
        return
    target = ClassAdapter().fit(y)
    np.testing.assert_array_equal(target.classes_, np.unique(y))
    assert target.classes_.dtype == y.dtype
    codes = target.transform(y)
    assert codes.dtype == "int32"
    np.testing.assert_array_equal(target.classes_[codes], y)


def test_numbers_that_are_no_classes_are_refused(many):
    with pytest.raises(ValueError, match="Unknown label type: continuous"):
        ClassAdapter().fit(np.tile([0.5, 1.5], 30))


@pytest.mark.filterwarnings("ignore:The number of unique classes")
def test_as_many_classes_as_rows(many):
    y = np.arange(40)
    assert len(ClassAdapter().fit(y).classes_) == 40


def test_unseen_labels_are_named(many):
    target = ClassAdapter().fit(np.array(["a", "b"] * 20, dtype=object))
    with pytest.raises(ValueError, match=r"unseen labels: \['c'\]"):
        target.transform(np.array(["a", "c"] * 20, dtype=object))


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([[1, -1], [-1, 1], [1, 1]], r"y holds \[-1, 1\].*\(y > 0\)"),
        ([[1.0, 2.0], [2.0, 2.0], [2.0, 2.0]], r"y holds \[1.0, 2.0\].*\(y > 1.0\)"),
        (
            pd.DataFrame({"a": [0, 2, 0], "b": [2, 2, 0]}),
            r"y holds \[0, 2\].*\(y > 0\)",
        ),
        (csr_matrix([[0, 2], [2, 0], [0, 0]]), r"y holds \[0, 2\]"),
        ([["0", "1"], ["1", "0"], ["1", "1"]], r"the strings \['0', '1'\].*y == '1'"),
        ([["a", "b"], ["c", "a"], ["b", "b"]], "columns of more than two values"),
    ],
)
def test_labels_of_a_matrix_are_zeros_and_ones(y, message):
    with pytest.raises(ValueError, match=message):
        ClassAdapter().fit(y)
    target = ClassAdapter().fit([[0, 1], [1, 1], [0, 0]])
    with pytest.raises(ValueError, match=message):
        target.transform(y)
    with pytest.raises(ValueError, match=message):
        target.score(y, np.zeros((3, 2)))


@pytest.mark.parametrize(
    "y",
    [
        [[False, True], [True, True]],
        np.array([[0, 1], [1, 1]], dtype=object),
        csr_matrix([[0.0, 1.0], [1.0, 1.0]]),
    ],
    ids=["booleans", "objects", "sparse"],
)
def test_zeros_and_ones_may_be_of_any_dtype(y):
    assert ClassAdapter().fit(y).transform(y).tolist() == [[0, 1], [1, 1]]


@pytest.mark.parametrize(
    "make",
    [list, lambda y: np.array(y, dtype=object), lambda y: pd.Series(y, dtype=object)],
    ids=["list", "array", "Series"],
)
def test_members_of_an_enumeration_of_strings_are_their_strings(make):
    target = ClassAdapter().fit(make([Sex.m, Sex.f, Sex.m]))
    assert target.classes_.tolist() == ["female", "male"]
    assert {type(label) for label in target.classes_} == {str}
    assert target.transform(["male", Sex.f]).tolist() == [1, 0]
