"""Data sets that are installed with the package, loaded as by `sklearn.datasets`."""

from skautokeras.datasets._titanic import load_titanic

__all__ = ["load_titanic"]
