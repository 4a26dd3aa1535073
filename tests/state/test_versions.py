"""Versions of packages that are installed under another name."""

import importlib.metadata

import pytest

from skautokeras._state import version_of


@pytest.fixture
def only_a_build(monkeypatch):
    """Let TensorFlow be installed as tensorflow-cpu."""
    installed = importlib.metadata.version

    def version(name):
        if name == "tensorflow":
            raise importlib.metadata.PackageNotFoundError(name)
        return "9.8.7" if name == "tensorflow-cpu" else installed(name)

    def distributions():
        return {"tensorflow": ["tensorflow-cpu"]}

    monkeypatch.setattr("skautokeras._state.versions.version", version)
    monkeypatch.setattr(
        "skautokeras._state.versions.packages_distributions", distributions
    )
    version_of.cache_clear()
    yield
    version_of.cache_clear()


def test_a_build_of_another_name_has_a_version(only_a_build):
    assert version_of("tensorflow") == "9.8.7"
    assert version_of("numpy") == importlib.metadata.version("numpy")
    assert version_of("no-such-package") == "?"


def test_a_report_tells_the_version_of_such_a_build(only_a_build):
    pytest.importorskip("jinja2")
    from skautokeras.inspection._report.writing import _versions

    found = _versions()
    assert found["tensorflow"] == "9.8.7"
    assert "?" not in found.values()
