"""Trial: the record of one configuration, and `evaluate`, which makes it."""

import math
import time
from dataclasses import dataclass, field, replace
from traceback import format_exception_only

import numpy as np

from skautokeras._search.cost import count_flops
from skautokeras._state.names import saved_as
from skautokeras._state.randomness import seeded
from skautokeras._training.compiled_epoch import loss_on
from skautokeras._training.objective import Evaluation
from skautokeras._training.pruning import fold_score
from skautokeras._training.trainer import train

# Characters of an error that are kept; TensorFlow can put whole arrays into one.
_MAX_REASON = 2000
_MAX_SEED = 2**31 - 1


@saved_as("Trial")
@dataclass(frozen=True, eq=False)
class Trial:
    """What is known of one configuration after it was tried.

    ``score`` is that of the best epoch, greater is better; ``weights`` are the weights
    of that epoch for each fold, ``y_pred`` the predictions for the validation rows of
    all folds by head; a search keeps both for those only that can be in an ensemble.
    ``n_folds`` is how many folds were trained. Of several, ``epochs``, ``best_epoch``,
    ``planned_epochs`` and ``history`` are means, the score is that of ``y_pred``, and
    ``history`` has the scores of each fold as well.
    ``planned_epochs`` is what the learning rate was annealed over; ``flops`` are those
    of one forward pass for one row. A trial with an
    ``error`` failed; its score is not a number. One that was ``pruned`` ended in its
    first fold because others had reached more by then. ``seed`` seeded the trial.
    ``new_hyperparameters`` is the config of those that came up while the network was
    built and that the graph's space had not told of (None if there were none).
    """

    values: dict
    seed: int
    score: float = float("nan")
    epochs: int = 0
    best_epoch: int = 0
    planned_epochs: int = 0
    n_folds: int = 1
    seconds: float = 0.0
    n_parameters: int | None = None
    flops: int | None = None
    history: dict = field(default_factory=dict)
    y_pred: dict | None = None
    weights: list | None = None
    error: str | None = None
    pruned: bool = False
    new_hyperparameters: dict | None = None

    @property
    def status(self):
        """Either "completed", "pruned" or "failed"."""
        if self.error is not None:
            return "failed"
        return "pruned" if self.pruned else "completed"

    @property
    def kind(self):
        """What kinds of networks the blocks are that choose one, as (name, type)."""
        types = (name for name in self.values if name.endswith("/block_type"))
        return tuple((name, self.values[name]) for name in sorted(types))


def evaluate(
    values,
    seed,
    deadline,
    *,
    problem,
    data,
    on_epoch=lambda epoch, logs: False,
    curve=(),
):
    """Build, train and score one configuration.

    Parameters
    ----------
    values : dict of str to object
        Hyperparameters by name.
    seed : int
        Of the initial weights, dropout and the order of the rows.
    deadline : Deadline
        Training ends at the first epoch behind it. Every fold has its share of what
        the folds before have left.
    problem : Problem
        The search space, the folds, and how each is trained and judged.
    data : Data
        Training and validation rows of all folds.
    on_epoch : callable
        Called as ``on_epoch(epoch, logs)``; True ends the training.
    curve : tuple of float, default=()
        What others had reached along their training; a trial that is behind in its
        first fold is pruned.

    Returns
    -------
    trial : Trial
        A failure is recorded, not raised; only KeyboardInterrupt passes.
    """
    start = time.monotonic()
    trial = Trial(values=dict(values), seed=seed)
    # "tuner/..." is what hyperband tells besides hyperparameters.
    epochs = values.get("tuner/epochs")
    recipe = problem.recipe
    recipe = recipe if epochs is None else replace(recipe, epochs=int(epochs))
    trained = []
    try:
        for i, fold in enumerate(problem.folds):
            with seeded(fold_seed(seed, i)), recipe.scope():
                built = fold.search_space.build(values)
            if i == 0:
                trial = replace(
                    trial,
                    values=built.values,
                    n_parameters=built.network.count_params(),
                    flops=count_flops(built.network),
                    new_hyperparameters=problem.search_space.unknown(
                        built.hyperparameters
                    ),
                )
            with recipe.scope():
                monitor = train(
                    built,
                    recipe,
                    *fold.rows(data),
                    fold.objective,
                    deadline=_share(deadline, len(problem.folds) - i),
                    seed=fold_seed(seed, i),
                    on_epoch=on_epoch,
                    curve=curve if i == 0 else (),
                )
            trained.append(_Trained(monitor, built.network.get_weights()))
            if monitor.pruned:
                break
        trial = _with_results(trial, trained, problem, data.valid)
        return replace(trial, seconds=time.monotonic() - start)
    # One bad configuration must not end the search.
    except Exception as error:  # noqa: BLE001
        reason = "".join(format_exception_only(error)).strip()
        # What happened comes first or, behind TensorFlow's stack trace, last.
        if len(reason) > _MAX_REASON:
            half = _MAX_REASON // 2 - 3
            reason = f"{reason[:half]} ... {reason[-half:]}"
        return replace(trial, error=reason, seconds=time.monotonic() - start)


def fold_seed(seed, i):
    """Return the seed of a fold; the first one has that of the trial.

    Parameters
    ----------
    seed : int
        Of the trial.
    i : int
        Number of the fold, from 0.
    """
    return (seed + i) % _MAX_SEED


def _share(deadline, n_folds):
    """Return the deadline of the first of so many folds that are to come."""
    return deadline if n_folds == 1 else deadline.within(deadline.left() / n_folds)


class _Trained:
    """What is kept of one fold; whether time was left is asked at once."""

    def __init__(self, monitor, weights):
        self.monitor = monitor
        self.planned_epochs = monitor.planned_epochs
        self.weights = weights


def _with_results(trial, trained, problem, rows):
    """Return a trial with what came of its folds; ``rows`` are those to judge by."""
    monitors = [fold.monitor for fold in trained]
    outputs = [monitor.best_outputs for monitor in monitors]
    score, y_pred = monitors[0].best_score, outputs[0].y_pred
    if len(trained) > 1:
        y_pred = {
            name: np.concatenate([o.y_pred[name] for o in outputs]) for name in y_pred
        }
        evaluation = Evaluation(y_pred, loss_on(problem.heads, rows))
        score = problem.objective(evaluation)
        if not math.isfinite(score):
            raise FloatingPointError(f"The score of all folds is {score}.")
    return replace(
        trial,
        score=score,
        epochs=_mean([monitor.epoch for monitor in monitors]),
        best_epoch=_mean([monitor.best_epoch for monitor in monitors]),
        planned_epochs=_mean([fold.planned_epochs for fold in trained]),
        n_folds=len(trained),
        pruned=monitors[-1].pruned,
        history=_mean_history([monitor.history for monitor in monitors]),
        y_pred=y_pred,
        weights=[fold.weights for fold in trained],
    )


def _mean(epochs):
    return round(sum(epochs) / len(epochs))


def _mean_history(histories):
    """Return the mean of histories; one that ended earlier stays what it was."""
    if len(histories) == 1:
        return histories[0]
    mean = {}
    for name in histories[0]:
        values = [history[name] for history in histories]
        length = max(map(len, values))
        padded = [v + v[-1:] * (length - len(v)) for v in values]
        mean[name] = np.mean(padded, axis=0).tolist()
    scores = {fold_score(i): h["val_score"] for i, h in enumerate(histories)}
    return mean | scores
