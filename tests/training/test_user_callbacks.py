"""The user's callbacks: copies for every training, and what their owner learns."""

import threading

import keras
import numpy as np
import pytest

from skautokeras import StructuredDataClassifier
from skautokeras._training.user_callbacks import copied, for_training, give_back

X = np.random.default_rng(0).normal(size=(60, 3))
Y = (X[:, 0] > 0).astype(int)


class WithLock(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.lock = threading.Lock()
        self.n_epochs = 0

    def on_epoch_end(self, epoch, logs=None):
        self.n_epochs += 1


class Collector(keras.callbacks.Callback):
    def __init__(self, seen):
        super().__init__()
        self.seen = seen

    def on_epoch_end(self, epoch, logs=None):
        self.seen.append(sorted(logs))


def fitted(callbacks, **params):
    settings = {"max_trials": 2, "epochs": 3, "refit": False, "random_state": 0}
    clf = StructuredDataClassifier(**{**settings, **params})
    return clf.fit(X, Y, callbacks=callbacks)


def test_callbacks_that_refer_to_each_other_are_copied_together():
    one, two = Collector([]), Collector([])
    two.other = one
    first, second = copied([one, two])
    assert second.other is first
    assert first is not one


def test_what_cannot_be_copied_is_used_itself():
    lock, history = WithLock(), keras.callbacks.History()
    copies = copied([lock, history])
    assert copies[0] is lock
    assert copies[1] is not history
    fitted([lock], max_trials=1)
    assert lock.n_epochs == 3


def test_several_processes_need_copies():
    with pytest.raises(TypeError, match="cannot be copied to other processes"):
        fitted([WithLock()], n_jobs=2)


def test_the_users_objects_see_the_last_training():
    history, seen = keras.callbacks.History(), []
    clf = fitted([history, Collector(seen)])
    last = clf.leaderboard_.sort_values("trial").iloc[-1]
    assert len(history.history["loss"]) == len(seen) == last["epochs"]
    assert history.model is None


def test_models_and_files_are_not_given_back():
    history = keras.callbacks.History()
    (copy,) = copied([history])
    copy.set_model(keras.Sequential([keras.layers.Dense(1)]))
    copy.file = threading.Lock()
    give_back([copy], [history])
    assert history.model is None
    assert not hasattr(history, "file")


@pytest.mark.parametrize(
    ("monitor", "mode"),
    [("val_accuracy", "max"), ("val_score", "max"), ("val_loss", "min"), ("x", "auto")],
)
def test_it_is_known_what_should_be_high(monitor, mode):
    (copy,) = for_training([keras.callbacks.EarlyStopping(monitor=monitor)])
    assert copy.mode == mode


@pytest.mark.parametrize("monitor", ["val_accuracy", "val_score", "val_loss"])
def test_early_stopping_and_checkpoints_monitor_anything(monitor, tmp_path):
    path = tmp_path / "best.keras"
    callbacks = [
        keras.callbacks.EarlyStopping(monitor=monitor, patience=0),
        keras.callbacks.ModelCheckpoint(path, monitor=monitor, save_best_only=True),
    ]
    clf = fitted(callbacks, metrics=["accuracy"], epochs=4)
    assert (clf.leaderboard_["status"] == "completed").all()
    assert path.exists()


def test_backups_are_left_out_with_a_warning(tmp_path):
    backup = keras.callbacks.BackupAndRestore(tmp_path / "backup")
    with pytest.warns(UserWarning, match="BackupAndRestore is left out"):
        fitted([backup], max_trials=1)


def test_a_missing_tensorboard_is_said_before_training(monkeypatch, tmp_path):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ImportError, match="pip install tensorboard"):
        fitted([keras.callbacks.TensorBoard(tmp_path)])
