"""
Recognise handwritten digits
============================

`ImageClassifier` takes an array of pictures as it is. This example fits it to the
digits of scikit-learn, shows which digits it confuses, and shows the pictures that it
gets most wrong. Such pictures often tell more about a model than its score does.
"""

# %%
# Pictures of 8 by 8 pixels
# -------------------------
# The array has the shape (pictures, height, width). The pixels need no scaling and the
# labels no encoding. The search gets 400 pictures only, and the others are kept for the
# test, so that there are enough mistakes to look at.
import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

digits = load_digits()
X_train, X_test, y_train, y_test = train_test_split(
    digits.images, digits.target, train_size=400, stratify=digits.target, random_state=0
)

_, axes = plt.subplots(2, 10, figsize=(10, 2.4), layout="constrained")
for ax, image, label in zip(axes.flat, X_train, y_train, strict=False):
    ax.imshow(image, cmap="gray_r")
    ax.set_title(label)
    ax.axis("off")

# %%
# Search for a network
# --------------------
# Two trials take some seconds on two cores. In your own work, leave `max_trials` out or
# set `max_time`.
from skautokeras import ImageClassifier

clf = ImageClassifier(max_trials=2, random_state=0)
clf.fit(X_train, y_train)
clf.leaderboard_[["kind", "accuracy", "weight", "epochs", "seconds", "n_parameters"]]

# %%
# `TrainingDisplay` draws the validation loss of each trial over its epochs, the best
# trial with a thick line. A curve that still falls at its end tells that more epochs
# could help.
from skautokeras.inspection import TrainingDisplay

_ = TrainingDisplay.from_estimator(clf, metric="val_loss", n_best=1)

# %%
# `draw_network` draws the layers of the network that has the greatest weight in the
# final model, with the shapes of their outputs.
from skautokeras.inspection import draw_network

draw_network(clf)

# %%
# Which digits are confused
# -------------------------
# A row of the confusion matrix holds the pictures of one digit, and a column holds the
# pictures that were taken for one digit. Mistakes are outside the diagonal.
from sklearn.metrics import ConfusionMatrixDisplay

_ = ConfusionMatrixDisplay.from_estimator(
    clf, X_test, y_test, cmap="Blues", colorbar=False
)

# %%
# The score is the accuracy on the pictures that the search has not seen.
clf.score(X_test, y_test)

# %%
# The most wrong pictures
# -----------------------
# A picture is the more wrong, the lower the probability that its true class gets. The
# titles show the true digit and the predicted one, and the labels below show the
# probability of the true one.
import numpy as np

proba = clf.predict_proba(X_test)
p_true = proba[np.arange(len(y_test)), np.searchsorted(clf.classes_, y_test)]
predicted = clf.classes_[proba.argmax(axis=1)]

_, axes = plt.subplots(2, 6, figsize=(10, 4), layout="constrained")
for ax, i in zip(axes.flat, np.argsort(p_true), strict=False):
    ax.imshow(X_test[i], cmap="gray_r")
    ax.set_title(f"{y_test[i]}, taken for {predicted[i]}")
    ax.set_xlabel(f"{p_true[i]:.2f}")
    ax.set_xticks([])
    ax.set_yticks([])

# %%
# Conclusion
# ----------
# The search found a convolutional network without any choice of layers, and the network
# recognises almost all digits after it has seen a few hundred. Many of the most wrong
# pictures are hard to read for people as well, because 8 by 8 pixels keep little of the
# strokes. Look at the most wrong pictures of your own data first, because wrong labels
# are found there, too.
