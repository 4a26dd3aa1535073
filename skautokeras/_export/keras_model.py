"""Export of the fitted network as an independent Keras model."""

import keras

from skautokeras._state.randomness import seeded
from skautokeras._state.registry import check_registered


def export_keras_model(ensemble, *, name=None):
    """Return a copy of the network, which shares nothing with the estimator.

    Parameters
    ----------
    ensemble : Ensemble
        Fitted ensemble to export.
    name : str or None, default=None
        Name of the model. If None, Keras chooses one.

    Returns
    -------
    model : keras.Model
        Model that maps a dict of model-ready arrays to a dict of outputs by head.

    Raises
    ------
    TypeError
        If a layer was written by the user and is not registered with Keras.
    """
    model = ensemble.as_model()
    check_registered(model)
    with seeded(0):
        copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    if name is None:
        return copy
    return keras.Model(copy.input, copy.output, name=name)
