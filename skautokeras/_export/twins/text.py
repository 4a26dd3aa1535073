"""The twin of `TextAdapter`."""

from skautokeras._data.text import TextAdapter
from skautokeras._data.tokens import character_ranges
from skautokeras._export.twins.base import RawTwin
from skautokeras._export.twins.text_layers import (
    Beginning,
    CharacterCodes,
    NgramWeights,
    NormalizedText,
    WordCodes,
)
from skautokeras.exceptions import ExportError


class TextTwin(RawTwin, of=TextAdapter):
    """What `TextAdapter` makes of texts, from strings."""

    kind = "text"

    def arrays(self, names, inputs):
        """Return codes of words and weights of n-grams."""
        return text_arrays(self.adapter, inputs.string(names[None], "texts"))


def text_arrays(adapter, texts):
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
