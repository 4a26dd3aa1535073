"""
Predict a class and a number at once
====================================

`AutoModel` with two heads predicts two targets from one table: here the price of a
house, which is a number, and its condition, which is a class. Both heads share one
network. This example shows the scores of both targets, and how loss weights decide
which of them the network serves better.
"""

# %%
# One table, two targets
# ----------------------
# The column "condition" has the values 1 to 5. It leaves the table and becomes a target
# of two classes beside the price. `y` is a DataFrame with one column per head, so
# `train_test_split` splits it as it splits `X`.
import numpy as np
from sklearn.model_selection import train_test_split

from skautokeras.datasets import load_king_county

X, price = load_king_county(return_X_y=True)
condition = np.where(X.pop("condition") > 3, "good", "average")
y = price.to_frame().assign(condition=condition)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
y_train.head()

# %%
# Two heads on one search space
# -----------------------------
# The names of the heads are the names of the columns of `y`. The drawing shows which
# block lies between the input and the heads. The search fills in everything that is
# left open.
from skautokeras import (
    AutoModel,
    ClassificationHead,
    RegressionHead,
    StructuredDataInput,
)
from skautokeras.inspection import draw_search_space

model = AutoModel(
    inputs=StructuredDataInput(),
    outputs=[RegressionHead(name="price"), ClassificationHead(name="condition")],
    max_trials=2,
    random_state=0,
)
draw_search_space(model)

# %%
# The leaderboard has one column per head: the root mean squared error of the price in
# dollars, and the accuracy, both on validation rows.
model.fit(X_train, y_train)
model.leaderboard_[["kind", "price_rmse", "condition_accuracy", "weight", "seconds"]]

# %%
# Predictions look as `y` did
# ---------------------------
predicted = model.predict(X_test)
predicted.head()

# %%
# `score` is the mean of R2 and accuracy, and `evaluate` tells the heads apart. Its
# "loss" adds the losses of both heads on the scale of `y`, where squared dollars
# dominate. Training uses standardised prices instead, so that both losses have similar
# sizes.
print(f"mean of R2 and accuracy: {model.score(X_test, y_test):.2f}")
for name, value in model.evaluate(X_test, y_test).items():
    print(f"{name}: {value:.4g}")

# %%
# The displays of scikit-learn take the parts of the targets and predictions.
# `predict_proba` returns a dict with an entry for each head that predicts classes.
import matplotlib.pyplot as plt
from sklearn.metrics import PredictionErrorDisplay, RocCurveDisplay

_, axes = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
PredictionErrorDisplay.from_predictions(
    y_test["price"], predicted["price"], kind="actual_vs_predicted", ax=axes[0]
)
axes[0].set(xscale="log", yscale="log")
good_proba = model.predict_proba(X_test)["condition"][:, 1]
_ = RocCurveDisplay.from_predictions(
    y_test["condition"],
    good_proba,
    pos_label="good",
    plot_chance_level=True,
    name="condition",
    ax=axes[1],
)

# %%
# Loss weights
# ------------
# Training minimises the sum of the losses of both heads. `loss_weight` is the factor of
# a head in this sum. The effect is clearest if both heads share one network of dense
# layers, which is wired by hand here.
import pandas as pd
from sklearn.metrics import accuracy_score, log_loss, r2_score

from skautokeras import DenseBlock

results = []
for loss_weight in [0.01, 1, 100]:
    table = StructuredDataInput()
    features = DenseBlock()(table)
    heads = [
        RegressionHead(name="price"),
        ClassificationHead(name="condition", loss_weight=loss_weight),
    ]
    outputs = [head(features) for head in heads]
    weighted = AutoModel(table, outputs, max_trials=1, random_state=0)
    weighted.fit(X_train, y_train)
    predicted = weighted.predict(X_test)
    proba = weighted.predict_proba(X_test)["condition"]
    results.append(
        {
            "loss_weight": loss_weight,
            "R2 of price": r2_score(y_test["price"], predicted["price"]),
            "accuracy": accuracy_score(y_test["condition"], predicted["condition"]),
            "log loss": log_loss(y_test["condition"], proba),
        }
    )
results = pd.DataFrame(results).set_index("loss_weight")
results.round(3)

# %%
# The best place in this figure is at the bottom right.
_, ax = plt.subplots(figsize=(5, 4), layout="constrained")
ax.plot(results["R2 of price"], results["log loss"], "o-")
for loss_weight, row in results.iterrows():
    ax.annotate(
        f"loss_weight={loss_weight:g}",
        (row["R2 of price"], row["log loss"]),
        xytext=(6, 4),
        textcoords="offset points",
    )
ax.margins(0.5, 0.2)
_ = ax.set(xlabel="R2 of the price", ylabel="log loss of the condition")

# %%
# Conclusion
# ----------
# One estimator predicts both targets, and takes and returns them in one DataFrame. A
# head with a very small loss weight is neglected, and one with a very large loss weight
# costs the other head its quality. Equal weights are a good beginning, because numbers
# are standardised before the losses are added. Change them if one target matters more
# to you.
