"""Pretrained transformers for texts."""

import os

import keras

from skautokeras._layers.pretrained import PackedTokens, TextEncoder
from skautokeras._layers.regularization import Dropout
from skautokeras._space.block import Block
from skautokeras._space.declaration import Fixed, Searched, check_parameters
from skautokeras._space.hyperparameters import Boolean, Choice, Float
from skautokeras._space.portfolio.texts import BERT
from skautokeras._space.pretrained import load_backbone
from skautokeras._space.records import check_text
from skautokeras.exceptions import WeightsMissingError


@keras.saving.register_keras_serializable("skautokeras")
class BertBlock(Block):
    """A pretrained transformer on texts: BERT, or another model of KerasHub.

    Devlin et al., arXiv:1810.04805. Returns a vector per text. The texts are taken
    apart by the tokenizer of the preset, once per `fit`. It takes
    ``pip install "skautokeras[text]"``.

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
        doc="Name or folder that `keras_hub.models.Backbone.from_preset` takes: a "
        "preset, which KerasHub downloads once, or a folder that holds a tokenizer and "
        "a backbone saved by `save_to_preset`. BERT, ALBERT, DistilBERT, ELECTRA, "
        "RoBERTa, DeBERTa and the like will do. If it cannot be had, a warning says so "
        "and a search leaves out what needs it.",
    )
    trainable = Searched(
        Boolean(default=True),
        doc="Whether the pretrained weights are trained further. If not, they are "
        "applied to the data once per configuration.",
    )
    sequence_length = Searched(
        # Tokens around a text are counted.
        Choice((64, 128, 256, 512), default=128),
        at_least=3,
        doc="Tokens of a text that are kept, those at its beginning. Where all texts "
        "are short, all are kept.",
    )
    pooling = Searched(
        Choice(("first", "mean")),
        doc="Vector of a text: that of the first token, or the mean over all.",
    )
    learning_rate_factor = Searched(
        # 2e-3, the rate of the head, becomes 6e-5.
        Float(1e-3, 1.0, default=0.03, sampling="log"),
        above=0,
        doc="Factor on the learning rate for the pretrained weights. They are not "
        "subject to weight decay.",
    )
    dropout = Searched(
        Float(0.0, 0.5, default=0.1, step=0.1),
        at_least=0,
        below=1,
        doc="Share of the vector that is dropped in training.",
    )

    @property
    def presets(self):
        """The one preset."""
        return (os.fspath(self.preset),)

    def build(self, hp, inputs):
        """Build the pretrained model on the tokens."""
        check_text(self, inputs)
        check_parameters(self)
        subwords, tokens = inputs.of_preset(*self.presets)
        trainable = self.choose(hp, "trainable")
        factor = None
        with self.when(hp, "trainable", [True]):
            if trainable:
                factor = self.choose(hp, "learning_rate_factor")
        pooling = self.choose(hp, "pooling")
        length = self._length(hp, subwords)
        dropout = self.choose(hp, "dropout")
        # After all hyperparameters: the space is known in any case.
        if subwords.problem is not None:
            raise WeightsMissingError(subwords.problem)
        backbone = load_backbone(*self.presets)
        self._check_inputs(backbone)
        longest = getattr(backbone, "max_sequence_length", None) or subwords.longest
        length = min(length or subwords.longest, longest)
        packed = PackedTokens(length, subwords.start, subwords.end)(tokens)
        encoder = TextEncoder(
            backbone, pooling, subwords.pad, factor or 1.0, trainable=trainable
        )
        x = encoder(packed)
        return Dropout(dropout)(x) if dropout else x

    def known_configurations(self, schemas, targets):
        """Return the configurations that were published."""
        return BERT

    def _check_inputs(self, backbone):
        names = backbone.input if isinstance(backbone.input, dict) else ["images"]
        if not set(names) <= set(TextEncoder.known_inputs):
            raise ValueError(
                f"The preset {self.preset!r} of BertBlock is a "
                f"{type(backbone).__name__}, which takes {sorted(names)}. Take a model "
                "of texts alone, such as BERT."
            )

    def _length(self, hp, subwords):
        """Return the most tokens of a text; None if all texts are short."""
        shortest = min(self.declaration("sequence_length").range.values)
        if self.sequence_length is None and subwords.longest <= shortest:
            return None
        return self.choose(hp, "sequence_length")
