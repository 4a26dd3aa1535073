"""The code of the page on scaling runs as it is written."""

import doctest
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "scaling.md"


@pytest.mark.slow
def test_the_page_on_scaling_runs_as_written():
    found = doctest.testfile(
        str(PAGE), module_relative=False, optionflags=doctest.ELLIPSIS
    )
    assert found.attempted > 8
    assert found.failed == 0
