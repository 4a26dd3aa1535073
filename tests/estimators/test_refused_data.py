"""What cannot be learned from is refused by all estimators in the same words."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from skautokeras import (
    AutoModel,
    ClassificationHead,
    ImageClassifier,
    ImageRegressor,
    StructuredDataClassifier,
    StructuredDataInput,
    TextClassifier,
)
from skautokeras._data import ImageAdapter

QUICK = {"max_trials": 1, "epochs": 1, "random_state": 0, "ensemble_size": 1}
N = 40
TABLE = pd.DataFrame({"x": np.arange(N) / 4, "code": np.arange(N)})
NAMES = np.where(np.arange(N) % 2, "yes", "no")


@pytest.mark.parametrize(
    "labels",
    [
        NAMES.astype("S"),
        NAMES.astype("S").astype(object),
        NAMES.astype("S").tolist(),
        NAMES.astype("S")[:, None],
        pd.Series(NAMES.astype("S").astype(object)),
    ],
    ids=["array", "objects", "list", "column", "Series"],
)
@pytest.mark.parametrize(
    ("estimator", "X"),
    [
        (StructuredDataClassifier(**QUICK), TABLE),
        (AutoModel(StructuredDataInput(), ClassificationHead(), **QUICK), TABLE),
        (TextClassifier(**QUICK), ["a word"] * N),
    ],
    ids=["table", "AutoModel", "texts"],
)
def test_labels_of_bytes_are_refused_with_advice(estimator, X, labels):
    with pytest.raises(TypeError, match="labels represented as bytes is not supported"):
        estimator.fit(X, labels)


def open_image(path):
    with Image.open(path) as image:
        return image.copy()


@pytest.mark.parametrize("values", ["path", Path, str.encode, open_image])
@pytest.mark.parametrize(
    "make",
    [
        lambda frame: frame,
        lambda frame: frame[["id", "path"]],
        lambda frame: frame.to_numpy(),
        lambda frame: frame.assign(id=frame["path"]),
    ],
    ids=["frame", "other order", "array", "two paths"],
)
@pytest.mark.parametrize("estimator", [ImageClassifier, ImageRegressor])
def test_images_have_one_column(estimator, make, values, tmp_path):
    paths = []
    for i in range(4):
        paths.append(str(tmp_path / f"{i}.png"))
        Image.fromarray(np.full((8, 8), i, np.uint8)).save(paths[i])
    cells = paths if values == "path" else [values(path) for path in paths]
    frame = pd.DataFrame({"path": pd.Series(cells, dtype=object), "id": range(4)})
    message = r"one column of paths or images, got an array of shape \(4, 2\)"
    with pytest.raises(ValueError, match=message):
        estimator(**QUICK).fit(make(frame), [0, 1, 0, 1])


def test_pixels_may_be_strings_in_several_columns():
    pixels = pd.DataFrame(np.arange(40 * 16).reshape(40, 16) % 255).astype(str)
    adapter = ImageAdapter(image_shape=(4, 4))
    found = adapter.fit_transform(pixels.astype(object))["pixels"]
    assert found.shape == (40, 4, 4, 1)
