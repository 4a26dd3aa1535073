"""What becomes of the trials: networks, trained on all rows where asked, as one."""

import tensorflow as tf

from skautokeras._ensemble.ensemble import Ensemble
from skautokeras._search.selection import candidates
from skautokeras._search.trial import fold_seed
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


def finish(trials, weights, problem, data, *, refit, deadline, temperatures=()):
    """Return the ensemble that predicts from now on.

    Parameters
    ----------
    trials : list of Trial
        All of the search.
    weights : dict of int to float
        Position of each trial that belongs to the ensemble -> its weight, the heaviest
        first.
    problem : Problem
        The one of the search.
    data : Data
        ``data.all`` is what a refit is trained on; None: there is nothing to add.
    refit : bool
        Whether to train the networks again on all rows, each for as many epochs as gave
        its best score, on average over the folds.
    deadline : Deadline or None
        A refit that would take longer is left out, and one that does is dropped; the
        network of the trial stays.
    temperatures : dict of str to (float, str), default=()
        What calibrates the heads of the ensemble.

    Returns
    -------
    ensemble : Ensemble
        Of refitted networks, or of those of the trials: where there are several folds,
        the networks of all of them, which share the weight of the trial.
    """
    models, shares = [], []
    for i, weight in weights.items():
        model = None
        if refit and data.all is not None and _fits(trials[i], problem, data, deadline):
            model = _refitted(problem, trials[i], data.all, deadline)
        found = _restored(problem, trials[i]) if model is None else [model]
        models += found
        shares += [weight / len(found)] * len(found)
    return Ensemble(models, shares, temperatures)


def refit_seconds(trials, problem, data, size, max_time):
    """Return how many seconds to keep for refitting the best ``size`` candidates.

    About what it will take, as far as that is a quarter of the whole time at most: the
    network of a trial is there where the time does not suffice, and a search that has
    ended early has lost more.

    Parameters
    ----------
    trials : list of Trial
        So far.
    problem : Problem
        The one of the search.
    data : Data
        Tells how many rows a refit has more than a trial.
    size : int
        Networks in the ensemble at most.
    max_time : float or None
        Seconds of the whole fit.
    """
    if data.all is None or max_time is None:
        return 0.0
    kept, most = 0.0, _MOST_OF_THE_TIME * max_time
    for i in candidates(trials)[:size]:
        seconds = _seconds_of_refit(trials[i], problem, data)
        kept += seconds if kept + seconds <= most else 0.0
    return kept


def _seconds_of_refit(trial, problem, data):
    """Return about how long the refit of a trial takes."""
    # The first epoch compiles: counting one more is on the safe side.
    share = (trial.best_epoch + 1) / (trial.epochs + 1)
    return trial.seconds * share * len(data.all) / problem.n_train_rows(data)


def _fits(trial, problem, data, deadline):
    """Return whether a refit is likely to end in time."""
    return _seconds_of_refit(trial, problem, data) <= deadline.left()


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


def _refitted(problem, trial, rows, deadline):
    """Return the network of a trial trained on all rows; None if that did not work."""
    if deadline.passed():
        return None
    search_space = problem.search_space
    options = problem.options.as_refit(trial.planned_epochs, trial.best_epoch)
    with seeded(trial.seed), options.scope():
        built = search_space.build(trial.values)
    try:
        with options.scope():
            monitor = train(
                built,
                options,
                rows,
                None,
                None,
                deadline=deadline,
                seed=trial.seed,
                on_epoch=lambda epoch, logs: False,
            )
    except _NO_REASON_TO_LOSE_A_SEARCH:
        return None
    if monitor.epoch < trial.best_epoch:
        return None
    if options.distribution is None and not accelerator.has_fast_gpu():
        return built.model
    # Copies of the weights on several devices, and bfloat16, are for training only.
    weights = built.network.get_weights()
    return _network(search_space, trial.values, trial.seed, weights)
