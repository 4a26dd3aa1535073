"""A copy of a network that predicts something else is noticed when it is made."""

import keras
import numpy as np
import pytest

from skautokeras import AutoModel, Block, ClassificationHead, Input
from skautokeras._state import from_bytes, to_bytes
from skautokeras._state.copies import check_copy, is_known


@keras.saving.register_keras_serializable("tests")
class Forgetful(keras.layers.Layer):
    """A layer whose configuration lacks an argument."""

    def __init__(self, scale=1.0, **kwargs):
        super().__init__(**kwargs)
        self.scale = scale

    def call(self, x):
        return self.scale * x

    def get_config(self):
        return {"name": self.name}


@keras.saving.register_keras_serializable("tests")
class Mindful(Forgetful):
    """A layer whose configuration tells everything."""

    def get_config(self):
        return {**super().get_config(), "scale": self.scale}


def network(layer):
    x = keras.Input((3,))
    return keras.Model(x, layer(keras.layers.Dense(2)(x)))


def test_a_layer_that_forgets_an_argument_is_refused():
    with pytest.raises(TypeError, match=r"get_config .* see \['Forgetful'\]"):
        to_bytes(network(Forgetful(3.0)))


def test_a_layer_that_tells_everything_comes_back():
    model = network(Mindful(3.0))
    x = np.ones((2, 3), "float32")
    np.testing.assert_allclose(from_bytes(to_bytes(model))(x), model(x), rtol=1e-6)


def test_layers_of_keras_are_known_and_those_inside_of_networks_are_seen():
    assert is_known(network(keras.layers.Dense(2)))
    x = keras.Input((2,))
    inner = keras.Model(x, Mindful()(x))
    assert not is_known(network(inner))


def test_inputs_of_all_kinds_are_made_up():
    inputs = {
        "a": keras.Input((2,), name="a"),
        "b": keras.Input((None,), dtype="int32", name="b"),
        "c": keras.Input((), dtype="bool", name="c"),
    }
    casts = [keras.ops.cast(v, "float32") for v in inputs.values()]
    sums = [keras.ops.sum(v) for v in casts]
    model = keras.Model(inputs, keras.ops.add(keras.ops.add(*sums[:2]), sums[2]))
    check_copy(model, model)


class Doubling(Block):
    """A block with a function that only this process knows."""

    def build(self, hp, inputs):
        return keras.layers.Lambda(lambda x: 2 * x)(keras.layers.Dense(4)(inputs))


@pytest.mark.slow
def test_formats_of_operations_hold_what_cannot_be_copied(tmp_path):
    X = np.random.default_rng(0).normal(size=(60, 3)).astype("float32")
    node = Input()
    model = AutoModel(
        inputs=node,
        outputs=ClassificationHead()(Doubling()(node)),
        max_trials=1,
        epochs=1,
        cv=None,
    ).fit(X, X[:, 0] > 0)
    model.export(tmp_path / "saved")
    loaded = keras.layers.TFSMLayer(tmp_path / "saved")
    labels = loaded({"array": X})["label"].numpy()
    np.testing.assert_array_equal(labels, model.predict(X))
    model.export(tmp_path / "model.onnx", format="onnx")
    for refused in (
        lambda: model.export(tmp_path / "model.keras", format="keras"),
        model.export_model,
    ):
        with pytest.raises(TypeError, match="A lambda is not registered"):
            refused()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["model.onnx", "saved"]
