"""One training as the monitor sees it."""

import math

import numpy as np
import pytest

from skautokeras._state import Deadline
from skautokeras._training import Evaluation, Monitor, Objective


def monitor(epochs=10, *, patience=None, stop_after=None, deadline=None, stop=False):
    return Monitor(
        Objective(lambda evaluation: -evaluation.loss),
        epochs,
        patience=patience,
        stop_after=stop_after,
        deadline=deadline or Deadline(None),
        on_epoch=lambda epoch, logs: stop,
    )


def feed(monitor, losses):
    for epoch, loss in enumerate(losses, 1):
        monitor.update(
            {"loss": 1.0}, Evaluation({"head": epoch}, loss), lambda e=epoch: e
        )
        if monitor.finished:
            break
    return monitor


def test_the_best_epoch_is_kept_with_its_weights():
    seen = feed(monitor(), [3.0, 1.0, 2.0])
    assert (seen.best_epoch, seen.best_score, seen.best_state) == (2, -1.0, 2)
    assert seen.best_evaluation.y_pred == {"head": 2}
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


@pytest.mark.parametrize(
    ("kwargs", "cut"),
    [
        ({"epochs": 1, "deadline": Deadline(0)}, False),
        ({"patience": 0, "deadline": Deadline(0)}, False),
        ({"stop": True, "deadline": Deadline(0)}, False),
        ({"deadline": Deadline(0)}, True),
    ],
    ids=["epochs", "patience", "callback", "deadline"],
)
def test_a_training_is_cut_if_nothing_but_the_time_ends_it(kwargs, cut):
    assert feed(monitor(**kwargs), [1.0]).cut == cut


def test_part_of_an_epoch_is_the_last_one():
    seen = monitor(epochs=1)
    seen.update({"loss": 1.0}, Evaluation({}, 1.0), list, share=0.25)
    assert (seen.epoch, seen.trained_epochs, seen.planned_epochs) == (1, 0.25, 1)
    assert seen.finished
    assert seen.cut


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_a_number_that_is_none_ends_it_with_an_error(loss):
    with pytest.raises(FloatingPointError, match="epoch 2"):
        feed(monitor(), [1.0, loss])
    with pytest.raises(FloatingPointError):
        monitor().update({"loss": loss}, None, None)


def test_an_error_names_what_was_no_number():
    with pytest.raises(FloatingPointError, match=r"loss became nan .* in epoch 1"):
        monitor().update({"loss": math.nan}, None, None)
    with pytest.raises(FloatingPointError, match=r"score nan in epoch 1"):
        feed(monitor(), [math.nan])


def test_a_broken_epoch_is_not_the_best_and_not_in_the_history():
    seen = monitor()
    with pytest.raises(FloatingPointError):
        feed(seen, [2.0, math.nan])
    assert (seen.best_epoch, seen.best_score, seen.best_state) == (1, -2.0, 1)
    assert seen.history == {"loss": [1.0], "val_score": [-2.0]}


def test_of_equal_epochs_the_last_is_kept_and_patience_runs_on():
    seen = feed(monitor(patience=3), [1.0] * 9)
    assert (seen.epoch, seen.best_epoch, seen.best_state) == (4, 4, 4)
    assert seen.best_evaluation.y_pred == {"head": 4}
    seen = feed(monitor(patience=3), [1.0, 2.0, 1.0, 2.0])
    assert (seen.epoch, seen.best_epoch, seen.finished) == (4, 3, True)


def test_a_better_epoch_renews_the_patience():
    seen = feed(monitor(patience=2), [5.0, 6.0, 4.0, 5.0, 3.0, 4.0, 5.0, 1.0])
    assert (seen.epoch, seen.best_epoch, seen.finished) == (7, 5, True)


def test_without_patience_only_the_epochs_end_it():
    seen = feed(monitor(epochs=30), [float(i) for i in range(1, 40)])
    assert (seen.epoch, seen.best_epoch) == (30, 1)


def test_states_are_copied_for_the_best_epochs_only():
    copied, seen = [], monitor()
    for epoch, loss in enumerate([3.0, 4.0, 2.0, 2.5], 1):
        seen.update({}, Evaluation({}, loss), lambda e=epoch: copied.append(e) or e)
    assert copied == [1, 3]
    assert seen.best_state == 3


def test_without_an_objective_the_last_epoch_counts():
    seen = Monitor(
        None,
        3,
        patience=1,
        stop_after=None,
        deadline=Deadline(None),
        on_epoch=lambda epoch, logs: False,
    )
    while not seen.finished:
        seen.update({"loss": 1.0}, None, None)
    assert (seen.epoch, seen.best_epoch) == (3, 3)
    assert "val_score" not in seen.history


def test_the_callback_hears_of_every_epoch_and_its_yes_ends_it():
    heard = []

    def on_epoch(epoch, logs):
        heard.append((epoch, dict(logs)))
        return np.True_ if epoch == 2 else None

    seen = Monitor(
        Objective(lambda evaluation: -evaluation.loss),
        10,
        patience=None,
        stop_after=None,
        deadline=Deadline(None),
        on_epoch=on_epoch,
    )
    feed(seen, [3.0, 2.0, 1.0])
    assert heard == [
        (1, {"loss": 1.0, "val_score": -3.0}),
        (2, {"loss": 1.0, "val_score": -2.0}),
    ]
    assert seen.finished is True


@pytest.mark.parametrize("epochs", [1, 3, 10, 1000])
@pytest.mark.parametrize("seconds", [0.5, 4.0, 4.5, 100.0, None])
@pytest.mark.parametrize("passed_before", [0.0, 50.0])
def test_progress_grows_from_zero_to_one_whatever_ends_the_training(
    clock, epochs, seconds, passed_before
):
    deadline = Deadline(None if seconds is None else seconds + passed_before, clock)
    clock.now = passed_before  # the training begins later than the fit
    seen, parts = monitor(epochs=epochs, deadline=deadline), []
    while not seen.finished:
        parts += seen.next_progress()
        clock.now += 1.0
        feed(seen, [1.0])
    assert parts[0] == 0
    assert all(0 <= part <= 1 for part in parts)
    assert parts == pytest.approx(sorted(parts))
    if len(parts) > 2 or epochs == 1:
        assert parts[-1] == pytest.approx(1)
    else:  # nobody knows before the first epoch how long it takes
        assert parts[-1] == pytest.approx(1 / epochs)


def test_progress_with_a_deadline_far_away_is_that_without_one(clock):
    far, never = monitor(deadline=Deadline(1e6, clock)), monitor()
    for _ in range(10):
        assert far.next_progress() == pytest.approx(never.next_progress())
        clock.now += 1.0
        feed(far, [1.0])
        feed(never, [1.0])
    assert far.planned_epochs == never.planned_epochs == 10


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


def test_a_deadline_hurries_the_progress(clock):
    seen, starts = monitor(epochs=1000, deadline=Deadline(4, clock)), []
    while not seen.finished:
        starts.append(seen.next_progress()[0])
        clock.now += 1.0
        feed(seen, [1.0])
    assert starts == [0.0, 0.25, 0.5, 0.75]
    assert seen.planned_epochs == seen.epoch == 4


def with_floor(losses, **options):
    seen = Monitor(
        Objective(lambda evaluation: -evaluation.loss),
        100,
        stop_after=None,
        deadline=Deadline(None),
        on_epoch=lambda epoch, logs: False,
        **{"patience": 90, "floor": -1.0, **options},
    )
    return feed(seen, losses)


def test_a_training_ends_that_has_lost_a_fifth_of_its_gain_for_eight_epochs():
    seen = with_floor([0.5, *[0.61] * 20])
    assert seen.finished
    assert (seen.epoch, seen.best_epoch, seen.cut) == (9, 1, False)


@pytest.mark.parametrize(
    "losses",
    [
        [0.5, *[0.59] * 20],  # too little is lost
        [0.5, *([0.61] * 7 + [0.59]) * 3],  # it comes back in time
        [1.2, *[1.5] * 20],  # nothing has been gained yet
    ],
)
def test_other_trainings_go_on(losses):
    assert not with_floor(losses).finished


@pytest.mark.parametrize("option", [{"floor": None}, {"patience": None}])
def test_a_training_without_floor_or_patience_goes_on(option):
    assert not with_floor([0.5, *[0.9] * 40], **option).finished
