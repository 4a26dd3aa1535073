"""The story of the documentation runs as it is written."""

import doctest
from pathlib import Path

STORY = Path(__file__).parents[2] / "docs" / "story.md"


def test_the_story_runs_as_written():
    found = doctest.testfile(
        str(STORY), module_relative=False, optionflags=doctest.ELLIPSIS
    )
    assert found.attempted > 20
    assert found.failed == 0
