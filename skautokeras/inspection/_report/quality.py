"""Quality: how good the predictions for some rows are, head by head."""

import numpy as np
from sklearn import metrics
from sklearn.calibration import calibration_curve

# With more classes or labels, figures cannot be read.
_MOST_CLASSES, _MOST_CURVES = 20, 6
_MOST_POINTS = 1_000
_N_WRONG = 8
_TINY = 1e-12


def judge(target, y, y_pred, weight, figures):
    """Return what is to be shown of the predictions of one head.

    Parameters
    ----------
    target : ClassAdapter or NumberAdapter
        Fitted adapter of the target.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        True targets.
    y_pred : ndarray of shape (n_samples, n_outputs)
        Outputs of the final model.
    weight : ndarray of shape (n_samples,) or None
        Weights of the rows.
    figures : Figures
        Object that draws.

    Returns
    -------
    judged : dict
        "numbers" (a list of pairs of name and value), "figures", "wrong" (positions of
        the rows that are predicted worst), "truth" and "prediction" (of each of these
        rows, as text).
    """
    if target.schema_.kind == "regression":
        return _judge_numbers(target, y, y_pred, weight, figures)
    if target.schema_.kind == "multilabel":
        return _judge_labels(target, y, y_pred, weight)
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
    drawn = []
    names = [str(label) for label in target.classes_]
    if len(names) <= _MOST_CLASSES:
        size = max(3.2, 0.42 * len(names) + 1.6)
        with figures.axes(drawn, "Confusion matrix", size + 1, size) as ax:
            metrics.ConfusionMatrixDisplay.from_predictions(
                codes,
                predicted,
                labels=labels,
                display_labels=names,
                sample_weight=weight,
                cmap="Blues",
                colorbar=False,
                values_format=None if weight is None else ".0f",
                xticks_rotation=0 if len(names) < 6 else 60,
                ax=ax,
            )
    _draw_curves(codes, proba, names, weight, figures, drawn)
    wrong = np.argsort(of_truth, kind="stable")[:_N_WRONG]
    return {
        "numbers": numbers,
        "figures": drawn,
        "wrong": wrong,
        "truth": [names[codes[i]] for i in wrong],
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


def _draw_curves(codes, proba, names, weight, figures, drawn):
    """Draw ROC, precision and recall, and calibration, of the most frequent classes."""
    counts = np.bincount(codes, minlength=len(names))
    shown = np.argsort(-counts, kind="stable")[:_MOST_CURVES]
    shown = [1] if len(names) == 2 else [i for i in shown if counts[i]]
    if not 0 < counts[shown[0]] < len(codes):
        return
    with figures.axes(drawn, "ROC curve: hits against false alarms") as ax:
        for i in shown:
            false, true, _ = metrics.roc_curve(
                codes == i, proba[:, i], sample_weight=weight
            )
            area = metrics.auc(false, true)
            ax.plot(*_thinned(false, true), label=f"{names[i]} (area {area:.3f})")
        ax.plot([0, 1], [0, 1], ":", color="0.5")
        ax.set(xlabel="Rate of false positives", ylabel="Rate of true positives")
        ax.legend(frameon=False)
    with figures.axes(drawn, "Precision against recall") as ax:
        for i in shown:
            precision, recall, _ = metrics.precision_recall_curve(
                codes == i, proba[:, i], sample_weight=weight
            )
            mean = metrics.average_precision_score(
                codes == i, proba[:, i], sample_weight=weight
            )
            ax.plot(*_thinned(recall, precision), label=f"{names[i]} (mean {mean:.3f})")
        ax.set(xlabel="Recall", ylabel="Precision", ylim=(-0.02, 1.02))
        ax.legend(frameon=False)
    with figures.axes(drawn, "Calibration: predicted and true shares") as ax:
        for i in shown:
            share, mean = calibration_curve(
                codes == i, proba[:, i], n_bins=10, strategy="quantile"
            )
            ax.plot(mean, share, "o-", markersize=3, label=names[i])
        ax.plot([0, 1], [0, 1], ":", color="0.5")
        ax.set(xlabel="Mean predicted probability", ylabel="Share of the class")
        ax.legend(frameon=False)


def _thinned(x, y, most=300):
    """Return at most so many points of a curve, its ends included."""
    if len(x) <= most:
        return x, y
    kept = np.linspace(0, len(x) - 1, most).astype(int)
    return x[kept], y[kept]


def _judge_labels(target, y, y_pred, weight):
    y = target.transform(y)
    predicted = target.decode(y_pred)
    proba = np.asarray(y_pred, np.float64)
    loss = -np.log(np.where(y > 0, proba, 1 - proba).clip(_TINY)).sum(axis=1)
    options = {"sample_weight": weight, "zero_division": 0}
    wrong = np.argsort(-loss, kind="stable")[:_N_WRONG]
    return {
        "numbers": [
            (
                "Accuracy (all labels of a row)",
                metrics.accuracy_score(y, predicted, sample_weight=weight),
            ),
            (
                "F1 (mean over labels)",
                metrics.f1_score(y, predicted, average="macro", **options),
            ),
            (
                "F1 (all labels together)",
                metrics.f1_score(y, predicted, average="micro", **options),
            ),
        ],
        "figures": [],
        "wrong": wrong,
        "truth": [_listed(y[i]) for i in wrong],
        "prediction": [_listed(predicted[i]) for i in wrong],
    }


def _listed(row):
    return ", ".join(map(str, np.flatnonzero(row))) or "none"


def _judge_numbers(target, y, y_pred, weight, figures):
    truth, predicted = target.compared(y, y_pred)
    options = {"sample_weight": weight}
    errors = predicted - truth
    numbers = [
        ("R2", metrics.r2_score(truth, predicted, **options)),
        ("Root mean squared error", target.metric(y, y_pred, weight)),
        (
            "Mean absolute error",
            metrics.mean_absolute_error(truth, predicted, **options),
        ),
        ("Median absolute error", float(np.median(np.abs(errors)))),
    ]
    drawn = []
    for i in range(min(truth.shape[1], _MOST_CURVES)):
        name = f" of target {i}" if truth.shape[1] > 1 else ""
        low, high = np.quantile(errors[:, i], [0.05, 0.95])
        numbers.append((f"90 % of the errors{name} are from", float(low)))
        numbers.append((f"90 % of the errors{name} are up to", float(high)))
        _draw_numbers(truth[:, i], predicted[:, i], name, figures, drawn)
    size = np.abs(errors / target.scales_).max(axis=1)
    wrong = np.argsort(-size, kind="stable")[:_N_WRONG]
    return {
        "numbers": numbers,
        "figures": drawn,
        "wrong": wrong,
        "truth": [_numbers(truth[i]) for i in wrong],
        "prediction": [_numbers(predicted[i]) for i in wrong],
    }


def _draw_numbers(truth, predicted, name, figures, drawn):
    """Draw predictions against true values, and the errors."""
    step = -(-len(truth) // _MOST_POINTS)
    x, y = truth[::step], predicted[::step]
    with figures.axes(drawn, f"Predicted against true values{name}") as ax:
        ax.scatter(x, y, s=8, alpha=0.5, edgecolors="none")
        ends = [min(x.min(), y.min()), max(x.max(), y.max())]
        ax.plot(ends, ends, ":", color="0.5")
        ax.set(xlabel="True value", ylabel="Predicted value")
    with figures.axes(drawn, f"Errors against predicted values{name}") as ax:
        ax.scatter(y, y - x, s=8, alpha=0.5, edgecolors="none")
        ax.axhline(0, linestyle=":", color="0.5")
        low, high = np.quantile(predicted - truth, [0.05, 0.95])
        ax.axhspan(low, high, alpha=0.12, label="90 % of the errors")
        ax.set(xlabel="Predicted value", ylabel="Predicted minus true value")
        ax.legend(frameon=False)


def _numbers(row):
    return ", ".join(f"{value:.5g}" for value in row)
