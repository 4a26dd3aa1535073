"""Estimators for texts."""

from numbers import Integral

from skautokeras._data.strings import read_texts
from skautokeras._data.table import check_columns
from skautokeras._estimators.classification import BaseAutoClassifier
from skautokeras._estimators.regression import BaseAutoRegressor
from skautokeras._sklearn import Interval
from skautokeras._state.names import saved_as

_TEXT_CONSTRAINTS = {"max_tokens": [Interval(Integral, 1, None, closed="left"), None]}


class _Texts:
    """What the estimators for texts share: parameters, adapter and search space."""

    def __init__(self, *, max_tokens, **params):
        super().__init__(**params)
        self.max_tokens = max_tokens

    def _check_X(self, X, *, reset):
        X = check_columns(self, X, reset=reset)
        # What is no text is told before its rows are counted: a string has a length.
        read_texts(X)
        return X

    def _nodes(self):
        from skautokeras._space.inputs import TextInput
        from skautokeras._space.text import TextBlock

        node = TextInput(max_tokens=self.max_tokens)
        return [node], [self._make_head()(TextBlock()(node))]

    def __sklearn_tags__(self):
        """Return scikit-learn's tags: one string per row, missing ones too."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = False
        tags.input_tags.two_d_array = False
        tags.input_tags.one_d_array = tags.input_tags.string = True
        return tags


@saved_as("TextClassifier")
class TextClassifier(_Texts, BaseAutoClassifier):
    """Classifier for texts that searches for the best network.

    X is a list, array or Series of strings, or an array or DataFrame with one column of
    them, in any language. Missing texts (None, NaN, ``pd.NA``) are empty ones. The
    target may be binary, multi-class or multi-label.

    Parameters
    ----------
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
    scoring : str, callable or None, default=None
        What the search optimises on validation data, and what early stopping watches.
        None: the loss, each of n validation labels being taken for wrong by a share of
        1 / (n + 2). A scikit-learn scorer, by name or as a callable, or a Keras metric
        by its name after "val_", such as "val_accuracy".
    loss : str, callable, keras.losses.Loss or None, default=None
        What training minimises. None: cross-entropy.
    metrics : list or None, default=None
        Keras metrics that are recorded for every epoch. None: none.
    epochs : int or None, default=None
        Epochs of a trial at most; early stopping ends trials before. None: searched.
    batch_size : int or None, default=None
        Rows per step. None: searched.
    validation_fraction : float, default=0.2
        Share of the rows that trials are compared on; shuffled and stratified.
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
        Weights of the classes, as in scikit-learn. None: all classes weigh 1.
    ensemble_size : int, default=5
        Networks at most in the final model, chosen so that the weighted mean of their
        predictions is best on validation data. 1: only the best network.
    refit : bool, default=True
        Whether the chosen networks are trained again on all rows, each for the number
        of epochs that was best for it, with `cv` on average over the folds. What does
        not fit into `max_time` is left out. Without this, the networks of the trials
        stay; with `cv` those of all folds, whose mean takes the place of one network.
    max_model_size : int or None, default=None
        Parameters of a network at most; larger ones are never built, and others are
        tried in their place. None: no limit.
    prune : {"median", "none"}, default="median"
        "median": a trial ends as soon as its best score is below the median of the mean
        scores that finished ones had up to the same share of their epochs; it has the
        status "pruned" and is not used. "none": every trial runs to its end.
    directory : str, path-like or None, default=None
        Where finished trials are kept, so that the same `fit` goes on after a crash
        instead of starting over. `max_trials`, `max_time`, `ensemble_size`, `refit`,
        `callbacks` and `verbose` may be others then. None: nothing is left on disk.
    warm_start : bool, default=False
        Whether another `fit` on the same data goes on with the search of the last one,
        up to `max_trials` in all, instead of starting over.
    n_jobs : int or None, default=None
        Trials that run at the same time, in workers of the active joblib backend
        (threads excepted), each with its share of the cores. None: 1, unless in a
        `joblib.parallel_config` context. -1: one per core. With more than one, the
        order in which trials end, and so the search, depends on the machine.
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
    max_tokens : int or None, default=None
        Different words, n-grams of words and n-grams of characters that are told apart
        at most, each. None: 200 000.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted; for multi-label targets the numbers of the labels.
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
        One row per column of X: name, kind, reason (why it has this kind), missing
        (share of the rows), distinct (number of values), becomes (what the network
        gets).
    leaderboard_ : DataFrame
        One row per trial, the best first: rank, trial, score, weight (in the final
        model), status, epochs, seconds, n_parameters, flops (of one forward pass for
        one row, about), params, error.
    model_ : keras.Model
        The fitted network, from model-ready arrays to probabilities.
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
    TextRegressor : The same for numbers to predict.
    AutoModel : For texts next to other data.

    References
    ----------
    Jin, Chollet, Song, Hu, AutoKeras: An AutoML Library for Deep Learning, JMLR 24(6),
    2023.

    Examples
    --------
    >>> from skautokeras import TextClassifier
    >>> X = ["win a prize now", "see you at lunch", "claim your cash", "running late"]
    >>> y = ["spam", "ham", "spam", "ham"]
    >>> clf = TextClassifier(max_trials=1, epochs=1, ensemble_size=1, random_state=0)
    >>> clf.fit(X * 5, y * 5).predict_proba(["a prize for you"]).shape
    (1, 2)
    """

    _parameter_constraints = {
        **BaseAutoClassifier._parameter_constraints,
        **_TEXT_CONSTRAINTS,
    }

    def __init__(
        self,
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
        max_tokens=None,
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
            class_weight=class_weight,
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
            max_tokens=max_tokens,
        )


@saved_as("TextRegressor")
class TextRegressor(_Texts, BaseAutoRegressor):
    """Regressor for texts that searches for the best network.

    X is a list, array or Series of strings, or an array or DataFrame with one column of
    them, in any language. Missing texts (None, NaN, ``pd.NA``) are empty ones. The
    target is one number per row or several; it is standardised inside, and predictions
    are on the original scale.

    Parameters
    ----------
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
    scoring : str, callable or None, default=None
        What the search optimises on validation data, and what early stopping watches.
        None: the loss. A scikit-learn scorer, by name or as a callable, or a Keras
        metric by its name after "val_", such as "val_mean_absolute_error".
    loss : str, callable, keras.losses.Loss or None, default=None
        What training minimises. None: mean squared error.
    metrics : list or None, default=None
        Keras metrics that are recorded for every epoch. None: none.
    epochs : int or None, default=None
        Epochs of a trial at most; early stopping ends trials before. None: searched.
    batch_size : int or None, default=None
        Rows per step. None: searched.
    validation_fraction : float, default=0.2
        Share of the rows that trials are compared on; shuffled.
    cv : int, splitter, iterable or None, default=None
        Cross-validation in the place of `validation_fraction`: each configuration is
        trained once per fold and judged by what all folds predict for their validation
        rows, and so is the final model. An int: so many shuffled folds. Else as in
        scikit-learn's `check_cv`, without groups. None: one part of the rows is held
        out.
    callbacks : list of keras.callbacks.Callback or None, default=None
        Copied for every trial; of a refit, only `LearningRateScheduler` takes part.
        Those that set the learning rate replace the searched schedule; those that work
        on batches make training slower.
    ensemble_size : int, default=5
        Networks at most in the final model, chosen so that the weighted mean of their
        predictions is best on validation data. 1: only the best network.
    refit : bool, default=True
        Whether the chosen networks are trained again on all rows, each for the number
        of epochs that was best for it, with `cv` on average over the folds. What does
        not fit into `max_time` is left out. Without this, the networks of the trials
        stay; with `cv` those of all folds, whose mean takes the place of one network.
    max_model_size : int or None, default=None
        Parameters of a network at most; larger ones are never built, and others are
        tried in their place. None: no limit.
    prune : {"median", "none"}, default="median"
        "median": a trial ends as soon as its best score is below the median of the mean
        scores that finished ones had up to the same share of their epochs; it has the
        status "pruned" and is not used. "none": every trial runs to its end.
    directory : str, path-like or None, default=None
        Where finished trials are kept, so that the same `fit` goes on after a crash
        instead of starting over. `max_trials`, `max_time`, `ensemble_size`, `refit`,
        `callbacks` and `verbose` may be others then. None: nothing is left on disk.
    warm_start : bool, default=False
        Whether another `fit` on the same data goes on with the search of the last one,
        up to `max_trials` in all, instead of starting over.
    n_jobs : int or None, default=None
        Trials that run at the same time, in workers of the active joblib backend
        (threads excepted), each with its share of the cores. None: 1, unless in a
        `joblib.parallel_config` context. -1: one per core. With more than one, the
        order in which trials end, and so the search, depends on the machine.
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
    max_tokens : int or None, default=None
        Different words, n-grams of words and n-grams of characters that are told apart
        at most, each. None: 200 000.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns in `fit`, where X was a table.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, where X had names that are strings.
    best_params_ : dict of str to object
        Values of the hyperparameters of the best trial.
    best_score_ : float
        Its validation score; greater is better (with ``scoring=None`` the negative
        loss of the standardised target).
    columns_ : DataFrame
        One row per column of X: name, kind, reason (why it has this kind), missing
        (share of the rows), distinct (number of values), becomes (what the network
        gets).
    leaderboard_ : DataFrame
        One row per trial, the best first: rank, trial, score, weight (in the final
        model), status, epochs, seconds, n_parameters, flops (of one forward pass for
        one row, about), params, error.
    model_ : keras.Model
        The fitted network, from model-ready arrays to standardised numbers.
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
    TextClassifier : The same for classes to predict.
    AutoModel : For texts next to other data.

    References
    ----------
    Jin, Chollet, Song, Hu, AutoKeras: An AutoML Library for Deep Learning, JMLR 24(6),
    2023.

    Examples
    --------
    >>> from skautokeras import TextRegressor
    >>> X = ["dry and thin", "rich with oak and plum", "bright acid", "deep and long"]
    >>> y = [82.0, 91.0, 86.0, 94.0]
    >>> reg = TextRegressor(max_trials=1, epochs=1, ensemble_size=1, random_state=0)
    >>> reg.fit(X * 5, y * 5).predict(["rich and deep", "thin"]).shape
    (2,)
    """

    _parameter_constraints = {
        **BaseAutoRegressor._parameter_constraints,
        **_TEXT_CONSTRAINTS,
    }

    def __init__(
        self,
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
        max_tokens=None,
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
            max_tokens=max_tokens,
        )
