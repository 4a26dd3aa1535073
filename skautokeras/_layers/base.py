"""Layer: the base class of layers that change how their network is trained."""

import contextlib

import keras
from keras import ops


class LayerTraits:
    """The traits of layers that the training depends on, with their usual values.

    Subclasses of `Layer` can have other values; its docstring describes the traits.
    All other layers, such as those of Keras, have the values of this class.

    Examples
    --------
    >>> from skautokeras._layers.base import LayerTraits
    >>> LayerTraits.preprocessing, LayerTraits.learning_rate_factor
    (False, None)
    """

    preprocessing = False
    uncompiled_config = ()
    max_rows_at_once = None
    uses_weight_decay = True
    learning_rate_factor = None
    relative_rates = None
    frozen_until = 0.0
    starts_from_data = False
    starts_from_targets = False


class Layer(LayerTraits, keras.layers.Layer):
    """Base class of Keras layers that change how their network is trained.

    It is an ordinary `keras.layers.Layer`. A subclass overrides the attributes below by
    class attributes or properties. A layer that keeps all their defaults does not need
    this class and can be derived from `keras.layers.Layer` directly.

    Parameters
    ----------
    **kwargs : dict
        Arguments of `keras.layers.Layer`, such as ``name`` and ``dtype``.

    Attributes
    ----------
    preprocessing : bool, default=False
        Whether the layer treats rows one by one and learns nothing. If such layers are
        at the beginning of a network, they are applied once to all rows before the
        training, instead of once per epoch.
    uncompiled_config : tuple of str, default=()
        Names of entries of `get_config` that no compiled function depends on, because
        their values are held in variables or matter only before the training. Networks
        that differ only in these entries share one compiled function.
    max_rows_at_once : int or None, default=None
        Maximum number of rows that the layer takes at once when nothing is learned,
        which limits its memory. If None, there is no limit.
    uses_weight_decay : bool, default=True
        Whether weight decay acts on the weights of the layer. It never acts on weights
        whose names end with "bias", "gamma", "beta" or "embeddings", nor on layers with
        a ``learning_rate_factor``.
    learning_rate_factor : float or None, default=None
        Factor by which the learning rate of all weights of the layer is multiplied.
        If None, the learning rate is that of the training.
    relative_rates : sequence of float or None, default=None
        Further factors on the learning rate of a layer with a ``learning_rate_factor``,
        one for each of its ``trainable_variables``. If None, all of them are 1.
    frozen_until : float, default=0.0
        Fraction of the training, from 0 to 1, during which a layer with a
        ``learning_rate_factor`` is frozen, while other layers learn to use its output.
        It is rounded to whole epochs.
    starts_from_data : bool, default=False
        Whether the layer draws its weights again before a training, by means of the
        training rows. It then has a method ``start_from(x, rng)``, which is called once
        with the inputs of the layer for some training rows, a float64 array, and with a
        `numpy.random.Generator`.
    starts_from_targets : bool, default=False
        Whether the layer is fitted to the targets of the training rows before a
        training. It then has an attribute ``head``, the name of the head whose targets
        it needs, and a method ``start_from(x, rng, *, y, weight, valid, n_iterations,
        deadline)``. The method is called once with the inputs of the layer for all
        training rows, with their targets and weights, with the same three for the
        validation rows, if there are any, and with the deadline of the training. It
        returns the number of iterations that it has made. If ``n_iterations`` is not
        None, it is the number of iterations to make. No trained layer may come before
        it.

    Examples
    --------
    The weights of this layer are not decayed and have half of the learning rate:

    >>> import keras
    >>> import numpy as np
    >>> from skautokeras.layers import Layer
    >>> @keras.saving.register_keras_serializable("my_package")
    ... class Gate(Layer):
    ...     learning_rate_factor = 0.5
    ...
    ...     def build(self, input_shape):
    ...         self.gate = self.add_weight(shape=(input_shape[-1],), name="gate")
    ...
    ...     def call(self, x):
    ...         return x * keras.ops.sigmoid(self.gate)
    >>> Gate()(np.ones((2, 3))).shape
    TensorShape([2, 3])
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self._starting_rng = None

    def __call__(self, *args, **kwargs):
        """Return the output. In `starting_from_data`, draw the weights again before."""
        if self._starting_rng is not None:
            rng, self._starting_rng = self._starting_rng, None
            if not self.built:
                self.build(args[0].shape)
            self.start_from(ops.convert_to_numpy(args[0]).astype("float64"), rng)
        return super().__call__(*args, **kwargs)

    def start_from(self, x, rng):
        """Draw the weights again, so that they suit the training rows.

        Layers with ``starts_from_data`` override this method.

        Parameters
        ----------
        x : ndarray of shape (n_rows, ...), dtype float64
            Inputs of the layer for some training rows.
        rng : numpy.random.Generator
            Source of the random numbers.
        """
        raise NotImplementedError


class WrapperLayer(Layer):
    """Base class of layers around a network or another layer.

    A subclass names its argument that is wrapped in ``wrapped``. The configuration
    holds that of what is wrapped, without weights.
    """

    wrapped = "network"

    def get_config(self):
        """Return the configuration for `from_config`."""
        inner = keras.saving.serialize_keras_object(getattr(self, self.wrapped))
        return {**super().get_config(), self.wrapped: inner}

    @classmethod
    def from_config(cls, config):
        """Return the layer that a configuration describes, with random weights.

        Parameters
        ----------
        config : dict
            Configuration that `get_config` returned.

        Returns
        -------
        layer : WrapperLayer
        """
        inner = keras.saving.deserialize_keras_object(config[cls.wrapped])
        return cls(**{**config, cls.wrapped: inner})


def traits_of(layer):
    """Return the traits of a layer that the training of its network depends on.

    Parameters
    ----------
    layer : keras.layers.Layer or keras.Operation
        Layer of a network, of this package or not.

    Returns
    -------
    traits : LayerTraits
        The layer itself if it has the traits, else an object with their usual values.

    Examples
    --------
    >>> import keras
    >>> from skautokeras._layers.base import traits_of
    >>> traits_of(keras.layers.Dense(3)).uses_weight_decay
    True
    """
    return layer if isinstance(layer, LayerTraits) else _USUAL_TRAITS


_USUAL_TRAITS = LayerTraits()


def walk(network):
    """Yield all layers of a network, which includes the layers of nested networks.

    Parameters
    ----------
    network : keras.Model
        Functional or sequential network.

    Yields
    ------
    layer : keras.layers.Layer
        Layer of the network. A nested `keras.Model` is replaced by its own layers.

    Examples
    --------
    >>> import keras
    >>> from skautokeras._layers.base import walk
    >>> inner = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    >>> outer = keras.Sequential([inner, keras.layers.Dense(1)])
    >>> [layer.units for layer in walk(outer)]
    [3, 1]
    """
    for layer in network.layers:
        if isinstance(layer, keras.Model):
            yield from walk(layer)
        else:
            yield layer


def inputs_read(model, names):
    """Return those of some inputs of a network that its outputs depend on.

    Parameters
    ----------
    model : keras.Model
        Functional network from a dict of tensors.
    names : iterable of str
        Names of inputs.

    Returns
    -------
    read : tuple of str

    Examples
    --------
    >>> import keras
    >>> from skautokeras._layers.base import inputs_read
    >>> x = {name: keras.Input((1,), name=name) for name in "ab"}
    >>> inputs_read(keras.Model(x, keras.layers.Dense(1)(x["b"])), ["a", "b"])
    ('b',)
    """
    return tuple(name for name in names if _is_read(model, name))


def _is_read(model, name):
    others = {other: x for other, x in model.input.items() if other != name}
    try:
        # A layer that is shared only tells what it was called on first.
        keras.Model(others, model.output)
    except ValueError:
        return True
    return False


@contextlib.contextmanager
def starting_from_data(layers, rng):
    """Let layers start from the data of their next call.

    Parameters
    ----------
    layers : list of Layer
        Layers of one network that have a method ``start_from``.
    rng : numpy.random.Generator
        Source of the random numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._layers.base import starting_from_data
    >>> from skautokeras._layers.dense import NTKDense
    >>> layer, rng = NTKDense(3), np.random.default_rng(0)
    >>> x = 100 * rng.standard_normal((9, 2))
    >>> with starting_from_data([layer], rng):
    ...     y = layer(x)
    >>> y.numpy().std(axis=0).round(3)
    array([1., 1., 1.], dtype=float32)
    """
    for layer in layers:
        layer._starting_rng = rng
    try:
        yield
    finally:
        for layer in layers:
            layer._starting_rng = None
