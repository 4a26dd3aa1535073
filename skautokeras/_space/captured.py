"""Layers that were made outside of a build: each network has copies of them.

A block may use a layer or a model that is older than the network that it builds: a
global, or an attribute. If networks shared it, one trial would go on where another one
has ended, and would change estimators that are fitted already.
"""

import contextlib
import functools
import threading
from contextvars import ContextVar

import keras

from skautokeras._space.unfilled import weights_are_wanted
from skautokeras._warnings import is_of

_building = ContextVar("building", default=None)


@contextlib.contextmanager
def copies_of_captured_layers():
    """Let a network be built of layers of its own only.

    Where a layer is called that is older than this context, a copy of it is called
    instead: with the same weights, or with new ones if it has none yet. The layer
    itself stays as it is, and is not built either.

    Raises
    ------
    ValueError
        If a layer cannot be copied, or if a layer that is made here calls an older one
        that is none of its attributes.

    Examples
    --------
    >>> import keras
    >>> from skautokeras._space.captured import copies_of_captured_layers
    >>> dense = keras.layers.Dense(3)
    >>> x = keras.Input((2,))
    >>> with copies_of_captured_layers():
    ...     model = keras.Model(x, dense(x))
    >>> dense in model.layers, dense.built, model.count_params()
    (False, False, 9)
    """
    with _Calls.watched():
        token = _building.set(_Building())
        try:
            yield
        finally:
            _building.reset(token)


class _Calls:
    """Tells the networks that are built which layers are made and called.

    Keras has no hook for that, so two methods of its layers are replaced as long as a
    network is built. Other threads may use Keras at the same time, and notice nothing.
    """

    lock = threading.Lock()
    n_users = 0
    users_own = None

    @classmethod
    @contextlib.contextmanager
    def watched(cls):
        """Watch all layers while the context is open."""
        layer_class = keras.layers.Layer
        with cls.lock:
            if cls.n_users == 0:
                cls.users_own = layer_class.__new__, layer_class.__call__
                layer_class.__new__ = staticmethod(_watched_new(layer_class.__new__))
                layer_class.__call__ = _watched_call(layer_class.__call__)
            cls.n_users += 1
        try:
            yield
        finally:
            with cls.lock:
                cls.n_users -= 1
                if cls.n_users == 0:
                    new, layer_class.__call__ = cls.users_own
                    layer_class.__new__ = staticmethod(new)


def _watched_new(new):
    @functools.wraps(new)
    def watched(cls, *args, **kwargs):
        layer = new(cls, *args, **kwargs)
        building = _building.get()
        if building is not None:
            building.add(layer)
        return layer

    return watched


def _watched_call(call):
    @functools.wraps(call)
    def watched(layer, *args, **kwargs):
        building = _building.get()
        if building is None:
            return call(layer, *args, **kwargs)
        own = building.own(layer)
        if own is not layer:
            return own(*args, **kwargs)
        with building.inside():
            return call(layer, *args, **kwargs)

    return watched


class _Building:
    """The layers of one network that is being built, with the copies of older ones."""

    def __init__(self):
        # Layers are told apart by their address, so those of this network are kept.
        self._made = {}
        self._copies = {}
        self._depth = 0

    def add(self, layer):
        """Take note of a layer that is made for this network."""
        self._made[id(layer)] = layer

    @contextlib.contextmanager
    def inside(self):
        """Hold that layers are called by a layer of this network."""
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1

    def own(self, layer):
        """Return a layer, or its copy if it or a layer inside of it is older."""
        if all(id(part) in self._made for part in _parts(layer)):
            return layer
        if self._depth:
            # A copy here would last as long as this call, and not be trained.
            raise ValueError(f"{_shown(layer)} is inside of a layer. {_ADVICE}")
        if id(layer) not in self._copies:
            try:
                self._copies[id(layer)] = layer, self._copy_of(layer)
            except Exception as error:
                raise ValueError(
                    f"{_shown(layer)} cannot be copied for each network: {error} "
                    f"{_ADVICE}"
                ) from error
        return self._copies[id(layer)][1]

    def _copy_of(self, layer):
        if isinstance(layer, keras.Model) and is_of(type(layer).__module__, ["keras"]):
            return keras.models.clone_model(layer, clone_function=self._part_of_copy)
        copy = type(layer).from_config(layer.get_config())
        if not layer.weights:
            return copy
        if not copy.built:
            copy.build_from_config(layer.get_build_config())
        if weights_are_wanted():
            copy.set_weights(layer.get_weights())
            # What layers compute of weights that were adapted to data.
            getattr(copy, "finalize_state", lambda: None)()
        for variable, original in zip(copy.weights, layer.weights, strict=True):
            variable.trainable = original.trainable
        return copy

    def _part_of_copy(self, operation):
        """Return a layer of a network that is copied; the others have no weights."""
        if isinstance(operation, keras.layers.Layer):
            return self.own(operation)
        return type(operation).from_config(operation.get_config())


_ADVICE = "Make layers inside of build."


def _shown(layer):
    return (
        f"The {type(layer).__name__} {layer.name!r}, which was made outside of build,"
    )


def _parts(layer):
    """Return a layer and all layers that it holds, as attributes or in lists."""
    found, waiting = {}, [layer]
    while waiting:
        part = waiting.pop()
        if isinstance(part, keras.layers.Layer) and id(part) not in found:
            found[id(part)] = part
            for value in vars(part).values():
                waiting += value if isinstance(value, list | tuple) else [value]
    return list(found.values())
