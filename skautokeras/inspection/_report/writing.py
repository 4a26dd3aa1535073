"""Writing: collects the parts of a report and fills the template."""

import importlib.metadata
import platform
import statistics
import time
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.inspection import permutation_importance

from skautokeras import __version__
from skautokeras._data.containers import to_pandas
from skautokeras._data.rows import n_rows, take_rows
from skautokeras._data.table import is_table
from skautokeras._state.files import write_whole
from skautokeras.inspection._ensemble import EnsembleDisplay
from skautokeras.inspection._hyperparameters import (
    HyperparameterImportanceDisplay,
)
from skautokeras.inspection._report.figures import Figures
from skautokeras.inspection._report.findings import (
    drifts,
    findings_about_data,
    findings_about_drift,
    findings_about_search,
)
from skautokeras.inspection._report.quality import judge
from skautokeras.inspection._report.rows import shown_rows
from skautokeras.inspection._trials import SearchDisplay, TrainingDisplay

_PACKAGES = (
    "scikit-learn",
    "keras",
    "tensorflow",
    "keras-tuner",
    "numpy",
    "pandas",
)
# Rows of tables that are shown.
_MOST_TRIALS, _MOST_COLUMNS, _MOST_DRIFTS = 20, 200, 15
# Rows and columns for the importances, and rows for everything else.
_ROWS_OF_IMPORTANCE, _COLUMNS_OF_IMPORTANCE, _N_REPEATS = 500, 60, 3
_MOST_ROWS = 20_000


def write_report(estimator, path, X=None, y=None, sample_weight=None):
    """Write a report about a fitted estimator to an HTML file.

    Parameters
    ----------
    estimator : estimator
        Fitted estimator.
    path : str or path-like
        Path of the file.
    X, y : object, default=None
        Rows that the estimator was not fitted on, in a form that `fit` takes.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of these rows.

    Raises
    ------
    ImportError
        If jinja2 or matplotlib is not installed.
    ValueError
        If one of X and y is passed without the other.
    """
    if (X is None) != (y is None):
        raise ValueError("Pass both X and y, or none of them.")
    template = _template()
    figures = Figures()
    record = estimator.search_
    context = {
        "estimator": type(estimator).__name__,
        "code": repr(estimator),
        "record": record,
        "facts": _facts(estimator, record),
        "findings": findings_about_data(estimator) + findings_about_search(record),
        "columns": _columns(estimator),
        "classes": _classes(estimator),
        "searched": _drawn_search(record, figures),
        "board": _board(record),
        "versions": _versions(),
        "parameters": _parameters(estimator),
    }
    if X is not None:
        judged = _judged(estimator, X, y, sample_weight, figures)
        context["findings"] += findings_about_drift(judged["drifts"])
        context["judged"] = judged
    write_whole(Path(path), template.render(context).encode("utf-8"))


def _template():
    try:
        import jinja2
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise ImportError(
            "A report needs other packages: pip install 'skautokeras[plot]'."
        ) from error
    environment = jinja2.Environment(autoescape=True, trim_blocks=True)
    environment.filters["number"] = _number
    source = files("skautokeras.inspection._report").joinpath("template.html")
    return environment.from_string(source.read_text(encoding="utf-8"))


def _number(value):
    """Return a number as text, as exact as a reader needs it."""
    if pd.isna(value):
        return ""
    if isinstance(value, bool | np.bool_):
        return "yes" if value else ""
    if isinstance(value, int | np.integer):
        return f"{value:,}"
    return f"{value:.4g}" if isinstance(value, float | np.floating) else str(value)


def _facts(estimator, record):
    """Return pairs of a fact and its value, for the beginning of the report."""
    board = record.leaderboard
    members = board[board["weight"] > 0]
    networks = [f"{m.kind or 'network'} ({m.weight:.0%})" for m in members.itertuples()]
    facts = [
        ("Rows", f"{estimator._profile.n_rows:,}"),
        ("Trials", f"{len(board)} in {record.seconds:.0f} s"),
        ("Networks of the final model", ", ".join(networks)),
        (f"Validation {record.scoring}", f"{record.score:.4g}"),
    ]
    for name in record.metric_names:
        facts.append((f"Validation {name} of the best trial", f"{board[name][0]:.4g}"))
    refitted = int(members["refitted"].sum())
    facts.append(("Refitted on all rows", f"{refitted} of {len(members)}"))
    return facts


def _columns(estimator):
    """Return what each column was taken for, as a list of dicts."""
    report = estimator._adapter.describe_columns()
    if report["input"].nunique() < 2:
        report = report.drop(columns="input")
    shown = report.head(_MOST_COLUMNS).to_dict("records")
    return {
        "names": list(report),
        "rows": shown,
        "n_more": len(report) - len(shown),
    }


def _classes(estimator):
    """Return the classes of each head with their numbers of rows."""
    return {
        name: list(
            zip(
                map(str, estimator._targets.class_adapters[name].classes_),
                counts,
                strict=True,
            )
        )
        for name, counts in estimator._profile.classes.items()
        if len(counts) <= _MOST_TRIALS
    }


def _drawn_search(record, figures):
    """Return the figures about the search."""
    drawn = []
    with figures.axes(drawn, "Score of every trial", 7.2) as ax:
        SearchDisplay.from_search(record, ax=ax)
    height = 1.2 + 0.4 * sum(weight > 0 for weight in record.weights)
    with figures.axes(drawn, "Networks of the final model", 7.2, height) as ax:
        EnsembleDisplay.from_search(record, ax=ax)
    if "val_score" in record.histories:
        with figures.axes(drawn, "Validation score over the epochs", 7.2) as ax:
            TrainingDisplay.from_search(record, ax=ax)
    try:
        importance = HyperparameterImportanceDisplay.from_search(record, ax=_no_axes())
    except ValueError:
        return drawn  # There are too few trials to tell.
    if importance.r2 > 0:
        with figures.axes(drawn, "Hyperparameters that mattered", 7.2, 3.8) as ax:
            importance.plot(ax=ax)
    return drawn


def _no_axes():
    """Return axes of a figure that is not kept."""
    from matplotlib.figure import Figure

    return Figure().subplots()


def _board(record):
    """Return the head of the leaderboard."""
    board = record.summary
    rows = board.head(_MOST_TRIALS).astype(object).values.tolist()
    return {"names": list(board), "rows": rows, "n_more": len(board) - len(rows)}


def _versions():
    """Return the versions of the packages that decide about a fit."""
    versions = {"Python": platform.python_version(), "skautokeras": __version__}
    for package in _PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue  # Other distributions provide it, such as tensorflow-cpu.
    return versions


def _parameters(estimator):
    """Return all parameters of the constructor, as pairs of name and text."""
    return [(k, repr(v)) for k, v in estimator.get_params(deep=False).items()]


def _judged(estimator, X, y, sample_weight, figures):
    """Return what is shown of the rows that the user passes."""
    X = to_pandas(X, len(estimator._adapter.names))
    y_true, y_pred, weight = estimator._targets_and_outputs(X, y, sample_weight)
    adapter = estimator._adapter
    importance = _importance(estimator, X, y, weight, figures)
    heads = []
    for name, target in estimator._targets.by_head.items():
        judged = judge(target, y_true[name], y_pred[name], weight, figures)
        columns, rows = shown_rows(
            estimator, X, judged["wrong"], importance["names"] if importance else ()
        )
        judged["columns"], judged["rows"] = columns, rows
        judged["name"] = name if len(y_pred) > 1 else ""
        heads.append(judged)
    n_inputs = len(adapter.names)
    sample = take_rows(X, slice(0, _MOST_ROWS), n_inputs)
    return {
        "n_rows": n_rows(X, n_inputs),
        "heads": heads,
        "importance": importance,
        "drifts": drifts(estimator, adapter.transform(sample))[:_MOST_DRIFTS],
        "cost": _cost(estimator, X),
    }


def _importance(estimator, X, y, weight, figures):
    """Return the figure of the permutation importances, or None if X is no table."""
    if not is_table(X) or not hasattr(estimator._adapter, "n_features_in_"):
        return None
    if getattr(X, "ndim", 2) != 2 or hasattr(X, "toarray"):
        return None
    step = -(-len(X) // _ROWS_OF_IMPORTANCE)
    rows = np.arange(0, len(X), step)
    names = [str(name) for name in estimator._adapter.describe_columns()["name"]]
    chosen = _strongest(estimator, names)
    X = take_rows(X, rows, len(estimator._adapter.names))
    y = take_rows(y, rows, len(estimator._targets.names))
    weight = None if weight is None else weight[rows]
    drops, spread = _permuted(estimator, X, y, weight, chosen)
    order = np.argsort(-drops, kind="stable")
    drawn = []
    shown = order[:20]
    height = 1.0 + 0.26 * len(shown)
    title = "Drop of the score when the values of a column are permuted"
    with figures.axes(drawn, title, 7.2, height) as ax:
        labels = [names[chosen[i]] for i in shown]
        ax.barh(labels, drops[shown], xerr=spread[shown], height=0.7)
        ax.invert_yaxis()
        ax.set_xlabel("Importance")
    return {
        "figure": drawn[0],
        "names": [names[chosen[i]] for i in order],
        "n_rows": len(rows),
        "n_left_out": len(names) - len(chosen),
    }


def _strongest(estimator, names):
    """Return the positions of the columns whose importance is computed."""
    features = estimator._profile.features
    strength = {f.name.partition(":")[0]: f.strength for f in features}
    order = sorted(range(len(names)), key=lambda i: -strength.get(names[i], 0.0))
    return sorted(order[:_COLUMNS_OF_IMPORTANCE])


def _permuted(estimator, X, y, weight, chosen):
    """Return the mean and the standard deviation of the drops of the score."""
    if len(chosen) == X.shape[1]:
        found = permutation_importance(
            estimator, X, y, n_repeats=_N_REPEATS, random_state=0, sample_weight=weight
        )
        return found.importances_mean, found.importances_std
    rng = np.random.default_rng(0)
    options = {} if weight is None else {"sample_weight": weight}
    before = estimator.score(X, y, **options)
    drops = []
    for i in chosen:
        found = []
        for _ in range(_N_REPEATS):
            permuted = X.copy()
            order = rng.permutation(len(X))
            if hasattr(permuted, "iloc"):
                column = permuted.iloc[order, i].set_axis(permuted.index)
                permuted.isetitem(i, column)
            else:
                permuted[:, i] = permuted[order, i]
            found.append(before - estimator.score(permuted, y, **options))
        drops.append((np.mean(found), np.std(found)))
    return tuple(np.array(drops).T)


def _cost(estimator, X):
    """Return pairs of a fact about the cost of a prediction, and its value."""
    n_inputs = len(estimator._adapter.names)
    one = take_rows(X, slice(0, 1), n_inputs)
    many = take_rows(X, slice(0, 1_000), n_inputs)
    n_many = n_rows(many, n_inputs)
    models = estimator._ensemble.models
    n_parameters = sum(model.count_params() for model in models)
    return [
        ("Prediction for one row", _milliseconds(estimator, one)),
        (f"Prediction for {n_many:,} rows", _milliseconds(estimator, many)),
        ("Parameters", f"{n_parameters:,}"),
    ]


def _milliseconds(estimator, X):
    """Return the median time of a prediction, as text."""
    found = []
    for _ in range(3):
        start = time.perf_counter()
        estimator.predict(X)
        found.append(time.perf_counter() - start)
    return f"{1e3 * statistics.median(found):.0f} ms"
