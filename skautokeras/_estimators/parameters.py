"""Parameters of the estimators, each described once.

A new parameter is one entry: its type, default, allowed values and description. If
estimators differ in a parameter, it has one entry per kind of estimator. ``python -m
tools.write_docstrings`` writes the docstrings and the constructors.
"""

from numbers import Integral, Real
from os import PathLike

from skautokeras._estimators.description import REQUIRED, Parameter, entries_of
from skautokeras._sklearn import HasMethods, Interval, StrOptions

_POSITIVE_INT = Interval(Integral, 1, None, closed="left")
_CLASS_WEIGHT = [dict, list, StrOptions({"balanced"}), None]

_SCORING = """
    Criterion that the search optimises on validation data and that early stopping
    monitors. It is a scikit-learn scorer, as a name or a callable, or the name of a
    Keras metric after the prefix ``"val_"``, such as "{example}".
"""
_VALIDATION_LOSS = "If None, the validation loss is used."
_UNCERTAIN_LABELS = """
    To keep over-confident networks from winning on few rows, each of the n validation
    labels is assumed to be wrong with probability ``1 / (n + 2)``.
"""
_HELD_OUT = """
    Fraction of the rows that is held out to compare trials. By default, they are 50 000
    rows at most.
"""
_CV = """
    Cross-validation in place of `validation_fraction`. Each configuration is trained
    once per fold and scored by the predictions of all folds for their validation rows;
    the final model is chosen in the same way. An int is the number of shuffled
    folds{stratified}. Splitters and iterables are used as in
    `sklearn.model_selection.check_cv`, without groups. If None, one part of the rows is
    held out.{auto}
"""
_AUTO_CV = """ ``"auto"`` holds out one part of the rows for images and texts, as None
    does. For tables without sentences, it chooses five folds below 3000 rows and three
    below 10 000 if there are five or more trials and time for them. The networks of the
    folds then predict together without a `refit`. Otherwise, one part of the rows is
    held out, as it is for `validation_data` and for a `validation_fraction` other than
    0.2.
"""

PARAMETERS = (
    Parameter(
        "inputs",
        "input or list of inputs",
        REQUIRED,
        "no_validation",
        """
        Inputs of the network, in the order of the data: `StructuredDataInput`,
        `ImageInput`, `TextInput` or `Input`. Inputs with ``columns`` share one
        DataFrame.
        """,
        ("inputs",),
    ),
    Parameter(
        "outputs",
        "head or list of heads",
        REQUIRED,
        "no_validation",
        """
        Heads of the network, in the order of the targets: `ClassificationHead` or
        `RegressionHead`. If the network is wired by hand, pass what the heads return
        when they are called on a node.
        """,
        ("heads",),
    ),
    Parameter(
        "max_trials",
        "int",
        20,
        [_POSITIVE_INT],
        "Maximum number of configurations to evaluate.",
    ),
    Parameter(
        "max_time",
        "float or None",
        None,
        [Interval(Real, 0, None, closed="neither"), None],
        """
        Time limit of the whole `fit` in seconds, which includes the final training.
        When the time is over, the best networks so far are kept. Where rows are too
        many for the time, trials learn from some of them, and the best configurations
        are then trained on more. If None, there is no limit.
        """,
    ),
    Parameter(
        "tuner",
        '{"greedy", "random", "bayesian", "hyperband"} or callable',
        "greedy",
        [StrOptions({"greedy", "random", "bayesian", "hyperband"}), callable],
        """
        Strategy that proposes configurations. "greedy" tries predefined configurations
        first and then mutates the best one (`GreedyOracle`). "random", "bayesian" and
        "hyperband" are the oracles of KerasTuner. A callable is called with the keyword
        arguments ``objective``, ``hyperparameters``, ``max_trials`` and ``seed``, and
        returns a `keras_tuner.Oracle`.
        """,
    ),
    Parameter(
        "scoring",
        "str, callable or None",
        None,
        [None, str, callable],
        f"{_SCORING} {_VALIDATION_LOSS} {_UNCERTAIN_LABELS}".format(
            example="val_accuracy"
        ),
        ("classes",),
    ),
    Parameter(
        "scoring",
        "str, callable or None",
        None,
        [None, str, callable],
        f"{_SCORING} {_VALIDATION_LOSS}".format(example="val_mean_absolute_error"),
        ("numbers",),
    ),
    Parameter(
        "scoring",
        "str, callable, dict or None",
        None,
        [None, str, callable, dict],
        f"""
        {_SCORING} With several heads, the name of a Keras metric contains the name of
        the head ("val_price_mean_absolute_error"), a callable is called with dicts by
        head, and a dict by head is optimised in the mean. {_VALIDATION_LOSS}
        {_UNCERTAIN_LABELS}
        """.format(example="val_accuracy"),
        ("heads",),
    ),
    Parameter(
        "loss",
        "str, callable, keras.losses.Loss or None",
        None,
        [None, str, callable],
        "Loss that training minimises. If None, it is the cross-entropy.",
        ("classes",),
    ),
    Parameter(
        "loss",
        "str, callable, keras.losses.Loss or None",
        None,
        [None, str, callable],
        "Loss that training minimises. If None, it is the mean squared error.",
        ("numbers",),
    ),
    Parameter(
        "loss",
        "str, callable, keras.losses.Loss, dict or None",
        None,
        [None, str, callable, dict],
        """
        Loss that training minimises; with several heads, a dict by head. If None, each
        head has the loss of its own parameter, or else the cross-entropy for classes
        and the mean squared error for numbers.
        """,
        ("heads",),
    ),
    Parameter(
        "metrics",
        "list or None",
        None,
        [None, list, tuple],
        "Keras metrics to record in every epoch. If None, there are none.",
        ("classes", "numbers"),
    ),
    Parameter(
        "metrics",
        "list, dict or None",
        None,
        [None, list, tuple, dict],
        """
        Keras metrics to record in every epoch; with several heads, a dict of lists by
        head. If None, each head has the metrics of its own parameter.
        """,
        ("heads",),
    ),
    Parameter(
        "epochs",
        "int or None",
        None,
        [_POSITIVE_INT, None],
        """
        Maximum number of epochs of a trial; early stopping can end it before. If None,
        the number of epochs is searched.
        """,
    ),
    Parameter(
        "batch_size",
        "int or None",
        None,
        [_POSITIVE_INT, None],
        "Number of rows per training step. If None, it is searched.",
    ),
    Parameter(
        "validation_fraction",
        "float",
        0.2,
        [Interval(Real, 0, 1, closed="neither")],
        f"""
        {_HELD_OUT.strip()} The rows are shuffled, and the split is stratified unless
        the target is multi-label.
        """,
        ("classes",),
    ),
    Parameter(
        "validation_fraction",
        "float",
        0.2,
        [Interval(Real, 0, 1, closed="neither")],
        f"{_HELD_OUT.strip()} The rows are shuffled.",
        ("numbers",),
    ),
    Parameter(
        "validation_fraction",
        "float",
        0.2,
        [Interval(Real, 0, 1, closed="neither")],
        f"""
        {_HELD_OUT.strip()} The rows are shuffled, and the split is stratified by the
        first target of classes.
        """,
        ("heads",),
    ),
    Parameter(
        "cv",
        'int, splitter, iterable, "auto" or None',
        "auto",
        ["cv_object", StrOptions({"auto"})],
        _CV.format(
            stratified=", stratified unless the target is multi-label", auto=_AUTO_CV
        ),
        ("classes",),
    ),
    Parameter(
        "cv",
        'int, splitter, iterable, "auto" or None',
        "auto",
        ["cv_object", StrOptions({"auto"})],
        _CV.format(stratified="", auto=_AUTO_CV),
        ("numbers",),
    ),
    Parameter(
        "cv",
        'int, splitter, iterable, "auto" or None',
        "auto",
        ["cv_object", StrOptions({"auto"})],
        _CV.format(
            stratified=", stratified by the first target of classes", auto=_AUTO_CV
        ),
        ("heads",),
    ),
    Parameter(
        "callbacks",
        "list of keras.callbacks.Callback or None",
        None,
        [None, list, tuple],
        """
        Keras callbacks, which are copied for every trial. The final training uses
        only `LearningRateScheduler`. Callbacks that set the learning rate replace the
        searched schedule, and callbacks that act on batches make training slower.
        """,
    ),
    Parameter(
        "class_weight",
        'dict, list of dict, "balanced" or None',
        None,
        _CLASS_WEIGHT,
        """
        Weights of the classes, as in scikit-learn. For multi-label targets, a list has
        one dict per label. If None, all classes weigh 1.
        """,
        ("classes",),
    ),
    Parameter(
        "class_weight",
        'dict, list of dict, "balanced" or None',
        None,
        _CLASS_WEIGHT,
        """
        Weights of the classes, as in scikit-learn; with several heads, a dict by head.
        For multi-label targets, a list has one dict per label. If None, all classes
        weigh 1.
        """,
        ("heads",),
    ),
    Parameter(
        "ensemble_size",
        "int",
        5,
        [_POSITIVE_INT],
        """
        Maximum number of networks in the final model. They are chosen so that the
        weighted mean of their predictions has the best score on validation data. If 1,
        the best network is the final model. A configuration that was trained in folds
        and not refitted counts as one, and the networks of its folds share its weight.
        """,
    ),
    Parameter(
        "refit",
        "bool",
        True,
        ["boolean"],
        """
        Whether the chosen networks are trained again on all rows, each for its best
        number of epochs, which with `cv` is the mean over the folds. A network that
        cannot be trained again within `max_time` stays as it was in its trial. After
        the folds of ``cv="auto"``, no network is trained again, even if `refit` is
        True. With more than 100 000 training rows, and more than 2000 of them for each
        second of `max_time`, trainings on more rows take the place of the refit. If
        False, all networks stay as they were; with `cv`, the mean of the networks of
        all folds then takes the place of one network.
        """,
    ),
    Parameter(
        "max_model_size",
        "int or None",
        None,
        [_POSITIVE_INT, None],
        """
        Maximum number of weights in a network. Larger networks are never built, and
        other configurations are tried instead. If None, there is no limit.
        """,
    ),
    Parameter(
        "prune",
        '{"median", "none"} or None',
        "median",
        [StrOptions({"median", "none"}), None],
        """
        Rule by which trials end early. "median" compares the best score of a trial with
        the mean scores that completed trials had up to the same fraction of their
        epochs, and ends the trial as soon as it is below their median. With folds, a
        trial also ends if the mean score of its folds so far is below the lowest fold
        score of the trial that ranks at place `ensemble_size`. The trial then has the
        status "pruned" and is not used. If None, or "none", every trial runs to its
        end.
        """,
    ),
    Parameter(
        "directory",
        "str, path-like or None",
        None,
        [None, str, PathLike],
        """
        Folder for finished trials, so that the same `fit` continues after a crash
        instead of starting again. `max_trials`, `max_time`, `ensemble_size`, `refit`,
        `callbacks`, `warm_start`, `n_jobs`, `distribution` and `verbose` may be changed
        before it continues. A clone, such as those of `cross_val_score` and
        `GridSearchCV`, has a folder of its own in it for each data set and set of
        parameters. If None, only temporary files are written, and they are deleted.
        """,
    ),
    Parameter(
        "warm_start",
        "bool",
        False,
        ["boolean"],
        """
        Whether another `fit` on the same data continues the last search, up to
        `max_trials` trials in total, instead of starting again.
        """,
    ),
    Parameter(
        "n_jobs",
        "int or None",
        None,
        [None, Integral],
        """
        Number of trials that run at the same time, in workers of the active joblib
        backend, which share the cores. With a backend of threads, trials run one after
        another. None means 1 unless in a `joblib.parallel_config` context, and -1 means
        one trial per core. With more than one, the order in which trials end depends on
        the machine, and so does the search.
        """,
    ),
    Parameter(
        "distribution",
        "tf.distribute.Strategy, callable or None",
        None,
        [None, callable, HasMethods("scope")],
        """
        Strategy that spreads one training over several devices, each of which learns
        from a part of every batch. A callable makes the strategy in `fit`; it can be
        cloned and pickled, which strategies cannot, and
        `tf.distribute.MirroredStrategy` itself is one. These trainings use
        `keras.Model.fit`, which is slow for small networks, and trials run one at a
        time. If None, one device is used.
        """,
    ),
    Parameter(
        "random_state",
        "int, RandomState instance or None",
        None,
        ["random_state"],
        """
        Seed for the split of the rows, the search and every training. Pass an int for
        the same result in every call.
        """,
    ),
    Parameter(
        "verbose",
        "int or bool",
        0,
        ["verbose"],
        """
        Amount of output. If 0, nothing is printed. If 1, lines about the data, each
        trial, the final training and the final model are printed. If 2, what each
        column of X was taken for is printed as well. The lines go to the logger
        "skautokeras" at level INFO, whatever `verbose` is.
        """,
    ),
    Parameter(
        "categorical_features",
        '"from_dtype", array-like or None',
        "from_dtype",
        ["array-like", str, None],
        """
        Columns to treat as categories, as names, indices or a boolean mask of shape
        (n_features,). Other columns of strings, booleans and the dtype `category` may
        be categories as well, which is not so in scikit-learn. With the default,
        "from_dtype", whole numbers that name things are also categories, if y tells
        that they do. If None, booleans, categories that are numbers, and whole numbers
        are numbers.
        """,
        ("table",),
    ),
    Parameter(
        "column_types",
        "dict or None",
        None,
        [dict, None],
        """
        Types of columns, by the name or the index of the column: "numerical",
        "categorical", "datetime", "short_text" (names; the network learns from repeated
        values and frequent words) or "text" (sentences; a part of the network learns
        from their words). They have precedence over all other information. If None, the
        types are inferred.
        """,
        ("table",),
    ),
    Parameter(
        "pretrained",
        "str, path-like, list of them or None",
        None,
        [str, PathLike, list, tuple, None],
        """
        Pretrained model that networks may use, or a list of models to choose from. A
        model is the name of a preset of KerasHub, which is downloaded once, or the path
        of a folder that was written by `save_to_preset` or by Hugging Face (with
        ``model.safetensors``). It needs the extra `text`. All texts
        are encoded once, before the trials, in at most a quarter of `max_time`. If that
        is too short, texts are cut, then fewer training rows are encoded, and then a
        warning says that the texts were not encoded. If a model cannot be loaded, a
        warning says so, and the search goes on without it. If None, nothing is looked
        for or downloaded. The block of one model calls this parameter `preset`
        (`BertBlock`).
        """,
        ("texts",),
    ),
    Parameter(
        "pretrained",
        "str, path-like, list of them or None",
        None,
        [str, PathLike, list, tuple, None],
        """
        Pretrained model that networks may use for columns of the kind "text", or a list
        of models, as in `TextClassifier`. `column_types` says which columns are of this
        kind. If None, nothing is looked for or downloaded.
        """,
        ("table",),
    ),
    Parameter(
        "pretrained",
        "str, path-like, list of them or None",
        None,
        [str, PathLike, list, tuple, None],
        """
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
        """,
        ("images",),
    ),
    Parameter(
        "image_shape",
        "tuple of int or None",
        None,
        [tuple, list, None],
        """
        Shape (height, width) or (height, width, channels) of the images, if every row
        of X is one flattened image. If None, the rows of X are not flattened images.
        """,
        ("images",),
    ),
    Parameter(
        "channels",
        '{"first", "last"} or None',
        None,
        [StrOptions({"first", "last"}), None],
        "Position of the axis of the colours. If None, it is inferred from the shape.",
        ("images",),
    ),
    Parameter(
        "image_size",
        "tuple of int or None",
        None,
        [tuple, list, None],
        """
        Size (height, width) to which all images are resized. If None, images of
        different sizes are resized to their median height and width, and images of more
        than 96 x 96 pixels are reduced to at most as many pixels as 128 x 128. If
        `max_time` is short for so many images on so many processors, they keep fewer
        pixels, but as many as 64 x 64 at least. With `pretrained`, these limits are 224
        x 224 and 128 x 128. The ratio of height to width is kept.
        """,
        ("images",),
    ),
    Parameter(
        "max_tokens",
        "int or None",
        None,
        [_POSITIVE_INT, None],
        """
        Maximum number of different words, of different n-grams of words, and of
        different n-grams of characters to learn from. If None, each of these maxima is
        200 000. Blocks that embed the words may use fewer of them: `vocabulary_size` of
        `TextBlock`, `max_features` of `Embedding`.
        """,
        ("texts",),
    ),
)


def constraints_of(estimator):
    """Return the `_parameter_constraints` of an estimator.

    Parameters
    ----------
    estimator : str
        Name of the estimator.

    Returns
    -------
    constraints : dict of str to list
        Allowed values of each parameter.
    """
    return {entry.name: entry.constraint for entry in entries_of(estimator, PARAMETERS)}
