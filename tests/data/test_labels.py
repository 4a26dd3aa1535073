"""Many labels are looked at in the same way as few of them."""

import numpy as np
import pytest

from skautokeras._data import ClassAdapter, labels


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
