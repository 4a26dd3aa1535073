"""
Which columns matter, and how
=============================

The inspection tools of scikit-learn work with any estimator. This example fits
`StructuredDataRegressor` to the prices of houses, measures how important each column is
by permutation, and draws how the price depends on single columns and on pairs of them.
"""

# %%
# Fit
# ---
# The date of the sale is a string. It can stay in the table, because the estimator
# reads dates. One trial is enough here: it is a dense network, which predicts fast, and
# the tools of this example call `predict` hundreds of times.
from sklearn.model_selection import train_test_split

from skautokeras import StructuredDataRegressor
from skautokeras.datasets import load_king_county

X, y = load_king_county(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)

reg = StructuredDataRegressor(max_trials=1, random_state=0)
reg.fit(X_train, y_train)
reg.score(X_test, y_test)

# %%
# What some of the columns were taken for, and what the network gets of each of them:
reg.columns_[["name", "kind", "distinct", "becomes"]].head()

# %%
# Importance by permutation
# -------------------------
# The values of one column are shuffled, and the score of the shuffled table is
# subtracted from that of the real one. Test rows are used, because training rows would
# also count what the model has learnt by heart. Columns that say the same as others
# seem unimportant, because the model can use the others.
import matplotlib.pyplot as plt
import pandas as pd
from sklearn.inspection import permutation_importance

found = permutation_importance(reg, X_test, y_test, n_repeats=5, random_state=0)
importances = pd.DataFrame(found.importances.T, columns=X_test.columns)
importances = importances[importances.mean().sort_values().index]

_, ax = plt.subplots(figsize=(7, 5), layout="constrained")
importances.plot.box(vert=False, whis=10, ax=ax)
ax.axvline(0, color="0.6", linestyle="--")
_ = ax.set_xlabel("decrease of R2 when the column is shuffled")

# %%
# How the price depends on single columns
# ---------------------------------------
# The partial dependence is the mean prediction if a column had the same value in all
# rows. The thin lines are the predictions of single houses. scikit-learn wants floats,
# because the points of the grid lie between the values of the column.
from sklearn.inspection import PartialDependenceDisplay

floats = X_test.astype({"sqft_living": float, "yr_built": float})
_, ax = plt.subplots(figsize=(9, 3.5), layout="constrained")
_ = PartialDependenceDisplay.from_estimator(
    reg,
    floats,
    ["sqft_living", "lat", "yr_built"],
    kind="both",
    subsample=40,
    grid_resolution=20,
    random_state=0,
    ax=ax,
)

# %%
# Two columns together
# --------------------
# The map shows where houses are expensive. All other columns stay as they are, so it is
# about the place and not about the size of the houses there. The points are the houses.
_, ax = plt.subplots(figsize=(6, 4.5), layout="constrained")
display = PartialDependenceDisplay.from_estimator(
    reg, X_test, [("long", "lat")], grid_resolution=15, ax=ax
)
_ = display.axes_[0, 0].plot(X_test["long"], X_test["lat"], "k.", markersize=1)

# %%
# Conclusion
# ----------
# The grade, the place and the size of a house matter most for the predicted price, and
# the date of the sale hardly matters. The price grows with the size, and is highest in
# one part of the county. These tools describe the model and not the world: they say
# what the predictions depend on.
