"""What the user declares about the columns of a table, checked."""

from dataclasses import dataclass
from numbers import Integral

import numpy as np

# Kinds that a user may declare in `column_types`.
KINDS = ("numerical", "categorical", "datetime", "short_text", "text")


@dataclass(frozen=True)
class Declaration:
    """Kind of a column that the user has declared.

    Parameters
    ----------
    kind : {"numerical", "categorical", "datetime", "short_text", "text"}
        Kind that is declared.

    parameter : {"column_types", "categorical_features"}
        Parameter that declares it.

    Examples
    --------
    >>> from skautokeras._data.declarations import Declaration
    >>> Declaration("text", "column_types").kind
    'text'
    """

    kind: str
    parameter: str


def declared_kinds(names, has_names, *, categorical_features, column_types):
    """Check what the user declares about columns, and find the columns.

    Parameters
    ----------
    names : list of str of length n_features
        Names of the columns, made up where X has none.

    has_names : bool
        Whether the names are those of X.

    categorical_features : "from_dtype", None or array-like
        Names, indices or a mask of columns to take as categorical, in the forms of
        `sklearn.ensemble.HistGradientBoostingClassifier`.

    column_types : dict or None
        Kinds of columns by name or index. It wins over `categorical_features`.

    Returns
    -------
    declarations : dict of int to Declaration
        Declarations by position of the column. Columns about which the user says
        nothing are not in it.

    Raises
    ------
    ValueError
        If one of the parameters names a column that does not exist, or an unknown
        kind.

    Examples
    --------
    >>> from skautokeras._data.declarations import declared_kinds
    >>> declarations = declared_kinds(
    ...     ["age", "class", "when"],
    ...     has_names=True,
    ...     categorical_features=["class"],
    ...     column_types={"when": "datetime"},
    ... )
    >>> {i: declaration.kind for i, declaration in declarations.items()}
    {1: 'categorical', 2: 'datetime'}
    """
    positions = {name: i for i, name in enumerate(names)}
    by_features = Declaration("categorical", "categorical_features")
    features = _categorical_positions(categorical_features, positions, has_names)
    declarations = dict.fromkeys(features, by_features)
    for key, kind in (column_types or {}).items():
        position = _position(key, positions)
        declarations[position] = Declaration(_checked_kind(key, kind), "column_types")
    return declarations


def _position(key, positions):
    is_index = isinstance(key, Integral) and not isinstance(key, bool)
    if is_index and 0 <= key < len(positions):
        return int(key)
    if isinstance(key, str) and key in positions:
        return positions[key]
    raise ValueError(
        f"column_types names {key!r}, which is not a column of X. Use one of the names "
        f"{list(positions)} or an index in [0, {len(positions) - 1}]."
    )


def _checked_kind(key, kind):
    if kind in KINDS:
        return kind
    raise ValueError(
        f"column_types[{key!r}] must be one of {list(KINDS)}, got {kind!r}."
    )


def _categorical_positions(categorical_features, positions, has_names):
    """Return the positions of the columns that `categorical_features` names."""
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
        return _positions_of_mask(features, len(positions))
    if features.dtype.kind == "i":
        if features.max() >= len(positions) or features.min() < 0:
            raise ValueError(
                "categorical_features set as integer indices must be in "
                "[0, n_features - 1]"
            )
        return features.tolist()
    return _positions_of_names(features, positions, has_names)


def _wrong_features(found):
    return (
        f"categorical_features must be an array-like of bool, int or str, got: {found}."
    )


def _positions_of_mask(mask, n_features):
    if len(mask) != n_features:
        raise ValueError(
            "categorical_features set as a boolean mask must have shape (n_features,), "
            f"got: {mask.shape}"
        )
    return np.flatnonzero(mask).tolist()


def _positions_of_names(features, positions, has_names):
    types = {type(feature).__name__ for feature in features.tolist()}
    if types != {"str"}:
        raise ValueError(_wrong_features(", ".join(sorted(types))))
    if not has_names:
        raise ValueError(
            "categorical_features should be passed as an array of integers or as a "
            "boolean mask when the model is fitted on data without feature names."
        )
    for feature in features:
        if feature not in positions:
            raise ValueError(
                f"categorical_features has an item value '{feature}' which is not a "
                "valid feature name of the training data. Observed feature names: "
                f"{list(positions)}"
            )
    return [positions[feature] for feature in features]
