"""Temporary folders are deleted, also if a signal ends the process that made them."""

import os
import signal
import subprocess
import sys
import time

import pytest

from skautokeras._search.temporary_folder import temporary_folder

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs signals")


def test_a_folder_is_there_as_long_as_the_context(tmp_path, monkeypatch):
    def work():
        with temporary_folder() as path:
            assert os.listdir(tmp_path) == [os.path.basename(path)]
            raise ZeroDivisionError

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(ZeroDivisionError):
        work()
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("error", [OSError, ValueError])
def test_a_folder_does_not_need_the_other_process(tmp_path, monkeypatch, error):
    def fail(*_):
        raise error

    register = "joblib.externals.loky.backend.resource_tracker.register"
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(register, fail)
    with temporary_folder() as path:
        assert os.path.isdir(path)
    assert os.listdir(tmp_path) == []


HOLD = """
import sys, time
from skautokeras._search.temporary_folder import temporary_folder

with temporary_folder() as path:
    open(path + "/rows", "w").close()
    print("ready", flush=True)
    if sys.argv[1] == "wait":
        time.sleep(60)
"""

SEARCH = """
import sys
from sklearn.datasets import load_iris
from skautokeras import StructuredDataClassifier

if __name__ == "__main__":
    n_jobs, max_trials = map(int, sys.argv[1:])
    StructuredDataClassifier(
        max_trials=max_trials,
        n_jobs=n_jobs,
        cv=None,
        refit=False,
        verbose=1,
        random_state=0,
    ).fit(*load_iris(return_X_y=True))
"""


@pytest.fixture
def start(tmp_path):
    """Start a program whose temporary files are in the folder "temporary"."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    started = []

    def start(code, *arguments):
        (tmp_path / "program.py").write_text(code)
        program = subprocess.Popen(
            [sys.executable, "-u", tmp_path / "program.py", *map(str, arguments)],
            env={**os.environ, "TMPDIR": str(temporary)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(program)
        return program

    yield start
    for program in started:
        program.kill()
        program.communicate()


def wait_for_line(program, beginning):
    for line in program.stdout:
        if line.startswith(beginning):
            return
    raise AssertionError(program.stderr.read())


def wait_until_empty(folder, seconds=30.0):
    end = time.monotonic() + seconds
    while os.listdir(folder):
        assert time.monotonic() < end, f"There is still {os.listdir(folder)}."
        time.sleep(0.1)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_signal_leaves_no_folder(start, tmp_path, number):
    program = start(HOLD, "wait")
    wait_for_line(program, "ready")
    (folder,) = (tmp_path / "temporary").iterdir()
    assert [path.name for path in folder.iterdir()] == ["rows"]
    program.send_signal(number)
    assert program.wait(timeout=30) == -number
    wait_until_empty(tmp_path / "temporary")


def test_nothing_is_said_if_all_goes_well(start, tmp_path):
    program = start(HOLD, "go on")
    assert program.communicate(timeout=60) == ("ready\n", "")
    assert os.listdir(tmp_path / "temporary") == []


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_signal_leaves_no_rows_of_a_search_with_workers(start, tmp_path, number):
    program = start(SEARCH, 2, 500)
    wait_for_line(program, "Trial")
    assert any(path.is_file() for path in (tmp_path / "temporary").glob("*/*"))
    program.send_signal(number)
    assert program.wait(timeout=30) == -number
    wait_until_empty(tmp_path / "temporary")


@pytest.mark.slow
def test_a_search_with_workers_ends_without_a_word_about_folders(start, tmp_path):
    program = start(SEARCH, 2, 3)
    _, errors = program.communicate(timeout=300)
    assert program.returncode == 0, errors
    assert "resource_tracker" not in errors
    assert os.listdir(tmp_path / "temporary") == []


@pytest.mark.slow
def test_a_search_without_workers_needs_no_folder_and_no_other_process(start, tmp_path):
    psutil = pytest.importorskip("psutil")
    program = start(SEARCH, 1, 500)
    wait_for_line(program, "Trial")
    assert os.listdir(tmp_path / "temporary") == []
    assert psutil.Process(program.pid).children() == []
