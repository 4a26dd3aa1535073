"""Parameters of a block, declared once: range, default, validation and description.

A declaration is an attribute of the class. From all of them the base class of blocks
makes the constructor, the validation and the section on parameters of the docstring.

>>> import inspect
>>> from skautokeras import Block, Choice, Fixed, Searched
>>> class Tower(Block):
...     "Dense layers."
...
...     units = Searched(Choice((32, 64)), at_least=1, doc="Width of all layers.")
...     activation = Fixed(str, default="relu", doc="Name of a Keras activation.")
>>> inspect.signature(Tower)
<Signature (*, units=None, activation='relu')>
>>> Tower(units=16)
Tower(units=16)
>>> for line in inspect.getdoc(Tower).splitlines()[4:]:
...     print(line)
units : int, range or None, default=None
    Width of all layers. If None, 32 and 64 are tried, 32 first.
activation : str, default="relu"
    Name of a Keras activation.
"""

import inspect
import json
import re
import textwrap
from dataclasses import dataclass, field, make_dataclass
from numbers import Integral, Real

from skautokeras._sklearn import (
    HasMethods,
    Interval,
    Options,
    StrOptions,
    validate_parameter_constraints,
)
from skautokeras._space.hyperparameters import Boolean, Choice, Float, Int, is_searched

_NUMBERS = {int: Integral, float: Real}
_CLOSED = {
    (False, False): "neither",
    (True, False): "left",
    (False, True): "right",
    (True, True): "both",
}
# Lines of a docstring are as long as those of the code, less the indent of a class.
_WIDTH = 84


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """What every declared parameter has: what its values may be, and a description."""

    at_least: float | None = field(default=None, repr=False)
    at_most: float | None = field(default=None, repr=False)
    above: float | None = field(default=None, repr=False)
    below: float | None = field(default=None, repr=False)
    allowed: object = field(default=None, repr=False)
    expected: str | None = field(default=None, repr=False)
    doc: str = field(repr=False)

    def _constraints(self):
        """Return what a value may be, as scikit-learn's validation takes it."""
        return [self._constraint(kind) for kind in self._kinds()]

    def _constraint(self, kind):
        """Return what a value of one type may be."""
        if kind is bool:
            return "boolean"
        allowed = self._options()
        if kind is str and allowed:
            return StrOptions(set(allowed))
        if kind not in _NUMBERS:
            return kind
        if allowed:
            return Options(_NUMBERS[kind], set(allowed))
        bounds = [self.at_least, self.above, self.at_most, self.below]
        if bounds == [None] * 4:
            return _NUMBERS[kind]
        low = self.above if self.at_least is None else self.at_least
        high = self.below if self.at_most is None else self.at_most
        closed = _CLOSED[self.at_least is not None, self.at_most is not None]
        return Interval(_NUMBERS[kind], low, high, closed=closed)

    def _refuses(self, value):
        """Return whether a function says that a value is not allowed."""
        return callable(self.allowed) and not (
            is_searched(value) or self.allowed(value)
        )

    def _options(self):
        """Return the values that are allowed, empty where they are not listed."""
        return () if self.allowed is None or callable(self.allowed) else self.allowed

    def _kinds(self):
        """Return the types that a value may have."""
        raise NotImplementedError

    def _describe(self, name):
        """Return the entry of the parameter in the docstring of its class."""
        kinds = [_type_name(kind) for kind in self._kinds()]
        if self._options():
            kinds[0] = f"{{{', '.join(map(_literal, self._options()))}}}"
        kinds += self._other_kinds()
        types = " or ".join(filter(None, [", ".join(kinds[:-1]), kinds[-1]]))
        head = f"{name} : {types}, default={_literal(self.default)}"
        body = textwrap.fill(" ".join([self.doc, *self._remarks()]), _WIDTH - 4)
        return f"{head}\n{textwrap.indent(body, ' ' * 4)}"

    def _other_kinds(self):
        """Return what else a value may be, in words."""
        return ["None"] * (self.default is None)

    def _remarks(self):
        """Return what the docstring says behind the description."""
        return []


class _RangeLike(HasMethods):
    """Constraint of a range, which error messages show by an example."""

    def __init__(self, example):
        super().__init__("suggest")
        self._example = example

    def __str__(self):
        return f"a range such as {self._example!r}"


@dataclass(frozen=True)
class Searched(Declaration):
    """Declare a parameter of a block that is searched unless the user gives a value.

    The default is None. `Block.choose` returns the value in `build`: the one that was
    given, or one of the range.

    Parameters
    ----------
    range : Choice, Int, Float or Boolean
        Range that is searched where the user gives neither a value nor another range.
    types : tuple of type, default=()
        Further types that a value may have, besides that of the values of the range.
    at_least, at_most : float or None, default=None
        Bounds of a value, which are themselves allowed. A user may give values outside
        of the range.
    above, below : float or None, default=None
        Bounds of a value, which are not allowed themselves.
    allowed : tuple, callable or None, default=None
        Values that are allowed, or a function that returns whether a value is. If None,
        strings must be among those of the range.
    expected : str or None, default=None
        Words for the error message where ``allowed`` is a function: "the name of a
        layer" is preceded by "must be".
    doc : str
        Description for the docstring of the class.

    Examples
    --------
    >>> import keras
    >>> from skautokeras import Block, Int, Searched
    >>> class Tower(Block):
    ...     n_layers = Searched(Int(1, 3, default=2), at_least=1, doc="Layers in all.")
    ...
    ...     def build(self, hp, inputs):
    ...         for _ in range(self.choose(hp, "n_layers")):
    ...             inputs = keras.layers.Dense(32, activation="relu")(inputs)
    ...         return inputs
    >>> Tower(n_layers=5)
    Tower(n_layers=5)
    """

    range: object
    types: tuple = ()

    default = None

    def _constraints(self):
        """Return what a value may be: a range, or None, as well."""
        return [*super()._constraints(), _RangeLike(self.range), None]

    def _options(self):
        """Return the values that are allowed: by default the strings of the range."""
        if self.allowed is None and self._kind() is str:
            return self.range.values
        return super()._options()

    def _other_kinds(self):
        """Return what else a value may be, in words: the user may give a range."""
        return ["range", "None"]

    def _kinds(self):
        """Return the type of the values of the range, and further ones."""
        return [self._kind(), *self.types]

    def _kind(self):
        if isinstance(self.range, Choice):
            return type(self.range.values[0])
        return {Int: int, Float: float, Boolean: bool}.get(type(self.range), object)

    def _remarks(self):
        """Return which values are tried, unless the description says it."""
        return [] if "If None" in self.doc else [f"If None, {_in_words(self.range)}."]


@dataclass(frozen=True)
class Fixed(Declaration):
    """Declare a parameter of a block that is not searched.

    Parameters
    ----------
    types : type or tuple of type
        Type of a value, or several.
    default : object, default=None
        Value where the user gives none. None is allowed if it is the default.
    at_least, at_most : float or None, default=None
        Bounds of a number, which are themselves allowed.
    above, below : float or None, default=None
        Bounds of a number, which are not allowed themselves.
    allowed : tuple, callable or None, default=None
        Values that are allowed, or a function that returns whether a value is.
    expected : str or None, default=None
        Words for the error message where ``allowed`` is a function: "the name of a
        layer" is preceded by "must be".
    doc : str
        Description for the docstring of the class.

    Examples
    --------
    >>> from skautokeras import Block, Fixed
    >>> class Noise(Block):
    ...     amount = Fixed(float, default=0.1, at_least=0, doc="Standard deviation.")
    >>> Noise(amount=0.5)
    Noise(amount=0.5)
    """

    types: object
    default: object = None

    def _constraints(self):
        """Return what a value may be: None if it is the default."""
        found = super()._constraints()
        return [*found, None] if self.default is None else found

    def _kinds(self):
        """Return the types that were given."""
        return list(self.types) if isinstance(self.types, tuple) else [self.types]


def declared(cls):
    """Return the declarations of a class and its bases by name, the base's first.

    Parameters
    ----------
    cls : type
        Its attributes are the declarations.
    """
    found = {}
    for base in reversed(cls.__mro__):
        here = vars(base).items()
        found |= {name: item for name, item in here if isinstance(item, Declaration)}
    return found


def complete_class(cls):
    """Give a class the constructor and the docstring that its declarations describe.

    A constructor that is written out, and a docstring that has a section on parameters,
    stay as they are.

    Parameters
    ----------
    cls : type
        Its attributes are the declarations.
    """
    declarations = declared(cls)
    cls._parameter_constraints = {
        name: item._constraints()
        for name, item in declarations.items()
        if not callable(item.allowed)
    }
    if not declarations or not _is_made(cls.__init__):
        return
    cls.__init__ = _constructor(cls, declarations)
    doc = vars(cls).get("__doc__")
    if doc and not re.search(r"^\s*Parameters\s*\n\s*-+$", doc, re.MULTILINE):
        cls.__doc__ = _with_parameters(inspect.cleandoc(doc), declarations)


def _is_made(constructor):
    """Return whether nobody has written a constructor."""
    return constructor is object.__init__ or hasattr(constructor, "made_for")


def _constructor(cls, declarations):
    """Return a function that stores the parameters as they are, by name only."""
    fields = [(name, object, item.default) for name, item in declarations.items()]
    constructor = make_dataclass(cls.__name__, fields, kw_only=True).__init__
    constructor.__qualname__ = f"{cls.__qualname__}.__init__"
    constructor.__module__ = cls.__module__
    constructor.__annotations__ = {}
    constructor.made_for = cls
    return constructor


def _with_parameters(doc, declarations):
    """Return a docstring with the section on parameters before all other sections."""
    entries = [item._describe(name) for name, item in declarations.items()]
    section = "\n".join(["Parameters", "----------", *entries])
    heading = re.search(r"^\w[\w ]*\n-+$", doc, re.MULTILINE)
    place = len(doc) if heading is None else heading.start()
    parts = [doc[:place].rstrip(), section, doc[place:]]
    return "\n\n".join(filter(None, parts))


def check_parameters(block, **chosen):
    """Raise unless the parameters of a block are what its declarations allow.

    Parameters
    ----------
    block : Block
        Its class has the declarations.
    **chosen : object
        Parameters that have been chosen from their range by now.

    Raises
    ------
    ValueError
        With the name of the parameter and scikit-learn's wording.
    """
    values = {**vars(block), **chosen}
    validate_parameter_constraints(
        block._parameter_constraints, values, caller_name=type(block).__name__
    )
    for name, item in declared(type(block)).items():
        if name in values and item._refuses(values[name]):
            raise ValueError(
                f"The {name!r} parameter of {type(block).__name__} must be "
                f"{item.expected}. Got {values[name]!r} instead."
            )


def _in_words(searched):
    """Return which values of a range are tried, and which is the first."""
    if isinstance(searched, Boolean):
        return f"both are tried, {searched.default} first"
    if isinstance(searched, Choice):
        *others, last = map(_literal, searched.values)
        first = searched.values[0] if searched.default is None else searched.default
        values = f"{', '.join(others)} and {last}" if others else last
        return f"{values} are tried, {_literal(first)} first"
    if isinstance(searched, Int | Float):
        first = searched.low if searched.default is None else searched.default
        step = getattr(searched, "step", None)
        how = "" if step is None else f" in steps of {step}"
        if searched.sampling == "log":
            how = ", evenly on a logarithmic scale,"
        bounds = f"from {searched.low} to {searched.high}"
        return f"values {bounds}{how} are tried, {first} first"
    return "it is searched"


def _literal(value):
    """Return a value as it stands in code, strings in double quotes."""
    return json.dumps(value) if isinstance(value, str) else repr(value)


def _type_name(kind):
    """Return what a docstring calls a type."""
    names = {callable: "callable", object: "object"}
    return names.get(kind) or {"PathLike": "path"}.get(kind.__name__, kind.__name__)
