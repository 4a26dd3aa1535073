"""Contracts for what others write: checks to run in the tests of another package."""

from skautokeras.testing._blocks import check_block

__all__ = ["check_block"]
