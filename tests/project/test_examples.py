"""The examples run as the README says."""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pytest

from skautokeras import StructuredDataClassifier

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
        ("three_levels.py", ["Task: 0.9", "Inputs and heads: 0.", "SearchSpace: 0."]),
        ("text_and_table.py", ["fare  survived\n", "Score: ", "fare_loss: "]),
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


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def post(url, content):
    """Return the answer as soon as the server is there."""
    request = urllib.request.Request(
        url, json.dumps(content).encode(), {"Content-Type": "application/json"}
    )
    for _ in range(300):
        try:
            with urllib.request.urlopen(request) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise AssertionError(error.read().decode()) from error
        except urllib.error.URLError:
            time.sleep(0.2)
    raise AssertionError("The server did not start.")


@pytest.mark.slow
def test_the_server_says_what_the_estimator_says(tmp_path, titanic):
    X, y = titanic
    clf = StructuredDataClassifier(max_trials=1, epochs=1, random_state=0).fit(X, y)
    clf.export(tmp_path / "model")
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", "serve:app", "--port", str(port)],
        cwd=ROOT / "examples",
        env={**os.environ, "MODEL": str(tmp_path / "model")},
        stderr=subprocess.PIPE,
    )
    try:
        rows = X.head(20)
        numbers = rows.select_dtypes("number").astype(float)
        strings = rows.select_dtypes(exclude="number").astype(object)
        strings = strings.where(strings.notna(), "").astype(str)
        columns = {**numbers.to_dict("list"), **strings.to_dict("list")}
        answer = post(f"http://127.0.0.1:{port}/predict", columns)
    finally:
        server.terminate()
        server.communicate()
    np.testing.assert_allclose(
        answer["probabilities"], clf.predict_proba(rows), atol=1e-4
    )
    assert answer["label"] == clf.predict(rows).tolist()


def test_every_example_is_run():
    source = Path(__file__).read_text(encoding="utf-8")
    for path in (ROOT / "examples").glob("*.py"):
        assert f'"{path.name}"' in source or f'"{path.stem}:app"' in source
