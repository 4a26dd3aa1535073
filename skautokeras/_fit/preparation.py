"""Preparation: from rows and a graph to everything that a search works on."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from sklearn.utils import check_random_state

from skautokeras._data.split import SplitRows
from skautokeras._data.x_adapter import XAdapter
from skautokeras._data.y_adapter import YAdapter
from skautokeras._fit.adapters import make_x_adapter, make_y_adapter
from skautokeras._fit.folds import ONE_FOLD, make_rows, repeatable_cv, split_rows
from skautokeras._fit.raw_rows import validation_sample
from skautokeras._search.journal import Journal
from skautokeras._space.heads import check_heads
from skautokeras._space.search_space import SearchSpace
from skautokeras._state.fingerprint import fingerprint
from skautokeras._training.distribution import make_strategy
from skautokeras._training.objective import judges_labels, make_objective
from skautokeras._training.options import TrainingOptions
from skautokeras._training.problem import Fold, Problem
from skautokeras._training.validation_loss import loss_on

_MAX_SEED = 2**31 - 1


@dataclass(frozen=True, eq=False)
class Preparation:
    """What a search works on, and the adapters that made it of X and y.

    Parameters
    ----------
    x_adapter : XAdapter
        Fitted.
    y_adapter : YAdapter
        Fitted.
    problem : Problem
        The search space, the folds and the objective.
    data : SplitRows
        The rows to learn from and those to judge by.
    journal : Journal
        Where finished trials are kept.
    oracle_seed : int
        Seed of the proposals.
    trial_seeds : list of int
        One seed per trial.
    """

    x_adapter: XAdapter
    y_adapter: YAdapter
    problem: Problem
    data: SplitRows
    journal: Journal
    oracle_seed: int
    trial_seeds: list


def prepare(
    graph, sample, validation_data, options, *, check_X, name, description, journal
):
    """Turn rows into arrays and a search space: everything of a fit but the search.

    Parameters
    ----------
    graph : Graph
        The nodes between the inputs and the heads.
    sample : RawRows
        The rows as the user gave them.
    validation_data : tuple (X, y) or (X, y, sample_weight), or None
        The rows that the user wants to compare trials on.
    options : FitOptions
        The parameters of this call.
    check_X : callable
        ``check_X(X, reset=...)`` returns X as it is used; ``reset`` says whether its
        columns are learned.
    name : str
        Name of the estimator, for errors.
    description : object
        What decides the trials besides the data and the options. None: nobody will go
        on with this search.
    journal : Journal or None
        Of the search that this one goes on with, for a warm start. None: the one in
        ``options.directory``, or a new one.

    Returns
    -------
    preparation : Preparation

    Raises
    ------
    ValueError or TypeError
        If the data or the graph cannot be used.
    """
    sample = sample.checked(lambda X: check_X(X, reset=True), name=name)
    train = sample.without_weight_zero()
    valid = validation_sample(validation_data, sample, options.cv)
    if valid is not None:
        valid = valid.checked(lambda X: check_X(X, reset=False), name=name)

    # X and y become arrays.
    x_adapter, y_adapter = make_x_adapter(graph), make_y_adapter(graph)
    x = x_adapter.fit_transform(train.X)
    train = train.split_by_head(y_adapter.fit_split(train.y))
    heads = graph.heads(y_adapter.schemas_)
    check_heads(heads)
    rows = make_rows(train, x, y_adapter, options.class_weight)
    valid_rows = None
    if valid is not None:
        x = x_adapter.transform(valid.X)
        valid = valid.split_by_head(y_adapter.split(valid.y))
        valid_rows = make_rows(valid, x, y_adapter, options.class_weight)

    # The journal may know the seed that the rows were split by before.
    cv = repeatable_cv(options.cv, train, sample, y_adapter)
    options = replace(options, cv=cv)
    journal = open_journal(journal, options, description, [rows, valid_rows])
    split_seed, oracle_seed, *trial_seeds = _seeds(journal, options.max_trials)
    if valid is None:
        data, valid, positions = split_rows(train, rows, y_adapter, options, split_seed)
    else:
        data, positions = SplitRows(rows, valid_rows, all=None), ONE_FOLD

    problem = make_problem(
        graph, heads, x_adapter, y_adapter, data, valid, positions, options
    )
    problem.search_space.check()
    return Preparation(
        x_adapter=x_adapter,
        y_adapter=y_adapter,
        problem=problem,
        data=data,
        journal=journal,
        oracle_seed=oracle_seed,
        trial_seeds=trial_seeds,
    )


def make_problem(graph, heads, x_adapter, y_adapter, data, valid, positions, options):
    """Return the search space, the folds, and how they are trained and judged.

    Parameters
    ----------
    graph : Graph
        The nodes between the inputs and the heads.
    heads : dict of str to (Head, TargetSchema)
        The heads of the graph.
    x_adapter, y_adapter : XAdapter and YAdapter
        Fitted.
    data : SplitRows
        The rows of all folds.
    valid : RawRows
        The validation rows as the user gave them, in the order of ``data.valid``.
    positions : list of (indices or slice, slice)
        The training rows and the validation rows of each fold.
    options : FitOptions
        The parameters of this call.

    Returns
    -------
    problem : Problem
    """
    objective = _objective_on(data.valid, valid, heads, y_adapter, options)
    loss = loss_on(heads, data.valid)
    make_search_space = partial(
        SearchSpace,
        graph,
        targets=y_adapter.schemas_,
        n_samples=len(data.train) if data.all is None else len(data.all),
        batch_size=options.batch_size,
        epochs=options.planned_epochs,
        smooth_labels=judges_labels(objective, heads, data.valid, loss),
    )
    search_space = make_search_space(schemas=_schemas_on(data.train, x_adapter))
    folds = [Fold(search_space, objective)]
    if len(positions) > 1:
        folds = [
            Fold(
                make_search_space(
                    schemas=_schemas_on(data.train.take(train), x_adapter)
                ),
                _objective_on(
                    data.valid.take(part), valid.take(part), heads, y_adapter, options
                ),
                train,
                part,
            )
            for train, part in positions
        ]
    return Problem(
        search_space,
        objective,
        tuple(folds),
        TrainingOptions(
            heads=heads,
            callbacks=options.callbacks,
            shuffle=options.shuffle,
            fit_arguments=options.fit_arguments,
            distribution=make_strategy(options.distribution),
        ),
    )


def _objective_on(rows, sample, heads, y_adapter, options):
    """Return what the search optimises on some validation rows."""
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
    """Return the schemas of the inputs with what some training rows tell."""
    # With several targets the first one counts.
    y = next(iter(rows.y.values()))
    return x_adapter.schemas_with_training_rows(rows.x, y)


def open_journal(journal, options, description, rows):
    """Return the journal of a search.

    Parameters
    ----------
    journal : Journal or None
        Of the search that this one goes on with. None: the one in
        ``options.directory``, or a new one.
    options : FitOptions
        The parameters of this call.
    description : object
        What decides the trials besides the data and the options. None: nobody will go
        on with this search.
    rows : list of Rows or None
        The training rows, and the validation rows of the user.

    Raises
    ------
    ValueError
        If the journal holds another search.
    """
    seed = int(check_random_state(options.random_state).randint(_MAX_SEED))
    fingerprints = {}
    if description is not None:
        fingerprints["data"] = fingerprint(rows)
        fingerprints["parameters"] = fingerprint([description, options.decisive])
    if journal is None:
        return Journal(options.directory, fingerprints, seed)
    journal.check_continues(fingerprints)
    return journal


def _seeds(journal, n_trials):
    """Return the seed of the split, that of the oracle and one for each trial."""
    rng = np.random.RandomState(journal.seed)
    return rng.randint(1, _MAX_SEED, size=2 + n_trials).tolist()
