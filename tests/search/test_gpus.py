"""Workers of a machine with several GPUs see one each; the GPUs here are names."""

import os
import signal
import sys
from collections import Counter
from types import SimpleNamespace

import joblib
import pytest

from skautokeras._search import WorkerDeath, make_executor
from skautokeras._search.parallel.gpus import least_used, visible_gpus
from skautokeras._search.parallel.loky import stop_idle_workers

GROWS = "TF_FORCE_GPU_ALLOW_GROWTH"


@pytest.fixture
def machine(monkeypatch):
    """Let TensorFlow list GPUs by their positions, of those that a variable names."""

    def make(places, shown):
        gpus = [SimpleNamespace(name=f"/physical_device:GPU:{i}") for i in places]
        listed = {"GPU": gpus}
        monkeypatch.setattr("tensorflow.config.get_visible_devices", listed.get)
        # Whatever a test sets is gone after it, and so is what a search sets.
        for name in ("CUDA_VISIBLE_DEVICES", GROWS):
            monkeypatch.setenv(name, "")
            monkeypatch.delenv(name)
        if shown is not None:
            monkeypatch.setenv("CUDA_VISIBLE_DEVICES", shown)

    yield make
    stop_idle_workers()


@pytest.mark.parametrize(
    ("places", "shown", "expected"),
    [
        ([], None, ()),
        ([], "-1", ()),
        ([0, 1], None, ("0", "1")),
        ([0, 1], "3, 5", ("3", "5")),
        ([1, 2], "0,GPU-8932f937,GPU-5c3b1a20", ("GPU-8932f937", "GPU-5c3b1a20")),
        ([0, 1], "7", ("7",)),  # The variable was changed after TensorFlow had read it.
    ],
)
def test_gpus_are_called_as_in_the_environment(machine, places, shown, expected):
    machine(places, shown)
    assert visible_gpus() == expected


def test_workers_take_turns():
    gpus, used = ("0", "1", "2"), []
    for _ in range(7):
        used.append(least_used(gpus, used))
    assert used == ["0", "1", "2", "0", "1", "2", "0"]
    assert least_used(("0",), []) is None
    assert least_used((), []) is None


def make_look():
    """Return a function that tells what its process sees when it starts."""

    def look(name, deadline, *, dies=False):
        import time

        if dies:
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(0.2)
        names = "CUDA_VISIBLE_DEVICES", "TF_FORCE_GPU_ALLOW_GROWTH"
        seen, grows = map(os.environ.get, names)
        return seen, grows, os.getpid(), "tensorflow" in sys.modules

    return look


def look_in_workers(n_jobs, n_tasks, *, n_deaths=0):
    """Return what the workers of some tasks have seen, by task."""
    with joblib.parallel_config("loky"), make_executor(n_jobs) as executor:
        executor.share(make_look(), {})
        tasks = [(i, (i,), 60.0, {"dies": i < n_deaths}) for i in range(n_tasks)]
        return dict(executor.results_of(tasks))


@pytest.mark.slow
def test_each_worker_sees_one_gpu_before_it_imports_tensorflow(machine):
    machine([0, 1], "3,GPU-8932f937")
    found = look_in_workers(2, 8)
    assert {seen for seen, *_ in found.values()} == {"3", "GPU-8932f937"}
    assert len({(seen, pid) for seen, _, pid, _ in found.values()}) == 2
    assert not any(is_imported for *_, is_imported in found.values())
    # The next search uses the same processes.
    again = look_in_workers(2, 4)
    assert {look[2] for look in again.values()} == {look[2] for look in found.values()}
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "3,GPU-8932f937"


@pytest.mark.slow
def test_workers_beyond_the_gpus_share_them(machine):
    machine([0, 1], None)
    found = look_in_workers(3, 9)
    by_worker = {pid: seen for seen, _, pid, _ in found.values()}
    assert sorted(Counter(by_worker.values()).values()) == [1, 2]


@pytest.mark.slow
def test_the_worker_in_the_place_of_a_dead_one_has_its_gpu(machine):
    machine([0, 1], None)
    found = look_in_workers(2, 4, n_deaths=1)
    assert isinstance(found[0], WorkerDeath)
    # Each of two workers has one of the first two tasks, whenever the others end.
    seen = {pid: gpu for gpu, _, pid, _ in look_in_workers(2, 4).values()}
    assert sorted(seen.values()) == ["0", "1"]


@pytest.mark.slow
@pytest.mark.parametrize(("places", "grows"), [([], None), ([0], "true")])
def test_without_several_gpus_workers_see_what_their_parent_sees(
    machine, places, grows
):
    machine(places, None)
    found = look_in_workers(2, 4)
    assert {look[:2] for look in found.values()} == {(None, grows)}


@pytest.mark.slow
def test_how_memory_of_gpus_is_taken_may_be_set(machine, monkeypatch):
    machine([0, 1], None)
    monkeypatch.setenv(GROWS, "false")
    assert {look[1] for look in look_in_workers(2, 4).values()} == {"false"}
