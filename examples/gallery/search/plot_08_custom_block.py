"""
Search with a block of your own
===============================

A block is a part of a network together with the hyperparameters that are searched for
it. You can write a block if you know something about your data that no ready block
knows. This example compares pairs of houses. Its block treats both houses of a pair in
the same way, which `DenseBlock` would have to learn. The block is checked, searched,
and compared with `DenseBlock`.
"""

# %%
# Pairs of houses
# ---------------
# Which of two houses was sold at the higher price? Each row of `X` holds two houses
# with the same columns, so the array has the shape (pairs, 2, columns). Houses of test
# pairs are in no training pair.
import numpy as np
from sklearn.preprocessing import StandardScaler

from skautokeras.datasets import load_king_county

data, price = load_king_county(return_X_y=True)
houses = StandardScaler().fit_transform(data.drop(columns="date"))
price = price.to_numpy()
rng = np.random.default_rng(0)


def draw_pairs(of_houses, n_pairs):
    pairs = rng.choice(of_houses, size=(n_pairs, 2))
    is_first = price[pairs[:, 0]] > price[pairs[:, 1]]
    return houses[pairs], np.where(is_first, "first", "second")


train_houses, test_houses = np.array_split(rng.permutation(len(houses)), 2)
X_train, y_train = draw_pairs(train_houses, 1000)
X_test, y_test = draw_pairs(test_houses, 2000)
X_train.shape

# %%
# `DenseBlock` for comparison
# ---------------------------
# `Input` takes arrays of numbers of any shape. `AutoModel` searches the hyperparameters
# of the block that lies between the input and the head. Both searches of this example
# try the same number of networks on the same rows, so that only the blocks differ.
from skautokeras import AutoModel, ClassificationHead, DenseBlock, Input

settings = {
    "max_trials": 8,
    "validation_fraction": 0.3,
    "ensemble_size": 1,
    "random_state": 0,
}
node = Input()
dense = AutoModel(node, ClassificationHead()(DenseBlock()(node)), **settings)
dense.fit(X_train, y_train)

# %%
# The block
# ---------
# Each parameter is declared with its range, the values that users may give, and a
# description. `build` gets a tensor and returns one. `choose` returns the value that
# the user has given, or one of the range.
#
# A dense layer of Keras works on the last axis, so it is the same layer for both
# houses. What it has found for them is then subtracted or put side by side. The search
# begins with what `known_configurations` returns, so that both ways are tried.
import keras

from skautokeras import Block, Choice, Int, Searched
from skautokeras.testing import check_block


class TwinBlock(Block):
    """The same dense layers for both things of a pair."""

    n_layers = Searched(Int(1, 3, default=2), at_least=1, doc="Number of layers.")
    units = Searched(
        Choice((16, 32, 64, 128), default=64), at_least=1, doc="Width of each layer."
    )
    join = Searched(
        Choice(("subtract", "side by side")), doc="Way to join what was found for both."
    )

    def build(self, hp, inputs):
        x = inputs
        join = self.choose(hp, "join")
        units = self.choose(hp, "units")
        for _ in range(self.choose(hp, "n_layers")):
            x = keras.layers.Dense(units, activation="relu")(x)
        if join == "subtract":
            return x[:, 0] - x[:, 1]
        return keras.layers.Flatten()(x)

    def known_configurations(self, schemas, targets):
        return [{"join": join} for join in ("subtract", "side by side")]


# %%
# The declarations have added a section about the parameters to the docstring.
print(TwinBlock.__doc__)

# %%
# `check_block` builds networks without training them, and raises an error if the block
# breaks a rule, such as a range whose end cannot be built. Without `X`, it makes up a
# table; this block needs pairs. Call it in the tests of your own package.
check_block(TwinBlock(), Input(), X_train[:40])

# %%
# Search
# ------
node = Input()
twin = AutoModel(node, ClassificationHead()(TwinBlock()(node)), **settings)
twin.fit(X_train, y_train)
twin.leaderboard_[["score", "accuracy", "epochs", "seconds", "n_parameters"]]

# %%
# Each line is a trial, and yellow lines are good ones. Where lines run together, the
# search has kept a value that was good, and has changed others.
from skautokeras.inspection import ParallelCoordinatesDisplay

_ = ParallelCoordinatesDisplay.from_estimator(twin)

# %%
# Both blocks on test pairs
# -------------------------
import pandas as pd
from sklearn.metrics import log_loss

models = {"DenseBlock": dense, "TwinBlock": twin}
pd.DataFrame(
    [
        {
            "accuracy": model.score(X_test, y_test),
            "log loss": log_loss(y_test, model.predict_proba(X_test)),
            "parameters": model.leaderboard_["n_parameters"][0],
        }
        for model in models.values()
    ],
    index=list(models),
).round(3)

# %%
# If the two houses of a pair are swapped, the answer has to be swapped, too. A point on
# the diagonal is a pair for which this holds.
import matplotlib.pyplot as plt

_, axes = plt.subplots(1, 2, figsize=(8, 4), layout="constrained", sharey=True)
for ax, (name, model) in zip(axes, models.items(), strict=True):
    first = model.predict_proba(X_test)[:, 0]
    second_if_swapped = model.predict_proba(X_test[:, ::-1])[:, 1]
    ax.plot(first, second_if_swapped, ".", markersize=3)
    ax.set(title=name, aspect="equal", xlabel="P(first)")
_ = axes[0].set_ylabel("P(second) if the houses are swapped")

# %%
# Fix values and narrow ranges
# ----------------------------
# A value fixes a parameter, and a range narrows it, as in all blocks.
TwinBlock(join="subtract", units=Choice([64, 128]))

# %%
# Conclusion
# ----------
# `TwinBlock` predicts the pairs better than `DenseBlock` although its networks are much
# smaller, because it does not have to learn that both houses are of the same kind. A
# block of your own takes some lines, and everything else, such as the search, the
# ensemble and the export, works with it as with other blocks.
