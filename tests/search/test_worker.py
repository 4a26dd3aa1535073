"""The functions that run in a worker, called without one."""

import math
import subprocess
import sys

import cloudpickle
import joblib
import numpy as np
import pytest

from skautokeras._search.parallel.entry import check_answer, make_entry
from skautokeras._search.parallel.worker import Job, pack, run_job, stop
from skautokeras.exceptions import SearchError


def evaluate(values, seed, deadline, *, data, **options):
    return values, seed, data, options, deadline.left()


SHARED = {"data": np.arange(1000.0)}


@pytest.fixture(params=["file", "buffers"])
def content(request, tmp_path):
    if request.param == "buffers":
        return pack(evaluate, SHARED)
    joblib.dump(pack(evaluate, SHARED), tmp_path / "shared")
    return str(tmp_path / "shared")


def run(content, key, seconds=60.0):
    job = Job(key, ({"x": 1}, 7), seconds, {"curve": (0.5,)}, n_workers=2)
    return cloudpickle.loads(run_job(content, cloudpickle.dumps(job)))


@pytest.fixture(autouse=True)
def _little_memory(monkeypatch):
    monkeypatch.setattr("skautokeras._search.parallel.worker._RESERVE_BYTES", 10)
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "1")
    monkeypatch.setenv("TF_NUM_INTEROP_THREADS", "1")


def test_a_task_is_done_with_what_all_tasks_share(content, request):
    values, seed, data, options, left = run(content, request.node.name)
    assert (values, seed, data.sum()) == ({"x": 1}, 7, 499_500)
    assert options == {"curve": (0.5,)}
    assert 0 < left <= 60


def test_time_without_end_has_no_end(content, request):
    assert run(content, request.node.name, math.inf)[-1] == math.inf


@pytest.mark.parametrize("seconds", [60.0, math.inf])
def test_a_task_that_is_stopped_has_no_time(content, request, seconds):
    stop(request.node.name)
    assert run(content, request.node.name, seconds)[-1] == 0.0


def test_arrays_are_not_copied_on_their_way():
    data = np.arange(1000.0)
    pickled, (array,) = pack(evaluate, {"data": data})
    assert len(pickled) < 1000
    assert np.shares_memory(array, data)


def test_small_and_empty_arrays_are_part_of_the_pickle(tmp_path):
    few, none = np.arange(3.0), np.ones((0, 5))
    pickled, arrays = pack(evaluate, {"data": [few, none]})
    assert arrays == []
    _, _, found, *_ = run((pickled, arrays), "small")
    assert found[0].tolist() == few.tolist()
    assert found[1].shape == none.shape


def test_a_worker_without_the_package_says_what_it_lacks(monkeypatch):
    enter = make_entry()
    monkeypatch.setitem(sys.modules, "skautokeras", None)
    monkeypatch.setitem(sys.modules, "keras", None)
    answer = enter("never read", b"")
    with pytest.raises(
        SearchError,
        match=r"skautokeras \S+ here and none there, keras \S+ here and none there",
    ):
        check_answer(answer)


def test_a_package_of_another_name_may_provide_tensorflow(monkeypatch, content):
    import importlib.metadata

    version = importlib.metadata.version

    def without_tensorflow(name):
        if name == "tensorflow":
            raise importlib.metadata.PackageNotFoundError(name)
        return version(name)

    enter = make_entry()
    monkeypatch.setattr(importlib.metadata, "version", without_tensorflow)
    payload = cloudpickle.dumps(Job("nightly", ({}, 1), 1.0, {}, n_workers=2))
    check_answer(enter(content, payload))


def test_a_worker_starts_without_tensorflow():
    # What a new worker does: it imports the function that it is to call.
    code = (
        "import sys; from skautokeras._search.parallel.worker import run_job; "
        "print({'keras', 'tensorflow', 'dask', 'ray'} & {*sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"


def test_an_array_in_a_file_is_not_part_of_the_pickle(tmp_path):
    file = np.memmap(tmp_path / "rows", "float32", "w+", shape=(10_000, 3))
    file[:] = 1.0
    pickled, arrays = pack(print, {"x": file[100:]})
    assert len(pickled) < 2000
    assert arrays[0].nbytes == file[100:].nbytes
