"""Long arrays lie in files that nobody sees, and stay what they are."""

import tempfile

import numpy as np
import pytest

from skautokeras import ImageClassifier
from skautokeras._data import ImageAdapter, Rows, storage


@pytest.fixture
def short_of_memory(monkeypatch, tmp_path):
    """Memory for 500 bytes, and a folder for temporary files."""
    monkeypatch.setattr(storage, "MOST_BYTES", 500)
    monkeypatch.setattr(storage, "_COPIED_AT_ONCE", 100)
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_only_what_is_long_lies_in_a_file(short_of_memory):
    assert type(storage.empty((5, 100), "uint8")) is np.ndarray
    long = storage.empty((5, 101), "uint8")
    assert isinstance(long, np.memmap)
    long[:] = np.arange(5)[:, None]
    assert list(short_of_memory.iterdir()) == []
    np.testing.assert_array_equal(long[:, 0], np.arange(5))


def test_rows_are_taken_from_a_file_into_another(short_of_memory):
    long = storage.empty((50, 4, 4), "float32")
    long[:] = np.arange(50 * 16).reshape(50, 4, 4)
    order = np.random.default_rng(0).permutation(50)
    rows = Rows({"pixels": long}, {"head": np.arange(50)}, None)
    taken = rows.take(order)
    assert isinstance(taken.x["pixels"], np.memmap)
    np.testing.assert_array_equal(taken.x["pixels"], np.asarray(long)[order])
    np.testing.assert_array_equal(taken.y["head"], order)
    few = taken.take(slice(3)).x["pixels"]
    np.testing.assert_array_equal(few, np.asarray(long)[order[:3]])
    assert type(rows.take([4, -1]).x["pixels"]) is np.ndarray


def test_images_of_many_files_are_learned_from_a_file(short_of_memory, monkeypatch):
    pillow = pytest.importorskip("PIL.Image")
    rng = np.random.default_rng(0)
    paths = []
    for i in range(40):
        paths.append(short_of_memory.parent / f"{i}.png")
        pillow.fromarray(rng.integers(0, 256, (8, 8), "uint8")).save(paths[-1])
    y = np.arange(40) % 2
    quick = {"max_trials": 1, "epochs": 1, "ensemble_size": 1, "random_state": 0}
    in_file = ImageAdapter().fit_transform(paths)["pixels"]
    assert isinstance(in_file, np.memmap)
    found = ImageClassifier(**quick).fit(paths, y).predict_proba(paths)
    assert list(short_of_memory.iterdir()) == []
    monkeypatch.setattr(storage, "MOST_BYTES", 2**30)
    in_memory = ImageAdapter().fit_transform(paths)["pixels"]
    np.testing.assert_array_equal(in_file, in_memory)
    expected = ImageClassifier(**quick).fit(paths, y).predict_proba(paths)
    np.testing.assert_allclose(found, expected, atol=1e-5)
