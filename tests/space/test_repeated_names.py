"""A hyperparameter that a build declares twice has one value, as in KerasTuner."""

import keras_tuner
import pytest

from skautokeras._space.proposed import Proposed


def declared_twice(hp):
    """Return both values of a name whose bounds differ."""
    return hp.Int("u", 8, 16), hp.Int("u", 2, 4)


def declared_in_a_loop(hp):
    """Return the values of a name whose bounds become narrower."""
    return [hp.Int("u", 4, 32 // (i + 1)) for i in range(3)]


def of_several_types(hp):
    """Return the values of a name that is a boolean, a number and a choice."""
    return hp.Boolean("u"), hp.Int("u", 2, 4), hp.Float("u", 0.5, 0.7)


def declared_as_fixed(hp):
    """Return the values of a name that is fixed first."""
    return hp.Fixed("u", 3), hp.Choice("u", [1, 2])


def chosen_from_other_values(hp):
    """Return the values of a name that has other choices later."""
    return hp.Choice("u", [8, 16]), hp.Choice("u", [1, 2, 4])


DECLARATIONS = [
    declared_twice,
    declared_in_a_loop,
    of_several_types,
    declared_as_fixed,
    chosen_from_other_values,
]


@pytest.mark.parametrize("declare", DECLARATIONS)
def test_defaults_are_those_of_keras_tuner(declare):
    assert declare(Proposed({})) == declare(keras_tuner.HyperParameters())


@pytest.mark.parametrize("declare", DECLARATIONS)
@pytest.mark.parametrize("proposed", [0, 3, 12, 100])
def test_the_value_that_is_kept_builds_the_same_again(declare, proposed):
    hp = Proposed({"u": proposed})
    values = declare(hp)
    assert list(values) == [hp.values["u"]] * len(values)
    assert declare(Proposed(hp.values)) == values


def test_what_another_condition_declares_counts_only_where_it_holds():
    def declare(hp):
        is_big = hp.Boolean("is_big")
        with hp.conditional_scope("is_big", [True]):
            first = hp.Int("u", 8, 16)
        return is_big, first, hp.Int("u", 2, 4)

    assert declare(Proposed({"is_big": True, "u": 10})) == (True, 10, 10)
    assert declare(Proposed({"is_big": False, "u": 10})) == (False, None, 4)


def test_the_same_name_in_another_scope_is_another_hyperparameter():
    hp = Proposed({"a/u": 10, "b/u": 10})
    with hp.name_scope("a"):
        assert hp.Int("u", 8, 16) == 10
    with hp.name_scope("b"):
        assert hp.Int("u", 2, 4) == 4
