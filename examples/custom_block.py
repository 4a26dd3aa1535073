"""
A block of your own
===================

A block is a class with a method `build`: it asks for the hyperparameters it needs and
returns what its layers make of the input.
"""

# %%
# A gated layer
# -------------
# `hp` is a `keras_tuner.HyperParameters`; the names are those inside of the block.
import keras
from sklearn.datasets import load_diabetes
from sklearn.model_selection import cross_val_score

from skautokeras import AutoModel, Block, RegressionHead, StructuredDataInput


@keras.saving.register_keras_serializable(package="examples")
class Gate(keras.layers.Layer):
    """Multiply features by a gate between 0 and 2 that is learned for each."""

    def build(self, input_shape):
        self.gate = self.add_weight(shape=(input_shape[-1],), initializer="zeros")

    def call(self, inputs):
        return 2.0 * keras.ops.sigmoid(self.gate) * inputs


class GatedBlock(Block):
    """Gates, then dense layers."""

    def __init__(self, *, units=None):
        self.units = units

    def build(self, hp, inputs):
        x = Gate()(inputs)
        units = self.units or hp.Int("units", 16, 128, step=16, default=64)
        for _ in range(hp.Int("n_layers", 1, 3, default=2)):
            x = keras.layers.Dense(units, activation="relu")(x)
        return x


# %%
# In a graph it is a block as any other, and the estimator one as any other.
X, y = load_diabetes(return_X_y=True)
table = StructuredDataInput()
output = RegressionHead()(GatedBlock()(table))
model = AutoModel(table, output, max_trials=3, epochs=32, random_state=0)
print("R2:", cross_val_score(model, X, y, cv=3).round(3))

# %%
# What was searched, and what was best.
model.fit(X, y)
print({k: v for k, v in model.best_params_.items() if k.startswith("gated_block")})

# %%
# The exported network holds the layer, which is registered with Keras.
print([layer.name for layer in model.set_params(ensemble_size=1).export_model().layers])
