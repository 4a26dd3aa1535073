import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from skautokeras._data import n_rows, take_rows

N_SAMPLES = 6


def make_frame():
    i = np.arange(N_SAMPLES)
    texts = [f"word {k}" for k in i]
    return pd.DataFrame({"size": i * 1.5, "text": texts}, index=i + 100)


def make_data():
    frame = make_frame()
    return {
        "DataFrame": frame,
        "Series": frame["size"],
        "array": np.arange(24).reshape(N_SAMPLES, 2, 2),
        "objects": frame.to_numpy(dtype=object),
        "sparse array": sparse.csc_array(np.eye(N_SAMPLES)),
        "sparse matrix": sparse.coo_matrix(np.eye(N_SAMPLES)),
        "list of texts": frame["text"].tolist(),
        "tuple of texts": tuple(frame["text"]),
        "list of arrays": [np.full((k + 1, 2), k) for k in range(N_SAMPLES)],
        "dict": {"a": frame, "b": frame["text"].tolist()},
    }


def dense(data):
    """What a container holds, as plain lists."""
    if isinstance(data, dict):
        return {name: dense(part) for name, part in data.items()}
    if sparse.issparse(data):
        data = data.toarray()
    if isinstance(data, list | tuple):
        return [np.asarray(value).tolist() for value in data]
    return np.asarray(data).tolist()


@pytest.mark.parametrize("name", make_data())
def test_rows_of_every_container_are_counted_and_taken(name):
    data = make_data()[name]
    rows = np.array([4, 0, 4])
    taken = take_rows(data, rows)
    assert n_rows(data) == N_SAMPLES
    assert n_rows(taken) == 3
    assert type(taken) is type(data) or sparse.issparse(taken)
    wanted = {"a": make_frame(), "b": make_frame()["text"]} if name == "dict" else data
    if isinstance(wanted, dict):
        wanted = {key: [dense(part)[i] for i in rows] for key, part in wanted.items()}
    else:
        wanted = [dense(data)[i] for i in rows]
    assert dense(taken) == wanted


@pytest.mark.parametrize("container", [list, tuple])
def test_elements_are_inputs_only_where_there_are_several(container):
    data = container([np.zeros((5, 2)), np.ones((5, 3, 3))])
    assert n_rows(data) == 2
    assert n_rows(data, n_parts=2) == 5
    (one,) = take_rows(data, [1])
    assert one.shape == (5, 3, 3)
    taken = take_rows(data, [1, 2], n_parts=2)
    assert isinstance(taken, container)
    assert [part.shape for part in taken] == [(2, 2), (2, 3, 3)]


def test_a_single_number_has_no_rows():
    with pytest.raises(TypeError, match="Expected sequence or array-like"):
        n_rows(3.0)
    with pytest.raises(TypeError, match="Expected sequence or array-like"):
        n_rows(np.array(3.0))
