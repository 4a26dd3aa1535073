"""Estimators for tables.

The parameters and attributes in the docstrings and the constructors are written by
``python -m tools.write_docstrings``.
"""

from skautokeras._data.table import check_structured_data, validate_columns
from skautokeras._estimators.classification import BaseAutoClassifier
from skautokeras._estimators.parameters import constraints_of
from skautokeras._estimators.regression import BaseAutoRegressor
from skautokeras._state.names import saved_as


class _StructuredData:
    """Base of the estimators for tables: the checks of X and the search space."""

    def _check_X(self, X, *, reset):
        return validate_columns(self, check_structured_data(X, self), reset=reset)

    def _make_input(self):
        from skautokeras._space.inputs import StructuredDataInput

        return StructuredDataInput(
            categorical_features=self.categorical_features,
            column_types=self.column_types,
        )

    def _make_block(self):
        from skautokeras._space.structured_data import StructuredDataBlock

        return StructuredDataBlock(pretrained=self.pretrained)


@saved_as("StructuredDataClassifier")
class StructuredDataClassifier(_StructuredData, BaseAutoClassifier):
    """Classifier for tables that searches for the best network.

    X is a DataFrame, an array or a sparse matrix. Its columns can be numbers,
    categories, booleans, dates and texts, with missing values, and need no
    preprocessing. The target can be binary, multi-class or multi-label.

    Parameters
    ----------
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
    scoring : str, callable or None, default=None
        Criterion that the search optimises on validation data and that early stopping
        monitors. It is a scikit-learn scorer, as a name or a callable, or the name of a
        Keras metric after the prefix ``"val_"``, such as "val_accuracy". If None, the
        validation loss is used. To keep over-confident networks from winning on few
        rows, each of the n validation labels is assumed to be wrong with probability
        ``1 / (n + 2)``.
    loss : str, callable, keras.losses.Loss or None, default=None
        Loss that training minimises. If None, it is the cross-entropy.
    metrics : list or None, default=None
        Keras metrics to record in every epoch. If None, there are none.
    epochs : int or None, default=None
        Maximum number of epochs of a trial; early stopping can end it before. If None,
        the number of epochs is searched.
    batch_size : int or None, default=None
        Number of rows per training step. If None, it is searched.
    validation_fraction : float, default=0.2
        Fraction of the rows that is held out to compare trials. By default, they are 50
        000 rows at most. The rows are shuffled, and the split is stratified unless the
        target is multi-label.
    cv : int, splitter, iterable, "auto" or None, default="auto"
        Cross-validation in place of `validation_fraction`. Each configuration is
        trained once per fold and scored by the predictions of all folds for their
        validation rows; the final model is chosen in the same way. An int is the number
        of shuffled folds, stratified unless the target is multi-label. Splitters and
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
        Weights of the classes, as in scikit-learn. For multi-label targets, a list has
        one dict per label. If None, all classes weigh 1.
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
    categorical_features : "from_dtype", array-like or None, default="from_dtype"
        Columns to treat as categories, as names, indices or a boolean mask of shape
        (n_features,). Other columns of strings, booleans and the dtype `category` may
        be categories as well, which is not so in scikit-learn. With the default,
        "from_dtype", whole numbers that name things are also categories, if y tells
        that they do. If None, booleans, categories that are numbers, and whole numbers
        are numbers.
    column_types : dict or None, default=None
        Types of columns, by the name or the index of the column: "numerical",
        "categorical", "datetime", "short_text" (names; the network learns from repeated
        values and frequent words) or "text" (sentences; a part of the network learns
        from their words). They have precedence over all other information. If None, the
        types are inferred.
    pretrained : str, path-like, list of them or None, default=None
        Pretrained model that networks may use for columns of the kind "text", or a list
        of models, as in `TextClassifier`. `column_types` says which columns are of this
        kind. If None, nothing is looked for or downloaded.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels in sorted order; for multi-label targets, the indices of the
        columns of y.
    n_features_in_ : int
        Number of columns of X in `fit`.
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
        Table with one row per column of X. It has the columns "name", "kind", "reason"
        (for this kind), "missing" (fraction of the rows without a value), "distinct"
        (number of different values) and "becomes" (what the network gets).
    leaderboard_ : DataFrame
        Table with one row per trial, the best one first. It has the columns "rank",
        "trial" (number of the trial), "kind" (of the network, where a block chooses
        among kinds), "predefined" (whether the search has begun with this
        configuration), "score" (what the search optimises), "accuracy" (of the
        validation rows), "weight" (in the final model), "refitted" (whether it was
        trained again on all rows), "status", "epochs", "best_epoch" (the one whose
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
        `to_scikeras`), and returns probabilities.
    history_ : dict of str to list of float
        Training history of the best trial: one value per epoch of "loss", "val_loss",
        "val_score" and the metrics. With `cv`, the values are means over the folds, in
        which a fold that ended earlier counts with its last value, and the lists
        "split0_val_score", "split1_val_score", ... hold the scores of the folds.
    validation_indices_ : ndarray of shape (n_validation,)
        Rows of X that the networks were compared on. With `cv`, they are the rows of
        all folds; with `validation_data`, they are rows of its X.
    validation_predictions_ : ndarray of shape (n_validation, n_classes)
        Probabilities that the final model, before it was refitted, has predicted for
        these rows, which its networks were not trained on. They serve for thresholds
        and calibration. The ensemble was chosen by them, so a score that is computed
        from them is slightly too good.
    n_trials_ : int
        Number of trials that were run, failed ones included.
    interrupted_ : bool
        Whether Ctrl+C ended the search.

    See Also
    --------
    StructuredDataRegressor : Regressor for tables.
    AutoModel : Estimator for tables together with other data.

    References
    ----------
    Jin, Chollet, Song, Hu, AutoKeras: An AutoML Library for Deep Learning, JMLR 24(6),
    2023.

    Examples
    --------
    >>> from skautokeras import StructuredDataClassifier
    >>> from skautokeras.datasets import load_titanic
    >>> X, y = load_titanic(return_X_y=True)
    >>> clf = StructuredDataClassifier(max_trials=1, epochs=2, random_state=0)
    >>> clf.fit(X, y).predict_proba(X).shape
    (891, 2)
    """

    _parameter_constraints = constraints_of("StructuredDataClassifier")

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
        categorical_features="from_dtype",
        column_types=None,
        pretrained=None,
    ):
        self._set_parameters(locals())


@saved_as("StructuredDataRegressor")
class StructuredDataRegressor(_StructuredData, BaseAutoRegressor):
    """Regressor for tables that searches for the best network.

    X is a DataFrame, an array or a sparse matrix. Its columns can be numbers,
    categories, booleans, dates and texts, with missing values, and need no
    preprocessing. The target is one number per row or several numbers. The networks
    learn the standardised target; predictions are on the original scale.

    Parameters
    ----------
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
    scoring : str, callable or None, default=None
        Criterion that the search optimises on validation data and that early stopping
        monitors. It is a scikit-learn scorer, as a name or a callable, or the name of a
        Keras metric after the prefix ``"val_"``, such as "val_mean_absolute_error". If
        None, the validation loss is used.
    loss : str, callable, keras.losses.Loss or None, default=None
        Loss that training minimises. If None, it is the mean squared error.
    metrics : list or None, default=None
        Keras metrics to record in every epoch. If None, there are none.
    epochs : int or None, default=None
        Maximum number of epochs of a trial; early stopping can end it before. If None,
        the number of epochs is searched.
    batch_size : int or None, default=None
        Number of rows per training step. If None, it is searched.
    validation_fraction : float, default=0.2
        Fraction of the rows that is held out to compare trials. By default, they are 50
        000 rows at most. The rows are shuffled.
    cv : int, splitter, iterable, "auto" or None, default="auto"
        Cross-validation in place of `validation_fraction`. Each configuration is
        trained once per fold and scored by the predictions of all folds for their
        validation rows; the final model is chosen in the same way. An int is the number
        of shuffled folds. Splitters and iterables are used as in
        `sklearn.model_selection.check_cv`, without groups. If None, one part of the
        rows is held out. ``"auto"`` holds out one part of the rows for images and
        texts, as None does. For tables without sentences, it chooses five folds below
        3000 rows and three below 10 000 if there are five or more trials and time for
        them. The networks of the folds then predict together without a `refit`.
        Otherwise, one part of the rows is held out, as it is for `validation_data` and
        for a `validation_fraction` other than 0.2.
    callbacks : list of keras.callbacks.Callback or None, default=None
        Keras callbacks, which are copied for every trial. The final training uses only
        `LearningRateScheduler`. Callbacks that set the learning rate replace the
        searched schedule, and callbacks that act on batches make training slower.
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
    categorical_features : "from_dtype", array-like or None, default="from_dtype"
        Columns to treat as categories, as names, indices or a boolean mask of shape
        (n_features,). Other columns of strings, booleans and the dtype `category` may
        be categories as well, which is not so in scikit-learn. With the default,
        "from_dtype", whole numbers that name things are also categories, if y tells
        that they do. If None, booleans, categories that are numbers, and whole numbers
        are numbers.
    column_types : dict or None, default=None
        Types of columns, by the name or the index of the column: "numerical",
        "categorical", "datetime", "short_text" (names; the network learns from repeated
        values and frequent words) or "text" (sentences; a part of the network learns
        from their words). They have precedence over all other information. If None, the
        types are inferred.
    pretrained : str, path-like, list of them or None, default=None
        Pretrained model that networks may use for columns of the kind "text", or a list
        of models, as in `TextClassifier`. `column_types` says which columns are of this
        kind. If None, nothing is looked for or downloaded.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns of X in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns of X in `fit`. Defined only if all of them are strings.
    best_params_ : dict of str to object
        Values of the hyperparameters in the best trial. They are hyperparameters of
        blocks and of the training, not parameters of this estimator. To train the
        network again, use `to_scikeras`.
    best_score_ : float
        Validation score of the best trial; greater is better. With ``scoring=None``, it
        is the negative validation loss of the standardised target. A ``loss`` other
        than squared and absolute errors is taken on the scale of y.
    columns_ : DataFrame
        Table with one row per column of X. It has the columns "name", "kind", "reason"
        (for this kind), "missing" (fraction of the rows without a value), "distinct"
        (number of different values) and "becomes" (what the network gets).
    leaderboard_ : DataFrame
        Table with one row per trial, the best one first. It has the columns "rank",
        "trial" (number of the trial), "kind" (of the network, where a block chooses
        among kinds), "predefined" (whether the search has begun with this
        configuration), "score" (what the search optimises), "rmse" (error on the
        validation rows, in the unit of y), "weight" (in the final model), "refitted"
        (whether it was trained again on all rows), "status", "epochs", "best_epoch"
        (the one whose weights were kept), "cut" (whether the time has ended the
        training), "iterations" (of boosting, or the number of random trees), "seconds",
        "ended" (seconds from the beginning of the search to the end of the trial),
        "n_parameters", "flops" (approximate floating-point operations to predict one
        row), "n_rows" (training rows that it learned from, those of all folds added
        up), "params" (values of the hyperparameters) and "error".
    search_ : SearchRecord
        Record of the search, which `skautokeras.inspection` draws. It has the
        leaderboard, the configurations (``search_.params``) and all training histories
        (``search_.histories``) as tables.
    model_ : keras.Model
        Fitted network, which takes the arrays that the preprocessing makes of X (see
        `to_scikeras`), and returns standardised numbers.
    history_ : dict of str to list of float
        Training history of the best trial: one value per epoch of "loss", "val_loss",
        "val_score" and the metrics. With `cv`, the values are means over the folds, in
        which a fold that ended earlier counts with its last value, and the lists
        "split0_val_score", "split1_val_score", ... hold the scores of the folds.
    validation_indices_ : ndarray of shape (n_validation,)
        Rows of X that the networks were compared on. With `cv`, they are the rows of
        all folds; with `validation_data`, they are rows of its X.
    validation_predictions_ : ndarray of shape (n_validation,) or (n_validation, n)
        Numbers that the final model, before it was refitted, has predicted for these
        rows, which its networks were not trained on. The ensemble was chosen by them,
        so a score that is computed from them is slightly too good.
    n_trials_ : int
        Number of trials that were run, failed ones included.
    interrupted_ : bool
        Whether Ctrl+C ended the search.

    See Also
    --------
    StructuredDataClassifier : Classifier for tables.
    AutoModel : Estimator for tables together with other data.

    References
    ----------
    Jin, Chollet, Song, Hu, AutoKeras: An AutoML Library for Deep Learning, JMLR 24(6),
    2023.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skautokeras import StructuredDataRegressor
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> reg = StructuredDataRegressor(max_trials=1, epochs=2, random_state=0)
    >>> reg.fit(X, y).predict(X).shape
    (442,)
    """

    _parameter_constraints = constraints_of("StructuredDataRegressor")

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
        cv="auto",
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
        categorical_features="from_dtype",
        column_types=None,
        pretrained=None,
    ):
        self._set_parameters(locals())
