"""Contracts for what others write: checks to run in the tests of another package."""

from skautokeras.testing._blocks import check_block
from skautokeras.testing._inputs import check_input
from skautokeras.testing._oracles import check_oracle

__all__ = ["check_block", "check_input", "check_oracle"]
