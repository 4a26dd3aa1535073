"""Random search with cross-validation, for as long as a budget of seconds lasts.

`RandomizedSearchCV` counts candidates; this draws them from the same `ParameterSampler`
and scores them by the same cross-validation until the time is spent.
"""

import time
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
from scipy.stats import loguniform, uniform
from sklearn.base import clone, is_classifier
from sklearn.metrics import get_scorer
from sklearn.model_selection import KFold, ParameterSampler, StratifiedKFold

N_FOLDS = 5
# The last training, on all rows, takes so many times as long as that of one fold.
FINAL_TRAINING = N_FOLDS / (N_FOLDS - 1)
_MORE_THAN_ENOUGH = 100_000


@dataclass(frozen=True)
class Found:
    """What a search has found.

    Attributes
    ----------
    estimator : estimator
        With the best parameters, not fitted.
    params : dict
        These parameters, as far as they were drawn.
    score : float
        Mean over the folds; greater is better.
    fit_seconds : float
        Of a training on all folds but one.
    n_candidates : int
        Candidates that were trained on all folds.
    """

    estimator: object
    params: dict
    score: float
    fit_seconds: float
    n_candidates: int = 1


def draw_boosting(seed, n_categories=0):
    """Return candidates for histogram gradient boosting.

    Parameters
    ----------
    seed : int
        Of the draws.
    n_categories : int, default=0
        The most categories of a column; a model has no fewer bins.

    Returns
    -------
    iterable of dict
        Parameters. The first candidate are the defaults.
    """
    distributions = {
        "learning_rate": loguniform(0.01, 0.3),
        "max_leaf_nodes": _whole_numbers(4, 256),
        "min_samples_leaf": _whole_numbers(1, 200),
        "l2_regularization": loguniform(1e-4, 100),
        "max_features": uniform(0.3, 0.7),
        "max_bins": [n for n in (63, 127, 255) if n >= n_categories],
    }
    sampler = ParameterSampler(distributions, _MORE_THAN_ENOUGH, random_state=seed)
    return chain([{}], map(_as_json, sampler))


def _whole_numbers(low, high):
    """Return whole numbers that grow by about the same factor."""
    return np.unique(np.geomspace(low, high, 40).round().astype(int)).tolist()


def _as_json(params):
    """Return parameters without types of NumPy."""
    return {k: v.item() if hasattr(v, "item") else v for k, v in params.items()}


def random_search(estimator, X, y, candidates, *, seed, deadline):
    """Cross-validate candidates until a final training just fits into the time.

    Parameters
    ----------
    estimator : estimator
        Not fitted.
    X : DataFrame of shape (n_samples, n_features)
        Training rows.
    y : Series of shape (n_samples,)
        Their target.
    candidates : iterable of dict
        Parameters to set.
    seed : int
        Of the folds.
    deadline : float
        When the final training should have ended, by `time.perf_counter`. The first
        candidate is always tried; one whose folds do not all end in time is given up.

    Returns
    -------
    Found
    """
    folds = _make_folds(estimator, X, y, seed)
    found, tried, seconds = None, 0, []
    for params in candidates:
        candidate, scores = clone(estimator).set_params(**params), []
        for fold in folds:
            if found is not None:
                needed = np.mean(seconds) + FINAL_TRAINING * found.fit_seconds
                if time.perf_counter() + needed > deadline:
                    return replace(found, n_candidates=tried)
            started = time.perf_counter()
            scores.append(_score_fold(candidate, X, y, fold))
            seconds.append(time.perf_counter() - started)
        tried += 1
        score, fit_seconds = float(np.mean(scores)), float(np.mean(seconds[-N_FOLDS:]))
        if found is None or score > found.score:
            found = Found(clone(candidate), params, score, fit_seconds)
    return replace(found, n_candidates=tried)


def _make_folds(estimator, X, y, seed):
    make = StratifiedKFold if is_classifier(estimator) else KFold
    return list(make(N_FOLDS, shuffle=True, random_state=seed).split(X, y))


def _score_fold(estimator, X, y, fold):
    """Return the log loss or the RMSE of one fold, with its sign turned."""
    train, valid = fold
    name = "neg_log_loss" if is_classifier(estimator) else "neg_root_mean_squared_error"
    estimator.fit(X.iloc[train], y.iloc[train])
    return get_scorer(name)(estimator, X.iloc[valid], y.iloc[valid])
