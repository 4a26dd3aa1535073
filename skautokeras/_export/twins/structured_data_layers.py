"""Layers that start from the columns of a table: twins of `StructuredDataAdapter`.

Each gives for a column what the adapter makes of it. Numbers come as floats, NaN where
one is missing; categories, texts and dates as strings, empty where one is missing.
"""

import math
from functools import cache

import keras
import numpy as np
import tensorflow as tf

from skautokeras._data.categories import places_of_spellings
from skautokeras._data.codes import (
    DAYS_PER_WEEK,
    DAYS_PER_YEAR,
    EPOCH_WEEKDAY,
    FIRST_CATEGORY,
    LARGEST,
    MICROSECONDS_PER_DAY,
    MICROSECONDS_PER_SECOND,
    MISSING_CATEGORY,
    UNKNOWN_CATEGORY,
)
from skautokeras._export.twins.characters import (
    CodeTable,
    all_codes,
    decode,
    previous,
    runs,
    to_lower,
)
from skautokeras._export.twins.text_layers import make_table, numbered

# Moments are counted in microseconds.
_SECOND, _DAY = MICROSECONDS_PER_SECOND, MICROSECONDS_PER_DAY
_MINUTE, _HOUR = 60 * _SECOND, 3600 * _SECOND
_EPOCH = "1970-01-01"

# Groups: year, month, day, hour, minute, second, fraction, hours and minutes ahead of
# UTC. There can be nine; a second pattern tells the sign.
_ISO_8601 = (
    r"(\d{4})-(\d{2})-(\d{2})"
    r"(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?"
    r"(?:Z|[+-](\d{2})(?::?(\d{2}))?)?)?"
)
_WEST_OF_UTC = r".{16}.*-\d{2}(?::?\d{2})?"
_WITH_ZONE = r".{16}.*(?:Z|[+-]\d{2}(?::?\d{2})?)"


class _OfColumns(keras.layers.Layer):
    """A layer that keeps float64 as it is: float32 could not hold all numbers."""

    def __init__(self, **kwargs):
        super().__init__(autocast=False, **kwargs)


@keras.saving.register_keras_serializable("skautokeras")
class Numbers(_OfColumns):
    """Replace missing numbers by the median, centre and scale, in the given precision.

    ``clip((x - mean) / scale, low, high)``, x being the median where it is NaN.

    Parameters
    ----------
    medians, means, scales : sequence of float, shape (n_columns,)
        Statistics of each column.
    lows, highs : sequence of float, shape (n_columns,), default=None
        Bounds of the results. If None, they are -1e9 and 1e9.

    Notes
    -----
    **Shape**: a list of ``(batch,)`` or ``(batch, k)``, which have ``n_columns`` in
    all, to float32 ``(batch, n_columns)``.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._export.twins.structured_data_layers import Numbers
    >>> layer = Numbers(medians=[3.0], means=[1.0], scales=[2.0])
    >>> layer([np.array([5.0, np.nan])]).numpy().tolist()
    [[2.0], [1.0]]
    """

    def __init__(self, medians, means, scales, lows=None, highs=None, **kwargs):
        super().__init__(**kwargs)
        self.medians = np.array(medians, "float64")
        self.means = np.array(means, "float64")
        self.scales = np.array(scales, "float64")
        largest = np.full(len(self.medians), LARGEST)
        self.lows = -largest if lows is None else np.array(lows, "float64")
        self.highs = largest if highs is None else np.array(highs, "float64")

    def call(self, columns):
        """Return the standardised numbers."""
        x = _side_by_side(columns)
        medians, means, scales, lows, highs = (
            tf.cast(part, x.dtype)
            for part in (self.medians, self.means, self.scales, self.lows, self.highs)
        )
        x = (tf.where(_is_missing(x), medians, x) - means) / scales
        return tf.cast(tf.minimum(tf.maximum(x, lows), highs), tf.float32)

    def compute_output_shape(self, input_shape):
        """Return ``(batch, n_columns)``."""
        return (input_shape[0][0], len(self.medians))

    def compute_output_spec(self, columns):
        """Return floats of 32 bits, whatever comes in."""
        shape = (columns[0].shape[0], len(self.medians))
        return keras.KerasTensor(shape, dtype="float32")

    def get_config(self):
        """Return what `from_config` needs."""
        config = {
            "medians": self.medians.tolist(),
            "means": self.means.tolist(),
            "scales": self.scales.tolist(),
            "lows": self.lows.tolist(),
            "highs": self.highs.tolist(),
        }
        return {**super().get_config(), **config}


@keras.saving.register_keras_serializable("skautokeras")
class MissingIndicator(_OfColumns):
    """Tell where numbers are missing: 1 for NaN, else 0.

    Notes
    -----
    **Shape**: a list of ``(batch,)`` or ``(batch, k)`` to float32 ``(batch,
    n_columns)``; of ``(batch, k)`` the first column counts.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._export.twins.structured_data_layers import MissingIndicator
    >>> MissingIndicator()([np.array([5.0, np.nan])]).numpy().tolist()
    [[0.0], [1.0]]
    """

    def call(self, columns):
        """Return the indicators."""
        firsts = [x if len(x.shape) == 1 else x[:, 0] for x in columns]
        return tf.cast(_is_missing(_side_by_side(firsts)), tf.float32)

    def compute_output_shape(self, input_shape):
        """Return ``(batch, n_columns)``."""
        return (input_shape[0][0], len(input_shape))

    def compute_output_spec(self, columns):
        """Return floats of 32 bits, whatever comes in."""
        shape = (columns[0].shape[0], len(columns))
        return keras.KerasTensor(shape, dtype="float32")


def _is_missing(x):
    """Return where numbers are NaN.

    For ONNX it has to be the operation of that name, or a choice between numbers is
    made by multiplying them with 0 and 1. LiteRT, which gets float32, does not have it;
    there TensorFlow makes ``x > inf`` of the opposite of ``x <= inf``.
    """
    if x.dtype == tf.float64:
        return tf.math.is_nan(x)
    return ~((x < math.inf) | (x > -math.inf))


def _side_by_side(columns):
    """Return columns (batch,) or (batch, k) as one tensor."""
    columns = [tf.convert_to_tensor(x) for x in columns]
    return tf.concat([x[:, None] if len(x.shape) == 1 else x for x in columns], 1)


@keras.saving.register_keras_serializable("skautokeras")
class CategoryCodes(keras.layers.Layer):
    """Look up the codes of the categories of one column.

    Parameters
    ----------
    categories : sequence of str
        Those of codes 2, 3, ... All others have code 0; an empty string stands for a
        missing value, code 1, unless it is a category itself.

    Notes
    -----
    **Shape**: string ``(batch,)`` to int32 ``(batch, 1)``.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from skautokeras._export.twins.structured_data_layers import CategoryCodes
    >>> CategoryCodes(["C", "E"])(tf.constant(["E", "", "A"])).numpy().ravel()
    array([3, 1, 0], dtype=int32)
    """

    def __init__(self, categories, **kwargs):
        super().__init__(**kwargs)
        self.categories = np.array(list(categories), dtype=object)
        spellings = {
            spelling: place + FIRST_CATEGORY
            for spelling, place in places_of_spellings(self.categories).items()
        }
        numbers = {**spellings, **numbered(self.categories, FIRST_CATEGORY)}
        self.table = make_table(numbers, default=UNKNOWN_CATEGORY)

    def call(self, keys):
        """Return the codes."""
        codes = tf.cast(self.table.lookup(keys), tf.int32)
        is_missing = (keys == "") & (codes == UNKNOWN_CATEGORY)
        return tf.where(is_missing, MISSING_CATEGORY, codes)[:, None]

    def compute_output_shape(self, input_shape):
        """Return ``(batch, 1)``."""
        return (input_shape[0], 1)

    def compute_output_spec(self, keys):
        """Return integers."""
        return keras.KerasTensor((keys.shape[0], 1), dtype="int32")

    def get_config(self):
        """Return what `from_config` needs."""
        return {**super().get_config(), "categories": self.categories.tolist()}


@keras.saving.register_keras_serializable("skautokeras")
class WordIndicators(keras.layers.Layer):
    """Tell which words are in the texts of a column.

    Words are runs of at least two letters, digits or underscores, in lower case.

    Parameters
    ----------
    words : sequence of str
        In lower case.

    Notes
    -----
    **Shape**: string ``(batch,)`` to float32 ``(batch, n_words)`` of zeros and ones.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from skautokeras._export.twins.structured_data_layers import WordIndicators
    >>> WordIndicators(["mr", "green"])(tf.constant(["Mr. Brown"])).numpy().tolist()
    [[1.0, 0.0]]
    """

    def __init__(self, words, **kwargs):
        super().__init__(**kwargs)
        self.words = np.array(list(words), dtype=object)
        self.table = make_table(numbered(self.words), default=-1)

    def call(self, texts):
        """Return the indicators."""
        characters = to_lower(decode(texts))
        inside = _in_words()(characters.codes) == 1
        starts = inside & ~previous(inside, characters.rows)
        words, rows, lengths = runs(characters, inside, starts)
        places = self.table.lookup(words)
        found = (places >= 0) & (lengths > 1)
        shape = tf.stack([characters.n_rows, len(self.words)])
        where = tf.boolean_mask(tf.stack([rows, places], axis=1), found)
        ones = tf.ones(tf.shape(where)[0])
        return tf.tensor_scatter_nd_max(tf.zeros(shape), where, ones)

    def compute_output_shape(self, input_shape):
        """Return ``(batch, n_words)``."""
        return (input_shape[0], len(self.words))

    def compute_output_spec(self, texts):
        """Return floats."""
        shape = (texts.shape[0], len(self.words))
        return keras.KerasTensor(shape, dtype="float32")

    def get_config(self):
        """Return what `from_config` needs."""
        return {**super().get_config(), "words": self.words.tolist()}


@cache
def _in_words():
    r"""Return which characters ``\w`` stands for."""
    return CodeTable({c: 1 for c in all_codes() if chr(c).isalnum() or chr(c) == "_"})


@keras.saving.register_keras_serializable("skautokeras")
class DateParts(keras.layers.Layer):
    """Read dates, and say by numbers when they were.

    The parts are the days since an origin, and sine and cosine of ``2 pi`` times the
    position within the year of 365.25 days (at midnight), the week and the day, in UTC.
    Strings have the forms ``2024-05-31`` and ``2024-05-31T23:59[:59[.999999999]][Z or
    +01:00]`` (ISO 8601; a space may stand for the T, and a time without a zone is in
    UTC). Any other string that is not empty is an error, so that none is read
    otherwise than the adapter reads it.

    Parameters
    ----------
    origin : int
        Microseconds since 1970.
    parts : sequence of str
        "elapsed", "year_sin", "year_cos", "week_sin", ... in the order of the result.
    zoned : bool or None, default=None
        Whether all dates must have a time zone, or none of them may have one. If None,
        both are read.

    Notes
    -----
    **Shape**: string ``(batch,)`` to float64 ``(batch, n_parts)``, NaN where the date
    is missing.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from skautokeras._export.twins.structured_data_layers import DateParts
    >>> layer = DateParts(origin=0, parts=["elapsed", "day_cos"])
    >>> layer(tf.constant(["1970-01-02 12:00", ""])).numpy().tolist()
    [[1.5, -1.0], [nan, nan]]
    """

    def __init__(self, origin, parts, zoned=None, **kwargs):
        super().__init__(**kwargs)
        self.origin = origin
        self.parts = tuple(parts)
        self.zoned = zoned

    def call(self, dates):
        """Return the parts."""
        is_missing = dates == ""
        if self.zoned is not None:
            _check_zones(dates, is_missing, self.zoned)
        moments, days, new_year = _read(tf.where(is_missing, _EPOCH, dates), dates)
        position = {
            "year": _ratio(days - new_year, 1) / DAYS_PER_YEAR,
            "week": _ratio((days + EPOCH_WEEKDAY) % DAYS_PER_WEEK, DAYS_PER_WEEK),
            "day": _ratio(moments - days * _DAY, _DAY),
        }
        found = {"elapsed": _ratio(moments - self.origin, _DAY)}
        for cycle, share in position.items():
            found[f"{cycle}_sin"] = tf.sin(2 * math.pi * share)
            found[f"{cycle}_cos"] = tf.cos(2 * math.pi * share)
        numbers = tf.stack([found[part] for part in self.parts], axis=1)
        nan = tf.constant(math.nan, tf.float64)
        return tf.where(is_missing[:, None], nan, numbers)

    def compute_output_shape(self, input_shape):
        """Return ``(batch, n_parts)``."""
        return (input_shape[0], len(self.parts))

    def compute_output_spec(self, dates):
        """Return floats of 64 bits."""
        shape = (dates.shape[0], len(self.parts))
        return keras.KerasTensor(shape, dtype="float64")

    def get_config(self):
        """Return what `from_config` needs."""
        return {
            **super().get_config(),
            "origin": self.origin,
            "parts": list(self.parts),
            "zoned": self.zoned,
        }


def _check_zones(dates, is_missing, zoned):
    """Raise if a date has a time zone, or lacks one, unlike those in `fit`."""
    is_right = tf.strings.regex_full_match(dates, _WITH_ZONE) == zoned
    wrong = tf.boolean_mask(dates, ~is_right & ~is_missing)
    which = "without a time zone; those in fit had one:"
    if not zoned:
        which = "with a time zone; those in fit had none:"
    tf.debugging.Assert(tf.size(wrong) == 0, [f"These are dates {which}", wrong])


def _ratio(numbers, unit):
    return tf.cast(numbers, tf.float64) / unit


def _read(dates, given):
    """Return moments in microseconds, days and the first day of the year, since 1970.

    ``given`` is what an error shows.
    """
    has_form = tf.strings.regex_full_match(dates, _ISO_8601)
    readable = tf.where(has_form, dates, _EPOCH)
    year, month, day, hour, minute, second = (
        _group(readable, rf"0\{i}") for i in range(1, 7)
    )
    fraction = tf.strings.regex_replace(readable, _ISO_8601, r"\7")
    fraction = tf.strings.to_number(
        tf.strings.substr(tf.strings.join([fraction, "000000"]), 0, 6), tf.int64
    )
    ahead = _group(readable, r"0\8") * _HOUR + _group(readable, r"0\9") * _MINUTE
    is_west = tf.strings.regex_full_match(readable, _WEST_OF_UTC)
    next_month = _days(year + month // 12, month % 12 + 1, 1)
    is_date = (
        has_form
        & (year > 0)
        & (month >= 1)
        & (month <= 12)
        & (day >= 1)
        & (day <= next_month - _days(year, month, 1))
        & (hour < 24)
        & (minute < 60)
        & (second < 60)
        & (_group(readable, r"0\8") < 24)
        & (_group(readable, r"0\9") < 60)
    )
    wrong = tf.boolean_mask(given, ~is_date)
    tf.debugging.Assert(
        tf.reduce_all(is_date),
        ["These strings are no dates of the form 2024-05-31T23:59:", wrong],
    )
    moments = _days(year, month, day) * _DAY
    moments += hour * _HOUR + minute * _MINUTE + second * _SECOND + fraction
    moments -= tf.where(is_west, -ahead, ahead)
    days = moments // _DAY
    # A shift to UTC may lead into the year before or behind.
    year += tf.cast(days >= _days(year + 1, 1, 1), tf.int64)
    year -= tf.cast(days < _days(year, 1, 1), tf.int64)
    return moments, days, _days(year, 1, 1)


def _group(dates, rewrite):
    """Return a group of the pattern as numbers; one that is not there is 0."""
    digits = tf.strings.regex_replace(dates, _ISO_8601, rewrite)
    return tf.strings.to_number(digits, tf.int64)


def _days(year, month, day):
    """Return days since 1970 in the Gregorian calendar.

    Years start in March here, so that leap days are at their ends.
    """
    year = year - tf.cast(month <= 2, tf.int64)
    month = (month + 9) % 12
    of_year = (153 * month + 2) // 5 + day - 1
    leap_days = year // 4 - year // 100 + year // 400
    days_until_1970 = 719_468  # since 1 March of the year 0
    return 365 * year + leap_days + of_year - days_until_1970
