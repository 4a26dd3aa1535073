"""Rows are counted only where X has rows."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from skautokeras._fit import RawRows

Image = pytest.importorskip("PIL.Image")

IMAGE = Image.fromarray(np.zeros((6, 8), np.uint8))
# The bytes with which an image file begins.
BEGINNING = b"\x89PNG\r\n\x1a\n"


def check(X, **names):
    """Check as many rows as the single X seems to have."""
    return RawRows(X, np.zeros(6), **names).checked(lambda X: X, name="Estimator")


@pytest.mark.parametrize("X", ["ca.png", "ca.JPG", Path("ca.tif"), BEGINNING, IMAGE])
def test_a_single_image_is_named_before_rows_are_counted(X):
    with pytest.raises(ValueError, match=r"^X is a single image; put it into a list"):
        check(X)
    with pytest.raises(ValueError, match=r"^Input 'photo': X is a single image; put"):
        check({"photo": X, "size": np.zeros(6)}, inputs=("photo", "size"))
    with pytest.raises(ValueError, match=r"^Input 'photo': X is a single image; put"):
        check([X, np.zeros(6)], inputs=("photo", "size"))


@pytest.mark.parametrize("kind", [str, Path])
def test_a_folder_is_named_before_rows_are_counted(kind, tmp_path):
    with pytest.raises(ValueError, match=r"^X is the folder '.*'; pass the list of"):
        check(kind(tmp_path))


@pytest.mark.parametrize("X", ["a text", b"a text", Path("a file")])
def test_what_may_be_a_text_is_named_before_rows_are_counted(X):
    with pytest.raises(ValueError, match=r"^X is a single \w+, .*into a list: \[X\]"):
        check(X)


@pytest.mark.parametrize("row", ["ca.png", "a text", BEGINNING, IMAGE])
def test_a_list_has_rows(row):
    assert check([row] * 6).n_rows == 6


def test_a_column_called_read_is_no_file():
    scores = pd.DataFrame({"read": np.arange(6.0), "write": np.ones(6)})
    assert check(scores).X is scores
