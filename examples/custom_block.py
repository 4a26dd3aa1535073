"""
A block of your own
===================

A block is a class with a method `build`: it asks for the hyperparameters it needs and
returns what its layers make of the input.
"""

# %%
# A gated layer
# -------------
# Each parameter is declared with its range, the values that are allowed, and a
# description. `choose` returns the value that the user has given, or one of the range.
import keras
from sklearn.datasets import load_diabetes
from sklearn.model_selection import cross_val_score

from skautokeras import (
    AutoModel,
    Block,
    Choice,
    Int,
    RegressionHead,
    Searched,
    StructuredDataInput,
)
from skautokeras.testing import check_block


@keras.saving.register_keras_serializable(package="examples")
class Gate(keras.layers.Layer):
    """Multiply features by a gate between 0 and 2 that is learned for each."""

    def build(self, input_shape):
        self.gate = self.add_weight(shape=(input_shape[-1],), initializer="zeros")

    def call(self, inputs):
        return 2.0 * keras.ops.sigmoid(self.gate) * inputs


class GatedBlock(Block):
    """Gates, then dense layers."""

    units = Searched(
        Choice((16, 32, 64, 128), default=64), at_least=1, doc="Width of the layers."
    )
    n_layers = Searched(Int(1, 3, default=2), at_least=1, doc="Number of layers.")

    def build(self, hp, inputs):
        x = Gate()(inputs)
        units = self.choose(hp, "units")
        for _ in range(self.choose(hp, "n_layers")):
            x = keras.layers.Dense(units, activation="relu")(x)
        return x


# %%
# The constructor and its documentation come of the declarations. A check tells whether
# the block does all that a search expects of it.
print(GatedBlock(units=32))
print(GatedBlock.__doc__)
check_block(GatedBlock)


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
