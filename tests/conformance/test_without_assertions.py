"""Contracts fail also where Python leaves out all statements with `assert`."""

import subprocess
import sys

CODE = """
from skautokeras import Block, Choice, Searched
from skautokeras.testing import check_block

class Nameless(Block):
    units = Searched(Choice((2, 4)), at_least=1, doc="width")

    def build(self, hp, inputs):
        self.choose(hp, "units")
        return inputs

assert False, "Statements like this one are left out."
try:
    check_block(Nameless)
except AssertionError as error:
    print(error)
"""


def test_a_block_that_breaks_the_contract_is_found():
    found = subprocess.run(
        [sys.executable, "-O", "-c", CODE], capture_output=True, text=True, check=True
    )
    assert "check_declarations: the description of 'units' is no" in found.stdout
