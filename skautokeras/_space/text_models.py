"""Pretrained models for texts: found by name or folder, and turned into parts."""

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

import keras

from skautokeras._layers.pretrained import PackedTokens, TextEncoder
from skautokeras._space.bert_weights import as_bert, is_bert
from skautokeras._space.pretrained import (
    GELU,
    check_config,
    json_in,
    keras_hub,
    read_once,
    weights_missing,
)
from skautokeras._space.pretrained_files import located
from skautokeras._space.unfilled import weights_are_wanted
from skautokeras._space.word_piece_tokenizer import (
    INSIDE,
    LONGEST_WORD,
    MARKS,
    WordPieceTokenizer,
)
from skautokeras.exceptions import WeightsMissingError

# Tokens of a text that are kept at most, where the model does not say fewer.
_MOST_TOKENS = 512
_SURROGATE = re.compile("[\ud800-\udfff]")
# Architectures of Hugging Face whose tokenizer is that of BERT.
_WORD_PIECE_MODELS = ("bert", "distilbert")


def _fields(epsilon):
    """Return the fields of a config.json that KerasHub does not read, and their values.

    Another value would change the vectors of all texts.
    """
    return {
        "hidden_act": GELU,
        "layer_norm_eps": (epsilon,),
        "position_embedding_type": ("absolute",),
        "is_decoder": (False,),
    }


# By architectures of Hugging Face, whose own layers may look at other fields.
_FIELDS = {
    "albert": _fields(1e-12),
    "bert": _fields(1e-12),
    "distilbert": {"activation": GELU},
    "roberta": _fields(1e-5),
    "xlm-roberta": _fields(1e-5),
}


@keras.saving.register_keras_serializable("skautokeras")
class PresetTokenizer:
    """The tokenizer of a preset, or the reason why it cannot be loaded.

    Parameters
    ----------
    preset : str
        Name or folder of the preset.
    tokenizer : WordPieceTokenizer, keras_hub.models.Tokenizer or None, default=None
        Tokenizer to use. If None, the tokenizer of the preset is loaded.
    problem : str or None, default=None
        Reason why there is no tokenizer. If it is given, the preset is not loaded.

    Raises
    ------
    ImportError
        If KerasHub is not installed, as soon as the tokenizer is needed.
    """

    def __init__(self, preset, tokenizer=None, problem=None):
        self.preset = preset
        self._made = tokenizer
        self._problem = problem

    @property
    def _tokenizer(self):
        """The tokenizer, which is loaded when it is asked for; None with a problem.

        A table without texts needs none.
        """
        if self._made is None and self._problem is None:
            try:
                self._made = _loaded(_tokenizer_of, self.preset)
            except WeightsMissingError as error:
                self._problem = str(error)
        return self._made

    @property
    def problem(self):
        """Reason why there is no tokenizer. If None, there is one."""
        return self._problem if self._tokenizer is None else None

    @property
    def start(self):
        """Number of the token before a text, or None."""
        return getattr(self._tokenizer, "start_token_id", None)

    @property
    def end(self):
        """Number of the token behind a text, or None."""
        return getattr(self._tokenizer, "end_token_id", None)

    @property
    def pad(self):
        """Number of the token that fills the places behind the end of a text."""
        return getattr(self._tokenizer, "pad_token_id", None) or 0

    def __call__(self, texts):
        """Return the numbers of the tokens of each text.

        Parameters
        ----------
        texts : list of str
            Raw texts.

        Returns
        -------
        tokens : list of list of int
            Numbers of the tokens of each text, in their order.
        """
        tokens = self._tokenizer([_encodable(text) for text in texts])
        return tokens.to_list() if hasattr(tokens, "to_list") else tokens

    def word_pieces(self):
        """Return what `WordPieces` needs to split strings as this tokenizer does.

        Returns
        -------
        config : dict or None
            Vocabulary, in the order of the numbers, whether letters become lower case,
            and whether accents are taken off. None for a tokenizer of another kind.
        """
        if not isinstance(self._tokenizer, WordPieceTokenizer):
            return None
        return self._tokenizer.get_config()

    def get_config(self):
        """Return the configuration and the files of the tokenizer, ready for JSON.

        Returns
        -------
        config : dict
            Configuration of the tokenizer, for `from_config`.
        """
        if self._made is None:
            return {"preset": self.preset, "problem": self._problem}
        config = {"preset": self.preset}
        if pieces := self.word_pieces():
            return {**config, "word_pieces": pieces}
        with tempfile.TemporaryDirectory() as folder:
            self._tokenizer.save_assets(folder)
            files = {
                path.name: path.read_bytes().decode("latin-1")
                for path in Path(folder).iterdir()
            }
        tokenizer = keras.saving.serialize_keras_object(self._tokenizer)
        return {**config, "tokenizer": tokenizer, "files": files}

    @classmethod
    def from_config(cls, config):
        """Return the tokenizer that a configuration describes, without its preset.

        Parameters
        ----------
        config : dict
            Configuration that `get_config` returned.

        Returns
        -------
        tokenizer : PresetTokenizer
        """
        if "word_pieces" in config:
            return cls(config["preset"], WordPieceTokenizer(**config["word_pieces"]))
        if "tokenizer" not in config:
            # Earlier versions wrote no reason. The preset is not loaded, because a file
            # from a stranger could name one that KerasHub would download.
            reason = f"There was no preset {config['preset']!r} when this was written."
            return cls(config["preset"], problem=config.get("problem") or reason)
        keras_hub("texts")
        tokenizer = keras.saving.deserialize_keras_object(config["tokenizer"])
        with tempfile.TemporaryDirectory() as folder:
            for name, content in config["files"].items():
                path = Path(folder, Path(name).name)
                path.write_bytes(content.encode("latin-1"))
            tokenizer.load_assets(folder)
        return cls(config["preset"], tokenizer)

    def __sklearn_clone__(self):
        """Return the tokenizer itself, because nothing changes it."""
        return self


def _encodable(text):
    """Return a text whose pairs of surrogates are characters, and lone ones U+FFFD."""
    if not _SURROGATE.search(text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def load_backbone(preset):
    """Return the network of a preset, from tokens to a vector for each token.

    BERT and DistilBERT are made of the layers of this package, so that files that hold
    them need no KerasHub. Other models keep the layers of KerasHub. The weights are
    filled in only if `weights_are_wanted`.

    Parameters
    ----------
    preset : str
        Name or folder of the preset.

    Returns
    -------
    network : keras.Model
        Functional network from a dict of tensors (batch, steps), such as "token_ids"
        and "padding_mask", to vectors (batch, steps, width).

    Raises
    ------
    ImportError
        If KerasHub is not installed.
    WeightsMissingError
        If the preset cannot be loaded.
    """
    source = _read(preset)
    network = source.build()
    if weights_are_wanted():
        network.set_weights(source.weights)
    return network


def most_tokens(preset):
    """Return how many tokens of a text a preset takes at most, with the marks."""
    return _read(preset).n_places


def load_encoder(preset, subwords):
    """Return the layers that turn the tokens of texts into vectors, which stay frozen.

    Parameters
    ----------
    preset : str
        Name or folder of the preset.
    subwords : Subwords
        Facts about the texts for the preset.

    Returns
    -------
    pack : PackedTokens
        Layer that cuts texts and adds the marks.
    encoder : TextEncoder
        Layer around the network.
    """
    network = load_backbone(preset)
    pack = PackedTokens(_read(preset).n_places, subwords.start, subwords.end)
    encoder = TextEncoder(network, pooling_of(preset), subwords.pad, trainable=False)
    return pack, encoder


def pooling_of(preset):
    """Return how a vector is made of those of the tokens: as the preset was trained.

    A folder of sentence-transformers says so. For all others it is the mean, which is
    as good as the first token where a head is trained on it (arXiv:1908.10084).

    Parameters
    ----------
    preset : str
        Name or folder of the preset.

    Returns
    -------
    pooling : {"first", "mean"}
    """
    config = json_in(located(preset), "1_Pooling/config.json")
    return "first" if config.get("pooling_mode_cls_token") else "mean"


@dataclass(frozen=True, eq=False)
class _Source:
    """A network that has been read: what builds it, and its weights.

    ``n_places`` is the maximum number of tokens of a text, with the marks.
    """

    build: object
    weights: list
    n_places: int


def _read(preset):
    return read_once(_read_now, preset)


def _read_now(preset):
    backbone = _loaded(_backbone_of, preset)
    _check(backbone, preset)
    longest = getattr(backbone, "max_sequence_length", None) or _MOST_TOKENS
    n_places = min(longest, _length_in(preset) or longest)
    if is_bert(backbone):
        return _Source(*as_bert(backbone), n_places)
    weights = _sequences_of(backbone).get_weights()
    config = keras.saving.serialize_keras_object(backbone)

    def build():
        return _sequences_of(keras.saving.deserialize_keras_object(config))

    return _Source(build, weights, n_places)


def _length_in(preset):
    """Return how many tokens sentence-transformers gave a model, with the marks.

    Returns None if the folder does not say so.
    """
    name, field = "sentence_bert_config.json", "max_seq_length"
    length = json_in(preset, name).get(field)
    if length is None:
        return None
    # Two places are for the marks.
    if not isinstance(length, int) or length < 3:
        raise weights_missing(
            preset,
            f"its file {name} has {field}={length!r}, and not a number above 2",
            "Get that file again.",
        )
    return length


def _backbone_of(preset):
    """Return the model of a preset, as KerasHub reads it."""
    config = json_in(preset, "config.json")
    try:
        check_config(config, _FIELDS.get(config.get("model_type"), {}))
    except ValueError as error:
        advice = "Take a model of the usual architecture."
        raise weights_missing(preset, error, advice) from error
    return keras_hub("texts").models.Backbone.from_preset(preset)


def _check(backbone, preset):
    """Raise WeightsMissingError unless a model turns tokens into vectors of them."""
    names = backbone.input if isinstance(backbone.input, dict) else ["images"]
    has_vectors = not isinstance(backbone.output, dict) or (
        "sequence_output" in backbone.output
    )
    if not (has_vectors and set(names) <= set(TextEncoder.known_inputs)):
        raise weights_missing(
            preset,
            f"it is a {type(backbone).__name__}, which takes {sorted(names)}",
            "Take a model of texts that has no decoder, such as BERT.",
        )


def _sequences_of(backbone):
    """Return the part of a model that leads to a vector for each token."""
    outputs = backbone.output
    if isinstance(outputs, dict):
        outputs = outputs["sequence_output"]
    return keras.Model(backbone.input, outputs)


def _tokenizer_of(preset):
    """Return the tokenizer of a preset.

    Folders of Hugging Face for BERT are read here. KerasHub does not read those that
    have no vocabulary in a file of its own, and forgets that their tokenizers take off
    accents where they make letters lower case.
    """
    models = keras_hub("texts").models
    pieces = json_in(preset, "tokenizer.json")
    vocabulary = _vocabulary_of(preset, pieces)
    if vocabulary is not None:
        return WordPieceTokenizer(vocabulary, **_normalisation(preset, pieces))
    tokenizer = models.Tokenizer.from_preset(preset)
    if not isinstance(tokenizer, models.BertTokenizer | models.DistilBertTokenizer):
        return tokenizer
    return WordPieceTokenizer(
        tokenizer.vocabulary,
        lowercase=tokenizer.lowercase,
        strip_accents=tokenizer.strip_accents,
    )


def _vocabulary_of(preset, pieces):
    """Return the vocabulary of a tokenizer of BERT by its numbers; None for others."""
    config = json_in(preset, "config.json")
    if config.get("model_type") not in _WORD_PIECE_MODELS:
        return None
    if pieces.get("model", {}).get("type") == "WordPiece":
        _check_splitting(preset, pieces)
        numbers = pieces["model"]["vocab"]
    elif pieces or "do_lower_case" not in json_in(preset, "tokenizer_config.json"):
        return None
    else:
        path = Path(preset, "vocab.txt")
        if not path.is_file():
            return None
        lines = path.read_text("utf-8").split("\n")
        numbers = {line.strip("\r"): i for i, line in enumerate(lines) if line}
    vocabulary = [""] * (max(numbers.values()) + 1)
    for piece, number in numbers.items():
        vocabulary[number] = piece
    if len(vocabulary) > config.get("vocab_size", len(vocabulary)):
        raise weights_missing(
            preset,
            f"its tokenizer has tokens up to the number {len(vocabulary) - 1}, and its "
            f"config.json says that the model knows {config['vocab_size']}",
            "Take the tokenizer that the model was trained with.",
        )
    return vocabulary


def _check_splitting(preset, pieces):
    """Raise WeightsMissingError unless words are split as BERT splits them."""
    model = pieces["model"]
    splitting = pieces.get("pre_tokenizer", {"type": "BertPreTokenizer"}) or {}
    found = {
        "pre_tokenizer": splitting.get("type"),
        "unk_token": model.get("unk_token", MARKS["unknown"]),
        "continuing_subword_prefix": model.get("continuing_subword_prefix", INSIDE),
        "max_input_chars_per_word": model.get("max_input_chars_per_word", LONGEST_WORD),
    }
    usual = ("BertPreTokenizer", MARKS["unknown"], INSIDE, LONGEST_WORD)
    pairs = zip(found.items(), usual, strict=True)
    if unusual := [f"{k}={value!r}" for (k, value), known in pairs if value != known]:
        raise weights_missing(
            preset,
            f"its tokenizer.json says {', '.join(unusual)}",
            "Words can only be split as the tokenizer of BERT does.",
        )


def _normalisation(preset, pieces):
    """Return how a tokenizer of BERT changes texts before it splits them.

    Parameters
    ----------
    preset : str
        Folder of Hugging Face.
    pieces : dict
        Content of its file "tokenizer.json".

    Returns
    -------
    normalisation : dict of str to bool
        Whether letters become lower case, and whether accents are taken off, as
        arguments of `WordPieceTokenizer`.

    Raises
    ------
    WeightsMissingError
        If the tokenizer does anything else.
    """
    done = set()
    for step in _steps(preset, pieces):
        kind = step.get("type", "BertNormalizer")
        done |= _of_bert(step) if kind == "BertNormalizer" else {kind}
    # The one without the other leaves most accents where they are.
    if {"NFD", "StripAccents"} <= done:
        done = done - {"NFD", "StripAccents"} | {"Accents"}
    if unknown := sorted(done - {"Lowercase", "Accents"}):
        raise weights_missing(
            preset,
            f"its tokenizer.json changes texts by {', '.join(unknown)}",
            "Only BertNormalizer, Lowercase, and NFD with StripAccents can be repeated "
            "here.",
        )
    return {"lowercase": "Lowercase" in done, "strip_accents": "Accents" in done}


def _steps(preset, pieces):
    """Return the normalizers of a tokenizer.json one by one.

    A file without any says so by null. One that says nothing leaves it to
    tokenizer_config.json, and that to the usual tokenizer of BERT.
    """
    if "normalizer" not in pieces:
        config = json_in(preset, "tokenizer_config.json")
        names = {
            "lowercase": "do_lower_case",
            "strip_accents": "strip_accents",
            "handle_chinese_chars": "tokenize_chinese_chars",
        }
        return [{name: config[k] for name, k in names.items() if k in config}]
    steps = []
    waiting = [pieces["normalizer"]]
    while waiting:
        step = waiting.pop(0) or {"type": "Sequence", "normalizers": []}
        if step.get("type") == "Sequence":
            waiting = [*step["normalizers"], *waiting]
        else:
            steps.append(step)
    return steps


def _of_bert(normalizer):
    """Return what BertNormalizer does, in the names of the other normalizers."""
    lowercase = normalizer.get("lowercase", True)
    accents = normalizer.get("strip_accents")
    done = {"Lowercase"} if lowercase else set()
    if lowercase if accents is None else accents:
        done.add("Accents")
    # `WordPieceTokenizer` splits words at them.
    if not normalizer.get("handle_chinese_chars", True):
        done.add("BertNormalizer with handle_chinese_chars=false")
    return done


def _loaded(load, preset):
    """Return what a function loads, or tell why it cannot be had."""
    keras_hub("texts")
    try:
        return load(located(preset))
    except WeightsMissingError:
        raise
    except Exception as error:
        advice = (
            "If there is no network here, load its tokenizer and its backbone with "
            "keras_hub where there is one, call save_to_preset('folder') of both, and "
            "pass that folder."
        )
        raise weights_missing(preset, error, advice, "KerasHub") from error
