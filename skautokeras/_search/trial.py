"""Trial: the record of one evaluated configuration, and `evaluate`, which makes it."""

import math
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from traceback import format_exception_only

import numpy as np

from skautokeras._search.cost import count_flops
from skautokeras._state.keras_door import through_the_door
from skautokeras._state.names import saved_as
from skautokeras._state.randomness import MAX_SEED, seeded
from skautokeras._training.monitor import Monitor
from skautokeras._training.objective import Evaluation
from skautokeras._training.pruning import fold_score
from skautokeras._training.trainer import train
from skautokeras._training.validation_loss import loss_on

# Characters of an error that are kept; TensorFlow can put whole arrays into one.
_MAX_REASON = 2000
# Packages whose lines do not tell the user where the fault is.
_OTHERS_CODE = {
    "contextlib",
    "keras",
    "keras_hub",
    "keras_tuner",
    "numpy",
    "pandas",
    "scipy",
    "skautokeras",
    "sklearn",
    "tensorflow",
}


@saved_as("Trial")
@dataclass(frozen=True, eq=False)
class Trial:
    """The result of one configuration.

    Attributes
    ----------
    values : dict of str to object
        Configuration; a network may have more hyperparameters than were proposed.
    seed : int
        Seed of the trial.
    score : float
        Score of the best epoch, greater is better; not a number if the trial failed.
        With several folds, it is the score of ``y_pred``.
    loss : float
        Validation loss of ``y_pred``, which decides between equal scores; with several
        folds the mean of their losses. Not a number if the trial failed.
    epochs, best_epoch, planned_epochs : int
        Number of epochs that were trained, number of the best one from 1, and number of
        epochs over which the learning rate was annealed; with several folds their mean.
    trained_epochs : float
        Number of epochs that were trained, where an epoch that the time has ended
        counts by its share of the steps; with several folds the mean.
    cut : bool
        Whether the time has ended the training before its schedule, or the fitting of
        trees before there were enough of them; with several folds, in any of them.
    n_folds : int
        Number of folds that were trained.
    n_iterations : int or None
        Number of iterations of layers that are fitted before the training, such as
        boosted trees; with several folds their mean. None if there are no such layers.
    n_rows : int
        Number of rows that the networks learned from, those of all trained folds added
        up.
    every : int
        The networks learned from every so many-th training row.
    fitting_seconds : float
        Part of ``seconds`` that the fitting of such layers took.
    seconds : float
        Time that the trial took.
    n_parameters : int or None
        Number of parameters of the network.
    flops : int or None
        Floating-point operations of one forward pass for one row.
    step_flops : int or None
        A third of the floating-point operations of a step of training for one row.
    history : dict of str to list of float
        Losses and metrics by epoch; with several folds their mean, and the scores of
        each fold.
    y_pred : dict of str to ndarray or None
        Predictions for the validation rows of all folds by head.
    weights : list of list of ndarray or None
        Weights of the best epoch for each fold. Like ``y_pred``, a search keeps them
        only for trials that can be in an ensemble.
    error : str or None
        Reason why the trial failed.
    pruned : bool
        Whether the trial ended early, because other trials had better scores.
    metrics : dict of str to float
        Metrics of ``y_pred`` in the unit of y; empty if the trial did not complete.
    predefined : bool
        Whether the configuration is one of those that a search begins with.
    ended : float
        Seconds from the beginning of the fit to the end of the trial. A search that is
        continued counts on from where it was.
    new_hyperparameters : dict or None
        Config of the hyperparameters that came up while the network was built and are
        missing from the search space. None if there are none.
    """

    values: dict
    seed: int
    score: float = float("nan")
    loss: float = float("nan")
    epochs: int = 0
    best_epoch: int = 0
    planned_epochs: int = 0
    n_folds: int = 1
    seconds: float = 0.0
    n_parameters: int | None = None
    flops: int | None = None
    step_flops: int | None = None
    history: dict = field(default_factory=dict)
    y_pred: dict | None = None
    weights: list | None = None
    error: str | None = None
    pruned: bool = False
    new_hyperparameters: dict | None = None
    n_iterations: int | None = None
    trained_epochs: float = 0.0
    cut: bool = False
    metrics: dict = field(default_factory=dict)
    predefined: bool = False
    ended: float = 0.0
    n_rows: int = 0
    every: int = 1
    fitting_seconds: float = 0.0

    @property
    def status(self):
        """Either "completed", "pruned" or "failed"."""
        if self.error is not None:
            return "failed"
        return "pruned" if self.pruned else "completed"

    @property
    def quality(self):
        """Score and minus the loss: the greater of two tells the better trial."""
        # What is not a number is worse than any other.
        score = -math.inf if math.isnan(self.score) else self.score
        return score, -self.loss if math.isfinite(self.loss) else -math.inf

    def without_arrays(self):
        """Return the trial without its weights and predictions."""
        return replace(self, weights=None, y_pred=None)


def never_stop(epoch, logs):
    """Let a training go on after an epoch: the default of ``on_epoch``.

    Parameters
    ----------
    epoch : int
        Number of the epoch that has ended, from 1.
    logs : dict of str to float
        Its losses and metrics.

    Returns
    -------
    stop : bool
        Always False.
    """
    return False


@through_the_door
def evaluate(
    values,
    seed,
    deadline,
    *,
    problem,
    data,
    on_epoch=never_stop,
    curve=(),
    worst_fold=-math.inf,
    every=1,
    share_of_fitting=None,
):
    """Build, train and score one configuration.

    Parameters
    ----------
    values : dict of str to object
        Configuration to evaluate.
    seed : int
        Seed of the initial weights, of dropout and of the order of the rows.
    deadline : Deadline
        Moment after which training ends with the next epoch. Every fold has its share
        of the time that the folds before have left.
    problem : Problem
        Search space, folds, objective and options of training, which all trials share.
    data : SplitRows
        Training and validation rows of all folds.
    on_epoch : callable, default=never_stop
        Function ``on_epoch(epoch, logs)`` that is called after each epoch; if it
        returns True, training ends.
    curve : tuple of float, default=()
        Scores of other trials along their training; a trial that falls behind them in
        its first fold is pruned.
    worst_fold : float, default=-inf
        Lowest score in a fold of the last trial of an ensemble. A trial ends as pruned
        after a fold if the mean score of its folds so far is lower (arXiv:2405.03389).
    every : int, default=1
        The networks learn from every so many-th training row.
    share_of_fitting : float or None, default=None
        Share of the time that layers which are fitted may take. If None, it is that of
        the options of the problem.

    Returns
    -------
    trial : Trial
        Result. A failure is recorded in it; only KeyboardInterrupt is raised.
    """
    start = time.monotonic()
    trial = Trial(values=dict(values), seed=seed)
    # Hyperband tells the number of epochs beside the hyperparameters.
    epochs = values.get("tuner/epochs")
    options = problem.options
    if epochs is not None:
        most = options.epochs or math.inf
        options = replace(options, epochs=int(min(epochs, most)))
    if share_of_fitting is not None:
        options = replace(options, share_of_fitting=share_of_fitting)
    trained = []
    network = _NetworkOfFolds(values, options)
    epochs_of_fold = _Epochs(on_epoch)
    try:
        for i, fold in enumerate(problem.folds):
            built = network.build(fold.search_space, fold_seed(seed, i))
            if i == 0:
                trial = _add_network(trial, built, problem.search_space)
            epochs_of_fold.history = {}
            train_rows, valid_rows = fold.rows(data, every)
            with options.scope():
                monitor = train(
                    built,
                    options,
                    train_rows,
                    valid_rows,
                    fold.objective,
                    deadline=_deadline_of_next_fold(deadline, len(problem.folds) - i),
                    seed=fold_seed(seed, i),
                    on_epoch=epochs_of_fold,
                    curve=curve if i == 0 else (),
                    floor=fold.floor,
                )
            trained.append(
                _TrainedFold(
                    monitor,
                    monitor.planned_epochs,
                    built.network.get_weights(),
                    len(train_rows),
                )
            )
            n_left = len(problem.folds) - len(trained)
            if monitor.pruned or (n_left and _mean_score(trained) < worst_fold):
                break
        trial = _add_results(trial, trained, problem, data.valid)
    # One bad configuration must not end the search.
    except Exception as error:  # noqa: BLE001
        trial = replace(trial, error=_reason(error), history=epochs_of_fold.history)
    return replace(trial, seconds=time.monotonic() - start)


class _Epochs:
    """Passes the epochs of a training on, and keeps those of the current fold.

    The monitor of a training that fails is lost; these epochs tell how it went.

    Parameters
    ----------
    on_epoch : callable
        Function ``on_epoch(epoch, logs)`` that is called after each epoch.
    """

    def __init__(self, on_epoch):
        self._on_epoch = on_epoch
        self.history = {}

    def __call__(self, epoch, logs):
        for name, value in logs.items():
            self.history.setdefault(name, []).append(value)
        return self._on_epoch(epoch, logs)


class _NetworkOfFolds:
    """The network of a configuration, which folds with one search space share.

    Building takes longer than an epoch of few rows. So folds of the same search space
    begin with the same weights of the same network.

    Parameters
    ----------
    values : dict of str to object
        Configuration of the network.
    options : TrainingOptions
        Settings of the training.
    """

    def __init__(self, values, options):
        self._values = values
        self._options = options
        self._search_space = self._built = self._weights = None

    def build(self, search_space, seed):
        """Return the network as it is before a training.

        Parameters
        ----------
        search_space : SearchSpace
            Search space of the fold.
        seed : int
            Seed of the weights of a network that is built.
        """
        if search_space is self._search_space:
            self._built.network.set_weights(self._weights)
            return self._built
        with seeded(seed), self._options.scope():
            self._built = search_space.build(self._values)
        self._search_space = search_space
        self._weights = self._built.network.get_weights()
        return self._built


def _add_network(trial, built, search_space):
    """Return a trial with the facts of its network."""
    return replace(
        trial,
        values=built.values,
        n_parameters=built.network.count_params(),
        flops=count_flops(built.network),
        step_flops=count_flops(built.network, training=True),
        new_hyperparameters=search_space.unknown(built.hyperparameters),
    )


def fold_seed(seed, i):
    """Return the seed of a fold; the first fold has the seed of the trial.

    Parameters
    ----------
    seed : int
        Seed of the trial.
    i : int
        Number of the fold, from 0.

    Returns
    -------
    seed : int
    """
    return (seed + i) % MAX_SEED


def _deadline_of_next_fold(deadline, n_folds):
    """Return the deadline of the next fold if ``n_folds`` are still to be trained."""
    return deadline if n_folds == 1 else deadline.within(deadline.left() / n_folds)


def _reason(error):
    """Return an error as text, shortened to a length that can be shown.

    Where the user's code was running, such as a block, its line follows.
    """
    reason = "".join(format_exception_only(error)).strip()
    reason += _line_of_user(error.__traceback__)
    if len(reason) <= _MAX_REASON:
        return reason
    # The cause comes first or, after TensorFlow's stack trace, last.
    half = _MAX_REASON // 2 - 3
    return f"{reason[:half]} ... {reason[-half:]}"


def _line_of_user(traceback):
    """Return where the user's own code was running, in brackets, or nothing."""
    line = ""
    while traceback is not None:
        frame = traceback.tb_frame
        package = (frame.f_globals.get("__name__") or "").partition(".")[0]
        code = frame.f_code
        if package not in _OTHERS_CODE and Path(code.co_filename).suffix == ".py":
            where = Path(code.co_filename).name
            line = f" (line {traceback.tb_lineno} of {where}, in {code.co_name})"
        traceback = traceback.tb_next
    return line


@dataclass(frozen=True, eq=False)
class _TrainedFold:
    """The training of one fold.

    ``planned_epochs`` is read from the monitor as soon as the training has ended, as it
    depends on whether there is time left.
    """

    monitor: Monitor
    planned_epochs: int
    weights: list
    n_rows: int


def _add_results(trial, trained, problem, valid_rows):
    """Return a trial with the results of its folds."""
    monitors = [fold.monitor for fold in trained]
    outputs = [monitor.best_evaluation for monitor in monitors]
    score, y_pred = _mean_score(trained), outputs[0].y_pred
    loss = sum(output.loss for output in outputs) / len(outputs)
    is_complete = len(trained) == len(problem.folds)
    if is_complete and len(trained) > 1:
        y_pred = {
            name: np.concatenate([o.y_pred[name] for o in outputs]) for name in y_pred
        }
        evaluation = Evaluation(y_pred, loss_on(problem.heads, valid_rows))
        score = problem.objective(evaluation)
        if not math.isfinite(score):
            raise FloatingPointError(f"The score of all folds is {score}.")
    metrics = {}
    if is_complete and problem.reported is not None:
        metrics = problem.reported(y_pred)
    counts = [m.n_iterations for m in monitors if m.n_iterations is not None]
    return replace(
        trial,
        score=score,
        loss=loss,
        epochs=_mean([monitor.epoch for monitor in monitors]),
        best_epoch=_mean([monitor.best_epoch for monitor in monitors]),
        planned_epochs=_mean([fold.planned_epochs for fold in trained]),
        trained_epochs=sum(m.trained_epochs for m in monitors) / len(monitors),
        cut=any(m.cut for m in monitors),
        n_folds=len(trained),
        n_rows=sum(fold.n_rows for fold in trained),
        fitting_seconds=sum(monitor.fitting_seconds for monitor in monitors),
        n_iterations=_mean(counts) if counts else None,
        pruned=monitors[-1].pruned or not is_complete,
        history=_mean_history([monitor.history for monitor in monitors]),
        y_pred=y_pred,
        metrics=metrics,
        weights=[fold.weights for fold in trained],
    )


def _mean_score(trained):
    """Return the mean of the best scores of some folds."""
    return sum(fold.monitor.best_score for fold in trained) / len(trained)


def _mean(epochs):
    return round(sum(epochs) / len(epochs))


def _mean_history(histories):
    """Return the mean of histories; shorter ones go on with their last values."""
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
