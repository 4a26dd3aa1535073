"""Simulation of searches on stored predictions."""

from dataclasses import dataclass

import numpy as np
from sklearn.metrics import r2_score, roc_auc_score

from benchmarks.harness.error_ratios import least_error

# Least probability, as Keras has it.
_LEAST = 1e-7


@dataclass(frozen=True, eq=False)
class Member:
    """Predictions of one candidate.

    Attributes
    ----------
    valid, test : ndarray of shape (n_rows, n_outputs)
        Predictions for the validation rows and for the rows that were left out.
    loss : float
        Loss of the validation predictions.
    seconds : float
        Time of its training.
    """

    valid: np.ndarray
    test: np.ndarray
    loss: float
    seconds: float


class Judge:
    """Losses and scores of predictions for one table.

    Parameters
    ----------
    table : Table
        Facts about the table.
    targets : Targets
        Targets of its rows.
    """

    def __init__(self, table, targets):
        self._table = table
        self._targets = targets
        self._is_class = table.kind != "regression"
        self._doubt = 1.0 / (len(targets.valid) + 2)

    def loss(self, valid):
        """Return the loss by which the package compares validation predictions.

        Labels are softened as `ClassificationHead.soften_validation_labels` says.
        """
        y = np.ravel(self._targets.valid)
        if not self._is_class:
            return float(np.mean((valid[:, 0] - y) ** 2))
        p = np.clip(_both(valid), _LEAST, 1 - _LEAST)
        p = p / p.sum(axis=1, keepdims=True)
        n = p.shape[1]
        amount = n / (n - 1) * self._doubt
        logs = np.log(p)
        own = logs[np.arange(len(y)), y.astype(int)]
        return float(-np.mean((1 - amount) * own + amount * logs.mean(axis=1)))

    def ratio(self, test):
        """Return the error on the rows left out over that of the reference."""
        floor = least_error(self._table.n_test_rows)
        error = max(1.0 - self._score(test), floor)
        return error / max(self._table.reference_error, floor)

    def _score(self, test):
        y = np.ravel(self._targets.test)
        if not self._is_class:
            return r2_score(y, test[:, 0])
        p = _both(test)
        if self._table.metric == "AUC":
            return roc_auc_score(y, p[:, 1])
        return float(np.mean(p.argmax(axis=1) == y))


def _both(p):
    """Return the probabilities of all classes."""
    return np.hstack([1 - p, p]) if p.shape[1] == 1 else p


def read_members(bank, table, names):
    """Return the `Member` of each candidate that was trained on a table."""
    results = {r.candidate: r for r in bank.results() if r.table == table}
    members = {}
    for name in names:
        result = results.get(name)
        if result is not None and result.error is None:
            valid, test = bank.predictions(table, name)
            members[name] = Member(valid, test, result.loss, result.seconds)
    return members


def greedy_weights(members, loss, *, size=5, rounds=25, n_start=1, least_weight=0.0):
    """Return the weights of members whose mean has the least validation loss.

    Parameters
    ----------
    members : dict of str to Member
        Members to choose from.
    loss : callable
        Function from validation predictions to their loss.
    size : int, default=5
        Maximum number of different members.
    rounds : int, default=25
        Maximum number of additions.
    n_start : int, default=1
        Number of best members whose mean the selection begins with.
    least_weight : float, default=0.0
        Members of a smaller weight are left out.

    Returns
    -------
    weights : dict of str to float
        Weights that sum to 1.
    """
    ranked = sorted(members, key=lambda name: members[name].loss)
    chosen = ranked[:n_start]
    total = sum(members[name].valid for name in chosen)
    best_loss, best_length = loss(total / len(chosen)), len(chosen)
    while len(chosen) < rounds and size > 1:
        pool = set(chosen) if len(set(chosen)) >= size else ranked
        losses = {
            name: loss((total + members[name].valid) / (len(chosen) + 1))
            for name in pool
        }
        winner = min(losses, key=lambda name: (losses[name], name not in chosen))
        chosen.append(winner)
        total = total + members[winner].valid
        if losses[winner] < best_loss:
            best_loss, best_length = losses[winner], len(chosen)
    chosen = chosen[:best_length]
    weights = {name: chosen.count(name) / len(chosen) for name in dict.fromkeys(chosen)}
    kept = {k: w for k, w in weights.items() if w >= least_weight} or weights
    return {name: w / sum(kept.values()) for name, w in kept.items()}


def ensemble_ratio(members, weights, judge):
    """Return the error of an ensemble on the rows left out, over the reference's."""
    return judge.ratio(sum(w * members[name].test for name, w in weights.items()))
