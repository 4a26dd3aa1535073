"""Dates as numbers: the time since an origin, and positions in the calendar."""

import numpy as np

from skautokeras._data.codes import DAY, DAYS_PER_WEEK, DAYS_PER_YEAR, EPOCH_WEEKDAY


def datetime_parts(moments, origin):
    """Turn dates into numbers.

    Parameters
    ----------
    moments : ndarray of shape (n_samples,), dtype datetime64[us]
        Moments in UTC, NaT where missing.

    origin : datetime64
        Moment from which the elapsed time is counted.

    Returns
    -------
    parts : dict of str to ndarray of shape (n_samples,), dtype float64
        Numbers by name, NaN where the moment is missing. "elapsed" holds the days since
        `origin`. "year_sin", "year_cos" and so on are sine and cosine of the position
        within the year (of 365.25 days, at midnight), the week and the day.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._data.dates import datetime_parts
    >>> noon = np.array(["2024-01-01T12:00"], dtype="datetime64[us]")
    >>> parts = datetime_parts(noon, np.datetime64("2023-12-31"))
    >>> list(parts)
    ['elapsed', 'year_sin', 'year_cos', 'week_sin', 'week_cos', 'day_sin', 'day_cos']
    >>> parts["elapsed"].tolist(), parts["week_cos"].tolist(), parts["day_cos"].tolist()
    ([1.5], [1.0], [-1.0])
    """
    days = moments.astype("datetime64[D]")
    new_year = moments.astype("datetime64[Y]").astype("datetime64[D]")
    day_number = (days - np.datetime64(0, "D")) / DAY
    cycles = {
        "year": (days - new_year) / DAY / DAYS_PER_YEAR,
        "week": (day_number + EPOCH_WEEKDAY) % DAYS_PER_WEEK / DAYS_PER_WEEK,
        "day": (moments - days) / DAY,
    }
    parts = {"elapsed": (moments - origin) / DAY}
    for cycle, position in cycles.items():
        parts[f"{cycle}_sin"] = np.sin(2 * np.pi * position)
        parts[f"{cycle}_cos"] = np.cos(2 * np.pi * position)
    return parts


def varying_parts(moments):
    """Find the origin of a column of dates, and the parts that vary.

    Parameters
    ----------
    moments : ndarray of shape (n_samples,), dtype datetime64[us]
        Moments in UTC, none of them missing.

    Returns
    -------
    origin : int
        Median of the moments, in microseconds since 1970; 0 if there are none.

    parts : list of str
        Names of the parts, as in `datetime_parts`, that have several values. "elapsed"
        is always one of them.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._data.dates import varying_parts
    >>> mondays = np.array(["2024-01-01", "2024-01-08"], dtype="datetime64[us]")
    >>> varying_parts(mondays)
    (1704067200000000, ['elapsed', 'year_sin', 'year_cos'])
    """
    ordered = np.sort(moments.astype(np.int64))
    origin = int(ordered[(len(ordered) - 1) // 2]) if len(ordered) else 0
    parts = datetime_parts(moments, np.datetime64(origin, "us"))
    varying = [
        name
        for name, numbers in parts.items()
        if name == "elapsed" or len(np.unique(numbers)) > 1
    ]
    return origin, varying
