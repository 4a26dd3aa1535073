"""
House prices, a skewed target
=============================

A regressor is fitted to the prices of houses in King County. A few houses are very
expensive, so the example judges errors in dollars and in percent, and shows what it
changes if a network computes the logarithm of the price. Gradient boosting of
scikit-learn is fitted to the same rows for comparison.
"""

# %%
# The data
# --------
# There are 2500 sales with 19 columns. The date of the sale is a string.
from skautokeras.datasets import load_king_county

X, y = load_king_county(return_X_y=True)
X.iloc[:5, :8]

# %%
# Most prices are below one million dollars, and few are far above. The logarithms of
# the prices are nearly symmetric.
import matplotlib.pyplot as plt
import numpy as np

_, axes = plt.subplots(ncols=2, figsize=(9, 3.5), layout="constrained", sharey=True)
axes[0].hist(y / 1e6, bins=40)
axes[0].set(xlabel="price in millions of dollars", ylabel="houses")
axes[1].hist(np.log10(y), bins=40)
_ = axes[1].set(xlabel="logarithm of the price to base 10")

# %%
# The fit
# -------
# The raw table goes into ``fit``. The target needs no preparation either, because the
# scale on which a network computes it is one of the hyperparameters.
from sklearn.model_selection import train_test_split

from skautokeras import StructuredDataRegressor

X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
reg = StructuredDataRegressor(max_trials=4, epochs=48, random_state=0)
reg.fit(X_train, y_train)

# %%
# The strings of the date were recognised. The network gets the time and the season.
reg.columns_.set_index("name").loc[["date", "sqft_living", "zipcode"]]

# %%
# The leaderboard has the error of each trial on the validation rows in dollars, in the
# column ``rmse``. The configurations are in ``search_.params``, with the number of the
# trial as index. One of their columns is the scale of the target.
scales = reg.search_.params["target/transformation"]
board = reg.leaderboard_.set_index("trial").join(scales)
board[["kind", "target/transformation", "rmse", "weight", "seconds"]]

# %%
# What the scale of the target changes
# ------------------------------------
# The trials above differ in more than the scale. To see what the scale alone changes,
# ``AutoModel`` fits the same network twice, and ``transformation`` of the head is given
# instead of searched. Predictions are in dollars in both cases. The errors are those
# on the validation rows, which the networks were not trained on.
import pandas as pd
from sklearn.metrics import mean_absolute_percentage_error, root_mean_squared_error

from skautokeras import AutoModel, DenseBlock, RegressionHead, StructuredDataInput


def errors(y_true, y_pred):
    return {
        "RMSE in dollars": root_mean_squared_error(y_true, y_pred),
        "MAPE in percent": 100 * mean_absolute_percentage_error(y_true, y_pred),
    }


found = {}
for transformation in ("none", "log"):
    table = StructuredDataInput()
    output = RegressionHead(transformation=transformation)(DenseBlock()(table))
    model = AutoModel(table, output, max_trials=1, refit=False, random_state=0)
    model.fit(X_train, y_train)
    y_valid = y_train.iloc[model.validation_indices_]
    found[transformation] = errors(y_valid, model.validation_predictions_)
pd.DataFrame(found).T.round(1)

# %%
# A difference of logarithms is an error in percent, so a network that computes the
# logarithm has a smaller mean absolute percentage error (MAPE). The root of the mean
# squared error (RMSE) depends mostly on the few expensive houses, and changes less.
#
# Errors on held-out rows
# -----------------------
# ``HistGradientBoostingRegressor`` needs numbers, so the date is turned into a count of
# days for it. Both models predict the same rows.
from sklearn.ensemble import HistGradientBoostingRegressor


def with_days(X):
    dates = pd.to_datetime(X["date"])
    return X.assign(date=(dates - pd.Timestamp("2014-01-01")).dt.days)


boosting = HistGradientBoostingRegressor(random_state=0)
boosting.fit(with_days(X_train), y_train)
predictions = {
    "skautokeras": reg.predict(X_test),
    "HistGradientBoostingRegressor": boosting.predict(with_days(X_test)),
    "median of all prices": np.full(len(y_test), y_train.median()),
}
pd.DataFrame(
    {name: errors(y_test, y_pred) for name, y_pred in predictions.items()}
).T.round(1)

# %%
# Points on the line are exact predictions. With logarithmic axes, the same distance
# from the line means the same error in percent.
from sklearn.metrics import PredictionErrorDisplay

_, axes = plt.subplots(ncols=2, figsize=(9, 4.5), layout="constrained", sharey=True)
for ax, name in zip(axes, predictions, strict=False):
    PredictionErrorDisplay.from_predictions(
        y_test,
        predictions[name],
        kind="actual_vs_predicted",
        scatter_kwargs={"alpha": 0.3, "s": 12},
        ax=ax,
    )
    ax.set(xscale="log", yscale="log", title=name)

# %%
# Conclusion
# ----------
# A skewed target can be given as it is, and so can dates that are strings. Choose the
# error before the model: if percentages matter, pass
# ``scoring="neg_mean_absolute_percentage_error"``, so that the search compares networks
# by it. If the logarithm is known to be right, ``RegressionHead(transformation="log")``
# fixes it. One split of 2500 rows is too little to tell two good models apart, so use
# ``cross_val_score`` before you prefer one of them.
