"""One training on several devices gives what it gives on one."""

import subprocess
import sys

import pytest
import tensorflow as tf
from sklearn.base import clone
from sklearn.datasets import load_iris

from skautokeras import StructuredDataClassifier

# Devices are made before TensorFlow starts, hence in a process of its own.
TWO_DEVICES = """
import warnings
import keras
import numpy as np
import tensorflow as tf
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer
from skautokeras import GreedyOracle, StructuredDataClassifier

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(
    cpu, [tf.config.LogicalDeviceConfiguration()] * 2
)
replicas = set()

def loss(y_true, y_pred):
    context = tf.distribute.get_replica_context()
    if context is not None:  # else it judges predictions
        replicas.add(int(tf.get_static_value(context.replica_id_in_sync_group)))
    return keras.losses.binary_crossentropy(y_true, y_pred)

def without_dropout(**kwargs):
    block = "structured_data_block_1/dense_block_1"
    values = {f"{block}/dropout": 0.0, f"{block}/use_batchnorm": False}
    return GreedyOracle(initial_values=[values], **kwargs)

def two():
    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])

X, y = load_breast_cancer(return_X_y=True)
X, y = X[:560], y[:560]  # 448 to train on: whole batches
fitted, seen = [], []
for distribution in (None, two):
    classifier = StructuredDataClassifier(
        max_trials=1, tuner=without_dropout, epochs=2, batch_size=32, loss=loss,
        refit=False, distribution=distribution, random_state=0,
    )
    replicas.clear()
    # `initial_epoch` makes the first one go through `Model.fit`, too.
    fitted.append(clone(classifier).fit(X, y, shuffle=False, initial_epoch=0))
    seen.append(sorted(replicas))
one, both = fitted
print(seen)
assert seen[1] == [0, 1]
for name in ("loss", "val_loss"):
    np.testing.assert_allclose(both.history_[name], one.history_[name], rtol=1e-3)
np.testing.assert_allclose(both.predict_proba(X), one.predict_proba(X), atol=1e-3)
assert len(both.model_.weights) == len(one.model_.weights)
print("the same")
"""


@pytest.mark.slow
def test_two_devices_give_what_one_gives():
    ended = subprocess.run(
        [sys.executable, "-c", TWO_DEVICES], capture_output=True, text=True, timeout=600
    )
    assert ended.stdout.endswith("the same\n"), ended.stdout + ended.stderr


def test_a_strategy_needs_all_devices_for_one_trial():
    classifier = StructuredDataClassifier(
        distribution=tf.distribute.MirroredStrategy, n_jobs=2
    )
    assert clone(classifier).distribution is tf.distribute.MirroredStrategy
    with pytest.raises(ValueError, match="pass n_jobs=1"):
        classifier.fit(*load_iris(return_X_y=True))


@pytest.mark.parametrize("wrong", [dict, "two"])
def test_something_else_is_refused(wrong):
    classifier = StructuredDataClassifier(distribution=wrong)
    with pytest.raises((TypeError, ValueError), match="distribution"):
        classifier.fit(*load_iris(return_X_y=True))
