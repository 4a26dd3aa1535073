"""A profile takes a share of the time of a fit, and is whole without the rest."""

import numpy as np
import pandas as pd

from skautokeras._data import (
    ClassAdapter,
    Rows,
    SplitRows,
    StructuredDataAdapter,
    XAdapter,
)
from skautokeras._data.profile import make_profile
from skautokeras._data.y_adapter import YAdapter
from skautokeras._state import Deadline


def profile_until(deadline):
    """Return the profile of a table whose first column is the target."""
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(200, 3))).add_prefix("c")
    y = (X["c0"] > 0).astype(int)
    x_adapter = XAdapter(["a"], [StructuredDataAdapter()], [None])
    y_adapter = YAdapter(["head"], [ClassAdapter()])
    x = x_adapter.fit_transform(X)
    y_adapter.fit(y)
    rows = Rows(x, y_adapter.transform(y), None)
    data = SplitRows(rows.take(slice(160)), rows.take(slice(160, None)), all=rows)
    return make_profile(x_adapter, y_adapter, data, deadline)


def test_what_columns_tell_is_left_out_after_the_time():
    late, early = profile_until(Deadline(0)), profile_until(Deadline(600))
    assert early.features[0].strength > 0.8
    assert [feature.strength for feature in late.features] == [0.0] * 3
    assert [f.name for f in late.features] == [f.name for f in early.features]
    assert late.n_rows == early.n_rows == 200
    assert late.classes == early.classes
