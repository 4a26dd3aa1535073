"""Conversion of strings, for methods that take categories but no strings.

Columns without any value in training are left out, because not all methods take them.
"""

import pandas as pd

# Greatest number of categories that HistGradientBoosting accepts in one column.
MAX_CATEGORIES = 255


class Categories:
    """Turns columns of strings into categories.

    Parameters
    ----------
    X : DataFrame of shape (n_samples, n_features)
        Training rows, whose strings become the categories.
    most_frequent : int or None, default=None
        Number of values of one column that become categories. All other values become
        missing, and no column is dropped. None takes all values of a column.

    Attributes
    ----------
    dropped : list of str
        Columns with more than 255 categories, which are left out.
    largest : int
        Greatest number of categories in one column.
    note : str
        Names of the dropped columns for the notes; empty if there are none.

    Examples
    --------
    >>> X = pd.DataFrame({"deck": ["B", "A", None], "age": [1.0, 2.0, 3.0]})
    >>> categories = Categories(X)
    >>> categories.convert(pd.DataFrame({"deck": ["A", "?"], "age": [4.0, 5.0]}))
      deck  age
    0    A  4.0
    1  NaN  5.0
    """

    def __init__(self, X, most_frequent=None):
        strings = X.select_dtypes(exclude=["number", "bool"]).columns
        values = {
            name: X[name].value_counts().index[:most_frequent] for name in strings
        }
        self.dropped = [name for name in strings if len(values[name]) > MAX_CATEGORIES]
        self._left_out = [*self.dropped, *X.columns[X.isna().all()]]
        self._dtypes = {
            name: pd.CategoricalDtype(sorted(values[name]))
            for name in strings
            if name not in self._left_out
        }
        sizes = [len(dtype.categories) for dtype in self._dtypes.values()]
        self.largest = max(sizes, default=0)
        self.note = ""
        if self.dropped:
            names = ", ".join(self.dropped)
            self.note = f"; dropped for more than {MAX_CATEGORIES} categories: {names}"

    def convert(self, X):
        """Return the columns; categories that training has not seen become missing."""
        X = X.drop(columns=self._left_out)
        for name, dtype in self._dtypes.items():
            known = X[name].isin(dtype.categories)
            X[name] = X[name].where(known).astype(dtype)
        return X
