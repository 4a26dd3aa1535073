"""Calibration: one temperature per head of classes, if it improves the predictions.

Networks tend to be over-confident, and networks trained with smoothed labels tend to be
under-confident. Dividing the logits by one number, the temperature, corrects this
without changing the predicted classes (Guo et al., ICML 2017). The temperature is
learned from the validation predictions of the final ensemble, because its networks have
not been trained on these rows.
"""

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import expit, logsumexp, softmax

from skautokeras._layers.calibration import SMALLEST
from skautokeras._space.heads import probability_of_error
from skautokeras._training.objective import Evaluation
from skautokeras._training.probe import score_or_none

_BOUNDS = (np.log(0.1), np.log(10.0))  # of the log temperature
# Maximum number of rows from which a temperature is learned; more do not change it.
_ENOUGH_ROWS = 50_000


def fit_temperatures(heads, rows, y_pred, objective, loss):
    """Return the temperatures that improve the probabilities.

    A temperature is kept if it meets two conditions. First, a temperature learned from
    one half of the rows must improve the log loss of the other half. The mean
    improvement over both halves must exceed one standard error, so that it is not
    noise. Second, the temperature learned from all rows must not make the score that
    the search optimises worse. As in that score, each label is assumed to be wrong with
    the `probability_of_error`, so that rows without a mistake do not make the network
    certain.

    Parameters
    ----------
    heads : dict of str to (Head, TargetSchema)
        Heads of the graph and the schemas of their targets.
    rows : Rows
        Validation rows of the search.
    y_pred : dict of str to ndarray of shape (n_samples, n_outputs)
        Predictions of the final ensemble for these rows, by head.
    objective : Objective
        Objective that scores predictions.
    loss : callable
        Function that maps predictions by head to the loss.

    Returns
    -------
    temperatures : dict of str to (float, str)
        Temperature and activation of each head that is calibrated.
    """
    temperatures = {}
    score = score_or_none(objective, Evaluation(y_pred, loss))
    if score is None:
        return temperatures
    for name, (head, target) in heads.items():
        if not target.is_classification:
            continue
        activation = "sigmoid" if head.has_separate_outputs(target) else "softmax"
        weight = None if rows.weight is None else rows.weight[name]
        temperature = fit_temperature(y_pred[name], rows.y[name], weight, activation)
        if temperature is None:
            continue
        calibrated = calibrate(y_pred[name], temperature, activation)
        calibrated = {**y_pred, name: calibrated}
        calibrated_score = score_or_none(objective, Evaluation(calibrated, loss))
        if calibrated_score is not None and calibrated_score >= score:
            temperatures[name] = temperature, activation
            y_pred, score = calibrated, calibrated_score
    return temperatures


def fit_temperature(p, y, weight, activation):
    """Return the temperature for probabilities, or None if it is no improvement.

    Parameters
    ----------
    p : ndarray of shape (n_samples, n_outputs)
        Predicted probabilities.
    y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        Codes of the classes, or 0 and 1 for each of several labels.
    weight : ndarray of shape (n_samples,) or None
        Weights of the rows.
    activation : {"softmax", "sigmoid"}
        Activation of the head: "softmax" for probabilities of classes that sum to 1 in
        each row, "sigmoid" for one probability per label.

    Examples
    --------
    Nine of ten predictions with a probability of 99 % were right:

    >>> import numpy as np
    >>> from skautokeras._ensemble.calibration import calibrate, fit_temperature
    >>> p, y = np.full((400, 1), 0.99), np.tile([1] * 9 + [0], 40)
    >>> temperature = fit_temperature(p, y, None, "sigmoid")
    >>> calibrate(p, temperature, "sigmoid")[0].round(2)
    array([0.9])
    """
    if len(p) < 2:
        return None
    margins = _margins(p, y, activation)
    if weight is None:
        weight = np.ones(len(margins))
    before = _losses(margins, 1.0, len(margins))
    # The halves are drawn at random, because the order of the rows may have a pattern.
    half = np.random.default_rng(0).permutation(len(margins)) % 2 == 0
    gain = np.zeros(len(margins))
    for learned_from, judged in ((half, ~half), (~half, half)):
        temperature = _best_temperature(margins[learned_from], weight[learned_from])
        after = _losses(margins[judged], temperature, len(margins))
        gain[judged] = before[judged] - after
    mean = np.average(gain, weights=weight)
    standard_error = np.sqrt((weight**2 * (gain - mean) ** 2).sum()) / weight.sum()
    if mean <= standard_error:
        return None
    return _best_temperature(margins, weight)


def calibrate(p, temperature, activation):
    """Return calibrated probabilities, as the layer `Temperature` computes them.

    Parameters
    ----------
    p : ndarray of shape (n_samples, n_outputs)
        Predicted probabilities.
    temperature : float
        Number by which the logits are divided.
    activation : {"softmax", "sigmoid"}
        Activation of the head: with "softmax", the probabilities of a row sum to 1.
    """
    logits = _log(p)
    if activation == "softmax":
        return softmax(logits / temperature, axis=1)
    return expit((logits - _log(1.0 - np.asarray(p, np.float64))) / temperature)


def _log(p):
    return np.log(np.maximum(np.asarray(p, np.float64), SMALLEST))


def _margins(p, y, activation):
    """Return each logit minus the true one, of shape (n_samples, n_labels, n)."""
    if activation == "softmax":
        logits = _log(p)[:, None, :]
        y = np.asarray(y, int).reshape(-1, 1, 1)
    else:
        logits = np.stack([_log(1.0 - np.asarray(p, np.float64)), _log(p)], axis=-1)
        y = np.asarray(y, int).reshape(*logits.shape[:2], 1)
    return logits - np.take_along_axis(logits, y, axis=-1)


def _losses(margins, temperature, n_rows):
    """Return the log loss of each row, averaged over its labels: (n_samples,).

    Each label is assumed to be wrong with the `probability_of_error`. The loss for
    another label is the loss for the true one minus its margin.
    """
    error = probability_of_error(n_rows)
    mean_margin = margins.sum(axis=-1) / (margins.shape[-1] - 1)
    losses = (
        logsumexp(margins / temperature, axis=-1) - error * mean_margin / temperature
    )
    return losses.mean(axis=1)


def _best_temperature(margins, weight):
    """Return the temperature with the smallest log loss."""
    n_rows = len(margins)
    step = max(1, n_rows // _ENOUGH_ROWS)
    margins, weight = margins[::step], weight[::step]

    def loss(log_temperature):
        losses = _losses(margins, np.exp(log_temperature), n_rows)
        return np.average(losses, weights=weight)

    return float(np.exp(minimize_scalar(loss, bounds=_BOUNDS, method="bounded").x))
