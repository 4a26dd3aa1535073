"""
Export a model and answer requests
==================================

A fitted estimator can be written as a TensorFlow SavedModel or as an ONNX file, which
take raw values of columns and return labels. Neither of them needs skautokeras to
predict. This example answers a request in JSON, checks that both files predict as the
estimator does, and measures how long they take. At the end, `to_scikeras` returns a
pipeline that can be trained again.
"""

# %%
# Fit
# ---
# An ONNX file can take numbers and categories, but no texts and dates, so the names of
# the passengers are left out. A SavedModel could take them.
from sklearn.model_selection import train_test_split

from skautokeras import StructuredDataClassifier
from skautokeras.datasets import load_titanic

X, y = load_titanic(return_X_y=True)
X = X[["pclass", "sex", "age", "sibsp", "parch", "fare", "embarked"]]
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)

clf = StructuredDataClassifier(max_trials=1, random_state=0)
clf.fit(X_train, y_train)
clf.score(X_test, y_test)

# %%
# A SavedModel
# ------------
# It is a folder. TensorFlow Serving expects the version as the last part of the path.
# The signature "serving_default" has one input per column.
import tempfile
from pathlib import Path

import tensorflow as tf

folder = tempfile.TemporaryDirectory()
path = Path(folder.name) / "titanic" / "1"
clf.export(path)

predict = tf.saved_model.load(path).signatures["serving_default"]
columns = predict.structured_input_signature[1]
{name: column.dtype.name for name, column in columns.items()}

# %%
# Answer a request
# ----------------
# A server gets JSON and returns JSON. All that lies between are tensors of the right
# types. Missing numbers are NaN and missing strings are empty. The file
# ``examples/serve.py`` has the same lines behind a web server of FastAPI.
import json


def answer(request):
    inputs = json.loads(request)
    tensors = {name: tf.constant(inputs[name], columns[name].dtype) for name in columns}
    return json.dumps(
        {name: y.numpy().tolist() for name, y in predict(**tensors).items()}
    )


request = """{
    "pclass": [3, 1], "sex": ["male", "female"], "age": [22, NaN], "sibsp": [1, 0],
    "parch": [0, 0], "fare": [7.25, 71.28], "embarked": ["S", ""]
}"""
answer(request)

# %%
# An ONNX file
# ------------
# ONNX Runtime reads it (``pip install ".[onnx]"``), without TensorFlow.
# Strings are passed as arrays of objects, and every input has the shape (rows,).
import numpy as np
import onnxruntime

clf.export(Path(folder.name) / "titanic.onnx", format="onnx")
session = onnxruntime.InferenceSession(Path(folder.name) / "titanic.onnx")
[(column.name, column.type, column.shape) for column in session.get_inputs()]

# %%
# The same answers
# ----------------
# Each of these functions takes a DataFrame and returns probabilities.
strings = ["sex", "embarked"]


def of_estimator(X):
    return clf.predict_proba(X)


def of_saved_model(X):
    X = X.fillna(dict.fromkeys(strings, ""))
    tensors = {name: tf.constant(X[name], columns[name].dtype) for name in columns}
    return predict(**tensors)["probabilities"].numpy()


onnx_types = {"tensor(string)": object, "tensor(double)": float, "tensor(float)": "f4"}


def of_onnx(X):
    X = X.fillna(dict.fromkeys(strings, ""))
    arrays = {
        column.name: X[column.name].to_numpy(onnx_types[column.type])
        for column in session.get_inputs()
    }
    return session.run(["probabilities"], arrays)[0]


expected = of_estimator(X_test)
for function in (of_saved_model, of_onnx):
    difference = np.abs(function(X_test) - expected).max()
    print(f"{function.__name__}: same to 5 digits: {difference < 1e-5}")

# %%
# How long a prediction takes
# ---------------------------
# The estimator accepts everything that `fit` accepts and checks it. The exported models
# take tensors only, so they are faster for single rows.
import time

import matplotlib.pyplot as plt
import pandas as pd

times = pd.DataFrame()
for function in (of_estimator, of_saved_model, of_onnx):
    for n_rows in (1, 200):
        rows = X_test[:n_rows]
        function(rows)
        begin = time.perf_counter()
        for _ in range(30):
            function(rows)
        name = function.__name__.removeprefix("of_").replace("_", " ")
        times.loc[name, f"{n_rows} rows"] = (time.perf_counter() - begin) / 30 * 1000

_, ax = plt.subplots(figsize=(6, 3), layout="constrained")
times.plot.barh(ax=ax)
ax.invert_yaxis()
_ = ax.set_xlabel("milliseconds per call")

# %%
# Train the network again
# -----------------------
# An exported model only predicts. `to_scikeras` returns a pipeline of the preprocessing
# and a SciKeras estimator with the network that was found. Its `fit` trains the network
# without a search, here on all rows but those of the test.
pipeline = clf.to_scikeras()
pipeline.fit(X_train, y_train).score(X_test, y_test)

# %%
# With `fitted=True`, the pipeline predicts as the estimator does, without another fit.
fitted = clf.to_scikeras(fitted=True)
print(np.abs(fitted.predict_proba(X_test) - expected).max() < 1e-5)
folder.cleanup()

# %%
# Conclusion
# ----------
# Both files contain the whole preprocessing, so a server needs no code of yours to
# prepare the data, and they predict as the estimator does. A SavedModel takes all kinds
# of columns. An ONNX file needs a smaller runtime. Use `save` and `skautokeras.load`
# instead if the estimator itself has to come back.
