"""
Use the estimators inside scikit-learn's tools
==============================================

The estimators are usual scikit-learn estimators. This example scores one with
`cross_val_score`, puts it into a `Pipeline`, tunes a step before it with
`GridSearchCV`, and stacks it with a random forest. Each of these tools fits the
estimator many times, and each fit is a search, so the searches are kept short.
"""

# %%
# Data and estimator
# ------------------
# Some columns of the Titanic passengers are used. `StructuredDataClassifier` takes
# strings and missing values as they are.
from sklearn.model_selection import train_test_split

from skautokeras import StructuredDataClassifier
from skautokeras.datasets import load_titanic

X, y = load_titanic(return_X_y=True)
X = X[["pclass", "sex", "age", "sibsp", "parch", "fare", "embarked"]]
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)

clf = StructuredDataClassifier(max_trials=1, epochs=20, random_state=0)

# %%
# Cross-validation
# ----------------
# There is one search for each fold. The mean of the accuracy and its standard deviation
# are:
from sklearn.model_selection import cross_val_score

scores = cross_val_score(clf, X_train, y_train, cv=3)
print(f"{scores.mean():.3f} ± {scores.std():.3f}")

# %%
# A pipeline whose first step is tuned
# ------------------------------------
# Does it help to give the network the size of the family? `GridSearchCV` compares the
# pipeline with this step and without it. A difference that is small beside the standard
# deviation of the scores says nothing. The parameters of the estimator are tuned in
# the same way, for example with ``"search__class_weight": [None, "balanced"]``.
import pandas as pd
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer


def add_family(X):
    return X.assign(family=X["sibsp"] + X["parch"] + 1)


pipeline = Pipeline([("family", FunctionTransformer(add_family)), ("search", clf)])
grid = GridSearchCV(
    pipeline,
    {"family": ["passthrough", FunctionTransformer(add_family)]},
    scoring="neg_log_loss",
    cv=2,
)
grid.fit(X_train, y_train)
pd.DataFrame(grid.cv_results_, index=["without family", "with family"])[
    ["mean_test_score", "std_test_score", "mean_fit_time"]
]

# %%
# A stack with a random forest
# ----------------------------
# The forest needs numbers, so it has a pipeline of its own inside of the stack. A
# logistic regression learns how to weigh the probabilities of both models. It is fitted
# to predictions from cross-validation, so the network is fitted four times.
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier, StackingClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

forest = make_pipeline(
    make_column_transformer(
        (OrdinalEncoder(), ["sex", "embarked"]), remainder="passthrough"
    ),
    RandomForestClassifier(min_samples_leaf=3, random_state=0),
)
stack = StackingClassifier([("network", clf), ("forest", forest)], cv=3)
stack.fit(X_train, y_train)
pd.Series(stack.final_estimator_.coef_[0], ["network", "forest"], name="coefficient")

# %%
# The fitted estimators are inside of the stack, with all of their attributes.
network = stack.named_estimators_["network"]
network.leaderboard_[["kind", "score", "accuracy", "epochs", "seconds"]]

# %%
# The models on test rows
# -----------------------
import matplotlib.pyplot as plt
from sklearn.metrics import RocCurveDisplay, log_loss

models = {
    "network": network,
    "forest": stack.named_estimators_["forest"],
    "stack of both": stack,
}
_, ax = plt.subplots(figsize=(5, 5), layout="constrained")
for name, model in models.items():
    RocCurveDisplay.from_estimator(model, X_test, y_test, name=name, ax=ax)

# %%
# The losses of the probabilities, smaller is better:
pd.Series(
    {n: log_loss(y_test, m.predict_proba(X_test)) for n, m in models.items()},
    name="log loss",
).round(3)

# %%
# Conclusion
# ----------
# The estimator works in all of these tools as others do. The coefficients of the stack
# show that it uses both models. A tool that fits an estimator many times also searches
# many times. Keep these searches short, or search once and give the tool the pipeline
# of `to_scikeras()`, which trains the network that was found without a search.
