"""The fitted estimator as one Keras model: from raw columns, strings and pixels."""

from dataclasses import dataclass, field
from functools import singledispatch

import keras
import numpy as np
from keras import ops

from skautokeras._data.array import ArrayAdapter
from skautokeras._data.codes import WITH_NUMBERS
from skautokeras._data.image import ImageAdapter
from skautokeras._data.schema import text_array
from skautokeras._data.structured_data import StructuredDataAdapter
from skautokeras._data.target import ClassAdapter, NumberAdapter
from skautokeras._data.text import TextAdapter
from skautokeras._data.tokens import character_ranges
from skautokeras._export.keras_model import export_keras_model
from skautokeras._export.raw_inputs import KERAS, RawInputs, input_names, refuse
from skautokeras._layers import (
    Beginning,
    BothProbabilities,
    CharacterCodes,
    DateParts,
    DecodedImages,
    MissingIndicator,
    MostProbable,
    NgramWeights,
    NormalizedText,
    Numbers,
    OriginalScale,
    Pixels,
    ProbableLabels,
    WordCodes,
    WordIndicators,
)
from skautokeras.exceptions import ExportError

# What the bytes of an image file hold.
_BRIGHTEST_OF_FILES = 255

# In standard deviations: what rounding may change about a number.
_TOLERANCE = 1e-5


@dataclass(frozen=True, eq=False)
class RawModel:
    """A model from raw inputs, and what has to be around it.

    ``dtypes`` are those of the inputs, where a signature is stricter than the model.
    ``lookups`` are the categories, ``labels`` the classes of codes that stand for
    strings, by the names of inputs and outputs.
    """

    model: keras.Model
    dtypes: dict
    lookups: dict = field(default_factory=dict)
    labels: dict = field(default_factory=dict)


def export_raw_model(ensemble, adapter, targets, abilities=KERAS, *, encoded=False):
    """Return a model that starts from raw data and ends with labels and numbers.

    Parameters
    ----------
    ensemble : Ensemble
        Of a fitted estimator.
    adapter : XAdapter
        What it makes of X.
    targets : YAdapter
        What it made of y.
    abilities : Abilities, default=KERAS
        Of the format that the model is for.
    encoded : bool, default=False
        Whether images come as the bytes of files.

    Returns
    -------
    raw : RawModel
        From a dict of inputs, one per column of a table, one per other input, to a dict
        of "probabilities" and "label" or "values"; with several heads the name of the
        head and "__" stand before.

    Raises
    ------
    ExportError
        If something cannot be said in the layers of the format.
    """
    network = export_keras_model(ensemble)
    network.name = "skautokeras.network"
    names = input_names(adapter)
    inputs = RawInputs(abilities, encoded)
    arrays = {}
    for name, part in zip(adapter.names, adapter.adapters_, strict=True):
        prefix = f"{name}__" if len(adapter.names) > 1 else ""
        made = make_arrays(part, names[name], inputs)
        arrays |= {prefix + key: array for key, array in made.items()}
    outputs, labels = {}, {}
    predicted = network(arrays)
    for name, target in targets.by_head.items():
        prefix = f"{name}__" if len(targets.names) > 1 else ""
        decoded, classes = decode(target, predicted[name], abilities)
        outputs |= {prefix + key: output for key, output in decoded.items()}
        labels |= {prefix + key: names for key, names in classes.items()}
    return RawModel(inputs.model(outputs), inputs.dtypes, inputs.lookups, labels)


@singledispatch
def make_arrays(adapter, names, inputs):
    """Return what an adapter makes, as layers behind raw inputs.

    Parameters
    ----------
    adapter : transformer
        Fitted.
    names : dict of str to str
        The name of each raw input, by column, or by None.
    inputs : RawInputs
        Where raw inputs are added.

    Returns
    -------
    arrays : dict of str to keras.KerasTensor
        By the names that the adapter gives them.
    """
    raise TypeError(f"{type(adapter).__name__} has no layers.")


@make_arrays.register
def _(adapter: StructuredDataAdapter, names, inputs):
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
        statistics = adapter.medians_, adapter.means_, adapter.scales_
        arrays["numerical"] = Numbers(*statistics)(list(numbers.values()))
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
        found = _text_arrays(texts, inputs.string(names[name], "texts"))
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
    return DateParts(origin, parts)(inputs.string(name, "dates"))


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
    return inputs.codes(name, categories)


@make_arrays.register
def _(adapter: TextAdapter, names, inputs):
    return _text_arrays(adapter, inputs.string(names[None], "texts"))


def _text_arrays(adapter, texts):
    """Return the arrays of texts that are strings."""
    if any(subwords.width for subwords in adapter.schema_.subwords):
        raise ExportError(
            "KerasHub takes texts apart for a BertBlock outside of the network. Pass "
            "raw=False: the exported model then starts from the arrays that the "
            "estimator makes of X."
        )
    ranges, schema = character_ranges(), adapter.schema_
    texts = NormalizedText()(texts)
    words = WordCodes(adapter.vocabulary_, **ranges)(texts)
    arrays = {"tokens": Beginning(schema.n_tokens)(words)}
    arrays["word_ngrams"], arrays["word_weights"] = _strongest(
        adapter.word_ngrams_, schema.word_width
    )(words)
    if adapter.character_ngrams_ is not None:
        characters = CharacterCodes(adapter.alphabet_, **ranges)(texts)
        arrays["character_ngrams"], arrays["character_weights"] = _strongest(
            adapter.character_ngrams_, schema.character_width
        )(characters)
    return arrays


def _strongest(ngrams, width):
    """Return the layer of n-grams that an adapter has learned."""
    return NgramWeights(
        ngrams.keys_,
        ngrams.codes_,
        ngrams.idf_,
        lengths=ngrams.lengths,
        base=ngrams.base,
        width=width,
        gap=ngrams.gap,
    )


@make_arrays.register
def _(adapter: ImageAdapter, names, inputs):
    name, schema = names[None], adapter.schema_
    height, width, n_channels = schema.shape
    if inputs.encoded and takes_files(adapter):
        files = inputs.add(f"{name}_bytes", (), "string")
        pixels = DecodedImages(schema.shape, adapter.resizes_)(files)
        return {"pixels": Pixels(schema.shape, schema.dtype)(pixels)}
    is_first = adapter.channels_ == "first"
    if adapter.resizes_ and inputs.abilities.checks:
        height = width = None
    size = (height, width)
    shape = (n_channels, *size) if is_first else (*size, n_channels)
    if not inputs.abilities.checks:
        pixels = inputs.add(name, shape, schema.dtype)
        return {"pixels": ops.transpose(pixels, (0, 2, 3, 1)) if is_first else pixels}
    pixels = inputs.add(name, shape, "float32", signature_dtype=schema.dtype)
    return {"pixels": Pixels(schema.shape, schema.dtype, is_first)(pixels)}


def takes_files(adapter):
    """Return whether the bytes of image files can stand for what an adapter has seen.

    Parameters
    ----------
    adapter : transformer
        Fitted.

    Returns
    -------
    takes_files : bool
        True for images, grey or coloured, whose pixels were between 0 and 255.
    """
    return (
        isinstance(adapter, ImageAdapter)
        and adapter.schema_.shape[2] in (1, 3)
        and (adapter.schema_.low, adapter.schema_.high) == (0, _BRIGHTEST_OF_FILES)
    )


@make_arrays.register
def _(adapter: ArrayAdapter, names, inputs):
    return {"array": inputs.add(names[None], adapter.schema_.shape, "float32")}


@singledispatch
def decode(target, y, abilities):
    """Return what a network says in terms of the target, as layers behind it.

    Parameters
    ----------
    target : ClassAdapter or NumberAdapter
        Fitted.
    y : keras.KerasTensor of shape (batch, n_outputs)
        Output of the network.
    abilities : Abilities
        Of the format.

    Returns
    -------
    outputs : dict of str to keras.KerasTensor
        By what they are.
    labels : dict of str to list of str
        The strings of outputs that hold their positions.
    """
    raise TypeError(f"{type(target).__name__} has no layers.")


@decode.register
def _(target: ClassAdapter, y, abilities):
    if target.schema_.kind == "multilabel":
        return {"probabilities": y, "label": ProbableLabels()(y)}, {}
    if target.schema_.kind == "binary" and y.shape[1] == 1:
        y = BothProbabilities()(y)
    classes = _as_list(target.classes_)
    if abilities.strings or not isinstance(classes[0], str):
        return {"probabilities": y, "label": MostProbable(classes)(y)}, {}
    if not abilities.lookups:
        refuse(abilities.format, f"strings, as the labels {classes[:2]} are")
    return {"probabilities": y, "label": MostProbable()(y)}, {"label": classes}


def _as_list(classes):
    """Return classes as what tensors can hold."""
    found = classes.tolist()
    kinds = {type(label) for label in found}
    if len(kinds) == 1 and kinds <= {str, int, float, bool}:
        return found
    raise ExportError(
        "Only labels that are all strings, integers, floats or booleans can be decoded "
        f"in a model, got {found[:2]}. Pass raw=False, and decode positions "
        "by classes_."
    )


@decode.register
def _(target: NumberAdapter, y, abilities):
    layer = OriginalScale(
        target.means_, target.scales_, target.one_dimensional_, abilities.numbers
    )
    return {"values": layer(y)}, {}
