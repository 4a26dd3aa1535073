"""Networks as bytes."""

import io
import json
import pickle
import zipfile

import joblib
import keras
import numpy as np
import pytest

from skautokeras import StructuredDataClassifier
from skautokeras._state.networks import from_bytes, to_bytes


def test_the_bytes_of_a_network_do_not_say_when_they_were_written():
    x = keras.Input((3,))
    model = keras.Model(x, keras.layers.Dense(2)(x))
    content = to_bytes(model)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {member.date_time[0] for member in archive.infolist()} == {1980}
        assert json.loads(archive.read("metadata.json"))["date_saved"] == ""
    rows = np.ones((2, 3))
    np.testing.assert_array_equal(from_bytes(content)(rows), model(rows))
    assert to_bytes(model) == content


def test_a_network_that_has_been_read_has_the_same_bytes():
    x = keras.Input((3,))
    shared = keras.layers.Dense(3)
    content = to_bytes(keras.Model(x, shared(shared(x)) + keras.layers.Dense(3)(x)))
    again = from_bytes(content)
    assert to_bytes(again) == content
    assert len(again.weights) == 4


@pytest.mark.slow
def test_the_hash_of_a_fitted_estimator_stays_the_same():
    X = np.linspace(0, 1, 60)[:, None]
    y = (X[:, 0] > 0.5).astype(int)
    clf = StructuredDataClassifier(max_trials=1, epochs=2, random_state=0).fit(X, y)
    before = joblib.hash(clf)
    clf.predict(X)
    assert joblib.hash(clf) == before
    read = [pickle.loads(pickle.dumps(clf)) for _ in range(2)]
    assert joblib.hash(read[0]) == joblib.hash(read[1])
