"""Data sets that ship with the package, in the manner of `sklearn.datasets`."""

from skautokeras.datasets._titanic import load_titanic

__all__ = ["load_titanic"]
