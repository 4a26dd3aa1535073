"""Trial: the record of one configuration, and `evaluate`, which makes it."""

import time
from dataclasses import dataclass, field, replace
from traceback import format_exception_only

from skautokeras._search.cost import count_flops
from skautokeras._search.trainer import train
from skautokeras._space.randomness import seeded

# Characters of an error that are kept; TensorFlow can put whole arrays into one.
_MAX_REASON = 2000


@dataclass(frozen=True, eq=False)
class Trial:
    """What is known of one configuration after it was tried.

    ``score`` is that of the best epoch, greater is better; ``weights`` are the weights
    of that epoch, ``y_pred`` the predictions for the validation rows by head; a search
    keeps both for its best trials only.
    ``planned_epochs`` is what the learning rate was annealed over; ``flops`` are those
    of one forward pass for one row. A trial with an
    ``error`` failed; its score is not a number. One that was ``pruned`` ended because
    others had reached more by then. ``seed`` seeded the trial.
    ``new_hyperparameters`` is the config of those that came up while the network was
    built and that the graph's space had not told of (None if there were none).
    """

    values: dict
    seed: int
    score: float = float("nan")
    epochs: int = 0
    best_epoch: int = 0
    planned_epochs: int = 0
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


def evaluate(
    values,
    seed,
    deadline,
    *,
    graph,
    recipe,
    data,
    objective,
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
        Training ends at the first epoch behind it.
    graph : Graph
        Makes networks from values.
    recipe : Recipe
        How networks are trained.
    data : Data
        Training and validation rows.
    objective : Objective
        Scores predictions.
    on_epoch : callable
        Called as ``on_epoch(epoch, logs)``; True ends the training.
    curve : tuple of float, default=()
        What others had reached along their training; a trial that is behind is pruned.

    Returns
    -------
    trial : Trial
        A failure is recorded, not raised; only KeyboardInterrupt passes.
    """
    start = time.monotonic()
    trial = Trial(values=dict(values), seed=seed)
    # "tuner/..." is what hyperband tells besides hyperparameters.
    epochs = values.get("tuner/epochs")
    recipe = recipe if epochs is None else replace(recipe, epochs=int(epochs))
    try:
        with seeded(seed), recipe.scope():
            built = graph.build(values)
        trial = replace(
            trial,
            values=built.values,
            n_parameters=built.network.count_params(),
            flops=count_flops(built.network),
            new_hyperparameters=graph.unknown(built.hyperparameters),
        )
        with recipe.scope():
            monitor = train(
                built,
                recipe,
                data.train,
                data.valid,
                objective,
                deadline=deadline,
                seed=seed,
                on_epoch=on_epoch,
                curve=curve,
            )
        return replace(
            trial,
            score=monitor.best_score,
            epochs=monitor.epoch,
            best_epoch=monitor.best_epoch,
            planned_epochs=monitor.planned_epochs,
            pruned=monitor.pruned,
            seconds=time.monotonic() - start,
            history=monitor.history,
            y_pred=monitor.best_outputs.y_pred,
            weights=built.network.get_weights(),
        )
    # One bad configuration must not end the search.
    except Exception as error:  # noqa: BLE001
        reason = "".join(format_exception_only(error)).strip()
        # What happened comes first or, behind TensorFlow's stack trace, last.
        if len(reason) > _MAX_REASON:
            half = _MAX_REASON // 2 - 3
            reason = f"{reason[:half]} ... {reason[-half:]}"
        return replace(trial, error=reason, seconds=time.monotonic() - start)
