"""The files with the results: facts, tables and figures."""

import json
import re
from importlib.metadata import version

import pytest

from benchmarks.harness.command_line import SUITES
from benchmarks.harness.curves import band, best_at, seconds_until
from benchmarks.harness.machine import machine_facts, software_versions
from benchmarks.harness.peers import Peers
from benchmarks.harness.results import (
    Results,
    ResultsExistError,
    read_document,
    render,
)


def document(measurements):
    return {
        "started": "2026-01-01T00:00:00+00:00",
        "finished": "2026-01-01T01:00:00+00:00",
        "machine": machine_facts(),
        "source": "abc1234",
        "versions": {"skautokeras": software_versions()},
        "measurements": measurements,
    }


def table_of(suite, measurements):
    """Return the cells of a suite's table, from its results as they are stored."""
    stored = json.loads(json.dumps(document(measurements)))
    lines = render(SUITES[suite], stored).splitlines()
    rows = [line for line in lines if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def search_of(name, seed, scores):
    return {
        "dataset": "titanic",
        "search": name,
        "seed": seed,
        "max_time": 10.0,
        "fit_seconds": 10.5,
        "ended": [1.0 + i for i in range(len(scores))],
        "scores": scores,
        "status": ["failed" if score is None else "completed" for score in scores],
        "test_score": 0.8,
    }


def test_the_table_of_mixed_data_has_a_row_per_kind():
    rows = [
        {
            "dataset": "houses",
            "seed": seed,
            "method": "AutoModel",
            "of": of,
            "score": score,
            "fit_seconds": 10.0,
            "n_trials": 3,
            "peak_rss_mb": 900.0,
        }
        for seed, score in ((0, 0.5), (1, 0.7))
        for of in ("images", "attributes and images")
    ]
    cells = table_of("mixed", rows)
    assert [row[2] for row in cells[2:]] == ["images", "attributes and images"]
    assert cells[2][4] == "0.6000 (0.5000 to 0.7000)"


def test_the_table_of_exports_has_a_row_per_format():
    row = {
        "dataset": "adult",
        "seed": 0,
        "starts": "raw data",
        "n_rows": 200,
        "n_missing": 280,
        "difference": 1.2e-7,
        "export_seconds": 3.21,
        "mb": 1.5,
    }
    rows = [{**row, "format": format} for format in ("tf_saved_model", "onnx")]
    cells = table_of("exports", rows)

    assert [line[1] for line in cells[2:]] == ["tf_saved_model", "onnx"]
    assert cells[2][3:] == ["200", "280", "1.2e-07", "3.2", "1.5"]


def test_machine_facts_are_json_and_plausible():
    facts = json.loads(json.dumps(machine_facts()))

    assert facts["cpu"]
    assert 1 <= facts["usable_cores"] <= facts["cores"]
    assert facts["memory_gb"] is None or facts["memory_gb"] > 0.5
    assert software_versions()["numpy"] == version("numpy")


def test_the_table_has_median_and_range_over_the_seeds():
    measured = [
        {
            "dataset": "titanic",
            "seed": seed,
            "max_trials": 20,
            "search_seconds": 10.0 * ratio,
            "bare_seconds": 10.0,
            "ratio": ratio,
        }
        for seed, ratio in enumerate([1.1, 0.9, 1.0])
    ]
    _, _, row = table_of("overhead", measured)

    assert row[:3] == ["titanic", "20", "3"]
    assert row[-3:] == ["10.0 (9.0 to 11.0)", "10.0", "1.00 (0.90 to 1.10)"]


@pytest.mark.parametrize("suite", SUITES)
def test_a_table_can_be_made_of_nothing_and_of_failures(suite):
    failed = {
        "dataset": "titanic",
        "seed": 3,
        "method": "mlp",
        "task": "classification",
        "metric": "accuracy",
        "texts": "all",
        "search": "random",
        "prune": None,
        "max_trials": 20,
        "n_jobs": 1,
        "error": "out | of\nmemory",
    }
    assert len(table_of(suite, [])) >= 2
    (line,) = re.findall("^- .*", render(SUITES[suite], document([failed])), re.M)
    assert "seed 3" in line
    assert line.endswith(": out | of memory")


def test_searches_are_compared_with_random_seed_by_seed():
    measured = [
        search_of("random", 0, [0.1, 0.3]),
        search_of("random", 1, [0.5, 0.4, None]),
        search_of("greedy", 0, [0.2, 0.3, 0.6]),
        search_of("greedy", 1, [0.1, None, 0.2]),
    ]
    header, _, random, greedy = table_of("anytime", measured)

    assert random[header.index("better than random")] == "0 of 2"
    assert greedy[header.index("better than random")] == "1 of 2"
    assert greedy[header.index("s to the best of random")] == "2 (1 of 2)"
    assert greedy[header.index("best at the end")] == "0.4000 (0.2000 to 0.6000)"


def test_the_band_begins_where_every_seed_has_a_score():
    rows = [search_of("greedy", 0, [0.2, 0.4]), search_of("greedy", 1, [None, 0.1])]

    assert best_at(rows[1], 1.5) is None
    assert seconds_until(rows[0], 0.3) == 2.0
    seconds, middle, low, high = zip(*band(rows), strict=True)
    assert seconds == (2.0, 10.5)
    assert middle == pytest.approx((0.25, 0.25))
    assert (low, high) == ((0.1, 0.1), (0.4, 0.4))


def test_the_curves_are_plotted(tmp_path):
    pytest.importorskip("matplotlib")
    suite = SUITES["anytime"]
    suite.plot([search_of("greedy", 0, [0.2, 0.4])], tmp_path / "anytime")

    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".png", ".svg"]


def test_a_killed_run_keeps_what_it_has(tmp_path):
    results = Results(SUITES["memory"], {"seeds": [0]}, tmp_path, Peers())
    case = {"dataset": "titanic", "seed": 0, "max_trials": 20}
    results.add({**case, "n_trials": 10, "rss_mb": 500.0})

    stored = read_document(tmp_path, "memory")
    assert stored["measurements"] == [{**case, "n_trials": 10, "rss_mb": 500.0}]
    assert stored["options"] == {"seeds": [0]}
    assert stored["finished"] is None
    assert "not finished" in (tmp_path / "memory.md").read_text(encoding="utf-8")


def table_row(dataset, **more):
    row = {"dataset": dataset, "method": "mlp", "seed": 0, "task": "classification"}
    return {**row, "metric": "accuracy", **more}


def test_a_killed_run_is_continued(tmp_path):
    suite, options = SUITES["tabular"], {"seeds": [0]}
    first = Results(suite, options, tmp_path, Peers())
    failed = table_row("titanic", error="out of memory")
    first.add(failed)
    first.add(table_row("adult", score=0.8, reference="read from a file"))
    with (tmp_path / "tabular.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"dataset": "wi')  # killed in the middle of a line
    again = Results(suite, options, tmp_path, Peers())

    assert again.finished == {("adult", "mlp", 0)}
    assert again.document["started"] == first.document["started"]
    assert len(again.document["continued"]) == 1
    again.add({**failed, "error": "out of memory again"})
    stored = read_document(tmp_path, "tabular")["measurements"]
    assert [row.get("error") for row in stored] == [None, "out of memory again"]


def test_a_run_with_other_options_is_not_continued(tmp_path):
    Results(SUITES["tabular"], {"seeds": [0], "rows": [None]}, tmp_path, Peers())
    with pytest.raises(ResultsExistError, match="already, with other seeds; name"):
        Results(SUITES["tabular"], {"seeds": [1], "rows": [None]}, tmp_path, Peers())
