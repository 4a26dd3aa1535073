"""The fitted network as a Keras model of its own."""

import keras

from skautokeras._state.randomness import seeded
from skautokeras._state.registry import check_registered


def export_keras_model(ensemble):
    """Return a copy of the network that nothing in the estimator depends on.

    Parameters
    ----------
    ensemble : Ensemble
        Of a fitted estimator.

    Returns
    -------
    model : keras.Model
        From a dict of model-ready arrays to a dict of outputs by head.

    Raises
    ------
    TypeError
        If a layer is a user's own and not registered with Keras.
    """
    model = ensemble.as_model()
    check_registered(model)
    with seeded(0):
        copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    return copy
