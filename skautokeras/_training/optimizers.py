"""Keras optimizers whose weights may differ in learning rate and in weight decay.

They are subclasses of those of Keras and registered with it, so that a file of a
network with its optimizer can be read wherever `skautokeras.layers` is imported.
"""

import keras
import tensorflow as tf

# Optimizers of Keras that have a subclass here, where Keras has them.
_OF_KERAS = (
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Ftrl",
    "Lamb",
    "Lion",
    "Nadam",
    "RMSprop",
    "SGD",
)


class WeightRules:
    """What all optimizers here have in common; it stands before one of Keras as a base.

    Parameters
    ----------
    *args : object
        Arguments of the optimizer of Keras.
    undecayed : sequence of int, default=()
        Positions, among the variables that the optimizer is built with, of those that
        weight decay leaves alone.
    own_rates : {"none", "variables", "weights"}, default="none"
        Whether each variable, or each weight in it, has a learning rate of its own.
    **kwargs : dict
        Arguments of the optimizer of Keras.

    Attributes
    ----------
    regularization : keras.Variable
        Share of ``weight_decay`` that acts in the next step, 1 at first.
    learning_rate_factors : list of keras.Variable
        Factors of the learning rate, one for each variable and 1 at first; empty
        without ``own_rates``.

    Examples
    --------
    >>> import keras
    >>> from skautokeras._training.optimizers import optimizer_class
    >>> optimizer = optimizer_class(keras.optimizers.SGD)(0.1, own_rates="weights")
    >>> weights = keras.Variable([1.0, 1.0])
    >>> optimizer.build([weights])
    >>> _ = optimizer.learning_rate_factors[0].assign([1.0, 0.0])
    >>> optimizer.apply([keras.ops.ones(2)], [weights])
    >>> weights.numpy()
    array([0.9, 1. ], dtype=float32)
    """

    # Keras asks for the weight decay before there is a variable for its share.
    regularization = 1.0

    def __init__(self, *args, undecayed=(), own_rates="none", **kwargs):
        super().__init__(*args, **kwargs)
        self.undecayed = tuple(undecayed)
        self.own_rates = own_rates
        self.regularization = self.add_variable(
            (), "ones", aggregation="only_first_replica", name="regularization"
        )
        self.learning_rate_factors = []
        self._positions = None

    @property
    def weight_decay(self):
        """What a step takes away from each weight, as a share of the learning rate."""
        decay = self._highest_weight_decay
        return None if decay is None else decay * self.regularization

    @weight_decay.setter
    def weight_decay(self, value):
        self._highest_weight_decay = value

    def build(self, variables):
        """Create the state for these variables.

        Parameters
        ----------
        variables : list of keras.Variable
            What is trained.
        """
        if self.built:
            return
        kept = [variables[i] for i in self.undecayed]
        self.exclude_from_weight_decay(var_list=kept)
        super().build(variables)
        if self.own_rates != "none":
            by_weight = self.own_rates == "weights"
            self._positions = _Positions(variables)
            self.learning_rate_factors = [
                self.add_variable(v.shape if by_weight else (), "ones", name="factor")
                for v in variables
            ]

    def update_step(self, gradient, variable, learning_rate):
        """Update a variable by its gradient.

        Parameters
        ----------
        gradient : tensor
            Of the variable's shape.
        variable : tf.Variable
            One of those the optimizer was built with.
        learning_rate : tensor
            Without the factor of this variable.
        """
        if self._positions is not None:
            factor = self.learning_rate_factors[self._positions.of(variable)]
            learning_rate = learning_rate * factor
        super().update_step(gradient, variable, learning_rate)

    def restart(self, learning_rate):
        """Forget all steps.

        Parameters
        ----------
        learning_rate : float
            Of the training that begins.
        """
        for variable in self.variables:
            variable.assign(keras.ops.zeros_like(variable))
        for variable in (self.regularization, *self.learning_rate_factors):
            variable.assign(keras.ops.ones_like(variable))
        self.learning_rate = learning_rate

    def get_config(self):
        """Return what `from_config` needs."""
        config = {
            "weight_decay": self._highest_weight_decay,
            "undecayed": list(self.undecayed),
            "own_rates": self.own_rates,
        }
        return {**super().get_config(), **config}


class _Positions:
    """Positions of variables in a list, also of their copies on several devices."""

    def __init__(self, variables):
        strategy = tf.distribute.get_strategy()
        self._by_reference = {
            copy.ref(): i
            for i, variable in enumerate(variables)
            for copy in strategy.experimental_local_results(variable.value)
        }

    def of(self, variable):
        """Return the position of a variable, given as Keras updates it."""
        return self._by_reference[variable.ref()]


def _with_rules(keras_class):
    name = f"{keras_class.__name__}WithRules"
    made = type(name, (WeightRules, keras_class), {"__module__": __name__})
    return keras.saving.register_keras_serializable("skautokeras")(made)


_CLASSES = {
    keras_class: _with_rules(keras_class)
    for keras_class in (getattr(keras.optimizers, name, None) for name in _OF_KERAS)
    if keras_class is not None
}


def optimizer_class(keras_class):
    """Return the subclass of an optimizer of Keras that has the rules of this package.

    Parameters
    ----------
    keras_class : type
        A class of `keras.optimizers`.

    Returns
    -------
    optimizer_class : type or None
        None: the class is not one of Keras.

    Examples
    --------
    >>> import keras
    >>> from skautokeras._training.optimizers import optimizer_class
    >>> optimizer_class(keras.optimizers.Adam).__name__
    'AdamWithRules'
    """
    return _CLASSES.get(keras_class)
