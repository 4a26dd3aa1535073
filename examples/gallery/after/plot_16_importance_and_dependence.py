"""
Which columns matter, and how
=============================

Permutation importance tells which columns a fitted model uses, and partial dependence
tells how its prediction changes with one of them. Both are tools of scikit-learn that
take an estimator and rows, so they work for a network as for any other model. This
example uses them on the prices of houses.
"""

# %%
# A model of house prices
# -----------------------
# Seven columns keep the example short. The rows for
# the test take no part in the search.
import matplotlib.pyplot as plt
from sklearn.model_selection import train_test_split

from skautokeras import StructuredDataRegressor
from skautokeras.datasets import load_king_county

X, y = load_king_county(return_X_y=True)
columns = ["sqft_living", "grade", "lat", "long", "yr_built", "bedrooms", "waterfront"]
X_train, X_test, y_train, y_test = train_test_split(X[columns], y / 1e5, random_state=0)
reg = StructuredDataRegressor(max_trials=2, epochs=30, random_state=0)
reg.fit(X_train, y_train)
print(f"R2 on the test rows: {reg.score(X_test, y_test):.2f}")

# %%
# Permutation importance
# ----------------------
# The values of one column are permuted among the test rows, and the drop of the score
# is noted. Three permutations show how uncertain the drop is. The scorer is the mean
# absolute error, so that the importance is in the unit of the target: 100 000 dollars.
from sklearn.inspection import permutation_importance

found = permutation_importance(
    reg,
    X_test,
    y_test,
    scoring="neg_mean_absolute_error",
    n_repeats=3,
    random_state=0,
)
order = found.importances_mean.argsort()
fig, ax = plt.subplots(layout="constrained")
ax.boxplot(
    found.importances[order].T,
    orientation="horizontal",
    tick_labels=[columns[i] for i in order],
)
_ = ax.set_xlabel("Greater error when the column is permuted (100 000 dollars)")

# %%
# A column that tells the same as another one looks less important than it is, because
# the model can use the other one. The number of bedrooms says little beyond the area.
#
# Partial dependence
# ------------------
# The prediction is averaged over the rows, while one column is set to each value of a
# grid. The last plot is of two columns at once: where the houses are.
from sklearn.inspection import PartialDependenceDisplay

# Columns of whole numbers become floats, because the grid lies between them.
display = PartialDependenceDisplay.from_estimator(
    reg,
    X_test.astype(float).sample(100, random_state=0),
    ["sqft_living", "grade", ("long", "lat")],
    grid_resolution=8,
    n_cols=3,
)
display.figure_.set_size_inches(11, 3.6)
display.figure_.set_layout_engine("constrained")

# %%
# One line per house
# ------------------
# Individual conditional expectation draws a line for each house instead of the mean. If
# the lines are parallel, the column acts alone; if they are not, its effect depends on
# other columns.
_ = PartialDependenceDisplay.from_estimator(
    reg,
    X_test.astype(float).sample(20, random_state=0),
    ["sqft_living"],
    kind="both",
    centered=True,
    grid_resolution=12,
)

# %%
# Conclusion
# ----------
# Area, grade and place decide about the price, as one would expect, and a larger house
# costs more wherever it stands. A model whose important columns are a surprise deserves
# a second look before it is used: the surprise may be a leak, and `report` warns of
# columns that tell the target by themselves.
