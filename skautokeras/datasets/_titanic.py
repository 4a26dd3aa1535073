"""The passengers of the Titanic: a small table of mixed types with missing values."""

from importlib.resources import files

import numpy as np
import pandas as pd
from sklearn.utils import Bunch

from skautokeras._sklearn import validate_params

_DATA_MODULE = "skautokeras.datasets.data"
_FILENAME = "titanic.csv.gz"
_TARGET = "survived"


@validate_params(
    {"return_X_y": ["boolean"], "as_frame": ["boolean"]},
    prefer_skip_nested_validation=True,
)
def load_titanic(*, return_X_y=False, as_frame=True):
    """Load and return the Titanic passengers (classification).

    The table has columns of numbers, categories and free text, with missing values. The
    target is whether the passenger survived.

    =================   =========================
    Classes                                     2
    Samples per class                   [549,342]
    Samples total                             891
    Dimensionality                             10
    Features            numbers, strings, missing
    =================   =========================

    The rows are those of the file `raw/titanic.csv` of the GitHub repository
    `mwaskom/seaborn-data`, which states no licence for them. The attribute `DESCR` of
    the returned object describes the columns and their units.

    Parameters
    ----------
    return_X_y : bool, default=False
        If True, returns ``(data, target)`` instead of a Bunch object.
    as_frame : bool, default=True
        If True, `data` is a DataFrame and `target` is a Series, with the dtypes that
        pandas infers. If False, they are ndarrays; `data` then has dtype object, and
        missing numbers and strings are NaN.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        data : {DataFrame, ndarray} of shape (891, 10)
            The feature columns.
        target : {Series, ndarray} of shape (891,)
            0 (died) or 1 (survived).
        frame : DataFrame of shape (891, 11) or None
            `data` and `target` together. None if `as_frame=False`.
        feature_names : list of str
            The names of the columns of `data`.
        target_names : ndarray of shape (2,)
            The names of the classes, indexed by `target`.
        DESCR : str
            The full description of the data set.
        filename : str
            The name of the file the rows are read from.
        data_module : str
            The package that holds the file.

    (data, target) : tuple if ``return_X_y`` is True
        The two objects described above.

    Examples
    --------
    >>> from skautokeras.datasets import load_titanic
    >>> X, y = load_titanic(return_X_y=True)
    >>> X.shape, y.name
    ((891, 10), 'survived')
    >>> X.loc[:2, ["sex", "age", "fare", "cabin"]]
          sex  age    fare cabin
    0  female  NaN  7.6292   NaN
    1    male  NaN  8.0500   NaN
    2  female  NaN  7.7500   NaN
    """
    folder = files(_DATA_MODULE)
    with folder.joinpath(_FILENAME).open("rb") as file:
        frame = pd.read_csv(file, compression="gzip")
    data, target = frame.drop(columns=_TARGET), frame[_TARGET]
    feature_names = data.columns.tolist()
    if not as_frame:
        frame, data, target = None, data.to_numpy(dtype=object), target.to_numpy()
    if return_X_y:
        return data, target
    return Bunch(
        data=data,
        target=target,
        frame=frame,
        feature_names=feature_names,
        target_names=np.array(["died", "survived"]),
        DESCR=folder.joinpath("titanic.rst").read_text(encoding="utf-8"),
        filename=_FILENAME,
        data_module=_DATA_MODULE,
    )
