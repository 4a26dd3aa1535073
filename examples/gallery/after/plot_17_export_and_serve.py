"""
Hand a model over, and serve it
===============================

A fitted estimator can leave Python as a file that takes raw data: strings, numbers and
missing values as they come. This example writes a SavedModel, answers a JSON request
with it, compares the answers with those of the estimator, and measures how long an
answer takes. It also hands the network over as a SciKeras estimator that can be fitted
to other rows.
"""

# %%
# A small model
# -------------
from sklearn.model_selection import train_test_split

from skautokeras import StructuredDataClassifier
from skautokeras.datasets import load_titanic

X, y = load_titanic(return_X_y=True)
X = X[["pclass", "sex", "age", "fare", "embarked"]]
y = y.map({0: "died", 1: "survived"})
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
clf = StructuredDataClassifier(max_trials=2, epochs=10, random_state=0)
clf.fit(X_train, y_train)

# %%
# A SavedModel
# ------------
# The folder has everything that a server needs, and no Python code of this package. The
# signature says which tensors the model takes: one per column.
import tempfile
from pathlib import Path

import tensorflow as tf

folder = tempfile.TemporaryDirectory()
path = Path(folder.name) / "titanic" / "1"
clf.export(path)
served = tf.saved_model.load(path).signatures["serving_default"]
for name, spec in served.structured_input_signature[1].items():
    print(f"{name:10} {spec.dtype.name}")

# %%
# A request
# ---------
# A client sends columns as JSON. A number that is missing is NaN, and a string that is
# missing is empty. A server turns the columns into tensors of the types above and calls
# the model. ``examples/serve.py`` in the repository does this with FastAPI, and
# TensorFlow Serving does it without any code.
import json

request = json.dumps(
    {
        "pclass": [1, 3, 2],
        "sex": ["female", "male", "female"],
        "age": [29, float("nan"), 8],
        "fare": [80.0, 8.05, 26.25],
        "embarked": ["C", "S", ""],
    }
)


def answer(request):
    columns = json.loads(request)
    specs = served.structured_input_signature[1]
    tensors = {
        name: tf.constant(values, specs[name].dtype) for name, values in columns.items()
    }
    outputs = served(**tensors)
    return {
        "label": [label.decode() for label in outputs["label"].numpy()],
        "probabilities": outputs["probabilities"].numpy().round(3).tolist(),
    }


answer(request)

# %%
# The file says what the estimator says
# -------------------------------------
import matplotlib.pyplot as plt
import numpy as np


def as_request(X):
    strings = X.select_dtypes(exclude="number").columns
    return json.dumps(X.fillna(dict.fromkeys(strings, "")).to_dict("list"))


of_file = np.array(answer(as_request(X_test))["probabilities"])
of_estimator = clf.predict_proba(X_test)
fig, ax = plt.subplots(layout="constrained")
ax.scatter(of_estimator[:, 1], of_file[:, 1], s=10)
ax.plot([0, 1], [0, 1], ":", color="0.5")
ax.set(xlabel="probability by the estimator", ylabel="probability by the file")
print(f"greatest difference: {np.abs(of_file - of_estimator).max():.4f}")

# %%
# How long an answer takes
# ------------------------
import time


def milliseconds(function, *args, n_repeats=20):
    function(*args)  # the first call may build something
    start = time.perf_counter()
    for _ in range(n_repeats):
        function(*args)
    return 1e3 * (time.perf_counter() - start) / n_repeats


one = as_request(X_test.iloc[:1])
print(f"one row by the file:      {milliseconds(answer, one):.1f} ms")
print(f"one row by the estimator: {milliseconds(clf.predict, X_test.iloc[:1]):.1f} ms")

# %%
# The network without the search
# ------------------------------
# ``to_scikeras`` returns a pipeline with the preprocessing and the network that was
# found. It is fitted to other rows without another search, for example in a
# cross-validation.
from sklearn.model_selection import cross_val_score

pipeline = clf.to_scikeras().set_params(model__epochs=5)
cross_val_score(pipeline, X_train, y_train, cv=2)

# %%
folder.cleanup()

# %%
# Conclusion
# ----------
# The file answers as the estimator does, and takes strings and missing values as they
# are, so that a server needs no preprocessing code that could differ from training. Use
# ``save`` if the reader is Python with this package, a SavedModel or ONNX file if it is
# not, and ``to_scikeras`` if the network is to be fitted again.
