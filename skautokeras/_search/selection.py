"""Selection: which trials predict together in the end."""

from collections import Counter

from skautokeras._training.objective import Evaluation

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
            i: objective(Evaluation({k: v / n for k, v in s.items()}, loss))
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


def _add(left, right):
    return {name: left[name] + right[name] for name in left}
