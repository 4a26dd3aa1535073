"""
Compare search strategies
=========================

`tuner` names the strategy that proposes configurations. "greedy", the default, begins
with configurations that are known to be good and then changes the best ones. "random",
"bayesian" and "hyperband" are the oracles of KerasTuner. This example gives each of
them the same seconds on the same data and draws the best score so far over time.
"""

# %%
# One search space for all
# ------------------------
# The digits of scikit-learn are used as a table of 64 numbers, 600 of them for the
# searches. The block in the drawing chooses among networks and trees, and each kind has
# hyperparameters of its own. The drawing also imports TensorFlow, so that the import
# takes time from none of the searches.
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from skautokeras import StructuredDataClassifier
from skautokeras.inspection import draw_search_space

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X, y, train_size=600, stratify=y, random_state=0
)
draw_search_space(StructuredDataClassifier())

# %%
# Four searches
# -------------
# Each search has 6 seconds. All of them split the rows in the same way, because they
# have the same `random_state`. Networks are trained for 20 epochs at most and are not
# trained again at the end, so that more trials fit into this short time. A search warns
# if the time has cut its best trial. This is expected here, so the warning is ignored.
import warnings

from sklearn.exceptions import ConvergenceWarning

searches = {}
for tuner in ["greedy", "random", "bayesian", "hyperband"]:
    clf = StructuredDataClassifier(
        tuner=tuner,
        max_time=6,
        max_trials=100,
        epochs=20,
        cv=None,
        refit=False,
        random_state=0,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        searches[tuner] = clf.fit(X_train, y_train)

# %%
# The best score so far
# ---------------------
# The leaderboard has the time at which each trial ended, in seconds from the beginning
# of the search. The score is the negative validation loss, so greater is better.
import matplotlib.pyplot as plt

_, ax = plt.subplots(figsize=(7, 4), layout="constrained")
for tuner, clf in searches.items():
    trials = clf.leaderboard_.query("status == 'completed'").sort_values("ended")
    best = trials["score"].cummax()
    ax.step(trials["ended"], best, where="post", marker="o", label=tuner)
ax.set(xlabel="seconds", ylabel="best negative validation loss so far")
_ = ax.legend()

# %%
# The numbers of trials, and the accuracy of the final models on test rows:
import pandas as pd

pd.DataFrame(
    [
        {
            "trials": clf.n_trials_,
            "best validation loss": -clf.best_score_,
            "test accuracy": clf.score(X_test, y_test),
        }
        for clf in searches.values()
    ],
    index=list(searches),
).round(3)

# %%
# What the greedy search tried
# ----------------------------
# Circles are predefined configurations. Triangles, which follow if there is more time,
# are changes of the best ones.
from skautokeras.inspection import SearchDisplay

_ = SearchDisplay.from_estimator(searches["greedy"])

# %%
# Conclusion
# ----------
# The greedy search has a good score after its first trials, because it begins with
# configurations that are known to be good, the cheapest ones first. The other
# strategies know nothing at the beginning, and a few seconds are too short for them to
# learn from their trials. One run on one data set says little about their order. Give
# them more trials if you want to compare them on your own data.
