"""Parameters of blocks that are declared: constructor, docstring, checks, choices."""

import inspect
import re

import keras
import keras_tuner
import pytest

from skautokeras import (
    Block,
    Boolean,
    Choice,
    DenseBlock,
    Fixed,
    Float,
    Int,
    Searched,
)

KINDS = ("plain", "twisted")


class Tower(Block):
    """Layers of the same width.

    They are stacked.

    Notes
    -----
    Nothing is known about them.
    """

    kind = Searched(Choice(KINDS), doc="Kind of the layers.")
    n_layers = Searched(Int(1, 3, default=2), at_least=1, doc="Number of layers.")
    units = Searched(
        Choice((4, 8, 16), default=8), at_least=2, doc="Width of each layer."
    )
    rate = Searched(
        Float(0.0, 0.5, step=0.25), at_least=0, below=1, doc="Share that is dropped."
    )
    speed = Searched(
        Float(1e-3, 1.0, default=0.1, sampling="log"), above=0, doc="Rate of learning."
    )
    depth = Searched(Choice((9, 18)), allowed=(9, 18, 34), doc="Number of stages.")
    is_odd = Searched(Boolean(), (Block,), doc="Whether it is odd, or an odd block.")
    activation = Searched(
        Choice(("relu", "silu")),
        allowed=lambda name: hasattr(keras.activations, name),
        expected="the name of an activation",
        doc="Name of an activation.",
    )
    angle = Fixed((int, float), default=30.0, at_most=180, doc="Angle in degrees.")
    label = Fixed(str, doc="Name of the last layer. If None, it has none.")

    def build(self, hp, inputs):
        """Ask for everything; the widths come with the layers."""
        kind = self.choose(hp, "kind")
        with self.when(hp, "kind", ["twisted"]):
            if kind == "twisted":
                self.choose(hp, "speed")
        return self.choose_each(hp, "units", "n_layers")


def asked(block):
    """Return the widths of a block, and the names and conditions that it asks for."""
    hp = keras_tuner.HyperParameters()
    widths = block.build(hp, None)
    return widths, {h.name: len(h.conditions) for h in hp.space}


def test_the_constructor_takes_what_is_declared_by_name_in_that_order():
    signature = inspect.signature(Tower)
    assert str(signature) == (
        "(*, kind=None, n_layers=None, units=None, rate=None, speed=None, depth=None, "
        "is_odd=None, activation=None, angle=30.0, label=None)"
    )
    assert vars(Tower(units=3, label="a"))["units"] == 3
    assert list(vars(Tower())) == list(signature.parameters)
    with pytest.raises(TypeError, match=r"Tower.__init__\(\) got an unexpected .*unit"):
        Tower(unit=3)
    with pytest.raises(TypeError, match=r"Tower.__init__\(\) takes 1 positional"):
        Tower(3)


def test_the_docstring_gets_a_section_on_parameters():
    doc = inspect.getdoc(Tower)
    assert doc.startswith(
        "Layers of the same width.\n\nThey are stacked.\n\nParameters"
    )
    assert doc.endswith("\n\nNotes\n-----\nNothing is known about them.")
    entries = re.split(r"\n(?=\w+ : )", doc.split("\n\n")[2])
    assert [" ".join(entry.split()) for entry in entries[1:]] == [
        'kind : {"plain", "twisted"}, range or None, default=None '
        "Kind of the layers. If "
        'None, "plain" and "twisted" are tried, "plain" first.',
        "n_layers : int, range or None, default=None "
        "Number of layers. If None, values from 1 "
        "to 3 are tried, 2 first.",
        "units : int, range or None, default=None "
        "Width of each layer. If None, 4, 8 and 16 "
        "are tried, 8 first.",
        "rate : float, range or None, default=None "
        "Share that is dropped. If None, values "
        "from 0.0 to 0.5 in steps of 0.25 are tried, 0.0 first.",
        "speed : float, range or None, default=None "
        "Rate of learning. If None, values from "
        "0.001 to 1.0, evenly on a logarithmic scale, are tried, 0.1 first.",
        "depth : {9, 18, 34}, range or None, default=None "
        "Number of stages. If None, 9 and 18 "
        "are tried, 9 first.",
        "is_odd : bool, Block, range or None, default=None "
        "Whether it is odd, or an odd "
        "block. If None, both are tried, False first.",
        "activation : str, range or None, default=None "
        "Name of an activation. If None, "
        '"relu" and "silu" are tried, "relu" first.',
        "angle : int or float, default=30.0 Angle in degrees.",
        "label : str or None, default=None Name of the last layer. If None, it has "
        "none.",
    ]


def test_what_a_class_writes_itself_stays():
    class Own(Tower):
        """A tower.

        Parameters
        ----------
        height : int
            Height of the tower.
        """

        def __init__(self, *, height=3):
            super().__init__(n_layers=height, units=4)
            self.height = height

    assert list(inspect.signature(Own).parameters) == ["height"]
    assert inspect.getdoc(Own).count("Parameters") == 1
    assert asked(Own(height=2)) == ([4, 4], {"kind": 0})
    assert Own.from_config(Own(height=2).get_config()) == Own(height=2)

    class WithoutDeclarations(Block):
        """A block."""

    assert WithoutDeclarations.__init__ is Block.__init__
    assert WithoutDeclarations.__doc__ == "A block."


def test_a_subclass_adds_and_narrows_declarations():
    class Narrow(Tower):
        """A narrow tower."""

        units = Searched(Choice((2, 3)), at_least=2, doc="Width of each layer.")
        colour = Fixed(str, default="red", doc="Colour of the tower.")

    assert [*inspect.signature(Narrow).parameters] == [
        *inspect.signature(Tower).parameters,
        "colour",
    ]
    assert asked(Narrow(n_layers=1))[0] == [2]
    assert "2 and 3 are tried" in inspect.getdoc(Narrow)
    assert asked(Tower(n_layers=1))[0] == [8]


@pytest.mark.parametrize(
    ("parameter", "wrong", "expected"),
    [
        ("kind", "other", "a str among {'plain', 'twisted'}"),
        ("n_layers", 0, "an int in the range [1, inf)"),
        ("n_layers", 1.5, "an int in the range [1, inf)"),
        ("rate", 1, "a float in the range [0.0, 1.0)"),
        ("speed", 0, "a float in the range (0.0, inf)"),
        ("depth", 10, "a int among {9, 18, 34}"),
        ("is_odd", "yes", "an instance of 'bool'"),
        ("activation", "none such", "the name of an activation"),
        ("angle", 181, "a float in the range (-inf, 180.0]"),
        ("angle", None, "a float in the range (-inf, 180.0]"),
        ("label", 3, "an instance of 'str' or None"),
    ],
)
def test_a_value_that_is_not_allowed_is_refused(parameter, wrong, expected):
    with pytest.raises(ValueError, match=rf"'{parameter}' parameter of Tower") as error:
        asked(Tower(**{parameter: wrong}))
    assert f"Got {wrong!r} instead" in str(error.value)
    if parameter not in ("kind", "depth", "is_odd"):  # sets have no order
        assert expected in str(error.value)


@pytest.mark.parametrize(
    "given",
    [
        {"n_layers": 7},
        {"rate": 0.99},
        {"depth": 34},
        {"is_odd": DenseBlock()},
        {"activation": "tanh"},
        {"angle": -1},
    ],
    ids=repr,
)
def test_a_value_outside_of_the_range_may_be_allowed(given):
    asked(Tower(**given))


def test_a_value_that_a_range_of_the_user_holds_is_checked_too():
    with pytest.raises(ValueError, match=r"'units' parameter of Tower .* Got 1 "):
        asked(Tower(units=Choice((1, 2))))


def test_only_what_is_not_given_is_searched_under_its_conditions():
    widths, names = asked(Tower())
    assert widths == [8, 8]
    assert names == {"kind": 0, "n_layers": 0, "units_0": 1, "units_1": 1, "units_2": 1}
    assert asked(Tower(kind="twisted")) == (
        [8, 8],
        {"speed": 0, "n_layers": 0, "units_0": 1, "units_1": 1, "units_2": 1},
    )
    assert asked(Tower(kind="plain", n_layers=2)) == (
        [8, 8],
        dict.fromkeys(["units_0", "units_1"], 0),
    )
    assert asked(Tower(kind="plain", n_layers=2, units=5)) == ([5, 5], {})
    assert Tower(kind=Choice(("plain",))).is_searched("kind")
    assert not Tower(kind="plain").is_searched("kind")


def test_a_proposed_range_counts_less_than_one_of_the_user():
    hp = keras_tuner.HyperParameters()
    assert Tower().choose(hp, "units", Choice((32, 64))) == 32
    hp = keras_tuner.HyperParameters()
    assert Tower(units=Choice((2, 3))).choose(hp, "units", Choice((32, 64))) == 2
    assert Tower(units=5).choose(hp, "units", Choice((32, 64))) == 5


def test_what_is_not_declared_cannot_be_chosen():
    hp = keras_tuner.HyperParameters()
    with pytest.raises(AttributeError, match=r"Tower declares no parameter 'width'"):
        Tower().choose(hp, "width")
    with pytest.raises(AttributeError, match=r"'label' of Tower is not searched"):
        Tower().choose(hp, "label")
