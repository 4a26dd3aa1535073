"""Raw rows: the data of the user, which is checked, and whose y is split by head."""

import re
from dataclasses import dataclass, replace
from datetime import date, timedelta
from os import PathLike

import numpy as np
from sklearn.utils.validation import check_array, check_consistent_length

from skautokeras._data.containers import check_is_no_stream, to_pandas
from skautokeras._data.errors import errors_about
from skautokeras._data.image_files import check_is_several, is_folder, is_source
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
            If y is missing, if X is a single image or string, if X, y and the weights
            differ in length, or if the weights are invalid.
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
        # The checked X is an array where X is an image of Pillow.
        _check_has_rows(X, self.inputs)
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


# Endings of the names of image files.
_IMAGE_SUFFIX = re.compile(r"\.(png|jpe?g|gif|bmp|webp|tiff?|ppm|avif|jp2)$", re.I)


def _check_has_rows(X, inputs):
    """Raise if X, or that of an input, is a single image or text, which has no rows.

    Their characters, bytes or rows of pixels would be counted as rows otherwise.
    """
    if is_dict(X):
        parts = X
    elif len(inputs) > 1 and isinstance(X, list | tuple):
        parts = dict(zip(inputs, X, strict=False))
    else:
        parts = {None: X}
    for name, part in parts.items():
        with errors_about(None if name is None else f"Input {name!r}"):
            if _is_image(part):
                check_is_several(part)
            if isinstance(part, str | bytes | PathLike):
                raise ValueError(
                    f"X is a single {type(part).__name__}, and must hold one text or "
                    "one image per row; put it into a list: [X]."
                )


def _is_image(X):
    """Return whether X can only be one image: what it is for is not known here."""
    if isinstance(X, bytes):
        return not _is_text(X)
    if isinstance(X, str | PathLike):
        return is_folder(X) or _IMAGE_SUFFIX.search(str(X)) is not None
    return is_source(X)


def _is_text(X):
    try:
        X.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


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
    """Raise if there are weights by head or class, which are no weights of rows."""
    if isinstance(weight, str):
        raise ValueError(
            "sample_weight must hold one weight per row, of shape (n_samples,). Got "
            f"{weight!r} instead. Weights of classes are a parameter of the estimator: "
            f"class_weight={weight!r}."
        )
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
    _check_is_no_time(sample_weight)
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


def _check_is_no_time(weight):
    """Raise if weights are dates or durations, which NumPy would count in some unit."""
    values = np.asarray(weight)
    first = values.flat[0] if values.size else None
    is_time = isinstance(first, date | timedelta | np.datetime64 | np.timedelta64)
    if values.dtype.kind in "mM" or is_time:
        raise ValueError(
            f"sample_weight must hold numbers. Got dates or durations such as {first}."
        )


def _rows_of(data, names):
    """Return an object with the length of X or y; all of its parts must be as long."""
    if not is_dict(data):
        if len(names) < 2 or not isinstance(data, list | tuple):
            return data
        data = dict(zip(names, data, strict=False))
    return range(common_length(data))
