"""Pretrained models for texts from KerasHub, by the name or the folder of a preset."""

import tempfile
from pathlib import Path

import keras

from skautokeras._space.block import Block
from skautokeras._space.node import parameters_of
from skautokeras._space.unfilled import weights_are_wanted
from skautokeras.exceptions import WeightsMissingError


def presets_on(graph, node):
    """Return the presets that the blocks on a node need.

    The texts of the node are split into tokens once for each preset.

    Parameters
    ----------
    graph : Graph
        Graph that contains the node and the blocks on it.
    node : InputNode
        Input node of texts.

    Returns
    -------
    presets : list of str
        Names or folders of the presets, without repetitions.
    """
    blocks = [
        each.block
        for each in graph.order
        if any(parent.key == node.key for parent in each.parents)
    ]
    return list(dict.fromkeys(preset for block in blocks for preset in _within(block)))


def _within(value):
    """Yield the presets of a block and of the blocks among its parameters."""
    if isinstance(value, Block):
        yield from value.presets
        value = list(parameters_of(value).values())
    if isinstance(value, list | tuple):
        for part in value:
            yield from _within(part)


@keras.saving.register_keras_serializable("skautokeras")
class PresetTokenizer:
    """The tokenizer of a preset, or the reason why it cannot be loaded.

    Parameters
    ----------
    preset : str
        Name or folder of the preset.
    tokenizer : keras_hub.models.Tokenizer or None, default=None
        Tokenizer to use. If None, the tokenizer of the preset is loaded.
    problem : str or None, default=None
        Reason why there is no tokenizer. If it is given, the preset is not loaded.

    Attributes
    ----------
    start, end : int or None
        Number of the token before or behind a text. If None, there is no such token.
    pad : int
        Number of the token that fills the places behind the end of a text.
    problem : str or None
        Reason why there is no tokenizer. If None, there is one.

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
            Raw texts.

        Returns
        -------
        tokens : list of list of int
            Numbers of the tokens of each text, in their order.
        """
        tokens = self._tokenizer(texts)
        return tokens.to_list() if hasattr(tokens, "to_list") else list(tokens)

    def get_config(self):
        """Return the configuration and the files of the tokenizer, ready for JSON.

        Returns
        -------
        config : dict
            Configuration of the tokenizer, for `from_config`.
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
        """Return the tokenizer that a configuration describes, without its preset.

        Parameters
        ----------
        config : dict
            Configuration that `get_config` returned.

        Returns
        -------
        tokenizer : PresetTokenizer
        """
        if "tokenizer" not in config:
            # Earlier versions wrote no reason. The preset is not loaded, because a file
            # from a stranger could name one that KerasHub would download.
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
        """Return the tokenizer itself, because nothing changes it."""
        return self


def load_backbone(preset):
    """Return the model of a preset.

    Its weights are loaded only if `weights_are_wanted`.

    Parameters
    ----------
    preset : str
        Name or folder of the preset.

    Returns
    -------
    backbone : keras_hub.models.Backbone
        Model of the preset.

    Raises
    ------
    ImportError
        If KerasHub is not installed.
    WeightsMissingError
        If the preset cannot be loaded.
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
    """Return the model or the tokenizer of a preset of KerasHub."""
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
