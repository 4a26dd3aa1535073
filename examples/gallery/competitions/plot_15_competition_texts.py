"""
A competition with texts: unwanted messages
===========================================

The files of this competition have messages and their kind. The submission is the
probability that a message is spam, and the metric is the log loss, which punishes
predictions that are certain and wrong. This notebook starts from the files, compares a
network with a linear model on the same folds, looks at the errors, and writes the
submission.
"""

# %%
# The files
# ---------
# Only this cell knows the kinds of the test messages. It plays the part of the
# organiser and writes the files of the competition to a temporary folder.
import tempfile
from pathlib import Path

import pandas as pd
from sklearn.model_selection import train_test_split

from skautokeras.datasets import load_sms

folder = tempfile.TemporaryDirectory()
path = Path(folder.name)

messages, kinds = load_sms(return_X_y=True)
frame = pd.DataFrame({"text": messages, "spam": (kinds == "spam").astype(int)})
frame = frame.rename_axis("id").reset_index()
given, hidden = train_test_split(
    frame, test_size=0.4, stratify=frame["spam"], random_state=0
)
given.to_csv(path / "train.csv", index=False)
hidden[["id", "text"]].to_csv(path / "test.csv", index=False)
hidden[["id"]].assign(spam=0.5).to_csv(path / "sample_submission.csv", index=False)
sorted(file.name for file in path.iterdir())

# %%
# From here on, the notebook is what a participant writes. Texts such as "null" or "NA"
# are texts, so ``keep_default_na=False`` keeps pandas from taking them for missing.
train = pd.read_csv(path / "train.csv", keep_default_na=False)
test = pd.read_csv(path / "test.csv", keep_default_na=False)
sample = pd.read_csv(path / "sample_submission.csv")
print(f"train: {train.shape}, test: {test.shape}")
train.head(3)

# %%
# A look at the texts
# -------------------
# Spam is longer than other messages, and its lengths lie close together. The right plot
# has the words whose share of messages differs most between the two kinds.
import matplotlib.pyplot as plt
from sklearn.feature_extraction.text import CountVectorizer

vectorizer = CountVectorizer(binary=True, min_df=20)
counts = pd.DataFrame(
    vectorizer.fit_transform(train["text"]).toarray(),
    columns=vectorizer.get_feature_names_out(),
)
shares = counts.groupby(train["spam"]).mean().T.set_axis(["ham", "spam"], axis=1)
most = (shares["spam"] - shares["ham"]).abs().nlargest(12).index

_, axes = plt.subplots(ncols=2, figsize=(10, 4), layout="constrained")
for label, name in enumerate(shares):
    length = train.loc[train["spam"] == label, "text"].str.len()
    axes[0].hist(length, bins=range(0, 400, 10), alpha=0.6, density=True, label=name)
axes[0].set(xlabel="characters", ylabel="density")
axes[0].legend()
shares.loc[most].iloc[::-1].plot.barh(ax=axes[1])
_ = axes[1].set_xlabel("share of the messages with the word")

# %%
# The fit
# -------
# The search compares networks by the log loss unless ``scoring`` says otherwise, so the
# metric of the competition needs no parameter. ``cv`` takes a splitter, and the linear
# model below gets the same folds from it.
from sklearn.model_selection import StratifiedKFold

from skautokeras import TextClassifier

folds = StratifiedKFold(3, shuffle=True, random_state=0)
clf = TextClassifier(cv=folds, max_trials=2, epochs=16, random_state=0)
clf.fit(train["text"], train["spam"])
clf.leaderboard_[["rank", "kind", "score", "accuracy", "weight", "epochs", "seconds"]]

# %%
# The estimate of the score
# -------------------------
# ``validation_predictions_`` has the probabilities of all messages, each from networks
# that were not trained on the message. The linear model of tf-idf weights predicts the
# same messages from the same folds.
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline

linear = make_pipeline(TfidfVectorizer(sublinear_tf=True), LogisticRegression(C=10))
probabilities = pd.DataFrame(
    {
        "linear model": cross_val_predict(
            linear, train["text"], train["spam"], cv=folds, method="predict_proba"
        )[:, 1],
        "share of spam for all": train["spam"].mean(),
    }
)
probabilities.loc[clf.validation_indices_, "skautokeras"] = clf.validation_predictions_[
    :, 1
]
scores = pd.DataFrame(
    {
        name: {
            "log loss": log_loss(train["spam"], p),
            "accuracy": accuracy_score(train["spam"], p > 0.5),
        }
        for name, p in probabilities.items()
    }
).T.sort_values("log loss")
scores.round(3)

# %%
# The errors
# ----------
# Most messages get a probability near 0 or 1. Those at the wrong end cost most. The
# axis of counts is logarithmic, so that they can be seen. In the right plot, points
# near the diagonal mean that the probabilities need no correction. The bins in the
# middle have few messages, so their points are uncertain.
from sklearn.calibration import CalibrationDisplay

p = probabilities["skautokeras"]
_, axes = plt.subplots(ncols=2, figsize=(10, 4), layout="constrained")
for label, name in enumerate(["ham", "spam"]):
    axes[0].hist(
        p[train["spam"] == label], bins=20, range=(0, 1), alpha=0.6, label=name
    )
axes[0].set(yscale="log", xlabel="probability of spam", ylabel="messages")
axes[0].legend()
_ = CalibrationDisplay.from_predictions(train["spam"], p, n_bins=5, ax=axes[1])

# %%
# These ordinary messages look most like spam to the network.
ham = train.assign(probability=p)[train["spam"] == 0]
worst = ham.nlargest(5, "probability")
worst.assign(text=worst["text"].str.slice(0, 70))[["text", "probability"]].round(3)

# %%
# The submission
# --------------
# The file has the form of the sample: the same columns, the same ids in the same order,
# and probabilities between 0 and 1. A probability of exactly 0 or 1 could cost an
# infinite loss, so a little is cut off at both ends.
proba = clf.predict_proba(test["text"])[:, 1]
submission = sample.assign(spam=np.clip(proba, 0.001, 0.999))
submission.to_csv(path / "submission.csv", index=False)

written = pd.read_csv(path / "submission.csv")
assert list(written) == list(sample)
assert written["id"].equals(sample["id"])
assert sample["id"].equals(test["id"])
assert written["spam"].between(0, 1).all()
written.head(3)

# %%
# The score on the hidden labels
# ------------------------------
# The organiser has the kinds of the messages, and computes the score from them.
truth = hidden.set_index("id")["spam"].loc[written["id"]]
pd.Series(
    {
        "estimated": scores.loc["skautokeras", "log loss"],
        "hidden": log_loss(truth, written["spam"]),
    }
).round(3).to_frame("log loss")

# %%
folder.cleanup()

# %%
# Conclusion
# ----------
# The texts went into the classifier as they stood in the file. The folds gave an
# estimate of the score, and a fair comparison with another model, because both models
# predicted the same messages from the same folds. The log loss judges probabilities,
# so look at their calibration before you hand them in.
