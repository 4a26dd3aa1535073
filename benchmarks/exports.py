"""Exported models, read back by their own runtimes."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from benchmarks.runtimes import without_objects

SUFFIXES = {"tf_saved_model": "", "onnx": ".onnx", "litert": ".tflite"}
_SCRIPT = Path(__file__).with_name("runtimes.py")


def run_exported(format, requests):
    """Run models in a process that knows nothing of skautokeras.

    Parameters
    ----------
    format : {"tf_saved_model", "onnx", "litert"}
        Which one.
    requests : dict of str to dict
        By the path of the model, one array per input. Files are written beside it.

    Returns
    -------
    outputs : dict of str to dict of ndarray
        By the path of the model.
    """
    for path, request in requests.items():
        np.savez(f"{path}.request.npz", **without_objects(request))
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-P", _SCRIPT, format, *requests],
        env=environment,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    outputs = {}
    for path in requests:
        with np.load(f"{path}.outputs.npz") as file:
            outputs[path] = dict(file)
    return outputs
