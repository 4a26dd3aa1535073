"""What every test of the benchmarks needs: a quiet TensorFlow, and made-up reviews."""

import os
import tempfile

import numpy as np
import pandas as pd
import pytest

# These are set before anything imports TensorFlow, and the processes that tests start
# inherit them. Keras writes its configuration into KERAS_HOME when it is imported.
os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
_keras_home = tempfile.TemporaryDirectory(prefix="keras-home-")
os.environ["KERAS_HOME"] = _keras_home.name


@pytest.fixture
def reviews(tmp_path):
    """A folder with made-up reviews, one of which is the word "null"."""
    (tmp_path / "imdb").mkdir()
    texts = ["null", *(f"{'good' if i % 2 else 'bad'} film {i}" for i in range(59))]
    for split in ("train", "test"):
        table = pd.DataFrame({"text": texts, "target": np.arange(60) % 2})
        table.to_csv(tmp_path / "imdb" / f"{split}.csv.gz", index=False)
        stars = pd.DataFrame({"rating": 1 + np.arange(60) % 10})
        stars.to_csv(tmp_path / "imdb" / f"{split}_rating.csv.gz", index=False)
    return tmp_path
