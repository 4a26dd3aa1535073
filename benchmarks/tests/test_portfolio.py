"""The portfolio: a bank of trained candidates, ensembles of them, and their order."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, log_loss, r2_score, roc_auc_score

from benchmarks.internals import CandidateTrainer, predefined_values
from benchmarks.portfolio.__main__ import main
from benchmarks.portfolio.bank import Bank, Result, Table, Targets
from benchmarks.portfolio.candidates import predefined_candidates
from benchmarks.portfolio.pick import Tables, greedy_order, report
from benchmarks.portfolio.simulation import (
    Judge,
    Member,
    ensemble_ratio,
    greedy_weights,
    read_members,
)
from benchmarks.portfolio.training import train_on

SMALL = {
    "block_type": "dense",
    "dense_block_1/n_layers": 1,
    "dense_block_1/units_0": 32,
    "training/epochs": 32,
    "training/learning_rate": 1e-2,
}
TREES = {"block_type": "boosted_trees", "boosted_trees_block_1/n_trees": 100}
BROKEN = SMALL | {"dense_block_1/units_0": 31}


@pytest.fixture
def broken(monkeypatch):
    """Let the training of a candidate fail."""
    train = CandidateTrainer.train

    def fail(self, values, max_seconds):
        if values == BROKEN:
            raise RuntimeError("It is broken.")
        return train(self, values, max_seconds)

    monkeypatch.setattr(CandidateTrainer, "train", fail)


def write_table(folder, name, n_rows, make_target):
    rng = np.random.default_rng(0)
    (folder / name).mkdir(parents=True)
    for split, n in (("train", n_rows), ("test", 20)):
        table = pd.DataFrame({"x": rng.normal(size=n), "z": rng.normal(size=n)})
        table["word"] = rng.choice(["red", "blue"], size=n)
        table["target"] = make_target(table["x"])
        table.to_csv(folder / name / f"{split}.csv.gz", index=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder of three small tables: two classes, three classes and a number."""
    folder = tmp_path_factory.mktemp("tables")
    write_table(folder, "signs", 100, lambda x: np.where(x > 0, "plus", "minus"))
    write_table(folder, "sizes", 120, lambda x: np.digitize(x, [-0.4, 0.4]))
    write_table(folder, "cubes", 100, lambda x: x**3)
    return folder


@pytest.mark.slow
def test_candidates_are_trained_on_a_table_with_texts(tmp_path):
    write_table(tmp_path, "notes", 100, lambda x: np.where(x > 0, "plus", "minus"))
    path = tmp_path / "notes" / "train.csv.gz"
    table = pd.read_csv(path)
    rng = np.random.default_rng(0)
    notes = [" ".join(rng.choice(list("abcdefgh"), 12)) for _ in table["x"]]
    table.insert(0, "note", notes)
    table.to_csv(path, index=False)
    table[:20].to_csv(tmp_path / "notes" / "test.csv.gz", index=False)
    (result,) = train(Bank(tmp_path / "bank"), tmp_path, "notes")
    assert result.error is None
    assert result.loss > 0


def train(bank, folder, name="signs", candidates=None, **options):
    """Return the results of a training, which are as small as they can be."""
    given = {"fold": 0, "cv": None, "max_rows": 1000, "max_seconds": 30.0, **options}
    candidates = {"small": SMALL} if candidates is None else candidates
    return list(train_on(bank, folder, name, candidates, **given))


def table_of(kind="binary", metric="accuracy", n_test_rows=100, error=0.2, name="t"):
    return Table(name, kind, metric, 50, 3, 1, n_test_rows, error)


# --- The bank


def test_a_bank_has_what_was_stored_in_it(tmp_path):
    bank, rng = Bank(tmp_path / "new" / "bank"), np.random.default_rng(0)
    table, targets = table_of(), Targets(np.array([0, 1, 0]), np.array([1, -1]))
    valid, test = rng.random((3, 1)), rng.random((2, 1))
    result = Result("t", "small", 1.5, 0.25)
    bank.add_table(table, targets)
    bank.add_candidate("small", SMALL)
    bank.add_result(result, (valid, test))

    for one in (bank, Bank(tmp_path / "new" / "bank")):
        assert one.tables() == {"t": table}
        assert one.candidates() == {"small": SMALL}
        assert one.results() == [result]
        np.testing.assert_array_equal(one.targets("t").valid, targets.valid)
        np.testing.assert_array_equal(one.targets("t").test, targets.test)
        for found, expected in zip(
            one.predictions("t", "small"), (valid, test), strict=True
        ):
            assert found.dtype == "float32"
            np.testing.assert_array_equal(found, expected.astype("float32"))


def test_a_new_bank_is_empty(tmp_path):
    bank = Bank(tmp_path / "bank")
    assert (bank.tables(), bank.candidates(), bank.results()) == ({}, {}, [])


def test_probabilities_of_many_classes_are_stored_in_half_the_precision(tmp_path):
    bank, rng = Bank(tmp_path), np.random.default_rng(0)
    valid, test = (rng.dirichlet(np.ones(5), n) for n in (40, 30))
    bank.add_result(Result("t", "small", 1.0, 0.5), (valid, test))
    found_valid, found_test = bank.predictions("t", "small")
    # The loss of the validation rows is to stay what it is.
    np.testing.assert_array_equal(found_valid, valid.astype("float32"))
    np.testing.assert_allclose(found_test, test, atol=1e-3)


def test_a_name_belongs_to_one_candidate(tmp_path):
    bank = Bank(tmp_path)
    bank.add_candidate("small", {**SMALL, "sizes": (1, 2)})
    bank.add_candidate("small", {**SMALL, "sizes": [1, 2]})
    assert len(bank.candidates()) == 1
    with pytest.raises(ValueError, match="another candidate of the name 'small'"):
        bank.add_candidate("small", TREES)
    assert bank.candidates() == {"small": {**SMALL, "sizes": [1, 2]}}


# --- Training


def test_results_tell_of_the_table_and_of_each_candidate(folder, tmp_path):
    bank = Bank(tmp_path)
    results = train(bank, folder, candidates={"small": SMALL, "trees": TREES})

    assert [(r.table, r.candidate, r.error) for r in results] == [
        ("signs#0", "small", None),
        ("signs#0", "trees", None),
    ]
    assert bank.results() == results
    assert bank.candidates() == {"small": SMALL, "trees": TREES}
    (table,) = bank.tables().values()
    # A fifth of the training file is left out, and the test file is not read.
    assert (table.name, table.kind, table.metric) == ("signs#0", "binary", "accuracy")
    assert (table.n_rows, table.n_test_rows, table.n_columns) == (80, 20, 3)
    assert table.n_folds == 1
    assert 0 <= table.reference_error < 0.5
    targets = bank.targets("signs#0")
    assert set(targets.valid) == set(targets.test) == {0, 1}
    for result in results:
        assert result.seconds > 0
        valid, test = bank.predictions("signs#0", result.candidate)
        assert (valid.shape, test.shape) == ((len(targets.valid), 1), (20, 1))
        assert roc_auc_score(targets.test, test[:, 0]) > 0.8


def test_a_training_that_is_resumed_does_nothing_twice(folder, tmp_path, monkeypatch):
    bank = Bank(tmp_path)
    first = train(bank, folder)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    trained = []
    monkeypatch.setattr(
        CandidateTrainer,
        "train",
        lambda self, values, max_seconds, train=CandidateTrainer.train: (
            trained.append(values) or train(self, values, max_seconds)
        ),
    )
    assert train(Bank(tmp_path), folder) == []
    assert {path: path.read_bytes() for path in before} == before
    assert trained == []

    # Only what is new is trained.
    candidates = {"small": SMALL, "trees": TREES}
    (second,) = train(Bank(tmp_path), folder, candidates=candidates)
    assert trained == [TREES]
    assert second.candidate == "trees"
    assert bank.results() == [*first, second]
    assert list(bank.tables()) == ["signs#0"]
    # Another fold is another table.
    (third,) = train(Bank(tmp_path), folder, fold=1)
    assert third.table == "signs#1"
    assert list(bank.tables()) == ["signs#0", "signs#1"]


def test_a_training_that_was_stopped_goes_on_with_the_next_candidate(folder, tmp_path):
    candidates = {"small": SMALL, "trees": TREES}
    options = {"fold": 0, "cv": None, "max_rows": 1000, "max_seconds": 30.0}
    results = train_on(Bank(tmp_path), folder, "signs", candidates, **options)
    next(results)
    results.close()
    (result,) = train(Bank(tmp_path), folder, candidates=candidates)
    assert result.candidate == "trees"


@pytest.mark.usefixtures("broken")
def test_a_candidate_that_fails_is_recorded_and_others_go_on(folder, tmp_path):
    bank = Bank(tmp_path)
    candidates = {"broken": BROKEN, "small": SMALL}
    broken, small = train(bank, folder, candidates=candidates)

    assert broken.loss is None
    assert "It is broken." in broken.error
    assert (small.candidate, small.error) == ("small", None)
    assert bank.results() == [broken, small]
    # A failure is not tried again, and is no member of an ensemble.
    assert train(bank, folder, candidates=candidates) == []
    assert list(read_members(bank, "signs#0", candidates)) == ["small"]


def test_few_rows_are_trained_on_if_more_are_not_wanted(folder, tmp_path):
    bank = Bank(tmp_path)
    train(bank, folder, max_rows=15)
    (table,) = bank.tables().values()
    assert (table.n_rows, table.n_test_rows) == (15, 15)


def test_few_rows_are_validated_in_folds(folder, tmp_path):
    bank = Bank(tmp_path)
    train(bank, folder, "sizes", cv=3)
    (table,) = bank.tables().values()
    assert (table.kind, table.n_folds) == ("multiclass", 3)
    valid, test = bank.predictions("sizes#0", "small")
    # Every row is a validation row once.
    assert (len(valid), len(test)) == (table.n_rows, table.n_test_rows)
    np.testing.assert_allclose(valid.sum(axis=1), 1, atol=1e-5)


def test_a_class_that_is_not_trained_on_has_no_code():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(60, 2)), columns=["a", "b"])
    y = pd.Series(np.where(X["a"] > 0, "yes", "no"))
    y_test = pd.Series(["yes", "new", "no", "yes"])
    rows = X, y, X[:4], y_test
    trainer = CandidateTrainer("classification", *rows, seed=0, cv=None)
    assert trainer.y_test.tolist() == [1, -1, 0, 1]


def test_predefined_candidates_have_names_of_their_own():
    candidates, values = predefined_candidates(), predefined_values()
    assert list(candidates.values()) == values
    assert len({json.dumps(v, sort_keys=True) for v in values}) == len(values)
    kinds = [values["block_type"] for values in candidates.values()]
    for name, kind in zip(candidates, kinds, strict=True):
        assert name.rsplit("_", 1)[0] == kind
    assert set(kinds) >= {"dense", "tab_m", "real_mlp", "boosted_trees", "extra_trees"}


# --- Losses and errors


@pytest.mark.parametrize("cv", [None, 3])
@pytest.mark.parametrize("name", ["signs", "sizes", "cubes"])
def test_the_judge_has_the_loss_of_the_package(folder, tmp_path, name, cv):
    bank = Bank(tmp_path)
    results = train(bank, folder, name, {"small": SMALL, "trees": TREES}, cv=cv)
    (table,) = bank.tables()
    judge = Judge(bank.tables()[table], bank.targets(table))
    for result in results:
        valid, _ = bank.predictions(table, result.candidate)
        assert judge.loss(valid) == pytest.approx(result.loss, rel=1e-4)


def test_losses_are_worked_out_by_hand():
    y = np.array([0, 1, 1])
    p = np.array([[0.2], [0.9], [0.4]])
    judge = Judge(table_of(), Targets(y, y))
    # Each label is wrong with a probability of 1 / (3 + 2).
    expected = -np.mean(
        [0.8 * np.log(right) + 0.2 * np.log(1 - right) for right in (0.8, 0.9, 0.4)]
    )
    assert judge.loss(p) == pytest.approx(expected)

    y = np.array([0, 2, 1])
    p = np.array([[0.7, 0.2, 0.1], [0.3, 0.3, 0.4], [0.1, 0.8, 0.1]])
    judge = Judge(table_of("multiclass"), Targets(y, y))
    labels = np.full((3, 3), 0.1)
    labels[np.arange(3), y] = 0.8
    assert judge.loss(p) == pytest.approx(-np.mean(np.sum(labels * np.log(p), axis=1)))
    # With many rows, labels are certain.
    judge = Judge(table_of("multiclass"), Targets(np.tile(y, 10_000), y))
    assert judge.loss(np.tile(p, (10_000, 1))) == pytest.approx(
        log_loss(y, p), rel=1e-3
    )

    y = np.array([0.5, -1.0])
    judge = Judge(table_of("regression", "R2"), Targets(y, y))
    assert judge.loss(np.array([[1.0], [-1.5]])) == pytest.approx(0.25)


def test_a_certain_mistake_has_a_finite_loss():
    y = np.array([0, 1])
    judge = Judge(table_of(), Targets(y, y))
    assert np.isfinite(judge.loss(np.array([[1.0], [0.0]])))


def test_errors_are_those_of_the_metric_over_the_reference():
    y = np.array([0, 1, 1, 0, 1] * 20)
    p = np.random.default_rng(0).random((100, 1))
    for metric, score in (
        ("accuracy", accuracy_score(y, p[:, 0] > 0.5)),
        ("AUC", roc_auc_score(y, p[:, 0])),
    ):
        judge = Judge(table_of(metric=metric), Targets(y, y))
        assert judge.ratio(p) == pytest.approx((1 - score) / 0.2)
    z = y + 0.1 * p[:, 0]
    judge = Judge(table_of("regression", "R2"), Targets(z, z))
    predicted = np.append(z[1:], 0.0)[:, None]
    expected = (1 - r2_score(z, predicted[:, 0])) / 0.2
    assert judge.ratio(predicted) == pytest.approx(expected)
    # No class of the training rows is right for a class that they do not have.
    judge = Judge(table_of("multiclass"), Targets(y, np.full(100, -1)))
    assert judge.ratio(np.eye(3)[[0] * 100]) == pytest.approx(1 / 0.2)


def test_no_error_is_less_than_that_of_half_a_row():
    y = np.array([0, 1] * 50)
    judge = Judge(table_of(error=0.0), Targets(y, y))
    perfect = y[:, None].astype(float)
    assert judge.ratio(perfect) == 1.0
    judge = Judge(table_of(error=0.02), Targets(y, y))
    assert judge.ratio(perfect) == pytest.approx(0.005 / 0.02)
    judge = Judge(table_of(error=0.02, n_test_rows=10**6), Targets(y, y))
    assert judge.ratio(perfect) == pytest.approx(0.001 / 0.02)


# --- Ensembles


def members_of(valid_by_name, y):
    """Return members that predict numbers, and the loss by which they are chosen."""

    def loss(valid):
        return float(np.mean((valid[:, 0] - y) ** 2))

    members = {}
    for name, values in valid_by_name.items():
        valid = np.array(values, float)[:, None]
        members[name] = Member(valid, valid, loss(valid), 1.0)
    return members, loss


Y = np.array([0.0, 0.0, 0.0, 0.0])
# Two that err in opposite directions, one that errs three times as much, and one whose
# errors no other one has.
HAND_MADE = {
    "high": [1.0, 1.0, 1.0, 1.0],
    "low": [-1.1, -1.1, -1.1, -1.1],
    "lower": [-3.0, -3.0, -3.0, -3.0],
    "bad": [9.0, -9.0, 9.0, -9.0],
}


def test_the_weights_are_those_of_the_mean_with_the_least_loss():
    members, loss = members_of(HAND_MADE, Y)
    weights = greedy_weights(members, loss, rounds=2)
    assert weights == {"high": 0.5, "low": 0.5}
    weights = greedy_weights({k: members[k] for k in ("high", "lower")}, loss)
    # Three parts of one and one of the other have no error.
    assert weights == {"high": 0.75, "lower": 0.25}


def test_the_best_one_is_alone_if_no_other_helps():
    members, loss = members_of({"best": [0.1] * 4, "bad": [9, -9, 9, -9]}, Y)
    assert greedy_weights(members, loss) == {"best": 1.0}
    members, loss = members_of(HAND_MADE, Y)
    assert greedy_weights(members, loss, size=1) == {"high": 1.0}
    assert greedy_weights({"low": members["low"]}, loss) == {"low": 1.0}


def test_there_are_never_more_members_than_are_wanted():
    rng = np.random.default_rng(0)
    y = np.zeros(50)
    members, loss = members_of({f"m{i}": rng.normal(size=50) for i in range(9)}, y)
    for size in (1, 2, 5):
        weights = greedy_weights(members, loss, size=size)
        assert len(weights) == size
        assert sum(weights.values()) == pytest.approx(1)
        valid = sum(w * members[name].valid for name, w in weights.items())
        best = min(member.loss for member in members.values())
        assert loss(valid) < best or size == 1


def test_a_selection_may_begin_with_several_and_leave_small_weights_out():
    members, loss = members_of(HAND_MADE, Y)
    weights = greedy_weights(members, loss, n_start=2, rounds=2)
    assert weights == {"high": 0.5, "low": 0.5}
    pair = {k: members[k] for k in ("high", "lower")}
    assert greedy_weights(pair, loss, least_weight=0.3) == {"high": 1.0}
    # Not all of them can be left out.
    assert greedy_weights(pair, loss, least_weight=0.9) == {"high": 0.75, "lower": 0.25}


def test_the_error_of_an_ensemble_is_that_of_its_mean():
    y = np.array([0.0, 1.0, 2.0])
    judge = Judge(table_of("regression", "R2", error=0.5), Targets(y, y))
    low, high = (Member(None, (y + shift)[:, None], 0.0, 1.0) for shift in (-0.3, 0.5))
    ratio = ensemble_ratio({"a": low, "b": high}, {"a": 0.75, "b": 0.25}, judge)
    expected = 1 - r2_score(y, y - 0.75 * 0.3 + 0.25 * 0.5)
    assert ratio == pytest.approx(expected / 0.5)


# --- The order


@pytest.fixture
def hand_made(tmp_path):
    """A bank of three tables, on which one candidate is best and another one helps it.

    The first candidate of the list errs most.
    """
    bank, rng = Bank(tmp_path), np.random.default_rng(0)
    errors = {"worst": (1.0, 1.0), "second": (0.6, -0.5), "best": (0.5, 0.5)}
    for name in errors:
        bank.add_candidate(name, {"block_type": name})
    for i in range(3):
        y = rng.normal(size=200)
        table = table_of("regression", "R2", 200, error=0.2, name=f"t{i}")
        bank.add_table(table, Targets(y, y))
        for name, pair in errors.items():
            # What two of them err is the opposite in half of the rows.
            shift = np.where(np.arange(200) < 100, *pair)
            predicted = (y + shift)[:, None]
            loss = float(np.mean(shift**2))
            bank.add_result(Result(f"t{i}", name, 1.0, loss), (predicted, predicted))
    # A table on which a candidate has failed, and one of another kind.
    for name, kind in (("failed", "regression"), ("classes", "binary")):
        bank.add_table(table_of(kind, name=name), Targets(Y, Y))
    bank.add_result(Result("failed", "best", 1.0, None, "why"))
    return bank


def test_the_order_begins_with_the_best_and_goes_on_with_what_helps_it(hand_made):
    tables = Tables(hand_made, ["regression"])
    assert tables.names == ["t0", "t1", "t2"]
    order = greedy_order(tables, tables.names, 8)
    assert order == ["best", "second", "worst"]
    assert greedy_order(tables, tables.names, 1) == ["best"]
    means = [tables.mean(tables.names, order[:n]) for n in (1, 2)]
    assert means[1] < means[0] - 0.1


def test_no_table_rules_the_order_alone(hand_made):
    tables = Tables(hand_made, ["regression"])
    assert tables.log_ratio("t0", ["worst"]) == 0.5


def test_the_report_compares_the_order_with_others(hand_made):
    lines = report(Tables(hand_made, ["regression"]), 2).splitlines()
    assert [line.split("|")[1].strip() for line in lines[2:]] == ["1", "2"]
    assert [line.split("|")[2].strip() for line in lines[2:]] == ["best", "second"]
    picked, left_out, listed, random = (
        float(part) for part in lines[-1].split("|")[3:7]
    )
    # All tables are alike, so that the order is the same without one of them.
    assert picked == left_out
    assert picked <= random
    assert picked <= listed


# --- The command line


@pytest.mark.usefixtures("broken")
def test_the_command_line_trains_and_goes_on(folder, tmp_path, capsys):
    file, bank = tmp_path / "candidates.json", tmp_path / "bank"
    file.write_text(json.dumps({"small": SMALL, "broken": BROKEN}), "utf-8")
    command = ["train", str(folder), str(bank), "--candidates", str(file)]
    command += ["--cv", "null", "--tables", "signs", "cubes"]
    main(command)

    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["signs#0", "small"],
        ["signs#0", "broken"],
        ["cubes#0", "small"],
        ["cubes#0", "broken"],
    ]
    first, second, *_ = Bank(bank).results()
    assert lines[0] == f"signs#0 small {first.loss:.4f} {first.seconds} s"
    assert lines[1] == f"signs#0 broken failed {second.seconds} s"

    main(command)
    assert capsys.readouterr().out == ""
    main([*command, "--folds", "0", "2", "--max-rows", "30"])
    lines = capsys.readouterr().out.splitlines()
    assert {line.split()[0] for line in lines} == {"signs#2", "cubes#2"}
    assert Bank(bank).tables()["signs#2"].n_rows == 30


def test_the_command_line_picks_an_order(hand_made, tmp_path, capsys):
    main(["pick", str(tmp_path), "--kinds", "regression", "--length", "2"])
    expected = report(Tables(hand_made, ["regression"]), 2)
    assert capsys.readouterr().out == expected + "\n"
