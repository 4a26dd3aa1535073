"""The way to TensorFlow: what holds before it is imported, and while it is used."""

import contextlib
import contextvars
import functools
import glob
import importlib
import os
import re
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor

_FORKED = (
    "TensorFlow was in use in the process that this one was forked from, and its "
    "threads do not survive a fork. Fit, load and predict after the fork only: start "
    "gunicorn without --preload, and processes by 'spawn' or 'forkserver'."
)


class _Use:
    """Whether this process uses TensorFlow, and whether one that it comes from did."""

    begun = False
    before_fork = False


def _remember_the_fork():
    _Use.before_fork = _Use.before_fork or _Use.begun


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_remember_the_fork)


def prepare_import():
    """Check that Keras uses TensorFlow, and import Keras without noise.

    Messages of TensorFlow about graphics cards that are not there do not appear. Keras
    imports Matplotlib, which must not fail where no folder can be written to.

    Raises
    ------
    RuntimeError
        If Keras uses another backend, or TensorFlow has no eager execution.
    """
    _check_backend()
    _check_eager_execution()
    if "keras" in sys.modules:
        return
    if "tensorflow" not in sys.modules:
        has_gpu = glob.glob("/dev/nvidia[0-9]*")
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2" if has_gpu else "3")
    try:
        with _without_noise(), _without_broken_matplotlib():
            importlib.import_module("keras")
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"Keras cannot be imported: {error}. skautokeras needs TensorFlow (pip "
            "install tensorflow) and Keras's TensorFlow backend: set the environment "
            "variable KERAS_BACKEND to 'tensorflow' if ~/.keras/keras.json names "
            "another one.",
            name=error.name,
        ) from error
    _check_backend()


def _check_eager_execution():
    tensorflow = sys.modules.get("tensorflow")
    # While TensorFlow is being imported, it lacks its parts.
    if not hasattr(tensorflow, "compat"):
        return
    if not tensorflow.compat.v1.executing_eagerly_outside_functions():
        raise RuntimeError(
            "skautokeras needs the eager execution of TensorFlow, which has been "
            "switched off by tf.compat.v1.disable_eager_execution or "
            "disable_v2_behavior. Restart Python without that call."
        )


def _check_backend():
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    keras = sys.modules.get("keras")
    # While Keras is being imported, it has no configuration yet.
    if keras is not None and hasattr(keras, "config"):
        backend = keras.config.backend()
    if backend != "tensorflow":
        raise RuntimeError(
            "skautokeras trains with Keras's TensorFlow backend, but the backend is "
            f"{backend!r}. Set the environment variable KERAS_BACKEND to 'tensorflow' "
            "before Keras is imported."
        )


# What TensorFlow writes while it is imported: whether it could find graphics cards, and
# that its numbers may differ by their rounding.
_NOISE = re.compile(rb"I\d{4} |WARNING: All log messages before absl")


@contextlib.contextmanager
def _without_noise():
    """Leave information of TensorFlow out of the standard error stream.

    Its library writes to the file descriptor, and does so before a level can be set.
    """
    try:
        file = tempfile.TemporaryFile()  # noqa: SIM115
        copy = os.dup(2)
    except OSError:  # no standard error stream, or nowhere to write
        yield
        return
    with file:
        os.dup2(file.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(copy, 2)
            os.close(copy)
            file.seek(0)
            for line in file:
                if not _NOISE.match(line):
                    os.write(2, line)


@contextlib.contextmanager
def _without_broken_matplotlib():
    """Let Keras do without Matplotlib if its import fails."""
    names = ("matplotlib", "matplotlib.pyplot")
    try:
        importlib.import_module(names[1])
    except ImportError:
        yield
    except Exception:  # noqa: BLE001
        hidden = dict.fromkeys(names)
        for name in [n for n in sys.modules if n.partition(".")[0] == names[0]]:
            del sys.modules[name]
        # Python's way to say that a module cannot be imported.
        sys.modules.update(hidden)
        try:
            yield
        finally:
            for name in names:
                sys.modules.pop(name, None)
    else:
        yield


def through_the_door(function):
    """Let a function use TensorFlow with the settings that this package relies on.

    In a process that was forked from one that has used TensorFlow, it raises an error
    at once, because it would wait for threads that are not there. The dtype policy, the
    dtype of floats and the place of channels that the user has set for other networks
    do not hold in it. A distribution scope that is open does not either: the parameter
    `distribution` says how networks are trained.

    Parameters
    ----------
    function : callable
        Function that uses Keras.

    Returns
    -------
    guarded : callable
        Function of the same parameters.
    """

    @functools.wraps(function)
    def guarded(*args, **kwargs):
        if _Use.before_fork:
            raise RuntimeError(_FORKED)
        prepare_import()
        _Use.begun = True
        if _is_in_a_scope():
            return _in_a_thread(function, args, kwargs)
        with usual_keras():
            return function(*args, **kwargs)

    return guarded


def _is_in_a_scope():
    import tensorflow as tf

    return tf.distribute.has_strategy() and tf.distribute.in_cross_replica_context()


def _in_a_thread(function, args, kwargs):
    """Call a function in a new thread, because a thread keeps its scopes for itself."""
    context = contextvars.copy_context()

    def call():
        with usual_keras():
            return function(*args, **kwargs)

    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(context.run, call).result()


class _Settings:
    """The user's settings of Keras that hold for all threads, while they are set aside.

    Several threads may use Keras at the same time.
    """

    lock = threading.Lock()
    n_users = 0
    users_own = None


_OURS = ("float32", "channels_last")


@contextlib.contextmanager
def usual_keras():
    """Set the policy, the dtype of floats and the place of channels of Keras aside."""
    import keras

    policy = keras.config.dtype_policy()
    with _Settings.lock:
        if _Settings.n_users == 0:
            _Settings.users_own = (
                keras.config.floatx(),
                keras.config.image_data_format(),
            )
            _set(keras, *_OURS)
        _Settings.n_users += 1
    keras.config.set_dtype_policy("float32")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(policy)
        with _Settings.lock:
            _Settings.n_users -= 1
            if _Settings.n_users == 0:
                _set(keras, *_Settings.users_own)


def _set(keras, floatx, data_format):
    if (keras.config.floatx(), keras.config.image_data_format()) != (
        floatx,
        data_format,
    ):
        keras.config.set_floatx(floatx)
        keras.config.set_image_data_format(data_format)
