import re
from importlib.resources import files

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal, assert_series_equal

from skautokeras.datasets import load_titanic

FEATURES = [
    "pclass",
    "name",
    "sex",
    "age",
    "sibsp",
    "parch",
    "ticket",
    "fare",
    "cabin",
    "embarked",
]


def test_the_default_is_a_bunch_of_pandas_objects():
    bunch = load_titanic()

    assert bunch.data.shape == (891, 10)
    assert bunch.data.columns.tolist() == bunch.feature_names == FEATURES
    assert bunch.target.name == "survived"
    assert bunch.target.value_counts().to_dict() == {0: 549, 1: 342}
    assert bunch.target_names.tolist() == ["died", "survived"]
    assert_frame_equal(bunch.frame, bunch.data.join(bunch.target))


def test_the_named_file_is_where_the_rows_come_from():
    bunch = load_titanic()

    with files(bunch.data_module).joinpath(bunch.filename).open("rb") as file:
        rows = pd.read_csv(file, compression="gzip")
    assert_frame_equal(rows, bunch.frame)


def test_numbers_are_numbers_and_the_rest_are_strings():
    X, _ = load_titanic(return_X_y=True)

    numbers = X.select_dtypes("number").columns.tolist()
    assert numbers == ["pclass", "age", "sibsp", "parch", "fare"]
    assert X["sex"].unique().tolist() == ["female", "male"]
    assert X["name"].is_unique


def test_the_values_lie_in_their_units():
    X, _ = load_titanic(return_X_y=True)

    assert X["age"].min() == 0.42  # a child of five months, in years
    assert X["age"].max() == 80
    assert X["fare"].max() == pytest.approx(512.3292)
    assert sorted(X["pclass"].unique()) == [1, 2, 3]


def test_return_X_y_gives_the_members_of_the_bunch():
    bunch = load_titanic()
    X, y = load_titanic(return_X_y=True)

    assert_frame_equal(X, bunch.data)
    assert_series_equal(y, bunch.target)


def test_as_frame_false_gives_an_object_array_with_the_same_values():
    X, y = load_titanic(return_X_y=True)
    X_array, y_array = load_titanic(return_X_y=True, as_frame=False)

    assert type(X_array) is type(y_array) is np.ndarray
    assert X_array.dtype == object
    assert y_array.dtype == np.int64
    assert y_array.tolist() == y.tolist()
    for j, name in enumerate(X):
        missing = X[name].isna().to_numpy()
        assert all(np.isnan(value) for value in X_array[missing, j])
        assert X_array[~missing, j].tolist() == X[name][~missing].tolist()


def test_as_frame_false_leaves_the_frame_out_of_the_bunch():
    bunch = load_titanic(as_frame=False)

    assert bunch.frame is None
    assert bunch.data.shape == (891, 10)
    assert bunch.feature_names == FEATURES


def test_every_call_gives_rows_of_its_own():
    first = load_titanic()
    first.data.loc[0, "fare"] = -1.0
    first.frame.loc[1, "fare"] = -1.0

    assert (load_titanic().data["fare"] >= 0).all()


def test_the_description_states_what_the_rows_hold():
    bunch = load_titanic()

    for name in [*bunch.feature_names, "survived"]:
        assert re.search(rf"\b{name}\b", bunch.DESCR)
    n_missing = bunch.data.isna().sum()
    stated = ", ".join(f"{name} {n}" for name, n in n_missing.items() if n)
    assert f"Missing values: {stated}" in bunch.DESCR
    assert "mwaskom/seaborn-data" in bunch.DESCR
    assert "no licence" in bunch.DESCR


@pytest.mark.parametrize("name", ["return_X_y", "as_frame"])
def test_a_switch_that_is_not_a_boolean_is_refused(name):
    with pytest.raises(ValueError, match=f"The '{name}' parameter of load_titanic"):
        load_titanic(**{name: "yes"})
