"""
Texts, three ways
=================

The names of the passengers of the Titanic are short texts in several languages. What do
they tell of the people?
"""

# %%
# Strings
# -------
# A list, a Series or an array of strings, or one column of a DataFrame; missing texts
# are empty ones.
from sklearn.model_selection import cross_val_score, train_test_split

from skautokeras import TextClassifier
from skautokeras.datasets import load_titanic

X, survived = load_titanic(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X["name"], X["sex"], stratify=X["sex"], random_state=0
)

quick = {"max_trials": 2, "epochs": 16, "ensemble_size": 1, "random_state": 0}
clf = TextClassifier(**quick).fit(X_train, y_train)
print(f"Strings: {clf.score(X_test, y_test):.3f}")
print(clf.leaderboard_[["rank", "score", "weight", "seconds", "n_parameters"]])
print(clf.predict(["Kumari, Ms. Anjali", "Николаев, Mr. Пётр"]))

# %%
# Pipelines
# ---------
# Whatever makes strings of strings may come before: here the title is taken away.
# Classes that are rare may weigh more, and the search may look at their F1.
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

pipeline = make_pipeline(
    FunctionTransformer(lambda names: names.str.replace(r"\w+\. ", "", regex=True)),
    TextClassifier(
        class_weight="balanced",
        scoring="f1",
        max_trials=1,
        epochs=8,
        ensemble_size=1,
        random_state=0,
    ),
)
scores = cross_val_score(pipeline, X["name"], survived, cv=2, scoring="f1")
print(f"Pipelines: {scores.mean():.3f}")

# %%
# Numbers
# -------
# How old is somebody of that name? Masters are boys.
from skautokeras import TextRegressor

known = X["age"].notna()
X_train, X_test, y_train, y_test = train_test_split(
    X["name"][known].tolist(), X["age"][known], random_state=0
)
reg = TextRegressor(**quick).fit(X_train, y_train)
print(f"Numbers: {reg.score(X_test, y_test):.3f}")
