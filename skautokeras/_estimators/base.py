"""Base class of all estimators: fit, predict, evaluate, export and save."""

from functools import partial

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from skautokeras import __version__
from skautokeras._data.long_tables import batches_of
from skautokeras._data.rows import index_of
from skautokeras._data.stored_table import with_target
from skautokeras._estimators.callers import is_called_by_a_tool
from skautokeras._estimators.scikeras_pipeline import make_scikeras_pipeline
from skautokeras._state.deadline import Deadline
from skautokeras._state.keras_door import through_the_door
from skautokeras._versions import CallbackSupportMixin, with_callbacks
from skautokeras._warnings import warn

# Where a pickle holds the version of the package.
_VERSION_KEY = "_skautokeras_version"


class BaseAutoEstimator(CallbackSupportMixin, BaseEstimator):
    """Base class of all estimators.

    A subclass has its parameters in an explicit constructor, which calls
    `_set_parameters`. Its `_check_X` validates X, and its `_make_input` and
    `_make_head` return the input and the head of its networks, unless it has a `_nodes`
    of its own.
    """

    # A file leaves out what belongs to the process that has fitted the estimator: the
    # trials that a warm start goes on with, scikit-learn's callbacks, and requests for
    # metadata.
    _left_out = ("_journal", "_skl_callbacks", "_metadata_request", "_is_clone")
    _is_clone = False

    @with_callbacks
    def fit(
        self,
        X,
        y=None,
        sample_weight=None,
        *,
        validation_data=None,
        X_val=None,
        y_val=None,
        sample_weight_val=None,
        **fit_params,
    ):
        """Search for the best network and train it.

        With ``verbose=1``, lines are printed that tell what the data was taken for, how
        each trial went, what is trained again, and what the final model is. The logger
        "skautokeras" gets the same lines at level INFO in any case.

        Ctrl+C ends the search. If at least one trial has finished, the estimator is
        fitted with the networks of the finished trials, a warning is issued, and
        `interrupted_` is True. If none has finished, KeyboardInterrupt is raised, and
        so it is inside of tools such as `GridSearchCV`, which would go on otherwise.

        Parameters
        ----------
        X : DataFrame, array-like, sparse matrix, list, dict, str or path-like
            Training data. A table has the shape (n_samples, n_features). It can also be
            the path of a Parquet file or of a folder of them, a Dataset of PyArrow or a
            DataFrame of Dask, which are read in batches. Images are an array, or a list
            of arrays or files. Texts are a list, a Series or an array of strings.
            `AutoModel` takes one DataFrame or array, or a list or dict with the data of
            each input. The description of each class has more about its forms of X.
        y : array-like, list, dict or str
            Target values or class labels of shape (n_samples,) or
            (n_samples, n_outputs), or the name of the column of X that holds them. With
            several heads, it is a DataFrame or an array with one column per head, or a
            list or dict with one part per head.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows in training, early stopping and scoring. Rows with
            weight 0 are left out. If None, all rows have the same weight.
        validation_data : tuple (X, y) or (X, y, sample_weight), default=None
            Rows to compare trials on. If None, they are taken from the training data,
            as `validation_fraction` or `cv` says.
        X_val, y_val, sample_weight_val : object, default=None
            The parts of `validation_data`, which can be passed one by one. A `Pipeline`
            with ``transform_input=["X_val"]`` transforms ``X_val`` as it does X.
        **fit_params : dict
            Arguments of `keras.Model.fit`, such as ``epochs``, ``batch_size``,
            ``callbacks``, ``class_weight``, ``validation_split``, ``shuffle`` and
            ``verbose``. In this call, they replace the parameters of the constructor.

        Returns
        -------
        self : object
            Fitted estimator.

        Raises
        ------
        ValueError
            If the data cannot be used. It is raised before any training.
        JournalMismatchError
            If `directory` holds another search. It is raised before any training.
        SearchError
            If every trial failed, or no configuration could be tried. The message
            contains the reason of the first failure.
        """
        self._validate_params()
        # The import of TensorFlow, which takes seconds, counts as well.
        deadline = Deadline(self.max_time)
        parts = X_val, y_val, sample_weight_val
        validation_data = _validation_data(validation_data, *parts)
        return self._search(
            deadline,
            X,
            y,
            sample_weight,
            validation_data,
            fit_params,
            # The search may run in a thread, which does not know who has called.
            is_called_by_a_tool(),
        )

    @through_the_door
    def _search(
        self, deadline, X, y, sample_weight, validation_data, fit_params, in_a_tool
    ):
        """Search until a deadline, and set the fitted attributes."""
        # TensorFlow is imported here: importing the package is cheap.
        from skautokeras import _fit as room

        options = room.make_options(self, fit_params)
        graph = self._wire()
        n_workers = room.check_workers(options)
        sample = room.RawRows(X, y, sample_weight, graph.input_names, graph.head_names)
        preparation = room.prepare(
            graph,
            sample,
            validation_data,
            options,
            deadline=deadline,
            check_X=self._check_X,
            name=type(self).__name__,
            description=self._describe_search(),
            journal=getattr(self, "_journal", None) if self.warm_start else None,
        )
        context = self._init_callback_context(
            max_subtasks=self.max_trials + preparation.rungs.most_promoted,
            sequential_subtasks=n_workers == 1,
        )
        progress = room.Progress(self, context, options, deadline, sample)
        outcome = room.run(
            preparation,
            deadline,
            progress,
            partial(self._fitted_attributes, preparation),
            n_workers,
        )
        for name, value in self._fitted_attributes(preparation, outcome).items():
            setattr(self, name, value)
        self.interrupted_ = outcome.interrupted
        # The journal holds the trials, which take memory. It is kept only if another
        # fit may continue with them.
        self._journal = preparation.journal if self.warm_start else None
        progress.end(outcome)
        if outcome.interrupted and in_a_tool:
            raise KeyboardInterrupt
        return self

    @through_the_door
    def evaluate(self, X, y, sample_weight=None):
        """Compute the loss and the Keras metrics on some rows.

        Predicted numbers are compared with y on the original scale of y. Where no
        `metrics` were chosen, there is "accuracy" for classes and labels, and
        "mean_absolute_error" for numbers.

        Parameters
        ----------
        X : DataFrame, array-like, sparse matrix, list, dict, str or path-like
            Rows to predict for, in a form that `fit` takes.
        y : array-like, list, dict or str
            True targets of the rows, in a form that `fit` takes.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows. If None, all rows have the same weight.

        Returns
        -------
        results : dict of str to float
            Values of "loss" and of each metric by name. With several heads, "loss" is
            the weighted sum of the losses, and the loss and metrics of a head follow
            under names that begin with the name of the head, such as "price_loss".
        """
        from skautokeras._training.evaluation import evaluate_heads

        y_true, y_pred, sample_weight = self._targets_and_outputs(X, y, sample_weight)
        compared = {
            name: target.compared(y_true[name], y_pred[name])
            for name, target in self._targets.by_head.items()
        }
        return evaluate_heads(self._heads, compared, sample_weight)

    def predict(self, X):
        """Predict the target of each row.

        Parameters
        ----------
        X : DataFrame, array-like, sparse matrix, list, dict, str or path-like
            Rows to predict for, in a form that `fit` takes.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs), list or dict
            Predicted targets, in the form that y had in `fit`.
        """
        # The outputs come first: they raise NotFittedError where `_targets` is missing.
        y_pred = self._outputs(X)
        return self._targets.decode(y_pred, index_of(X))

    @through_the_door
    def export_model(self, *, raw=False):
        """Return the fitted network as a `keras.Model`.

        A model from raw data takes the pixels of images, the strings of texts, and a
        dict of one tensor per column of a table: floats for numbers, NaN where one is
        missing, and strings for categories, dates and texts, empty where one is
        missing. It returns a dict of "probabilities" and "label" for classes, and of
        "values" for numbers. With several heads, these names follow the name of the
        head and "__".

        Parameters
        ----------
        raw : bool, default=False
            Whether the model includes the preprocessing and starts from raw data. If
            False, it takes the arrays that the preprocessing makes of X (see
            `to_scikeras`), such as scaled numbers, codes of categories and tokens of
            texts, and returns the outputs of the heads.

        Returns
        -------
        model : keras.Model
            Copy of the network. To load it from a file in another process, import
            `skautokeras.layers` there first.

        Raises
        ------
        ExportError
            If ``raw=True`` and layers cannot repeat the preprocessing.
        """
        check_is_fitted(self)
        if raw:
            from skautokeras._export.raw_model import export_raw_model

            return export_raw_model(self._ensemble, self._adapter, self._targets).model
        from skautokeras._export.keras_model import (
            export_from_tokens,
            export_keras_model,
        )

        return export_from_tokens(export_keras_model(self._ensemble), self._adapter)

    @through_the_door
    def export(self, path, *, format=None, raw=True):
        """Write the fitted model to a file for another runtime.

        Parameters
        ----------
        path : str or path-like
            Path of a new or empty folder for a SavedModel, and of a file in a folder
            that exists for the other formats. The name of the file ends with ".onnx",
            ".tflite" (LiteRT) or ".keras".
        format : {"tf_saved_model", "onnx", "litert", "keras"}, default=None
            Format of the model. If None, the ending of the name tells it, and a name
            without such an ending is that of the folder of a SavedModel. A
            "tf_saved_model" has the signature "serving_default" with one tensor per raw
            input, and, for images with values from 0 to 255, "image_files" for the
            bytes of image files. An "onnx" model (extra `onnx`) cannot take dates and
            texts, and a "litert" model no strings. "keras" is the model of
            `export_model`, which needs `skautokeras.layers`.
        raw : bool, default=True
            Whether the model includes the preprocessing and starts from raw data, as in
            `export_model`.

        Raises
        ------
        ExportError
            If the format cannot hold the model. The message names an alternative.
        """
        from skautokeras._export.formats import export

        check_is_fitted(self)
        export(
            self._ensemble, self._adapter, self._targets, path, format=format, raw=raw
        )

    @through_the_door
    def report(self, path, X=None, y=None, sample_weight=None):
        """Write a report about the data, the search and the result to an HTML file.

        The file needs no other file. It tells what each column was taken for and why,
        warns of columns that tell the target, of copies and of rare classes, and shows
        how the search went. For rows that are passed, it shows how good the predictions
        are, which rows are predicted worst, how important the columns are, how the
        rows differ from those of `fit`, and what a prediction costs. It ends with the
        parameters and versions that repeat the fit.

        Parameters
        ----------
        path : str or path-like
            Path of the file, which is replaced if it exists.
        X : array-like, DataFrame, sparse matrix, list, dict or path, default=None
            Rows that the estimator was not fitted on, in a form that `fit` takes.
        y : array-like, list, dict or str, default=None
            True targets of these rows, in a form that `fit` takes.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of these rows. If None, all rows have the same weight.

        Raises
        ------
        ImportError
            If jinja2 or matplotlib is not installed (extra `plot`).
        """
        from skautokeras.inspection._report import write_report

        check_is_fitted(self)
        write_report(self, path, X, y, sample_weight)

    @through_the_door
    def to_scikeras(self, *, fitted=False):
        """Return a pipeline of preprocessing and network, to train without a search.

        The network is a SciKeras estimator. The pipeline can be fitted on other rows,
        also by `cross_val_score` and `GridSearchCV`, and has parameters such as
        ``model__optimizer__learning_rate``, ``model__epochs`` and
        ``model__batch_size``. Each fit repeats the preprocessing and builds the network
        for the result. With several heads, y has the same form as in this estimator,
        and ``model__loss``, ``model__metrics``, ``model__class_weight`` and
        ``model__compile__loss_weights`` are dicts by head.

        The training follows the rules of the search: weight decay, dropout and their
        schedules, schedule of the learning rate, warm-up, averages of the weights,
        learning rates of single layers, label smoothing, and a loss for each network of
        an ensemble and each member of a network. The schedules span ``model__epochs``,
        and a changed learning rate scales its schedule. There are these differences:

        - Keras draws the order of the rows, and the last batch of an epoch is smaller.
        - Rates follow their schedule from epoch to epoch, not from step to step.
        - Large embeddings are updated by the optimizer as all weights are, not by rows.
        - All networks of an ensemble are trained as one, with the settings and the
          number of epochs of the best of them that is trained. Decision trees are
          fitted anew, and settings of the training do not change them.
        - An optimizer of a class that Keras does not have follows the schedule of the
          learning rate, but not that of weight decay nor the rates of single layers.

        Parameters
        ----------
        fitted : bool, default=False
            Whether the pipeline is fitted, with the same predictions as this estimator.
            If False, it must be fitted before it predicts.

        Returns
        -------
        pipeline : sklearn.pipeline.Pipeline
            Pipeline with the steps "preprocessing" and "model". The model is a
            `scikeras.wrappers.KerasClassifier` or `KerasRegressor`; with several heads,
            it is a `scikeras.wrappers.BaseWrapper`, whose score is the mean over the
            heads of accuracy (classes) or R2 (numbers).
        """
        check_is_fitted(self)
        return make_scikeras_pipeline(self, self._wire(), fitted=fitted)

    @through_the_door
    def save(self, path):
        """Write the fitted estimator to a file that `skautokeras.load` reads.

        The file contains the parameters and fitted attributes as JSON and arrays, the
        networks as `.keras` archives, and the version of the package; nothing in it is
        pickled. It is written completely or not at all, and replaces an existing file.
        The trials that `warm_start` would continue with, scikit-learn's callbacks and
        metadata requests are not saved.

        Parameters
        ----------
        path : str or path-like
            Path of the file.

        Raises
        ------
        TypeError
            If a parameter is an object that only Python code can make, such as a
            function that is not registered with Keras, or if a layer is not registered.
            No file is written in this case.
        """
        from skautokeras._export.estimator_file import save_estimator

        check_is_fitted(self)
        save_estimator(self, path)

    def _set_parameters(self, arguments):
        """Store the arguments of the constructor, unmodified.

        They are its `locals()`, so that a parameter is named once in a class.
        """
        for name, value in arguments.items():
            if name != "self":
                setattr(self, name, value)

    def _outputs(self, X):
        """Return the outputs of the network, (n_samples, n_outputs) for each head."""
        check_is_fitted(self)
        X = self._check_X(X, reset=False)
        outputs = [
            self._ensemble.predict(self._adapter.transform(batch))
            for batch in batches_of(X)
        ]
        if len(outputs) == 1:
            return outputs[0]
        return {name: np.concatenate([o[name] for o in outputs]) for name in outputs[0]}

    def _targets_and_outputs(self, X, y, sample_weight):
        """Return the targets and outputs by head, and the checked sample weights."""
        from skautokeras._fit import RawRows

        check_is_fitted(self)
        X, y = with_target(X, y)
        y_pred = self._outputs(X)
        sample = RawRows(
            X, y, sample_weight, self._adapter.names, self._targets.names
        ).checked(partial(self._check_X, reset=False), name=type(self).__name__)
        return self._targets.split(sample.y), y_pred, sample.sample_weight

    def _score(self, X, y, sample_weight):
        """Return the mean over all heads of accuracy or R2."""
        y_true, y_pred, weight = self._targets_and_outputs(X, y, sample_weight)
        return self._targets.score(y_true, y_pred, weight)

    def _nodes(self):
        """Return the inputs and the outputs: one input, one block, one head."""
        node = self._make_input()
        return [node], [self._make_head()(self._make_block()(node))]

    def _wire(self):
        """Return the checked graph, its heads with the losses of this estimator."""
        from skautokeras._space.graph import Graph

        return Graph(*self._nodes())

    def _decisive_params(self):
        """Return the parameters on which the trials and their results depend."""
        from skautokeras._fit import decisive_parameters

        return decisive_parameters(self)

    def _describe_search(self):
        """Return what identifies this search by name; None if it is never continued."""
        if self.directory is None and not self.warm_start:
            return None
        return {"estimator": type(self), **self._decisive_params()}

    def _validation_attributes(self, preparation, outcome):
        """Return the predictions for the validation rows, and which rows they are."""
        y_pred = preparation.y_adapter.responses(outcome.y_pred)
        return {
            "validation_predictions_": y_pred,
            "validation_indices_": preparation.validation_indices,
        }

    def _fitted_attributes(self, preparation, outcome):
        """Return the fitted attributes that follow from the outcome of a fit."""
        best = outcome.best
        return {
            "best_params_": dict(best.values),
            "best_score_": best.score,
            "search_": outcome.record,
            **self._validation_attributes(preparation, outcome),
            "history_": best.history,
            "n_trials_": len(outcome.trials),
            "_adapter": outcome.x_adapter,
            "_targets": preparation.y_adapter,
            "_heads": preparation.problem.heads,
            "_profile": preparation.profile,
            "_ensemble": outcome.ensemble,
        }

    def __sklearn_clone__(self):
        """Return a copy that is not fitted, and that knows that there may be more."""
        copied = super().__sklearn_clone__()
        copied._is_clone = True
        return copied

    def __getstate__(self):
        """Return the state, with the version of the package."""
        state = super().__getstate__()
        # The networks first: what they lack is told before a block that cannot be
        # pickled, because no other way of pickling helps them.
        networks = {k: state[k] for k in ("_ensemble",) if k in state}
        return {**networks, **state, _VERSION_KEY: __version__}

    def __setstate__(self, state):
        """Take the state; warn if another version of the package wrote it."""
        version = state.get(_VERSION_KEY, __version__)
        if version != __version__:
            # In scikit-learn's words.
            warn(
                f"Trying to unpickle estimator {type(self).__name__} from version "
                f"{version} of skautokeras when using version {__version__}. This "
                "might lead to breaking code or invalid results. Use at your own risk.",
            )
        super().__setstate__({k: v for k, v in state.items() if k != _VERSION_KEY})

    @property
    def columns_(self):
        """The kind of each column of X, and the reason for it, as a DataFrame."""
        check_is_fitted(self)
        return self._adapter.describe_columns().drop(columns="input")

    @property
    def leaderboard_(self):
        """Table with one row per trial, the best one first."""
        check_is_fitted(self)
        return self.search_.leaderboard

    @property
    @through_the_door
    def model_(self):
        """Fitted `keras.Model`, from the arrays that the preprocessing makes of X."""
        check_is_fitted(self)
        return self._ensemble.as_model()

    @property
    def _repr_html_(self):
        """HTML for notebooks: scikit-learn's diagram and what the search has found."""
        diagram = super()._repr_html_
        return lambda: diagram() + self._html_of_search()

    def _repr_mimebundle_(self, **kwargs):
        """Return the representations by MIME type, what was found in the HTML."""
        forms = super()._repr_mimebundle_(**kwargs)
        if "text/html" in forms:
            forms["text/html"] += self._html_of_search()
        return forms

    def _html_of_search(self):
        """Return the head of the leaderboard as HTML; nothing before `fit`."""
        if not hasattr(self, "search_"):
            return ""
        n_trials = len(self.search_.trials)
        table = self.search_.summary_html(5)
        return f"<p>{n_trials} trials, the best ones first:</p>{table}"

    def __sklearn_is_fitted__(self):
        """Return whether `fit` has been called."""
        return hasattr(self, "_ensemble")

    def __sklearn_tags__(self):
        """Return scikit-learn's tags."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.sparse = True
        return tags


def _validation_data(validation_data, X_val, y_val, sample_weight_val):
    """Return validation data that was passed as one tuple or in parts."""
    if X_val is None and y_val is None and sample_weight_val is None:
        return validation_data
    if X_val is None or y_val is None:
        raise ValueError("Pass both X_val and y_val, or none of them.")
    if validation_data is not None:
        raise ValueError("Pass either validation_data, or X_val and y_val.")
    if sample_weight_val is None:
        return X_val, y_val
    return X_val, y_val, sample_weight_val
