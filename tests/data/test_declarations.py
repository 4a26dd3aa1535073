import numpy as np
import pytest

from skautokeras._data import Declaration, declared_kinds

NAMES = ["age", "class", "when"]


def declare(categorical_features="from_dtype", column_types=None, has_names=True):
    return declared_kinds(
        NAMES,
        has_names,
        categorical_features=categorical_features,
        column_types=column_types,
    )


@pytest.mark.parametrize("nothing", ["from_dtype", None, [], [False] * 3])
def test_nothing_said_is_nothing_declared(nothing):
    assert declare(nothing) == {}


@pytest.mark.parametrize(
    "features",
    [
        ["when", "class"],
        np.array(["class", "when"]),
        np.array(["class", "when"], dtype=object),
        [1, 2],
        np.array([2, 1], dtype=np.int8),
        [False, True, True],
    ],
)
def test_categorical_features_are_names_indices_or_a_mask(features):
    declaration = Declaration("categorical", "categorical_features")
    assert declare(features) == {1: declaration, 2: declaration}


def test_column_types_win_over_categorical_features():
    assert declare([1, 2], {"class": "numerical", 0: "text"}) == {
        0: Declaration("text", "column_types"),
        1: Declaration("numerical", "column_types"),
        2: Declaration("categorical", "categorical_features"),
    }


@pytest.mark.parametrize(
    ("features", "message"),
    [
        (
            ["sex"],
            r"item value 'sex' which is not a valid feature name .*'age', 'class'",
        ),
        ([3], r"integer indices must be in \[0, n_features - 1\]"),
        ([-1], r"integer indices must be in \[0, n_features - 1\]"),
        ([True], r"boolean mask must have shape \(n_features,\), got: \(1,\)"),
        ([0.5], "array-like of bool, int or str, got: float64"),
        ("age", "array-like of bool, int or str"),
        (np.array(["age", 1], dtype=object), "bool, int or str, got: int, str"),
    ],
)
def test_wrong_categorical_features_are_named(features, message):
    with pytest.raises(ValueError, match=message):
        declare(features)


def test_categorical_features_by_name_need_names():
    with pytest.raises(ValueError, match="on data without feature names"):
        declare(["age"], has_names=False)


@pytest.mark.parametrize(
    ("types", "message"),
    [
        ({"sex": "text"}, r"'sex', which is not a column of X.*'age', 'class', 'when'"),
        ({3: "text"}, r"names 3, .* index in \[0, 2\]"),
        ({-1: "text"}, "names -1"),
        ({True: "text"}, "names True"),
        (
            {"age": "number"},
            r"column_types\['age'\] must be one of .*'text'\], got 'numb",
        ),
        ({"age": ["text"]}, r"must be one of"),
    ],
)
def test_wrong_column_types_are_named(types, message):
    with pytest.raises(ValueError, match=message):
        declare(column_types=types)
