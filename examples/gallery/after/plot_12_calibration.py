"""
Are the probabilities right?
============================

A probability is calibrated if, of all houses that get a probability of 0.7, about 70
percent are in the class. Decisions with costs need such probabilities. This example
draws calibration curves and computes Brier scores for `StructuredDataClassifier` and
two other models, and chooses a threshold from `validation_predictions_` without test
rows.
"""

# %%
# Which houses are in good condition?
# -----------------------------------
# The other columns tell something about the condition, but not everything, so the
# probabilities are far from 0 and 1 for many houses.
import numpy as np
from sklearn.model_selection import train_test_split

from skautokeras.datasets import load_king_county

X, price = load_king_county(return_X_y=True)
X["price"] = price
y = np.where(X.pop("condition") > 3, "good", "average")
X = X.drop(columns="date")
X_train, X_test, y_train, y_test = train_test_split(
    X, y, test_size=0.5, stratify=y, random_state=0
)

# %%
# Three models
# ------------
# Gaussian naive Bayes counts evidence several times if columns say the same. The other
# two models have no such reason to be wrong. With `cv=3`, the networks are compared on
# the predictions of three folds, so that every training row has a prediction that is
# used below.
from sklearn.ensemble import RandomForestClassifier
from sklearn.naive_bayes import GaussianNB

from skautokeras import StructuredDataClassifier

clf = StructuredDataClassifier(max_trials=2, cv=3, random_state=0)
models = {
    "StructuredDataClassifier": clf,
    "random forest": RandomForestClassifier(random_state=0),
    "Gaussian naive Bayes": GaussianNB(),
}
for model in models.values():
    model.fit(X_train, y_train)

# %%
# Calibration curves
# ------------------
# Each point is a bin of test rows with similar probabilities. Points below the diagonal
# are probabilities that are too high. The histograms show which probabilities each
# model gives.
import matplotlib.pyplot as plt
from sklearn.calibration import CalibrationDisplay

fig, axes = plt.subplot_mosaic(
    [["curves"] * 3, [*models]],
    figsize=(8, 8),
    layout="constrained",
    height_ratios=[3, 1],
)
for i, (name, model) in enumerate(models.items()):
    display = CalibrationDisplay.from_estimator(
        model,
        X_test,
        y_test,
        pos_label="good",
        n_bins=8,
        strategy="quantile",
        name=name,
        ax=axes["curves"],
        color=f"C{i}",
    )
    axes[name].hist(display.y_prob, range=(0, 1), bins=20, color=f"C{i}")
    axes[name].set(title=name, xlabel="probability", ylabel="houses")

# %%
# Scores of probabilities
# -----------------------
# The Brier score is the mean squared difference of the probability and the truth. It
# and the log loss are small if probabilities are calibrated and tell the classes apart.
from functools import partial

import pandas as pd
from sklearn.metrics import accuracy_score, brier_score_loss, log_loss

brier_score = partial(brier_score_loss, pos_label="good")
pd.DataFrame(
    {
        name: {
            "Brier score": brier_score(y_test, model.predict_proba(X_test)[:, 1]),
            "log loss": log_loss(y_test, model.predict_proba(X_test)),
            "accuracy": accuracy_score(y_test, model.predict(X_test)),
        }
        for name, model in models.items()
    }
).T.round(3)

# %%
# Predictions for rows that were not trained on
# ---------------------------------------------
# `validation_predictions_` are the probabilities of the final model for rows that its
# networks were not trained on, and `validation_indices_` tells which rows of `X_train`
# these are. They show the calibration without any test rows. They can be slightly too
# good, because the networks of the final model were chosen by them.
y_valid = y_train[clf.validation_indices_]
valid_proba = clf.validation_predictions_[:, 1]
test_proba = clf.predict_proba(X_test)[:, 1]
print(f"Brier score of validation rows: {brier_score(y_valid, valid_proba):.3f}")
print(f"Brier score of test rows: {brier_score(y_test, test_proba):.3f}")

# %%
# A threshold for costs
# ---------------------
# Suppose that it costs 2 to take a house in average condition for a good one, and 1 to
# miss a good one. With calibrated probabilities, the best threshold is 2 / 3. The
# validation predictions let us look at the costs of all thresholds.
thresholds = np.linspace(0.05, 0.95, 19)


def mean_costs(y_true, proba):
    taken = proba[:, None] >= thresholds
    is_good = (y_true == "good")[:, None]
    return (2 * (taken & ~is_good) + (~taken & is_good)).mean(axis=0)


_, ax = plt.subplots(figsize=(6, 4), layout="constrained")
ax.plot(thresholds, mean_costs(y_valid, valid_proba), "o-", label="validation rows")
ax.plot(thresholds, mean_costs(y_test, test_proba), "o-", label="test rows")
ax.axvline(2 / 3, color="0.6", linestyle="--", label="2 / 3")
ax.set(xlabel="threshold", ylabel="mean cost per house")
_ = ax.legend()

# %%
# `FixedThresholdClassifier` of scikit-learn decides with another threshold than one
# half. `FrozenEstimator` keeps it from fitting the model again.
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import FixedThresholdClassifier

careful = FixedThresholdClassifier(
    FrozenEstimator(clf), threshold=2 / 3, pos_label="good"
)
careful.fit(X_train, y_train)
pd.crosstab(y_test, careful.predict(X_test), rownames=["truth"], colnames=["predicted"])

# %%
# Conclusion
# ----------
# The curve of `StructuredDataClassifier` stays near the diagonal, and its Brier score
# is much better than that of naive Bayes, which is often too sure. No calibration is
# needed after the fit. The validation predictions lead to about the same costs as the
# test rows, so a threshold can be chosen from them, and the test rows stay untouched
# until the end. If you know the costs, calibrated probabilities give the threshold at
# once.
