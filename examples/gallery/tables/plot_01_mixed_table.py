"""
A table of numbers, categories and names
========================================

A classifier is fitted to the passengers of the Titanic. The table has numbers,
categories, names and missing values, and needs no preprocessing. The example then shows
what each column was taken for, which networks were tried, which of them predict
together, and how good the predictions are on rows that were held out.
"""

# %%
# The data
# --------
# The data set is installed with the package. The target tells who survived. The columns
# are of several kinds, and some values are missing.
from skautokeras.datasets import load_titanic

X, y = load_titanic(return_X_y=True)
X.head()

# %%
X.isna().mean().rename("missing").to_frame().T

# %%
# A quarter of the rows is held out. These rows are used for the test scores only.
from sklearn.model_selection import train_test_split

X_train, X_test, y_train, y_test = train_test_split(
    X, y, test_size=0.25, stratify=y, random_state=0
)

# %%
# The fit
# -------
# Four trials of at most 64 epochs keep this example short. For your own data, leave
# both limits out, or give a time limit such as ``max_time=600``, in seconds. With
# ``verbose=1``, the estimator prints what it has found in the data, and a line for each
# trial.
from skautokeras import StructuredDataClassifier

clf = StructuredDataClassifier(max_trials=4, epochs=64, random_state=0, verbose=1)
clf.fit(X_train, y_train)

# %%
# What the columns were taken for
# -------------------------------
# ``columns_`` has one row per column of ``X``. It gives the kind of the column, the
# reason for this kind, and what the network gets. If a kind is wrong, ``column_types``
# overrules it. pandas cuts long strings unless ``max_colwidth`` is None.
import pandas as pd

pd.set_option("display.max_colwidth", None)
clf.columns_

# %%
# Which networks were tried
# -------------------------
# ``leaderboard_`` has one row per trial, the best one first. The score is the negative
# log loss unless ``scoring`` says otherwise, and greater is better. The networks with a
# weight above 0 predict together.
clf.leaderboard_[["rank", "kind", "score", "accuracy", "weight", "status", "seconds"]]

# %%
# ``SearchDisplay`` shows the same scores in the order of the trials.
import matplotlib.pyplot as plt

from skautokeras.inspection import EnsembleDisplay, SearchDisplay

_ = SearchDisplay.from_estimator(clf)

# %%
# ``EnsembleDisplay`` shows the networks of the final model. The length of a bar is the
# weight of the network. The label has its own score, and by how much the score of the
# ensemble exceeds the score without it.
_ = EnsembleDisplay.from_estimator(clf)

# %%
# How good it is
# --------------
# The accuracy on the held-out rows stands beside that of the most frequent class. There
# are only 223 of these rows, so small differences between two models mean little.
from sklearn.dummy import DummyClassifier

dummy = DummyClassifier().fit(X_train, y_train)
print(f"network: {clf.score(X_test, y_test):.3f}")
print(f"most frequent class: {dummy.score(X_test, y_test):.3f}")

# %%
# The displays of scikit-learn take the estimator as any other. The left plot counts the
# errors of both kinds. In the right plot, points near the diagonal mean that the
# predicted probabilities agree with the shares of survivors.
from sklearn.calibration import CalibrationDisplay
from sklearn.metrics import ConfusionMatrixDisplay

_, axes = plt.subplots(ncols=2, figsize=(9, 4), layout="constrained")
ConfusionMatrixDisplay.from_estimator(
    clf,
    X_test,
    y_test,
    display_labels=["died", "survived"],
    cmap="Blues",
    colorbar=False,
    ax=axes[0],
)
_ = CalibrationDisplay.from_estimator(clf, X_test, y_test, n_bins=5, ax=axes[1])

# %%
# New rows are a DataFrame with the same columns. Any value may be missing in them. Here
# the age and the cabin of three passengers are taken away.
unknown = X_test.head(3).assign(age=None, cabin=None)
pd.DataFrame(clf.predict_proba(unknown), columns=["died", "survived"]).round(3)

# %%
# A report in one file
# --------------------
# ``report`` writes an HTML file with the columns, the search, and the quality of the
# predictions for the rows that are passed: their errors, the importance of the columns,
# and how these rows differ from those of the fit. The file needs no other file, so it
# can be sent to somebody who does not have Python.
import tempfile
from pathlib import Path

with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "titanic.html"
    clf.report(path, X_test, y_test)
    print(f"{path.name}: {path.stat().st_size / 1024:.0f} KiB")

# %%
# Conclusion
# ----------
# The raw table was enough for a classifier that is better than the most frequent class.
# ``columns_`` tells how each column was read, and the leaderboard tells which networks
# make up the final model. More trials, or a longer ``max_time``, may give a better one.
