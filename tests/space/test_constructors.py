"""Constructors of blocks that users write."""

import inspect

import pytest

from skautokeras import Block, Fixed, Flatten


class Wide(Block):
    """A block written as for AutoKeras."""

    def __init__(self, units=4, **kwargs):
        super().__init__(**kwargs)
        self.units = units


class WithSettings:
    """A base class with a constructor of its own."""

    def __init__(self, **settings):
        self.settings = settings


class Mixed(Block, WithSettings):
    """A block whose other base class takes parameters."""


class Declared(Block):
    """A block that declares its only parameter."""

    units = Fixed(int, default=4, doc="Width.")


def test_a_name_is_refused_with_advice():
    with pytest.raises(TypeError, match=r"Wide passes name to .* have no name"):
        Wide(name="mine")


def test_other_constructors_are_as_they_were():
    assert Wide(7).units == 7
    assert Mixed(units=3).settings == {"units": 3}
    assert Declared(units=5).units == 5
    assert "units" in inspect.signature(Declared).parameters
    assert repr(Wide(7)) == "Wide(units=7)"


@pytest.mark.parametrize("block_class", [Block, Flatten])
def test_blocks_without_parameters_show_none(block_class):
    assert not inspect.signature(block_class).parameters
