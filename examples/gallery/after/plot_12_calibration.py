"""
Can the probabilities be trusted?
=================================

A classifier is calibrated if, among the rows to which it gives a probability of 30 %,
about 30 % belong to the class. This example draws the calibration of a searched network
beside that of naive Bayes, which is known to be too sure of itself, and computes the
Brier score of both. It looks at the validation rows first and at test rows afterwards.
"""

# %%
# Two models
# ----------
# The task has 20 columns, of which only two tell the class, and the others are copies
# and noise. Naive Bayes takes each copy for new evidence.
from sklearn.datasets import make_classification
from sklearn.model_selection import train_test_split
from sklearn.naive_bayes import GaussianNB

from skautokeras import StructuredDataClassifier

X, y = make_classification(
    n_samples=4000,
    n_features=20,
    n_informative=2,
    n_redundant=10,
    flip_y=0.1,
    random_state=0,
)
X_train, X_test, y_train, y_test = train_test_split(
    X, y, train_size=1500, random_state=0
)
clf = StructuredDataClassifier(max_trials=4, epochs=20, random_state=0)
clf.fit(X_train, y_train)
bayes = GaussianNB().fit(X_train, y_train)

# %%
# Rows that the networks were not trained on
# ------------------------------------------
# ``validation_predictions_`` are probabilities for the rows on which the search has
# compared its networks, and ``validation_indices_`` says which rows of ``X_train`` they
# are. No test row is spent for this look.
import matplotlib.pyplot as plt
from sklearn.calibration import CalibrationDisplay

y_valid = y_train[clf.validation_indices_]
display = CalibrationDisplay.from_predictions(
    y_valid, clf.validation_predictions_[:, 1], n_bins=8, strategy="quantile"
)
_ = display.ax_.set_title("Validation rows")

# %%
# Test rows
# ---------
# The diagonal is perfect calibration. A curve that is flatter than the diagonal belongs
# to a model that is too sure: what it calls almost certain happens less often.
fig, (top, bottom) = plt.subplots(
    2, figsize=(6, 7), layout="constrained", height_ratios=[3, 1], sharex=True
)
probabilities = {
    "skautokeras": clf.predict_proba(X_test)[:, 1],
    "naive Bayes": bayes.predict_proba(X_test)[:, 1],
}
for name, probability in probabilities.items():
    CalibrationDisplay.from_predictions(
        y_test, probability, n_bins=10, strategy="quantile", name=name, ax=top
    )
    bottom.hist(probability, bins=20, histtype="step", label=name)
_ = bottom.set(xlabel="predicted probability", ylabel="rows")

# %%
# The Brier score is the mean squared difference between a probability and what
# happened, and the log loss punishes certainty that is wrong. Less is better for both.
import pandas as pd
from sklearn.metrics import accuracy_score, brier_score_loss, log_loss

pd.DataFrame(
    {
        name: {
            "accuracy": accuracy_score(y_test, probability > 0.5),
            "Brier score": brier_score_loss(y_test, probability),
            "log loss": log_loss(y_test, probability),
        }
        for name, probability in probabilities.items()
    }
).round(3)

# %%
# Conclusion
# ----------
# The curve of the searched model stays near the diagonal, and that of naive Bayes does
# not, so its probabilities must not be taken at their word. A fit calibrates the mean
# of its networks by one temperature if that improves the log loss of validation rows.
# Look at the curve all the same: on few rows, or on rows that differ from those of the
# fit, no model stays calibrated.
