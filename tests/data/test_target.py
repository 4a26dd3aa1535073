import pickle
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.special import ndtri
from sklearn.exceptions import DataConversionWarning

from skautokeras._data import (
    ClassAdapter,
    NumberAdapter,
    balanced_weights,
)

# The strings of NumPy 2; before it, objects stand in for them.
STRINGS = np.dtypes.StringDType() if hasattr(np.dtypes, "StringDType") else object


def certain(codes, n_classes):
    """Probabilities (n_samples, n_classes) of a network that is sure."""
    return np.eye(n_classes)[codes]


@pytest.mark.parametrize(
    ("y", "error", "message"),
    [
        (["a", float("nan"), "b"], ValueError, "Input y contains NaN"),
        (["a", 3, "b"], TypeError, "Got \\['int', 'str'\\]"),
        ([[1, 2], [3], [1]], ValueError, "MultiLabelBinarizer"),
    ],
)
def test_lists_keep_what_they_hold(y, error, message):
    with pytest.raises(error, match=message):
        ClassAdapter().fit(y)


LABELS = {
    "int": np.array([3, 1, 3, -2]),
    "int8": np.array([3, 1, 3, -2], dtype=np.int8),
    "whole float": np.array([3.0, 1.0, 3.0, 2.0]),
    "bool": np.array([True, False, True, True]),
    "str": np.array(["no", "yes", "no", "maybe"]),
    "object": np.array(["no", "yes", "no", "maybe"], dtype=object),
    "list of str": ["no", "yes", "no", "maybe"],
    "pandas str": pd.Series(["no", "yes", "no", "maybe"], dtype="str"),
    "category": pd.Series(["no", "yes", "no", "maybe"], dtype="category"),
    "category of int": pd.Series([3, 1, 3, 2], dtype="category"),
    "Int64": pd.Series([3, 1, 3, 2], dtype="Int64"),
    "boolean": pd.Series([True, False, True, True], dtype="boolean"),
    "string": pd.Series(["no", "yes", "no", "maybe"], dtype="string"),
    "date": np.array(["2024-05-01", "2023-01-01"] * 2, dtype="datetime64[D]"),
}


@pytest.mark.parametrize("y", LABELS.values(), ids=LABELS)
def test_labels_come_back_with_their_dtype(y):
    target = ClassAdapter().fit(y)
    codes = target.transform(y)
    assert codes.dtype == np.int32
    assert set(codes) == set(range(len(target.classes_)))
    back = target.inverse_transform(certain(codes, len(target.classes_)))
    assert back.dtype == np.asarray(y).dtype
    assert back.tolist() == np.asarray(y).tolist()
    assert target.classes_.tolist() == sorted(set(np.asarray(y).tolist()))


@pytest.mark.parametrize(
    ("y", "dtype"),
    [
        (np.array([3, 1, 3, -2], dtype=object), "int64"),
        (np.array([3, 1.0, 3, 2], dtype=object), "float64"),
        (np.array([Decimal("3"), Decimal("1")], dtype=object), "float64"),
        (np.array([True, False, True], dtype=object), "bool"),
        (np.array([1, 2, 2], dtype=">i4"), "int32"),
        (np.array([1.0, 2.0, 2.0], dtype=">f8"), "float64"),
        (np.array([1, 2, 2], dtype="float16"), "float32"),
        (np.array([1, 2, 2], dtype=np.longdouble), "float64"),
        (np.array(["a", "b"], dtype=STRINGS), "object"),
        (pd.Series([1, 2, 2], dtype="Float64"), "float64"),
    ],
    ids=repr,
)
def test_labels_of_any_make_become_plain(y, dtype):
    target = ClassAdapter().fit(y)
    assert target.classes_.dtype == dtype
    assert target.transform(y).tolist() == [
        sorted(set(y.tolist())).index(value) for value in y.tolist()
    ]


@pytest.mark.parametrize(
    "y",
    [
        pd.Series(pd.cut([1, 5, 9, 2], [0, 3, 6, 9])),
        pd.Series(pd.period_range("2024-01", periods=3, freq="M")),
        [date(2024, 5, 1), date(2023, 1, 1), date(2024, 5, 1)],
        pd.Series(pd.to_datetime(["2024-05-01", "2023-01-01"]), dtype=object),
    ],
    ids=["intervals", "periods", "dates", "timestamps"],
)
def test_labels_that_only_sort_are_classes(y):
    target = ClassAdapter().fit(y)
    codes = target.transform(y)
    assert target.inverse_transform(
        certain(codes, len(target.classes_))
    ).tolist() == list(y)
    y_pred = target.probabilities(certain(codes, max(len(target.classes_), 2)))
    if target.schema_.kind == "binary":
        y_pred = y_pred[:, 1:]
    assert target.score(y, y_pred) == 1.0


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.array([1, "a", 2], dtype=object), r"Got \['int', 'str'\].*y.astype\(str\)"),
        ([b"a", b"b"], "labels represented as bytes is not supported"),
        (np.array([b"a", b"b"], dtype=object), "labels represented as bytes"),
        (np.array([1j, 2j, "a"], dtype=object), "uniformly strings or numbers"),
    ],
)
def test_labels_that_do_not_sort_are_refused(y, message):
    with pytest.raises(TypeError, match=message):
        ClassAdapter().fit(y)


def test_numbers_are_no_strings_among_the_labels():
    target = ClassAdapter().fit(["1", "2"])
    with pytest.raises(ValueError, match=r"previously unseen labels: \[1\]"):
        target.transform([1, 1])


@pytest.mark.parametrize(
    ("seen", "y", "types"),
    [
        ([0, 1], ["0", "1"], "string and number"),
        ([0.0, 1.0], np.array(["0", "1"], dtype=object), "string and number"),
        (["0", "1"], [0, 1], "number and string"),
        (["True", "False"], [True, False], "number and string"),
        ([date(2024, 5, 1), date(2023, 1, 1)], ["2024-05-01"] * 2, "string and date"),
    ],
    ids=range(5),
)
def test_labels_of_another_type_have_no_score(seen, y, types):
    target = ClassAdapter().fit(seen)
    with pytest.raises(ValueError, match=rf"Mix of label input types \({types}\)"):
        target.score(y, np.array([[0.1], [0.9]]))


@pytest.mark.parametrize(
    ("seen", "y", "expected"),
    [
        ([0, 1], [5, 1], 0.5),
        ([0, 1], [5, 7], 0.0),
        ([0, 1], [False, True], 1.0),
        ([0, 1], [0.0, 1.0], 1.0),
        (["a", "b"], np.array(["c", "d"], dtype=object), 0.0),
        ([date(2023, 1, 1), date(2024, 5, 1)], [date(2022, 1, 1)] * 2, 0.0),
        (
            np.array([1, 2], "timedelta64[s]"),
            np.array([timedelta(5), timedelta(6)], dtype=object),
            0.0,
        ),
    ],
    ids=range(7),
)
def test_labels_of_the_same_type_that_fit_has_not_seen_are_wrong(seen, y, expected):
    target = ClassAdapter().fit(seen)
    assert target.score(y, np.array([[0.1], [0.9]])) == expected


def test_classes_are_no_labels_of_which_a_row_has_several():
    target = ClassAdapter().fit(INDICATORS)
    with pytest.raises(ValueError, match="not a multilabel indicator"):
        target.score([0, 1], np.full((2, INDICATORS.shape[1]), 0.9))


@pytest.mark.parametrize("make", [list, tuple, pd.Series], ids=lambda m: m.__name__)
def test_labels_keep_nul_at_their_end(make):
    y = make(["a\0", "b", "a"])
    target = ClassAdapter().fit(y)
    assert target.classes_.tolist() == ["a", "a\0", "b"]
    assert target.inverse_transform(certain([1], 3)).tolist() == ["a\0"]


def test_one_hot_labels_have_a_hint():
    with pytest.warns(UserWarning, match=r"pass it instead: y.argmax\(axis=1\)"):
        ClassAdapter().fit(np.eye(3, dtype=int))
    ClassAdapter().fit(INDICATORS)  # no warning


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (pd.Series(pd.to_timedelta([1, 2], unit="h")), "durations.*total_seconds"),
        (pd.Series(pd.to_datetime(["2024-01-01", "2024-01-02"])), "dates.*86400"),
        (pd.Series(pd.to_datetime(["2024-01-01"] * 2, utc=True)), "dates"),
        (pd.Series(pd.period_range("2024", periods=2, freq="Y")), "dates"),
        ([date(2024, 1, 1), date(2024, 1, 2)], "dates"),
        (pd.Series(pd.cut([1, 5], [0, 3, 6])), "values such as Interval"),
        (np.array(["1", "2"], dtype=STRINGS), "strings such as '1'"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_targets_that_are_no_numbers_are_refused_with_advice(y, message):
    with pytest.raises(ValueError, match=f"Regression needs numbers in y.*{message}"):
        NumberAdapter().fit(y)


def test_a_far_value_counts_as_the_nearest_of_the_others():
    y = np.append(np.random.default_rng(0).normal(size=299), 1e7)
    with pytest.warns(UserWarning, match="1 of 300 values of y are far.*1e\\+07"):
        target = NumberAdapter().fit(y)
    assert target.scales_[0] == pytest.approx(1, rel=0.2)
    z = target.transform(y)
    assert z[-1, 0] == z[:-1].max()
    assert target.inverse_transform([target.schema_.highest])[0] <= y[:-1].max()


@pytest.mark.parametrize(
    "y",
    [
        np.exp(4.4 * np.random.default_rng(0).normal(size=1000)),
        np.where(np.arange(300) % 10, 0.0, np.arange(300)),
        np.random.default_rng(0).poisson(3, 500).astype(float),
        1e9 + np.random.default_rng(0).normal(size=300),
        1e-9 * np.random.default_rng(0).normal(size=300),
        np.append(np.zeros(200), np.full(100, 1e6)),
    ],
    ids=["log-normal", "mostly zero", "counts", "1e9", "1e-9", "two values"],
)
def test_a_tail_is_no_error(y):
    target = NumberAdapter().fit(y)
    assert np.isinf([target.lows_, target.highs_]).all()
    for bounds in (target.schema_.lowest, target.schema_.highest):
        restored = target.inverse_transform([bounds])[0]
        assert y.min() <= restored <= y.max()


@pytest.mark.parametrize(
    ("y", "kind", "n_outputs"),
    [
        ([0, 1, 1], "binary", 1),
        (["a", "b", "c"], "multiclass", 3),
        ([[1, 0, 1], [0, 0, 1]], "multilabel", 3),
        (sparse.csr_array([[1, 0], [1, 1]]), "multilabel", 2),
    ],
)
def test_the_schema_says_what_is_to_be_predicted(y, kind, n_outputs):
    schema = ClassAdapter().fit(y).schema_
    assert (schema.kind, schema.n_outputs) == (kind, n_outputs)


INDICATORS = np.array([[1, 0, 1], [0, 0, 1], [1, 1, 0]])


@pytest.mark.parametrize(
    "make",
    [
        np.asarray,
        list,
        np.ndarray.tolist,
        pd.DataFrame,
        sparse.csr_array,
        sparse.csc_matrix,
        lambda y: y.astype(bool),
        lambda y: y.astype(float),
    ],
)
def test_label_indicators_of_any_container_become_zeros_and_ones(make):
    y = make(INDICATORS)
    target = ClassAdapter().fit(y)
    codes = target.transform(y)
    assert codes.dtype == np.float32
    np.testing.assert_array_equal(codes, INDICATORS)
    assert target.classes_.tolist() == [0, 1, 2]
    back = target.inverse_transform(codes * 0.8 + 0.1)
    assert back.dtype.kind == "i"
    np.testing.assert_array_equal(back, INDICATORS)


def test_the_most_probable_of_two_classes_is_predicted():
    target = ClassAdapter().fit(["no", "yes"])
    probabilities = np.array([[0.4, 0.6], [0.9, 0.1]])
    assert target.inverse_transform(probabilities).tolist() == ["yes", "no"]


def test_a_column_of_labels_is_flattened_with_a_warning():
    target = ClassAdapter()
    with pytest.warns(DataConversionWarning, match="column-vector y"):
        target.fit(np.array([[0], [1]]))
    assert target.schema_.kind == "binary"
    assert target.transform([1, 0]).shape == (2,)


@pytest.mark.parametrize("Target", [ClassAdapter, NumberAdapter])
def test_no_target_is_an_error_in_the_words_of_scikit_learn(Target):
    with pytest.raises(
        ValueError, match="requires y to be passed, but the target y is"
    ):
        Target().fit(None)


@pytest.mark.parametrize(
    "y",
    [
        np.array([0.0, 1.0, np.nan]),
        np.array(["a", None, "b"], dtype=object),
        np.array(["a", np.nan, "b"], dtype=object),
        pd.Series([1, None, 2], dtype="Int64"),
        pd.Series(["a", None, "b"], dtype="category"),
        pd.Series(["a", None, "b"], dtype="str"),
        np.array([[0.0, 1.0], [np.nan, 1.0]]),
    ],
)
def test_missing_labels_are_an_error(y):
    with pytest.raises(ValueError, match="Input y contains NaN"):
        ClassAdapter().fit(y)


@pytest.mark.parametrize("Target", [ClassAdapter, NumberAdapter])
def test_an_infinite_target_is_an_error(Target):
    with pytest.raises(ValueError, match="Input y contains infinity"):
        Target().fit(np.array([0.0, 1.0, np.inf]))


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([0.5, 1.5, 2.5], "Unknown label type"),
        ([[1, 2, 3], [3, 2, 1], [2, 2, 2]], "multiclass-multioutput.*MultiOutput"),
        ([1, 1, 1], r"at least 2 classes in the data, but .* only one class: 1"),
        (["a", "a"], r"only one class: 'a'"),
    ],
)
def test_a_target_that_cannot_be_classified_is_an_error(y, message):
    with pytest.raises(ValueError, match=message):
        ClassAdapter().fit(y)


def test_labels_that_fit_has_not_seen_are_named():
    target = ClassAdapter().fit(["a", "b"])
    with pytest.raises(ValueError, match=r"previously unseen labels: \['c'\]"):
        target.transform(["a", "c"])


@pytest.mark.parametrize(
    ("fitted", "given", "message"),
    [
        (INDICATORS, INDICATORS[:, :2], "y has 2 labels, but fit has seen 3"),
        (INDICATORS, [0, 1], "not a multilabel indicator"),
        ([0, 1], INDICATORS, "y is a multilabel indicator"),
    ],
)
def test_another_kind_of_target_is_an_error_after_fit(fitted, given, message):
    target = ClassAdapter().fit(fitted)
    with pytest.raises(ValueError, match=message):
        target.transform(given)


@pytest.mark.parametrize(
    "y",
    [
        [1.0, 2.0, 4.0],
        np.array([1, 2, 4]),
        np.array([1, 2, 4], dtype=object),
        pd.Series([1, 2, 4], dtype="Float64"),
        np.array([[1.0, 10.0], [2.0, 30.0], [4.0, 20.0]]),
        pd.DataFrame({"a": [1.0, 2.0, 4.0], "b": [1, 1, 1]}),
        np.array([1e9, 1e9 + 1, 1e9 + 2]),
        np.array([1e300, -1e300, 1e299]),
        np.array([7.5, 7.5]),
    ],
    ids=repr,
)
def test_numbers_are_standardised_and_come_back(y):
    target = NumberAdapter().fit(y)
    z = target.transform(y)
    assert z.dtype == np.float32
    assert z.shape == (len(y), target.schema_.n_outputs)
    np.testing.assert_allclose(z.mean(axis=0), 0, atol=1e-6)
    back = target.inverse_transform(z)
    assert back.dtype == np.float64
    assert back.shape == np.shape(y)
    np.testing.assert_allclose(back, np.asarray(y, dtype=float), rtol=1e-6)


def test_numbers_have_unit_variance_inside():
    z = NumberAdapter().fit([1.0, 2.0, 5.0]).transform([1.0, 2.0, 5.0])
    assert z.std() == pytest.approx(1)


def test_the_range_of_numbers_is_known():
    y = np.array([[1.0, 10.0], [2.0, 10.0], [5.0, 10.0]])
    target = NumberAdapter().fit(y)
    for bounds, expected in [
        (target.schema_.lowest, [1.0, 10.0]),
        (target.schema_.highest, [5.0, 10.0]),
    ]:
        np.testing.assert_allclose(target.inverse_transform([bounds]), [expected])
    assert ClassAdapter().fit([0, 1]).schema_.lowest == ()


def test_the_quantiles_and_the_origin_of_numbers_are_known():
    rng = np.random.default_rng(0)
    y = np.column_stack([rng.lognormal(3, 1, 400), rng.normal(-7, 2, 400)])
    target = NumberAdapter().fit(y)
    quantiles = np.array(target.schema_.quantiles)
    assert quantiles.shape == (201, 2)
    found = target.inverse_transform(quantiles)
    expected = np.quantile(y, np.linspace(0, 1, 201), axis=0)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
    found = target.inverse_transform([target.schema_.origin])
    np.testing.assert_allclose(found, 0, atol=1e-9)
    assert ClassAdapter().fit([0, 1]).schema_.quantiles is None


def lognormal(sigma, n=2000):
    """Return exact quantiles of a lognormal distribution."""
    return np.exp(sigma * ndtri((np.arange(n) + 0.5) / n))


@pytest.mark.parametrize(
    ("y", "direction"),
    [
        (np.linspace(0, 1, 500), None),
        (ndtri(np.linspace(0.01, 0.99, 500)), None),
        # The upper tail is exp(1.96 * sigma) times as long as the lower one.
        (lognormal(0.4), None),
        (lognormal(0.5), "right"),
        (lognormal(0.5) - 9, "right"),
        (-lognormal(0.5), "left"),
        (5 - 1e6 * lognormal(1.0), "left"),
        # A few outliers are no tail.
        (np.append(np.linspace(0, 1, 500), [1e6] * 5), None),
        (np.append(np.linspace(0, 1, 500), [-1e6] * 5), None),
        (np.column_stack([lognormal(1.0)] * 2), None),
        (np.full(50, 3.0), None),
        (np.arange(300) % 30 == 0, "right"),
    ],
    ids=range(12),
)
def test_numbers_are_skewed_to_the_side_of_their_long_tail(y, direction):
    schema = NumberAdapter().fit(np.asarray(y, float)).schema_
    assert schema.skewed_to == direction


def test_classes_are_not_skewed_and_have_no_sign():
    schema = ClassAdapter().fit([0] * 99 + [1]).schema_
    assert schema.skewed_to is None
    assert not schema.is_never_negative


@pytest.mark.parametrize("unit", [1e-9, 1.0, 3.7, 1e12])
def test_the_sign_of_numbers_is_known(unit):
    y = unit * lognormal(1.0)
    assert NumberAdapter().fit(y).schema_.is_never_negative
    assert not NumberAdapter().fit(-y).schema_.is_never_negative
    assert not NumberAdapter().fit(y - 1.01 * y.min()).schema_.is_never_negative
    both = np.column_stack([y, -y])
    assert not NumberAdapter().fit(both).schema_.is_never_negative
    assert NumberAdapter().fit(both[:, [0, 0]]).schema_.is_never_negative


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("rate", [0.05, 1.0, 20.0])
def test_counts_are_never_negative_however_zero_is_rounded(rate, seed):
    rng = np.random.default_rng(seed)
    y = np.append(rng.poisson(rate, rng.integers(20, 2000)), [0, 1])
    for unit in (1, 0.1, 1 / 3):
        assert NumberAdapter().fit(unit * y).schema_.is_never_negative


def test_a_constant_target_is_predicted_exactly():
    target = NumberAdapter().fit([0.1] * 10)
    assert target.inverse_transform(np.zeros((2, 1))).tolist() == [0.1, 0.1]
    assert target.scales_.tolist() == [1.0]


def test_a_column_of_numbers_is_flattened_with_a_warning():
    target = NumberAdapter()
    with pytest.warns(DataConversionWarning, match="column-vector y"):
        target.fit(np.array([[1.0], [2.0]]))
    assert target.inverse_transform(np.zeros((3, 1))).shape == (3,)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (["1", "2"], "Regression needs numbers in y, but y holds strings such as '1'"),
        (pd.Series(["a", "b"], dtype="category"), "holds strings such as 'a'"),
        (np.array([1.0, np.nan]), "Input y contains NaN"),
        (pd.Series([1, None], dtype="Int64"), "Input y contains NaN"),
        (np.array([1.0, None], dtype=object), "Input y contains NaN"),
        (np.array([1j, 2j]), "Complex data not supported"),
        (np.zeros((2, 2, 2)), "dim"),
    ],
    ids=repr,
)
def test_a_target_that_is_no_number_is_an_error(y, message):
    with pytest.raises(ValueError, match=message):
        NumberAdapter().fit(y)


def test_another_number_of_targets_is_an_error_after_fit():
    target = NumberAdapter().fit(np.zeros((3, 2)))
    with pytest.raises(ValueError, match="y has 3 targets, but fit has seen 2"):
        target.transform(np.zeros((3, 3)))


@pytest.mark.parametrize(
    ("target", "y"),
    [
        (ClassAdapter(), np.array(["b", "a", "c"])),
        (NumberAdapter(), np.array([[1.0, 2.0], [3.0, 5.0]])),
    ],
)
def test_a_pickled_target_does_the_same(target, y):
    target.fit(y)
    again = pickle.loads(pickle.dumps(target))
    np.testing.assert_array_equal(again.transform(y), target.transform(y))
    assert again.schema_ == target.schema_


@pytest.mark.parametrize(
    ("class_weight", "y", "expected"),
    [
        (None, [0, 1], [1, 1]),
        ({"a": 2, "b": 0.5}, ["a", "b", "a"], [2, 0.5, 2]),
        ("balanced", [0, 0, 0, 1], [2 / 3, 2 / 3, 2 / 3, 2]),
        ([{0: 1, 1: 2}, {0: 1, 1: 3}], [[0, 1], [1, 1]], [3, 6]),
    ],
)
def test_class_weights_are_those_of_scikit_learn(class_weight, y, expected):
    weights = balanced_weights(class_weight, y)
    assert weights.dtype == np.float64
    np.testing.assert_allclose(weights, expected)


INTERVALS = pd.Series(pd.cut([1, 5, 2], [0, 3, 6]))
DAYS = ["2024-05-01", "2023-01-01", "2024-05-01"]


@pytest.mark.parametrize(
    ("y", "label"),
    [
        (INTERVALS, INTERVALS[0]),
        ([date.fromisoformat(day) for day in DAYS], date(2024, 5, 1)),
        (np.array(DAYS, dtype="datetime64[D]"), pd.Timestamp("2024-05-01")),
        (pd.Series(pd.to_datetime(DAYS)), pd.Timestamp("2024-05-01")),
        (
            pd.Series(pd.to_datetime(DAYS, utc=True)),
            pd.Timestamp("2024-05-01", tz="UTC"),
        ),
        ([True, False, True], True),
    ],
    ids=["intervals", "dates", "days", "timestamps", "time zones", "booleans"],
)
def test_classes_of_any_kind_have_weights(y, label):
    assert balanced_weights({label: 3}, y).tolist() == [3, 1, 3]
    assert balanced_weights("balanced", y).tolist() == [0.75, 1.5, 0.75]


@pytest.mark.parametrize(
    ("class_weight", "message"),
    [
        ({0: -1}, "finite numbers that are not negative. Got -1 for the class 0"),
        ({1: float("nan")}, "Got nan for the class 1"),
        ({1: np.inf}, "Got inf for the class 1"),
        ({1: "a"}, "Got 'a' for the class 1"),
        ({0: 0, 1: 0}, "rows of a sample the weight 0"),
        ({"1": 2}, r"classes, \[0, 1\], are not in.*are no classes: \['1'\]"),
        ({None: 2}, r"are no classes: \[None\]"),
    ],
)
def test_class_weights_that_are_none_are_refused(class_weight, message):
    with pytest.raises(ValueError, match=message):
        balanced_weights(class_weight, [0, 1, 0])


def test_class_weights_of_each_label_are_checked():
    with pytest.raises(ValueError, match="Got -1 for the class 1"):
        balanced_weights([{0: 1, 1: 2}, {0: 1, 1: -1}], [[0, 1], [1, 1]])


def test_classes_with_weights_need_not_be_among_the_rows():
    weights = balanced_weights({"a": 2, "b": 3}, ["a", "c"], np.array(["a", "b", "c"]))
    assert weights.tolist() == [2, 1]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([10**400, 1], "infinity or a value too large"),
        ([-(10**400), 1.5], "infinity or a value too large"),
        ([Decimal("sNaN"), 1], "NaN"),
    ],
)
def test_numbers_of_y_that_are_not_finite_are_refused(values, message):
    with pytest.raises(ValueError, match=message):
        NumberAdapter().fit(values)
