"""Preparation: turns rows and a graph into everything that a search works on."""

from dataclasses import dataclass, replace
from functools import partial
from numbers import Integral
from operator import is_not

import numpy as np
from sklearn.utils import check_random_state

from skautokeras._data.profile import DataProfile, make_profile
from skautokeras._data.rows import spread_rows
from skautokeras._data.split import SplitRows
from skautokeras._data.x_adapter import XAdapter
from skautokeras._data.y_adapter import YAdapter
from skautokeras._fit.adapters import make_x_adapter, make_y_adapter
from skautokeras._fit.conditions import conditions_of
from skautokeras._fit.encoding import with_vectors
from skautokeras._fit.folds import (
    ONE_FOLD,
    automatic_cv,
    make_rows,
    repeatable_cv,
    split_rows,
)
from skautokeras._fit.options import FitOptions, with_automatic_folds, with_models
from skautokeras._fit.raw_rows import validation_sample
from skautokeras._search.journal import Journal
from skautokeras._search.record import scoring_name
from skautokeras._search.rungs import Rungs
from skautokeras._space.heads import check_heads
from skautokeras._space.pretrained import all_presets, encoded_presets
from skautokeras._space.search_space import SearchSpace
from skautokeras._state.deadline import NO_DEADLINE
from skautokeras._state.fingerprint import fingerprint
from skautokeras._state.randomness import MAX_SEED
from skautokeras._training.distribution import make_strategy
from skautokeras._training.objective import Objective, make_objective, negative_loss
from skautokeras._training.options import TrainingOptions
from skautokeras._training.probe import (
    check_losses_and_metrics,
    check_objective,
    is_defined,
    judges_labels,
    score_without_x,
)
from skautokeras._training.problem import Fold, Problem
from skautokeras._training.reported import ReportedMetrics
from skautokeras._training.user_callbacks import check_logs, copied
from skautokeras._training.validation_loss import loss_on
from skautokeras._warnings import warn


@dataclass(frozen=True, eq=False)
class Preparation:
    """Everything that a search works on, with the adapters of X and y.

    Parameters
    ----------
    name : str
        Name of the class of the estimator.
    x_adapter : XAdapter
        Fitted adapter of X.
    y_adapter : YAdapter
        Fitted adapter of y.
    problem : Problem
        Search space, folds and objective.
    data : SplitRows
        Training rows and validation rows.
    profile : DataProfile
        Facts about the rows that a report needs after they are gone.
    validation_indices : ndarray of int of shape (n_valid,)
        Positions of the validation rows in the X of `fit`, or in that of the user's
        validation data.
    rungs : Rungs
        Numbers of rows that the trials learn from.
    options : FitOptions
        Parameters of this call, with the cross-validation that "auto" stands for.
    journal : Journal
        Journal that keeps the finished trials.
    oracle_seed : int
        Seed of the oracle.
    trial_seeds : list of int
        Seeds of the trials, one per trial.
    """

    name: str
    x_adapter: XAdapter
    y_adapter: YAdapter
    problem: Problem
    data: SplitRows
    profile: DataProfile
    validation_indices: np.ndarray
    rungs: Rungs
    options: FitOptions
    journal: Journal
    oracle_seed: int
    trial_seeds: list


def prepare(
    graph,
    sample,
    validation_data,
    options,
    *,
    check_X,
    name,
    description,
    journal,
    deadline=NO_DEADLINE,
):
    """Turn rows into arrays and a search space, so that only the search is left.

    Parameters
    ----------
    graph : Graph
        Graph of the nodes between the inputs and the heads.
    sample : RawRows
        Raw rows as the user passed them.
    validation_data : tuple (X, y) or (X, y, sample_weight), or None
        Validation rows of the user. If None, they are taken from the rows of the fit.
    options : FitOptions
        Parameters of this call.
    check_X : callable
        Function that is called as ``check_X(X, reset=...)`` and returns the checked X.
        ``reset`` says whether the columns of X are stored or compared.
    name : str
        Name of the estimator, for error messages.
    description : dict of str to object or None
        Everything that the trials depend on besides the data and the options, by name.
        If None, the search is never continued.
    journal : Journal or None
        Journal of the search that a warm start continues. If None, the journal in
        ``options.directory`` is used, or a new one.
    deadline : Deadline, default=NO_DEADLINE
        Deadline of the whole fit, which limits the encoding of texts and images, and
        the profile.

    Returns
    -------
    preparation : Preparation

    Raises
    ------
    ValueError or TypeError
        If the data or the graph cannot be used.
    """
    sample = sample.checked(lambda X: check_X(X, reset=True), name=name)
    valid = validation_sample(validation_data, sample, options.cv)
    if valid is not None:
        valid = valid.checked(lambda X: check_X(X, reset=False), name=name)

    # X and y are turned into arrays.
    conditions = conditions_of(journal, options)
    x_adapter, y_adapter = (
        make_x_adapter(graph, conditions.get("max_time"), conditions.get("n_cores")),
        make_y_adapter(graph),
    )
    used, conditions = _used_rows(sample, x_adapter, options, conditions)
    train = sample if used is None else sample.take(used)
    x = x_adapter.fit_transform(train.X, train.y)
    train = train.split_by_head(y_adapter.fit_split(sample.y, used))
    heads = graph.heads(y_adapter.schemas_)
    check_heads(heads)
    rows = make_rows(train, x, y_adapter, options.class_weight)
    valid, valid_rows = _encoded(valid, x_adapter, y_adapter, options.class_weight)

    # If the search is continued, the journal holds the seed of the first split, and the
    # number of folds that was chosen for it.
    n_folds = None
    if options.cv == "auto":
        if valid is None:
            n_folds = automatic_cv(options, x_adapter.schemas_, rows, y_adapter)
    else:
        cv = repeatable_cv(options.cv, train, sample, y_adapter)
        options = replace(options, cv=cv)
    description = with_models(description, all_presets(graph), x_adapter.encodings())
    about = {"estimator": name, "scoring": scoring_name(options.scoring)}
    journal = open_journal(
        journal, options, description, [rows, valid_rows], n_folds, conditions, about
    )
    if options.cv == "auto":
        options = with_automatic_folds(options, journal.n_folds)
    split_seed, oracle_seed, *trial_seeds = _seeds(journal, options.max_trials)
    if valid is None:
        data, indices, positions = split_rows(
            train, rows, y_adapter, options, split_seed
        )
        valid = train.take(indices)
        indices = indices if used is None else used[indices]
    else:
        data, positions = SplitRows(rows, valid_rows, all=None), ONE_FOLD
        indices = np.arange(valid.n_rows)
    data = with_vectors(
        data,
        x_adapter,
        encoded_presets(graph),
        deadline,
        journal,
        n_folds=len(positions),
        seed=split_seed,
    )

    problem = make_problem(
        graph, heads, x_adapter, y_adapter, data, valid, positions, options
    )
    problem.search_space.check()
    if not problem.folds_have_scores:
        # Trials that ended in a fold would have no score to be compared by.
        options = replace(options, prune=None)
    return Preparation(
        name=name,
        x_adapter=x_adapter,
        y_adapter=y_adapter,
        problem=problem,
        data=data,
        profile=make_profile(x_adapter, y_adapter, data, deadline),
        validation_indices=np.asarray(indices),
        rungs=_rungs_of(problem, data, journal.conditions.get("max_time")),
        options=options,
        journal=journal,
        oracle_seed=oracle_seed,
        trial_seeds=trial_seeds,
    )


def _rungs_of(problem, data, max_time):
    """Return how many rows trials learn from; all of them with folds, which are few."""
    if len(problem.folds) > 1 or problem.options.fit_arguments:
        return Rungs()
    return Rungs.for_time(len(data.train), max_time)


# Share of the time in which files are read.
_SHARE_OF_READING = 0.3
# So many rows are read in any case.
_FEWEST_ROWS = 200


def _used_rows(sample, x_adapter, options, conditions):
    """Return the positions of the rows to learn from, and the conditions with a limit.

    Rows of weight 0 are left out. Where files take long to read, some are read. A
    search that goes on has the limit that it has begun with.
    """
    used, n_rows = sample.used_rows(), sample.n_rows
    n_rows = n_rows if used is None else len(used)
    if "max_rows" not in conditions:
        most = _most_rows(
            sample, n_rows, x_adapter, options, conditions.get("max_time")
        )
        conditions = {**conditions, "max_rows": most}
    most = conditions["max_rows"]
    if most is not None and most < n_rows:
        used = np.arange(n_rows) if used is None else used
        used = used[spread_rows(n_rows, most)]
    return used, conditions


def _most_rows(sample, n_rows, x_adapter, options, max_time):
    """Return the greatest number of rows to learn from; None for all of them."""
    has_splits = not (options.cv is None or isinstance(options.cv, str | Integral))
    if max_time is None or has_splits:  # Splits are positions of all rows.
        return None
    most = x_adapter.most_rows(sample.X, _SHARE_OF_READING * max_time)
    if most is None or max(most, _FEWEST_ROWS) >= n_rows:
        return None
    most = max(most, _FEWEST_ROWS)
    warn(
        f"Reading all {n_rows:,} files takes too long for max_time={max_time:g}, so "
        f"that about {most:,} of them are learned from. Pass a larger max_time, or "
        "smaller image files.",
    )
    return most


def _encoded(valid, x_adapter, y_adapter, class_weight):
    """Return the user's validation rows with y split by head, and as arrays."""
    if valid is None:
        return None, None
    x = x_adapter.transform(valid.X)
    _warn_about_ranges(x_adapter, x)
    valid = valid.split_by_head(y_adapter.split(valid.y))
    return valid, make_rows(valid, x, y_adapter, class_weight)


def _warn_about_ranges(x_adapter, x):
    """Warn if columns of the validation rows are far outside of the training rows."""
    for name, schema in zip(x_adapter.names, x_adapter.schemas_, strict=True):
        found = schema.far_columns(x, x_adapter.prefix(name))
        if found:
            warn(
                "Validation rows have other ranges than training rows in the columns "
                f"{found}. Behind a Pipeline, pass X_val and y_val, and transform_input"
                '=["X_val"] to the Pipeline, so that they are transformed.',
            )


def make_problem(graph, heads, x_adapter, y_adapter, data, valid, positions, options):
    """Return the search space, the folds, the objective and the training options.

    Parameters
    ----------
    graph : Graph
        Graph of the nodes between the inputs and the heads.
    heads : dict of str to (Head, TargetSchema)
        Heads of the graph and the schemas of their targets.
    x_adapter, y_adapter : XAdapter and YAdapter
        Fitted adapters of X and y.
    data : SplitRows
        Rows of all folds.
    valid : RawRows
        Raw validation rows, in the order of ``data.valid``.
    positions : list of (indices or slice, slice)
        Positions of the training rows and of the validation rows of each fold.
    options : FitOptions
        Parameters of this call.

    Returns
    -------
    problem : Problem
    """
    objective = _objective_on(data.valid, valid, heads, y_adapter, options)
    loss = loss_on(heads, data.valid)
    check_losses_and_metrics(heads, data.valid)
    check_logs(options.callbacks, heads)
    check_objective(objective, options.scoring, heads, data.valid, loss)
    make_search_space = partial(
        SearchSpace,
        graph,
        targets=y_adapter.schemas_,
        n_samples=len(data.train) if data.all is None else len(data.all),
        batch_size=options.batch_size,
        epochs=options.planned_epochs,
        smooth_labels=judges_labels(objective, heads, data.valid, loss),
    )
    schemas = _schemas_on(data.train, x_adapter)
    search_space = make_search_space(schemas=schemas)
    # The rows of a fold are copied to be asked. If all training rows have told nothing,
    # those of a fold tell nothing either, and the folds share the search space.
    is_learned = any(map(is_not, schemas, x_adapter.schemas_))

    def search_space_on(train):
        if not is_learned:
            return search_space
        return make_search_space(schemas=_schemas_on(data.train.take(train), x_adapter))

    if len(positions) == 1:
        folds, have_scores = [Fold(search_space, objective)], True
    else:
        objectives, have_scores = _objectives_of_folds(
            data.valid, valid, positions, heads, y_adapter, options
        )
        folds = [
            Fold(search_space_on(train), of_fold, train, part)
            for of_fold, (train, part) in zip(objectives, positions, strict=True)
        ]
    return Problem(
        search_space,
        objective,
        tuple(_with_floor(fold, heads, data) for fold in folds),
        TrainingOptions(
            heads=heads,
            callbacks=tuple(copied(options.callbacks)),
            users_callbacks=options.callbacks,
            shuffle=options.shuffle,
            fit_arguments=options.fit_arguments,
            distribution=make_strategy(options.distribution),
        ),
        folds_have_scores=have_scores,
        reported=ReportedMetrics(
            y_adapter.by_head, valid.y_by_head, valid.sample_weight
        ),
    )


def _with_floor(fold, heads, data):
    """Return a fold that knows the score of predicting the same for all rows."""
    # Only the targets and the weights are needed.
    train = replace(data.train, x={}).take(fold.train)
    valid = data.valid.take(fold.valid)
    return replace(fold, floor=score_without_x(heads, fold.objective, train, valid))


def _objectives_of_folds(rows, sample, positions, heads, y_adapter, options):
    """Return the objective of each fold, and whether it is the score."""
    objectives, are_defined = [], True
    for _, part in positions:
        rows_of_fold = rows.take(part)
        objective = _objective_on(
            rows_of_fold, sample.take(part), heads, y_adapter, options
        )
        objectives.append(objective)
        loss = loss_on(heads, rows_of_fold)
        are_defined &= is_defined(objective, heads, rows_of_fold, loss)
    if are_defined:
        return objectives, True
    # Trainings of folds end by the loss, and the score judges all folds together.
    return [Objective(negative_loss)] * len(positions), False


def _objective_on(rows, sample, heads, y_adapter, options):
    """Return the objective of the search on some validation rows."""
    targets = y_adapter.by_head
    return make_objective(
        options.scoring,
        heads,
        targets,
        rows,
        y_true={
            name: target.true_values(sample.y_by_head[name])
            for name, target in targets.items()
        },
        X=sample.X,
        sample_weight=sample.sample_weight,
    )


def _schemas_on(rows, x_adapter):
    """Return the schemas of the inputs, completed from some training rows."""
    # Only the first of several targets is used.
    y = next(iter(rows.y.values()))
    return x_adapter.schemas_with_training_rows(rows.x, y)


# Digits of a hash that tell searches in one folder apart.
_DIGITS = 12


def open_journal(journal, options, description, rows, n_folds, conditions, about=()):
    """Return the journal of a search.

    Parameters
    ----------
    journal : Journal or None
        Journal of the search that this one continues. If None, the journal in
        ``options.directory`` is used, or a new one.
    options : FitOptions
        Parameters of this call.
    description : dict of str to object or None
        Everything that the trials depend on besides the data and the options, by name.
        If None, the search is never continued.
    rows : list of Rows or None
        Training rows, and the validation rows of the user or None.
    n_folds : int or None
        Number of folds of a new search that were chosen automatically.
    conditions : dict of str to (int, float or None)
        Result of `conditions_of`.
    about : dict of str to str, default=()
        Names of the estimator and of the score, for those who read the journal.

    Raises
    ------
    ValueError
        If the journal holds the trials of another search.
    """
    seed = int(check_random_state(options.random_state).randint(MAX_SEED))
    fingerprints = {}
    if description is not None:
        fingerprints["data"] = fingerprint(rows)
        parameters = {**description, **options.decisive}
        fingerprints["parameters"] = {k: fingerprint(v) for k, v in parameters.items()}
    if journal is None:
        directory = options.directory
        if directory is not None and options.shares_directory:
            directory = directory / f"fit-{fingerprint(fingerprints)[:_DIGITS]}"
        return Journal(
            directory,
            fingerprints,
            seed,
            n_folds,
            conditions,
            about,
            keeps_results=options.warm_start or directory is not None,
        )
    journal.check_continues(fingerprints)
    return journal


def _seeds(journal, n_trials):
    """Return the seed of the split, that of the oracle and one for each trial."""
    rng = np.random.RandomState(journal.seed)
    return rng.randint(1, MAX_SEED, size=2 + n_trials).tolist()
