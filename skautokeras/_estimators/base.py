"""What all estimators share: fit, fitted attributes, scores."""

import warnings
from dataclasses import dataclass, replace
from functools import partial
from numbers import Integral, Real
from os import PathLike

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone
from sklearn.callback import CallbackSupportMixin, with_callbacks
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import (
    check_array,
    check_consistent_length,
    check_is_fitted,
)

from skautokeras._data.columns import (
    XAdapter,
    common_length,
    is_dict,
    n_rows,
    take_rows,
)
from skautokeras._data.split import Data, Rows
from skautokeras._data.targets import YAdapter
from skautokeras._data.text import informed_schemas
from skautokeras._fit.adapters import (
    make_x_adapter,
    make_y_adapter,
    row_weights,
)
from skautokeras._fit.folds import divide, fixed_cv
from skautokeras._fit.options import fit_settings
from skautokeras._fit.progress import Progress
from skautokeras._state.fingerprint import fingerprint

_MAX_SEED = 2**31 - 1
# Parameters that a search which goes on from a `directory` may have changed; what of
# them holds for one call is part of its settings.
_NOT_DECISIVE = {
    "max_trials",
    "max_time",
    "refit",
    "n_jobs",
    "distribution",
    "ensemble_size",
    "directory",
    "warm_start",
    "verbose",
    "callbacks",
    "epochs",
    "batch_size",
    "validation_fraction",
    "cv",
    "class_weight",
}
# Of a full training under hyperband, which divides epochs among trials.
_HYPERBAND_EPOCHS = 64


@dataclass(frozen=True, eq=False)
class Sample:
    """Rows as the user gave them: X, y and weights (float64, or None).

    ``inputs`` and ``heads`` are the names of what they belong to: a list of rows looks
    like one that holds the data of several inputs, or the targets of several heads.
    """

    X: object
    y: object
    sample_weight: np.ndarray | None = None
    inputs: tuple = ()
    heads: tuple = ()

    @property
    def n_rows(self):
        """Number of rows of X."""
        return n_rows(self.X, len(self.inputs))

    @property
    def countable(self):
        """X and y, or something as long where they hold several parts."""
        return [_countable(self.X, self.inputs), _countable(self.y, self.heads)]

    def take(self, rows):
        """Return some of the rows."""
        weight = self.sample_weight
        return replace(
            self,
            X=take_rows(self.X, rows, len(self.inputs)),
            y=take_rows(self.y, rows, len(self.heads)),
            sample_weight=None if weight is None else weight[rows],
        )


@dataclass(frozen=True, eq=False)
class Problem:
    """What a search works on: fitted adapters, search space, arrays, goal and seeds."""

    adapter: XAdapter
    targets: YAdapter
    search_space: object
    data: Data
    recipe: object
    objective: object
    loss: object
    journal: object
    oracle_seed: int
    trial_seeds: list


class BaseAutoEstimator(CallbackSupportMixin, BaseEstimator):
    """Everything that does not depend on the kind of data or target.

    A subclass says with `_nodes` from which inputs to which heads its networks lead,
    and with `_check_X` what X has to be.
    """

    _parameter_constraints = {
        "max_trials": [Interval(Integral, 1, None, closed="left")],
        "max_time": [Interval(Real, 0, None, closed="neither"), None],
        "tuner": [StrOptions({"greedy", "random", "bayesian", "hyperband"}), callable],
        "scoring": [None, str, callable],
        "loss": [None, str, callable],
        "metrics": [None, list, tuple],
        "epochs": [Interval(Integral, 1, None, closed="left"), None],
        "batch_size": [Interval(Integral, 1, None, closed="left"), None],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "cv": ["cv_object"],
        "callbacks": [None, list, tuple],
        "ensemble_size": [Interval(Integral, 1, None, closed="left")],
        "refit": ["boolean"],
        "max_model_size": [Interval(Integral, 1, None, closed="left"), None],
        "prune": [StrOptions({"median", "none"})],
        "directory": [None, str, PathLike],
        "warm_start": ["boolean"],
        "n_jobs": [None, Integral],
        "distribution": [None, callable, HasMethods("scope")],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        *,
        max_trials,
        max_time,
        tuner,
        scoring,
        loss,
        metrics,
        epochs,
        batch_size,
        validation_fraction,
        cv,
        callbacks,
        ensemble_size,
        refit,
        max_model_size,
        prune,
        directory,
        warm_start,
        n_jobs,
        distribution,
        random_state,
        verbose,
    ):
        self.max_trials = max_trials
        self.max_time = max_time
        self.tuner = tuner
        self.scoring = scoring
        self.loss = loss
        self.metrics = metrics
        self.epochs = epochs
        self.batch_size = batch_size
        self.validation_fraction = validation_fraction
        self.cv = cv
        self.callbacks = callbacks
        self.ensemble_size = ensemble_size
        self.refit = refit
        self.max_model_size = max_model_size
        self.prune = prune
        self.directory = directory
        self.warm_start = warm_start
        self.n_jobs = n_jobs
        self.distribution = distribution
        self.random_state = random_state
        self.verbose = verbose

    @with_callbacks
    def fit(self, X, y, sample_weight=None, *, validation_data=None, **fit_params):
        """Search for the best network and train it.

        Ctrl+C ends the search. If a trial has finished by then, the estimator is fitted
        with the best one, a warning says so, and `interrupted_` is True; whether to go
        on or to raise KeyboardInterrupt again is for the caller to decide. Otherwise
        KeyboardInterrupt is raised.

        Parameters
        ----------
        X : {array-like, sparse matrix, DataFrame} of shape (n_samples, n_features)
            Training data.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Target.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows, in training, early stopping and scoring. Rows of weight
            0 are left out. None: all rows weigh the same.
        validation_data : tuple (X, y) or (X, y, sample_weight), default=None
            Rows to compare trials on. None: `validation_fraction` of the rows, or the
            folds of `cv`.
        **fit_params : dict
            Arguments of `keras.Model.fit` (``epochs``, ``batch_size``, ``callbacks``,
            ``class_weight``, ``validation_split``, ``shuffle``, ``verbose``, ...); they
            win over the constructor for this call.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If the data cannot be used; before any training.
        RuntimeError
            If every trial failed; the message holds the first reason.
        """
        from skautokeras._training.deadline import Deadline

        self._validate_params()
        settings = fit_settings(self, fit_params)
        graph = self._wire()
        deadline = Deadline(self.max_time)
        inputs, heads = tuple(graph.input_names), tuple(graph.head_names)
        sample = Sample(X, y, sample_weight, inputs, heads)
        n_jobs = self._count_workers()
        if self.distribution is not None and n_jobs > 1:
            raise ValueError(
                "With 'distribution' one trial uses all devices: pass n_jobs=1."
            )
        progress = self._start_progress(sample, settings, n_jobs)
        problem = self._make_problem(sample, validation_data, graph, settings)
        trials, interrupted = self._search(problem, deadline, progress, n_jobs)
        refit = self.refit and not interrupted
        attributes = self._finish(problem, trials, refit=refit, deadline=deadline)
        for name, value in attributes.items():
            setattr(self, name, value)
        self.interrupted_ = interrupted
        # Its trials take memory: it is kept only where another fit may go on with it.
        self._journal = problem.journal if self.warm_start else None
        progress.end()
        return self

    def evaluate(self, X, y, sample_weight=None):
        """Return the loss and the Keras metrics for some rows.

        Numbers are compared on their original scale.

        Parameters
        ----------
        X : {array-like, sparse matrix, DataFrame} of shape (n_samples, n_features)
            Rows.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Their true targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.

        Returns
        -------
        results : dict of str to float
            "loss" and the metrics by name. With several heads, "loss" is the weighted
            sum, and the loss and the metrics of each have its name before theirs.
        """
        from skautokeras._training.evaluation import evaluate_heads

        y_true, y_pred, sample_weight = self._judged(X, y, sample_weight)
        compared = {
            name: target.compared(y_true[name], y_pred[name])
            for name, target in self._targets.by_head.items()
        }
        return evaluate_heads(self._heads, compared, sample_weight)

    def predict(self, X):
        """Predict targets.

        Parameters
        ----------
        X : {array-like, sparse matrix, DataFrame} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            In the form that y had in `fit`.
        """
        # Before `_targets`, for there is none before `fit`.
        y_pred = self._outputs(X)
        return self._targets.decode(y_pred)

    def export_model(self, *, raw=False):
        """Return the network as a `keras.Model`.

        Parameters
        ----------
        raw : bool, default=False
            Whether the model starts from raw data: a dict with one tensor per column of
            a table (floats, NaN where a number is missing; strings of categories, dates
            and texts, empty where one is missing), pixels of images, strings of texts.
            It returns a dict of "probabilities" and "label" for classes and "values"
            for numbers; with several heads the name of the head and "__" stand before.
            False: it starts from model-ready arrays (numbers, codes of categories), and
            returns what the network says about each head.

        Returns
        -------
        model : keras.Model
            A copy of its own. To load it from a file in another process, import
            `skautokeras.layers` there before.

        Raises
        ------
        ValueError
            If the layers cannot do what the estimator does; only where ``raw=True``.
        """
        check_is_fitted(self)
        if raw:
            from skautokeras._export.raw_model import export_raw_model

            return export_raw_model(self._ensemble, self._adapter, self._targets).model
        from skautokeras._export.keras_model import export_keras_model

        return export_keras_model(self._ensemble)

    def export(self, path, *, format="tf_saved_model", raw=True):
        """Write the fitted model for another runtime, which does without this package.

        Parameters
        ----------
        path : str or path-like
            A new or empty folder for a SavedModel; else a file, whose name ends with
            ".onnx", ".tflite" (LiteRT) or ".keras".
        format : {"tf_saved_model", "onnx", "litert", "keras"}, default="tf_saved_model"
            "tf_saved_model" has the signature "serving_default" with one tensor per
            raw input, and "image_files" for the bytes of image files, where there are
            images between 0 and 255. "onnx" (extra `onnx`) has no dates and texts,
            "litert" no strings at all. "keras" is `export_model` as a file.
        raw : bool, default=True
            Whether the model starts from raw data, as in `export_model`.

        Raises
        ------
        ValueError
            If the format cannot hold the model; it says what to use instead.
        """
        from skautokeras._export.formats import export

        check_is_fitted(self)
        export(
            self._ensemble, self._adapter, self._targets, path, format=format, raw=raw
        )

    def to_scikeras(self, *, fitted=False):
        """Return the found network as a SciKeras estimator behind the preprocessing.

        The pipeline trains the network again on other rows without a new search, in
        `cross_val_score` and `GridSearchCV` as well, with parameters such as
        ``model__optimizer__learning_rate``, ``model__epochs`` and
        ``model__batch_size``. Preprocessing is fitted again as well, and the network is
        built for what that learns. Of an ensemble, all networks are trained as one,
        whose output is their weighted mean, with the settings of the best one, for as
        many epochs as that one was best after. With several heads, y goes in and comes
        out as it does here, and ``model__loss``, ``model__metrics``,
        ``model__class_weight`` and ``model__compile__loss_weights`` are dicts by head.

        Parameters
        ----------
        fitted : bool, default=False
            Whether the pipeline predicts what this estimator does. False: it has to be
            fitted.

        Returns
        -------
        pipeline : sklearn.pipeline.Pipeline
            The steps "preprocessing" and "model", which is a
            `scikeras.wrappers.KerasClassifier` or `KerasRegressor`; with several heads
            a `scikeras.wrappers.BaseWrapper` whose score is the mean over the heads of
            accuracy (classes) or R2 (numbers).
        """
        from skautokeras._export.scikeras import Found, fill_pipeline, make_pipeline

        check_is_fitted(self)
        graph = self._wire()
        chosen = self.leaderboard_[self.leaderboard_["weight"] > 0]
        chosen = chosen.sort_values("score", ascending=False, kind="stable")
        found = Found(
            inputs=graph.inputs,
            outputs=graph.outputs,
            values=[dict(values) for values in chosen["params"]],
            weights=chosen["weight"].tolist(),
            targets=clone(self._targets),
            n_samples=self._adapter.schemas_[0].n_samples,
            epochs=1 + int(np.argmax(self.history_["val_score"])),
            batch_size=self.batch_size,
        )
        pipeline = make_pipeline(
            found,
            self._adapter,
            self._targets.schemas_,
            random_state=self.random_state,
            class_weight=getattr(self, "class_weight", None),
        )
        if fitted:
            fill_pipeline(
                pipeline,
                self,
                self._adapter,
                self._targets,
                self._ensemble,
                self.history_,
            )
        return pipeline

    def save(self, path):
        """Write the fitted estimator to a file, for `skautokeras.load`.

        The file holds parameters and fitted attributes as JSON, arrays, and the
        networks as `.keras` archives: nothing in it is pickled. It says which version
        wrote it. It is written whole or not at all, and replaces a file that is there.
        What `warm_start` would go on with, scikit-learn's callbacks and metadata
        requests are not in it.

        Parameters
        ----------
        path : str or path-like
            The file.

        Raises
        ------
        TypeError
            If a parameter is an object that only Python code can make, such as a
            function without a name in Keras's registry, or a layer is not registered;
            no file is written then.
        """
        from skautokeras._export.persistence import save_estimator

        check_is_fitted(self)
        save_estimator(self, path)

    def _outputs(self, X):
        """Return what each head says about X: (n_samples, n_outputs)."""
        check_is_fitted(self)
        x = self._adapter.transform(self._check_X(X, reset=False))
        return self._ensemble.predict(x)

    def _judged(self, X, y, sample_weight):
        """Return targets and outputs by head for rows to judge by, and weights."""
        y_pred = self._outputs(X)
        inputs, heads = tuple(self._adapter.names), tuple(self._targets.names)
        sample = Sample(X, y, sample_weight, inputs, heads)
        sample = self._check_sample(sample, reset=False)
        return self._targets.split(sample.y), y_pred, sample.sample_weight

    def _wire(self):
        """Return the nodes of the search space, checked, heads as this fit has them."""
        from skautokeras._space.graph import Graph

        return Graph(*self._nodes())

    def _make_problem(self, sample, validation_data, graph, settings):
        """Turn the data into arrays and a search space; everything but the search."""
        from skautokeras._space.search_space import SearchSpace
        from skautokeras._training.objective import judges_labels

        train = self._check_sample(sample, reset=True)
        valid = self._check_validation_data(validation_data, sample)
        adapter = make_x_adapter(graph)
        x = adapter.fit_transform(train.X)
        targets = make_y_adapter(graph).fit(train.y)
        search_space = SearchSpace(
            graph.inputs,
            graph.outputs,
            schemas=adapter.schemas_,
            targets=targets.schemas_,
            n_samples=train.n_rows,
            batch_size=settings.batch_size,
            epochs=self._planned_epochs(settings),
        )
        search_space.check()
        rows = self._to_rows(train, x, targets, settings)
        valid_rows = None
        if valid is not None:
            x = adapter.transform(valid.X)
            valid_rows = self._to_rows(valid, x, targets, settings)
        settings = replace(settings, cv=fixed_cv(self.cv, sample, train, targets))
        journal, seeds = self._open_journal([rows, valid_rows], settings)
        split_seed, oracle_seed, *trial_seeds = seeds
        if valid is None:
            data, valid = divide(train, rows, targets, settings, split_seed)
        else:
            data = Data(rows, valid_rows, all=None)
        objective = self._make_objective(search_space, targets, data, valid)
        loss = _validation_loss(search_space, data.valid)
        if not judges_labels(objective, search_space.heads, data.valid, loss):
            search_space = search_space.without_label_smoothing()
        search_space = _informed(search_space, adapter, data)
        return Problem(
            adapter=adapter,
            targets=targets,
            search_space=search_space,
            data=data,
            recipe=_make_recipe(search_space, settings, self.distribution),
            objective=objective,
            loss=loss,
            journal=journal,
            oracle_seed=oracle_seed,
            trial_seeds=trial_seeds,
        )

    def _check_sample(self, sample, *, reset):
        """Return rows that fit together; those of weight 0 are left out in `fit`."""
        if sample.y is None:
            raise ValueError(
                f"This {type(self).__name__} estimator requires y to be passed, but "
                "the target y is None."
            )
        sample = replace(sample, X=self._check_X(sample.X, reset=reset))
        check_consistent_length(*sample.countable, sample.sample_weight)
        if sample.sample_weight is None:
            return sample
        weight = _check_weight(sample.sample_weight)
        sample = replace(sample, sample_weight=weight)
        return sample.take(np.flatnonzero(weight)) if reset and 0 in weight else sample

    def _check_validation_data(self, validation_data, sample):
        """Return the user's validation rows as a sample like another, or None."""
        if validation_data is None:
            return None
        if self.cv is not None:
            raise ValueError(
                "'validation_data' and 'cv' both say what trials are compared on. Pass "
                "one of them."
            )
        if not isinstance(validation_data, tuple | list) or not (
            2 <= len(validation_data) <= 3
        ):
            raise ValueError(
                "validation_data must be a tuple (X, y) or (X, y, sample_weight), got "
                f"{type(validation_data).__name__}."
            )
        valid = Sample(*validation_data)
        valid = replace(valid, inputs=sample.inputs, heads=sample.heads)
        return self._check_sample(valid, reset=False)

    def _to_rows(self, sample, x, targets, settings):
        """Return the arrays of a sample, those of X being ``x``."""
        weight = row_weights(sample, targets, settings.class_weight)
        return Rows(x, targets.transform(sample.y), weight)

    def _open_journal(self, rows, settings):
        """Return the journal of the search and its seeds."""
        from skautokeras._search.journal import Journal

        seed = int(check_random_state(self.random_state).randint(_MAX_SEED))
        fingerprints = {}
        if self.directory is not None or self.warm_start:
            described = [type(self), self._decisive_params(), settings.decisive]
            fingerprints["data"] = fingerprint(rows)
            fingerprints["parameters"] = fingerprint(described)
        journal = getattr(self, "_journal", None) if self.warm_start else None
        if journal is None:
            journal = Journal(self.directory, fingerprints, seed)
        else:
            journal.check_continues(fingerprints)
        rng = np.random.RandomState(journal.seed)
        return journal, rng.randint(1, _MAX_SEED, size=2 + self.max_trials).tolist()

    def _decisive_params(self):
        """Return the parameters that decide what trials there are and how they end."""
        params = self.get_params(deep=False)
        if not isinstance(self.random_state, Integral):
            # Every fit draws another seed; the journal keeps the first one.
            del params["random_state"]
        return {k: v for k, v in sorted(params.items()) if k not in _NOT_DECISIVE}

    def _make_objective(self, search_space, targets, data, sample):
        """Return what the search optimises on the validation rows, and in each fold."""
        objective = self._objective_for(search_space, targets, data.valid, sample)
        if data.n_folds == 1:
            return objective
        parts = [part for _, part in data.folds]
        return objective.with_folds(
            self._objective_for(search_space, targets, data.valid.take(part), some)
            for part, some in zip(parts, map(sample.take, parts), strict=True)
        )

    def _objective_for(self, search_space, targets, rows, sample):
        from skautokeras._training.objective import make_objective

        y_true = targets.split(sample.y)
        return make_objective(
            self.scoring,
            search_space.heads,
            targets.by_head,
            rows,
            y_true={
                name: target.true_values(y_true[name])
                for name, target in targets.by_head.items()
            },
            X=sample.X,
            sample_weight=sample.sample_weight,
        )

    def _planned_epochs(self, settings):
        """Return the epochs of all trials, or None if they are searched."""
        if settings.epochs is None and self.tuner == "hyperband":
            return _HYPERBAND_EPOCHS
        return settings.epochs

    def _count_workers(self):
        from skautokeras._search.parallel.pool import count_workers

        return count_workers(self.n_jobs)

    def _start_progress(self, sample, settings, n_jobs):
        context = self._init_callback_context(
            max_subtasks=self.max_trials, sequential_subtasks=n_jobs == 1
        )
        return Progress(self, context, settings.verbose, sample)

    def _search(self, problem, deadline, progress, n_jobs):
        """Return the trials, and whether the user interrupted them."""
        from skautokeras._ensemble.refit import refit_seconds
        from skautokeras._search.feasibility import Admission
        from skautokeras._search.oracle import make_oracle
        from skautokeras._search.parallel.pool import Workers
        from skautokeras._search.search import search
        from skautokeras._search.trial import evaluate
        from skautokeras._space.portfolio import rank
        from skautokeras._training.pruning import median_curve
        from skautokeras._training.trainer import time_step

        admission = Admission(
            problem.search_space,
            problem.data.n_train_rows,
            partial(
                time_step, problem.search_space, problem.recipe, problem.data.train
            ),
            max_model_size=self.max_model_size,
            n_folds=problem.data.n_folds,
        )
        oracle = make_oracle(
            self.tuner,
            problem.search_space.hyperparameters(),
            initial_values=admission.cheapest_first(
                self._predefined(problem.search_space),
                rank=partial(rank, schemas=problem.search_space.schemas),
            ),
            max_trials=self.max_trials,
            max_epochs=problem.search_space.epochs,
            seed=problem.oracle_seed,
        )
        evaluate = partial(
            evaluate,
            search_space=problem.search_space,
            recipe=problem.recipe,
            objective=problem.objective,
        )
        workers = None
        if n_jobs > 1:
            workers = Workers(evaluate, replace(problem.data, all=None), n_jobs)
        trials, interrupted = search(
            oracle,
            partial(evaluate, data=problem.data, on_epoch=progress.end_epoch),
            seeds=problem.trial_seeds,
            deadline=deadline,
            reserve=partial(
                refit_seconds,
                data=problem.data,
                size=self.ensemble_size * self.refit,
                max_time=self.max_time,
            ),
            curve=median_curve if self.prune == "median" else lambda trials: (),
            refusal=admission.refusal,
            on_start=progress.begin_trial,
            on_trial=partial(
                progress.end_trial,
                partial(self._finish, problem, refit=False, deadline=None),
            ),
            journal=problem.journal,
            workers=workers,
        )
        if interrupted:
            warnings.warn(
                f"The search was interrupted after {len(trials)} trials; the estimator "
                "is fitted with the best of them.",
                UserWarning,
                stacklevel=3,
            )
        return trials, interrupted

    def _predefined(self, search_space):
        """Return the configurations that are tried first."""
        from skautokeras._space.portfolio import predefined

        given = search_space.graph.given
        return predefined(
            search_space.block_names, search_space.schemas, search_space.targets, given
        )

    def _finish(self, problem, trials, *, refit, deadline):
        """Return the attributes of an estimator whose search ends with ``trials``."""
        from skautokeras._ensemble.calibration import fit_temperatures
        from skautokeras._ensemble.refit import finish
        from skautokeras._search.selection import mean_outputs, select_ensemble

        judges = problem.objective, problem.loss
        weights = select_ensemble(trials, *judges, self.ensemble_size)
        temperatures = fit_temperatures(
            problem.search_space.heads,
            problem.data.valid,
            mean_outputs(trials, weights),
            *judges,
        )
        ensemble = finish(
            problem.search_space,
            trials,
            weights,
            problem.recipe,
            problem.data,
            refit=refit,
            deadline=deadline,
            temperatures=temperatures,
        )
        return self._fitted_attributes(problem, trials, weights, ensemble)

    def _fitted_attributes(self, problem, trials, weights, ensemble):
        from skautokeras._search.search import best_trial

        best = best_trial(trials)
        return {
            "best_params_": dict(best.values),
            "best_score_": best.score,
            "leaderboard_": make_leaderboard(trials, weights),
            "history_": best.history,
            "n_trials_": len(trials),
            "_adapter": problem.adapter,
            "_targets": problem.targets,
            "_heads": problem.search_space.heads,
            "_ensemble": ensemble,
        }

    def __getstate__(self):
        """Return the state with the leaderboard as lists: skops takes no DataFrame."""
        state = dict(super().__getstate__())
        if "leaderboard_" in state:
            frame = state["leaderboard_"]
            state["leaderboard_"] = {
                name: (str(column.dtype), column.astype(object).tolist())
                for name, column in frame.where(frame.notna(), None).items()
            }
        return state

    def __setstate__(self, state):
        """Take the state; make a DataFrame of the leaderboard again."""
        if "leaderboard_" in state:
            columns = {
                name: pd.Series(values, dtype=dtype)
                for name, (dtype, values) in state["leaderboard_"].items()
            }
            state = {**state, "leaderboard_": pd.DataFrame(columns)}
        super().__setstate__(state)

    @property
    def model_(self):
        """The fitted `keras.Model`, from model-ready arrays to outputs."""
        check_is_fitted(self)
        return self._ensemble.as_model()

    def __sklearn_is_fitted__(self):
        """Return whether `fit` has been called."""
        return hasattr(self, "_ensemble")

    def __sklearn_tags__(self):
        """Return scikit-learn's tags."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.sparse = True
        return tags


def make_leaderboard(trials, weights):
    """Return one row per trial, the best first.

    Parameters
    ----------
    trials : list of Trial
        In the order they were tried.
    weights : dict of int to float
        Position of a trial -> its weight in the final model.

    Returns
    -------
    leaderboard : DataFrame
        Columns "rank", "trial" (0 is the first), "score" (greater is better), "weight"
        (in the final model), "status", "epochs", "seconds", "n_parameters", "flops" (of
        one forward pass for one row, about), "params" (a dict) and "error".
    """
    frame = pd.DataFrame(
        {
            "trial": range(len(trials)),
            "score": [trial.score for trial in trials],
            "weight": [weights.get(i, 0.0) for i in range(len(trials))],
            "status": [trial.status for trial in trials],
            "epochs": [trial.epochs for trial in trials],
            "seconds": [trial.seconds for trial in trials],
            "n_parameters": pd.array([t.n_parameters for t in trials], dtype="Int64"),
            "flops": pd.array([t.flops for t in trials], dtype="Int64"),
            "params": [dict(trial.values) for trial in trials],
            "error": [trial.error for trial in trials],
        }
    )
    frame = frame.sort_values(
        "score", ascending=False, kind="stable", na_position="last"
    )
    frame.insert(0, "rank", range(1, len(frame) + 1))
    return frame.reset_index(drop=True)


def _countable(data, names):
    """Return something as long as X or y; what has several parts is checked for it."""
    if not is_dict(data):
        if len(names) < 2 or not isinstance(data, list | tuple):
            return data
        data = dict(zip(names, data, strict=False))
    return range(common_length(data))


def _informed(search_space, adapter, data):
    """Return the graph with what training rows tell, in each fold and altogether."""
    schemas = _informed_schemas(adapter, data.train)
    of_folds = []
    known = zip(schemas, adapter.schemas_, strict=True)
    if data.n_folds > 1 and any(new is not old for new, old in known):
        of_folds = [
            _informed_schemas(adapter, data.train.take(train))
            for train, _ in data.folds
        ]
    return search_space.with_schemas(schemas, of_folds)


def _informed_schemas(adapter, rows):
    # Of several targets the first one counts.
    return informed_schemas(adapter, rows.x, next(iter(rows.y.values())))


def _make_recipe(search_space, settings, distribution):
    """Return how trials are trained."""
    from skautokeras._training.distribution import make_strategy
    from skautokeras._training.trainer import Recipe

    return Recipe(
        heads=search_space.heads,
        callbacks=settings.callbacks,
        shuffle=settings.shuffle,
        fit_arguments=settings.passed_on,
        distribution=make_strategy(distribution),
    )


def _validation_loss(search_space, rows):
    """Return what computes the loss of predictions for the validation rows."""
    from skautokeras._training.compiled_epoch import validation_loss

    def loss(y_pred):
        return float(validation_loss(search_space.heads, rows.y, y_pred, rows.weight))

    return loss


def _check_weight(sample_weight):
    """Return weights (n_samples,) as float64, not all of them 0."""
    weight = check_array(
        sample_weight, ensure_2d=False, dtype="float64", input_name="sample_weight"
    )
    if weight.ndim != 1:
        raise ValueError(
            f"Sample weights must be 1D array or scalar, got {weight.ndim}D array."
        )
    if (weight < 0).any():
        raise ValueError("Negative values in data passed to `sample_weight`.")
    if not weight.any():
        raise ValueError("Sample weights must contain at least one non-zero number.")
    return weight
