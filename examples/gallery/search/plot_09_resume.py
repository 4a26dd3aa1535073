"""
Stop a search and go on later
=============================

With `directory`, every finished trial is written to a folder. The same `fit` reads the
trials that it finds there and goes on behind them, after a crash as well as with a
greater `max_trials` or `max_time`. This example searches with few trials, looks into
the folder, and goes on with more.
"""

# %%
# A first search
# --------------
# A temporary folder is used here. In your own work, choose a folder that stays. The
# trials are short and the networks are not trained again at the end, so that the
# example does not take long.
import tempfile
import time

import pandas as pd
from sklearn.model_selection import train_test_split

from skautokeras import StructuredDataClassifier
from skautokeras.datasets import load_titanic

X, y = load_titanic(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)

folder = tempfile.TemporaryDirectory()
settings = {
    "epochs": 20,
    "cv": None,
    "refit": False,
    "directory": folder.name,
    "random_state": 0,
}
clf = StructuredDataClassifier(max_trials=3, **settings)
begin = time.perf_counter()
clf.fit(X_train, y_train)
seconds = {"first fit, 3 trials": time.perf_counter() - begin}

# %%
# The folder has one file per trial, and one that describes the search. Nothing in it is
# pickled.
from pathlib import Path

sorted(path.name for path in Path(folder.name).iterdir())

# %%
# Read the folder
# ---------------
# `read_search` reads the record of a search from its folder. It needs neither the
# estimator nor the data, so another program can follow a search that is still running
# and draw it.
from skautokeras.inspection import SearchDisplay, read_search

before = read_search(folder.name)
_ = SearchDisplay.from_search(before)

# %%
# Go on with more trials
# ----------------------
# A new estimator stands for a new process after a crash. The first trials are read from
# the folder, and only the others are trained.
clf = StructuredDataClassifier(max_trials=7, **settings)
begin = time.perf_counter()
clf.fit(X_train, y_train)
seconds["second fit, 7 trials"] = time.perf_counter() - begin
clf.leaderboard_[["trial", "kind", "score", "accuracy", "weight", "seconds"]]

# %%
# Seconds of both fits. The first one includes the import of TensorFlow, unless it has
# been imported before.
pd.Series(seconds).round(1)

# %%
# Before and after
# ----------------
# The first trials are the same in both figures.
import matplotlib.pyplot as plt

after = read_search(folder.name)
_, axes = plt.subplots(2, 1, figsize=(7, 6), layout="constrained", sharex=True)
for ax, record, title in zip(axes, [before, after], ["Before", "After"], strict=True):
    SearchDisplay.from_search(record, x="trials", ax=ax)
    ax.set_title(title)

# %%
# What must not change
# --------------------
# The data and the parameters that decide about the trials must be the same. Otherwise
# trials of two different searches would be mixed, so `fit` raises an error.
from skautokeras.exceptions import JournalMismatchError

other = StructuredDataClassifier(max_trials=7, **{**settings, "random_state": 1})
try:
    other.fit(X_train, y_train)
except JournalMismatchError as error:
    print(str(error).replace(folder.name, "folder"))

# %%
# If nothing has to go on, the folder can be deleted.
folder.cleanup()

# %%
# Conclusion
# ----------
# The second search took the finished trials from the folder and added new ones to them,
# so no training was repeated. Set `directory` whenever a search takes longer than you
# would like to repeat. `warm_start=True` goes on within one process, without files.
