"""The GPU, where there is a fast one, and what networks compute in because of it."""

import contextlib
from contextvars import ContextVar

import keras
import tensorflow as tf

# GPUs of NVIDIA have matrix units for bfloat16 from this compute capability on.
_BFLOAT16 = (8, 0)

_trained = ContextVar("network_is_to_be_trained", default=False)


def has_fast_gpu():
    """Return whether the GPUs that TensorFlow may use have units for bfloat16.

    All of them, as a training may go to any; False where there is none.
    """
    gpus = tf.config.get_visible_devices("GPU")
    details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
    return bool(details) and all(
        found.get("compute_capability", (0, 0)) >= _BFLOAT16 for found in details
    )


@contextlib.contextmanager
def built_for_training():
    """Let networks be built as they are trained fastest on this machine.

    Outside of it they are built as they predict anywhere: all in float32. Weights are
    float32 in both, and the same.
    """
    token = _trained.set(True)
    try:
        yield
    finally:
        _trained.reset(token)


@contextlib.contextmanager
def bfloat16_in_training():
    """Let layers that are built for training compute in bfloat16 on a fast GPU.

    Weights stay float32. A policy other than float32 that the user has set for all of
    Keras counts more.

    Examples
    --------
    >>> import keras
    >>> from skautokeras._space.accelerator import bfloat16_in_training
    >>> with bfloat16_in_training():  # for prediction, as nothing else is said
    ...     keras.layers.Dense(1).compute_dtype
    'float32'
    """
    if not (_trained.get() and has_fast_gpu()):
        yield
        return
    before = keras.config.dtype_policy()
    if before.name == "float32":
        keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
