"""
Images, three ways
==================

Handwritten digits of 8 by 8 pixels: as arrays, as rows of pixels in a `Pipeline`, and
as files.
"""

# %%
# Arrays
# ------
# Images of integers, floats or booleans, with or without an axis of colours.
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from skautokeras import ImageClassifier

digits = load_digits()
X_train, X_test, y_train, y_test = train_test_split(
    digits.images, digits.target, stratify=digits.target, random_state=0
)

clf = ImageClassifier(max_trials=2, epochs=8, ensemble_size=1, random_state=0)
clf.fit(X_train, y_train)
print(f"Arrays: {clf.score(X_test, y_test):.3f}")
print(clf.leaderboard_[["rank", "score", "weight", "seconds", "n_parameters"]])

# %%
# Rows
# ----
# Where each row is a flattened image, `image_shape` says which. So images go through
# everything of scikit-learn that is made for tables.
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

rows = X_train.reshape(len(X_train), -1)
quick = ImageClassifier(
    image_shape=(8, 8), max_trials=1, epochs=4, ensemble_size=1, random_state=0
)
pipeline = make_pipeline(FunctionTransformer(lambda X: X / 16), quick)
pipeline.fit(rows, y_train)
print(f"Rows: {pipeline.score(X_test.reshape(len(X_test), -1), y_test):.3f}")

# %%
# Files
# -----
# Paths may stand in a list, a Series or a column of a DataFrame. They are read with
# Pillow: ``pip install ".[image]"``.
import tempfile
from pathlib import Path

from PIL import Image

from skautokeras import ImageRegressor

with tempfile.TemporaryDirectory() as folder:
    paths = [Path(folder) / f"{i}.png" for i in range(200)]
    for path, image in zip(paths, X_train, strict=False):
        Image.fromarray((image * 15).astype("uint8")).save(path)
    ink = X_train[:200].mean(axis=(1, 2))
    reg = ImageRegressor(max_trials=1, epochs=8, ensemble_size=1, random_state=0)
    reg.fit(paths[:150], ink[:150])
    print(f"Files: {reg.score(paths[150:], ink[150:]):.3f}")
