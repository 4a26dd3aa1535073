"""The data sets besides Titanic, and what all of them share."""

import inspect

import numpy as np
import pandas as pd
import pytest

from skautokeras import datasets
from skautokeras.datasets import load_fashion, load_king_county, load_sms

LOADERS = [getattr(datasets, name) for name in datasets.__all__]


@pytest.mark.parametrize("load", LOADERS)
def test_every_data_set_names_its_licence_and_its_origin(load):
    bunch = load()
    assert "**Origin**" in bunch.DESCR
    assert "licen" in bunch.DESCR or "CC0" in bunch.DESCR


@pytest.mark.parametrize("load", LOADERS)
def test_X_and_y_are_those_of_the_bunch(load):
    bunch = load()
    X, y = load(return_X_y=True)
    assert len(X) == len(y) == len(bunch.target)
    assert type(X) is type(bunch.get("images", bunch.data))


@pytest.mark.parametrize("load", LOADERS)
def test_wrong_parameters_are_refused(load):
    with pytest.raises(ValueError, match="return_X_y"):
        load(return_X_y="yes")
    assert "return_X_y" in inspect.signature(load).parameters


def test_messages_are_strings_of_two_kinds():
    X, y = load_sms(return_X_y=True)
    assert all(isinstance(text, str) and text for text in X)
    assert pd.Series(y).value_counts().to_dict() == {"ham": 1100, "spam": 400}
    assert len(set(X)) == len(X)


def test_pictures_are_bytes_of_ten_classes():
    bunch = load_fashion()
    assert bunch.images.shape == (600, 28, 28)
    np.testing.assert_array_equal(bunch.data.reshape(-1, 28, 28), bunch.images)
    assert np.bincount(bunch.target).tolist() == [60] * 10
    assert len(bunch.target_names) == 10


def test_houses_have_a_date_and_a_skewed_price():
    bunch = load_king_county()
    assert bunch.data.shape == (2500, 19)
    assert bunch.frame["price"].equals(bunch.target)
    assert bunch.target.skew() > 3
    dates = pd.to_datetime(bunch.data["date"], format="%Y%m%dT%H%M%S")
    assert dates.dt.year.isin([2014, 2015]).all()
    X, y = load_king_county(return_X_y=True, as_frame=False)
    assert X.dtype == object
    assert isinstance(y, np.ndarray)
