"""Reads the files of the data sets."""

from importlib.resources import files

import numpy as np
import pandas as pd
from sklearn.utils import Bunch

DATA_MODULE = "skautokeras.datasets.data"


def read_frame(filename, **options):
    """Return the rows of a compressed CSV file.

    Parameters
    ----------
    filename : str
        Name of the file.
    **options : dict
        Arguments of `pandas.read_csv`.

    Returns
    -------
    frame : DataFrame
    """
    with files(DATA_MODULE).joinpath(filename).open("rb") as file:
        return pd.read_csv(file, compression="gzip", **options)


def bunch_of(filename, **attributes):
    """Return a data set with its description and its origin.

    Parameters
    ----------
    filename : str
        Name of the file of the rows; that of the description has another ending.
    **attributes : dict
        Further attributes of the data set.

    Returns
    -------
    bunch : Bunch
    """
    name = filename.partition(".")[0]
    description = files(DATA_MODULE).joinpath(f"{name}.rst")
    return Bunch(
        **attributes,
        DESCR=description.read_text(encoding="utf-8"),
        filename=filename,
        data_module=DATA_MODULE,
    )


def table_of(filename, target, *, return_X_y, as_frame, **attributes):
    """Return a table as scikit-learn's loaders do.

    Parameters
    ----------
    filename : str
        Name of the file.
    target : str
        Name of the column to predict.
    return_X_y, as_frame : bool
        Parameters of the loader.
    **attributes : dict
        Further attributes of the Bunch.

    Returns
    -------
    data : Bunch, or tuple (data, target)
    """
    frame = read_frame(filename)
    data, y = frame.drop(columns=target), frame[target]
    names = data.columns.tolist()
    if not as_frame:
        frame, data, y = None, data.to_numpy(dtype=object), y.to_numpy()
    if return_X_y:
        return data, y
    return bunch_of(
        filename, data=data, target=y, frame=frame, feature_names=names, **attributes
    )


def read_arrays(filename):
    """Return the arrays of a compressed file of NumPy.

    Parameters
    ----------
    filename : str
        Name of the file.

    Returns
    -------
    arrays : dict of str to ndarray
    """
    with files(DATA_MODULE).joinpath(filename).open("rb") as file:
        return dict(np.load(file))
