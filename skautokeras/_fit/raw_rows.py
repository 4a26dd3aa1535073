"""Raw rows: the data of the user, which is checked, and whose y is split by head."""

from dataclasses import dataclass, replace

import numpy as np
from sklearn.utils.validation import check_array, check_consistent_length

from skautokeras._data.containers import check_is_no_stream, to_pandas
from skautokeras._data.rows import common_length, is_dict, n_rows, take_rows
from skautokeras._data.stored_table import with_target


@dataclass(frozen=True, eq=False)
class RawRows:
    """Rows as the user passed them: X, y and sample weights.

    Parameters
    ----------
    X : object
        Data in any form that the estimator takes.
    y : object
        Target in any form that the estimator takes.
    sample_weight : array-like of shape (n_samples,) or None, default=None
        Weights of the rows. If None, all rows weigh the same.
    inputs : tuple of str, default=()
        Names of the inputs. They are needed because a list of rows looks like a list
        with the data of several inputs.
    heads : tuple of str, default=()
        Names of the heads. They are needed because a list of targets looks like a list
        with the targets of several heads.
    y_by_head : dict of str to object or None, default=None
        Target of each head as the user passed it. If None, y is not split by head yet.
    """

    X: object
    y: object
    sample_weight: np.ndarray | None = None
    inputs: tuple = ()
    heads: tuple = ()
    y_by_head: dict | None = None

    @property
    def n_rows(self):
        """Number of rows of X."""
        return n_rows(self.X, len(self.inputs))

    def checked(self, check_X, *, name):
        """Return the rows after checks of X, the weights and the numbers of rows.

        Parameters
        ----------
        check_X : callable
            Function that takes X and returns the checked X.
        name : str
            Name of the estimator, for error messages.

        Raises
        ------
        ValueError
            If y is missing, if X, y and the weights differ in length, or if the weights
            are invalid.
        """
        check_is_no_stream(self.X, "X")
        X, y = with_target(self.X, self.y)
        if y is None:
            raise ValueError(
                f"This {name} estimator requires y to be passed, but the target y is "
                "None."
            )
        check_is_no_stream(y, "y")
        sample = replace(self, X=check_X(X), y=to_pandas(y, len(self.heads)))
        lengths = _rows_of(sample.X, self.inputs), _rows_of(sample.y, self.heads)
        weight = to_pandas(self.sample_weight)
        _check_form_of_weight(weight)
        check_consistent_length(*lengths, weight)
        if weight is None:
            return sample
        return replace(sample, sample_weight=check_weight(weight))

    def used_rows(self):
        """Return the positions of the rows whose weight is not 0; None for all."""
        weight = self.sample_weight
        return None if weight is None or weight.all() else np.flatnonzero(weight)

    def split_by_head(self, y_by_head):
        """Return the rows with y replaced by the targets of the heads.

        Parameters
        ----------
        y_by_head : dict of str to object
            Targets of the heads, as `YAdapter.split` returns them.
        """
        return replace(self, y=None, y_by_head=y_by_head)

    def take(self, positions):
        """Return some of the rows.

        Parameters
        ----------
        positions : array-like of int of shape (n_taken,) or slice
            Positions of the rows to take.
        """
        y, y_by_head, weight = self.y, self.y_by_head, self.sample_weight
        if y is not None:
            y = take_rows(y, positions, len(self.heads))
        if y_by_head is not None:
            y_by_head = {
                name: take_rows(part, positions) for name, part in y_by_head.items()
            }
        return replace(
            self,
            X=take_rows(self.X, positions, len(self.inputs)),
            y=y,
            y_by_head=y_by_head,
            sample_weight=None if weight is None else weight[positions],
        )

    def placeholder(self):
        """Return an object with the length of X, which a splitter can count."""
        return _rows_of(self.X, self.inputs)


def validation_sample(validation_data, sample, cv):
    """Return the validation rows of the user as raw rows, or None.

    Parameters
    ----------
    validation_data : tuple (X, y) or (X, y, sample_weight), or None
        Validation data that the user passed to `fit`.
    sample : RawRows
        Raw rows of the fit, which have the same names of inputs and heads.
    cv : int, splitter, iterable, "auto" or None
        Cross-validation that the user asked for.

    Raises
    ------
    ValueError
        If the validation data is not such a tuple, or if `cv` is not None.
    """
    if validation_data is None:
        return None
    if cv is not None and not isinstance(cv, str):
        raise ValueError(
            "'validation_data' and 'cv' both say what trials are compared on. Pass "
            "one of them."
        )
    is_tuple = isinstance(validation_data, tuple | list)
    if not (is_tuple and 2 <= len(validation_data) <= 3):
        raise ValueError(
            "validation_data must be a tuple (X, y) or (X, y, sample_weight), got "
            f"{type(validation_data).__name__}."
        )
    rows = RawRows(*validation_data)
    return replace(rows, inputs=sample.inputs, heads=sample.heads)


def _check_form_of_weight(weight):
    """Raise if there are weights by head, which look like weights of other rows."""
    # NumPy's own functions do not take everything that can become an array.
    if is_dict(weight) or np.asarray(weight).ndim > 1:
        raise ValueError(
            "sample_weight must hold one weight per row, of shape (n_samples,). Got "
            f"{type(weight).__name__} instead. Weights that differ between heads are "
            "given by 'class_weight', or by the loss_weight of a head."
        )


def check_weight(sample_weight):
    """Return sample weights as numbers after checks.

    Parameters
    ----------
    sample_weight : array-like of shape (n_samples,)
        Weights of the rows as the user passed them.

    Returns
    -------
    weight : ndarray of shape (n_samples,), dtype float64

    Raises
    ------
    ValueError
        If the weights are not one number per row, if one is negative or if all are 0.
    """
    weight = check_array(
        sample_weight, ensure_2d=False, dtype="float64", input_name="sample_weight"
    )
    if weight.ndim != 1:
        raise ValueError(
            f"Sample weights must be 1D array or scalar, got {weight.ndim}D array."
        )
    if (weight < 0).any():
        raise ValueError("Negative values in data passed to `sample_weight`.")
    if not weight.any():
        raise ValueError("Sample weights must contain at least one non-zero number.")
    return weight


def _rows_of(data, names):
    """Return an object with the length of X or y; all of its parts must be as long."""
    if not is_dict(data):
        if len(names) < 2 or not isinstance(data, list | tuple):
            return data
        data = dict(zip(names, data, strict=False))
    return range(common_length(data))
