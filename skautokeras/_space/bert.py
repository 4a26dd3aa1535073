"""Pretrained transformers for texts."""

import os

import keras

from skautokeras._data.schema import VECTORS
from skautokeras._layers.pretrained import PackedTokens, TextEncoder
from skautokeras._space.declaration import Fixed, Searched, check_parameters
from skautokeras._space.hyperparameters import Boolean, Choice
from skautokeras._space.portfolio.texts import BERT
from skautokeras._space.pretrained import (
    FIRST_LAYER_RATE,
    HEAD_FIRST,
    LEARNING_RATE_FACTOR,
    TRAINED_SHARE,
    EncoderBlock,
    check_vectors,
    name_of,
)
from skautokeras._space.records import check_text
from skautokeras._space.shapes import choose_dropout, searched_dropout
from skautokeras._space.text_models import load_backbone, most_tokens
from skautokeras.exceptions import WeightsMissingError

_BOTH = "both"


@keras.saving.register_keras_serializable("skautokeras")
class BertBlock(EncoderBlock):
    """A pretrained transformer on texts: BERT, or another model of KerasHub.

    Devlin et al., arXiv:1810.04805. Returns a vector per text. The texts are taken
    apart by the tokenizer of the preset, once per `fit`. If the weights are not
    trained, the vectors are computed once per `fit` as well, before the trials. It
    needs the extra `text`.

    Notes
    -----
    Graphs with such blocks search over a warm-up of the learning rate, too, and over
    fewer epochs.

    Examples
    --------
    >>> from skautokeras import BertBlock, ClassificationHead, TextInput
    >>> node = ClassificationHead()(BertBlock(preset="folder")(TextInput()))
    """

    takes_records = True
    training_priority = 2

    preset = Fixed(
        (str, os.PathLike),
        default="bert_tiny_en_uncased",
        doc="Name or folder of the pretrained model: a preset, which KerasHub "
        "downloads once, a folder that holds a tokenizer and a backbone saved by "
        "`save_to_preset`, or a folder of Hugging Face with the weights in "
        "safetensors. BERT, ALBERT, DistilBERT, ELECTRA, RoBERTa, DeBERTa and the like "
        "will do. If it cannot be had, a warning says so and a search leaves out what "
        "needs it. `TextBlock` and the estimators call this parameter ``pretrained``.",
    )
    trainable = Searched(
        Boolean(default=False),
        doc="Whether the pretrained weights are trained further.",
    )
    vectors = Searched(
        Choice((*VECTORS, _BOTH)),
        doc='Vector of a text if the weights are not trained. ``"encoder"`` is the '
        "mean over its tokens, or the first of them if the preset was trained like "
        'that, behind the last layer of the model. ``"static"`` is the mean of '
        "fixed vectors of the tokens, which are computed in a fraction of the time. "
        '``"both"`` puts both behind each other.',
    )
    sequence_length = Searched(
        # Tokens around a text are counted.
        Choice((64, 128, 256, 512), default=128),
        at_least=3,
        doc="Tokens of a text that are kept, those at its beginning, if the weights "
        "are trained. Where all texts are short, all are kept.",
    )
    pooling = Searched(
        Choice(("first", "mean"), default="mean"),
        doc="Vector of a text if the weights are trained: that of the first token, or "
        "the mean over all.",
    )
    learning_rate_factor = LEARNING_RATE_FACTOR
    first_layer_rate = FIRST_LAYER_RATE
    head_first = HEAD_FIRST
    trained_share = TRAINED_SHARE
    dropout = searched_dropout(
        "Share of the vector that is dropped in training.", default=0.1
    )

    @property
    def presets(self):
        """The one preset."""
        return name_of(self.preset)

    def build(self, hp, inputs):
        """Build the pretrained model on the tokens, or take its vectors."""
        check_text(self, inputs)
        check_parameters(self)
        facts, tokens, vectors = inputs.of_preset(*self.presets)
        trainable = self.choose(hp, "trainable")
        with self.when(hp, "trainable", [False]):
            kind = None if trainable else self._choose_vectors(hp, inputs.vectors)
        with self.when(hp, "trainable", [True]):
            settings = self._settings(hp, facts) if trainable else None
        drop = choose_dropout(hp, self)
        # After all hyperparameters: the space is known in any case.
        if tokens is None:
            raise WeightsMissingError(facts.problem)
        if trainable:
            x = self._trained(tokens, facts, *settings)
        else:
            check_vectors(facts, vectors)
            x = _joined(vectors, kind)
        return drop(x)

    def known_configurations(self, schemas, targets):
        """Return the configurations that are known to work."""
        return BERT

    def _choices_of_vectors(self, kinds):
        """Return the kinds, and both if there are several."""
        return (*kinds, _BOTH) if len(kinds) > 1 else kinds

    def _settings(self, hp, facts):
        """Return length of the texts, and arguments of `TextEncoder`."""
        settings = self._choose_fine_tuning(hp)
        settings["pooling"] = self.choose(hp, "pooling")
        return self._length(hp, facts), settings

    def _trained(self, tokens, facts, length, settings):
        """Return the vectors of a model that is trained further."""
        network = load_backbone(*self.presets)
        length = min(length or facts.longest, most_tokens(*self.presets))
        packed = PackedTokens(length, facts.start, facts.end)(tokens)
        return TextEncoder(network, pad=facts.pad, **settings)(packed)

    def _length(self, hp, facts):
        """Return the most tokens of a text; None if all texts are short."""
        shortest = min(self.declaration("sequence_length").range.values)
        if self.sequence_length is None and facts.longest <= shortest:
            return None
        return self.choose(hp, "sequence_length")


def _joined(vectors, kind):
    """Return the vectors of a kind, or of both behind each other."""
    # Of several models, one may have fewer kinds than another.
    wanted = VECTORS if kind == _BOTH else (kind,)
    found = [vectors[kind] for kind in wanted if kind in vectors]
    found = found or list(vectors.values())
    return found[0] if len(found) == 1 else keras.layers.Concatenate()(found)
