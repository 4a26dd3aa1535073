"""One training as the monitor sees it."""

import math

import pytest

from skautokeras._search.deadline import Deadline
from skautokeras._search.monitor import Monitor
from skautokeras._search.objective import Objective, Outputs


def monitor(epochs=10, *, patience=None, stop_after=None, deadline=None, stop=False):
    return Monitor(
        Objective(lambda outputs: -outputs.loss),
        epochs,
        patience=patience,
        stop_after=stop_after,
        deadline=deadline or Deadline(None),
        on_epoch=lambda epoch, logs: stop,
    )


def feed(monitor, losses):
    for epoch, loss in enumerate(losses, 1):
        monitor.update({"loss": 1.0}, Outputs({"head": epoch}, loss), lambda e=epoch: e)
        if monitor.finished:
            break
    return monitor


def test_the_best_epoch_is_kept_with_its_weights():
    seen = feed(monitor(), [3.0, 1.0, 2.0])
    assert (seen.best_epoch, seen.best_score, seen.best_state) == (2, -1.0, 2)
    assert seen.best_outputs.y_pred == {"head": 2}
    assert seen.history == {"loss": [1.0] * 3, "val_score": [-3.0, -1.0, -2.0]}
    assert not seen.finished


@pytest.mark.parametrize(
    ("kwargs", "epochs"),
    [
        ({"epochs": 4}, 4),
        ({"patience": 2}, 3),
        ({"stop_after": 2}, 2),
        ({"stop": True}, 1),
        ({"deadline": Deadline(0)}, 1),
    ],
    ids=["epochs", "patience", "stop_after", "callback", "deadline"],
)
def test_a_training_ends(kwargs, epochs):
    assert feed(monitor(**kwargs), [1.0] * 20).epoch == epochs


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_a_number_that_is_none_ends_it_with_an_error(loss):
    with pytest.raises(FloatingPointError, match="epoch 2"):
        feed(monitor(), [1.0, loss])
    with pytest.raises(FloatingPointError):
        monitor().update({"loss": loss}, None, None)


def test_progress_runs_from_zero_to_one_without_gaps():
    seen, parts = monitor(epochs=5), []
    for _ in range(5):
        parts.append(seen.next_progress())
        feed(seen, [1.0])
    starts, ends = zip(*parts, strict=True)
    assert starts[0] == 0
    assert ends[-1] == pytest.approx(1)
    assert starts[1:] == pytest.approx(ends[:-1])
    assert seen.planned_epochs == 5


def test_a_deadline_hurries_the_progress():
    seen = monitor(epochs=1000, deadline=Deadline(0.2))
    while not seen.finished:
        start, end = seen.next_progress()
        assert 0 <= start <= end <= 1
        feed(seen, [1.0])
    assert start > 0.5
    assert seen.planned_epochs == seen.epoch < 1_000_000
