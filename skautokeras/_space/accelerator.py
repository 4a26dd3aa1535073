"""The GPU, where there is a fast one, and what networks compute in because of it."""

import contextlib
import functools
import time
from contextvars import ContextVar

import keras
import tensorflow as tf

# Errors of a network that this machine has no memory for.
LACKS_OF_MEMORY = (MemoryError, tf.errors.ResourceExhaustedError)

# GPUs of NVIDIA have matrix units for bfloat16 from this compute capability on.
_BFLOAT16 = (8, 0)
# Sides of the matrices whose product tells the speed, without and with a fast GPU.
_SIDES, _N_PRODUCTS = (1024, 4096), 4

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


@functools.cache
def peak_speed():
    """Return how many floating-point operations per second this machine can do.

    It is the speed of a product of two matrices, the fastest of a few, which the
    training of a network hardly exceeds.

    Returns
    -------
    speed : float
    """
    side = _SIDES[has_fast_gpu()]
    matrix = tf.ones((side, side))
    seconds = []
    for _ in range(_N_PRODUCTS):
        start = time.perf_counter()
        tf.linalg.matmul(matrix, matrix)[0, 0].numpy()
        seconds.append(time.perf_counter() - start)
    return 2.0 * side**3 / min(seconds)


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

    Weights stay float32. Nothing changes under another policy than float32; a policy
    that the user has set for other networks does not hold in a fit (decision 0084).

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
