"""Names, objects and functions that users give: used as they are, or refused early."""

import os
import subprocess
import sys

import joblib
import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_iris
from sklearn.metrics import make_scorer, mean_pinball_loss

from skautokeras import StructuredDataClassifier, StructuredDataRegressor
from skautokeras.exceptions import JournalMismatchError

CALLS = []


class CountEpochs(keras.callbacks.Callback):
    epochs = 0

    def on_epoch_end(self, epoch, logs=None):
        type(self).epochs += 1


def _note_call(number, logs):
    CALLS.append(number)


@pytest.fixture
def iris():
    return load_iris(return_X_y=True)


@pytest.fixture
def classifier():
    CountEpochs.epochs = 0
    CALLS.clear()
    return StructuredDataClassifier(
        max_trials=1, epochs=3, random_state=0, ensemble_size=1
    )


def test_many_fits_in_a_new_process_print_nothing(tmp_path):
    code = (
        "from sklearn.datasets import load_iris\n"
        "from skautokeras import StructuredDataClassifier\n"
        "X, y = load_iris(return_X_y=True)\n"
        "classifier = StructuredDataClassifier(max_trials=1, epochs=1)\n"
        "for n in range(10):\n"
        "    classifier.fit(X[n:], y[n:]).predict(X)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == ""
    assert "retracing" not in done.stderr


@pytest.mark.parametrize(
    "params",
    [{"loss": "no_such_name"}, {"metrics": ["no_such_name"]}],
    ids=["loss", "metrics"],
)
def test_an_unknown_name_is_refused_before_any_training(classifier, iris, params):
    classifier.set_params(callbacks=[CountEpochs()], **params)
    with pytest.raises(ValueError, match="no_such_name"):
        classifier.fit(*iris)


@pytest.mark.parametrize("callbacks", [["x"], [CountEpochs]], ids=["string", "class"])
def test_what_is_no_callback_is_refused_before_any_training(
    classifier, iris, callbacks
):
    with pytest.raises((TypeError, ValueError), match="callbacks"):
        classifier.set_params(callbacks=callbacks).fit(*iris)


@pytest.mark.parametrize(
    ("hook", "n_calls"), [("on_train_batch_end", 9), ("on_epoch_end", 3)]
)
def test_functions_as_callbacks_are_called(classifier, iris, hook, n_calls):
    callback = keras.callbacks.LambdaCallback(**{hook: _note_call})
    classifier.set_params(callbacks=[callback], batch_size=50).fit(*iris)
    assert len(CALLS) == n_calls  # 120 rows: three batches in three epochs


def test_a_lambda_is_a_loss():
    loss = lambda y_true, y_pred: (y_true - y_pred) ** 2  # noqa: E731
    StructuredDataRegressor(max_trials=1, epochs=1, loss=loss).fit(
        *load_diabetes(return_X_y=True)
    )


def test_metrics_have_the_same_names_in_every_fit(classifier, iris):
    classifier.set_params(metrics=["auc", "precision"])
    names = [set(clone(classifier).fit(*iris).history_) for _ in range(2)]
    assert names[0] == names[1] >= {"auc", "val_auc", "precision"}
    results = classifier.fit(*iris).evaluate(*iris)
    assert set(results) == {"loss", "auc", "precision"}


def test_threads_find_what_one_thread_finds(classifier, iris):
    def probabilities():
        return clone(classifier).fit(*iris).predict_proba(iris[0])

    found = joblib.Parallel(n_jobs=2, backend="threading")(
        joblib.delayed(probabilities)() for _ in range(4)
    )
    expected = probabilities()
    # The last bits depend on whether TensorFlow optimises the graph of a prediction,
    # which a training in another thread turns off for the process.
    for proba in found:
        np.testing.assert_allclose(proba, expected, rtol=1e-5)
    # The settings of the process are put back.
    options = tf.config.optimizer.get_experimental_options()
    assert not options.get("disable_meta_optimizer", False)


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [
        ("loss", keras.losses.Huber(delta=1.0), keras.losses.Huber(delta=0.1)),
        (
            "scoring",
            make_scorer(mean_pinball_loss, alpha=0.1, greater_is_better=False),
            make_scorer(mean_pinball_loss, alpha=0.9, greater_is_better=False),
        ),
    ],
    ids=["loss", "scoring"],
)
def test_a_directory_tells_objects_of_one_class_apart(tmp_path, name, first, second):
    data = load_diabetes(return_X_y=True)
    params = {"max_trials": 1, "epochs": 1, "directory": tmp_path, "refit": False}
    StructuredDataRegressor(**params, **{name: first}).fit(*data)
    with pytest.raises(
        JournalMismatchError, match="holds the search of other parameters"
    ):
        StructuredDataRegressor(**params, **{name: second}).fit(*data)


@pytest.mark.parametrize("change", ["validation_data", "shuffle"])
def test_a_directory_tells_other_arguments_of_fit_from_its_own(iris, tmp_path, change):
    X, y = iris
    given = {"validation_data": (X[::2], y[::2]), "shuffle": True}
    other = {"validation_data": (X[1::2], y[1::2]), "shuffle": False}[change]
    params = {"max_trials": 1, "epochs": 1, "directory": tmp_path, "refit": False}
    StructuredDataClassifier(**params).fit(X, y, **given)
    other_what = "data" if change == "validation_data" else "parameters"
    with pytest.raises(
        JournalMismatchError, match=f"holds the search of other {other_what}"
    ):
        StructuredDataClassifier(**params).fit(X, y, **{**given, change: other})


def test_a_search_with_functions_goes_on_in_another_process(tmp_path):
    code = (
        "import sys\n"
        "import keras\n"
        "from sklearn.datasets import load_iris\n"
        "from skautokeras import StructuredDataClassifier\n"
        "StructuredDataClassifier(\n"
        "    max_trials=1, epochs=1, refit=False, directory=sys.argv[1],\n"
        "    metrics=[keras.metrics.categorical_accuracy],\n"
        ").fit(*load_iris(return_X_y=True))\n"
    )
    for _ in range(2):
        subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)
