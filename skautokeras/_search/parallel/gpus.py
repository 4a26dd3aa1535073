"""The GPUs of this machine, one for each worker where there are several."""

import os
from collections import Counter

# What CUDA shows to a process: positions or names, with commas between them.
_VISIBLE = "CUDA_VISIBLE_DEVICES"
# TensorFlow otherwise takes nearly all memory of each GPU that it sees at once.
_GROWS = "TF_FORCE_GPU_ALLOW_GROWTH"


def visible_gpus():
    """Return what the GPUs that this process may use are called in the environment.

    No GPU is used for it: TensorFlow only lists them.

    Returns
    -------
    gpus : tuple of str
        Entries of the variable CUDA_VISIBLE_DEVICES, each of which shows one GPU to
        another process.
    """
    import tensorflow as tf

    # "/physical_device:GPU:1" is the second one of those that CUDA shows.
    places = [
        int(gpu.name.rpartition(":")[2]) for gpu in tf.config.get_visible_devices("GPU")
    ]
    shown = os.environ.get(_VISIBLE)
    if shown is None:
        return tuple(map(str, places))
    entries = [entry.strip() for entry in shown.split(",")]
    return tuple(entries[place] for place in places if place < len(entries))


def share_memory_of_gpus():
    """Let this process, and those that it starts, take memory of GPUs as they need it.

    A variable of the environment that is set already stays as it is. TensorFlow reads
    it when it first uses a GPU.
    """
    os.environ.setdefault(_GROWS, "true")


def environment_of(gpu):
    """Return the variables of the environment of a process that sees one GPU.

    Parameters
    ----------
    gpu : str or None
        Entry that `visible_gpus` has returned. If None, the process sees what this one
        sees.

    Returns
    -------
    environment : dict of str to str

    Examples
    --------
    >>> from skautokeras._search.parallel.gpus import environment_of
    >>> environment_of("1"), environment_of(None)
    ({'CUDA_VISIBLE_DEVICES': '1'}, {})
    """
    return {} if gpu is None else {_VISIBLE: gpu}


def least_used(gpus, used):
    """Return the GPU for another worker.

    Parameters
    ----------
    gpus : tuple of str
        GPUs of this machine.
    used : iterable of str
        GPU of each worker that there is.

    Returns
    -------
    gpu : str or None
        The first one of those that the fewest workers have. None with fewer than two
        GPUs, which need no choice.

    Examples
    --------
    >>> from skautokeras._search.parallel.gpus import least_used
    >>> least_used(("0", "1"), ["0"]), least_used(("0", "1"), ["1", "0"])
    ('1', '0')
    """
    if len(gpus) < 2:
        return None
    counts = Counter(used)
    return min(gpus, key=lambda gpu: counts[gpu])
