"""The adapters of all heads together: from y to arrays by name, and back."""

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_is_fitted

from skautokeras._data.codes import prefix_among
from skautokeras._data.errors import errors_about
from skautokeras._data.rows import common_length, is_dict, take_rows
from skautokeras._state.names import saved_as


def values_by_head(parameter, value, names):
    """Return the values of a parameter by the names of the heads.

    Parameters
    ----------
    parameter : str
        Name of the parameter, for errors.

    value : object
        Value of the parameter: a dict by the names of heads, or, if there is one head,
        its value. None gives no head a value.

    names : list of str
        The names of the heads.

    Returns
    -------
    values : dict of str to object
        Values of the heads that have one.

    Raises
    ------
    ValueError
        If a key is not the name of a head, or if a plain value is passed although there
        are several heads.

    Examples
    --------
    >>> from skautokeras._data.y_adapter import values_by_head
    >>> values_by_head("loss", {"price": "mae", "sold": None}, ["price", "sold"])
    {'price': 'mae'}
    """
    if isinstance(value, dict):
        unknown = [name for name in value if name not in names]
        if unknown:
            raise ValueError(
                f"The keys of the {parameter!r} parameter must be names of heads, "
                f"{list(names)}. Got {unknown[0]!r} instead."
            )
        return {name: v for name, v in value.items() if v is not None}
    if value is None:
        return {}
    if len(names) > 1:
        raise ValueError(
            f"The {parameter!r} parameter must be a dict by head, of {list(names)}, "
            f"where there are several. Got {value!r} instead."
        )
    return {names[0]: value}


@saved_as("YAdapter")
class YAdapter(BaseEstimator):
    """Turn y into the arrays of all heads, and predictions into the form of y.

    If there is one head, it takes y itself. If there are several, y can be

    - a list or tuple with one y per head, in their order;
    - a dict with one y per head, by the names of the heads, or by other names in the
      order of the heads;
    - a DataFrame or a two-dimensional array with one column per head, in the order of
      the heads, unless the columns of the DataFrame have the names of the heads.

    Parameters
    ----------
    names : list of str
        The names of the heads, in their order.

    targets : list of ClassAdapter or NumberAdapter
        Adapter of the target of each head. They are cloned.

    Attributes
    ----------
    targets_ : list of ClassAdapter or NumberAdapter
        The fitted adapters.

    schemas_ : list of TargetSchema
        Schema of the target of each head.

    form_ : {"single", "list", "tuple", "dict", "frame", "array"}
        Form of y in `fit`.

    keys_ : dict of str to object, or None
        Key of the dict, or label of the column, by the name of the head. They have the
        order of y. None if y is neither a dict nor a DataFrame.

    Examples
    --------
    >>> import pandas as pd
    >>> from skautokeras._data.target import ClassAdapter, NumberAdapter
    >>> from skautokeras._data.y_adapter import YAdapter
    >>> y = pd.DataFrame({"price": [10.0, 20.0], "sold": ["no", "yes"]})
    >>> adapter = YAdapter(["number", "label"], [NumberAdapter(), ClassAdapter()]).fit(
    ...     y
    ... )
    >>> {name: array.shape for name, array in adapter.transform(y).items()}
    {'number': (2, 1), 'label': (2,)}
    >>> adapter.join({"number": [12.0, 13.0], "label": ["yes", "no"]})
       price sold
    0   12.0  yes
    1   13.0   no
    """

    def __init__(self, names, targets):
        self.names = names
        self.targets = targets

    def fit(self, y):
        """Fit the adapter of every head.

        Parameters
        ----------
        y : array-like, DataFrame, or list or dict of them
            One y per head, as above. It is not changed.

        Returns
        -------
        self : YAdapter
        """
        self.fit_split(y)
        return self

    def fit_split(self, y, used=None):
        """Fit the target of every head, and take y apart.

        Parameters
        ----------
        y : array-like, DataFrame, or list or dict of them
            One y per head, as above. It is not changed.

        used : ndarray of int of shape (n_used,) or None, default=None
            Positions of the rows that are learned from; None stands for all. Classes
            that only other rows have are classes as well.

        Returns
        -------
        parts : dict of str to object
            The y of each head in the rows that are used, not encoded, by the names of
            the heads.
        """
        self.form_ = _form(y, self.names)
        self.keys_ = _keys(y, self.form_, self.names)
        parts = self._parts(y, self.form_)
        self.targets_ = []
        for (name, part), target in zip(parts.items(), self.targets, strict=True):
            with self._errors_of(name):
                self.targets_.append(clone(target).fit(part, used))
        self.schemas_ = [target.schema_ for target in self.targets_]
        if used is None:
            return parts
        return {name: take_rows(part, used) for name, part in parts.items()}

    def prefix(self, name):
        """Return the beginning of the names of what is made for a head.

        Parameters
        ----------
        name : str
            Name of the head.

        Returns
        -------
        prefix : str
            The name and "__"; "" if there is one head.
        """
        return prefix_among(self.names, name)

    @property
    def by_head(self):
        """The fitted adapter of each head, by the names of the heads.

        Returns
        -------
        targets : dict of str to (ClassAdapter or NumberAdapter)
        """
        return dict(zip(self.names, self.targets_, strict=True))

    @property
    def class_adapters(self):
        """The fitted adapters of the heads that predict classes.

        Returns
        -------
        targets : dict of str to ClassAdapter
        """
        targets = self.by_head.items()
        return {name: t for name, t in targets if t.schema_.is_classification}

    def class_weights(self, class_weight):
        """Return the class weights by the names of the heads.

        Parameters
        ----------
        class_weight : dict, list of dict, "balanced" or None
            Class weights as in scikit-learn. If there are several heads, a dict of them
            by the names of heads.

        Returns
        -------
        class_weights : dict of str to (dict, list of dict or "balanced")

        Raises
        ------
        ValueError
            If a key is not the name of a head, or if the head does not predict classes.
        """
        if class_weight is not None and len(self.names) == 1:
            weights = {self.names[0]: class_weight}
        else:
            weights = values_by_head("class_weight", class_weight, self.names)
        for name in weights:
            if name not in self.class_adapters:
                raise ValueError(
                    f"The 'class_weight' parameter is for heads of classes, which "
                    f"{name!r} is not."
                )
        return weights

    def transform(self, y):
        """Encode the target of every head.

        Parameters
        ----------
        y : array-like, DataFrame, or list or dict of them
            One y per head, in any of the forms; a dict or DataFrame with the keys or
            columns seen in `fit`, or with the names of the heads.

        Returns
        -------
        arrays : dict of str to ndarray of shape (n_samples,) or (n_samples, n_outputs)
            By the names of the heads.
        """
        return self.encode(self.split(y))

    def encode(self, parts):
        """Encode the target of every head, y being taken apart.

        Parameters
        ----------
        parts : dict of str to object
            Result of `split`.

        Returns
        -------
        arrays : dict of str to ndarray of shape (n_samples,) or (n_samples, n_outputs)
            By the names of the heads.
        """
        arrays = {}
        for (name, part), target in zip(parts.items(), self.targets_, strict=True):
            with self._errors_of(name):
                arrays[name] = target.transform(part)
        return arrays

    def split(self, y):
        """Take y apart.

        Parameters
        ----------
        y : array-like, DataFrame, or list or dict of them
            Targets as `transform` takes them.

        Returns
        -------
        parts : dict of str to object
            The y of each head, not encoded, by the names of the heads.
        """
        check_is_fitted(self, "schemas_")
        return self._parts(y, _form(y, self.names))

    def decode(self, y_pred, index=None):
        """Turn the outputs of a network into predictions in the form of y.

        Parameters
        ----------
        y_pred : dict of str to ndarray of shape (n_samples, n_outputs)
            Outputs of the network by the names of the heads.

        index : Index of shape (n_samples,) or None, default=None
            Index of a DataFrame of predictions. None stands for 0, 1, ...

        Returns
        -------
        y : ndarray, DataFrame, or list or dict of ndarray
            Predictions as `join` returns them.
        """
        targets = self.by_head.items()
        decoded = {name: t.decode(y_pred[name]) for name, t in targets}
        return self.join(decoded, index)

    def probabilities(self, y_pred):
        """Return the probability of every class.

        Parameters
        ----------
        y_pred : dict of str to ndarray of shape (n_samples, n_outputs)
            Outputs of the network by the names of the heads.

        Returns
        -------
        probabilities : dict of str to ndarray of shape (n_samples, n_classes)
            Probabilities by the names of the heads that predict classes.
        """
        targets = self.class_adapters.items()
        return {name: t.probabilities(y_pred[name]) for name, t in targets}

    def responses(self, y_pred):
        """Return probabilities of classes, and numbers on the scale of y.

        Parameters
        ----------
        y_pred : dict of str to ndarray of shape (n_samples, n_outputs)
            Outputs of the network by the names of the heads.

        Returns
        -------
        responses : ndarray of shape (n_samples,) or (n_samples, n), or dict of them
            A dict by the names of the heads, if there are several.
        """
        responses = {
            name: target.probabilities(y_pred[name])
            if target.schema_.is_classification
            else target.decode(y_pred[name])
            for name, target in self.by_head.items()
        }
        return responses if len(responses) > 1 else next(iter(responses.values()))

    def score(self, y, y_pred, sample_weight=None):
        """Return the mean over all heads of accuracy (classes) or R2 (numbers).

        Parameters
        ----------
        y : array-like, DataFrame, or list or dict of them
            Targets as `transform` takes them.

        y_pred : dict of str to ndarray of shape (n_samples, n_outputs)
            Outputs of the network by the names of the heads.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.

        Returns
        -------
        score : float
        """
        y_true = self.split(y)
        scores = [
            target.score(y_true[name], y_pred[name], sample_weight)
            for name, target in self.by_head.items()
        ]
        return float(np.mean(scores))

    def join(self, predictions, index=None):
        """Bring predictions into the form that y had in `fit`.

        Parameters
        ----------
        predictions : dict of str to array-like of shape (n_samples,) or (n_samples, \
n_outputs)
            Decoded predictions by the names of the heads.

        index : Index of shape (n_samples,) or None, default=None
            Index of a DataFrame of predictions. None stands for 0, 1, ...

        Returns
        -------
        y : ndarray, DataFrame, or list or dict of ndarray
            The predictions. A two-dimensional array holds numbers if all heads predict
            numbers, and objects otherwise.
        """
        check_is_fitted(self, "schemas_")
        parts = {name: np.asarray(predictions[name]) for name in self.names}
        if self.form_ == "single":
            return parts[self.names[0]]
        if self.form_ == "dict":
            return {key: parts[name] for name, key in self.keys_.items()}
        if self.form_ == "frame":
            labels = pd.Index(self.keys_.values())
            columns = [parts[name] for name in self.keys_]
            frame = pd.DataFrame(dict(enumerate(columns)), index=index)
            return frame.set_axis(labels, axis=1)
        if self.form_ == "array":
            return _to_columns(parts.values())
        return list(parts.values()) if self.form_ == "list" else tuple(parts.values())

    def _parts(self, y, form):
        """Return the y of each head as plain arrays, in the order of the heads."""
        parts = {}
        for (name, part), target in zip(
            self._raw_parts(y, form).items(), self.targets, strict=True
        ):
            with self._errors_of(name):
                parts[name] = target.plain(part)
        return parts

    def _raw_parts(self, y, form):
        """Return the y of each head as it was passed, in the order of the heads."""
        if form == "single":
            return {self.names[0]: y}
        if form == "array":
            columns = [_inferred(pd.Series(column)).to_numpy() for column in y.T]
            return dict(zip(self.names, columns, strict=True))
        if form == "frame":
            keys = self._keys_in(y, form)
            columns = {name: y.loc[:, key] for name, key in keys.items()}
            return {name: _inferred(columns[name]) for name in self.names}
        if form == "dict":
            keys = self._keys_in(y, form)
            parts = {name: y[keys[name]] for name in self.names}
        else:
            parts = dict(zip(self.names, y, strict=True))
        common_length(parts)
        return parts

    def _keys_in(self, y, form):
        """Return the key of each head in y: the one in `fit`, or its name."""
        keys_of_y = list(y)
        for keys in (self.keys_, dict(zip(self.names, self.names, strict=True))):
            if keys is not None and set(keys_of_y) == set(keys.values()):
                return keys
        if self.keys_ is None:
            return _keys(y, form, self.names)
        raise ValueError(
            f"y has {_WORDS[form]} {keys_of_y}, but the ones seen in fit are "
            f"{list(self.keys_.values())}."
        )

    def _errors_of(self, name):
        return errors_about(f"Head {name!r}" if len(self.names) > 1 else None)


_WORDS = {"dict": "the keys", "frame": "the columns"}


def _form(y, names):
    """Return the form in which y holds the targets of the heads."""
    if is_dict(y):
        form, n_parts = "dict", len(y)
    elif len(names) == 1:
        return "single"
    elif isinstance(y, pd.DataFrame):
        form, n_parts = "frame", y.shape[1]
    elif isinstance(y, np.ndarray) and y.ndim == 2:
        form, n_parts = "array", y.shape[1]
    elif isinstance(y, list | tuple):
        form, n_parts = "list" if isinstance(y, list) else "tuple", len(y)
    else:
        shape = f" of shape {y.shape}" if hasattr(y, "shape") else ""
        raise ValueError(
            f"y is {type(y).__name__}{shape}, but the heads {list(names)} expect one "
            "column each of a DataFrame or of a two-dimensional array, or a list or "
            "dict with one y per head."
        )
    if n_parts != len(names):
        what = "columns" if form in {"frame", "array"} else "elements"
        raise ValueError(
            f"y has {n_parts} {what}, but there are {len(names)} heads: {list(names)}."
        )
    return form


def _keys(y, form, names):
    """Return the key or column of each head, in the order of y; None if it has none."""
    if form not in _WORDS:
        return None
    keys = list(y)
    if len(set(keys)) < len(keys):
        raise ValueError(f"The columns of y must have different names, got {keys}.")
    names_in_y = [key for key in keys if key in names]
    if 0 < len(names_in_y) < len(keys):
        raise ValueError(
            f"y has {_WORDS[form]} {keys}, of which only {names_in_y} are names of "
            f"heads. Use all of {list(names)}, or none."
        )
    return dict(zip(names_in_y or names, keys, strict=True))


def _inferred(column):
    """Return a column of objects with the dtype of its values."""
    return column.infer_objects() if column.dtype == object else column


def _to_columns(columns):
    """Stack arrays of shape (n_samples,), as numbers if all of them are."""
    columns = list(columns)
    if all(column.dtype.kind in "biuf" for column in columns):
        return np.column_stack(columns)
    stacked = np.empty((len(columns[0]), len(columns)), dtype=object)
    for i, column in enumerate(columns):
        stacked[:, i] = column
    return stacked
