"""What all estimators share: fit, fitted attributes, scores."""

from functools import partial
from numbers import Integral, Real
from os import PathLike

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone
from sklearn.callback import CallbackSupportMixin, with_callbacks
from sklearn.utils.validation import check_is_fitted

from skautokeras._sklearn import HasMethods, Interval, StrOptions


class BaseAutoEstimator(CallbackSupportMixin, BaseEstimator):
    """Everything that does not depend on the kind of data or target.

    A subclass says with `_nodes` from which inputs to which heads its networks lead,
    and with `_check_X` what X has to be.
    """

    # What belongs to the process that has fitted the estimator is not in its file:
    # trials that a warm start goes on with, scikit-learn's callbacks, and requests for
    # metadata.
    _left_out = ("_journal", "_skl_callbacks", "_metadata_request")
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
        SearchError
            If every trial failed; the message holds the first reason.
        """
        # TensorFlow is imported here: importing the package is cheap.
        from skautokeras import _fit as room
        from skautokeras._training.deadline import Deadline

        self._validate_params()
        options = room.make_options(self, fit_params)
        graph = self._wire()
        deadline = Deadline(self.max_time)
        n_workers = room.check_workers(options)
        sample = room.Sample(X, y, sample_weight, graph.input_names, graph.head_names)
        context = self._init_callback_context(
            max_subtasks=self.max_trials, sequential_subtasks=n_workers == 1
        )
        progress = room.Progress(self, context, options.verbose, sample)
        preparation = room.prepare(
            graph,
            sample,
            validation_data,
            options,
            check_X=self._check_X,
            name=type(self).__name__,
            description=self._describe_search(),
            journal=getattr(self, "_journal", None) if self.warm_start else None,
        )
        outcome = room.run(
            preparation,
            options,
            deadline,
            progress,
            partial(self._fitted_attributes, preparation),
            n_workers,
        )
        for name, value in self._fitted_attributes(preparation, outcome).items():
            setattr(self, name, value)
        self.interrupted_ = outcome.interrupted
        # Its trials take memory: it is kept only where another fit may go on with it.
        self._journal = preparation.journal if self.warm_start else None
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
        ExportError
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
        ExportError
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
        from skautokeras._export.estimator_file import save_estimator

        check_is_fitted(self)
        save_estimator(self, path)

    def _outputs(self, X):
        """Return what each head says about X: (n_samples, n_outputs)."""
        check_is_fitted(self)
        x = self._adapter.transform(self._check_X(X, reset=False))
        return self._ensemble.predict(x)

    def _judged(self, X, y, sample_weight):
        """Return targets and outputs by head for rows to judge by, and weights."""
        from skautokeras._fit import Sample

        y_pred = self._outputs(X)
        sample = Sample(
            X, y, sample_weight, self._adapter.names, self._targets.names
        ).checked(partial(self._check_X, reset=False), name=type(self).__name__)
        return self._targets.split(sample.y), y_pred, sample.sample_weight

    def _wire(self):
        """Return the nodes of the search space, checked, heads as this fit has them."""
        from skautokeras._space.graph import Graph

        return Graph(*self._nodes())

    def _decisive_params(self):
        """Return the parameters that decide what trials there are and how they end."""
        from skautokeras._fit import decisive_parameters

        return decisive_parameters(self)

    def _describe_search(self):
        """Return what tells this search from others, if one may go on with it."""
        if self.directory is None and not self.warm_start:
            return None
        return [type(self), self._decisive_params()]

    def _fitted_attributes(self, preparation, outcome):
        """Return the attributes of an estimator whose fit ends with an outcome."""
        best = outcome.best
        return {
            "best_params_": dict(best.values),
            "best_score_": best.score,
            "leaderboard_": outcome.leaderboard,
            "history_": best.history,
            "n_trials_": len(outcome.trials),
            "_adapter": preparation.x_adapter,
            "_targets": preparation.y_adapter,
            "_heads": preparation.problem.heads,
            "_ensemble": outcome.ensemble,
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
    def columns_(self):
        """The kind of each column of X, and the reason for it, as a DataFrame."""
        check_is_fitted(self)
        return self._adapter.describe_columns().drop(columns="input")

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
