"""AutoModel: any inputs to any heads.

The parameters and attributes in its docstring and the constructor are written by
``python -m tools.write_docstrings``.
"""

import copy

from sklearn.utils import ClassifierTags, RegressorTags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skautokeras._data.containers import to_pandas
from skautokeras._data.table import check_columns
from skautokeras._data.y_adapter import values_by_head
from skautokeras._estimators.base import BaseAutoEstimator
from skautokeras._estimators.parameters import constraints_of
from skautokeras._state.names import saved_as


def _has_classes(model):
    """Return whether a head predicts classes; raise AttributeError if none does."""
    if not any(map(_is_for_classes, _listed(model.outputs))):
        raise AttributeError(f"{type(model).__name__} has no ClassificationHead.")
    return True


@saved_as("AutoModel")
class AutoModel(BaseAutoEstimator):
    """Estimator for any mix of inputs and targets.

    If `outputs` are heads, the search space between inputs and heads is assembled: one
    block per input, chosen by the type of the input, a merge of several inputs, and the
    heads. If `outputs` are the results of heads that were called on blocks, that graph
    is searched. An AutoModel is a classifier if its only head is a
    `ClassificationHead`, and a regressor if all of its heads are `RegressionHead`.

    Parameters
    ----------
    inputs : input or list of inputs
        Inputs of the network, in the order of the data: `StructuredDataInput`,
        `ImageInput`, `TextInput` or `Input`. Inputs with ``columns`` share one
        DataFrame.
    outputs : head or list of heads
        Heads of the network, in the order of the targets: `ClassificationHead` or
        `RegressionHead`. If the network is wired by hand, pass what the heads return
        when they are called on a node.
    max_trials : int, default=20
        Maximum number of configurations to evaluate.
    max_time : float or None, default=None
        Time limit of the whole `fit` in seconds, which includes the final training.
        When the time is over, the best networks so far are kept. Where rows are too
        many for the time, trials learn from some of them, and the best configurations
        are then trained on more. If None, there is no limit.
    tuner : {"greedy", "random", "bayesian", "hyperband"} or callable, default="greedy"
        Strategy that proposes configurations. "greedy" tries predefined configurations
        first and then mutates the best one (`GreedyOracle`). "random", "bayesian" and
        "hyperband" are the oracles of KerasTuner. A callable is called with the keyword
        arguments ``objective``, ``hyperparameters``, ``max_trials`` and ``seed``, and
        returns a `keras_tuner.Oracle`.
    scoring : str, callable, dict or None, default=None
        Criterion that the search optimises on validation data and that early stopping
        monitors. It is a scikit-learn scorer, as a name or a callable, or the name of a
        Keras metric after the prefix ``"val_"``, such as "val_accuracy". With several
        heads, the name of a Keras metric contains the name of the head
        ("val_price_mean_absolute_error"), a callable is called with dicts by head, and
        a dict by head is optimised in the mean. If None, the validation loss is used.
        To keep over-confident networks from winning on few rows, each of the n
        validation labels is assumed to be wrong with probability ``1 / (n + 2)``.
    loss : str, callable, keras.losses.Loss, dict or None, default=None
        Loss that training minimises; with several heads, a dict by head. If None, each
        head has the loss of its own parameter, or else the cross-entropy for classes
        and the mean squared error for numbers.
    metrics : list, dict or None, default=None
        Keras metrics to record in every epoch; with several heads, a dict of lists by
        head. If None, each head has the metrics of its own parameter.
    epochs : int or None, default=None
        Maximum number of epochs of a trial; early stopping can end it before. If None,
        the number of epochs is searched.
    batch_size : int or None, default=None
        Number of rows per training step. If None, it is searched.
    validation_fraction : float, default=0.2
        Fraction of the rows that is held out to compare trials. By default, they are 50
        000 rows at most. The rows are shuffled, and the split is stratified by the
        first target of classes.
    cv : int, splitter, iterable, "auto" or None, default="auto"
        Cross-validation in place of `validation_fraction`. Each configuration is
        trained once per fold and scored by the predictions of all folds for their
        validation rows; the final model is chosen in the same way. An int is the number
        of shuffled folds, stratified by the first target of classes. Splitters and
        iterables are used as in `sklearn.model_selection.check_cv`, without groups. If
        None, one part of the rows is held out. ``"auto"`` holds out one part of the
        rows for images and texts, as None does. For tables without sentences, it
        chooses five folds below 3000 rows and three below 10 000 if there are five or
        more trials and time for them. The networks of the folds then predict together
        without a `refit`. Otherwise, one part of the rows is held out, as it is for
        `validation_data` and for a `validation_fraction` other than 0.2.
    callbacks : list of keras.callbacks.Callback or None, default=None
        Keras callbacks, which are copied for every trial. The final training uses only
        `LearningRateScheduler`. Callbacks that set the learning rate replace the
        searched schedule, and callbacks that act on batches make training slower.
    class_weight : dict, list of dict, "balanced" or None, default=None
        Weights of the classes, as in scikit-learn; with several heads, a dict by head.
        For multi-label targets, a list has one dict per label. If None, all classes
        weigh 1.
    ensemble_size : int, default=5
        Maximum number of networks in the final model. They are chosen so that the
        weighted mean of their predictions has the best score on validation data. If 1,
        the best network is the final model. A configuration that was trained in folds
        and not refitted counts as one, and the networks of its folds share its weight.
    refit : bool, default=True
        Whether the chosen networks are trained again on all rows, each for its best
        number of epochs, which with `cv` is the mean over the folds. A network that
        cannot be trained again within `max_time` stays as it was in its trial. After
        the folds of ``cv="auto"``, no network is trained again, even if `refit` is
        True. With more than 100 000 training rows, and more than 2000 of them for each
        second of `max_time`, trainings on more rows take the place of the refit. If
        False, all networks stay as they were; with `cv`, the mean of the networks of
        all folds then takes the place of one network.
    max_model_size : int or None, default=None
        Maximum number of weights in a network. Larger networks are never built, and
        other configurations are tried instead. If None, there is no limit.
    prune : {"median", "none"} or None, default="median"
        Rule by which trials end early. "median" compares the best score of a trial with
        the mean scores that completed trials had up to the same fraction of their
        epochs, and ends the trial as soon as it is below their median. With folds, a
        trial also ends if the mean score of its folds so far is below the lowest fold
        score of the trial that ranks at place `ensemble_size`. The trial then has the
        status "pruned" and is not used. If None, or "none", every trial runs to its
        end.
    directory : str, path-like or None, default=None
        Folder for finished trials, so that the same `fit` continues after a crash
        instead of starting again. `max_trials`, `max_time`, `ensemble_size`, `refit`,
        `callbacks`, `warm_start`, `n_jobs`, `distribution` and `verbose` may be changed
        before it continues. A clone, such as those of `cross_val_score` and
        `GridSearchCV`, has a folder of its own in it for each data set and set of
        parameters. If None, only temporary files are written, and they are deleted.
    warm_start : bool, default=False
        Whether another `fit` on the same data continues the last search, up to
        `max_trials` trials in total, instead of starting again.
    n_jobs : int or None, default=None
        Number of trials that run at the same time, in workers of the active joblib
        backend, which share the cores. With a backend of threads, trials run one after
        another. None means 1 unless in a `joblib.parallel_config` context, and -1 means
        one trial per core. With more than one, the order in which trials end depends on
        the machine, and so does the search.
    distribution : tf.distribute.Strategy, callable or None, default=None
        Strategy that spreads one training over several devices, each of which learns
        from a part of every batch. A callable makes the strategy in `fit`; it can be
        cloned and pickled, which strategies cannot, and
        `tf.distribute.MirroredStrategy` itself is one. These trainings use
        `keras.Model.fit`, which is slow for small networks, and trials run one at a
        time. If None, one device is used.
    random_state : int, RandomState instance or None, default=None
        Seed for the split of the rows, the search and every training. Pass an int for
        the same result in every call.
    verbose : int or bool, default=0
        Amount of output. If 0, nothing is printed. If 1, lines about the data, each
        trial, the final training and the final model are printed. If 2, what each
        column of X was taken for is printed as well. The lines go to the logger
        "skautokeras" at level INFO, whatever `verbose` is.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,), or dict or list of ndarray
        Class labels in sorted order, if a head predicts classes; with several heads, a
        dict by head, or a list if y was an array with one column per head.
    n_features_in_ : int
        Number of columns of X in `fit`. Defined only if X was a table.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns of X in `fit`. Defined only if all of them are strings.
    best_params_ : dict of str to object
        Values of the hyperparameters in the best trial. They are hyperparameters of
        blocks and of the training, not parameters of this estimator. To train the
        network again, use `to_scikeras`.
    best_score_ : float
        Validation score of the best trial; greater is better. With ``scoring=None``, it
        is the negative validation loss.
    columns_ : DataFrame
        Table with one row per column of X. It has the columns "name", "input" (name of
        the input that takes it), "kind", "reason" (for this kind), "missing" (fraction
        of the rows without a value), "distinct" (number of different values) and
        "becomes" (what the network gets).
    leaderboard_ : DataFrame
        Table with one row per trial, the best one first. It has the columns "rank",
        "trial" (number of the trial), "kind" (of the network, where a block chooses
        among kinds), "predefined" (whether the search has begun with this
        configuration), "score" (what the search optimises), "accuracy" (of classes) or
        "rmse" (of numbers, in the unit of y), after the name of the head and "_" where
        there are several heads, "weight" (in the final model), "refitted" (whether it
        was trained again on all rows), "status", "epochs", "best_epoch" (the one whose
        weights were kept), "cut" (whether the time has ended the training),
        "iterations" (of boosting, or the number of random trees), "seconds", "ended"
        (seconds from the beginning of the search to the end of the trial),
        "n_parameters", "flops" (approximate floating-point operations to predict one
        row), "n_rows" (training rows that it learned from, those of all folds added
        up), "params" (values of the hyperparameters) and "error".
    search_ : SearchRecord
        Record of the search, which `skautokeras.inspection` draws. It has the
        leaderboard, the configurations (``search_.params``) and all training histories
        (``search_.histories``) as tables.
    model_ : keras.Model
        Fitted network, which takes the arrays that the preprocessing makes of X (see
        `to_scikeras`), and returns one output per head.
    history_ : dict of str to list of float
        Training history of the best trial: one value per epoch of "loss", "val_loss",
        "val_score" and the metrics. With `cv`, the values are means over the folds, in
        which a fold that ended earlier counts with its last value, and the lists
        "split0_val_score", "split1_val_score", ... hold the scores of the folds.
    validation_indices_ : ndarray of shape (n_validation,)
        Rows of X that the networks were compared on. With `cv`, they are the rows of
        all folds; with `validation_data`, they are rows of its X.
    validation_predictions_ : ndarray, or dict of ndarray
        Probabilities of classes, and numbers, that the final model, before it was
        refitted, has predicted for these rows, which its networks were not trained on.
        With several heads, a dict by head.
    n_trials_ : int
        Number of trials that were run, failed ones included.
    interrupted_ : bool
        Whether Ctrl+C ended the search.

    See Also
    --------
    StructuredDataClassifier : Classifier for tables.
    StructuredDataRegressor : Regressor for tables.
    ImageClassifier : Classifier for images.
    ImageRegressor : Regressor for images.
    TextClassifier : Classifier for texts.
    TextRegressor : Regressor for texts.

    References
    ----------
    Jin, Chollet, Song, Hu, AutoKeras: An AutoML Library for Deep Learning, JMLR 24(6),
    2023.

    Examples
    --------
    Predict a class and a number from one table:

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

    _parameter_constraints = constraints_of("AutoModel")

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
        cv="auto",
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
        self._set_parameters(locals())

    @available_if(_has_classes)
    def predict_proba(self, X):
        """Predict the probability of each class.

        Parameters
        ----------
        X : DataFrame, array-like, or list or dict of them
            Rows to predict for, in the form that X had in `fit`.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes), or dict or list of them
            Probabilities, with one column per class in the order of `classes_`. With
            several heads, it is a dict by the names of the heads that predict classes.
            If y was an array with one column per head, it is a list in their order, as
            it is in scikit-learn's classifiers of several targets.
        """
        y_pred = self._outputs(X)
        return _of_classes(self._targets, self._targets.probabilities(y_pred))

    def score(self, X, y, sample_weight=None):
        """Return the mean over all heads of accuracy (classes) or R2 (numbers).

        It does not depend on `scoring`.

        Parameters
        ----------
        X : DataFrame, array-like, or list or dict of them
            Rows to predict, in the form that X had in `fit`.
        y : array-like, DataFrame, or list or dict of them
            True targets of the rows, in a form that `fit` takes.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows. If None, all rows have the same weight.

        Returns
        -------
        score : float
            Mean score of the heads; the best one is 1.0.
        """
        return self._score(X, y, sample_weight)

    def _check_X(self, X, *, reset):
        X = to_pandas(X, len(_listed(self.inputs)))
        return check_columns(self, X, reset=reset)

    def _nodes(self):
        from skautokeras._space.assembly import assemble

        inputs, outputs = _listed(self.inputs), _listed(self.outputs)
        return inputs, self._with_settings(inputs, assemble(inputs, outputs))

    def _with_settings(self, inputs, outputs):
        """Return the outputs with the losses and metrics of the estimator."""
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
        """Return the parameters, in which the graph is described in place of its nodes.

        The keys of nodes differ between processes; the description does not.
        """
        params = super()._decisive_params()
        del params["inputs"], params["outputs"]
        return {**params, "graph": self._wire().describe()}

    def _fitted_attributes(self, preparation, outcome):
        attributes = super()._fitted_attributes(preparation, outcome)
        targets = preparation.y_adapter
        classes = {name: t.classes_ for name, t in targets.class_adapters.items()}
        if classes:
            attributes["classes_"] = _of_classes(targets, classes)
        return attributes

    @property
    def columns_(self):
        """The input and the kind of each column of X, and why, as a DataFrame."""
        check_is_fitted(self)
        return self._adapter.describe_columns()

    def _html_of_search(self):
        """Return a drawing of the graph, and the head of the leaderboard, as HTML."""
        from skautokeras._space.drawing import draw

        try:
            drawing = draw(self._wire())
        except (TypeError, ValueError):
            drawing = ""  # `fit` explains what is wrong with the graph.
        return drawing + super()._html_of_search()

    def __sklearn_tags__(self):
        """Return scikit-learn's tags; the heads decide the type of the estimator."""
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
        # What is no input has no tags; `fit` says so.
        inputs = [node for node in _listed(self.inputs) if hasattr(node, "tags")]
        of_inputs = [node.tags for node in inputs]
        sparse = [of_input.sparse for of_input in of_inputs]
        tags.input_tags.sparse = bool(sparse) and all(sparse)
        tags.input_tags.allow_nan = all(of_input.allow_nan for of_input in of_inputs)
        return tags


def _listed(nodes):
    """Return one node or several nodes as a list."""
    return list(nodes) if isinstance(nodes, list | tuple) else [nodes]


def _is_for_classes(output):
    """Return whether a head, or the node it made, predicts classes."""
    from skautokeras._space.heads import ClassificationHead

    return isinstance(getattr(output, "block", output), ClassificationHead)


def _of_classes(targets, by_head):
    """Return values of the heads of classes in the form that y had in fit."""
    if len(targets.names) == 1:
        return next(iter(by_head.values()))
    return list(by_head.values()) if targets.form_ == "array" else by_head
