"""Run: search, then put the best networks together."""

from dataclasses import dataclass, replace
from functools import partial

from sklearn.exceptions import ConvergenceWarning

from skautokeras._data.x_adapter import XAdapter
from skautokeras._ensemble.calibration import calibrate, fit_temperatures
from skautokeras._ensemble.ensemble import Ensemble
from skautokeras._ensemble.refit import Refit, make_ensemble
from skautokeras._fit.advice import advice
from skautokeras._fit.encoding import with_read_vectors
from skautokeras._fit.hooks import FitHooks
from skautokeras._search.feasibility import Feasibility, evaluate_if_feasible
from skautokeras._search.oracle import make_oracle
from skautokeras._search.parallel.backends import count_workers
from skautokeras._search.parallel.pool import WorkerPool
from skautokeras._search.record import SearchRecord, make_record, scoring_name
from skautokeras._search.rungs import Promotions
from skautokeras._search.search import best_trial, run_search
from skautokeras._search.selection import mean_outputs, select_ensemble
from skautokeras._space import accelerator
from skautokeras._space.configurations import predefined, rank
from skautokeras._state.deadline import NO_DEADLINE, Deadline
from skautokeras._training.objective import Evaluation
from skautokeras._training.probe import score_or_none
from skautokeras._training.user_callbacks import can_be_copied
from skautokeras._training.validation_loss import loss_on
from skautokeras._warnings import warn

# The choice of an ensemble may take so long after the deadline.
_SECONDS_TO_CHOOSE = 1.0
# Share of the time in which the first configurations are ordered.
_SHARE_OF_ORDERING = 0.2


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
    y_pred : dict of str to ndarray of shape (n_valid, n_outputs)
        Predictions for the validation rows by head: the weighted mean of those of the
        trials, calibrated as the ensemble is.
    score : float
        Score of these predictions.
    metrics : dict of str to float
        Metrics of these predictions in the unit of y.
    record : SearchRecord
        The trials as tables.
    x_adapter : XAdapter
        Adapter of X whose pretrained models make only what the networks read.
    refitted : tuple of int, default=()
        Positions of the trials whose network was trained again on all rows.
    interrupted : bool, default=False
        Whether the user ended the search.
    """

    trials: list
    weights: dict
    ensemble: Ensemble
    y_pred: dict
    score: float
    metrics: dict
    record: SearchRecord
    x_adapter: XAdapter
    refitted: tuple = ()
    interrupted: bool = False

    @property
    def best(self):
        """The trial with the greatest score."""
        return best_trial(self.trials)


def check_workers(options):
    """Return how many trials run at the same time.

    Parameters
    ----------
    options : FitOptions
        Parameters of this call.

    Raises
    ------
    TypeError
        If a callback cannot be copied to other processes.
    ValueError
        If the active backend of joblib forks, or if trials that use all devices are to
        run at the same time.
    """
    n_workers = count_workers(options.n_jobs)
    if options.distribution is not None and n_workers > 1:
        raise ValueError(
            "With 'distribution' one trial uses all devices: pass n_jobs=1."
        )
    for callback in options.callbacks if n_workers > 1 else ():
        if not can_be_copied(callback):
            raise TypeError(
                f"{callback!r} in 'callbacks' holds something that cannot be copied to "
                "other processes. Pass n_jobs=1."
            )
    return n_workers


def run(preparation, deadline, progress, attributes, n_workers):
    """Search, and make an ensemble of the best networks.

    Parameters
    ----------
    preparation : Preparation
        Problem, data, options, seeds and journal of the search.
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
    progress.begin_search(preparation)
    refit, rungs = None, preparation.rungs
    # Configurations that are trained again have all rows but those of the validation.
    if preparation.options.refit and not rungs.are_several:
        refit = Refit(
            preparation.problem,
            preparation.data,
            deadline,
            on_begin=progress.begin_refit,
            n_workers=n_workers,
        )
    feasibility = make_feasibility(preparation)
    hooks = make_hooks(preparation, deadline, progress, attributes, n_workers, refit)
    trials, interrupted = run_trials(
        preparation, deadline, feasibility, hooks, n_workers
    )
    if interrupted:
        warn(
            f"The search was interrupted after {len(trials)} trials; the estimator is "
            "fitted with the best of them.",
        )
        refit = None
    outcome, is_cut = _outcome_in_any_case(preparation, trials, refit, deadline)
    interrupted = interrupted or is_cut
    if not interrupted:
        max_time = preparation.options.max_time
        if told := advice(outcome, preparation.problem, preparation.data, max_time):
            warn(told, ConvergenceWarning)
    record = replace(outcome.record, seconds=deadline.spent())
    return replace(outcome, interrupted=interrupted, record=record)


def _outcome_in_any_case(preparation, trials, refit, deadline):
    """Return the result of a search, and whether the user has ended its refits."""
    try:
        outcome = make_outcome(preparation, trials, refit=refit, deadline=deadline)
    except KeyboardInterrupt:
        if refit is None:
            raise
        warn(
            "The final training was interrupted; the estimator is fitted with the "
            "networks of the trials."
        )
        return make_outcome(preparation, trials, deadline=deadline), True
    return outcome, False


def make_hooks(preparation, deadline, progress, attributes, n_workers, refit=None):
    """Return what a search asks and tells along its way.

    Parameters
    ----------
    preparation, deadline, progress, attributes, n_workers : object
        Arguments of `run`.
    refit : Refit or None, default=None
        Final training, for which time is reserved. None if there is none.

    Returns
    -------
    hooks : FitHooks
    """
    rungs = preparation.rungs
    return FitHooks(
        preparation,
        refit,
        Promotions(rungs, partial(_choose, preparation), n_workers),
        deadline.left(),
        progress,
        lambda trials: attributes(make_outcome(preparation, trials)),
    )


def _choose(preparation, trials, deadline=None):
    """Return the weights of the trials that predict best together."""
    return select_ensemble(
        trials,
        preparation.problem.objective,
        loss_on(preparation.problem.heads, preparation.data.valid),
        preparation.options.ensemble_size,
        deadline or Deadline(_SECONDS_TO_CHOOSE),
    )


def make_feasibility(preparation):
    """Return the object that tells which configurations can be tried.

    Parameters
    ----------
    preparation : Preparation
        Problem, data and options of the search.

    Returns
    -------
    feasibility : Feasibility
    """
    problem, data = preparation.problem, preparation.data
    return Feasibility(
        problem.search_space,
        problem.n_train_rows(data) // preparation.rungs.every,
        partial(_peak_speed, problem.options),
        max_model_size=preparation.options.max_model_size,
        max_memory=preparation.journal.conditions.get("max_memory"),
    )


def _peak_speed(options):
    """Return the operations per second that all devices of a training can do."""
    strategy = options.distribution
    n_devices = 1 if strategy is None else strategy.num_replicas_in_sync
    return n_devices * accelerator.peak_speed()


def make_search_oracle(preparation, feasibility, deadline=NO_DEADLINE):
    """Return the oracle of a search, which begins with the predefined configurations.

    Parameters
    ----------
    preparation : Preparation
        Problem, options and seeds of the search.
    feasibility : Feasibility
        Object that knows what configurations cost.
    deadline : Deadline, default=NO_DEADLINE
        Deadline of the fit, of which a share is for the order of these configurations.

    Returns
    -------
    oracle : keras_tuner.Oracle
    """
    space, options = preparation.problem.search_space, preparation.options
    return make_oracle(
        options.tuner,
        space.hyperparameters(),
        # How much of this there was time for is not found out again.
        initial_values=preparation.journal.keep(
            "first_configurations",
            partial(_first_configurations, space, feasibility, deadline),
        ),
        max_trials=options.max_trials,
        max_epochs=options.planned_epochs,
        seed=preparation.oracle_seed,
    )


def _first_configurations(space, feasibility, deadline):
    """Return the predefined configurations as far as there is time to judge them."""
    deadline = deadline.within(_SHARE_OF_ORDERING * deadline.total())
    return feasibility.cheapest_first(
        [feasibility.with_batches_that_fit(v, deadline) for v in predefined(space)],
        rank=partial(rank, search_space=space),
        deadline=deadline,
    )


def run_trials(preparation, deadline, feasibility, hooks, n_workers):
    """Return the trials of a search, and whether the user interrupted it.

    Parameters
    ----------
    preparation : Preparation
        Problem, data, options, seeds and journal of the search.
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
    oracle = make_search_oracle(preparation, feasibility, deadline)
    evaluation = partial(evaluate_if_feasible, feasibility=feasibility, problem=problem)
    if n_workers > 1:
        n_jobs = preparation.options.n_jobs
        workers = WorkerPool(n_jobs, {"data": replace(data, all=None)})
    else:
        evaluation = partial(evaluation, data=data, on_epoch=hooks.on_epoch_end)
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


def make_outcome(preparation, trials, *, refit=None, deadline=NO_DEADLINE):
    """Return the result of a search that ends with some trials.

    Parameters
    ----------
    preparation : Preparation
        Problem, data and options of the search.
    trials : list of Trial
        Trials so far; one of them has completed.
    refit : Refit or None, default=None
        Final training of the chosen networks. None keeps those of the trials.
    deadline : Deadline, default=NO_DEADLINE
        Deadline of the fit. The choice of an ensemble has a second in any case.

    Returns
    -------
    outcome : Outcome
    """
    problem, data = preparation.problem, preparation.data
    loss = loss_on(problem.heads, data.valid)
    deadline = Deadline(max(deadline.left(), _SECONDS_TO_CHOOSE))
    weights = _choose(preparation, trials, deadline)
    gains = _gains(trials, weights, problem.objective, loss, deadline)
    temperatures = {}
    y_pred = mean_outputs(trials, weights)
    if not deadline.passed():
        temperatures = fit_temperatures(
            problem.heads, data.valid, y_pred, problem.objective, loss
        )
    for name, temperature in temperatures.items():
        y_pred[name] = calibrate(y_pred[name], *temperature)
    ensemble, refitted = make_ensemble(
        problem, trials, weights, refit=refit, temperatures=temperatures
    )
    score = problem.objective(Evaluation(y_pred, loss))
    metrics = problem.reported(y_pred)
    positions = range(len(trials))
    return Outcome(
        trials,
        weights,
        ensemble,
        y_pred=y_pred,
        score=score,
        metrics=metrics,
        record=make_record(
            preparation.name,
            scoring_name(preparation.options.scoring),
            trials,
            weights=[weights.get(i, 0.0) for i in positions],
            refitted=[i in refitted for i in positions],
            score=score,
            metrics=metrics,
            gains=gains,
        ),
        x_adapter=with_read_vectors(preparation.x_adapter, ensemble.models),
        refitted=refitted,
    )


def _gains(trials, weights, objective, loss, deadline):
    """Return by how much the score would be lower without each of the networks.

    Networks are missing for which there is no time, or without which there is no score.
    """
    gains = {}
    if len(weights) > 1:
        score = objective(Evaluation(mean_outputs(trials, weights), loss))
        for i, weight in weights.items():
            if deadline.passed():
                break
            others = {k: w / (1 - weight) for k, w in weights.items() if k != i}
            y_pred = mean_outputs(trials, others)
            rest = score_or_none(objective, Evaluation(y_pred, loss))
            if rest is not None:
                gains[str(i)] = score - rest
    return gains
