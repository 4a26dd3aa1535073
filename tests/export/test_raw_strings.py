"""Models with raw inputs take columns of strings as `fit` has read them, or say no."""

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from skautokeras._data import StructuredDataAdapter, XAdapter
from skautokeras._export import KERAS, RawInputs, input_names, twin_of


def twin_model(X):
    """Return the adapter of a table, and the model of its twin."""
    adapter = XAdapter(["t"], [StructuredDataAdapter()], [None]).fit(X)
    inputs = RawInputs(KERAS, encoded=False)
    twin = twin_of(adapter.adapters_[0])
    return adapter, inputs.model(twin.arrays(input_names(adapter)["t"], inputs))


def call(model, request):
    return model({name: tf.constant(sent) for name, sent in request.items()})


MOMENTS = pd.Series(pd.date_range("2020-01-06", periods=40, freq="37h"))
AWARE = MOMENTS.dt.tz_localize("US/Pacific")


def as_strings(moments):
    return np.array([moment.isoformat() for moment in moments], dtype=object)


@pytest.mark.parametrize("are_strings", [False, True])
@pytest.mark.parametrize("moments", [MOMENTS, AWARE], ids=["naive", "aware"])
def test_a_model_refuses_moments_of_the_other_sort(moments, are_strings, tmp_path):
    values = as_strings(moments) if are_strings else moments
    X = pd.DataFrame({"when": values})
    adapter, model = twin_model(X)
    model.save(tmp_path / "model.keras")
    sent = as_strings(moments)
    sent[0] = ""
    expected = adapter.transform(X.assign(when=X["when"].shift(-1)).shift())
    others = as_strings(AWARE if moments is MOMENTS else MOMENTS)
    for own in (model, keras.models.load_model(tmp_path / "model.keras")):
        found = call(own, {"when": sent})
        for name, array in expected.items():
            np.testing.assert_allclose(found[name], array, atol=1e-5)
        with pytest.raises(tf.errors.InvalidArgumentError, match="a time zone"):
            call(own, {"when": others})


MARKED = ["<5.25", "12.5*", "~3", "7+", "\u0661\u0662\u066b\u0665", "?", "n/a"]
NUMBERS = [5.25, 12.5, 3.0, 7.0, 12.5, np.nan, np.nan]


def test_numbers_with_marks_come_as_numbers():
    plain = [f"{i / 4:.2f}" for i in range(40)]
    X = pd.DataFrame({"dose": [*plain, *MARKED, *MARKED]})
    adapter, model = twin_model(X)
    assert adapter.adapters_[0].schema_.columns[0].kind == "numerical"
    expected = adapter.transform(pd.DataFrame({"dose": MARKED}))
    found = call(model, {"dose": np.array(NUMBERS)})
    for name, array in expected.items():
        np.testing.assert_allclose(found[name], array, atol=1e-5)


@pytest.mark.parametrize("form", ["%B %dth, %Y", "/Date(%s)/"])
def test_dates_of_any_form_come_as_iso_8601(form):
    moments = pd.Series(pd.date_range("2020-01-06", periods=40, freq="D"))
    if form == "/Date(%s)/":
        strings = [f"/Date({int(m.timestamp() * 1000)})/" for m in moments]
        sent = as_strings(moments.dt.tz_localize("UTC"))
    else:
        strings = list(moments.dt.strftime(form))
        sent = as_strings(moments)
    strings[3], sent[3] = "0000-00-00", ""
    adapter, model = twin_model(pd.DataFrame({"when": strings}))
    expected = adapter.transform(pd.DataFrame({"when": strings}))
    found = call(model, {"when": sent})
    assert set(found) == {"numerical", "indicator"}
    for name, array in expected.items():
        np.testing.assert_allclose(found[name], array, atol=1e-5)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"are (no )?dates"):
        call(model, {"when": np.array(["0000-00-00"], dtype=object)})
