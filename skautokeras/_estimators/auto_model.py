"""AutoModel: any inputs to any heads."""

import copy

from sklearn.utils import ClassifierTags, RegressorTags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skautokeras._data.table import check_columns
from skautokeras._data.y_adapter import values_by_head
from skautokeras._estimators.base import BaseAutoEstimator
from skautokeras._sklearn import StrOptions
from skautokeras._state.names import saved_as


def _has_classes(model):
    """Return whether a head predicts classes; raise AttributeError if none does."""
    if not any(map(_is_for_classes, _listed(model.outputs))):
        raise AttributeError(f"{type(model).__name__} has no ClassificationHead.")
    return True


@saved_as("AutoModel")
class AutoModel(BaseAutoEstimator):
    """Estimator for any mix of inputs and targets.

    With inputs and heads it assembles the search space between them: a block per input,
    by its kind, a merge if there are several, and the heads. With inputs and results of
    heads that were called on blocks, it searches that graph. It is a classifier with
    one `ClassificationHead`, a regressor with nothing but `RegressionHead`.

    Parameters
    ----------
    inputs : input or list of inputs
        `StructuredDataInput`, `ImageInput`, `TextInput` or `Input`, in the order of the
        data. Inputs with ``columns`` share one DataFrame.
    outputs : head or list of heads
        `ClassificationHead` or `RegressionHead`, in the order of the targets, or what
        they return when they are called on a node of a graph.
    max_trials : int, default=20
        Configurations to evaluate at most.
    max_time : float or None, default=None
        Seconds for the whole `fit`, refit included. When they are over, the best
        network so far is kept. None: no limit.
    tuner : {"greedy", "random", "bayesian", "hyperband"} or callable, default="greedy"
        What proposes configurations. "greedy": predefined ones first, then mutations of
        the best (`GreedyOracle`); the others are KerasTuner's oracles. A callable is
        called with ``objective``, ``hyperparameters``, ``max_trials`` and ``seed``, and
        returns a `keras_tuner.Oracle`.
    scoring : str, callable, dict or None, default=None
        What the search optimises on validation data, and what early stopping watches.
        None: the loss, each of n labels of validation rows being taken for wrong by a
        share of 1 / (n + 2). A scikit-learn scorer, by name or as a callable, or a
        Keras metric by its name after "val_" ("val_accuracy"; with several heads the
        name of the head in between, "val_price_mean_absolute_error"). With several
        heads also a dict by head of these, whose mean counts; a callable then sees
        dicts by head.
    loss : str, callable, keras.losses.Loss, dict or None, default=None
        What training minimises; with several heads a dict by head. None: what the head
        says, else cross-entropy or mean squared error.
    metrics : list, dict or None, default=None
        Keras metrics that are recorded for every epoch; with several heads a dict of
        lists by head. None: what the head says, else none.
    epochs : int or None, default=None
        Epochs of a trial at most; early stopping ends trials before. None: searched.
    batch_size : int or None, default=None
        Rows per step. None: searched.
    validation_fraction : float, default=0.2
        Share of the rows that trials are compared on; shuffled, and stratified by the
        first target of classes.
    cv : int, splitter, iterable or None, default=None
        Cross-validation in the place of `validation_fraction`: each configuration is
        trained once per fold and judged by what all folds predict for their validation
        rows, and so is the final model. An int: so many shuffled folds, stratified for
        classes. Else as in scikit-learn's `check_cv`, without groups. None: one part of
        the rows is held out.
    callbacks : list of keras.callbacks.Callback or None, default=None
        Copied for every trial; of a refit, only `LearningRateScheduler` takes part.
        Those that set the learning rate replace the searched schedule; those that work
        on batches make training slower.
    class_weight : dict, list of dict, "balanced" or None, default=None
        Weights of the classes, as in scikit-learn; with several heads a dict by head of
        these. None: all classes weigh 1.
    ensemble_size : int, default=5
        Networks at most in the final model, chosen so that the weighted mean of their
        predictions is best on validation data. 1: only the best network.
    refit : bool, default=True
        Whether the chosen networks are trained again on all rows, each for the number
        of epochs that was best for it, with `cv` on average over the folds. What does
        not fit into `max_time` is left out. Without this, the networks of the trials
        stay; with `cv` those of all folds, whose mean takes the place of one network.
    max_model_size : int or None, default=None
        Parameters of a network at most; larger ones are never built. None: no limit.
    prune : {"median", "none"}, default="median"
        "median": a trial ends as soon as its best score is below the median of the mean
        scores that finished ones had up to the same share of their epochs; it has the
        status "pruned" and is not used. "none": every trial runs to its end.
    directory : str, path-like or None, default=None
        Where finished trials are kept, so that the same `fit` goes on after a crash
        instead of starting over. None: nothing is left on disk.
    warm_start : bool, default=False
        Whether another `fit` on the same data goes on with the search of the last one,
        up to `max_trials` in all, instead of starting over.
    n_jobs : int or None, default=None
        Trials that run at the same time, in workers of the active joblib backend. None:
        1, unless in a `joblib.parallel_config` context. -1: one per core.
    distribution : tf.distribute.Strategy, callable or None, default=None
        How one training is spread over devices: each step, every device learns from its
        part of the batch. A callable makes the strategy in `fit`;
        `tf.distribute.MirroredStrategy` itself is one, and can be cloned and pickled,
        which strategies cannot. Such trainings go through `keras.Model.fit`, which is
        slow for small networks, and trials run one at a time. None: one device.
    random_state : int, RandomState instance or None, default=None
        Seed of the split, the search and every training. Pass an int for the same
        result in every call.
    verbose : int or bool, default=0
        0: nothing is printed. 1: one line per trial.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,) or dict of str to ndarray
        The labels, sorted, if a head predicts classes; with several heads by head.
    n_features_in_ : int
        Number of columns in `fit`, where X was a table.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, where X had names that are strings.
    best_params_ : dict of str to object
        Values of the hyperparameters of the best trial.
    best_score_ : float
        Its validation score; greater is better (with ``scoring=None`` the negative
        loss).
    columns_ : DataFrame
        One row per column of X: name, input (name of the input that takes it), kind,
        reason (why it has this kind), missing (share of the rows), distinct (number of
        values), becomes (what the network gets).
    leaderboard_ : DataFrame
        One row per trial, the best first: rank, trial, score, weight (in the final
        model), status, epochs, seconds, n_parameters, flops (of one forward pass for
        one row, about), params, error.
    model_ : keras.Model
        The fitted network, from model-ready arrays to one output per head.
    history_ : dict of str to list of float
        Of the best trial: one value per epoch of loss, val_loss, val_score and the
        metrics.
        With `cv` means over the folds, one that ended earlier counting with its last
        value, and "split0_val_score", ...: the scores of each fold.
    n_trials_ : int
        Trials that were run, failed ones included.
    interrupted_ : bool
        Whether Ctrl+C ended the search.

    See Also
    --------
    StructuredDataClassifier : For one table and classes.
    StructuredDataRegressor : For one table and numbers.
    ImageClassifier : For images and classes.
    ImageRegressor : For images and numbers.

    References
    ----------
    Jin, Chollet, Song, Hu, AutoKeras: An AutoML Library for Deep Learning, JMLR 24(6),
    2023.

    Examples
    --------
    One table, a class and a number to predict:

    >>> import numpy as np
    >>> from sklearn.datasets import load_iris
    >>> from skautokeras import (
    ...     AutoModel,
    ...     ClassificationHead,
    ...     RegressionHead,
    ...     StructuredDataInput,
    ... )
    >>> X, species = load_iris(return_X_y=True, as_frame=True)
    >>> y = {"species": species, "width": X.pop("petal width (cm)")}
    >>> model = AutoModel(
    ...     inputs=StructuredDataInput(),
    ...     outputs=[ClassificationHead(name="species"), RegressionHead(name="width")],
    ...     max_trials=1,
    ...     epochs=2,
    ...     random_state=0,
    ... )
    >>> predicted = model.fit(X, y).predict(X)
    >>> predicted["species"].shape, predicted["width"].shape
    ((150,), (150,))
    """

    _parameter_constraints = {
        **BaseAutoEstimator._parameter_constraints,
        "inputs": "no_validation",
        "outputs": "no_validation",
        "scoring": [None, str, callable, dict],
        "loss": [None, str, callable, dict],
        "metrics": [None, list, tuple, dict],
        "class_weight": [dict, list, StrOptions({"balanced"}), None],
    }

    def __init__(
        self,
        inputs,
        outputs,
        *,
        max_trials=20,
        max_time=None,
        tuner="greedy",
        scoring=None,
        loss=None,
        metrics=None,
        epochs=None,
        batch_size=None,
        validation_fraction=0.2,
        cv=None,
        callbacks=None,
        class_weight=None,
        ensemble_size=5,
        refit=True,
        max_model_size=None,
        prune="median",
        directory=None,
        warm_start=False,
        n_jobs=None,
        distribution=None,
        random_state=None,
        verbose=0,
    ):
        super().__init__(
            max_trials=max_trials,
            max_time=max_time,
            tuner=tuner,
            scoring=scoring,
            loss=loss,
            metrics=metrics,
            epochs=epochs,
            batch_size=batch_size,
            validation_fraction=validation_fraction,
            cv=cv,
            callbacks=callbacks,
            ensemble_size=ensemble_size,
            refit=refit,
            max_model_size=max_model_size,
            prune=prune,
            directory=directory,
            warm_start=warm_start,
            n_jobs=n_jobs,
            distribution=distribution,
            random_state=random_state,
            verbose=verbose,
        )
        self.inputs = inputs
        self.outputs = outputs
        self.class_weight = class_weight

    @available_if(_has_classes)
    def predict_proba(self, X):
        """Predict probabilities of the classes.

        Parameters
        ----------
        X : DataFrame, array-like, or list or dict of them
            As in `fit`.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes), or dict of them
            In the order of `classes_`. With several heads, by the names of the heads
            that predict classes.
        """
        y_pred = self._outputs(X)
        found = self._targets.probabilities(y_pred)
        return found if len(y_pred) > 1 else next(iter(found.values()))

    def score(self, X, y, sample_weight=None):
        """Return the mean over all heads of accuracy (classes) or R2 (numbers).

        Parameters
        ----------
        X : DataFrame, array-like, or list or dict of them
            Rows.
        y : array-like, DataFrame, or list or dict of them
            Their true targets, in a form that `fit` takes.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.

        Returns
        -------
        score : float
            1.0 is the best.
        """
        y_true, y_pred, weight = self._judged(X, y, sample_weight)
        return self._targets.score(y_true, y_pred, weight)

    def _check_X(self, X, *, reset):
        return check_columns(self, X, reset=reset)

    def _nodes(self):
        from skautokeras._space.assembly import assemble

        inputs, outputs = _listed(self.inputs), _listed(self.outputs)
        return inputs, self._with_settings(inputs, assemble(inputs, outputs))

    def _with_settings(self, inputs, outputs):
        """Return the nodes of heads with the losses and metrics of the estimator."""
        from skautokeras._space.graph import Graph

        names = Graph(inputs, outputs).head_names
        settings = {
            parameter: values_by_head(parameter, getattr(self, parameter), names)
            for parameter in ("loss", "metrics")
        }
        changed = []
        for name, node in zip(names, outputs, strict=True):
            head = copy.copy(node.block)
            for parameter, by_head in settings.items():
                if name in by_head:
                    setattr(head, parameter, by_head[name])
            changed.append(head(list(node.parents)))
        return changed

    def _decisive_params(self):
        """Describe nodes by what they are: their keys differ between processes."""
        params = super()._decisive_params()
        del params["inputs"], params["outputs"]
        return {**params, "graph": self._wire().describe()}

    def _fitted_attributes(self, preparation, outcome):
        attributes = super()._fitted_attributes(preparation, outcome)
        targets = preparation.y_adapter
        classes = {name: t.classes_ for name, t in targets.class_adapters.items()}
        if classes:
            several = len(targets.names) > 1
            attributes["classes_"] = (
                classes if several else next(iter(classes.values()))
            )
        return attributes

    @property
    def columns_(self):
        """The input and the kind of each column of X, and why, as a DataFrame."""
        check_is_fitted(self)
        return self._adapter.describe_columns()

    @property
    def _repr_html_(self):
        """What notebooks show: scikit-learn's box and a drawing of the graph."""
        of_sklearn = super()._repr_html_
        return lambda: of_sklearn() + self._drawing()

    def _repr_mimebundle_(self, **kwargs):
        """Return the same for notebooks that ask for all forms at once."""
        forms = super()._repr_mimebundle_(**kwargs)
        if "text/html" in forms:
            forms["text/html"] += self._drawing()
        return forms

    def _drawing(self):
        from skautokeras._space.drawing import draw

        try:
            return draw(self._wire())
        except (TypeError, ValueError):
            return ""  # `fit` will say what is wrong with the graph.

    def __sklearn_tags__(self):
        """Return scikit-learn's tags; what the estimator is follows from its heads."""
        tags = super().__sklearn_tags__()
        heads = _listed(self.outputs)
        tags.target_tags.required = True
        if len(heads) == 1 and _is_for_classes(heads[0]):
            tags.estimator_type = "classifier"
            tags.classifier_tags = ClassifierTags(multi_label=True)
        elif heads and not any(map(_is_for_classes, heads)):
            tags.estimator_type = "regressor"
            tags.regressor_tags = RegressorTags()
            tags.target_tags.multi_output = True
        else:
            tags.target_tags.multi_output = True
        tags.input_tags.string = True
        kinds = {type(node).__name__ for node in _listed(self.inputs)}
        tags.input_tags.sparse = kinds == {"StructuredDataInput"}
        tags.input_tags.allow_nan = kinds <= {"StructuredDataInput", "TextInput"}
        return tags


def _listed(nodes):
    """Return one node or several as a list."""
    return list(nodes) if isinstance(nodes, list | tuple) else [nodes]


def _is_for_classes(output):
    """Return whether a head, or the node it made, predicts classes."""
    from skautokeras._space.heads import ClassificationHead

    return isinstance(getattr(output, "block", output), ClassificationHead)
