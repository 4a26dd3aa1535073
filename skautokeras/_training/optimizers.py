"""Keras optimizers with separate learning rates and weight decay for some weights.

They are subclasses of Keras optimizers and registered with Keras, so that a saved
network with its optimizer can be loaded wherever `skautokeras.layers` is imported.
"""

import keras
import tensorflow as tf

# Keras optimizers with a subclass here. Versions of Keras may lack some of them.
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
    """Mixin class that adds the rules of this package to an optimizer of Keras.

    Parameters
    ----------
    *args : object
        Arguments of the Keras optimizer.
    undecayed : sequence of int, default=()
        Positions of the variables that weight decay does not act on, among all
        variables that the optimizer is built with.
    own_rates : {"none", "variables", "weights"}, default="none"
        Whether each variable, or each weight in it, has a learning rate of its own.
    **kwargs : dict
        Keyword arguments of the Keras optimizer.

    Attributes
    ----------
    regularization : keras.Variable
        Share of ``weight_decay`` that acts in the next step, 1 at first.
    learning_rate_factors : list of keras.Variable
        Factors of the learning rate, one for each variable and 1 at first. The list is
        empty if ``own_rates`` is "none".

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

    # Keras reads the weight decay before the variable for its share exists.
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
        self._start = {}

    @property
    def weight_decay(self):
        """The fraction of each weight that a step removes per unit of learning rate."""
        decay = self._highest_weight_decay
        return None if decay is None else decay * self.regularization

    @weight_decay.setter
    def weight_decay(self, value):
        self._highest_weight_decay = value

    def build(self, variables):
        """Create the state of the optimizer for the variables that it updates.

        Parameters
        ----------
        variables : list of keras.Variable
            Variables to be trained.
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
            Gradient, which has the shape of the variable.
        variable : tf.Variable
            Variable to update, one of those that the optimizer was built with.
        learning_rate : tensor
            Learning rate without the factor of this variable.
        """
        if self._positions is not None:
            factor = self.learning_rate_factors[self._positions.of(variable)]
            learning_rate = learning_rate * factor
        super().update_step(gradient, variable, learning_rate)

    def keep_start(self):
        """Keep the state of the optimizer, to which `restart` returns.

        Only variables that are not zero take memory, such as the product of Nadam.
        """
        values = (variable.numpy() for variable in self.variables)
        self._start = {i: value for i, value in enumerate(values) if value.any()}

    def restart(self, learning_rate):
        """Reset the optimizer for another training.

        Parameters
        ----------
        learning_rate : float
            Learning rate of the training that begins.
        """
        for i, variable in enumerate(self.variables):
            start = self._start.get(i)
            variable.assign(keras.ops.zeros_like(variable) if start is None else start)
        self.learning_rate = learning_rate

    def get_config(self):
        """Return the configuration that `from_config` reads."""
        config = {
            "weight_decay": self._highest_weight_decay,
            "undecayed": list(self.undecayed),
            "own_rates": self.own_rates,
        }
        return {**super().get_config(), **config}


class _Positions:
    """Positions of variables, which their copies on several devices share."""

    def __init__(self, variables):
        strategy = tf.distribute.get_strategy()
        self._by_reference = {
            copy.ref(): i
            for i, variable in enumerate(variables)
            for copy in strategy.experimental_local_results(variable.value)
        }

    def of(self, variable):
        """Return the position of a variable that `update_step` receives from Keras."""
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
    """Return the subclass of a Keras optimizer that has the rules of this package.

    Parameters
    ----------
    keras_class : type
        Class of an optimizer, such as `keras.optimizers.Adam`.

    Returns
    -------
    optimizer_class : type or None
        Subclass with the rules. It is None if this module has none for the class, as
        for an optimizer of the user.

    Examples
    --------
    >>> import keras
    >>> from skautokeras._training.optimizers import optimizer_class
    >>> optimizer_class(keras.optimizers.Adam).__name__
    'AdamWithRules'
    """
    return _CLASSES.get(keras_class)
