"""Quality: how good the predictions for some rows are, head by head."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from sklearn import metrics

from skautokeras._data.rows import spread_rows
from skautokeras.inspection._base import beside, plain
from skautokeras.inspection._report.texts import number_text

# With more classes or labels, figures cannot be read.
_MOST_CLASSES, _MOST_CURVES = 20, 6
_MOST_POINTS, _MOST_ON_A_CURVE = 1_000, 300
_N_WRONG, _N_BINS = 8, 10
_TINY = 1e-12


def judge(target, names, y, y_pred, weight, figures):
    """Return what is to be shown of the predictions of one head.

    Parameters
    ----------
    target : ClassAdapter or NumberAdapter
        Fitted adapter of the target.
    names : list of str
        Names of the columns of y.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        True targets.
    y_pred : ndarray of shape (n_samples, n_outputs)
        Outputs of the final model.
    weight : ndarray of shape (n_samples,) or None
        Weights of the rows, none of which is 0.
    figures : Figures
        Object that draws.

    Returns
    -------
    judged : dict
        "numbers" (a list of pairs of name and value), "figures", "remarks" (sentences),
        "wrong" (positions of the rows that are predicted worst), "worst" (what that
        means), "truth" and "prediction" (of each of these rows, as text).
    """
    if target.schema_.kind == "regression":
        return _judge_numbers(target, names, y, y_pred, weight, figures)
    if target.schema_.kind == "multilabel":
        return _judge_labels(target, names, y, y_pred, weight)
    return _judge_classes(target, y, y_pred, weight, figures)


@dataclass(frozen=True, eq=False)
class _Classified:
    """Rows with the code of the true class and the probability of every class."""

    codes: np.ndarray
    proba: np.ndarray
    weight: np.ndarray | None
    names: list

    @cached_property
    def predicted(self):
        """Code of the most probable class of each row."""
        return self.proba.argmax(axis=1)


def _judge_classes(target, y, y_pred, weight, figures):
    # They sum to 1 in single precision, and the metrics ask for more.
    proba = np.asarray(target.probabilities(y_pred), np.float64)
    proba /= proba.sum(axis=1, keepdims=True)
    names = [str(label) for label in target.classes_]
    rows = _Classified(target.transform(y), proba, weight, names)
    drawn, remarks = _figures_of_classes(rows, figures)
    return {
        "numbers": _numbers_of_classes(rows),
        "figures": drawn,
        "remarks": remarks,
        **_worst_of_classes(rows),
    }


def _numbers_of_classes(rows):
    """Return pairs of the name of a metric and its value."""
    codes, proba, n_classes = rows.codes, rows.proba, rows.proba.shape[1]
    options = {"sample_weight": rows.weight}
    total = len(codes) if rows.weight is None else rows.weight.sum()
    loss = metrics.log_loss(codes, proba, labels=range(n_classes), **options)
    numbers = [
        ("Accuracy", metrics.accuracy_score(codes, rows.predicted, **options)),
        (
            "Accuracy of the most frequent class",
            np.bincount(codes, rows.weight).max() / total,
        ),
        ("Balanced accuracy", _balanced(codes, rows.predicted, rows.weight)),
        ("Log loss", loss),
    ]
    if len(np.unique(codes)) == n_classes:
        scores = proba[:, 1] if n_classes == 2 else proba
        auc = metrics.roc_auc_score(codes, scores, multi_class="ovr", **options)
        numbers.append(("Area under the ROC curve", auc))
    return numbers


def _figures_of_classes(rows, figures):
    """Return figures, and sentences about what they leave out."""
    drawn, remarks = [], []
    n_classes = len(rows.names)
    if n_classes <= _MOST_CLASSES:
        _draw_confusion(rows, figures, drawn)
    else:
        remarks.append(f"A confusion matrix of {n_classes} classes cannot be read.")
    shown = _classes_of_curves(rows)
    if len(shown) < n_classes > 2:
        remarks.append(
            f"The curves are those of the {len(shown)} most frequent classes."
        )
    if 0 < np.count_nonzero(rows.codes == shown[0]) < len(rows.codes):
        _draw_curves(rows, shown, figures, drawn)
    return drawn, remarks


def _worst_of_classes(rows):
    """Return which rows are predicted worst, their classes and the predicted ones."""
    of_truth = rows.proba[np.arange(len(rows.codes)), rows.codes]
    wrong = np.argsort(of_truth, kind="stable")[:_N_WRONG]
    codes, predicted = rows.codes[wrong], rows.predicted[wrong]
    return {
        "worst": "the lowest probability of the true class",
        "wrong": wrong,
        "truth": _with_probabilities(rows, wrong, codes),
        "prediction": _with_probabilities(rows, wrong, predicted),
    }


def _with_probabilities(rows, positions, codes):
    """Return the names of classes, and the probabilities that some rows have there."""
    pairs = zip(codes, rows.proba[positions, codes], strict=True)
    return [f"{rows.names[code]} ({probability:.2f})" for code, probability in pairs]


def _balanced(codes, predicted, weight):
    """Return the mean recall of the classes that are there."""
    present = np.unique(codes)
    return metrics.recall_score(
        codes,
        predicted,
        labels=present,
        average="macro",
        sample_weight=weight,
        zero_division=0,
    )


def _draw_confusion(rows, figures, drawn):
    size = max(3.2, 0.42 * len(rows.names) + 1.6)
    with figures.axes(drawn, "Confusion matrix", size + 1, size) as ax:
        metrics.ConfusionMatrixDisplay.from_predictions(
            rows.codes,
            rows.predicted,
            labels=range(len(rows.names)),
            display_labels=[plain(name) for name in rows.names],
            sample_weight=rows.weight,
            cmap="Blues",
            colorbar=False,
            values_format=None if rows.weight is None else ".3g",
            xticks_rotation=0 if len(rows.names) < 6 else 60,
            ax=ax,
        )


def _classes_of_curves(rows):
    """Return the classes whose curves are drawn, in their order."""
    if len(rows.names) == 2:
        return [1]
    counts = np.bincount(rows.codes, minlength=len(rows.names))
    frequent = np.argsort(-counts, kind="stable")[:_MOST_CURVES]
    return sorted(i for i in frequent if counts[i])


def _draw_curves(rows, shown, figures, drawn):
    """Draw ROC, precision and recall, and calibration, of some classes."""
    width = 4.4 if len(shown) == 1 else 6.0
    for curves in _CURVES:
        with figures.axes(drawn, curves.title, width) as ax:
            for i in shown:
                hits = rows.codes == i
                x, y, remark = curves.compute(hits, rows.proba[:, i], rows.weight)
                label = f"{plain(rows.names[i])}{remark}"
                ax.plot(*_thinned(x, y), label=label, **curves.style)
            if curves.has_diagonal:
                ax.plot([0, 1], [0, 1], ":", color="0.5")
            ax.set(**curves.labels)
            _add_legend(ax, len(shown))


def _roc(hits, proba, weight):
    """Return the rates of false and true positives, and the area below as text."""
    false, true, _ = metrics.roc_curve(hits, proba, sample_weight=weight)
    return false, true, f" (area {metrics.auc(false, true):.3f})"


def _recall_and_precision(hits, proba, weight):
    """Return recall and precision, and the mean precision as text."""
    options = {"sample_weight": weight}
    precision, recall, _ = metrics.precision_recall_curve(hits, proba, **options)
    mean = metrics.average_precision_score(hits, proba, **options)
    return recall, precision, f" (mean {mean:.3f})"


def _add_legend(ax, n_curves):
    if n_curves == 1:
        ax.legend(frameon=False)
    else:
        beside(ax)


def _calibration(hits, proba, weight):
    """Return the mean probability and the share of hits in bins of equally many rows.

    There is no text about them. scikit-learn's `calibration_curve` takes no weights.
    """
    weight = np.ones(len(hits)) if weight is None else weight
    edges = np.quantile(proba, np.linspace(0, 1, _N_BINS + 1)[1:-1])
    bins = np.searchsorted(edges, proba)
    sums = [np.bincount(bins, weight * v, _N_BINS) for v in (1, proba, hits)]
    total, mean, share = np.array(sums)[:, sums[0] > 0]
    return mean / total, share / total, ""


@dataclass(frozen=True)
class _Curves:
    """A figure with a curve per class: what it shows, and how it looks."""

    title: str
    compute: Callable
    labels: dict
    style: dict = field(default_factory=dict)
    has_diagonal: bool = True


_CURVES = (
    _Curves(
        "ROC curve: hits against false alarms",
        _roc,
        {"xlabel": "Rate of false positives", "ylabel": "Rate of true positives"},
    ),
    _Curves(
        "Precision against recall",
        _recall_and_precision,
        {"xlabel": "Recall", "ylabel": "Precision", "ylim": (-0.02, 1.02)},
        has_diagonal=False,
    ),
    _Curves(
        "Calibration: predicted and true shares",
        _calibration,
        {"xlabel": "Mean predicted probability", "ylabel": "Share of the class"},
        {"marker": "o", "markersize": 3},
    ),
)


def _thinned(x, y):
    """Return the points of a curve that can be told apart, its ends included."""
    if len(x) <= _MOST_ON_A_CURVE:
        return x, y
    kept = np.linspace(0, len(x) - 1, _MOST_ON_A_CURVE).astype(int)
    return x[kept], y[kept]


def _judge_labels(target, names, y, y_pred, weight):
    y = target.transform(y)
    predicted = target.decode(y_pred)
    proba = np.asarray(y_pred, np.float64)
    loss = -np.log(np.where(y > 0, proba, 1 - proba).clip(_TINY)).sum(axis=1)
    options = {"sample_weight": weight, "zero_division": np.nan}
    wrong = np.argsort(-loss, kind="stable")[:_N_WRONG]
    return {
        "numbers": [
            (
                "Accuracy (all labels of a row)",
                metrics.accuracy_score(y, predicted, sample_weight=weight),
            ),
            (
                "F1 (mean over the labels that occur)",
                metrics.f1_score(y, predicted, average="macro", **options),
            ),
            (
                "F1 (all labels together)",
                metrics.f1_score(y, predicted, average="micro", **options),
            ),
        ],
        "figures": [],
        "remarks": [],
        "worst": "the lowest probability of the true labels",
        "wrong": wrong,
        "truth": [_listed(y[i], names) for i in wrong],
        "prediction": [_listed(predicted[i], names) for i in wrong],
    }


def _listed(row, names):
    return ", ".join(names[i] for i in np.flatnonzero(row)) or "none"


def _judge_numbers(target, names, y, y_pred, weight, figures):
    truth, predicted = target.compared(y, y_pred)
    options = {"sample_weight": weight}
    errors = predicted - truth
    numbers = [
        ("Root mean squared error", target.metric(y, y_pred, weight)),
        (
            "Mean absolute error",
            metrics.mean_absolute_error(truth, predicted, **options),
        ),
        (
            "Median absolute error",
            metrics.median_absolute_error(truth, predicted, **options),
        ),
    ]
    if len(truth) > 1:  # It is not defined for one row.
        numbers.insert(0, ("R2", metrics.r2_score(truth, predicted, **options)))
    drawn, remarks = [], []
    n_drawn = min(len(names), _MOST_CURVES)
    if n_drawn < len(names):
        remarks.append(f"The figures are those of the first {n_drawn} targets.")
    for i, target_name in enumerate(names):
        name = f" of {target_name}" if len(names) > 1 else ""
        ends = _quantiles(errors[:, i], [0.05, 0.95], weight)
        low, high = map(number_text, ends)
        numbers.append((f"90 % of the errors{name}", f"{low} to {high}"))
        if i < n_drawn:
            _draw_numbers(truth[:, i], predicted[:, i], ends, name, figures, drawn)
    size = np.abs(errors / target.scales_).max(axis=1)
    wrong = np.argsort(-size, kind="stable")[:_N_WRONG]
    return {
        "numbers": numbers,
        "figures": drawn,
        "remarks": remarks,
        "worst": "the largest errors",
        "wrong": wrong,
        "truth": [_numbers(truth[i]) for i in wrong],
        "prediction": [_numbers(predicted[i]) for i in wrong],
    }


def _quantiles(values, shares, weight):
    """Return quantiles of weighted values."""
    if weight is None:
        return np.quantile(values, shares)
    order = np.argsort(values, kind="stable")
    weight = weight[order]
    return np.interp(
        shares, (np.cumsum(weight) - weight / 2) / weight.sum(), values[order]
    )


def _draw_numbers(truth, predicted, band, name, figures, drawn):
    """Draw predictions against true values, and the errors."""
    rows = spread_rows(len(truth), _MOST_POINTS)
    x, y = truth[rows], predicted[rows]
    with figures.axes(drawn, f"Predicted against true values{name}") as ax:
        ax.scatter(x, y, s=8, alpha=0.5, edgecolors="none")
        ends = [min(x.min(), y.min()), max(x.max(), y.max())]
        ax.plot(ends, ends, ":", color="0.5")
        ax.set(xlabel="True value", ylabel="Predicted value")
    with figures.axes(drawn, f"Errors against predicted values{name}") as ax:
        ax.scatter(y, y - x, s=8, alpha=0.5, edgecolors="none")
        ax.axhline(0, linestyle=":", color="0.5")
        ax.axhspan(*band, alpha=0.12, label="90 % of the errors")
        ax.set(xlabel="Predicted value", ylabel="Predicted minus true value")
        ax.legend(frameon=False)


def _numbers(row):
    return ", ".join(map(number_text, row.tolist()))
