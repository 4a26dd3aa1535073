"""The functions that run in a worker, called without one."""

import subprocess
import sys

import joblib

from skautokeras._search import SharedContext, run_trial


def evaluate(values, seed, deadline, *, data, **options):
    return values, seed, data, options, deadline.left()


def make_context(path, **changes):
    context = SharedContext(str(path), str(path), 2, **changes)
    joblib.dump((evaluate, {"data": [1, 2]}), context.path)
    return context


def test_a_trial_is_evaluated_with_what_all_trials_share(tmp_path):
    context = make_context(tmp_path / "shared")
    number, trial = run_trial(context, 5, {"x": 1}, 7, 60.0, {"curve": (0.5,)})
    assert number == 5
    *told, seconds = trial
    assert told == [{"x": 1}, 7, [1, 2], {"curve": (0.5,)}]
    assert 0 < seconds <= 60


def test_a_worker_without_the_file_asks_for_its_content(tmp_path):
    context = make_context(tmp_path / "shared")
    content = (tmp_path / "shared").read_bytes()
    (tmp_path / "shared").unlink()
    assert run_trial(context, 5, {}, 7, 60.0, {}) == (5, None)
    context = SharedContext(context.key, context.path, 2, content=content)
    assert run_trial(context, 5, {}, 7, 60.0, {})[1][:3] == ({}, 7, [1, 2])


def test_a_trial_that_has_killed_its_workers_is_not_run_again(tmp_path):
    context = make_context(tmp_path / "shared")
    tmp_path.joinpath("trial_5").write_text("..")
    number, trial = run_trial(context, 5, {"x": 1}, 7, 60.0, {})
    assert (number, trial.seed, trial.status) == (5, 7, "failed")
    assert "Its worker died" in trial.error


def test_a_worker_starts_without_tensorflow():
    # What a new worker does: it imports the function that it is to call.
    code = (
        "import sys; from skautokeras._search import run_trial; "
        "print(run_trial.__module__, {'keras', 'tensorflow'} & {*sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.split(maxsplit=1) == [
        "skautokeras._search.parallel.worker",
        "set()\n",
    ]
