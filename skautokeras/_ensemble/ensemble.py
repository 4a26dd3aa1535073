"""Ensemble: the networks that predict after a search, of which there may be one."""

import math

import keras
import numpy as np
import tensorflow as tf

from skautokeras._layers.calibration import Temperature
from skautokeras._search.cost import count_flops
from skautokeras._state.keras_door import through_the_door
from skautokeras._state.names import saved_as
from skautokeras._state.networks import from_bytes, to_bytes
from skautokeras._training.inference import in_chunks, output_shapes, rows_at_once
from skautokeras._training.streaming import STREAMING
from skautokeras._training.tracing import compile_function, signature

# Number of rows per chunk; it is smaller for images. The last chunk is filled up to the
# same number, so that the prediction for a row does not depend on the other rows.
PREDICT_ROWS = 512
# Floating-point operations that take some milliseconds on any machine.
_QUICK_FLOPS = 1e8


def _sent_rows(x, chunk_rows, chunk_size):
    """Return the number of rows, in whole chunks, that go to the device at once."""
    n_rows = max(len(next(iter(x.values()))), 1)
    n_bytes = sum(array.nbytes for array in x.values()) / n_rows
    return chunk_rows * max(1, int(chunk_size / max(n_bytes * chunk_rows, 1)))


@saved_as("Ensemble")
class Ensemble:
    """Weighted mean of the outputs of networks, calibrated if there are temperatures.

    Parameters
    ----------
    models : list of keras.Model
        Networks that map the arrays of the adapter to outputs by the names of the
        heads.
    weights : sequence of float
        Weights of the models in the mean, which sum to 1.
    temperatures : dict of str to (float, str), default=()
        Temperature and activation of the heads whose mean is calibrated.
    streaming : Streaming, default=STREAMING
        Settings that limit the data that is sent to the device at once.
    """

    # These attributes belong to the process and are not saved. An ensemble that is read
    # from a file starts with the values below.
    _left_out = ("_compiled", "_n_chunk_rows", "_streaming")
    _compiled = None
    _n_chunk_rows = None
    _streaming = STREAMING

    def __init__(self, models, weights, temperatures=(), streaming=STREAMING):
        self.models = list(models)
        self.weights = [float(weight) for weight in weights]
        self.temperatures = {k: tuple(v) for k, v in dict(temperatures).items()}
        self._streaming = streaming

    @through_the_door
    def predict(self, x):
        """Return the outputs for some rows.

        Parameters
        ----------
        x : dict of str to ndarray
            Arrays that the adapter has returned for the rows.

        Returns
        -------
        y_pred : dict of str to ndarray of shape (n_samples, n_outputs), dtype float32
            Outputs by the names of the heads.
        """
        if self._compiled is None:
            self._compiled = compile_function(self._outputs, [signature(x)])
        n_rows = len(next(iter(x.values())))
        size = _sent_rows(x, self._chunk_rows(x), self._streaming.chunk_size)
        parts = [
            self._predict_part({k: a[i : i + size] for k, a in x.items()})
            for i in range(0, max(n_rows, 1), size)
        ]
        return {name: np.concatenate([p[name] for p in parts]) for name in parts[0]}

    def _chunk_rows(self, x):
        """Return the number of rows of a chunk, which is the same for all predictions.

        Prediction of one row takes as long as that of a chunk, so that a chunk of much
        arithmetic, as images need, has few rows.
        """
        if self._n_chunk_rows is None:
            flops = sum(map(count_flops, self.models))
            quick = 2 ** int(math.log2(max(_QUICK_FLOPS / max(flops, 1), 1)))
            limits = (rows_at_once(x, model) for model in self.models)
            self._n_chunk_rows = min([PREDICT_ROWS, quick, *limits])
        return self._n_chunk_rows

    def _predict_part(self, x):
        """Return the outputs for rows that are sent to the device at once."""
        n_rows = len(next(iter(x.values())))
        padded = -n_rows % self._chunk_rows(x)
        filled = {
            name: np.concatenate([a, np.zeros((padded, *a.shape[1:]), a.dtype)])
            for name, a in x.items()
        }
        outputs = self._compiled({k: tf.constant(v) for k, v in filled.items()})
        return {name: y.numpy()[:n_rows] for name, y in outputs.items()}

    def as_model(self):
        """Return the ensemble as one `keras.Model`."""
        if len(self.models) == 1 and not self.temperatures:
            return self.models[0]
        first = self.models[0]
        outputs = [model(first.input) for model in self.models]
        return keras.Model(first.input, self._joined(outputs, self._calibrations()))

    def _joined(self, outputs, calibrations):
        """Return the outputs of the ensemble, from those of its networks."""
        mean = outputs[0]
        if len(outputs) > 1:
            pairs = list(zip(self.weights, outputs, strict=True))
            mean = {name: sum(w * o[name] for w, o in pairs) for name in mean}
        return {**mean, **{n: layer(mean[n]) for n, layer in calibrations.items()}}

    def _calibrations(self):
        """Return the layers that calibrate heads, by the names of the heads."""
        return {
            name: Temperature(*temperature, name=f"{name}_temperature")
            for name, temperature in self.temperatures.items()
        }

    def _outputs(self, x):
        shapes = output_shapes(self.models[0])
        calibrations = self._calibrations()

        def call(rows):
            outputs = [model(rows, training=False) for model in self.models]
            return self._joined(outputs, calibrations)

        return in_chunks(call, x, shapes, self._chunk_rows(x))

    @through_the_door
    def __getstate__(self):
        """Return the networks as bytes; the compiled function cannot be saved."""
        networks = [to_bytes(model) for model in self.models]
        return {
            "networks": networks,
            "weights": self.weights,
            "temperatures": self.temperatures,
        }

    @through_the_door
    def __setstate__(self, state):
        """Restore the networks from their bytes."""
        self.__init__(
            map(from_bytes, state["networks"]), state["weights"], state["temperatures"]
        )
