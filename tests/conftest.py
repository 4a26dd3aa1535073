"""What every test run needs: a quiet, small TensorFlow and a clean place to work."""

import os
import tempfile
from pathlib import Path

import hypothesis
import pytest

from skautokeras.datasets import load_titanic

# Before anything imports TensorFlow, and inherited by the processes that tests start.
os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
# Keras writes its configuration there on import, and would read the user's.
_keras_home = tempfile.TemporaryDirectory(prefix="keras-home-")
os.environ["KERAS_HOME"] = _keras_home.name
if "PYTEST_XDIST_WORKER" in os.environ:
    # Two workers with all the threads of the machine each wait for one another.
    os.environ["TF_NUM_INTRAOP_THREADS"] = "1"
    os.environ["TF_NUM_INTEROP_THREADS"] = "1"
    os.environ["OMP_NUM_THREADS"] = "1"

# The same examples in every run, without a time limit that a busy machine breaks and
# without a folder of past failures.
hypothesis.settings.register_profile(
    "skautokeras", deadline=None, derandomize=True, database=None
)
hypothesis.settings.load_profile("skautokeras")


@pytest.fixture
def titanic():
    """The Titanic table as (X, y): a DataFrame of mixed types and a 0/1 Series."""
    return load_titanic(return_X_y=True)


def _visible_entries():
    """Return the unhidden entries of the working directory and of the home directory.

    Hidden ones are the caches of pytest, ruff, coverage and others.
    """
    entries = {*Path.cwd().iterdir(), *Path.home().iterdir()}
    return {path for path in entries if not path.name.startswith((".", "__pycache__"))}


@pytest.fixture(scope="session", autouse=True)
def _nothing_is_left_behind():
    """Fail the run if it leaves a file where the user did not ask for one."""
    before = _visible_entries()
    yield
    left = sorted(str(path) for path in _visible_entries() - before)
    assert not left, f"The tests left files behind: {left}"
