"""Random search with cross-validation that ends after a number of seconds.

`RandomizedSearchCV` ends after a number of candidates. This search also draws them from
a `ParameterSampler` and cross-validates them, but it goes on until the time is spent.
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
# Expected time of the final training on all rows, as a multiple of that of one fold.
FINAL_TRAINING = N_FOLDS / (N_FOLDS - 1)
_MORE_THAN_ENOUGH = 100_000


@dataclass(frozen=True)
class SearchResult:
    """The result of a random search.

    Attributes
    ----------
    estimator : estimator
        Estimator with the best parameters, not fitted.
    params : dict
        The best candidate.
    score : float
        Mean score of the best candidate over the folds; greater is better.
    fit_seconds : float
        Mean seconds of a training of the best candidate on all folds but one.
    n_candidates : int, default=1
        Number of candidates that were trained on all folds.
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
        Seed of the draws.
    n_categories : int, default=0
        Greatest number of categories in one column. No candidate has fewer bins.

    Returns
    -------
    candidates : iterable of dict
        Parameters. The first candidate is empty, which means the defaults.
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
    """Return whole numbers of which each is about the same multiple of the last."""
    return np.unique(np.geomspace(low, high, 40).round().astype(int)).tolist()


def _as_json(params):
    """Return parameters with Python numbers instead of those of NumPy."""
    return {k: v.item() if hasattr(v, "item") else v for k, v in params.items()}


def random_search(estimator, X, y, candidates, *, seed, deadline):
    """Cross-validate candidates, and leave enough time for a final training.

    Parameters
    ----------
    estimator : estimator
        Estimator that is not fitted.
    X : DataFrame of shape (n_samples, n_features)
        Training rows.
    y : Series of shape (n_samples,)
        Target.
    candidates : iterable of dict
        Parameters to try.
    seed : int
        Seed of the folds.
    deadline : float
        Time of `time.perf_counter` at which the final training should have ended. The
        first candidate is always tried. A later candidate is given up if not all of
        its folds end in time.

    Returns
    -------
    result : SearchResult
    """
    folds = _make_folds(estimator, X, y, seed)
    best, tried, seconds = None, 0, []
    for params in candidates:
        candidate, scores = clone(estimator).set_params(**params), []
        for fold in folds:
            if best is not None:
                needed = np.mean(seconds) + FINAL_TRAINING * best.fit_seconds
                if time.perf_counter() + needed > deadline:
                    return replace(best, n_candidates=tried)
            started = time.perf_counter()
            scores.append(_score_fold(candidate, X, y, fold))
            seconds.append(time.perf_counter() - started)
        tried += 1
        score, fit_seconds = float(np.mean(scores)), float(np.mean(seconds[-N_FOLDS:]))
        if best is None or score > best.score:
            best = SearchResult(clone(candidate), params, score, fit_seconds)
    return replace(best, n_candidates=tried)


def _make_folds(estimator, X, y, seed):
    make = StratifiedKFold if is_classifier(estimator) else KFold
    return list(make(N_FOLDS, shuffle=True, random_state=seed).split(X, y))


def _score_fold(estimator, X, y, fold):
    """Return the negative log loss or the negative RMSE of one fold."""
    train, valid = fold
    name = "neg_log_loss" if is_classifier(estimator) else "neg_root_mean_squared_error"
    estimator.fit(X.iloc[train], y.iloc[train])
    return get_scorer(name)(estimator, X.iloc[valid], y.iloc[valid])
