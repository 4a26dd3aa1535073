"""What a compiled epoch learns about its own speed."""

import numpy as np

from skautokeras._state import Deadline
from skautokeras._training.compiled_epoch import CompiledEpoch
from skautokeras._training.streaming import Chunks


class StepClock:
    """A clock on which the first call of a function takes long."""

    def __init__(self, compiled, monkeypatch):
        self.now, self.n_calls = 0.0, 0
        call = type(compiled)._compile_epoch

        def compile_epoch(itself, *args):
            function = call(itself, *args)

            def timed(*args):
                self.now += 100.0 if self.n_calls == 0 else 0.01 * len(args[5])
                self.n_calls += 1
                return function(*args)

            return timed

        monkeypatch.setattr(type(compiled), "_compile_epoch", compile_epoch)

    def __call__(self):
        return self.now


def test_the_first_call_does_not_tell_how_long_a_step_takes(problem, monkeypatch):
    built = problem.search_space.build({"training/batch_size": 16})
    compiled = CompiledEpoch(built, problem.search_space.heads)
    clock = StepClock(compiled, monkeypatch)
    chunks = Chunks(problem.data.train, lambda rows: rows, 16, seed=None)

    def plan(first, last):
        return np.ones((last - first, 2)) * [1e-3, 1.0]

    # The first call takes 100 s. Were a step to take as long, validation would, too.
    _, n_steps = compiled.run_epoch(
        chunks.epoch(), plan, 0.0, Deadline(1000.0, clock), n_valid_rows=1000
    )
    assert n_steps == chunks.n_steps
    compiled.start(built)
    assert compiled._seconds_per_step is None
