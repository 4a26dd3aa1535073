"""The twin of `StructuredDataAdapter`."""

import numpy as np
from keras import ops

from skautokeras._data.codes import WITH_NUMBERS
from skautokeras._data.date_strings import has_zone
from skautokeras._data.schema import text_array
from skautokeras._data.structured_data import StructuredDataAdapter
from skautokeras._export.raw_inputs import refuse
from skautokeras._export.twins.base import RawTwin
from skautokeras._export.twins.structured_data_layers import (
    CategoryCodes,
    DateParts,
    MissingIndicator,
    Numbers,
    WordIndicators,
)
from skautokeras._export.twins.text import text_arrays
from skautokeras.exceptions import ExportError

# In standard deviations: what rounding may change about a number.
_TOLERANCE = 1e-5


class StructuredDataTwin(RawTwin, of=StructuredDataAdapter):
    """What `StructuredDataAdapter` makes of a table, from one raw input per column."""

    kind = "table"

    def columns(self):
        """Return the columns that the arrays depend on."""
        adapter = self.adapter
        used = {*adapter.categories_, *adapter.vocabularies_, *adapter.texts_}
        return [
            column.name
            for column in adapter.schema_.columns
            if column.kind in WITH_NUMBERS or column.name in used
        ]

    def arrays(self, names, inputs):
        """Return numbers, indicators, codes of categories, and what texts become."""
        adapter = self.adapter
        if adapter.sparse_ is not None:
            raise ExportError(
                "A sparse matrix of so many columns has no tensor per column. Pass "
                "raw=False: the exported model then starts from the arrays that the "
                "estimator makes of X."
            )
        if not names:
            raise ExportError(
                "All columns of X were constant in fit: there is nothing that a model "
                "could start from."
            )
        numbers = {
            column.name: _numbers_of(adapter, column, names[column.name], inputs)
            for column in adapter.schema_.columns
            if column.kind in WITH_NUMBERS
        }
        arrays = {}
        if numbers:
            if inputs.abilities.numbers == "float32":
                _check_precision(adapter, inputs.abilities.format)
            layer = Numbers(*adapter.statistics_of_numbers())
            arrays["numerical"] = layer(list(numbers.values()))
        indicators = _indicators_of(adapter, numbers, names, inputs)
        if indicators:
            arrays["indicator"] = ops.concatenate(indicators, axis=1)
        codes = [
            _codes_of(adapter, column, names[column.name], inputs)
            for column in adapter.schema_.columns
            if column.name in adapter.categories_
        ]
        if codes:
            arrays["categorical"] = ops.concatenate(codes, axis=1)
        for i, (name, texts) in enumerate(adapter.texts_.items()):
            found = text_arrays(texts, inputs.string(names[name], "texts"))
            arrays |= {text_array(i, part): array for part, array in found.items()}
        return arrays


def _check_precision(adapter, format):
    """Raise if float32 cannot tell the numbers of a column apart."""
    step = np.finfo("float32").eps * np.abs(adapter.means_) / adapter.scales_
    for name, is_lost in zip(adapter.schema_.numerical, step > _TOLERANCE, strict=True):
        if is_lost:
            refuse(format, f"numbers that are as large as those of column {name!r}")


def _numbers_of(adapter, column, name, inputs):
    if column.kind == "numerical":
        return inputs.number(name)
    parts = adapter.datetime_parts_[column.name]
    origin = adapter.datetime_origins_[column.name]
    is_zoned = None if column.format is None else has_zone(column.format)
    return DateParts(origin, parts, is_zoned)(inputs.string(name, "dates"))


def _indicators_of(adapter, numbers, names, inputs):
    missing = [numbers[name] for name in adapter.indicated_]
    indicators = [MissingIndicator()(missing)] if missing else []
    for name, words in adapter.vocabularies_.items():
        text = inputs.string(names[name], "words of texts")
        indicators.append(WordIndicators(words)(text))
    return indicators


def _codes_of(adapter, column, name, inputs):
    categories = adapter.categories_[column.name]
    if "" in categories and column.n_missing:
        raise ExportError(
            f"Column {column.name!r} had empty strings and missing values in fit, "
            "which are one and the same in a model of tensors. Replace one of them."
        )
    if inputs.abilities.strings:
        return CategoryCodes(categories)(inputs.string(name, "categories"))
    if not inputs.abilities.lookups:
        refuse(inputs.abilities.format, f"strings of categories (input {name!r})")
    inputs.lookups[name] = list(categories)
    codes = inputs.add(name, (), "int64")
    return ops.expand_dims(ops.cast(codes, "int32"), 1)
