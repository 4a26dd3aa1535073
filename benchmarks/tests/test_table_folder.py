"""Folders of tables: facts, halves, folds, scores of peers and the report of errors."""

import json

import numpy as np
import pandas as pd
import pytest

from benchmarks.datasets.table_data import read_split
from benchmarks.datasets.table_folder import (
    TableFacts,
    find_tables,
    find_task,
    halve,
    read_facts,
    split_fold,
)
from benchmarks.harness.command_line import main, parse_arguments
from benchmarks.harness.error_ratios import error_ratios
from benchmarks.harness.results import read_document
from benchmarks.harness.suite import Options
from benchmarks.methods.categories import Categories
from benchmarks.methods.fitting import score_probabilities
from benchmarks.suites.error_report import make_error_report

PEERS = {"hgb": 0.5, "catboost": 0.6}


def write_table(folder, name, n_rows, make_target):
    rng = np.random.default_rng(0)
    for split, n in (("train", n_rows), ("test", n_rows // 4)):
        table = pd.DataFrame({"x": rng.normal(size=n), "empty": np.nan})
        table["word"] = rng.choice(["red", "blue"], size=n)
        table["target"] = make_target(table["x"])
        (folder / name).mkdir(exist_ok=True)
        table.to_csv(folder / name / f"{split}.csv.gz", index=False)


@pytest.fixture
def tables(tmp_path):
    """A folder of two tables and the scores of two peers."""
    folder = tmp_path / "tables"
    folder.mkdir()
    write_table(folder, "signs", 80, lambda x: np.where(x > 0, "plus", "minus"))
    write_table(folder, "squares", 120, lambda x: x**2)
    lines = [
        json.dumps({"peer": peer, "table": table, "score": score, "seconds": 1.0})
        for peer, score in PEERS.items()
        for table in ("signs", "squares")
    ]
    (folder / "baselines.jsonl").write_text("\n".join(lines) + "\n")
    return folder


@pytest.mark.parametrize(
    ("name", "target", "task"),
    [
        ("unknown", ["a", "b"], "classification"),
        ("unknown", [True, False], "classification"),
        ("unknown", [-1, 1, 1], "classification"),
        ("unknown", [1.0, 2.0, 3.0], "classification"),
        ("unknown", [0.5, 2.0], "regression"),
        ("unknown", range(11), "regression"),
        ("leaf_margin", range(100), "classification"),
    ],
)
def test_the_target_tells_the_task(name, target, task):
    assert find_task(name, pd.Series(target)) == task


def test_the_facts_of_the_tables_of_a_folder_are_read(tables):
    (tables / "notes").mkdir()
    assert find_tables(tables) == ["signs", "squares"]
    signs, squares = (read_facts(tables, name) for name in find_tables(tables))

    assert signs == TableFacts("classification", "accuracy", "binary", 80, 20)
    assert squares == TableFacts("regression", "R2", "regression", 120, 30)


def test_rare_tables_are_scored_by_auc(tables):
    (tables / "signs").rename(tables / "mammography")
    assert read_facts(tables, "mammography").metric == "AUC"


def test_the_halves_are_alike_in_kind_and_size():
    facts = {
        f"{kind} {n}": TableFacts("", "", kind, n, 1)
        for kind in ("binary", "regression")
        for n in (1, 20, 300, 4000, 50_000)
    }
    halves = halve(facts)

    assert [name for name in halves["first"] if "binary" in name] == [
        "binary 1",
        "binary 4000",
        "binary 50000",
    ]
    assert set(halves["first"]) | set(halves["second"]) == set(facts)
    assert len(halves["first"]) + len(halves["second"]) == len(facts)


def test_folds_share_out_the_rows_of_the_training_file(tables):
    parts = [
        read_split(tables, "signs", "test", fold, validation=True) for fold in range(5)
    ]
    (X_train, _), (X, y) = (
        read_split(tables, "signs", "train", 0, validation=True),
        read_split(tables, "signs", "train"),
    )

    assert len(X_train) == 64
    shared_out = pd.concat([part for part, _ in parts])
    assert sorted(shared_out["x"]) == sorted(X["x"])
    shares = [np.mean(part == "plus") for _, part in parts]
    assert np.ptp(shares) < 0.1
    assert (y == "plus").mean() == pytest.approx(np.mean(shares))


def test_rare_classes_are_training_rows_in_every_fold():
    y = pd.Series(["a"] * 10 + ["b"] * 10 + ["rare"] * 2)
    X = y.to_frame()
    tests = [split_fold(X, y, number, stratify=True)[1] for number in range(5)]

    assert sorted(np.concatenate(tests)) == list(range(20))


def test_a_class_that_training_has_not_seen_costs_log_loss():
    proba, classes = np.array([[0.5, 0.25, 0.25]]), np.array(["a", "b", "c"])
    scores = score_probabilities(["new"], ["a"], proba, classes)
    assert scores["log_loss"] > 30


def test_rare_values_and_empty_columns_are_left_out_for_the_reference():
    X = pd.DataFrame({"city": ["Oslo", "Rome", "Oslo"], "empty": [np.nan] * 3})
    converted = Categories(X, most_frequent=1).convert(X)

    assert list(converted) == ["city"]
    assert converted["city"].cat.categories.tolist() == ["Oslo"]
    assert converted["city"].isna().tolist() == [False, True, False]


def row_of(dataset, method, score, seed=0, n_rows=500, **more):
    row = {"dataset": dataset, "method": method, "seed": seed, "score": score}
    row |= {"task": "classification", "metric": "accuracy", "kind": "binary"}
    return {**row, "auc": None, "n_rows": n_rows, "n_test_rows": 100, **more}


def test_errors_are_compared_with_those_of_the_reference():
    rows = [
        row_of("a", "hgb", 0.8, seed=None),
        row_of("a", "ours", 0.9, seed=0),
        row_of("a", "ours", 0.7, seed=1),
        row_of("b", "hgb", 0.9, seed=None),
        row_of("b", "ours", 1.0),
        row_of("c", "ours", 0.5),
        row_of("d", "hgb", 0.5, metric="AUC", auc=0.75),
        row_of("d", "ours", 0.5, metric="AUC", auc=0.5),
        row_of("f", "hgb", 0.8, seed=None),
        row_of("f", "mlp", 0.79999, seed=0),
        row_of("f", "ours", 0.9, seed=0),
        row_of("f", "ours", 0.2, seed=1),
        row_of("e", "hgb", 0.5),
        {**row_of("e", "ours", None), "error": "why"},
    ]
    ratios = error_ratios(rows, "hgb")

    # The mean over the seeds; half a row of 100; the metric of the table.
    # Where another method has fewer seeds, its seeds count.
    assert ratios["ours"] == pytest.approx({"a": 1.0, "b": 0.05, "d": 2.0, "f": 0.5})
    # Scores of peers have four decimals, and so have all others.
    assert ratios["mlp"] == {"f": 1.0}


def test_the_report_of_errors_is_worked_out_by_hand():
    reference = {"seed": None, "reference": "read from baselines.jsonl"}
    rows = [
        row_of("a", "hgb", 0.8, **reference),
        row_of("a", "catboost", 0.9, **reference),
        row_of("a", "ours", 0.9, n_trials=10, log_loss=0.5, fit_seconds=2.0),
        row_of("b", "hgb", 0.9, n_rows=5000, **reference),
        row_of("b", "catboost", 0.9, n_rows=5000, **reference),
        row_of("b", "ours", 0.8, n_rows=5000, n_trials=20, log_loss=0.3, fit_seconds=4),
    ]
    rows = [row | {"n_test_rows": 400} for row in rows]
    report = make_error_report(rows)

    # Errors over those of hgb are 0.5 and 2 for ours, and 0.5 and 1 for catboost.
    assert (
        "| ours | 2 | 1.000 | 1.414 | 2.25 | 1 | 1 | 2.00 | 0.400 | 3.0 | 15.0 |"
        in report
    )
    assert (
        "| catboost* | 2 | 0.707 | 1.000 | 1.50 | 2 | 1 | 1.00 | - | - | - |" in report
    )
    assert "hgb*, catboost*: read from baselines.jsonl." in report
    assert "Worst of ours: b 2.00 (400 test rows), a 0.50 (400 test rows)" in report
    assert "| 3 000 to 10 000 rows | 1 | 2.000 | 1.000 | 1.000 |" in report
    assert "| a | binary | accuracy | 500 | 0.9000 | 0.9000 | 0.8000 | 0.50 |" in report


def test_there_is_no_report_of_errors_without_the_reference():
    assert make_error_report([row_of("a", "ours", 0.8)]) == ""


def test_a_folder_of_tables_has_defaults_of_its_own(tables):
    _, ((_, options),) = parse_arguments(["--suite", "tabular", str(tables)])
    assert options["datasets"] == ["signs", "squares"]
    assert options["methods"] == ["skautokeras"]
    assert options["max_time"] == 60.0

    (tables / "signs").rename(tables / "titanic")
    _, ((_, options),) = parse_arguments(["--suite", "tabular", str(tables)])
    assert "wine" in options["datasets"]
    assert "squares" not in options["datasets"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"half": "first"}, "--half is for tables with a training file, which wine"),
        ({"validation": [0]}, "--validation is for tables"),
        ({"datasets": ["signs"], "validation": [-1]}, "counted from 0"),
        ({"datasets": ["signs"], "half": "second"}, "The second half has none"),
    ],
)
def test_options_that_do_not_fit_together_are_refused(tables, changes, message):
    command = ["--suite", "tabular", str(tables), "--datasets", "wine"]
    _, ((suite, options),) = parse_arguments(command)
    with pytest.raises(ValueError, match=message):
        next(suite.measurements(Options(str(tables), options | changes)))


@pytest.mark.slow
def test_a_folder_of_tables_is_measured_and_continued(tables, tmp_path, capsys):
    output = tmp_path / "results"
    command = ["--suite", "tabular", str(tables), "--output", str(output)]
    command += ["--methods", "mlp", "--seeds", "0", "1"]
    main(command)

    rows = read_document(output, "tabular")["measurements"]
    assert [(r["dataset"], r["method"], r["seed"]) for r in rows] == [
        (table, method, seed)
        for table in ("signs", "squares")
        for method, seed in (("hgb", None), ("catboost", None), ("mlp", 0), ("mlp", 1))
    ]
    printed = capsys.readouterr().out
    assert "hgb*, catboost*: read from baselines.jsonl." in printed
    assert "| catboost* | 2 | 0.800 | 1.000 |" in printed
    assert "Over 2 data sets (signs, squares)" in printed

    # Half of a run is lost; only that half is measured again.
    lines = (output / "tabular.jsonl").read_text(encoding="utf-8").splitlines(True)
    (output / "tabular.jsonl").write_text("".join(lines[:6]), encoding="utf-8")
    main(command)
    continued = read_document(output, "tabular")["measurements"]
    assert continued[:6] == rows[:6]
    assert [
        row["fit_seconds"] == old["fit_seconds"]
        for row, old in zip(continued[6:], rows[6:], strict=True)
    ] == [False, False]


@pytest.mark.slow
def test_choices_are_made_on_folds_of_one_half(tables, tmp_path):
    write_table(tables, "cubes", 160, lambda x: x**3)
    references = tmp_path / "references.jsonl"
    command = ["--suite", "tabular", str(tables), "--methods", "mlp"]
    command += ["--validation", "0", "1", "--references", str(references)]
    (tables / "squares" / "test.csv.gz").write_bytes(
        (tables / "signs" / "test.csv.gz").read_bytes()
    )
    main([*command, "--half", "first", "--output", str(tmp_path / "first")])
    rows = read_document(tmp_path / "first", "tabular")["measurements"]

    # Of two regressions the smaller one is in the first half, like the only classes.
    assert {row["dataset"] for row in rows} == {"signs", "squares"}
    assert {(row["method"], row["seed"]) for row in rows} == {
        (method, fold) for method in ("hgb", "mlp") for fold in (0, 1)
    }
    assert {row["n_test_rows"] for row in rows} == {16, 24}

    # The reference of a fold is measured once for all runs.
    kept = references.read_text(encoding="utf-8")
    main([*command, "--datasets", "signs", "--output", str(tmp_path / "again")])
    again = read_document(tmp_path / "again", "tabular")["measurements"]
    assert references.read_text(encoding="utf-8") == kept
    assert [r for r in again if r["method"] == "hgb"] == [
        r for r in rows if r["method"] == "hgb" and r["dataset"] == "signs"
    ]


@pytest.mark.slow
def test_parameters_make_methods_of_their_own(tables, tmp_path):
    params = [
        '{"max_trials": 1, "refit": false}',
        '{"max_trials": 2, "ensemble_size": 1}',
    ]
    command = ["--suite", "tabular", str(tables), "--datasets", "signs"]
    main([*command, "--params", *params, "--output", str(tmp_path / "results")])

    *_, first, second = read_document(tmp_path / "results", "tabular")["measurements"]
    assert first["method"] == "skautokeras max_trials=1, refit=false"
    assert (first["n_trials"], second["n_trials"]) == (1, 2)
