"""What the user has said about the columns of a table: checked, one kind per column."""

from numbers import Integral

import numpy as np

# The kinds a user may ask for in column_types.
KINDS = ("numerical", "categorical", "datetime", "short_text", "text")


def declared_kinds(names, has_names, *, categorical_features, column_types):
    """Find out what the user has said about each column.

    Parameters
    ----------
    names : list of str of length n_features
        Names of the columns, made up where X has none.

    has_names : bool
        Whether the names are those of X.

    categorical_features : "from_dtype", None or array-like
        Names, indices or a mask of columns to take as categorical, as in
        `sklearn.ensemble.HistGradientBoostingClassifier`.

    column_types : dict or None
        Kinds of columns by name or index. Wins over `categorical_features`.

    Returns
    -------
    kinds : list of length n_features
        A kind, or None where the user has said nothing.

    Examples
    --------
    >>> from skautokeras._data.declared import declared_kinds
    >>> declared_kinds(
    ...     ["age", "class", "when"],
    ...     has_names=True,
    ...     categorical_features=["class"],
    ...     column_types={"when": "datetime"},
    ... )
    [None, 'categorical', 'datetime']
    """
    kinds = [None] * len(names)
    for i in _categorical_positions(categorical_features, names, has_names):
        kinds[i] = "categorical"
    for key, kind in (column_types or {}).items():
        kinds[_position(key, names)] = _checked_kind(key, kind)
    return kinds


def _position(key, names):
    is_index = isinstance(key, Integral) and not isinstance(key, bool)
    if is_index and 0 <= key < len(names):
        return int(key)
    if isinstance(key, str) and key in names:
        return names.index(key)
    raise ValueError(
        f"column_types names {key!r}, which is not a column of X. Use one of the names "
        f"{names} or an index in [0, {len(names) - 1}]."
    )


def _checked_kind(key, kind):
    if kind in KINDS:
        return kind
    raise ValueError(
        f"column_types[{key!r}] must be one of {list(KINDS)}, got {kind!r}."
    )


def _categorical_positions(categorical_features, names, has_names):
    """Positions of the columns that `categorical_features` names."""
    is_from_dtype = isinstance(categorical_features, str) and (
        categorical_features == "from_dtype"
    )
    if categorical_features is None or is_from_dtype:
        return []
    features = np.asarray(categorical_features)
    if features.size == 0:
        return []
    if features.dtype.kind not in "ibUO" or features.ndim != 1:
        raise ValueError(_wrong_features(features.dtype.name))
    if features.dtype.kind == "b":
        return _positions_of_mask(features, len(names))
    if features.dtype.kind == "i":
        if features.max() >= len(names) or features.min() < 0:
            raise ValueError(
                "categorical_features set as integer indices must be in "
                "[0, n_features - 1]"
            )
        return features.tolist()
    return _positions_of_names(features, names, has_names)


def _wrong_features(got):
    return (
        f"categorical_features must be an array-like of bool, int or str, got: {got}."
    )


def _positions_of_mask(mask, n_features):
    if len(mask) != n_features:
        raise ValueError(
            "categorical_features set as a boolean mask must have shape (n_features,), "
            f"got: {mask.shape}"
        )
    return np.flatnonzero(mask).tolist()


def _positions_of_names(features, names, has_names):
    types = {type(feature).__name__ for feature in features.tolist()}
    if types != {"str"}:
        raise ValueError(_wrong_features(", ".join(sorted(types))))
    if not has_names:
        raise ValueError(
            "categorical_features should be passed as an array of integers or as a "
            "boolean mask when the model is fitted on data without feature names."
        )
    for feature in features:
        if feature not in names:
            raise ValueError(
                f"categorical_features has an item value '{feature}' which is not a "
                "valid feature name of the training data. Observed feature names: "
                f"{names}"
            )
    return [names.index(feature) for feature in features]
