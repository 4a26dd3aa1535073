"""
Rare classes and costs
======================

One house in fifteen of this example costs more than a million dollars. A classifier
shall find these houses, and to miss one is far worse than a false alarm. The accuracy
says nothing about this aim. The example computes costs instead, chooses the threshold
of the probability that makes the cost smallest, and compares it with ``class_weight``.
"""

# %%
# A rare class
# ------------
# The classes are made from the prices of houses in King County.
import numpy as np
from sklearn.model_selection import train_test_split

from skautokeras.datasets import load_king_county

X, price = load_king_county(return_X_y=True)
y = price.gt(1_000_000).map({True: "expensive", False: "other"}).rename("class")
X_train, X_test, y_train, y_test = train_test_split(
    X, y, test_size=0.5, stratify=y, random_state=0
)
y_train.value_counts(normalize=True).to_frame()

# %%
# The costs
# ---------
# Assume that a missed expensive house costs as much as 20 false alarms. The cost of
# predictions is then a weighted count of the two kinds of errors.
from sklearn.metrics import confusion_matrix

LABELS = ["expensive", "other"]
COST_MISSED, COST_FALSE_ALARM = 20, 1


def cost(y_true, y_pred):
    (_, missed), (false_alarms, _) = confusion_matrix(y_true, y_pred, labels=LABELS)
    return COST_MISSED * missed + COST_FALSE_ALARM * false_alarms


# %%
# The fit
# -------
# With ``cv=2``, each network is trained on one half of the rows and predicts the other
# half, and the final networks are trained again on all rows. The predictions are in
# ``validation_predictions_``, in the order of ``validation_indices_``, so all rows that
# the estimator gets serve for the choice of a threshold. The search compares networks
# by the log loss, which judges probabilities and needs no threshold.
from skautokeras import StructuredDataClassifier

clf = StructuredDataClassifier(max_trials=2, epochs=32, cv=2, random_state=0)
clf.fit(X_train, y_train)
clf.leaderboard_[["kind", "score", "accuracy", "weight", "status", "seconds"]]

# %%
# The columns of ``predict_proba`` are in the order of ``classes_``, so the first one is
# that of "expensive". ``predict`` chooses the class with the greater probability, which
# is a threshold of 0.5 for two classes. Nearly all predictions are right, and yet many
# of the expensive houses are missed, because most houses are not expensive.
import matplotlib.pyplot as plt
from sklearn.metrics import ConfusionMatrixDisplay, PrecisionRecallDisplay

proba_test = clf.predict_proba(X_test)[:, 0]
_, axes = plt.subplots(ncols=2, figsize=(9, 4), layout="constrained")
ConfusionMatrixDisplay.from_predictions(
    y_test, clf.predict(X_test), labels=LABELS, cmap="Blues", colorbar=False, ax=axes[0]
)
_ = PrecisionRecallDisplay.from_predictions(
    y_test, proba_test, pos_label="expensive", plot_chance_level=True, ax=axes[1]
)

# %%
# A threshold from validation predictions
# ---------------------------------------
# The cost of many thresholds is computed from the validation predictions, which needs
# no other fit. The smallest one gives the threshold.
proba_valid = clf.validation_predictions_[:, 0]
y_valid = y_train.iloc[clf.validation_indices_]
thresholds = np.linspace(0.005, 0.6, 120)


def costs(y_true, proba):
    return [cost(y_true, np.where(proba >= t, *LABELS)) for t in thresholds]


costs_valid = costs(y_valid, proba_valid)
threshold = thresholds[np.argmin(costs_valid)]

# %%
# If probabilities are exact, an alarm pays off where the probability is above the cost
# of a false alarm divided by the sum of both costs. The dotted line shows this
# threshold. The chosen one can differ from it, because probabilities are not exact and
# the rare class has few rows. Both are far below 0.5.
in_theory = COST_FALSE_ALARM / (COST_FALSE_ALARM + COST_MISSED)

_, ax = plt.subplots(layout="constrained")
ax.plot(thresholds, costs_valid, label="validation rows")
ax.plot(thresholds, costs(y_test, proba_test), label="test rows")
ax.axvline(threshold, color="0.3", label="chosen on the validation rows")
ax.axvline(in_theory, color="0.3", linestyle=":", label="from the costs alone")
ax.set(xlabel="threshold of the probability", ylabel="cost", ylim=0)
_ = ax.legend()

# %%
# ``FixedThresholdClassifier`` of scikit-learn makes a classifier of the estimator and
# the threshold. ``FrozenEstimator`` keeps it from fitting the estimator again.
# ``TunedThresholdClassifierCV`` looks for the threshold itself. With ``cv="prefit"``
# and ``refit=False``, it fits nothing again, but needs rows that ``fit`` has not seen.
# Without ``cv="prefit"``, it repeats the whole search for every fold.
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import FixedThresholdClassifier

with_threshold = FixedThresholdClassifier(
    FrozenEstimator(clf), threshold=threshold, pos_label="expensive"
).fit(X_train, y_train)

# %%
# Weights of the classes
# ----------------------
# ``class_weight="balanced"`` gives the rare class as much weight as the other one, both
# in training and in the comparison of networks. This moves the probabilities towards
# the rare class, and the threshold stays at 0.5.
from sklearn.base import clone

weighted = clone(clf).set_params(class_weight="balanced").fit(X_train, y_train)

# %%
# All ways are compared on the test rows, beside the answer that no house is expensive.
import pandas as pd
from sklearn.metrics import accuracy_score, recall_score

predictions = {
    "no house is expensive": np.full(len(y_test), "other"),
    "threshold of 0.5": clf.predict(X_test),
    "chosen threshold": with_threshold.predict(X_test),
    "class_weight='balanced'": weighted.predict(X_test),
}
results = pd.DataFrame(
    {
        name: {
            "accuracy": accuracy_score(y_test, y_pred),
            "found": recall_score(y_test, y_pred, pos_label="expensive"),
            "cost": cost(y_test, y_pred),
        }
        for name, y_pred in predictions.items()
    }
).T
results.round(3)

# %%
# What the weights do to the probabilities can be seen in their mean, which is near the
# share of expensive houses only without weights.
pd.Series(
    {
        "share of expensive houses": y_test.eq("expensive").mean(),
        "mean probability": proba_test.mean(),
        "mean probability with weights": weighted.predict_proba(X_test)[:, 0].mean(),
    }
).round(3).to_frame("")

# %%
# Conclusion
# ----------
# The threshold of 0.5 has a high accuracy and a high cost. The threshold that was
# chosen on validation predictions finds more of the rare class and lowers the cost, and
# the probabilities stay what they are. Weights find more of the rare class, too, but
# the probabilities are then too high, and other costs need another fit. So state the
# costs first, fit without weights, and choose the threshold afterwards.
