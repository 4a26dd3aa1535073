"""Trials on disk: found again, never half, never another search's."""

import errno
import gc
import json
import os
import sys
import warnings
import weakref
from dataclasses import fields
from types import SimpleNamespace

import keras_tuner
import numpy as np
import pytest

import skautokeras
from skautokeras import DenseBlock
from skautokeras._search import Journal, Rejection, Trial
from skautokeras._search.journal_folder import conditions_in, read_search
from skautokeras._state import array_from_bytes, dumps, loads, pack, unpack
from skautokeras.exceptions import FileFormatError, JournalMismatchError

DATA = {"data": "1", "parameters": {"loss": "2"}}


def assert_equal_trials(one, other):
    for field in fields(Trial):
        found, expected = getattr(one, field.name), getattr(other, field.name)
        # It tells NaN from nothing, and goes into lists and dicts of arrays.
        np.testing.assert_equal(found, expected, err_msg=field.name)
    assert dtypes(one) == dtypes(other)


def dtypes(trial):
    return [[w.dtype for w in fold] for fold in trial.weights or ()]


def pending_trial(values, seed):
    return SimpleNamespace(values=values, seed=seed)


def remember(journal, evaluate):
    """Return ``evaluate`` that computes only what the journal does not hold."""

    def remembered(values, seed, deadline):
        wanted = pending_trial(values, seed)
        journal.begin()
        known = journal.earliest([wanted])
        if known is None:
            trial = evaluate(values, seed, deadline)
            journal.add(wanted, trial)
            return trial
        found, trial = known
        assert found is wanted
        return trial

    return remembered


@pytest.fixture
def evaluate():
    """A fake evaluation that counts its calls."""

    def fake(values, seed, deadline):
        fake.calls += 1
        if values["x"] < 0:
            return Trial(dict(values), seed, error="negative")
        return Trial(
            dict(values),
            seed,
            score=0.5,
            epochs=3,
            history={"loss": [np.float32(1.0), 0.5]},
            y_pred={"head": np.ones((2, 1), "float32")},
            weights=[[np.arange(3.0), np.array([7], dtype="uint32")]],
            n_iterations=7,
        )

    fake.calls = 0
    return fake


def test_what_was_evaluated_is_not_evaluated_again(tmp_path, evaluate):
    first = remember(Journal(tmp_path, DATA, seed=1), evaluate)
    expected = [first({"x": x}, 5, None) for x in (1, -1)]
    journal = Journal(tmp_path, DATA, seed=2)
    assert journal.seed == 1
    second = remember(journal, evaluate)
    found = [second({"x": x}, 5, None) for x in (1, -1)]
    assert evaluate.calls == 2
    for one, other in zip(expected, found, strict=True):
        assert_equal_trials(one, other)
    second({"x": 1}, 6, None)  # another seed is another trial
    assert evaluate.calls == 3


def test_a_lost_trial_is_evaluated_again(tmp_path, evaluate):
    remember(Journal(tmp_path, DATA, seed=1), evaluate)({"x": 1}, 5, None)
    next(tmp_path.glob("trial_*.zip")).unlink()
    remember(Journal(tmp_path, DATA, seed=1), evaluate)({"x": 1}, 5, None)
    assert evaluate.calls == 2


@pytest.mark.parametrize("lost", range(3))
def test_a_lost_trial_takes_no_other_with_it(tmp_path, evaluate, lost):
    remembered = remember(Journal(tmp_path, DATA, seed=1), evaluate)
    expected = [remembered({"x": x}, 5, None) for x in range(3)]
    sorted(tmp_path.glob("trial_*.zip"))[lost].unlink()
    for n_computed in (4, 4):  # once again, and never more
        remembered = remember(Journal(tmp_path, DATA, seed=1), evaluate)
        for x in range(3):
            assert_equal_trials(remembered({"x": x}, 5, None), expected[x])
        assert evaluate.calls == n_computed


def test_failures_are_remembered_with_their_reason(tmp_path, evaluate):
    remember(Journal(tmp_path, DATA, seed=1), evaluate)({"x": -1}, 5, None)
    again = remember(Journal(tmp_path, DATA, seed=1), evaluate)({"x": -1}, 5, None)
    assert evaluate.calls == 1
    assert (again.status, again.error) == ("failed", "negative")
    assert np.isnan(again.score)
    assert again.weights is None
    assert again.y_pred is None


def test_an_evaluation_that_is_interrupted_leaves_no_trial(tmp_path, evaluate):
    def interrupt(values, seed, deadline):
        raise KeyboardInterrupt

    remembered = remember(Journal(tmp_path, DATA, seed=1), interrupt)
    with pytest.raises(KeyboardInterrupt):
        remembered({"x": 1}, 5, None)
    assert [path.name for path in tmp_path.iterdir()] == ["search.json"]
    remember(Journal(tmp_path, DATA, seed=1), evaluate)({"x": 1}, 5, None)
    assert evaluate.calls == 1


def test_a_trial_comes_back_as_it_was(tmp_path):
    new = keras_tuner.HyperParameters()
    new.Choice("kind", ["a", "b"])
    with new.conditional_scope("kind", ["a"]):
        new.Int("width", 2, 8)
    trial = Trial(
        {"units": np.int64(32), "rate": np.float32(0.5), "on": True, "kind": "a"},
        seed=3,
        score=-0.25,
        epochs=4,
        best_epoch=2,
        planned_epochs=9,
        seconds=1.5,
        n_parameters=12,
        new_hyperparameters=new.get_config(),
        history={"loss": [1.0, 0.5], "val_score": [-0.5, -0.25]},
        y_pred={"first": np.eye(2, dtype="float32"), "second": np.zeros((2, 1))},
        # More than ten: their order is not that of their names.
        weights=[[np.full(i, i, dtype="float32") for i in range(12)]] * 2,
        n_folds=2,
    )
    values = trial.values
    remember(Journal(tmp_path, DATA, seed=1), lambda *_: trial)(values, 3, None)
    found = remember(Journal(tmp_path, DATA, seed=1), None)(values, 3, None)
    assert_equal_trials(found, trial)


def test_the_order_of_values_does_not_matter_but_the_values_do(tmp_path, evaluate):
    remembered = remember(Journal(tmp_path, DATA, seed=1), evaluate)
    remembered({"x": 1, "y": 2}, 5, None)
    remembered({"y": 2, "x": 1}, 5, None)
    assert evaluate.calls == 1
    remembered({"x": 1, "y": 3}, 5, None)
    remembered({"x": 1}, 5, None)
    assert evaluate.calls == 3


def test_another_search_is_refused(tmp_path, evaluate):
    first = remember(Journal(tmp_path, DATA, seed=1), evaluate)
    first({"x": 1}, 5, None)
    with pytest.raises(JournalMismatchError, match="holds the search of other data"):
        Journal(tmp_path, {**DATA, "data": "3"}, seed=1)
    # The one that was there is still there.
    remember(Journal(tmp_path, DATA, seed=1), evaluate)({"x": 1}, 5, None)
    assert evaluate.calls == 1


def test_a_search_of_another_version_is_refused(tmp_path, evaluate):
    remember(Journal(tmp_path, DATA, seed=1), evaluate)({"x": 1}, 5, None)
    header = json.loads((tmp_path / "search.json").read_text())
    header["version"] += 1
    (tmp_path / "search.json").write_text(json.dumps(header))
    with pytest.raises(JournalMismatchError, match="another version"):
        Journal(tmp_path, DATA, seed=1)


def test_a_folder_of_version_3_is_refused_in_one_sentence(tmp_path):
    # As it was written, with one trial of a JSON file and a file of arrays.
    header = {"version": 3, "package": "0.1.0.dev0", **DATA, "seed": 209652396}
    (tmp_path / "search.json").write_text(json.dumps(header))
    (tmp_path / "trial_00000.json").write_text('{"record": "{}", "sha256": ""}')
    (tmp_path / "trial_00000.npz").write_bytes(b"PK")
    with pytest.raises(JournalMismatchError, match="another version") as caught:
        Journal(tmp_path, DATA, seed=1)
    assert str(caught.value) == (
        f"directory={str(tmp_path)!r} holds the search of another version of "
        f"skautokeras (0.1.0.dev0, journal format 3), which {skautokeras.__version__} "
        "with journal format 11 cannot go on with: pass another directory or empty it."
    )


def trial_with(**attributes):
    trial = Trial({"x": 1}, 5)
    vars(trial).update(attributes)
    return trial


def trial_without(name):
    trial = Trial({"x": 1}, 5)
    del vars(trial)[name]
    return trial


@pytest.mark.parametrize(
    "instead",
    [
        DenseBlock(),
        {"values": {"x": 1}, "seed": 5},
        trial_with(evaluate=1),
        trial_without("values"),
    ],
    ids=["another class", "no object", "too much", "too little"],
)
def test_a_file_that_holds_something_else_costs_its_trial(tmp_path, evaluate, instead):
    remember(Journal(tmp_path, DATA, seed=1), evaluate)({"x": 1}, 5, None)
    path = tmp_path / "trial_00000.zip"
    found, _ = loads(path.read_bytes())
    path.write_bytes(dumps({**found, "trial": instead}))
    with pytest.warns(UserWarning, match="cannot be read .* will be run again"):
        remembered = remember(Journal(tmp_path, DATA, seed=1), evaluate)
    assert remembered({"x": 1}, 5, None).score == 0.5
    assert evaluate.calls == 2


def test_a_file_that_names_code_costs_its_trial_and_runs_nothing(tmp_path, evaluate):
    remember(Journal(tmp_path, DATA, seed=1), evaluate)({"x": 1}, 5, None)
    path = tmp_path / "trial_00000.zip"
    members = unpack(path.read_bytes())
    whole = members["state.json"].decode()
    for name in ("function", "class", "object", "antigravity>X"):
        config = {"name": "os.system", "attributes": {}}
        evil = {"class_name": name, "config": config if name == "object" else "exec"}
        text = whole.replace('"error": null', f'"error": {json.dumps(evil)}')
        assert text != whole
        path.write_bytes(pack({**members, "state.json": text.encode()}))
        with pytest.warns(UserWarning, match="will be run again"):
            Journal(tmp_path, DATA, seed=1)
    assert "antigravity" not in sys.modules


def test_rejections_are_forgotten_where_their_file_is_damaged(tmp_path, evaluate):
    fill(Journal(tmp_path, DATA, seed=1), [0, 1])
    path = tmp_path / "rejected.jsonl"
    line = path.read_bytes()
    no_key = b'[0, 1, 0, {"reason": ""}]\n'
    for content in (line[:-9] + b"\n", b"[1]\n", b"\xff\n", no_key):
        path.write_bytes(content)
        with pytest.warns(UserWarning, match="cannot be read"):
            journal = Journal(tmp_path, DATA, seed=1)
        assert not path.read_bytes()
        remember(journal, evaluate)({"x": 1}, 1, None)
    assert evaluate.calls == 0


def fill(journal, numbers):
    """Add a trial for each number, and a rejection for each 0; return what was added.

    The seed of each is its place.
    """
    added = []
    for seed, x in enumerate(numbers):
        result = Trial({"x": x}, seed, score=1.0)
        if x == 0:
            result = Rejection("slow", flops=7, depends_on_time=True)
        pending = pending_trial({"x": x}, seed)
        journal.add(pending, result)
        added.append((pending, result))
    return added


def test_results_come_back_in_their_order_except_rejections_at_the_end(tmp_path):
    first = Journal(tmp_path, DATA, seed=1)
    added = fill(first, [0, 1, 2, 0, 0, 3, 0])
    for journal in (first, Journal(tmp_path, DATA, seed=1)):
        journal.begin()
        waiting = [pending for pending, _ in reversed(added)]
        found = []
        while (known := journal.earliest(waiting)) is not None:
            waiting.remove(known[0])
            found.append(known)
        assert [pending.seed for pending, _ in found] == list(range(6))
        for (_, result), (_, expected) in zip(found, added, strict=False):
            if isinstance(expected, Rejection):
                assert result == expected
            else:
                assert_equal_trials(result, expected)
    assert len((tmp_path / "rejected.jsonl").read_bytes().splitlines()) == 3


def test_a_configuration_can_be_rejected_first_and_tried_then(tmp_path):
    first = Journal(tmp_path, DATA, seed=1)
    wanted = pending_trial({"x": 0}, 5)
    results = [Rejection("slow", depends_on_time=True), Trial({"x": 0}, 5, score=1.0)]
    for result in results:
        first.add(wanted, result)
    journal = Journal(tmp_path, DATA, seed=1)
    journal.begin()
    assert journal.earliest([wanted])[1] == results[0]
    assert journal.earliest([wanted])[1].score == 1.0
    assert journal.earliest([wanted]) is None


def test_a_line_that_was_cut_is_dropped_without_a_word(tmp_path):
    added = fill(Journal(tmp_path, DATA, seed=1), [0, 0, 1])
    path = tmp_path / "rejected.jsonl"
    first, second = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(first + second[:20])
    journal = Journal(tmp_path, DATA, seed=1)
    assert path.read_bytes() == first
    journal.begin()
    waiting = [pending for pending, _ in added]
    assert journal.earliest(waiting)[0].seed == 0
    assert journal.earliest(waiting[1:])[0].seed == 2


def test_folders_above_the_journal_are_made(tmp_path):
    assert Journal(str(tmp_path / "a" / "b"), DATA, seed=np.int64(4)).seed == 4
    assert Journal(tmp_path / "a" / "b", DATA, seed=0).seed == 4


def test_files_hold_no_code(tmp_path, evaluate):
    remembered = remember(Journal(tmp_path, DATA, seed=1), evaluate)
    for x in (1, -1):
        remembered({"x": x}, 5, None)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "search.json",
        "trial_00000.zip",
        "trial_00001.zip",
    ]
    for path in tmp_path.glob("*.zip"):
        members = unpack(path.read_bytes())
        assert json.loads(members.pop("state.json"))
        assert all(array_from_bytes(array).size for array in members.values())


@pytest.mark.parametrize("damage", ["truncated", "changed", "gone"])
def test_a_damaged_file_costs_its_trial_and_no_other(tmp_path, evaluate, damage):
    remembered = remember(Journal(tmp_path, DATA, seed=1), evaluate)
    expected = [remembered({"x": x}, 5, None) for x in (1, 2)]
    path = tmp_path / "trial_00000.zip"
    content = path.read_bytes()
    rng = np.random.default_rng(0)
    for place in rng.integers(len(content), size=20):
        if damage == "gone":
            path.unlink()
        elif damage == "truncated":
            path.write_bytes(content[:place])
        else:
            path.write_bytes(
                content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
            )
        evaluate.calls = 0
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            remembered = remember(Journal(tmp_path, DATA, seed=1), evaluate)
        for x, trial in zip((1, 2), expected, strict=True):
            assert_equal_trials(remembered({"x": x}, 5, None), trial)
        assert evaluate.calls == 1
        if damage != "gone":
            assert "will be run again" in str(caught[0].message)
        for written_instead in tmp_path.glob("trial_00002.*"):
            written_instead.unlink()
        path.write_bytes(content)


def test_a_damaged_header_is_reported(tmp_path, evaluate):
    remember(Journal(tmp_path, DATA, seed=1), evaluate)({"x": 1}, 5, None)
    (tmp_path / "search.json").write_text("{")
    with pytest.raises(FileFormatError, match="has been damaged"):
        Journal(tmp_path, DATA, seed=1)


def test_a_file_is_no_directory(tmp_path):
    path = tmp_path / "file"
    path.write_text("")
    for directory in (path, path / "below"):
        with pytest.raises(ValueError, match="is not a folder"):
            Journal(directory, DATA, seed=1)


def test_a_folder_that_cannot_be_made_costs_nothing_but_the_files(evaluate):
    with pytest.warns(UserWarning, match="cannot be written"):
        journal = Journal("/proc/no such folder", DATA, seed=1)
    remembered = remember(journal, evaluate)
    for _ in range(2):
        assert remembered({"x": 1}, 5, None).score == 0.5
    assert evaluate.calls == 1


def test_a_full_disk_costs_nothing_but_the_files(tmp_path, evaluate, monkeypatch):
    remembered = remember(Journal(tmp_path, DATA, seed=1), evaluate)
    remembered({"x": 1}, 5, None)

    def fail(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.warns(UserWarning, match="cannot be written .* No space left"):
        remembered({"x": 2}, 5, None)
    assert remembered({"x": 3}, 5, None).score == 0.5  # and no other warning
    assert not list(tmp_path.glob("*.tmp"))
    monkeypatch.undo()
    again = remember(Journal(tmp_path, DATA, seed=1), evaluate)
    evaluate.calls = 0
    for x in (1, 2, 3):
        again({"x": x}, 5, None)
    assert evaluate.calls == 2


def test_without_a_folder_nothing_is_written(tmp_path, evaluate, monkeypatch):
    monkeypatch.chdir(tmp_path)
    journal = Journal(None, DATA, seed=1)
    for _ in range(2):
        remember(journal, evaluate)({"x": 1}, 5, None)
    assert evaluate.calls == 1
    assert list(tmp_path.iterdir()) == []


def test_a_search_that_ended_before_a_trial_blocks_no_folder(tmp_path):
    Journal(tmp_path, DATA, seed=1)
    assert (
        Journal(
            tmp_path, {**DATA, "parameters": {"loss": "3", "prune": "1"}}, seed=2
        ).seed
        == 2
    )
    (tmp_path / "search.json").write_text("{")
    assert Journal(tmp_path, DATA, seed=3).seed == 3
    # A copy that a desktop has made is no trial.
    (tmp_path / "trial_00000 (1).zip").write_bytes(b"")
    assert Journal(tmp_path, {**DATA, "data": "4"}, seed=4).seed == 4


def test_a_search_without_trials_begins_anew_with_more_time(tmp_path):
    begun = {"max_time": 60, "n_cores": 2}
    journal = Journal(tmp_path, DATA, seed=1, n_folds=5, conditions=begun)
    assert journal.keep("vectors", lambda: [1]) == [1]
    same = Journal(tmp_path, DATA, seed=2, n_folds=5, conditions=begun)
    assert same.keep("vectors", lambda: [2]) == [1]
    more = {"max_time": 3600, "n_cores": 2}
    later = Journal(tmp_path, DATA, seed=2, n_folds=None, conditions=more)
    assert (later.seed, later.n_folds, later.conditions) == (1, None, more)
    assert later.keep("vectors", lambda: [2]) == [2]


def test_the_message_says_what_is_other(tmp_path, evaluate):
    remember(Journal(tmp_path, DATA, seed=1), evaluate)({"x": 1}, 5, None)
    for fingerprints, message in [
        ({**DATA, "data": "3"}, "search of other data. Pass"),
        (
            {**DATA, "parameters": {"loss": "3", "prune": "1"}},
            r"search of other parameters \(loss, prune\). Pass",
        ),
        (
            {"data": "3", "parameters": {"loss": "4"}},
            r"search of other data and other parameters \(loss\)",
        ),
    ]:
        with pytest.raises(JournalMismatchError, match=message):
            Journal(tmp_path, fingerprints, seed=1)


def test_a_search_keeps_the_conditions_that_it_has_begun_with(tmp_path):
    first = {"max_time": 10, "n_cores": 2, "max_memory": None}
    assert conditions_in(tmp_path) is None
    journal = Journal(tmp_path, DATA, seed=1, conditions=first)
    # A search without trials has nothing to go on with.
    assert conditions_in(tmp_path) is None
    journal.add(SimpleNamespace(values={}, seed=3), Trial({}, 3, score=1.0))
    assert conditions_in(tmp_path) == first
    later = {**first, "max_time": 100, "n_cores": 64}
    assert Journal(tmp_path, DATA, seed=1, conditions=later).conditions == first


@pytest.mark.parametrize("name", ["trial_00000 (1).zip", "trial_abc.zip", "trial_1"])
def test_files_of_other_names_are_left_alone(tmp_path, evaluate, name):
    run = remember(Journal(tmp_path, DATA, seed=1), evaluate)
    run({"x": 1}, 5, None)
    (tmp_path / name).write_bytes((tmp_path / "trial_00000.zip").read_bytes())
    assert len(read_search(tmp_path).trials) == 1
    run = remember(Journal(tmp_path, DATA, seed=1), evaluate)
    run({"x": 2}, 6, None)
    assert (tmp_path / "trial_00001.zip").exists()
    assert len(read_search(tmp_path).trials) == 2


@pytest.mark.parametrize(
    "content",
    ["[]", "null", "3", "{", "", '{"seed": Infinity}', '{"seed": 1, "about": [3]}'],
)
def test_a_header_of_any_other_content_is_damaged(tmp_path, content):
    (tmp_path / "search.json").write_text(content)
    with pytest.raises(FileFormatError, match="is damaged"):
        read_search(tmp_path)


def test_the_folder_of_a_search_may_be_in_the_home_folder(
    tmp_path, evaluate, monkeypatch
):
    monkeypatch.setenv("HOME", str(tmp_path))
    remember(Journal(tmp_path / "run", DATA, seed=1), evaluate)({"x": 1}, 5, None)
    assert len(read_search("~/run").trials) == 1


def trial_with_arrays(number, arrays=None):
    array = np.full(9, number, "float32")
    if arrays is not None:
        arrays.append(weakref.ref(array))
    head = {"head": array}
    return Trial({"x": 1}, number, score=1.0, y_pred=head, weights=[[array]])


@pytest.mark.parametrize("keeps_results", [False, True])
def test_trials_in_files_or_of_no_use_take_no_memory(tmp_path, keeps_results):
    arrays = []
    journal = Journal(
        tmp_path if keeps_results else None, DATA, seed=1, keeps_results=keeps_results
    )
    waiting = [pending_trial({"x": 1}, number) for number in range(30)]
    for number in range(30):
        journal.add(waiting[number], trial_with_arrays(number, arrays))
    gc.collect()
    assert not any(array() is not None for array in arrays)
    journal.begin()
    if not keeps_results:
        assert journal.earliest(waiting) is None
        return
    for each in (journal, Journal(tmp_path, DATA, seed=1)):
        each.begin()
        for number in range(30):
            _, trial = each.earliest(waiting[number:])
            assert trial.seed == number
            assert trial.weights[0][0].tolist() == [number] * 9


def test_a_file_that_is_damaged_after_it_was_opened_costs_its_trial(tmp_path):
    waiting = [pending_trial({"x": 1}, number) for number in range(2)]
    journal = Journal(tmp_path, DATA, seed=1)
    for number in range(2):
        journal.add(waiting[number], trial_with_arrays(number))
    (tmp_path / "trial_00000.zip").write_bytes(b"PK")
    journal.begin()
    with pytest.warns(UserWarning, match="cannot be read .* will be run again"):
        _, trial = journal.earliest(waiting)
    assert trial.seed == 1


def test_rejections_before_a_configuration_on_more_rows_are_forgotten(tmp_path):
    journal = Journal(tmp_path, DATA, seed=1)
    pending = [pending_trial({"x": x}, x) for x in range(4)]
    journal.add(pending[0], Trial({"x": 0}, 0, score=1.0, every=5))
    journal.add(pending[1], Rejection("slow", depends_on_time=True))
    journal.add(pending[2], Trial({"x": 2}, 2, score=1.0, every=1))
    journal.begin()
    assert journal.earliest(pending[1:2]) is None
    assert journal.earliest(pending[2:])[1].every == 1
