"""Findings: what a report warns of, in sentences."""

import numpy as np

from skautokeras._data.profile import features_of
from skautokeras.inspection._report.texts import counted

# A feature that explains so much of the target is either a leak or the answer.
_TELLS_ALL = 0.9
# Rows of a class without which it can hardly be learned.
_FEW_ROWS = 10
# Share of copies among rows that is worth telling.
_MANY_COPIES = 0.01
# A difference of distributions that is worth telling, where there are enough rows.
_DRIFT, _ENOUGH_ROWS = 0.2, 30
_MOST_NAMED = 8
# Trainings whose best epoch is later than this share of them were still learning.
_LATE = 0.75


def findings_about_data(estimator):
    """Return sentences about the data that the estimator was fitted on.

    Parameters
    ----------
    estimator : estimator
        Fitted estimator.

    Returns
    -------
    findings : list of str
    """
    profile = estimator._profile
    found = []
    leaks = sorted(profile.features, key=lambda f: -f.strength)
    for feature in leaks[:_MOST_NAMED]:
        if feature.strength > _TELLS_ALL:
            found.append(
                f"Column {feature.name!r} by itself explains {feature.strength:.0%} of "
                "the target. Make sure that it is known when predictions are made: it "
                "may be a consequence of the target."
            )
    columns = estimator._adapter.describe_columns()
    constant = columns.loc[columns["kind"] == "constant", "name"].tolist()
    if constant:
        found.append(f"Columns with one value were left out: {_named(constant)}.")
    for name, other in profile.copies[:_MOST_NAMED]:
        found.append(f"Column {name!r} has the same information as {other!r}.")
    if profile.n_repeated > _MANY_COPIES * profile.n_looked_at:
        found.append(
            f"{profile.n_repeated:,} of {counted(profile.n_looked_at, 'row')} are "
            "copies of another row, as far as a network can see."
        )
    if profile.n_shared:
        found.append(
            f"{counted(profile.n_shared, 'validation row')}: a training row looks the "
            "same, so validation scores may be too good. A splitter passed as `cv` can "
            "keep such rows together."
        )
    found += _findings_about_classes(estimator, profile)
    return found


def _findings_about_classes(estimator, profile):
    """Return sentences about classes with few rows."""
    found = []
    for name, counts in profile.classes.items():
        labels = estimator._targets.class_adapters[name].classes_
        few = [
            f"{label} ({count})"
            for label, count in zip(labels, counts, strict=True)
            if count < _FEW_ROWS
        ]
        if few:
            found.append(
                f"Classes with fewer than {_FEW_ROWS} rows can hardly be learned: "
                f"{_named(few)}."
            )
    return found


def findings_about_search(record):
    """Return sentences about how the search went.

    Parameters
    ----------
    record : SearchRecord
        Record of the search.

    Returns
    -------
    findings : list of str
    """
    found = []
    failed = [trial for trial in record.trials if trial.error]
    if failed:
        found.append(
            f"{len(failed)} of {counted(len(record.trials), 'trial')} failed: "
            f"{failed[0].error}"
        )
    members = [
        t for t, weight in zip(record.trials, record.weights, strict=True) if weight > 0
    ]
    if any(map(_was_still_learning, members)):
        found.append(
            "The time has ended the training of a network of the final model while it "
            "was still learning. A larger `max_time` may give a better one."
        )
    refitted = [
        done
        for done, weight in zip(record.refitted, record.weights, strict=True)
        if weight > 0
    ]
    if any(refitted) and not all(refitted):
        found.append("There was no time to refit all networks of the final model.")
    return found


def _was_still_learning(trial):
    """Return whether the time has ended a training soon after its best epoch."""
    return trial.cut and trial.best_epoch >= _LATE * trial.epochs


def drifts(estimator, arrays):
    """Return by how much other rows differ from those of the fit.

    Parameters
    ----------
    estimator : estimator
        Fitted estimator.
    arrays : dict of str to ndarray
        Other rows as the adapter of the estimator has made them.

    Returns
    -------
    drifts : list of (str, float)
        Name and difference of each feature, the greatest difference first. Empty if
        there are too few rows.
    """
    n_rows = len(next(iter(arrays.values()))) if arrays else 0
    if n_rows < _ENOUGH_ROWS:
        return []
    profiles = {f.name: f for f in estimator._profile.features}
    found = [
        (f.name, profiles[f.name].drift(np.asarray(f.values)))
        for f in features_of(estimator._adapter, arrays)
        if f.name in profiles
    ]
    return sorted(found, key=lambda pair: -pair[1])


def findings_about_drift(drifts):
    """Return a sentence about features that differ in other rows.

    Parameters
    ----------
    drifts : list of (str, float)
        Result of `drifts`.

    Returns
    -------
    findings : list of str
    """
    changed = [f"{name} ({drift:.2f})" for name, drift in drifts if drift > _DRIFT]
    if not changed:
        return []
    return [
        "The rows of this report differ from those of the fit in the distribution of "
        f"{_named(changed)}. Predictions are less reliable there."
    ]


def _named(names):
    """Return some names as text, and how many more there are."""
    shown = ", ".join(map(str, names[:_MOST_NAMED]))
    n_more = len(names) - _MOST_NAMED
    return f"{shown} and {n_more} more" if n_more > 0 else shown
