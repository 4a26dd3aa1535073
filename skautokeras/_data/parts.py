"""What a column is taken apart into: the parts of dates, the words of texts."""

from collections import Counter

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer

from skautokeras._data.codes import DAY, DAYS_PER_WEEK, DAYS_PER_YEAR, EPOCH_WEEKDAY

# A word that gets an indicator is in at least 5 rows and 1 % of the rows, in at most
# 90 % of them, and among the 50 most frequent.
WORD_MIN_ROWS = 5
WORD_MIN_SHARE = 0.01
WORD_MAX_SHARE = 0.9
MAX_WORDS = 50


def datetime_parts(moments, origin):
    """Numbers that say when something was.

    Parameters
    ----------
    moments : ndarray of shape (n_samples,), dtype datetime64[us]
        Moments in UTC, NaT where missing.

    origin : datetime64
        Where time starts.

    Returns
    -------
    parts : dict of str to ndarray of shape (n_samples,), dtype float64
        "elapsed" are the days since `origin`. The others are sine and cosine of the
        position within the year (of 365.25 days, at midnight), the week and the day.
        NaN where the moment is missing.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._data.parts import datetime_parts
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


def frequent_words(texts, counts, n_samples):
    """Words that are neither rare nor in nearly every row.

    Parameters
    ----------
    texts : ndarray of str objects of shape (n_texts,)
        Distinct texts.

    counts : ndarray of int of shape (n_texts,)
        Number of rows of each text.

    n_samples : int
        Number of rows, those without a text too.

    Returns
    -------
    words : list of str
        In lower case, the most frequent first, at most 50.

    Examples
    --------
    >>> from skautokeras._data.parts import frequent_words
    >>> frequent_words(["Mr Brown", "Mr Green"], counts=[4, 3], n_samples=10)
    ['mr']
    """
    tokens = CountVectorizer().build_analyzer()
    n_rows = Counter()
    for text, count in zip(texts, counts, strict=True):
        n_rows.update(dict.fromkeys(tokens(text), int(count)))
    lowest = max(WORD_MIN_ROWS, WORD_MIN_SHARE * n_samples)
    highest = WORD_MAX_SHARE * n_samples
    words = [word for word, count in n_rows.items() if lowest <= count <= highest]
    return sorted(words, key=lambda word: (-n_rows[word], word))[:MAX_WORDS]


def word_indicators(texts, words):
    """Which of the words is in which text.

    Parameters
    ----------
    texts : ndarray of str objects of shape (n_texts,)
        The texts.

    words : list of str of length n_words
        Words in lower case.

    Returns
    -------
    indicators : ndarray of shape (n_texts, n_words), dtype float32
        Zeros and ones.

    Examples
    --------
    >>> from skautokeras._data.parts import word_indicators
    >>> word_indicators(["Mr Brown", "Mrs Green"], ["mr", "green"]).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    if not len(texts):
        return np.zeros((0, len(words)), dtype=np.float32)
    vectorizer = CountVectorizer(vocabulary=words, binary=True, dtype=np.float32)
    return vectorizer.transform(texts).toarray()
