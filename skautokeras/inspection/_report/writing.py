"""Writing: collects the parts of a report and fills the template."""

import platform
import re
import statistics
import time
from datetime import date
from importlib.resources import files
from numbers import Integral

import numpy as np
from sklearn.inspection import permutation_importance

from skautokeras import __version__
from skautokeras._data.containers import to_pandas
from skautokeras._data.rows import n_rows, spread_rows, take_rows
from skautokeras._data.stored_table import StoredTable, with_target
from skautokeras._state.files import file_to_write, write_whole
from skautokeras._state.versions import version_of
from skautokeras.inspection._base import plain
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
from skautokeras.inspection._report.rows import as_cells, column_titles, shown_rows
from skautokeras.inspection._report.texts import counted, number_text, target_names
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
_MOST_ROWS, _FEWEST_ROWS = 20_000, 10


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
        If one of X and y is passed without the other, or if the path is not one of a
        file.
    FileNotFoundError
        If the folder of the file does not exist.
    """
    path = file_to_write(path, "path")
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
        "score": _meaning_of_score(record),
        "board": _board(record),
        "configurations": _configurations(record),
        "date": date.today().isoformat(),
        "is_repeatable": isinstance(estimator.random_state, Integral),
        "versions": _versions(),
        "parameters": _parameters(estimator),
    }
    if X is not None:
        judged = _judged(estimator, *_in_memory(X, y, sample_weight), figures)
        context["findings"] += findings_about_drift(judged["drifts"])
        context["judged"] = judged
    # A half of a surrogate pair, which a string of X may hold, is shown as its code.
    page = template.render(context).encode("utf-8", errors="backslashreplace")
    write_whole(path, page)


def _in_memory(X, y, sample_weight):
    """Return X, y and weights, of which some rows represent a table in a file."""
    X, y = with_target(X, y)
    if isinstance(X, StoredTable):
        rows = spread_rows(len(X), _MOST_ROWS)
        X, y = X.iloc[rows], take_rows(y, rows)
        if sample_weight is not None:
            sample_weight = take_rows(sample_weight, rows)
    return X, y, sample_weight


def _template():
    try:
        import jinja2
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise ImportError(
            "A report needs other packages: pip install 'skautokeras[plot]'."
        ) from error
    environment = jinja2.Environment(autoescape=True, trim_blocks=True)
    environment.filters["number"] = number_text
    environment.filters["code"] = _with_code
    environment.globals["counted"] = counted
    source = files("skautokeras.inspection._report").joinpath("template.html")
    return environment.from_string(source.read_text(encoding="utf-8"))


def _with_code(sentence):
    """Return a sentence as HTML, where names between backticks are set as code."""
    import markupsafe

    escaped = str(markupsafe.escape(sentence))
    return markupsafe.Markup(re.sub("`([^`]*)`", r"<code>\1</code>", escaped))


def _facts(estimator, record):
    """Return pairs of a fact and its value, for the beginning of the report."""
    board = record.leaderboard
    members = board[board["weight"] > 0].sort_values("weight", ascending=False)
    shares = [f"{m.kind or 'network'} ({m.weight:.0%})" for m in members.itertuples()]
    facts = [
        ("Rows", f"{estimator._profile.n_rows:,}"),
        ("Trials", f"{len(board)} in {record.seconds:.0f} s"),
        ("Final model", ", ".join(shares)),
        (f"Validation {record.scoring}", number_text(record.score)),
    ]
    for name, value in record.metrics.items():
        if name != record.scoring:
            facts.append((f"Validation {name}", number_text(value)))
    refitted = int(members["refitted"].sum())
    facts.append(("Trained again on all rows", f"{refitted} of {len(members)}"))
    return facts


def _meaning_of_score(record):
    """Return a sentence about the score that the search has optimised."""
    if record.scoring == "neg_loss":
        return (
            "The score is `neg_loss`, minus the loss on the validation rows, so that "
            "greater is better."
        )
    return f"The score is `{record.scoring}` on the validation rows: greater is better."


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
    """Return the figures about the search, and what could not be drawn."""
    drawn = []
    with figures.axes(drawn, "Score of every trial", 7.2) as ax:
        SearchDisplay.from_search(record, ax=ax)
    height = 1.2 + 0.4 * sum(weight > 0 for weight in record.weights)
    with figures.axes(drawn, "Members of the final model", 7.2, height) as ax:
        EnsembleDisplay.from_search(record, ax=ax)
    if "val_score" in record.histories:
        with figures.axes(drawn, "Validation score over the epochs", 7.2) as ax:
            TrainingDisplay.from_search(record, ax=ax)
    remarks = []
    try:
        importance = HyperparameterImportanceDisplay.from_search(record, ax=_no_axes())
    except ValueError as error:
        remarks.append(f"Which hyperparameters mattered cannot be told. {error}")
        return {"figures": drawn, "remarks": remarks}
    if importance.r2 > 0:
        with figures.axes(drawn, "Hyperparameters that mattered", 7.2, 3.8) as ax:
            importance.plot(ax=ax)
    else:
        remarks.append(
            "Which hyperparameters mattered cannot be told, because the configurations "
            "do not explain the scores of these trials."
        )
    return {"figures": drawn, "remarks": remarks}


def _no_axes():
    """Return axes of a figure that is not kept."""
    from matplotlib.figure import Figure

    return Figure().subplots()


def _board(record):
    """Return the head of the leaderboard."""
    board = record.summary
    rows = board.head(_MOST_TRIALS).astype(object).values.tolist()
    return {"names": list(board), "rows": rows, "n_more": len(board) - len(rows)}


def _configurations(record):
    """Return the configurations of the members of the final model, by their trials."""
    board = record.leaderboard
    members = board[board["weight"] > 0].sort_values("weight", ascending=False)
    return [
        {
            "title": f"Trial {m.trial}{f': {m.kind}' if m.kind else ''}",
            "weight": m.weight,
            "values": [(name, _as_text(value)) for name, value in m.params.items()],
        }
        for m in members.itertuples()
    ]


def _as_text(value):
    return number_text(value) if isinstance(value, float) else str(value)


def _versions():
    """Return the versions of the packages that decide about a fit."""
    ours = {"Python": platform.python_version(), "skautokeras": __version__}
    return ours | {package: version_of(package) for package in _PACKAGES}


def _parameters(estimator):
    """Return all parameters of the constructor, as pairs of name and text."""
    return [(k, repr(v)) for k, v in estimator.get_params(deep=False).items()]


def _judged(estimator, X, y, sample_weight, figures):
    """Return what is shown of the rows that the user passes."""
    adapter = estimator._adapter
    n_inputs, n_heads = len(adapter.names), len(estimator._targets.names)
    X = to_pandas(X, n_inputs)
    y_true, y_pred, weight = estimator._targets_and_outputs(X, y, sample_weight)
    kept = np.arange(n_rows(X, n_inputs))
    if weight is not None and not weight.all():
        # Rows of weight 0 are not there.
        kept = np.flatnonzero(weight)
        X, y = take_rows(X, kept, n_inputs), take_rows(y, kept, n_heads)
        weight = weight[kept]
        y_true = {name: take_rows(values, kept) for name, values in y_true.items()}
        y_pred = {name: values[kept] for name, values in y_pred.items()}
    heads = []
    for name, target in estimator._targets.by_head.items():
        names = target_names(y if n_heads == 1 else None, target.schema_.n_outputs)
        judged = judge(target, names, y_true[name], y_pred[name], weight, figures)
        judged["name"] = name if len(y_pred) > 1 else ""
        heads.append(judged)
    importance = _importance(estimator, X, y, weight, figures)
    for judged in heads:
        judged["columns"], judged["rows"] = shown_rows(
            estimator, X, judged["wrong"], importance.get("order", ())
        )
        judged["wrong"] = kept[judged["wrong"]]
    sample = take_rows(X, spread_rows(len(kept), _MOST_ROWS), n_inputs)
    return {
        "n_rows": len(kept),
        "heads": heads,
        "importance": importance,
        "drifts": drifts(estimator, adapter.transform(sample))[:_MOST_DRIFTS],
        "cost": _cost(estimator, X),
    }


def _importance(estimator, X, y, weight, figures):
    """Return the figure of the permutation importances, or why there is none."""
    if isinstance(X, list) and len(estimator._adapter.names) == 1:
        X = as_cells(X)
    if hasattr(X, "toarray"):
        return {"reason": "It is not computed for sparse matrices."}
    if getattr(X, "ndim", 0) != 2 or not hasattr(estimator._adapter, "n_features_in_"):
        return {}
    if len(X) < _FEWEST_ROWS:
        return {"reason": f"It needs {_FEWEST_ROWS} rows or more."}
    rows = spread_rows(len(X), _ROWS_OF_IMPORTANCE)
    names = column_titles(X)
    chosen = _strongest(estimator, names)
    X = take_rows(X, rows)
    y = take_rows(y, rows, len(estimator._targets.names))
    weight = None if weight is None else weight[rows]
    drops, spread = _permuted(estimator, X, y, weight, chosen)
    order = np.argsort(-drops, kind="stable")
    drawn = []
    shown = order[:20]
    height = 1.0 + 0.26 * len(shown)
    title = "Drop of the score when the values of a column are permuted"
    with figures.axes(drawn, title, 7.2, height) as ax:
        ax.barh(range(len(shown)), drops[shown], xerr=spread[shown], height=0.7)
        ax.set_yticks(range(len(shown)), [plain(names[chosen[i]]) for i in shown])
        ax.invert_yaxis()
        ax.set_xlabel(f"Drop of {_name_of_score(estimator)}")
    return {
        "figure": drawn[0],
        "order": [chosen[i] for i in order],
        "n_rows": len(rows),
        "n_left_out": len(names) - len(chosen),
    }


def _name_of_score(estimator):
    """Return what the method `score` of an estimator computes."""
    kinds = {schema.kind == "regression" for schema in estimator._targets.schemas_}
    if len(kinds) > 1:
        return "the score"
    return "R2" if kinds.pop() else "the accuracy"


def _strongest(estimator, names):
    """Return the positions of the columns whose importance is computed."""
    strength = dict.fromkeys(names, 0.0)
    for feature in estimator._profile.features:
        column = feature.column or feature.name
        strength[column] = max(strength.get(column, 0.0), feature.strength)
    order = sorted(range(len(names)), key=lambda i: -strength[names[i]])
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
        ("Prediction for one row, on this machine", _milliseconds(estimator, one)),
        (f"Prediction for {counted(n_many, 'row')}", _milliseconds(estimator, many)),
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
