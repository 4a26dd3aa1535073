"""
Inside of scikit-learn's tools
==============================

The estimators of skautokeras take part in scikit-learn's tools as any other estimator
does. This example cross-validates a search, tunes a parameter of a pipeline by
``GridSearchCV``, and stacks a searched network with decision trees.
"""

# %%
# Cross-validation
# ----------------
# Each fold runs a search of its own, and its test rows take no part in it. The searches
# are short here: one trial of a few epochs.
from sklearn.datasets import load_wine
from sklearn.model_selection import cross_val_score

from skautokeras import StructuredDataClassifier

X, y = load_wine(return_X_y=True, as_frame=True)
quick = {"max_trials": 1, "epochs": 8, "cv": None, "random_state": 0}
clf = StructuredDataClassifier(**quick)
cross_val_score(clf, X, y, cv=2)

# %%
# A pipeline in a grid search
# ---------------------------
# The step before the network chooses columns, and the grid search chooses how many. The
# parameters have the names that scikit-learn gives to parameters of steps. Parameters
# of the estimator could be in the grid as well, such as ``clf__scoring``.
from sklearn.feature_selection import SelectKBest
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

pipeline = Pipeline([("columns", SelectKBest()), ("clf", clf)])
pipeline.set_output(transform="pandas")
grid = GridSearchCV(pipeline, {"columns__k": [2, 5, 13]}, cv=2)
grid.fit(X, y)

# %%
# The results are those of any grid search. The error bars are the standard deviation
# over the folds.
import matplotlib.pyplot as plt
import pandas as pd

results = pd.DataFrame(grid.cv_results_)
fig, ax = plt.subplots(layout="constrained")
ax.errorbar(
    results["param_columns__k"].astype(int),
    results["mean_test_score"],
    yerr=results["std_test_score"],
    marker="o",
)
_ = ax.set(xlabel="number of columns", ylabel="accuracy in cross-validation")

# %%
# Stacking
# --------
# ``StackingClassifier`` learns from predictions of cross-validation how much to trust
# each model. It clones the network for each fold, so there is one search per fold and
# one more for the final model.
from sklearn.ensemble import RandomForestClassifier, StackingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
stack = StackingClassifier(
    [
        ("network", clf),
        ("forest", RandomForestClassifier(random_state=0)),
    ],
    final_estimator=LogisticRegression(),
    cv=2,
)
stack.fit(X_train, y_train)

# %%
# The final estimator has a weight for each class of each model. Their sizes tell how
# much each model contributes.
weights = pd.DataFrame(
    stack.final_estimator_.coef_,
    index=stack.classes_,
    columns=stack.get_feature_names_out(),
)
fig, ax = plt.subplots(figsize=(6, 2.6), layout="constrained")
weights.abs().sum().plot.barh(ax=ax)
_ = ax.set_xlabel("sum of absolute weights in the stack")

# %%
print(f"accuracy of the stack on the test rows: {stack.score(X_test, y_test):.2f}")

# %%
# Conclusion
# ----------
# A search is an estimator, so everything that takes estimators takes searches. Count
# the searches before you start: a grid of three values in two folds is six of them and
# one more for the final model. Where a parameter belongs to the network, let the search
# choose it instead of a grid, because the search spends its trials where it pays.
