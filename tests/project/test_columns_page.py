"""The page about kinds of columns runs as it is written and names the thresholds."""

import doctest
from pathlib import Path

import pytest

from skautokeras import _data

PAGE = Path(__file__).parents[2] / "docs" / "columns.md"


def test_the_page_runs_as_written():
    found = doctest.testfile(
        str(PAGE), module_relative=False, optionflags=doctest.ELLIPSIS
    )
    assert found.attempted > 8
    assert found.failed == 0


@pytest.mark.parametrize(
    ("sentence", "name"),
    [
        ("at least {:.0%} of them are numbers", "PARSED_MIN_SHARE"),
        ("dates of one format, with at least {} different ones", "PARSED_MIN_UNIQUE"),
        ("without a unit need {} different values", "WHOLE_MIN_UNIQUE"),
        ("number of characters, which is at least {}", "CODE_MIN_LENGTH"),
        ("there are at least {} different ones", "TEXT_MIN_UNIQUE"),
        ("they differ in at least {:.0%} of the rows", "TEXT_MIN_UNIQUE_SHARE"),
        ("half of them have {} words or more", "TEXT_MIN_WORDS"),
        ("more than {} different ones", "SHORT_TEXT_MIN_UNIQUE"),
        ("more than {:.0%} of the rows", "SHORT_TEXT_MIN_UNIQUE_SHARE"),
        ("at least {} rows, every row with its own value", "IDENTIFIER_MIN_ROWS"),
        ("sparse matrix with more than {} columns", "MAX_DENSE_COLUMNS"),
        ("a value in at most {:.0%} of its rows", "MOSTLY_ZERO_SHARE"),
        ("fewer than {} rows", "RARE_MIN_SAMPLES"),
        ("more than {} categories", "RARE_MIN_CATEGORIES"),
        ("up to {} frequent words", "MAX_WORDS"),
        ("at least {} rows, 49 different numbers", "FEWEST_ROWS"),
    ],
)
def test_the_page_names_the_thresholds_of_the_code(sentence, name):
    text = " ".join(PAGE.read_text(encoding="utf-8").split())
    threshold = sentence.format(getattr(_data, name)).replace("%", " %")
    assert threshold in text
