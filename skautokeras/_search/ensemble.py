"""Ensemble: what predicts after a search. One network is an ensemble of one."""

from collections import Counter

import keras
import numpy as np
import tensorflow as tf

from skautokeras._layers.calibration import Temperature
from skautokeras._search import chunks
from skautokeras._search.compiled import (
    compile_function,
    in_chunks,
    output_shapes,
    rows_at_once,
    signature,
)
from skautokeras._search.network_file import from_bytes, to_bytes
from skautokeras._search.objective import Outputs

# Every chunk has this many rows, fewer of images (the last one is filled up), so that
# what is predicted for a row does not depend on the rows beside it.
PREDICT_ROWS = 512


# Rounds of the greedy selection; more bring nothing (Salinas and Erickson, TabRepo,
# arXiv:2311.02971).
_ROUNDS = 25
# Trials that are looked at, and kinds of networks whose best one is among them.
_CANDIDATES = 12
_KINDS = 6


def candidates(trials):
    """Return the positions of the trials that can be in an ensemble, the best first.

    They are the best ones, and the best one of each of the best kinds of networks: a
    long search ends with variations of one network, and variations err alike. A trial
    that is none of them never becomes one as trials are added.

    Parameters
    ----------
    trials : list of Trial
        So far.
    """
    completed = [i for i, trial in enumerate(trials) if trial.status == "completed"]
    ranked = sorted(completed, key=lambda i: -trials[i].score)
    leaders = {}
    for i in ranked:
        leaders.setdefault(trials[i].kind, i)
    first = [*list(leaders.values())[:_KINDS], *ranked]
    return sorted(list(dict.fromkeys(first))[:_CANDIDATES], key=ranked.index)


def select_ensemble(trials, objective, loss, size):
    """Choose networks whose mean is best on the validation rows.

    Greedy selection with replacement (Caruana et al., Ensemble selection from libraries
    of models, ICML 2004): the best trial first, then in each round the one that makes
    the mean of all chosen predictions best, chosen ones before others if equal. What
    counts is the best round.

    Parameters
    ----------
    trials : list of Trial
        Their validation predictions are used, those of all folds.
    objective : Objective
        Scores predictions.
    loss : callable
        From predictions by head to the loss.
    size : int
        Different networks at most.

    Returns
    -------
    weights : dict of int to float
        Position of each chosen trial -> its weight. They sum to 1.
    """
    ranked = candidates(trials)
    chosen, best_score, best_length = [ranked[0]], trials[ranked[0]].score, 1
    total = trials[ranked[0]].y_pred
    for _ in range(_ROUNDS - 1 if size > 1 else 0):
        members = set(chosen)
        pool = members if len(members) >= size else ranked
        sums = {i: _add(total, trials[i].y_pred) for i in pool}
        n = len(chosen) + 1
        scores = {
            i: objective(Outputs({k: v / n for k, v in s.items()}, loss))
            for i, s in sums.items()
        }
        winner = max(scores, key=lambda i: (scores[i], i in members, -i))
        chosen.append(winner)
        total = sums[winner]
        if scores[winner] > best_score:
            best_score, best_length = scores[winner], len(chosen)
    counts = Counter(chosen[:best_length])
    return {i: count / best_length for i, count in counts.most_common()}


def mean_outputs(trials, weights):
    """Return the weighted mean of what trials said about the validation rows.

    Parameters
    ----------
    trials : list of Trial
        All of the search.
    weights : dict of int to float
        Position of each trial that counts -> its weight.

    Returns
    -------
    y_pred : dict of str to ndarray of shape (n_samples, n_outputs)
        By the names of the heads.
    """
    names = trials[next(iter(weights))].y_pred
    return {
        name: sum(w * trials[i].y_pred[name] for i, w in weights.items())
        for name in names
    }


def _sent_rows(x, chunk_rows):
    """Return how many rows are sent to the device together: whole chunks."""
    n_rows = max(len(next(iter(x.values()))), 1)
    n_bytes = sum(array.nbytes for array in x.values()) / n_rows
    return chunk_rows * max(1, int(chunks.CHUNK_BYTES / max(n_bytes * chunk_rows, 1)))


def _add(left, right):
    return {name: left[name] + right[name] for name in left}


class Ensemble:
    """Weighted mean of the outputs of networks, calibrated where asked.

    Parameters
    ----------
    models : list of keras.Model
        Each maps the arrays of the adapter to outputs by the names of the heads.
    weights : sequence of float
        One per model; they sum to 1.
    temperatures : dict of str to (float, str), default=()
        Temperature and activation of the heads whose mean is calibrated.
    """

    def __init__(self, models, weights, temperatures=()):
        self.models = list(models)
        self.weights = [float(weight) for weight in weights]
        self.temperatures = {k: tuple(v) for k, v in dict(temperatures).items()}
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
            self._compiled = compile_function(self._outputs, [signature(x)])
        n_rows = len(next(iter(x.values())))
        size = _sent_rows(x, self._chunk_rows(x))
        parts = [
            self._predict_part({k: a[i : i + size] for k, a in x.items()})
            for i in range(0, max(n_rows, 1), size)
        ]
        return {name: np.concatenate([p[name] for p in parts]) for name in parts[0]}

    def _chunk_rows(self, x):
        return min([PREDICT_ROWS, *(rows_at_once(x, model) for model in self.models)])

    def _predict_part(self, x):
        """Return the outputs for rows that are sent to the device together."""
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
        mean = outputs[0]
        if len(outputs) > 1:
            mean = {
                name: sum(
                    w * o[name] for w, o in zip(self.weights, outputs, strict=True)
                )
                for name in outputs[0]
            }
        layers = self._calibrations()
        calibrated = {name: layer(mean[name]) for name, layer in layers.items()}
        return keras.Model(first.input, {**mean, **calibrated})

    def _calibrations(self):
        """Return the layers that calibrate heads, by name."""
        return {
            name: Temperature(*temperature, name=f"{name}_temperature")
            for name, temperature in self.temperatures.items()
        }

    def _outputs(self, x):
        shapes = output_shapes(self.models[0])
        calibrations = self._calibrations()

        def call(rows):
            outputs = [model(rows, training=False) for model in self.models]
            mean = {
                name: tf.add_n(
                    [w * o[name] for w, o in zip(self.weights, outputs, strict=True)]
                )
                for name in shapes
            }
            calibrated = {n: layer(mean[n]) for n, layer in calibrations.items()}
            return {**mean, **calibrated}

        return in_chunks(call, x, shapes, self._chunk_rows(x))

    def __getstate__(self):
        """Return the networks as files; the compiled function cannot be kept."""
        networks = [to_bytes(model) for model in self.models]
        return {
            "networks": networks,
            "weights": self.weights,
            "temperatures": self.temperatures,
        }

    def __setstate__(self, state):
        """Read the networks."""
        self.__init__(
            map(from_bytes, state["networks"]), state["weights"], state["temperatures"]
        )
