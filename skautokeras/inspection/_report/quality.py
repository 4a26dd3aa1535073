"""Quality: how good the predictions for some rows are, head by head."""

import numpy as np
from sklearn import metrics

from skautokeras._data.rows import spread_rows
from skautokeras.inspection._base import beside, plain
from skautokeras.inspection._report.texts import number_text

# With more classes or labels, figures cannot be read.
_MOST_CLASSES, _MOST_CURVES = 20, 6
_MOST_POINTS = 1_000
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


def _judge_classes(target, y, y_pred, weight, figures):
    codes = target.transform(y)
    # They sum to 1 in single precision, and the metrics ask for more.
    proba = np.asarray(target.probabilities(y_pred), np.float64)
    proba /= proba.sum(axis=1, keepdims=True)
    predicted = proba.argmax(axis=1)
    of_truth = proba[np.arange(len(codes)), codes]
    most_frequent = np.bincount(codes, weight).max() / (
        len(codes) if weight is None else weight.sum()
    )
    labels = range(proba.shape[1])
    numbers = [
        ("Accuracy", metrics.accuracy_score(codes, predicted, sample_weight=weight)),
        ("Accuracy of the most frequent class", most_frequent),
        ("Balanced accuracy", _balanced(codes, predicted, weight)),
        (
            "Log loss",
            metrics.log_loss(codes, proba, labels=labels, sample_weight=weight),
        ),
    ]
    if len(np.unique(codes)) == proba.shape[1]:
        scores = proba[:, 1] if proba.shape[1] == 2 else proba
        auc = metrics.roc_auc_score(
            codes, scores, multi_class="ovr", sample_weight=weight
        )
        numbers.append(("Area under the ROC curve", auc))
    drawn, remarks = [], []
    names = [str(label) for label in target.classes_]
    if len(names) <= _MOST_CLASSES:
        _draw_confusion(codes, predicted, names, weight, figures, drawn)
    else:
        remarks.append(f"A confusion matrix of {len(names)} classes cannot be read.")
    shown = _classes_of_curves(codes, names)
    if len(shown) < len(names) > 2:
        remarks.append(
            f"The curves are those of the {len(shown)} most frequent classes."
        )
    if 0 < np.count_nonzero(codes == shown[0]) < len(codes):
        _draw_curves(codes, proba, names, shown, weight, figures, drawn)
    wrong = np.argsort(of_truth, kind="stable")[:_N_WRONG]
    return {
        "numbers": numbers,
        "figures": drawn,
        "remarks": remarks,
        "worst": "the lowest probability of the true class",
        "wrong": wrong,
        "truth": [f"{names[codes[i]]} ({of_truth[i]:.2f})" for i in wrong],
        "prediction": [
            f"{names[predicted[i]]} ({proba[i, predicted[i]]:.2f})" for i in wrong
        ],
    }


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


def _draw_confusion(codes, predicted, names, weight, figures, drawn):
    size = max(3.2, 0.42 * len(names) + 1.6)
    with figures.axes(drawn, "Confusion matrix", size + 1, size) as ax:
        metrics.ConfusionMatrixDisplay.from_predictions(
            codes,
            predicted,
            labels=range(len(names)),
            display_labels=[plain(name) for name in names],
            sample_weight=weight,
            cmap="Blues",
            colorbar=False,
            values_format=None if weight is None else ".3g",
            xticks_rotation=0 if len(names) < 6 else 60,
            ax=ax,
        )


def _classes_of_curves(codes, names):
    """Return the classes whose curves are drawn, in their order."""
    if len(names) == 2:
        return [1]
    counts = np.bincount(codes, minlength=len(names))
    frequent = np.argsort(-counts, kind="stable")[:_MOST_CURVES]
    return sorted(i for i in frequent if counts[i])


def _draw_curves(codes, proba, names, shown, weight, figures, drawn):
    """Draw ROC, precision and recall, and calibration, of some classes."""
    width = 4.4 if len(shown) == 1 else 6.0
    names = [plain(name) for name in names]
    with figures.axes(drawn, "ROC curve: hits against false alarms", width) as ax:
        for i in shown:
            false, true, _ = metrics.roc_curve(
                codes == i, proba[:, i], sample_weight=weight
            )
            area = metrics.auc(false, true)
            ax.plot(*_thinned(false, true), label=f"{names[i]} (area {area:.3f})")
        ax.plot([0, 1], [0, 1], ":", color="0.5")
        ax.set(xlabel="Rate of false positives", ylabel="Rate of true positives")
        _add_legend(ax, len(shown))
    with figures.axes(drawn, "Precision against recall", width) as ax:
        for i in shown:
            precision, recall, _ = metrics.precision_recall_curve(
                codes == i, proba[:, i], sample_weight=weight
            )
            mean = metrics.average_precision_score(
                codes == i, proba[:, i], sample_weight=weight
            )
            ax.plot(*_thinned(recall, precision), label=f"{names[i]} (mean {mean:.3f})")
        ax.set(xlabel="Recall", ylabel="Precision", ylim=(-0.02, 1.02))
        _add_legend(ax, len(shown))
    with figures.axes(drawn, "Calibration: predicted and true shares", width) as ax:
        for i in shown:
            mean, share = _calibration(codes == i, proba[:, i], weight)
            ax.plot(mean, share, "o-", markersize=3, label=names[i])
        ax.plot([0, 1], [0, 1], ":", color="0.5")
        ax.set(xlabel="Mean predicted probability", ylabel="Share of the class")
        _add_legend(ax, len(shown))


def _add_legend(ax, n_curves):
    if n_curves == 1:
        ax.legend(frameon=False)
    else:
        beside(ax)


def _calibration(hits, proba, weight):
    """Return the mean probability and the share of hits in bins of equally many rows.

    scikit-learn's `calibration_curve` takes no weights.
    """
    weight = np.ones(len(hits)) if weight is None else weight
    edges = np.quantile(proba, np.linspace(0, 1, _N_BINS + 1)[1:-1])
    bins = np.searchsorted(edges, proba)
    sums = [np.bincount(bins, weight * v, _N_BINS) for v in (1, proba, hits)]
    total, mean, share = np.array(sums)[:, sums[0] > 0]
    return mean / total, share / total


def _thinned(x, y, most=300):
    """Return at most so many points of a curve, its ends included."""
    if len(x) <= most:
        return x, y
    kept = np.linspace(0, len(x) - 1, most).astype(int)
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
