import numpy as np
import pytest

from skautokeras._data import datetime_parts

ORIGIN = np.datetime64("2024-01-01")


def parts_of(*moments):
    return datetime_parts(np.array(moments, dtype="datetime64[us]"), ORIGIN)


@pytest.mark.parametrize(
    ("part", "moment", "expected"),
    [
        ("elapsed", "2024-01-03T06:00", 2.25),
        ("elapsed", "1969-12-31T00:00", -19724.0),
        ("week_cos", "2024-01-01T23:59", 1.0),  # a Monday
        ("week_sin", "1969-12-29T00:00", 0.0),  # a Monday before 1970
        ("week_sin", "2024-01-03T00:00", np.sin(2 * np.pi * 2 / 7)),
        ("day_sin", "2024-05-05T06:00", 1.0),
        ("day_cos", "1960-05-05T12:00", -1.0),
        ("year_sin", "2023-01-01T10:00", 0.0),
        ("year_cos", "2023-01-01T10:00", 1.0),
        ("year_sin", "1923-01-31T10:00", np.sin(2 * np.pi * 30 / 365.25)),
    ],
)
def test_a_date_becomes_numbers(part, moment, expected):
    assert parts_of(moment)[part][0] == pytest.approx(expected, abs=1e-12)


def test_a_missing_date_has_no_parts():
    parts = parts_of("NaT", "2024-01-01")
    assert all(np.isnan(part).tolist() == [True, False] for part in parts.values())
