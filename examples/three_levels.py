"""
Three levels of one search
==========================

A task takes three lines. Inputs and heads say what goes in and what comes out, and the
network between them is searched. Blocks that are called on nodes say how the network
is built. All three are scikit-learn estimators, and all three are the same search.
"""

# %%
# A task
# ------
# Handwritten digits as a table of 64 numbers.
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from skautokeras import StructuredDataClassifier

digits = load_digits()
X_train, X_test, y_train, y_test, images_train, images_test = train_test_split(
    digits.data, digits.target, digits.images, stratify=digits.target, random_state=0
)

clf = StructuredDataClassifier(max_trials=2, epochs=16, random_state=0)
clf.fit(X_train, y_train)
print(f"Task: {clf.score(X_test, y_test):.3f}")

# %%
# Inputs and heads
# ----------------
# The same digits as pictures of 8 by 8 pixels. `AutoModel` puts an `ImageBlock` between
# the input and the head.
from skautokeras import AutoModel, ClassificationHead, ImageInput

model = AutoModel(
    inputs=ImageInput(),
    outputs=ClassificationHead(),
    max_trials=1,
    epochs=8,
    ensemble_size=1,
    random_state=0,
)
model.fit(images_train, y_train)
print(f"Inputs and heads: {model.score(images_test, y_test):.3f}")

# %%
# A graph
# -------
# Blocks are called on nodes, as Keras layers are. What is given is fixed, what is left
# out is searched, and a range narrows the search.
from skautokeras import (
    Choice,
    ConvBlock,
    DenseBlock,
    Flatten,
    ImageAugmentation,
    Merge,
    Normalization,
)

image = ImageInput()
x = ImageAugmentation(flip="none", rotation=0.0)(Normalization()(image))
by_place = Flatten()(ConvBlock(n_blocks=1, n_layers=2, kernel_size=3)(x))
by_pixel = DenseBlock(n_layers=1, units=Choice([64, 128]))(Flatten()(x))
merged = Merge(merge_type="concatenate")([by_place, by_pixel])
output = ClassificationHead()(merged)

graph = AutoModel(
    image, output, max_trials=2, epochs=8, ensemble_size=1, random_state=0
)
graph.fit(images_train, y_train)
print(f"SearchSpace: {graph.score(images_test, y_test):.3f}")

# %%
# The leaderboard has a row per trial.
print(graph.leaderboard_[["rank", "score", "status", "epochs", "n_parameters"]])
