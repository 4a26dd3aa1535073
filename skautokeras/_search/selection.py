"""Selection: which trials predict together in the end.

The choice is made in two steps. While the search runs, `kept_trials` decides after each
trial which ones keep their weights and predictions. When it is over, `select_ensemble`
chooses among the trials that still have them.
"""

import math
from collections import Counter

from skautokeras._state.deadline import NO_DEADLINE
from skautokeras._training.objective import Evaluation
from skautokeras._training.probe import score_or_none

# Rounds of the greedy selection; more bring nothing (Salinas and Erickson, TabRepo,
# arXiv:2311.02971).
_ROUNDS = 25
# Trials that keep their arrays, and combinations of network types whose best trial is
# among them.
_KEPT_TRIALS = 12
_KEPT_TYPES = 6


def kept_trials(trials):
    """Return the positions of the trials that keep their arrays, the best first.

    This is the only place that decides which trials can be in an ensemble. The search
    asks after each trial and frees the arrays of all others for good. The time that is
    reserved for refits and the selection of the ensemble consider the trials that have
    arrays (`ensemble_candidates`), so they follow whatever is decided here.

    Kept are the best trials, and the best one of each of the best network types: a long
    search ends with variations of one network, and variations err alike. As arrays do
    not come back, a trial that is not kept now must not be wanted later: adding trials
    never brings one back.

    Parameters
    ----------
    trials : list of Trial
        Trials that have ended.

    Returns
    -------
    positions : list of int
    """
    ranked = ensemble_candidates(trials)
    leaders = {}
    for i in ranked:
        leaders.setdefault(network_types(trials[i].values), i)
    first = [*list(leaders.values())[:_KEPT_TYPES], *ranked]
    return sorted(list(dict.fromkeys(first))[:_KEPT_TRIALS], key=ranked.index)


def ensemble_candidates(trials):
    """Return the positions of the trials that can be in an ensemble, the best first.

    They are the completed ones whose arrays have been kept.

    Parameters
    ----------
    trials : list of Trial
        Trials that have ended.

    Returns
    -------
    positions : list of int
    """
    usable = [
        i
        for i, trial in enumerate(trials)
        if trial.y_pred is not None and trial.status == "completed"
    ]
    return best_first(trials, usable)


def network_types(values):
    """Return the network type that each block of a configuration has chosen.

    Blocks that choose among networks, such as `StructuredDataBlock`, name the choice
    ``block_type``.

    Parameters
    ----------
    values : dict of str to object
        Configuration of one trial.

    Returns
    -------
    types : tuple of (str, str)
        Hyperparameter and its value, sorted by name; empty if no block has a choice.

    Examples
    --------
    >>> from skautokeras._search import network_types
    >>> network_types({"image_block_1/block_type": "conv", "image_block_1/units": 8})
    (('image_block_1/block_type', 'conv'),)
    """
    names = (name for name in values if name.endswith("/block_type"))
    return tuple((name, values[name]) for name in sorted(names))


def select_ensemble(trials, objective, loss, size, deadline=NO_DEADLINE):
    """Choose networks whose mean is best on the validation rows.

    Greedy selection with replacement (Caruana et al., Ensemble selection from libraries
    of models, ICML 2004): the best trial first, then in each round the one that makes
    the mean of all chosen predictions best. Of equal scores, the one with the least
    loss is best, and then chosen ones come before others. What counts is the best
    round.

    Parameters
    ----------
    trials : list of Trial
        Trials of the search. Only `ensemble_candidates` can be chosen.
    objective : Objective
        Objective that scores the mean of validation predictions.
    loss : callable
        Function from predictions by head to their loss.
    size : int
        Greatest number of different trials in the ensemble.
    deadline : Deadline, default=NO_DEADLINE
        Deadline after which no network is compared with others any more.

    Returns
    -------
    weights : dict of int to float
        Position of each chosen trial -> its weight. They sum to 1.
    """
    ranked = ensemble_candidates(trials)
    chosen, best_length = [ranked[0]], 1
    total = trials[ranked[0]].y_pred
    best = _Judged(objective, Evaluation(total, loss))
    for _ in range(_ROUNDS - 1 if size > 1 else 0):
        members = set(chosen)
        pool = members if len(members) >= size else ranked
        n = len(chosen) + 1
        judged = {}
        for i in pool:
            if deadline.passed():
                break
            mean = {k: (total[k] + v) / n for k, v in trials[i].y_pred.items()}
            judged[i] = _Judged(objective, Evaluation(mean, loss), i in members)
        if len(judged) < len(pool):
            break
        winner = max(sorted(judged), key=judged.get)
        chosen.append(winner)
        total = _add(total, trials[winner].y_pred)
        if best.is_worse_than(judged[winner]):
            best, best_length = judged[winner], len(chosen)
    counts = Counter(chosen[:best_length])
    return {i: count / best_length for i, count in counts.most_common()}


class _Judged:
    """Predictions with their score, and with their loss if it has to decide.

    Parameters
    ----------
    objective : Objective
        Objective that scores predictions.
    evaluation : Evaluation
        Predictions, whose loss takes time.
    is_member : bool, default=False
        Whether the predictions need no other network.
    """

    def __init__(self, objective, evaluation, is_member=False):
        score = score_or_none(objective, evaluation)
        # A scorer that is not defined for a mean has no say in the choice.
        self._score = -math.inf if score is None else score
        self._evaluation = evaluation
        self._is_member = is_member

    def is_worse_than(self, other):
        """Return whether the score is lower, or equal with a greater loss."""
        if self._score != other._score:
            return self._score < other._score
        return self._evaluation.loss > other._evaluation.loss

    def __lt__(self, other):
        """Return whether the other one is to be preferred."""
        if self.is_worse_than(other) or other.is_worse_than(self):
            return self.is_worse_than(other)
        return self._is_member < other._is_member


def mean_outputs(trials, weights):
    """Return the weighted mean of the validation predictions of trials.

    Parameters
    ----------
    trials : list of Trial
        Trials of the search.
    weights : dict of int to float
        Position of each trial in the ensemble -> its weight.

    Returns
    -------
    y_pred : dict of str to ndarray of shape (n_samples, n_outputs)
        Predictions by the names of the heads.
    """
    names = trials[next(iter(weights))].y_pred
    return {
        name: sum(w * trials[i].y_pred[name] for i, w in weights.items())
        for name in names
    }


def best_first(trials, positions):
    """Return positions of trials, the best first; of equal ones the earlier first.

    Parameters
    ----------
    trials : list of Trial
        Trials that have ended.
    positions : iterable of int
        Positions of some of them.

    Returns
    -------
    positions : list of int
    """
    return sorted(positions, key=lambda i: trials[i].quality, reverse=True)


def _add(left, right):
    return {name: left[name] + right[name] for name in left}
