"""Run: search, then put the best networks together."""

import warnings
from dataclasses import dataclass, replace
from functools import partial

from skautokeras._ensemble.calibration import fit_temperatures
from skautokeras._ensemble.ensemble import Ensemble
from skautokeras._ensemble.refit import Refit, make_ensemble
from skautokeras._fit.hooks import FitHooks
from skautokeras._fit.leaderboard import make_leaderboard
from skautokeras._search.feasibility import Feasibility
from skautokeras._search.oracle import make_oracle
from skautokeras._search.parallel.pool import WorkerPool, count_workers
from skautokeras._search.search import best_trial, run_search
from skautokeras._search.selection import mean_outputs, select_ensemble
from skautokeras._search.trial import evaluate
from skautokeras._space.configurations import predefined, rank
from skautokeras._training.trainer import time_step
from skautokeras._training.validation_loss import loss_on


@dataclass(frozen=True, eq=False)
class Outcome:
    """Result of a search.

    Parameters
    ----------
    trials : list of Trial
        Trials in the order they ended.
    weights : dict of int to float
        Position of each trial in the ensemble -> its weight.
    ensemble : Ensemble
        Networks that predict together.
    interrupted : bool, default=False
        Whether the user ended the search.
    """

    trials: list
    weights: dict
    ensemble: Ensemble
    interrupted: bool = False

    @property
    def best(self):
        """The trial with the greatest score."""
        return best_trial(self.trials)

    @property
    def leaderboard(self):
        """One row per trial, the best first."""
        return make_leaderboard(self.trials, self.weights)


def check_workers(options):
    """Return how many trials run at the same time.

    Parameters
    ----------
    options : FitOptions
        Parameters of this call.

    Raises
    ------
    ValueError
        If the active backend of joblib forks, or if trials that use all devices are to
        run at the same time.
    """
    n_workers = count_workers(options.n_jobs)
    if options.distribution is not None and n_workers > 1:
        raise ValueError(
            "With 'distribution' one trial uses all devices: pass n_jobs=1."
        )
    return n_workers


def run(preparation, options, deadline, progress, attributes, n_workers):
    """Search, and make an ensemble of the best networks.

    Parameters
    ----------
    preparation : Preparation
        Problem, data, seeds and journal of the search.
    options : FitOptions
        Parameters of this call.
    deadline : Deadline
        Deadline of the whole fit.
    progress : Progress
        Object that reports trials and epochs to the user.
    attributes : callable
        Function from an `Outcome` to the attributes of a fitted estimator, for
        scikit-learn's callbacks.
    n_workers : int
        Number of trials at the same time.

    Returns
    -------
    outcome : Outcome

    Raises
    ------
    SearchError
        If every trial failed; the message holds the first reason.
    KeyboardInterrupt
        If the user ended the search before a trial had finished.
    """
    refit = None
    if options.refit:
        refit = Refit(preparation.problem, preparation.data, deadline)
    feasibility = make_feasibility(preparation, options)
    hooks = FitHooks(
        feasibility,
        refit,
        options,
        progress,
        lambda trials: attributes(make_outcome(preparation, trials, options)),
    )
    trials, interrupted = run_trials(
        preparation, options, deadline, feasibility, hooks, n_workers
    )
    if interrupted:
        warnings.warn(
            f"The search was interrupted after {len(trials)} trials; the estimator is "
            "fitted with the best of them.",
            UserWarning,
            stacklevel=3,
        )
        refit = None
    outcome = make_outcome(preparation, trials, options, refit=refit)
    return replace(outcome, interrupted=interrupted)


def make_feasibility(preparation, options):
    """Return the object that tells which configurations can be tried.

    Parameters
    ----------
    preparation : Preparation
        Problem and data of the search.
    options : FitOptions
        Parameters of this call.

    Returns
    -------
    feasibility : Feasibility
    """
    problem, data = preparation.problem, preparation.data
    return Feasibility(
        problem.search_space,
        problem.n_train_rows(data),
        partial(time_step, problem.search_space, problem.options, data.train),
        max_model_size=options.max_model_size,
        n_folds=len(problem.folds),
    )


def make_search_oracle(preparation, options, feasibility):
    """Return the oracle of a search, which begins with the predefined configurations.

    Parameters
    ----------
    preparation : Preparation
        Problem and seeds of the search.
    options : FitOptions
        Parameters of this call.
    feasibility : Feasibility
        Object that knows what configurations cost.

    Returns
    -------
    oracle : keras_tuner.Oracle
    """
    space = preparation.problem.search_space
    return make_oracle(
        options.tuner,
        space.hyperparameters(),
        initial_values=feasibility.cheapest_first(
            predefined(space), rank=partial(rank, search_space=space)
        ),
        max_trials=options.max_trials,
        max_epochs=options.planned_epochs,
        seed=preparation.oracle_seed,
    )


def run_trials(preparation, options, deadline, feasibility, hooks, n_workers):
    """Return the trials of a search, and whether the user interrupted it.

    Parameters
    ----------
    preparation : Preparation
        Problem, data, seeds and journal of the search.
    options : FitOptions
        Parameters of this call.
    deadline : Deadline
        Deadline of the whole fit.
    feasibility : Feasibility
        Object that knows what configurations cost.
    hooks : FitHooks
        Object that is asked and told along the search.
    n_workers : int
        Number of trials at the same time.

    Returns
    -------
    trials : list of Trial
    interrupted : bool
    """
    problem, data = preparation.problem, preparation.data
    oracle = make_search_oracle(preparation, options, feasibility)
    if n_workers > 1:
        evaluation = partial(evaluate, problem=problem)
        workers = WorkerPool(n_workers, {"data": replace(data, all=None)})
    else:
        evaluation = partial(
            evaluate, problem=problem, data=data, on_epoch=hooks.on_epoch_end
        )
        workers = None
    return run_search(
        oracle,
        evaluation,
        seeds=preparation.trial_seeds,
        deadline=deadline,
        hooks=hooks,
        journal=preparation.journal,
        workers=workers,
    )


def make_outcome(preparation, trials, options, *, refit=None):
    """Return the result of a search that ends with some trials.

    Parameters
    ----------
    preparation : Preparation
        Problem and data of the search.
    trials : list of Trial
        Trials so far; one of them has completed.
    options : FitOptions
        Parameters of this call.
    refit : Refit or None, default=None
        Final training of the chosen networks. None keeps those of the trials.

    Returns
    -------
    outcome : Outcome
    """
    problem, data = preparation.problem, preparation.data
    loss = loss_on(problem.heads, data.valid)
    weights = select_ensemble(trials, problem.objective, loss, options.ensemble_size)
    temperatures = fit_temperatures(
        problem.heads,
        data.valid,
        mean_outputs(trials, weights),
        problem.objective,
        loss,
    )
    ensemble = make_ensemble(
        problem, trials, weights, refit=refit, temperatures=temperatures
    )
    return Outcome(trials, weights, ensemble)
