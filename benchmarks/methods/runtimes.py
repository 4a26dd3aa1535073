"""Run exported models: `python benchmarks/methods/runtimes.py FORMAT PATH ...`.

The runtimes are used in a process that does not import skautokeras. For each model, the
inputs are read from ``PATH.request.npz``, and the outputs are written to
``PATH.outputs.npz``.
"""

import sys

import numpy as np


def run_saved_model(path, request):
    """Return the outputs of a SavedModel, which TensorFlow runs."""
    import tensorflow as tf

    predict = tf.saved_model.load(path).signatures["serving_default"]
    specs = predict.structured_input_signature[1]
    sent = {name: tf.constant(request[name], specs[name].dtype) for name in specs}
    return predict(**sent)


def run_onnx(path, request):
    """Return the outputs of an ONNX file, which ONNX Runtime runs."""
    import onnxruntime

    session = onnxruntime.InferenceSession(path)
    sent = {
        k: v.astype(object) if v.dtype.kind == "U" else v for k, v in request.items()
    }
    names = [output.name for output in session.get_outputs()]
    sent = {value.name: sent[value.name] for value in session.get_inputs()}
    return dict(zip(names, session.run(names, sent), strict=True))


def run_litert(path, request):
    """Return the outputs of a LiteRT file, which LiteRT runs."""
    from ai_edge_litert.interpreter import Interpreter

    runner = Interpreter(path).get_signature_runner()
    details = runner.get_input_details()
    sent = {name: request[name].astype(details[name]["dtype"]) for name in details}
    return runner(**sent)


RUNTIMES = {
    "tf_saved_model": run_saved_model,
    "onnx": run_onnx,
    "litert": run_litert,
}


def main(format, *paths):
    """Write the outputs of each model."""
    for path in paths:
        with np.load(f"{path}.request.npz") as file:
            outputs = RUNTIMES[format](path, dict(file))
        arrays = {name: np.asarray(output) for name, output in outputs.items()}
        np.savez(f"{path}.outputs.npz", **without_objects(arrays))
    assert "skautokeras" not in sys.modules


def without_objects(arrays):
    """Return arrays in which NumPy strings replace objects, to write without pickle."""
    return {
        name: np.array([_as_string(value) for value in array])
        if array.dtype == object
        else array
        for name, array in arrays.items()
    }


def _as_string(value):
    return value.decode() if isinstance(value, bytes) else value


if __name__ == "__main__":
    main(*sys.argv[1:])
