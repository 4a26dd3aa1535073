"""Pretrained transformers for texts."""

import os
from numbers import Integral, Real

import keras

from skautokeras._layers.pretrained import PackedTokens, TextEncoder
from skautokeras._layers.regularization import Dropout
from skautokeras._sklearn import Interval, StrOptions
from skautokeras._space.block import Block
from skautokeras._space.hyperparameters import (
    SEARCHED,
    Boolean,
    Choice,
    Float,
    check_parameters,
    choose,
    when,
)
from skautokeras._space.pretrained import load_backbone
from skautokeras._space.records import check_text
from skautokeras.exceptions import WeightsMissingError

# Tokens of a text, those around it included.
LENGTHS = Choice((64, 128, 256, 512), default=128)
# What the learning rate of the head is multiplied by: 2e-3 becomes 6e-5.
_FACTORS = Float(1e-3, 1.0, default=0.03, sampling="log")


@keras.saving.register_keras_serializable("skautokeras")
class BertBlock(Block):
    """A pretrained transformer on texts: BERT, or another model of KerasHub.

    Devlin et al., arXiv:1810.04805. Returns a vector per text. The texts are taken
    apart by the tokenizer of the preset, once per `fit`. It takes
    ``pip install "skautokeras[text]"``.

    Parameters
    ----------
    preset : str or path, default="bert_tiny_en_uncased"
        What `keras_hub.models.Backbone.from_preset` takes: the name of a preset, which
        KerasHub downloads once, or a folder that holds a tokenizer and a backbone
        saved by `save_to_preset`. BERT, ALBERT, DistilBERT, ELECTRA, RoBERTa, DeBERTa
        and the like will do. If it cannot be had, a warning says so and a search leaves
        out what needs it.
    trainable : bool or None, default=None
        Whether the pretrained weights are trained further. If not, they are applied to
        the data once per configuration. None: searched, like every parameter below.
    sequence_length : int or None, default=None
        Tokens of a text that are kept, those at its beginning.
    pooling : {"first", "mean"} or None, default=None
        The vector of the first token, or the mean over all.
    learning_rate_factor : float or None, default=None
        What the learning rate is multiplied by for the pretrained weights. They are not
        subject to weight decay.
    dropout : float or None, default=None
        Share of the vector that is dropped in training.

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

    _parameter_constraints = {
        "preset": [str, os.PathLike],
        "trainable": ["boolean", *SEARCHED],
        "sequence_length": [Interval(Integral, 3, None, closed="left"), *SEARCHED],
        "pooling": [StrOptions({"first", "mean"}), *SEARCHED],
        "learning_rate_factor": [Interval(Real, 0, None, closed="neither"), *SEARCHED],
        "dropout": [Interval(Real, 0, 1, closed="left"), *SEARCHED],
    }

    def __init__(
        self,
        *,
        preset="bert_tiny_en_uncased",
        trainable=None,
        sequence_length=None,
        pooling=None,
        learning_rate_factor=None,
        dropout=None,
    ):
        self.preset = preset
        self.trainable = trainable
        self.sequence_length = sequence_length
        self.pooling = pooling
        self.learning_rate_factor = learning_rate_factor
        self.dropout = dropout

    @property
    def presets(self):
        """The one preset."""
        return (os.fspath(self.preset),)

    def build(self, hp, inputs):
        """Build the pretrained model on the tokens."""
        check_text(self, inputs)
        check_parameters(self)
        subwords, tokens = inputs.of_preset(*self.presets)
        trainable = choose(hp, "trainable", self.trainable, Boolean(default=True))
        factor = None
        with when(hp, "trainable", self.trainable, [True]):
            if trainable:
                given = self.learning_rate_factor
                factor = choose(hp, "learning_rate_factor", given, _FACTORS)
        pooling = choose(hp, "pooling", self.pooling, Choice(("first", "mean")))
        length = self._length(hp, subwords)
        dropouts = Float(0.0, 0.5, default=0.1, step=0.1)
        dropout = choose(hp, "dropout", self.dropout, dropouts)
        check_parameters(
            self,
            trainable=trainable,
            sequence_length=length,
            pooling=pooling,
            learning_rate_factor=factor,
            dropout=dropout,
        )
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
        if self.sequence_length is None and subwords.longest <= min(LENGTHS.values):
            return None
        return choose(hp, "sequence_length", self.sequence_length, LENGTHS)
