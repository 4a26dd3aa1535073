"""The examples run as the README says."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_quickstart_searches_reports_and_cleans_up(tmp_path):
    home, workplace, scratch = (tmp_path / name for name in ("home", "here", "tmp"))
    for folder in (home, workplace, scratch):
        folder.mkdir()
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / "quickstart.py"],
        cwd=workplace,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "HOME": str(home),
            "TMPDIR": str(scratch),
        },
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr
    progress, _, rest = done.stdout.partition("Leaderboard")
    leaderboard, _, rest = rest.partition("Test score:")
    assert len(progress.splitlines()) >= 2  # a line per trial
    header, *trials = leaderboard.strip().splitlines()
    assert "score" in header
    assert len(trials) >= 2
    assert 0.7 < float(re.match(r"\s*(0\.\d+)", rest).group(1)) < 1
    exported = re.search(r"Exported model: (\S+\.keras) \((\d+) KiB\)", rest)
    assert Path(exported.group(1)).is_relative_to(scratch)
    assert int(exported.group(2)) > 0
    # Hidden entries of the home directory are the caches of other packages.
    visible = (path for path in home.iterdir() if not path.name.startswith("."))
    assert [*workplace.iterdir(), *scratch.iterdir(), *visible] == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("three_levels.py", ["Task: 0.9", "Inputs and heads: 0.", "Graph: 0."]),
        ("text_and_table.py", ["  survived\n0", "Score: ", "fare_loss: "]),
        ("custom_block.py", ["R2: [0.", "gated_block_1/units", "gate"]),
        ("texts.py", ["Strings: 0.9", "Pipelines: 0.", "Numbers: 0."]),
        ("images.py", ["Arrays: 0.9", "Rows: 0.", "Files: 0."]),
    ],
)
def test_examples_run_and_leave_nothing_behind(tmp_path, name, said):
    done = subprocess.run(
        [sys.executable, "-W", "error::FutureWarning", ROOT / "examples" / name],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr
    for text in said:
        assert text in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_every_example_is_run():
    source = Path(__file__).read_text(encoding="utf-8")
    for path in (ROOT / "examples").glob("*.py"):
        assert f'"{path.name}"' in source
