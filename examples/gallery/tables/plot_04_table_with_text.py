"""
A table with a column of text
=============================

Many tables have a column of sentences beside numbers: a description, a comment, a
message. The estimators for tables learn from such a column without further work. The
example fits a table with and without its text, to see what the text adds.
"""

# %%
# Messages and what can be counted in them
# ----------------------------------------
# The data set has short messages, some of which are spam. Three columns of numbers are
# counted from each message, and the message itself stays in the table.
import pandas as pd
from sklearn.model_selection import train_test_split

from skautokeras.datasets import load_sms

messages, y = load_sms(return_X_y=True)
X = pd.DataFrame({"message": messages})
X["characters"] = X["message"].str.len()
X["digits"] = X["message"].str.count(r"\d")
X["capitals"] = X["message"].str.count(r"[A-Z]")
X_train, X_test, y_train, y_test = train_test_split(
    X, y, test_size=0.4, stratify=y, random_state=0
)
X_train.head()

# %%
# The counts tell much: spam has more characters and more digits. The classes overlap
# nevertheless.
import matplotlib.pyplot as plt

_, ax = plt.subplots(layout="constrained")
for label, marker in (("ham", "o"), ("spam", "x")):
    rows = X_train[y_train == label]
    ax.scatter(
        rows["characters"], rows["digits"], marker=marker, alpha=0.5, label=label
    )
ax.set(xlabel="characters", ylabel="digits", xlim=(0, 300))
_ = ax.legend()

# %%
# A fit with the text
# -------------------
# A column of strings is a text if its values differ and half of them have six words or
# more. Then a part of the network learns from its words, and the other columns go
# through another part. ``columns_`` has the decision, and its reason.
from skautokeras import StructuredDataClassifier

clf = StructuredDataClassifier(max_trials=2, epochs=16, random_state=0)
clf.fit(X_train, y_train)
pd.set_option("display.max_colwidth", None)  # otherwise, pandas cuts long strings
clf.columns_

# %%
# ``kind`` in the leaderboard names the part that reads the numbers, and then the part
# that reads the text, with a plus sign between them.
clf.leaderboard_[["rank", "kind", "score", "accuracy", "weight", "seconds"]]

# %%
# ``draw_search_space`` shows how the parts are joined: the text has a block of its own.
from skautokeras.inspection import draw_search_space

draw_search_space(clf)

# %%
# With and without the text
# -------------------------
# The same search gets other columns. In one of the fits, ``column_types`` says that the
# message is a "short_text", such as a name. A network then learns from values that are
# repeated and from at most 50 frequent words, and not from sentences.
from sklearn.base import clone

candidates = {
    "numbers": (["characters", "digits", "capitals"], None),
    "numbers and short text": (list(X), {"message": "short_text"}),
}
fitted = {"numbers and message": (clf, list(X))}
for name, (columns, column_types) in candidates.items():
    model = clone(clf).set_params(column_types=column_types)
    fitted[name] = (model.fit(X_train[columns], y_train), columns)

# %%
# All models predict the rows that were held out. The log loss judges the probabilities,
# and smaller is better.
from sklearn.metrics import accuracy_score, log_loss

scores = pd.DataFrame(
    {
        name: {
            "log loss": log_loss(y_test, model.predict_proba(X_test[columns])),
            "accuracy": accuracy_score(y_test, model.predict(X_test[columns])),
        }
        for name, (model, columns) in fitted.items()
    }
).T.sort_values("log loss")
scores.round(3)

# %%
_, ax = plt.subplots(figsize=(7, 2.6), layout="constrained")
ax.barh(scores.index, scores["log loss"])
ax.invert_yaxis()
_ = ax.set_xlabel("log loss on the test rows")

# %%
# Message by message
# ------------------
# Each point is a message of the test rows. Where the two models disagree, the point is
# far from the diagonal. Spam in the upper left corner is found only by the model that
# reads the text. Ham in the lower right corner is taken for spam without the text.
numbers, columns = fitted["numbers"]
without_text = numbers.predict_proba(X_test[columns])[:, 1]
with_text = clf.predict_proba(X_test)[:, 1]

_, ax = plt.subplots(figsize=(5, 5), layout="constrained")
for label, marker in (("ham", "o"), ("spam", "x")):
    of_label = y_test == label
    ax.scatter(
        without_text[of_label],
        with_text[of_label],
        marker=marker,
        alpha=0.5,
        label=label,
    )
ax.axline((0, 0), slope=1, color="0.7", zorder=0)
ax.set_xlabel("probability of spam from the numbers")
ax.set_ylabel("probability of spam from numbers and message")
_ = ax.legend(loc="center")

# %%
# Conclusion
# ----------
# Numbers that are counted from a text are a good beginning, and the text itself adds to
# them. It needs no preparation, and it can stand beside numbers, dates and categories.
# Look into ``columns_`` once: if a text was taken for something else, for instance
# because most of its values are very short, ``column_types={"message": "text"}``
# declares it.
