"""Pretrained models for texts: KerasHub's, by the name or the folder of a preset."""

import tempfile
from pathlib import Path

import keras

from skautokeras._space.block import Block
from skautokeras._space.node import parameters_of
from skautokeras._space.unfilled import weights_are_wanted
from skautokeras.exceptions import WeightsMissingError


def presets_on(graph, node):
    """Return which presets blocks on a node need: its texts are taken apart for each.

    Parameters
    ----------
    graph : Graph
        Knows which blocks are on the node.
    node : InputNode
        An input.

    Returns
    -------
    presets : list of str
    """
    blocks = [
        each.block
        for each in graph.order
        if any(parent.key == node.key for parent in each.parents)
    ]
    return list(dict.fromkeys(preset for block in blocks for preset in _within(block)))


def _within(value):
    """Yield the presets of a block and of those among its parameters."""
    if isinstance(value, Block):
        yield from value.presets
        value = list(parameters_of(value).values())
    if isinstance(value, list | tuple):
        for part in value:
            yield from _within(part)


@keras.saving.register_keras_serializable("skautokeras")
class PresetTokenizer:
    """The tokenizer of a preset, or the reason why it cannot be had.

    Parameters
    ----------
    preset : str
        Its name, or its folder.
    tokenizer : keras_hub.models.Tokenizer or None, default=None
        The tokenizer to use. None takes that of the preset.
    problem : str or None, default=None
        The reason why there is no tokenizer, if the preset is not to be tried again.

    Attributes
    ----------
    start, end : int or None
        Numbers of the tokens that stand around a text. None: there is none.
    pad : int
        Number of the token that fills up.
    problem : str or None
        Why there is no tokenizer.

    Raises
    ------
    ImportError
        If KerasHub is not installed.
    """

    def __init__(self, preset, tokenizer=None, problem=None):
        self.preset = preset
        self.problem = problem
        if tokenizer is None and problem is None:
            try:
                tokenizer = _from_preset("Tokenizer", preset)
            except WeightsMissingError as error:
                self.problem = str(error)
        self._tokenizer = tokenizer
        self.start = getattr(tokenizer, "start_token_id", None)
        self.end = getattr(tokenizer, "end_token_id", None)
        self.pad = getattr(tokenizer, "pad_token_id", None) or 0

    def __call__(self, texts):
        """Return the numbers of the tokens of each text.

        Parameters
        ----------
        texts : list of str
            As they come.

        Returns
        -------
        tokens : list of list of int
        """
        tokens = self._tokenizer(texts)
        return tokens.to_list() if hasattr(tokens, "to_list") else list(tokens)

    def get_config(self):
        """Return the tokenizer with the files that it is made of, ready for JSON.

        Returns
        -------
        config : dict
            For `from_config`.
        """
        if self._tokenizer is None:
            return {"preset": self.preset, "problem": self.problem}
        with tempfile.TemporaryDirectory() as folder:
            self._tokenizer.save_assets(folder)
            files = {
                path.name: path.read_bytes().decode("latin-1")
                for path in Path(folder).iterdir()
            }
        tokenizer = keras.saving.serialize_keras_object(self._tokenizer)
        return {"preset": self.preset, "tokenizer": tokenizer, "files": files}

    @classmethod
    def from_config(cls, config):
        """Return the tokenizer that a configuration describes; no preset is read.

        Parameters
        ----------
        config : dict
            From `get_config`.

        Returns
        -------
        tokenizer : PresetTokenizer
        """
        if "tokenizer" not in config:
            # Files of earlier versions do not say why. The preset is not tried again: a
            # file from a stranger could name one that KerasHub would download.
            reason = f"There was no preset {config['preset']!r} when this was written."
            return cls(config["preset"], problem=config.get("problem") or reason)
        _keras_hub()
        tokenizer = keras.saving.deserialize_keras_object(config["tokenizer"])
        with tempfile.TemporaryDirectory() as folder:
            for name, content in config["files"].items():
                path = Path(folder, Path(name).name)
                path.write_bytes(content.encode("latin-1"))
            tokenizer.load_assets(folder)
        return cls(config["preset"], tokenizer)

    def __sklearn_clone__(self):
        """Return the tokenizer itself: nothing changes it."""
        return self


def load_backbone(preset):
    """Return the model of a preset, its weights not loaded where they are not wanted.

    Parameters
    ----------
    preset : str
        Its name, or its folder.

    Returns
    -------
    backbone : keras_hub.models.Backbone

    Raises
    ------
    ImportError
        If KerasHub is not installed.
    WeightsMissingError
        If it cannot be had.
    """
    return _from_preset("Backbone", preset, load_weights=weights_are_wanted())


def _keras_hub():
    try:
        import keras_hub
    except ImportError as error:
        raise ImportError(
            'BertBlock needs KerasHub. Install it with: pip install "skautokeras[text]"'
        ) from error
    return keras_hub


def _from_preset(kind, preset, **kwargs):
    """Return what KerasHub makes of a preset."""
    models = _keras_hub().models
    try:
        return getattr(models, kind).from_preset(preset, **kwargs)
    except Exception as error:
        reason = str(error).partition("\n")[0]
        if reason.startswith("Unknown preset identifier"):
            reason = "KerasHub knows none of that name, and there is no such folder."
        raise WeightsMissingError(
            f"The preset {preset!r} of BertBlock could not be had: {reason} If there "
            "is no network here, load its tokenizer and its backbone with keras_hub "
            "where there is one, call save_to_preset('folder') of both, and pass that "
            "folder as 'preset'."
        ) from error
