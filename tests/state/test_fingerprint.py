"""Equal searches have equal fingerprints, in every process; others do not."""

import copy
import functools
import re
import subprocess
import sys
from functools import cached_property, partial, partialmethod

import keras
import numpy as np
import pytest
from sklearn.metrics import make_scorer, mean_pinball_loss

from skautokeras import Block, Choice, Searched
from skautokeras._state import fingerprint


def weighted(factor):
    """Return a function that encloses a number."""
    return lambda y_true, y_pred: factor * (y_true - y_pred)


def scorer(alpha):
    return make_scorer(mean_pinball_loss, alpha=alpha, greater_is_better=False)


class Slow(keras.losses.Loss):
    """A user's loss."""

    def __init__(self, factor):
        super().__init__()
        self.factor = factor


class Weighted(keras.losses.Loss):
    """A user's loss with attributes that are not plain values."""

    def __init__(self, attribute):
        super().__init__()
        self.attribute = attribute


class Unfinished(Weighted):
    """A user's loss that Keras cannot write down."""

    def get_config(self):
        raise NotImplementedError


class Named:
    """A user's function with settings."""

    def __init__(self, factor):
        self.factor = factor

    def __call__(self, y_true, y_pred):
        return self.factor * (y_true - y_pred)

    def method(self, y_true, y_pred):
        return self(y_true, y_pred)


class Slotted:
    """A user's function that keeps its settings in slots."""

    __slots__ = ("__hidden", "factor")

    def __init__(self, factor):
        self.factor = 0
        self.__hidden = factor


class Whole(int):
    """A number of the user's own."""


class Word(str):
    """A string of the user's own."""

    __slots__ = ()


def with_keyword(n):
    def loss(y_true, y_pred, *, alpha=n):
        return alpha * (y_true - y_pred)

    return loss


def with_attribute(n):
    def loss(y_true, y_pred):
        return y_true - y_pred

    loss.greater_is_better = bool(n - 1)
    return loss


def with_inner_function(n):
    source = f"def loss(y):\n    return (lambda z: (lambda x: x * {n})(z))(y)"
    return defined(source, "loss")


def with_parameters(n):
    return defined(f"def loss({('a, b', 'b, a')[n - 1]}): return 1", "loss")


def with_more_parameters(n):
    return defined(f"def loss({'*' * n}more): return more", "loss")


def defined(source, name):
    """Return what a piece of code defines."""
    names = {}
    exec(source, names)
    return names[name]


def wrapping(n):
    @functools.wraps(keras.losses.mean_squared_error)
    def loss(y_true, y_pred):
        return n * keras.losses.mean_squared_error(y_true, y_pred)

    return loss


def class_with(value):
    """Return a class of the user with an attribute."""
    return type("Mine", (), {"attribute": value})


def property_of(n):
    def found(self):
        return n

    return cached_property(found)


def block_with(n):
    class Tower(Block):
        """A block of the user."""

        units = Searched(Choice((8, 16 * n)), at_least=1, doc="Width of the layers.")

    return Tower


@pytest.mark.parametrize(
    "make",
    [
        int,
        lambda n: [1, n],
        lambda n: {"a": n},
        lambda n: np.full(3, n),
        lambda n: np.array([n, "x"], dtype=object),
        lambda n: {n, "x"},
        lambda n: keras.losses.Huber(delta=n),
        lambda n: keras.metrics.AUC(num_thresholds=100 * n, name="auc"),
        Slow,
        scorer,
        weighted,
        lambda n: partial(weighted, n),
        lambda n: Slow(n).call,
        with_keyword,
        with_attribute,
        with_inner_function,
        with_parameters,
        with_more_parameters,
        wrapping,
        lambda n: partial(weighted, factor=n),
        lambda n: partial(partial(weighted, factor=n)),
        Named,
        lambda n: Named(n).method,
        Slotted,
        lambda n: {"a": n}.get,
        lambda n: Weighted(np.array([1.0, n])),
        lambda n: Weighted(weighted(n)),
        lambda n: Weighted(keras.losses.Huber(delta=n)),
        lambda n: Weighted(Named(n)),
        lambda n: keras.metrics.MeanMetricWrapper(with_keyword(n), name="mine"),
        lambda n: Unfinished(np.array([1.0, n])),
        lambda n: class_with(np.array([n])),
        lambda n: class_with({n, "x"}),
        lambda n: class_with(frozenset({n})),
        lambda n: class_with(partial(weighted, n)),
        lambda n: class_with(partialmethod(weighted, n)),
        lambda n: class_with(staticmethod(partial(weighted, n))),
        lambda n: class_with(property_of(n)),
        lambda n: class_with(class_with(n)),
        lambda n: class_with({"loss": weighted(n)}),
        lambda n: class_with(Named(n)),
        lambda n: class_with(np.array([n]))(),
        block_with,
        lambda n: block_with(n)(),
        Whole,
        Word,
        lambda n: re.compile("a" * (300 + n)),
    ],
    ids=range(47),
)
def test_equal_values_have_equal_fingerprints_and_others_do_not(make):
    assert fingerprint(make(1)) == fingerprint(make(1))
    assert fingerprint(make(1)) != fingerprint(make(2))


def test_functions_are_told_apart_by_their_code():
    first, same, other = (lambda y: y + 1), (lambda y: y + 1), (lambda y: y + 2)
    assert fingerprint(first) == fingerprint(same) != fingerprint(other)


def test_what_is_done_with_a_class_does_not_change_its_fingerprint():
    before = fingerprint(Named), fingerprint(Named(1))
    copy.copy(Named(1))  # Python notes in the class that there are no slots.
    assert (fingerprint(Named), fingerprint(Named(1))) == before


def test_a_function_may_enclose_a_module_and_a_name_without_a_value():
    def enclosing(module):
        def loss(y_true, y_pred):
            return module.abs(later)

        if module is None:
            later = 1
        return loss

    found = {fingerprint(enclosing(module)) for module in (np, keras.ops, np)}
    assert len(found) == 2


def test_a_value_may_contain_itself():
    value = {"a": 1}
    value["self"] = value
    assert fingerprint(value) == fingerprint(value)


def test_fingerprints_are_the_same_in_another_process():
    code = (
        "import keras\n"
        "from sklearn.metrics import accuracy_score\n"
        "from skautokeras._state import fingerprint\n"
        "def loss(y_true, y_pred):\n"
        "    return (lambda: {'a', 'b', 'c'})() and y_true - y_pred\n"
        "class Mine(keras.losses.Loss):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.inner = keras.losses.Huber()\n"
        "        self.function = keras.losses.mean_absolute_error\n"
        "print(fingerprint([loss, keras.losses.Huber(), keras.losses.Huber,\n"
        "    {'a', 'b', 'c'}, accuracy_score, object(), Mine(), Mine,\n"
        "    keras.losses.mean_absolute_error, keras.metrics.AUC(name='auc')]))\n"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, check=True
        ).stdout
        for _ in range(2)
    }
    assert len(found) == 1


def block_class(activation="relu", width=8, edited=False):
    """Return a class of the user, as its file defines it."""

    class Mine:
        size = width

        def build(self, x):
            return [x, activation] if edited else x

    return Mine


@pytest.mark.parametrize(
    "changes", [{"activation": "tanh"}, {"width": 9}, {"edited": True}], ids=str
)
def test_edited_code_is_another_search(changes):
    first = {"edited": True} if "activation" in changes else {}
    assert fingerprint(block_class(**first)) == fingerprint(block_class(**first))
    assert fingerprint(block_class(**first)) != fingerprint(
        block_class(**{**first, **changes})
    )
    assert fingerprint(block_class(**first)()) != fingerprint(
        block_class(**{**first, **changes})()
    )
