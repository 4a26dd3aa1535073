"""From trials to the ensemble that predicts: networks restored or trained again."""

import tensorflow as tf

from skautokeras._ensemble.ensemble import Ensemble
from skautokeras._search.selection import ensemble_candidates
from skautokeras._search.trial import fold_seed, never_stop
from skautokeras._space import accelerator
from skautokeras._state.randomness import seeded
from skautokeras._training.trainer import train

# A refit that ends like this is dropped; the network of the trial is there.
_NO_REASON_TO_LOSE_A_SEARCH = (
    FloatingPointError,
    MemoryError,
    tf.errors.ResourceExhaustedError,
)
# Share of the whole time that is kept for refits at most.
_MOST_OF_THE_TIME = 0.25
# So much of the last epoch may be missing in the end.
_PART_OF_AN_EPOCH = 0.5
# Share of its time that a longer training is planned for.
_SAFE = 0.8


def make_ensemble(problem, trials, weights, *, refit=None, temperatures=()):
    """Return the ensemble of the networks of some trials.

    Parameters
    ----------
    problem : Problem
        Problem of the search.
    trials : list of Trial
        Trials of the search.
    weights : dict of int to float
        Position of each trial in the ensemble -> its weight, the heaviest first.
    refit : Refit or None, default=None
        Final training of the networks. None, or a refit that does not end in time,
        restores the networks of the trial; where there are several folds, they share
        its weight.
    temperatures : dict of str to (float, str), default=()
        Temperature and activation of the heads that are calibrated.

    Returns
    -------
    ensemble : Ensemble
    refitted : tuple of int
        Positions of the trials whose network was trained again.
    """
    models, shares, refitted = [], [], []
    left = sum(weights.values())
    for place, (i, weight) in enumerate(weights.items(), start=1):
        model = None
        if refit is not None:
            model = refit.model(trials[i], weight / left, place, len(weights))
        left -= weight
        members = _restored(problem, trials[i]) if model is None else [model]
        if model is not None:
            refitted.append(i)
        models += members
        shares += [weight / len(members)] * len(members)
    return Ensemble(models, shares, temperatures), tuple(refitted)


class Refit:
    """The final training of networks on all rows, as far as there is time for it.

    Parameters
    ----------
    problem : Problem
        Problem of the search.
    data : SplitRows
        Data of the search; ``data.all`` are the rows to train on. If they are None, as
        there are no further ones, nothing is trained.
    deadline : Deadline
        Deadline of the fit. A refit that would take longer is left out, and one that
        does is dropped.
    on_begin : callable, default=None
        Function ``on_begin(i, n_members, n_rows)`` that is called before the i-th of
        the networks is trained.
    """

    def __init__(self, problem, data, deadline, on_begin=None):
        self._on_begin = on_begin
        self._problem = problem
        self._data = data
        self._deadline = deadline

    def reserved_seconds(self, trials, size):
        """Return how many seconds to keep for refits of the best trials so far.

        It is about what they will take, as far as that is a quarter of the whole time
        at most: where the time does not suffice, the network of the trial is there, and
        a search that has ended early has lost more.

        Parameters
        ----------
        trials : list of Trial
            Trials that have ended.
        size : int
            Greatest number of trials in the ensemble.

        Returns
        -------
        seconds : float
        """
        most = _MOST_OF_THE_TIME * self._deadline.total()
        if self._data.all is None or most == float("inf"):
            return 0.0
        reserved = 0.0
        for i in ensemble_candidates(trials)[:size]:
            seconds = self._seconds(trials[i])
            reserved += seconds if reserved + seconds <= most else 0.0
        return reserved

    def model(self, trial, share=1.0, place=1, n_members=1):
        """Return the network of a trial, trained again on all rows.

        It is trained for as many epochs as gave the best score, on average over the
        folds. If the time has cut the training of the trial short, it lasts as much
        longer as its share of the time that is left allows.

        Parameters
        ----------
        trial : Trial
            Trial whose configuration is trained.
        share : float, default=1.0
            Share of the time that is left for this network.
        place : int, default=1
            Number of the network in the final model, from 1.
        n_members : int, default=1
            Number of networks in the final model.

        Returns
        -------
        model : keras.Model or None
            None if there are no rows or is no time for it, or training failed.
        """
        if self._data.all is None or self._seconds(trial) > self._deadline.left():
            return None
        if self._deadline.passed():
            return None
        if self._on_begin is not None:
            self._on_begin(place, n_members, len(self._data.all))
        search_space = self._problem.search_space
        with seeded(trial.seed), self._problem.options.scope():
            built = search_space.build(trial.values)
        longer = self._lengthening(trial, built, share)
        options = self._problem.options.as_refit(
            round(longer * trial.planned_epochs),
            round(longer * trial.best_epoch),
            trial.n_iterations,
        )
        try:
            monitor = self._train(built, options, trial.seed)
        except _NO_REASON_TO_LOSE_A_SEARCH:
            return None
        enough = min(trial.best_epoch, trial.trained_epochs) - _PART_OF_AN_EPOCH
        if monitor.trained_epochs < enough or _has_fewer_trees(monitor, trial):
            return None
        if options.distribution is None and not accelerator.has_fast_gpu():
            return built.model
        # Copies of the weights on several devices, and bfloat16, are for training only.
        weights = built.network.get_weights()
        return _network(search_space, trial.values, trial.seed, weights)

    def _lengthening(self, trial, built, share):
        """Return by which factor a training that was cut short lasts longer."""
        whole = built.training.epochs / max(trial.planned_epochs, 1)
        seconds = _SAFE * share * self._deadline.left()
        is_planned = trial.n_iterations is not None or "tuner/epochs" in trial.values
        if is_planned or seconds == float("inf"):
            return 1.0
        return max(1.0, min(whole, seconds / max(self._seconds(trial), 1e-9)))

    def _train(self, built, options, seed):
        """Train a network on all rows; return the monitor of the training."""
        with options.scope():
            return train(
                built,
                options,
                self._data.all,
                None,
                None,
                deadline=self._deadline,
                seed=seed,
                on_epoch=never_stop,
            )

    def _seconds(self, trial):
        """Return about how long the refit of a trial takes."""
        # The first epoch compiles: counting one more is on the safe side.
        share = (trial.best_epoch + 1) / (trial.epochs + 1)
        n_rows = self._problem.n_train_rows(self._data)
        return trial.seconds * share * len(self._data.all) / n_rows


def _has_fewer_trees(monitor, trial):
    """Return whether the time of a refit did not suffice for the trees of a trial."""
    if trial.n_iterations is None or not monitor.cut:
        return False
    return not trial.cut or monitor.n_iterations < trial.n_iterations


def _restored(problem, trial):
    """Return the network of each fold with the weights of its best epoch."""
    trained = zip(problem.folds, trial.weights, strict=True)
    return [
        _network(fold.search_space, trial.values, fold_seed(trial.seed, i), weights)
        for i, (fold, weights) in enumerate(trained)
    ]


def _network(search_space, values, seed, weights):
    with seeded(seed):
        built = search_space.build(values)
    built.network.set_weights(weights)
    return built.model
