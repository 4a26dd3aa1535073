"""Ranks of methods, and the suite and the reports that show them."""

from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks.harness import ranks
from benchmarks.harness.combine import combine, main
from benchmarks.harness.command_line import SUITES, parse_arguments
from benchmarks.harness.error_ratios import comparable
from benchmarks.harness.machine import machine_facts
from benchmarks.harness.results import write_files

# Three methods on four data sets, greater being better; the ranks are, by hand,
# 1 2 3, 1.5 1.5 3, 3 1.5 1.5 and 1 2 3.
EXAMPLE = [[0.9, 0.8, 0.7], [0.6, 0.6, 0.5], [0.4, 0.5, 0.5], [0.3, 0.2, 0.1]]
# Average ranks of four methods over 14 data sets in Demšar (2006), section 3.2.2.
PUBLISHED_RANKS = [3.143, 2.0, 2.893, 1.964]


def measured(dataset, method, seed, score, **more):
    row = dict.fromkeys(["auc", "log_loss", "calibration_error", "n_trials"])
    row |= {"trials_per_minute": None, "fit_seconds": 1.0, "import_seconds": 1.0}
    row |= {"dataset": dataset, "method": method, "seed": seed, "score": score}
    row |= {"task": "classification", "metric": "accuracy"}
    if dataset == "diamonds":
        row |= {"task": "regression", "metric": "RMSE"}
    return {**row, "rmse": 1 - score, "peak_rss_mb": 200.0, "note": "", **more}


def test_ranks_are_those_worked_out_by_hand():
    assert ranks.average_ranks(EXAMPLE).tolist() == [6.5 / 4, 7 / 4, 10.5 / 4]
    # 4 (1.625^2 + 1.75^2 + 2.625^2 - 12) over the correction for two ties, 1 - 12 / 96;
    # for three methods chi-square has two degrees of freedom.
    statistic = 4 * (1.625**2 + 1.75**2 + 2.625**2 - 12) / 0.875
    assert ranks.friedman_p_value(EXAMPLE) == pytest.approx(np.exp(-statistic / 2))


def test_the_critical_differences_are_those_of_a_published_example():
    at_5, at_10 = (ranks.critical_difference(4, 14, alpha) for alpha in (0.05, 0.1))

    assert at_5 == pytest.approx(1.25, abs=0.01)
    assert at_10 == pytest.approx(1.12, abs=0.01)
    assert ranks.not_different(PUBLISHED_RANKS, at_5) == [(1.964, 3.143)]
    assert ranks.not_different(PUBLISHED_RANKS, at_10) == [
        (1.964, 2.893),
        (2.893, 3.143),
    ]


@pytest.mark.parametrize(
    ("n_methods", "q"), [(2, 1.960), (3, 2.343), (5, 2.728), (10, 3.164)]
)
def test_critical_values_are_those_of_the_table(n_methods, q):
    # With so many data sets the difference is the critical value itself.
    n_datasets = n_methods * (n_methods + 1) / 6
    assert ranks.critical_difference(n_methods, n_datasets) == pytest.approx(
        q, abs=1e-3
    )


def test_win_rates_are_those_worked_out_by_hand():
    wins = ranks.win_rates(EXAMPLE)

    assert wins[0, 1:].tolist() == [2.5 / 4, 3 / 4]
    assert wins[1, 2] == 3.5 / 4
    # A rank is one more than the share that the others win, added up.
    np.testing.assert_allclose(wins.sum(axis=0) + 0.5, ranks.average_ranks(EXAMPLE))


@pytest.mark.parametrize(
    ("given", "difference", "groups"),
    [
        ([1.0, 2.0, 3.0], 0.5, []),
        ([1.0, 2.0, 3.0], 1.5, [(1.0, 2.0), (2.0, 3.0)]),
        ([3.0, 1.0, 2.0], 2.5, [(1.0, 3.0)]),
        ([1.5, 1.5, 3.0], 0.5, [(1.5, 1.5)]),
    ],
)
def test_bars_join_what_does_not_differ(given, difference, groups):
    assert ranks.not_different(given, difference) == groups


def test_there_is_no_p_value_where_all_is_tied():
    assert ranks.friedman_p_value(np.ones((4, 3))) is None


def test_methods_are_compared_where_all_have_a_result():
    rows = [
        measured("titanic", "mlp", 0, 0.8),
        measured("titanic", "skautokeras", 0, 0.7),
        measured("titanic", "skautokeras", 1, 0.9),
        measured("diamonds", "skautokeras", 0, 0.9),
        measured("diamonds", "mlp", 0, 0.5),
        measured("adult", "mlp", 0, 0.8),
        {"dataset": "adult", "method": "skautokeras", "seed": 0, "error": "why"},
        {"dataset": "adult", "method": "autokeras", "seed": 0, "error": "why"},
    ]
    methods, scores = comparable(rows)

    assert methods == ["mlp", "skautokeras"]
    # Accuracy of the seed that both have; the negative RMSE, in the same order.
    assert scores["titanic"] == [0.8, 0.7]
    assert scores["diamonds"] == pytest.approx([-0.5, -0.1])
    assert "adult" not in scores


def test_the_report_has_scores_by_task_and_ranks():
    rows = [
        measured(dataset, method, seed, score + 0.1 * seed)
        for dataset in ("titanic", "diamonds")
        for method, score in (("mlp", 0.5), ("skautokeras", 0.7))
        for seed in (0, 1)
    ]
    report = SUITES["tabular"].make_table(rows)

    assert "## Classification: accuracy ranks" in report
    assert "| titanic | skautokeras | 2/2 | 0.7500 ± 0.0707 | - |" in report
    assert "| diamonds | mlp | 2/2 | 0.45 ± 0.070711 | 0.5500 ± 0.0707 |" in report
    assert "| skautokeras | 1.00 | - | 1.00 |" in report
    assert "| mlp | 2.00 | 0.00 | - |" in report


def test_the_ranks_are_drawn(tmp_path):
    pytest.importorskip("matplotlib")
    plot = SUITES["tabular"].plot
    plot([measured("titanic", "mlp", 0, 0.8)], tmp_path / "tabular")
    assert not list(tmp_path.iterdir())

    rows = [measured("titanic", m, 0, s) for m, s in (("mlp", 0.8), ("tabm_d", 0.9))]
    plot(rows, tmp_path / "tabular")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["tabular.png", "tabular.svg"]


def test_one_number_of_rows_is_compared_at_a_time():
    command = ["--suite", "tabular", ".", "--rows", "100", "200"]
    _, ((suite, options),) = parse_arguments(command)
    with pytest.raises(ValueError, match=r"one number of --rows, got \[100, 200\]"):
        next(suite.measurements(SimpleNamespace(**options)))


def run_of(*rows, **options):
    return {
        "suite": "tabular",
        "started": "2026-01-01T00:00:00+00:00",
        "finished": "2026-01-01T01:00:00+00:00",
        "options": {"max_time": 30.0, **options},
        "machine": machine_facts(),
        "source": "abc1234",
        "versions": {"skautokeras": {"python": "3"}},
        "measurements": list(rows),
    }


def test_runs_are_combined_into_one_report(tmp_path):
    failed = {"dataset": "titanic", "method": "tabm_d", "seed": 0, "error": "why"}
    failed |= {"task": "classification", "metric": "accuracy"}
    again = measured("titanic", "tabm_d", 0, 0.9)
    runs = [
        run_of(measured("titanic", "mlp", 0, 0.8), failed, methods=["mlp", "tabm_d"]),
        run_of(again, methods=["tabm_d"]),
        run_of(failed, methods=["tabm_d"]),
    ]
    for i, run in enumerate(runs):
        (tmp_path / f"{i}").mkdir()
        write_files(SUITES["tabular"], run, tmp_path / f"{i}")
    folders = [str(tmp_path / f"{i}") for i in range(3)]
    main([*folders, "--output", str(tmp_path / "all")])

    report = (tmp_path / "all" / "tabular.md").read_text(encoding="utf-8")
    assert "| titanic | tabm_d | 1/1 | 0.9000 |" in report
    assert "| mlp | 2.00 | 0.00 | - |" in report
    assert "not finished" not in report


def test_runs_of_different_versions_are_compared_by_their_labels():
    peer = measured("titanic", "hgb", None, 0.9, reference="read from a file")
    runs = [run_of(peer, measured("titanic", "mlp", 0, s)) for s in (0.7, 0.8)]
    combined = combine(runs, labels=["before", "after"])["measurements"]

    assert [row["method"] for row in combined] == ["hgb", "mlp [before]", "mlp [after]"]


def test_runs_with_different_budgets_are_not_combined():
    with pytest.raises(ValueError, match=r"different options: .*30.* and .*600"):
        combine([run_of(), run_of(max_time=600.0)])


def test_folds_are_combined_with_folds_but_not_with_test_files():
    runs = [run_of(validation=folds) for folds in ([0], [1, 2], None)]
    assert combine(runs[:2])["measurements"] == []
    with pytest.raises(ValueError, match="different options"):
        combine(runs)
