"""Ensemble: what predicts after a search. One network is an ensemble of one."""

import keras
import numpy as np
import tensorflow as tf

from skautokeras._search.trainer import in_chunks, output_shapes

# Every chunk has exactly this many rows (the last one is filled up), so that what is
# predicted for a row does not depend on the rows beside it.
PREDICT_ROWS = 512


class Ensemble:
    """Weighted mean of the outputs of networks.

    Parameters
    ----------
    models : list of keras.Model
        Each maps the arrays of the adapter to outputs by the names of the heads.
    weights : sequence of float
        One per model; they sum to 1.
    """

    def __init__(self, models, weights):
        self.models = list(models)
        self.weights = [float(weight) for weight in weights]
        self._compiled = None

    def predict(self, x):
        """Return the outputs for some rows.

        Parameters
        ----------
        x : dict of str to ndarray
            Arrays of the adapter.

        Returns
        -------
        y_pred : dict of str to ndarray of shape (n_samples, n_outputs), dtype float32
            By the names of the heads.
        """
        if self._compiled is None:
            self._compiled = tf.function(
                self._outputs, autograph=False, input_signature=[_signature(x)]
            )
        n_rows = len(next(iter(x.values())))
        padded = -n_rows % PREDICT_ROWS
        filled = {
            name: np.concatenate([a, np.zeros((padded, *a.shape[1:]), a.dtype)])
            for name, a in x.items()
        }
        outputs = self._compiled({k: tf.constant(v) for k, v in filled.items()})
        return {name: y.numpy()[:n_rows] for name, y in outputs.items()}

    def as_model(self):
        """Return the ensemble as one `keras.Model`."""
        if len(self.models) == 1:
            return self.models[0]
        first = self.models[0]
        outputs = [model(first.input) for model in self.models]
        mean = {
            name: sum(w * o[name] for w, o in zip(self.weights, outputs, strict=True))
            for name in outputs[0]
        }
        return keras.Model(first.input, mean)

    def _outputs(self, x):
        shapes = output_shapes(self.models[0])

        def call(rows):
            outputs = [model(rows, training=False) for model in self.models]
            return {
                name: tf.add_n(
                    [w * o[name] for w, o in zip(self.weights, outputs, strict=True)]
                )
                for name in shapes
            }

        return in_chunks(call, x, shapes, PREDICT_ROWS)

    def __getstate__(self):
        """Leave the compiled function out: it cannot be pickled."""
        return {**vars(self), "_compiled": None}


def _signature(x):
    """Return the shapes of the arrays, any number of rows."""
    return {name: tf.TensorSpec((None, *a.shape[1:]), a.dtype) for name, a in x.items()}
