"""Data sets that are installed with the package, loaded as by `sklearn.datasets`."""

from skautokeras.datasets._images import load_fashion
from skautokeras.datasets._tables import load_king_county, load_titanic
from skautokeras.datasets._texts import load_sms

__all__ = ["load_fashion", "load_king_county", "load_sms", "load_titanic"]
