import numpy as np
import pytest

from skautokeras._data import (
    MAX_WORDS,
    datetime_parts,
    frequent_words,
    word_indicators,
)

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


def test_words_are_counted_by_rows_and_not_by_occurrences():
    texts = ["spam spam spam spam spam spam", "ham", "eggs"]
    assert frequent_words(texts, counts=[4, 5, 6], n_samples=15) == ["eggs", "ham"]


def test_words_in_nearly_every_row_say_nothing():
    texts = ["the cat", "the dog", "dog"]
    assert frequent_words(texts, counts=[50, 45, 5], n_samples=100) == ["cat", "dog"]


def test_rare_words_are_those_in_less_than_one_row_of_a_hundred():
    texts = ["often", "seldom", "other"]
    counts = [10, 9, 500]
    assert frequent_words(texts, counts, n_samples=1000) == ["other", "often"]


def test_no_more_than_the_most_frequent_words_are_taken():
    texts = [f"word{i:02d}" for i in range(60)]
    words = frequent_words(texts, counts=list(range(10, 70)), n_samples=1000)
    assert words == texts[::-1][:MAX_WORDS]


def test_indicators_ignore_case_and_unknown_words():
    indicators = word_indicators(["MR. Smith", "", "Mrs; mr"], ["mrs", "mr"])
    assert indicators.dtype == np.float32
    assert indicators.tolist() == [[0, 1], [0, 0], [1, 1]]


def test_no_texts_give_no_rows():
    assert word_indicators(np.array([], dtype=object), ["mr"]).shape == (0, 1)
