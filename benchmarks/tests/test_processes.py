"""Fresh processes, and the environments of other libraries."""

import sys
import textwrap

import pytest

from benchmarks.harness.machine import software_versions
from benchmarks.harness.peers import AUTOKERAS, PeerMissingError, Peers
from benchmarks.harness.process import run


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Functions that a fresh process can import."""
    source = """
        import time

        def fail(spec, report):
            print("a word of a library", end="")
            report({"value": spec["value"] + 1, "loss": float("nan")})
            raise ValueError("no more of it")

        def hang(spec, report):
            report({"value": 1})
            time.sleep(600)
    """
    (tmp_path / "to_measure.py").write_text(textwrap.dedent(source))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return "to_measure"


def test_what_a_process_reports_before_it_fails_is_kept(module):
    assert list(run(f"{module}:fail", {"value": 1})) == [
        {"value": 2, "loss": None},
        {"error": "ValueError: no more of it"},
    ]


def test_a_process_is_stopped_in_time(module):
    results = list(run(f"{module}:hang", {}, timeout=3))

    assert results[-1] == {"error": "no end after 3 s"}


def test_an_interpreter_that_is_missing_is_a_failed_measurement(tmp_path):
    (result,) = run(
        "benchmarks.methods.table_methods:fit_method", {}, python=str(tmp_path / "no")
    )

    assert "No such file" in result["error"]


def test_a_peer_without_a_folder_is_left_out():
    with pytest.raises(PeerMissingError, match="name a folder with --peers"):
        Peers().autokeras()


@pytest.mark.slow
def test_a_peer_that_cannot_be_installed_is_left_out(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")  # as without a network
    peers = Peers(tmp_path)

    for _ in range(2):
        with pytest.raises(PeerMissingError, match="No matching distribution"):
            peers.autokeras()
    assert peers.versions == {}


def test_a_folder_that_is_no_environment_is_left_alone(tmp_path):
    (tmp_path / "autokeras").mkdir()
    (tmp_path / "autokeras" / "thesis.txt").write_text("years of work")
    with pytest.raises(PeerMissingError, match="is left alone"):
        Peers(tmp_path).autokeras()

    assert (tmp_path / "autokeras" / "thesis.txt").read_text() == "years of work"


def test_an_environment_that_is_there_is_used_again(tmp_path):
    bin_folder = tmp_path / "autokeras" / "bin"
    bin_folder.mkdir(parents=True)
    (bin_folder / "python").symlink_to(sys.executable)
    (tmp_path / "autokeras" / "installed.txt").write_text("\n".join(AUTOKERAS))
    peers = Peers(tmp_path)

    assert peers.autokeras() == str(bin_folder / "python")
    assert peers.versions["autokeras"]["python"] == software_versions()["python"]
