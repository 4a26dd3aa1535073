"""Exported models that their own runtimes read back."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from benchmarks.methods.runtimes import without_objects

SUFFIXES = {"tf_saved_model": "", "onnx": ".onnx", "litert": ".tflite"}
_SCRIPT = Path(__file__).with_name("runtimes.py")


def run_exported(format, requests):
    """Run exported models in a process that does not import skautokeras.

    Parameters
    ----------
    format : {"tf_saved_model", "onnx", "litert"}
        Format of the models.
    requests : dict of str to dict
        One array per input, by the path of the model. Files with the arrays are
        written beside the model.

    Returns
    -------
    outputs : dict of str to dict of ndarray
        One array per output, by the path of the model.

    Raises
    ------
    RuntimeError
        If a model cannot be run; the message is the output of the process.
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
