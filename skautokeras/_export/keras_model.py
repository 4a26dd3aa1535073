"""Export of the fitted network as an independent Keras model."""

import keras

from skautokeras._state.copies import checked_copy
from skautokeras._state.randomness import seeded
from skautokeras._state.registry import check_registered


def export_keras_model(ensemble, *, name=None, is_traced=False):
    """Return a copy of the network, which shares nothing with the estimator.

    Parameters
    ----------
    ensemble : Ensemble
        Fitted ensemble to export.
    name : str or None, default=None
        Name of the model. If None, Keras chooses one.
    is_traced : bool, default=False
        Whether the model is only traced, as for formats that hold operations in the
        place of layers. The layers themselves are used then if they cannot be copied.

    Returns
    -------
    model : keras.Model
        Model that maps a dict of model-ready arrays to a dict of outputs by head.

    Raises
    ------
    TypeError
        If a layer was written by the user and is not registered with Keras, or if its
        configuration does not tell all that it computes.
    """
    model = ensemble.as_model()
    try:
        check_registered(model)
        copy = checked_copy(model, lambda: _cloned(model))
    except TypeError:
        if not is_traced:
            raise
        copy = model
    if name is None:
        return copy
    return keras.Model(copy.input, copy.output, name=name)


def _cloned(model):
    """Return a network with copies of all layers and weights."""
    with seeded(0):
        copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    return copy


def symbolic_vectors(adapter, arrays):
    """Return the vectors that pretrained models make of the tokens of texts.

    Parameters
    ----------
    adapter : XAdapter
        Fitted adapter of X.
    arrays : dict of str to keras.KerasTensor
        Arrays of the adapter, with those of tokens.

    Returns
    -------
    vectors : dict of str to keras.KerasTensor
        Vectors by the names of their arrays. The layers are copies.
    """
    encoders = (adapter.encoders or {}).items()
    models = {preset: _cloned(encoder.as_model()) for preset, encoder in encoders}
    return adapter.vectors(arrays, models)


def export_from_tokens(network, adapter):
    """Return a network that starts from tokens in the place of vectors.

    Parameters
    ----------
    network : keras.Model
        Network from a dict of the arrays of the adapter.
    adapter : XAdapter
        Fitted adapter of X.

    Returns
    -------
    network : keras.Model
        The network itself if there are no vectors.
    """
    if not adapter.encoders:
        return network
    tensors = {
        name: keras.Input(x.shape[1:], dtype=x.dtype, name=name)
        for name, x in network.input.items()
    }
    vectors = symbolic_vectors(adapter, tensors)
    outputs = network({**tensors, **vectors})
    kept = {name: x for name, x in tensors.items() if name not in vectors}
    return keras.Model(kept, outputs)
