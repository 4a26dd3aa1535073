"""The private names of scikit-learn, which no other module imports.

scikit-learn checks the parameters of its estimators by constraints that it does not
publish. The estimators and blocks here declare the same constraints, so that their
errors read like those of scikit-learn; `docs/decisions/0001` has the reasons. If
scikit-learn moves a name, this is the place to follow it.
"""

import numpy as np
from sklearn.utils._param_validation import (
    # Objects with a method; the public `check_scalar` checks only types and bounds.
    HasMethods,
    # Numbers within bounds; `check_scalar` checks them, but cannot be declared.
    Interval,
    # A list of values that are not strings; nothing public checks for such a list.
    Options,
    # A list of strings; nothing public checks for such a list.
    StrOptions,
    # The check itself, for blocks: only a `BaseEstimator` has it as a method.
    validate_parameter_constraints,
    # The check as a decorator of functions; there is no public one.
    validate_params,
)

__all__ = [
    "HasMethods",
    "Interval",
    "Options",
    "StrOptions",
    "boosted_trees",
    "validate_parameter_constraints",
    "validate_params",
]


def boosted_trees(model):
    """Return the nodes of the trees of histogram-based gradient boosting.

    scikit-learn does not publish them. The columns must be numbers without missing
    values.

    Parameters
    ----------
    model : HistGradientBoostingClassifier or HistGradientBoostingRegressor
        Fitted model.

    Returns
    -------
    trees : list of list of dict
        Trees of each iteration, one for each class if there are three or more. A tree
        consists of the arrays "feature", "threshold", "left", "right" and "value"; the
        children of a leaf are -1.
    base : ndarray of shape (n_trees_per_iteration,)
        Numbers to which the sums of the trees are added.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.ensemble import HistGradientBoostingRegressor
    >>> from skautokeras._sklearn import boosted_trees
    >>> x = np.arange(60.0)[:, None]
    >>> model = HistGradientBoostingRegressor(max_iter=1).fit(x, x[:, 0] > 29)
    >>> trees, base = boosted_trees(model)
    >>> float(trees[0][0]["threshold"][0]), base
    (29.5, array([0.5]))
    """
    trees = [
        [_nodes_of(predictor.nodes) for predictor in of_iteration]
        for of_iteration in model._predictors
    ]
    return trees, np.ravel(model._baseline_prediction)


def _nodes_of(nodes):
    """Return the fields of the nodes of one boosted tree by our names."""
    is_leaf = nodes["is_leaf"].astype(bool)
    return {
        "feature": nodes["feature_idx"],
        "threshold": nodes["num_threshold"],
        "left": np.where(is_leaf, -1, nodes["left"].astype("int64")),
        "right": np.where(is_leaf, -1, nodes["right"].astype("int64")),
        "value": nodes["value"][:, None],
    }
