"""Tables: the passengers of the Titanic, and houses in King County."""

import numpy as np

from skautokeras._sklearn import validate_params
from skautokeras.datasets._files import table_of


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
    return table_of(
        "titanic.csv.gz",
        "survived",
        return_X_y=return_X_y,
        as_frame=as_frame,
        target_names=np.array(["died", "survived"]),
    )


@validate_params(
    {"return_X_y": ["boolean"], "as_frame": ["boolean"]},
    prefer_skip_nested_validation=True,
)
def load_king_county(*, return_X_y=False, as_frame=True):
    """Load and return houses in King County (regression).

    The target is the price, which a few expensive houses make skewed. The date of the
    sale is a string, as it is in many files.

    ==============   ===================================
    Samples total                                   2500
    Dimensionality                                    19
    Features                           numbers, one date
    Targets          82000 to 4489000 dollars, skewed
    ==============   ===================================

    The rows are a part of "House Sales in King County, USA", which is in the public
    domain (CC0 1.0). The attribute `DESCR` describes the columns and their units.

    Parameters
    ----------
    return_X_y : bool, default=False
        If True, returns ``(data, target)`` instead of a Bunch object.
    as_frame : bool, default=True
        If True, `data` is a DataFrame and `target` is a Series. If False, they are
        ndarrays; `data` then has dtype object.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        data : {DataFrame, ndarray} of shape (2500, 19)
            The feature columns.
        target : {Series, ndarray} of shape (2500,)
            The prices in US dollars.
        frame : DataFrame of shape (2500, 20) or None
            `data` and `target` together. None if `as_frame=False`.
        feature_names : list of str
            The names of the columns of `data`.
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
    >>> from skautokeras.datasets import load_king_county
    >>> X, y = load_king_county(return_X_y=True)
    >>> X.loc[:1, ["date", "bedrooms", "sqft_living"]]
                  date  bedrooms  sqft_living
    0  20141204T000000         2         1040
    1  20141118T000000         5         4115
    >>> int(y.median())
    450000
    """
    return table_of(
        "king_county.csv.gz", "price", return_X_y=return_X_y, as_frame=as_frame
    )
