"""
Classify short messages, also from few of them
==============================================

`TextClassifier` takes a list of strings. This example separates spam from other
messages and compares the result with a strong classical model, TF-IDF and logistic
regression, on the same split. It shows the most wrong messages, and how both models do
if there are few messages to learn from.
"""

# %%
# Messages as they were written
# -----------------------------
# The texts need no cleaning, and the labels stay strings. One half of the messages is
# kept for the test.
import pandas as pd
from sklearn.model_selection import train_test_split

from skautokeras.datasets import load_sms

X, y = load_sms(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X, y, test_size=0.5, stratify=y, random_state=1
)
pd.DataFrame({"kind": y_train, "text": X_train}).head()

# %%
# Two models
# ----------
# The search begins with linear models of words and of groups of characters, because
# they are hard to beat on short texts, and goes on with networks.
from skautokeras import TextClassifier

clf = TextClassifier(max_trials=3, random_state=0)
clf.fit(X_train, y_train)
clf.leaderboard_[["kind", "score", "accuracy", "weight", "epochs", "seconds"]]

# %%
# The strength of the regularisation of the logistic regression is chosen by
# cross-validation, so that the comparison is fair.
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

pipeline = make_pipeline(TfidfVectorizer(), LogisticRegression())
strengths = {"logisticregression__C": [1, 10, 100, 1000]}
tfidf = GridSearchCV(pipeline, strengths, scoring="neg_log_loss", cv=3)
tfidf.fit(X_train, y_train)

# %%
# Scores on the messages that neither of them has seen
# ----------------------------------------------------
from sklearn.metrics import log_loss

models = {"TextClassifier": clf, "TF-IDF, logistic regression": tfidf}
pd.DataFrame(
    {
        name: {
            "accuracy": (model.predict(X_test) == y_test).mean(),
            "log loss": log_loss(y_test, model.predict_proba(X_test)),
        }
        for name, model in models.items()
    }
).round(3)

# %%
# A filter has to find spam (recall) and must not take messages of people for spam
# (precision). The curves show which pairs of both are possible with other thresholds.
import matplotlib.pyplot as plt
from sklearn.metrics import PrecisionRecallDisplay

_, ax = plt.subplots(figsize=(5, 4), layout="constrained")
for name, model in models.items():
    spam_proba = model.predict_proba(X_test)[:, 1]  # classes_ are sorted
    PrecisionRecallDisplay.from_predictions(
        y_test, spam_proba, pos_label="spam", name=name, ax=ax
    )
_ = ax.set(xlim=(0.6, 1.01), ylim=(0.6, 1.01))

# %%
# The most wrong messages
# -----------------------
# The worst mistake of a filter is to hide a message of a person. These are the messages
# of people that got the highest probability of being spam.
import numpy as np

spam_proba = clf.predict_proba(X_test)[:, 1]
is_ham = np.flatnonzero(y_test == "ham")
for i in is_ham[np.argsort(-spam_proba[is_ham])][:6]:
    print(f"{spam_proba[i]:.2f}  {X_test[i]}")

# %%
# Learning from few messages
# --------------------------
# Often there are few labels. Both models are now fitted to the first messages of the
# training set, and are tested on the same messages as before. One trial of
# `TextClassifier` is enough to see the trend.
models_of_few = {
    "TextClassifier": TextClassifier(max_trials=1, random_state=0),
    "TF-IDF, logistic regression": tfidf,
}
sizes = [50, 100, 200]
accuracy, loss = pd.DataFrame(index=sizes), pd.DataFrame(index=sizes)
for name, model in models_of_few.items():
    for n in sizes:
        model.fit(X_train[:n], y_train[:n])
        accuracy.loc[n, name] = (model.predict(X_test) == y_test).mean()
        loss.loc[n, name] = log_loss(y_test, model.predict_proba(X_test))

_, axes = plt.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
for ax, table, label in zip(
    axes, [accuracy, loss], ["accuracy", "log loss"], strict=True
):
    table.plot(ax=ax, marker="o", logx=True)
    ax.set_xticks(sizes, sizes)
    ax.minorticks_off()
    ax.set(xlabel="messages to learn from", ylabel=label)

# %%
# Conclusion
# ----------
# `TextClassifier` has the better accuracy and the better probabilities on the test
# messages, although the strength of the logistic regression was tuned. From few
# messages, both models learn almost equally well, because the search begins with linear
# models, too, and both gain much from every doubling of the number of messages.
# Logistic regression is fitted much faster, so it remains a good choice if many models
# have to be fitted.
