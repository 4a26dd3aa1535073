"""
A competition with pictures: kinds of clothes
=============================================

Competitions with pictures give folders of files, and a table with the label of each
training file. This notebook starts from such files, passes their paths to the
classifier, looks at its errors, and writes the submission. The metric is the accuracy.
"""

# %%
# The files
# ---------
# Only this cell knows the labels of the test pictures. It plays the part of the
# organiser and writes the files of the competition to a temporary folder.
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image
from sklearn.model_selection import train_test_split

from skautokeras.datasets import load_fashion

folder = tempfile.TemporaryDirectory()
path = Path(folder.name)

fashion = load_fashion()
frame = pd.DataFrame({"label": fashion.target_names[fashion.target]})
frame.insert(0, "file", [f"{i:04d}.png" for i in range(len(frame))])
given, hidden = train_test_split(
    frame, test_size=200, stratify=frame["label"], random_state=0
)
for name, part in (("train", given), ("test", hidden)):
    (path / name).mkdir()
    for i, file in part["file"].items():
        Image.fromarray(fashion.images[i]).save(path / name / file)
given.to_csv(path / "train.csv", index=False)
hidden[["file"]].to_csv(path / "test.csv", index=False)
hidden[["file"]].assign(label="bag").to_csv(path / "sample_submission.csv", index=False)
sorted(file.name for file in path.iterdir())

# %%
# From here on, the notebook is what a participant writes.
train = pd.read_csv(path / "train.csv")
test = pd.read_csv(path / "test.csv")
sample = pd.read_csv(path / "sample_submission.csv")
train["label"].value_counts().to_frame()

# %%
# A look at the pictures
# ----------------------
# All kinds are equally frequent. Each row shows one kind. Shirts, pullovers and coats
# look much alike, so most errors can be expected there.
import matplotlib.pyplot as plt

paths = [path / "train" / file for file in train["file"]]
pictures = np.stack([np.asarray(Image.open(file)) for file in paths])
labels = sorted(train["label"].unique())

_, axes = plt.subplots(2, 5, figsize=(10, 4.4), layout="constrained")
for ax, label in zip(axes.flat, labels, strict=True):
    examples = pictures[train["label"] == label][:9].reshape(3, 3, 28, 28)
    ax.imshow(examples.swapaxes(1, 2).reshape(84, 84), cmap="gray_r")
    ax.set_title(label)
    ax.axis("off")

# %%
# Sizes and shades tell whether the files are of one kind, and whether the test pictures
# look like the training pictures.
test_paths = [path / "test" / file for file in test["file"]]
test_pictures = np.stack([np.asarray(Image.open(file)) for file in test_paths])
pd.DataFrame(
    {
        name: {
            "pictures": len(images),
            "height": images.shape[1],
            "width": images.shape[2],
            "mean shade": images.mean().round(1),
        }
        for name, images in (("train", pictures), ("test", test_pictures))
    }
).T

# %%
# The fit
# -------
# ``ImageClassifier`` takes the paths and reads the files. With ``cv=2``, each network
# is trained on one half of the pictures and predicts the other half, and the final
# networks are trained again on all of them. The limits keep this example short.
from skautokeras import ImageClassifier

clf = ImageClassifier(scoring="accuracy", cv=2, max_trials=2, epochs=16, random_state=0)
clf.fit(paths, train["label"])
clf.leaderboard_[["rank", "kind", "score", "weight", "refitted", "epochs", "seconds"]]

# %%
from skautokeras.inspection import EnsembleDisplay

_ = EnsembleDisplay.from_estimator(clf)

# %%
# The estimate of the score
# -------------------------
# ``validation_predictions_`` has probabilities of all pictures, from networks that were
# not trained on them. A random forest of the pixels is validated in the same way.
# The networks will be trained again on twice as many pictures, so the score of the
# submission may well be better than the estimate.
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import StratifiedKFold, cross_val_score

true = train["label"].iloc[clf.validation_indices_].to_numpy()
predicted = clf.classes_[clf.validation_predictions_.argmax(axis=1)]
of_forest = cross_val_score(
    RandomForestClassifier(random_state=0),
    pictures.reshape(len(pictures), -1),
    train["label"],
    cv=StratifiedKFold(2, shuffle=True, random_state=0),
)
estimates = pd.Series(
    {
        "skautokeras": np.mean(true == predicted),
        "random forest of the pixels": of_forest.mean(),
        "one label for all": 1 / len(labels),
    }
)
estimates.round(3).to_frame("accuracy")

# %%
# The errors
# ----------
# The rows of the matrix are the true kinds, and the columns are the predicted ones.
from sklearn.metrics import ConfusionMatrixDisplay

_, ax = plt.subplots(figsize=(6.5, 6), layout="constrained")
_ = ConfusionMatrixDisplay.from_predictions(
    true, predicted, cmap="Blues", colorbar=False, xticks_rotation=60, ax=ax
)

# %%
# These are the wrong predictions that were most certain. Above each picture stand the
# true kind and then the predicted one. Some of these kinds are hard to tell apart for
# people as well.
certain = clf.validation_predictions_.max(axis=1)
wrong = np.flatnonzero(true != predicted)
worst = wrong[np.argsort(-certain[wrong])[:10]]

_, axes = plt.subplots(2, 5, figsize=(10, 4.6), layout="constrained")
for ax, i in zip(axes.flat, worst, strict=False):
    ax.imshow(pictures[clf.validation_indices_[i]], cmap="gray_r")
    ax.set_title(f"{true[i]}, not\n{predicted[i]}: {certain[i]:.2f}", fontsize=10)
    ax.axis("off")

# %%
# The submission
# --------------
# The file has the form of the sample: the same columns, the same files in the same
# order, and only labels that exist.
submission = sample.assign(label=clf.predict(test_paths))
submission.to_csv(path / "submission.csv", index=False)

written = pd.read_csv(path / "submission.csv")
assert list(written) == list(sample)
assert written["file"].equals(sample["file"])
assert sample["file"].equals(test["file"])
assert written["label"].isin(labels).all()
written.head(3)

# %%
# The score on the hidden labels
# ------------------------------
# The organiser has the labels, and computes the score from them.
truth = hidden.set_index("file")["label"].loc[written["file"]].to_numpy()
pd.Series(
    {
        "estimated": estimates["skautokeras"],
        "hidden": np.mean(truth == written["label"]),
    }
).round(3).to_frame("accuracy")

# %%
folder.cleanup()

# %%
# Conclusion
# ----------
# Paths of files were enough for the classifier. The validation predictions told which
# kinds it confuses, and gave an estimate of the score before the submission. With a few
# hundred pictures, both numbers are uncertain by some percent, so a small difference on
# a leaderboard says little. Longer searches try larger networks than this example.
