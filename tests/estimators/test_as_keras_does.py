"""Losses, metrics, callbacks and layers do here what they do in `keras.Model.fit`."""

import keras
import numpy as np
import pytest
from keras import layers

from skautokeras import (
    AutoModel,
    Block,
    ClassificationHead,
    RegressionHead,
    StructuredDataClassifier,
    StructuredDataInput,
)

RNG = np.random.default_rng(0)
X = RNG.normal(size=(150, 2))
NUMBERS = X.sum(axis=1) + 0.3 * RNG.normal(size=150)
LABELS = (NUMBERS > 0).astype(int)
CLASSES = np.digitize(NUMBERS, [-0.7, 0.7])
SETTINGS = {"max_trials": 1, "epochs": 2, "random_state": 0, "cv": None, "refit": False}


class OnBatches(keras.callbacks.Callback):
    """A callback that does nothing, and for which `keras.Model.fit` is called."""

    def on_train_batch_end(self, batch, logs=None):
        pass


BOTH_WAYS = pytest.mark.parametrize(
    "others", [[], [OnBatches()]], ids=["compiled", "keras"]
)


class Own(Block):
    """A dense layer."""

    def build(self, hp, x):
        return dense(x)


def network_of(build, y=LABELS, head=ClassificationHead, **params):
    """Return an `AutoModel` with a network of the user, fitted."""
    made = type("Own", (Block,), {"build": lambda self, hp, x: build(x)})()
    table = StructuredDataInput()
    model = AutoModel(table, head()(made(table)), **{**SETTINGS, **params})
    return model.fit(X, y)


def dense(x):
    return layers.Dense(8, "relu")(x)


def fitted(y=LABELS, **params):
    """Return a classifier of networks only."""
    return network_of(dense, y, **params)


def with_metrics(metrics, y=LABELS, **params):
    head = ClassificationHead(metrics=metrics)
    return network_of(dense, y, lambda: head, **params)


class Lowest(keras.metrics.Metric):
    """The lowest output, which begins far from zero."""

    def __init__(self, name="lowest"):
        super().__init__(name=name)
        self.value = self.add_weight(initializer="zeros", name="value")
        self.reset_state()

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.value.assign(keras.ops.minimum(self.value, keras.ops.min(y_pred)))

    def result(self):
        return self.value + 0.0

    def reset_state(self):
        self.value.assign(1e9)


@pytest.mark.parametrize(
    ("metric", "y"),
    [
        (keras.metrics.F1Score(threshold=0.5), LABELS),
        (keras.metrics.F1Score(average="macro"), CLASSES),
        (keras.metrics.R2Score(), LABELS),
        (keras.metrics.AUC(multi_label=True), CLASSES),
        ("f1_score", LABELS),
        (Lowest(), LABELS),
    ],
    ids=["F1", "macro F1", "R2", "AUC of each", "by name", "own"],
)
def test_a_metric_is_the_same_in_training_and_afterwards(metric, y):
    model = with_metrics([metric], y, validation_fraction=0.4)
    name = getattr(metric, "name", metric)
    assert len(model.history_[name]) == len(model.history_[f"val_{name}"]) == 2
    # The final network is that of the best epoch, whose validation rows are few.
    found = np.array(model.history_[f"val_{name}"])
    assert np.abs(found - model.evaluate(X, y)[name]).min() < 0.3


def test_a_metric_of_every_class_is_refused_with_its_name():
    with pytest.raises(ValueError, match=r"F1Score name=f1.*average='macro'"):
        with_metrics([keras.metrics.F1Score()], CLASSES)


@pytest.mark.parametrize(
    ("metrics", "message"),
    [
        ([keras.metrics.AUC(name="loss")], "'loss' of a metric stands for something"),
        ([keras.metrics.AUC(name="val_x")], "'val_x' of a metric stands for something"),
        ([keras.metrics.AUC(name="a"), keras.metrics.Recall(name="a")], "2 metrics"),
    ],
)
def test_names_of_metrics_that_stand_for_something_else_are_refused(metrics, message):
    with pytest.raises(ValueError, match=message):
        with_metrics(metrics)


def test_a_metric_of_a_lambda_is_taken():
    distance = keras.metrics.MeanMetricWrapper(lambda t, p: abs(t - p), name="distance")
    model = with_metrics([distance])
    assert 0 < model.history_["val_distance"][-1] < 1


@BOTH_WAYS
@pytest.mark.parametrize("constraint", ["non_neg", "unit_norm"])
def test_constraints_of_weights_hold(constraint, others):
    model = network_of(
        lambda x: layers.Dense(3, kernel_constraint=constraint, name="mine")(x),
        NUMBERS,
        RegressionHead,
        callbacks=others,
        epochs=20,
    )
    kernel = model.model_.get_layer("mine").kernel.numpy()
    if constraint == "non_neg":
        assert kernel.min() >= 0
    else:
        np.testing.assert_allclose(np.linalg.norm(kernel, axis=0), 1, rtol=1e-3)


def test_layers_of_double_precision_are_trained():
    model = network_of(lambda x: layers.Dense(4, dtype="float64")(x))
    assert np.isfinite(model.best_score_)


class StandsStill(keras.callbacks.Callback):
    """Sets the learning rate to zero, by no class of Keras that is known for that."""

    def on_epoch_begin(self, epoch, logs=None):
        self.model.optimizer.learning_rate = 0.0


@BOTH_WAYS
def test_a_callback_of_ones_own_sets_the_learning_rate(others):
    model = fitted(callbacks=[StandsStill(), *others], epochs=3)
    losses = model.history_["val_loss"]
    assert losses == [losses[0]] * 3
    assert len(set(fitted(callbacks=others, epochs=3).history_["val_loss"])) == 3


class Listens(keras.callbacks.Callback):
    """Counts validations, and keeps what they log."""

    def __init__(self):
        super().__init__()
        self.begun, self.logs = [], []

    def on_test_begin(self, logs=None):
        self.begun.append(True)

    def on_test_end(self, logs=None):
        self.logs.append(logs["loss"])


@BOTH_WAYS
def test_callbacks_hear_of_validations(others):
    listens = Listens()
    model = fitted(callbacks=[listens, *others])
    assert len(listens.begun) == len(listens.logs) == 2
    if not others:
        assert listens.logs == model.history_["val_loss"]


class Evaluates(keras.callbacks.Callback):
    """Evaluates the network on rows of its own."""

    def __init__(self):
        super().__init__()
        self.found = []

    def on_epoch_end(self, epoch, logs=None):
        x = {t.name: np.zeros((4, *t.shape[1:]), t.dtype) for t in self.model.inputs}
        self.found.append(self.model.evaluate(x, np.zeros((4, 1)), verbose=0))


@BOTH_WAYS
def test_a_callback_can_evaluate_the_network(others):
    evaluates = Evaluates()
    with_metrics(["accuracy"], callbacks=[evaluates, *others])
    # Rows of zeros lie between the classes.
    assert [loss for loss, _ in evaluates.found] == pytest.approx([0.69] * 2, abs=0.3)


class StopsAtOnce(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        self.model.stop_training = True


@BOTH_WAYS
def test_a_training_has_one_epoch_at_least(others):
    model = fitted(callbacks=[StopsAtOnce(), *others])
    assert len(model.history_["val_loss"]) == 1


class Thaws(keras.callbacks.Callback):
    def __init__(self, epoch):
        super().__init__()
        self.epoch = epoch

    def on_epoch_begin(self, epoch, logs=None):
        self.model.get_layer("mine").trainable = epoch >= self.epoch


@pytest.mark.parametrize("epoch", [0, 1])
def test_what_is_trained_is_settled_when_a_training_begins(epoch):
    def build(x):
        return layers.Dense(3)(layers.Dense(4, name="mine", trainable=False)(x))

    with pytest.warns(UserWarning, match="which has no effect") as caught:
        model = network_of(build, callbacks=[Thaws(epoch)])
    assert len(caught) == 1
    assert len(model.history_["loss"]) == 2


def test_the_first_epoch_comes_before_the_last():
    params = {**SETTINGS, "epochs": 2}
    with pytest.raises(ValueError, match="initial_epoch=5 must be less than epochs=2"):
        StructuredDataClassifier(**params).fit(X, LABELS, initial_epoch=5)


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (lambda t, p: np.mean((t - p) ** 2), "NumPy|numpy"),
        (
            lambda t, p: keras.ops.mean(keras.ops.cast(p > 0.5, "float32")),
            "no gradient",
        ),
    ],
    ids=["NumPy", "no gradient"],
)
def test_a_loss_that_cannot_be_learned_from_is_refused_before_training(loss, message):
    with pytest.raises(ValueError, match=message):
        StructuredDataClassifier(**SETTINGS, loss=loss).fit(X, LABELS)


@pytest.mark.parametrize("dtype", ["float16", "float64"])
def test_a_loss_can_have_a_type_of_its_own(dtype):
    loss = keras.losses.BinaryCrossentropy(dtype=dtype)
    model = network_of(dense, head=lambda: ClassificationHead(loss=loss))
    assert np.isfinite(model.best_score_)


@pytest.mark.parametrize(
    ("callback", "error", "message"),
    [
        (keras.callbacks.EarlyStopping("nope"), ValueError, "'nope', which no epoch"),
        (
            keras.callbacks.ModelCheckpoint("m-{val_accuracy:.2f}.keras"),
            ValueError,
            "contains 'val_accuracy', which no epoch logs",
        ),
        (keras.callbacks.CSVLogger("no/x.csv"), FileNotFoundError, "there is no 'no'"),
    ],
    ids=["monitor", "name of a file", "folder"],
)
def test_what_no_epoch_logs_is_noticed_before_training(callback, error, message):
    with pytest.raises(error, match=message):
        fitted(callbacks=[callback])


class Logs(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        logs["val_own"] = -epoch


@pytest.mark.parametrize(
    "callbacks",
    [
        [Logs(), keras.callbacks.EarlyStopping("val_own", mode="max", patience=1)],
        [keras.callbacks.ModelCheckpoint("{epoch}.keras", monitor="val_accuracy")],
        [keras.callbacks.CSVLogger("log_{fold}.csv")],
    ],
    ids=["log of a callback", "checkpoint of every epoch", "braces"],
)
def test_what_keras_takes_is_taken(callbacks, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = fitted(callbacks=callbacks, epochs=4)
    stops = isinstance(callbacks[0], Logs)
    assert len(model.history_["loss"]) == (2 if stops else 4)


def test_losses_of_heads_are_logged_by_keras_only():
    table = StructuredDataInput()
    x = Own()(table)
    heads = [ClassificationHead(name="a")(x), ClassificationHead(name="b")(x)]
    model = AutoModel(table, heads, **SETTINGS)
    y = {"a": LABELS, "b": LABELS}
    early = keras.callbacks.EarlyStopping("val_a_loss")
    with pytest.raises(ValueError, match="'val_a_loss', which no epoch logs"):
        model.fit(X, y, callbacks=[early])
    model.fit(X, y, callbacks=[early, OnBatches()])
