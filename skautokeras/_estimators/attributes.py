"""Fitted attributes of the estimators, each described once.

A new attribute is one entry. If estimators differ in an attribute, it has one entry per
kind of estimator. ``python -m tools.write_docstrings`` writes the docstrings.
"""

from skautokeras._estimators.description import Attribute

_BEST_SCORE = """
    Validation score of the best trial; greater is better. With ``scoring=None``, it is
    the negative validation loss{}.
"""
_COLUMNS = """
    Table with one row per column of X. It has the columns "name", {}"kind", "reason"
    (for this kind), "missing" (fraction of the rows without a value), "distinct"
    (number of different values) and "becomes" (what the network gets).
"""
_LEADERBOARD = """
    Table with one row per trial, the best one first. It has the columns "rank",
    "trial" (number of the trial), "kind" (of the network, where a block chooses
    among kinds), "predefined" (whether the search has begun with this
    configuration), "score" (what the search optimises), {}, "weight" (in the
    final model), "refitted" (whether it was trained again on all rows), "status",
    "epochs", "best_epoch" (the one whose weights were kept), "cut" (whether the
    time has ended the training), "iterations" (of boosting, or the number of random
    trees), "seconds", "ended" (seconds from the
    beginning of the search to the end of the trial), "n_parameters", "flops"
    (approximate floating-point operations to predict one row), "n_rows" (training
    rows that it learned from, those of all folds added up), "params" (values of the
    hyperparameters) and "error".
"""
_MODEL = """
    Fitted network, which takes the arrays that the preprocessing makes of X (see
    `to_scikeras`), and returns
"""

ATTRIBUTES = (
    Attribute(
        "classes_",
        "ndarray of shape (n_classes,)",
        """
        Class labels in sorted order; for multi-label targets, the indices of the
        columns of y.
        """,
        ("classes",),
    ),
    Attribute(
        "classes_",
        "ndarray of shape (n_classes,), or dict or list of ndarray",
        """
        Class labels in sorted order, if a head predicts classes; with several heads, a
        dict by head, or a list if y was an array with one column per head.
        """,
        ("heads",),
    ),
    Attribute(
        "n_features_in_",
        "int",
        "Number of columns of X in `fit`.",
        ("table",),
    ),
    Attribute(
        "n_features_in_",
        "int",
        "Number of columns of X in `fit`. Defined only if X was a table.",
        ("images", "texts", "inputs"),
    ),
    Attribute(
        "feature_names_in_",
        "ndarray of shape (`n_features_in_`,)",
        """
        Names of the columns of X in `fit`. Defined only if all of them are strings.
        """,
    ),
    Attribute(
        "best_params_",
        "dict of str to object",
        """
        Values of the hyperparameters in the best trial. They are hyperparameters of
        blocks and of the training, not parameters of this estimator. To train the
        network again, use `to_scikeras`.
        """,
    ),
    Attribute("best_score_", "float", _BEST_SCORE.format(""), ("classes", "heads")),
    Attribute(
        "best_score_",
        "float",
        _BEST_SCORE.format(
            " of the standardised target. A ``loss`` other than squared and absolute "
            "errors is taken on the scale of y"
        ),
        ("numbers",),
    ),
    Attribute(
        "columns_",
        "DataFrame",
        _COLUMNS.format(""),
        ("classes", "numbers"),
    ),
    Attribute(
        "columns_",
        "DataFrame",
        _COLUMNS.format('"input" (name of the input that takes it), '),
        ("heads",),
    ),
    Attribute(
        "leaderboard_",
        "DataFrame",
        _LEADERBOARD.format('"accuracy" (of the validation rows)'),
        ("classes",),
    ),
    Attribute(
        "leaderboard_",
        "DataFrame",
        _LEADERBOARD.format('"rmse" (error on the validation rows, in the unit of y)'),
        ("numbers",),
    ),
    Attribute(
        "leaderboard_",
        "DataFrame",
        _LEADERBOARD.format(
            '"accuracy" (of classes) or "rmse" (of numbers, in the unit of y), after '
            'the name of the head and "_" where there are several heads'
        ),
        ("heads",),
    ),
    Attribute(
        "search_",
        "SearchRecord",
        """
        Record of the search, which `skautokeras.inspection` draws. It has the
        leaderboard, the configurations (``search_.params``) and all training histories
        (``search_.histories``) as tables.
        """,
    ),
    Attribute("model_", "keras.Model", f"{_MODEL} probabilities.", ("classes",)),
    Attribute("model_", "keras.Model", f"{_MODEL} standardised numbers.", ("numbers",)),
    Attribute("model_", "keras.Model", f"{_MODEL} one output per head.", ("heads",)),
    Attribute(
        "history_",
        "dict of str to list of float",
        """
        Training history of the best trial: one value per epoch of "loss", "val_loss",
        "val_score" and the metrics. With `cv`, the values are means over the folds, in
        which a fold that ended earlier counts with its last value, and the lists
        "split0_val_score", "split1_val_score", ... hold the scores of the folds.
        """,
    ),
    Attribute(
        "validation_indices_",
        "ndarray of shape (n_validation,)",
        """
        Rows of X that the networks were compared on. With `cv`, they are the rows of
        all folds; with `validation_data`, they are rows of its X.
        """,
    ),
    Attribute(
        "validation_predictions_",
        "ndarray of shape (n_validation, n_classes)",
        """
        Probabilities that the final model, before it was refitted, has predicted for
        these rows, which its networks were not trained on. They serve for thresholds
        and calibration. The ensemble was chosen by them, so a score that is computed
        from them is slightly too good.
        """,
        ("classes",),
    ),
    Attribute(
        "validation_predictions_",
        "ndarray of shape (n_validation,) or (n_validation, n)",
        """
        Numbers that the final model, before it was refitted, has predicted for these
        rows, which its networks were not trained on. The ensemble was chosen by them,
        so a score that is computed from them is slightly too good.
        """,
        ("numbers",),
    ),
    Attribute(
        "validation_predictions_",
        "ndarray, or dict of ndarray",
        """
        Probabilities of classes, and numbers, that the final model, before it was
        refitted, has predicted for these rows, which its networks were not trained on.
        With several heads, a dict by head.
        """,
        ("heads",),
    ),
    Attribute(
        "n_trials_", "int", "Number of trials that were run, failed ones included."
    ),
    Attribute("interrupted_", "bool", "Whether Ctrl+C ended the search."),
)
