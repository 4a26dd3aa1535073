"""
A competition with a table: prices of houses
============================================

Many competitions with tables give three files: rows with the target, rows without it,
and a sample of the file to be handed in. This notebook starts from such files, looks at
the data, fits an ensemble, looks at its errors, and writes the submission. The metric
is the root mean squared logarithmic error (RMSLE), as it often is for prices.
"""

# %%
# The files
# ---------
# Only this cell knows the prices of the test rows. It plays the part of the organiser
# and writes the files of the competition to a temporary folder.
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

from skautokeras.datasets import load_king_county

folder = tempfile.TemporaryDirectory()
path = Path(folder.name)

frame = load_king_county().frame.rename_axis("id").reset_index()
given, hidden = train_test_split(frame, test_size=0.4, random_state=0)
given.to_csv(path / "train.csv", index=False)
hidden.drop(columns="price").to_csv(path / "test.csv", index=False)
hidden[["id"]].assign(price=0.0).to_csv(path / "sample_submission.csv", index=False)
sorted(file.name for file in path.iterdir())

# %%
# From here on, the notebook is what a participant writes.
train = pd.read_csv(path / "train.csv")
test = pd.read_csv(path / "test.csv")
sample = pd.read_csv(path / "sample_submission.csv")
print(f"train: {train.shape}, test: {test.shape}")
sample.head(3)

# %%
# A look at the data
# ------------------
# The target first: prices are skewed, which is why the metric takes logarithms. The
# second plot shows the living area, and the third one the place of the houses.
import matplotlib.pyplot as plt

_, axes = plt.subplots(ncols=3, figsize=(12, 3.6), layout="constrained")
axes[0].hist(train["price"], bins=np.geomspace(7e4, 5e6, 40))
axes[0].set(xscale="log", xlabel="price in dollars", ylabel="houses")
axes[1].scatter(train["sqft_living"], train["price"], s=4)
axes[1].set(yscale="log", xlabel="living area", ylabel="price in dollars")
points = axes[2].scatter(
    train["long"], train["lat"], c=np.log10(train["price"]), s=4, cmap="viridis"
)
axes[2].set(xlabel="longitude", ylabel="latitude")
_ = plt.colorbar(points, label="logarithm of the price")

# %%
# Train and test rows should look alike. If they do, the medians of the columns are
# close, and no column has missing values in one of the files only.
numbers = train.drop(columns=["id", "price"]).select_dtypes("number").columns
pd.DataFrame(
    {
        "train": train[numbers].median(),
        "test": test[numbers].median(),
        "missing in train": train[numbers].isna().sum(),
        "missing in test": test[numbers].isna().sum(),
    }
)

# %%
# The fit
# -------
# The running number says nothing about a house, so it is left out. ``scoring`` is the
# metric of the competition, so the search compares networks by it. They are compared on
# 30 % of the rows, which ``validation_fraction`` sets aside. ``cv`` would use all rows,
# and take longer. In the end, the chosen networks are trained again on all rows.
from skautokeras import StructuredDataRegressor

X = train.drop(columns=["id", "price"])
y = train["price"]
reg = StructuredDataRegressor(
    scoring="neg_root_mean_squared_log_error",
    validation_fraction=0.3,
    max_trials=4,
    epochs=48,
    random_state=0,
)
reg.fit(X, y)
reg.leaderboard_[["rank", "kind", "score", "rmse", "weight", "seconds"]]

# %%
# The networks with a weight above 0 predict together. ``SearchDisplay`` shows the
# scores in the order of the trials.
from skautokeras.inspection import SearchDisplay

_ = SearchDisplay.from_estimator(reg, x="trials")

# %%
# The estimate of the score
# -------------------------
# ``validation_predictions_`` are the predictions of the ensemble, before it was trained
# again, for the rows ``validation_indices_``. The score on them is slightly too good,
# because the ensemble was chosen by them. Gradient boosting learns from the other rows
# and predicts the same ones.
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.metrics import root_mean_squared_log_error

boosting = TransformedTargetRegressor(
    HistGradientBoostingRegressor(random_state=0), func=np.log, inverse_func=np.exp
)
valid = reg.validation_indices_
learned = np.setdiff1d(np.arange(len(X)), valid)
numbers = X.drop(columns="date")
boosting.fit(numbers.iloc[learned], y.iloc[learned])
predictions = {
    "skautokeras": reg.validation_predictions_,
    "gradient boosting": boosting.predict(numbers.iloc[valid]),
    "median": np.full(len(valid), y.iloc[learned].median()),
}
scores = pd.Series(
    {
        name: root_mean_squared_log_error(y.iloc[valid], predicted)
        for name, predicted in predictions.items()
    }
)
scores.round(4).to_frame("RMSLE")

# %%
# The errors
# ----------
# Errors are ratios here: an error of 0.1 means that the prediction is about 10 % too
# high. The map shows whether they belong to places, and the other plot whether they
# depend on the size of the house.
rows = train.iloc[valid].assign(predicted=reg.validation_predictions_)
rows["error"] = np.log(rows["predicted"] / rows["price"])

_, axes = plt.subplots(ncols=2, figsize=(10, 4), layout="constrained")
axes[0].scatter(rows["sqft_living"], rows["error"], s=4)
axes[0].axhline(0, color="0.5")
axes[0].set(xlabel="living area", ylabel="error of the logarithm")
points = axes[1].scatter(
    rows["long"], rows["lat"], c=rows["error"], s=9, cmap="coolwarm", clim=(-0.5, 0.5)
)
axes[1].set(xlabel="longitude", ylabel="latitude")
_ = plt.colorbar(points, label="error of the logarithm")

# %%
# The worst rows deserve a look, because some of them are peculiar sales and others hint
# at a column that is missing.
worst = rows["error"].abs().nlargest(5).index
columns = ["price", "predicted", "error", "sqft_living", "grade", "yr_built", "zipcode"]
rows.loc[worst, columns].round(2)

# %%
# The submission
# --------------
# The file has the form of the sample: the same columns and the same ids in the same
# order. The checks cost nothing, and a file with a wrong form costs a submission.
submission = sample.assign(price=reg.predict(test[X.columns]))
submission.to_csv(path / "submission.csv", index=False)

written = pd.read_csv(path / "submission.csv")
assert list(written) == list(sample)
assert written["id"].equals(sample["id"])
assert sample["id"].equals(test["id"])
assert written["price"].notna().all()
assert (written["price"] > 0).all()
written.head(3)

# %%
# The score on the hidden prices
# ------------------------------
# The organiser has the prices, and computes the score from them. A participant sees
# part of it on the leaderboard, and relies on the estimate until then.
truth = hidden.set_index("id")["price"].loc[written["id"]]
pd.Series(
    {
        "estimated": scores["skautokeras"],
        "hidden": root_mean_squared_log_error(truth, written["price"]),
    }
).round(4).to_frame("RMSLE")

# %%
folder.cleanup()

# %%
# Conclusion
# ----------
# The metric of the competition went into ``scoring``, and the validation predictions
# gave an estimate of the score, a comparison with another model, and the errors. In a
# competition, the next step is a longer search, with ``max_time`` in place of the small
# limits of this example, and with ``cv`` for a more certain estimate.
