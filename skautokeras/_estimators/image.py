"""Estimators for images.

The parameters and attributes in the docstrings and the constructors are written by
``python -m tools.write_docstrings``.
"""

import numpy as np

from skautokeras._data.stored_table import StoredTable
from skautokeras._data.table import check_columns, only_column
from skautokeras._estimators.classification import BaseAutoClassifier
from skautokeras._estimators.parameters import constraints_of
from skautokeras._estimators.regression import BaseAutoRegressor
from skautokeras._state.names import saved_as


class _Images:
    """Base of the estimators for images: the checks of X and the search space."""

    def _check_X(self, X, *, reset):
        is_list = isinstance(X, list | tuple)
        if self.image_shape is not None and is_list and X and np.ndim(X[0]) == 1:
            X = np.asarray(X)
        X = check_columns(self, X, reset=reset)
        if self.image_shape is None:
            return only_column(X, self)
        # The columns of a file are the pixels of flattened images.
        return np.asarray(X) if isinstance(X, StoredTable) else X

    def _make_input(self):
        from skautokeras._space.inputs import ImageInput

        return ImageInput(
            channels=self.channels,
            image_shape=self.image_shape,
            image_size=self.image_size,
        )

    def _make_block(self):
        from skautokeras._space.image import ImageBlock

        return ImageBlock(pretrained=self.pretrained)

    def __sklearn_tags__(self):
        """Return scikit-learn's tags; X is a table only with `image_shape`."""
        tags = super().__sklearn_tags__()
        is_table = self.image_shape is not None
        tags.input_tags.allow_nan = False
        tags.input_tags.sparse = False
        tags.input_tags.two_d_array = is_table
        tags.input_tags.three_d_array = True
        # Without `image_shape`, X can be one-dimensional: the paths of image files.
        tags.input_tags.one_d_array = tags.input_tags.string = not is_table
        return tags


@saved_as("ImageClassifier")
class ImageClassifier(_Images, BaseAutoClassifier):
    """Classifier for images that searches for the best network.

    X has one of these forms:

    - an array of shape (n_samples, height, width), (n_samples, height, width, channels)
      or (n_samples, channels, height, width) of integers, floats or booleans;
    - with `image_shape`, a table in which every row is one flattened image;
    - a list, Series, array of objects or DataFrame of one column, with one array or one
      PNG, JPEG, GIF, BMP, WebP or TIFF file per row: a path, bytes, an open file or an
      image of Pillow. The extra `image` installs Pillow.

    The target can be binary, multi-class or multi-label.

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
    pretrained : str, path-like, list of them or None, default=None
        Pretrained model that networks may use, or a list of models to choose from. A
        model is ``"imagenet"``, which stands for ``"efficientnetv2_b0"``; the name of
        another network of `keras.applications`; the path of a file of its weights or of
        a file ``.keras``; or a preset or a folder that KerasHub reads. Weights of a
        name are downloaded once. All images are encoded once, before the trials, in at
        most 35 % of `max_time`. If that is too short, images are encoded at a smaller
        size, then only some training images are, and then a warning says that the model
        was left out. If a model cannot be loaded, a warning says so, and the search
        goes on without it. If None, nothing is looked for or downloaded. The block of
        one model calls this parameter `weights` (`EfficientNetBlock`).
    image_shape : tuple of int or None, default=None
        Shape (height, width) or (height, width, channels) of the images, if every row
        of X is one flattened image. If None, the rows of X are not flattened images.
    channels : {"first", "last"} or None, default=None
        Position of the axis of the colours. If None, it is inferred from the shape.
    image_size : tuple of int or None, default=None
        Size (height, width) to which all images are resized. If None, images of
        different sizes are resized to their median height and width, and images of more
        than 96 x 96 pixels are reduced to at most as many pixels as 128 x 128. If
        `max_time` is short for so many images on so many processors, they keep fewer
        pixels, but as many as 64 x 64 at least. With `pretrained`, these limits are 224
        x 224 and 128 x 128. The ratio of height to width is kept.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels in sorted order; for multi-label targets, the indices of the
        columns of y.
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
    ImageRegressor : Regressor for images.
    AutoModel : Estimator for images together with other data.

    References
    ----------
    Jin, Chollet, Song, Hu, AutoKeras: An AutoML Library for Deep Learning, JMLR 24(6),
    2023.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skautokeras import ImageClassifier
    >>> digits = load_digits()
    >>> X, y = digits.images[:200], digits.target[:200]
    >>> clf = ImageClassifier(max_trials=1, epochs=1, ensemble_size=1, random_state=0)
    >>> clf.fit(X, y).predict_proba(X).shape
    (200, 10)
    """

    _parameter_constraints = constraints_of("ImageClassifier")

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
        pretrained=None,
        image_shape=None,
        channels=None,
        image_size=None,
    ):
        self._set_parameters(locals())


@saved_as("ImageRegressor")
class ImageRegressor(_Images, BaseAutoRegressor):
    """Regressor for images that searches for the best network.

    X has one of these forms:

    - an array of shape (n_samples, height, width), (n_samples, height, width, channels)
      or (n_samples, channels, height, width) of integers, floats or booleans;
    - with `image_shape`, a table in which every row is one flattened image;
    - a list, Series, array of objects or DataFrame of one column, with one array or one
      PNG, JPEG, GIF, BMP, WebP or TIFF file per row: a path, bytes, an open file or an
      image of Pillow. The extra `image` installs Pillow.

    The target is one number per row or several numbers. The networks learn the
    standardised target; predictions are on the original scale.

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
    pretrained : str, path-like, list of them or None, default=None
        Pretrained model that networks may use, or a list of models to choose from. A
        model is ``"imagenet"``, which stands for ``"efficientnetv2_b0"``; the name of
        another network of `keras.applications`; the path of a file of its weights or of
        a file ``.keras``; or a preset or a folder that KerasHub reads. Weights of a
        name are downloaded once. All images are encoded once, before the trials, in at
        most 35 % of `max_time`. If that is too short, images are encoded at a smaller
        size, then only some training images are, and then a warning says that the model
        was left out. If a model cannot be loaded, a warning says so, and the search
        goes on without it. If None, nothing is looked for or downloaded. The block of
        one model calls this parameter `weights` (`EfficientNetBlock`).
    image_shape : tuple of int or None, default=None
        Shape (height, width) or (height, width, channels) of the images, if every row
        of X is one flattened image. If None, the rows of X are not flattened images.
    channels : {"first", "last"} or None, default=None
        Position of the axis of the colours. If None, it is inferred from the shape.
    image_size : tuple of int or None, default=None
        Size (height, width) to which all images are resized. If None, images of
        different sizes are resized to their median height and width, and images of more
        than 96 x 96 pixels are reduced to at most as many pixels as 128 x 128. If
        `max_time` is short for so many images on so many processors, they keep fewer
        pixels, but as many as 64 x 64 at least. With `pretrained`, these limits are 224
        x 224 and 128 x 128. The ratio of height to width is kept.

    Attributes
    ----------
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
    ImageClassifier : Classifier for images.
    AutoModel : Estimator for images together with other data.

    References
    ----------
    Jin, Chollet, Song, Hu, AutoKeras: An AutoML Library for Deep Learning, JMLR 24(6),
    2023.

    Examples
    --------
    How much ink a digit takes, from rows of 64 pixels:

    >>> from sklearn.datasets import load_digits
    >>> from skautokeras import ImageRegressor
    >>> X = load_digits().data[:200]
    >>> reg = ImageRegressor(
    ...     image_shape=(8, 8), max_trials=1, epochs=1, ensemble_size=1, random_state=0
    ... )
    >>> reg.fit(X, X.sum(axis=1)).predict(X).shape
    (200,)
    """

    _parameter_constraints = constraints_of("ImageRegressor")

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
        pretrained=None,
        image_shape=None,
        channels=None,
        image_size=None,
    ):
        self._set_parameters(locals())
