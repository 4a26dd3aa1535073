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
from skautokeras._export.twins.word_pieces import WordPieces
from skautokeras.exceptions import ExportError


class TextTwin(RawTwin, of=TextAdapter):
    """What `TextAdapter` makes of texts, from strings."""

    kind = "text"

    def arrays(self, names, inputs):
        """Return codes of words and weights of n-grams."""
        return text_arrays(self.adapter, inputs.string(names[None], "texts"))


def text_arrays(adapter, texts):
    """Return the arrays of texts that are strings."""
    ranges, schema = character_ranges(), adapter.schema_
    arrays = _subwords(adapter, texts)
    texts = NormalizedText()(texts)
    words = WordCodes(adapter.vocabulary_, **ranges)(texts)
    arrays["tokens"] = Beginning(schema.n_tokens)(words)
    arrays["word_ngrams"], arrays["word_weights"] = _strongest(
        adapter.word_ngrams_, schema.word_width
    )(words)
    if adapter.character_ngrams_ is not None:
        characters = CharacterCodes(adapter.alphabet_, **ranges)(texts)
        arrays["character_ngrams"], arrays["character_weights"] = _strongest(
            adapter.character_ngrams_, schema.character_width
        )(characters)
    return arrays


def _subwords(adapter, texts):
    """Return the tokens of pretrained models."""
    arrays = {}
    pairs = zip(adapter.tokenizers_, adapter.schema_.subwords, strict=True)
    for i, (tokenizer, subwords) in enumerate(pairs, start=1):
        if not subwords.width:
            continue
        config = tokenizer.word_pieces()
        if config is None:
            raise ExportError(
                f"The tokenizer of {subwords.preset!r} needs KerasHub and cannot be "
                "part of an exported model. Pass raw=False: the exported model then "
                "starts from the tokens that the estimator makes of texts."
            )
        pieces = WordPieces(**config)(texts)
        arrays[f"subwords_{i}"] = Beginning(subwords.width)(pieces)
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
