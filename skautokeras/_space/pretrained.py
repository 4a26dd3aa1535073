"""Pretrained models: which ones blocks need, and how each is read once."""

import json
import os
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from skautokeras._space.block import Block, build_block, naming
from skautokeras._space.declaration import Searched, check_parameters
from skautokeras._space.dense import DenseBlock
from skautokeras._space.hyperparameters import Choice, Float, admits
from skautokeras._space.node import parameters_of
from skautokeras._space.pretrained_files import located, signature_of
from skautokeras.exceptions import WeightsMissingError

# Types of what names pretrained models.
PRETRAINED = (str, os.PathLike, list, tuple)
# Kinds of networks with pretrained weights: frozen, and trained further.
PRETRAINED_KINDS = ["pretrained", "tuned"]
# Names that Hugging Face has for an activation whose variants differ by less than a
# thousandth. The layers compute one of them.
GELU = (
    *("gelu", "gelu_new", "gelu_fast", "gelu_python", "gelu_accurate"),
    *("gelu_pytorch_tanh", "gelu_python_tanh"),
)


def names_of(pretrained):
    """Return the names or paths of pretrained models that a parameter holds.

    Parameters
    ----------
    pretrained : str, path-like, list of them, or None
        Value of the parameter. A value of another type names no model, and is refused
        with the name of its block when the block is built.

    Returns
    -------
    names : tuple of str
        Names without repetitions.

    Raises
    ------
    TypeError
        If a value of a list is neither a name nor a path.

    Examples
    --------
    >>> from skautokeras._space.pretrained import names_of
    >>> names_of(None), names_of("a"), names_of(["a", "b", "a"])
    ((), ('a',), ('a', 'b'))
    """
    if not isinstance(pretrained, list | tuple):
        return name_of(pretrained)
    for name in pretrained:
        if not isinstance(name, str | os.PathLike):
            raise TypeError(
                "The 'pretrained' parameter must hold names or paths of pretrained "
                f"models. Got {name!r} instead."
            )
    return tuple(dict.fromkeys(map(os.fsdecode, pretrained)))


def name_of(pretrained):
    """Return the name or path of the one pretrained model that a parameter holds.

    Parameters
    ----------
    pretrained : str, path-like or None
        Value of the parameter. A value of another type names no model, and is refused
        with the name of its block when the block is built.

    Returns
    -------
    names : tuple of str
        One name, or none.
    """
    is_name = isinstance(pretrained, str | os.PathLike)
    return (os.fsdecode(pretrained),) if is_name else ()


def presets_on(graph, node):
    """Return the pretrained models that the blocks on a node need.

    Texts of the node are split into tokens, and images turned into vectors, once for
    each of them.

    Parameters
    ----------
    graph : Graph
        Graph that contains the node and the blocks on it.
    node : InputNode
        Input node of texts or images.

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
    return _presets_of(blocks)


def all_presets(graph):
    """Return the pretrained models that the blocks of a graph need.

    Parameters
    ----------
    graph : Graph
        Graph of the nodes between the inputs and the heads.

    Returns
    -------
    presets : list of str
        Names, files or folders of the presets, without repetitions.
    """
    return _presets_of([node.block for node in graph.order])


def encoded_presets(graph):
    """Return the presets whose vectors the blocks of a graph may read.

    The parameters of all blocks are checked, because some of them tell which vectors
    are read. So a wrong one is told before rows are encoded, which can take minutes.

    Parameters
    ----------
    graph : Graph
        Graph of the nodes between the inputs and the heads.

    Returns
    -------
    presets : list of str
        Names or folders of the presets, without repetitions.

    Raises
    ------
    ValueError
        If a parameter of a block, or of a block among its parameters, is wrong.
    """
    found = []
    for node in graph.order:
        for block in _within(node.block):
            with naming(graph.name(node), node.block):
                check_parameters(block)
            found += block.encoded_presets
    return list(dict.fromkeys(found))


def _presets_of(blocks):
    return list(dict.fromkeys(p for b in _within(blocks) for p in b.presets))


def _within(value):
    """Yield a block and the blocks among its parameters."""
    if isinstance(value, Block):
        yield value
        value = list(parameters_of(value).values())
    if isinstance(value, list | tuple):
        for part in value:
            yield from _within(part)


class PretrainedBlock(Block):
    """Base class of blocks that choose among kinds of networks, pretrained ones too.

    A subclass declares ``block_type``, whose range names the kinds that are learned
    from the data alone, and ``pretrained``.
    """

    @property
    def presets(self):
        """The names, files or folders of the pretrained models."""
        return names_of(self.pretrained)

    @property
    def encoded_presets(self):
        """The pretrained models, unless the type of the network needs no vectors."""
        return self.presets if admits(self.block_type, "pretrained") else ()

    def takes_long(self, values, schemas):
        """Return whether pretrained weights are trained further."""
        return values.get("block_type", self.block_type) == "tuned"

    def _choose_kind(self, hp):
        """Return the kind of the network, and the pretrained model that it needs.

        Parameters
        ----------
        hp : keras_tuner.HyperParameters
            Container of the hyperparameters of the block.

        Returns
        -------
        kind : str
        preset : str or None
            None if the kind needs none.

        Raises
        ------
        ValueError
            If the kind needs a pretrained model, and there is none.
        """
        kinds = self.declaration("block_type").range
        if self.presets:
            kinds = replace(kinds, values=(*kinds.values, *PRETRAINED_KINDS))
        kind = self.choose(hp, "block_type", kinds)
        if kind in PRETRAINED_KINDS and not self.presets:
            raise ValueError(
                f"{type(self).__name__}(block_type={kind!r}) needs pretrained weights: "
                "pass the name or the folder of a model as 'pretrained'."
            )
        return kind, self._choose_preset(hp, kind)

    def _choose_preset(self, hp, kind):
        """Return the pretrained model, which is searched if there are several."""
        presets = self.presets
        if len(presets) < 2:
            return presets[0] if presets else None
        with self.when(hp, "block_type", PRETRAINED_KINDS):
            is_chosen = kind in PRETRAINED_KINDS
            return hp.Choice("preset", list(presets)) if is_chosen else None

    def _behind_vectors(self, hp, x):
        """Return what dense layers make of vectors; the search may leave them out."""
        has_layers = hp.Boolean("has_layers", default=False)
        with hp.conditional_scope("has_layers", [True]):
            return build_block(hp, "behind_1", DenseBlock(), x) if has_layers else x


LEARNING_RATE_FACTOR = Searched(
    # 2e-3, the rate of a head, becomes 6e-5.
    Float(1e-3, 1.0, default=0.03, sampling="log"),
    above=0,
    doc="Factor on the learning rate for pretrained weights that are trained further. "
    "They are not subject to weight decay.",
)
FIRST_LAYER_RATE = Searched(
    Choice((1.0, 0.3, 0.1)),
    above=0,
    at_most=1,
    doc="Learning rate of the first layer with pretrained weights, as a share of that "
    "of the last one. From layer to layer, the rates rise by the same factor.",
)
HEAD_FIRST = Searched(
    Choice((0.0, 0.25, 0.5), default=0.25),
    at_least=0,
    below=1,
    doc="Share of the training, at its beginning, in which pretrained weights stay as "
    "they are, while what follows learns to use them. It is rounded to whole epochs.",
)
TRAINED_SHARE = Searched(
    Choice((0.3, 0.5, 1.0), default=1.0),
    above=0,
    at_most=1,
    doc="Share of the layers whose pretrained weights are trained further, those "
    "nearest to the output. The others stay as they are, which saves most of the time.",
)


class EncoderBlock(Block):
    """Base class of blocks that are pretrained models, or take vectors of them.

    A subclass declares ``trainable``, ``vectors``, whose range names the kinds of
    vectors, and the parameters in ``fine_tuning``. The declarations are those above.
    They stand in each class, so that its parameters are listed in a useful order.
    """

    # Parameters that say how weights are trained further.
    fine_tuning = (
        "learning_rate_factor",
        "first_layer_rate",
        "head_first",
        "trained_share",
    )

    @property
    def encoded_presets(self):
        """The pretrained models, unless their weights are trained in any case."""
        return self.presets if admits(self.trainable, False) else ()

    def takes_long(self, values, schemas):
        """Return whether pretrained weights are trained further."""
        return bool(self.presets) and values.get("trainable", self.trainable) is True

    def _choose_fine_tuning(self, hp):
        """Return arguments of `TextEncoder` and `ImageEncoder` about their training."""
        settings = {name: self.choose(hp, name) for name in self.fine_tuning}
        settings["frozen_until"] = settings.pop("head_first")
        return settings

    def _choose_vectors(self, hp, vectors):
        """Return the kind of the vectors, which is searched among those there are.

        Parameters
        ----------
        hp : keras_tuner.HyperParameters
            Container of the hyperparameters of the block.
        vectors : sequence of dict
            Vectors of each pretrained model by their kind. Those of all models count,
            because the search may choose another one.

        Returns
        -------
        kind : str
        """
        kinds = self.declaration("vectors").range.values
        found = tuple(k for k in kinds if any(k in by_kind for by_kind in vectors))
        choices = self._choices_of_vectors(found)
        return self.choose(hp, "vectors", Choice(choices) if choices else None)

    def _choices_of_vectors(self, kinds):
        """Return what can be chosen if there are vectors of these kinds."""
        return kinds


def check_vectors(facts, vectors):
    """Raise WeightsMissingError unless there are vectors of a pretrained model.

    Parameters
    ----------
    facts : Subwords or Views
        Facts about the data for the model.
    vectors : dict of str to keras.KerasTensor
        Vectors that the model makes of the data, by their kind.
    """
    if not vectors:
        raise WeightsMissingError(
            facts.problem
            or f"The vectors of {facts.preset!r} were not computed for this data."
        )


def weights_missing(preset, reason, advice, places=""):
    """Return the error that says why a pretrained model could not be had.

    Parameters
    ----------
    preset : str
        Name, file or folder of the model.
    reason : str or Exception
        Reason, or the exception that was raised when the model was read.
    advice : str
        Sentences on what to do.
    places : str, default=""
        Where a name was looked up.

    Returns
    -------
    error : WeightsMissingError
    """
    reason = str(reason).partition("\n")[0].rstrip(".")
    if reason.startswith("Unknown preset identifier"):
        reason = f"no model of {places} has that name, and there is no such folder"
    return WeightsMissingError(
        f"The pretrained model {preset!r} could not be had: {reason}. {advice}"
    )


def read_once(read, preset):
    """Return what a function reads of a pretrained model, which is remembered.

    It is read again once files of the model have been replaced.

    Parameters
    ----------
    read : callable
        Function of the name, in which paths are absolute.
    preset : str
        Name, file or folder of the model.

    Returns
    -------
    source : object

    Raises
    ------
    WeightsMissingError
        If the model was found when the `fit` began, and is missing in this process.
    """
    preset = located(preset)
    return _remembered(read, preset, signature_of(preset))


# A search builds many networks around each of a few models.
@lru_cache(maxsize=4)
def _remembered(read, preset, signature):
    """Return what a function reads; the signature tells files from earlier ones."""
    # Whoever asks may be building networks without weights, or with seeds of its own.
    # All that depends on the thread.
    drawn = random.getstate()
    try:
        with ThreadPoolExecutor(max_workers=1) as thread:
            return thread.submit(read, preset).result()
    finally:
        # Keras seeds the weights that are replaced from Python's generator.
        random.setstate(drawn)


def keras_hub(what):
    """Return the module KerasHub, or raise ImportError with the name of the extra.

    Parameters
    ----------
    what : str
        Data that it is needed for, such as "texts".
    """
    try:
        import keras_hub
    except ImportError as error:
        raise ImportError(
            f"Pretrained models for {what} need KerasHub. Install it with: pip install "
            '"skautokeras[text]"'
        ) from error
    return keras_hub


def json_in(folder, name):
    """Return the content of a JSON file in a folder; nothing if there is none.

    Parameters
    ----------
    folder : str
        Path of the folder, or a name that is no path.
    name : str
        Path of the file in it.

    Returns
    -------
    content : dict

    Raises
    ------
    WeightsMissingError
        If the file is damaged.
    """
    path = Path(folder, name)
    if not path.is_file():
        return {}
    try:
        content = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        content = error
    if not isinstance(content, dict):
        found = content if isinstance(content, ValueError) else "it is no JSON object"
        raise weights_missing(
            folder, f"its file {name} cannot be read: {found}", "Get that file again."
        )
    return content


def check_config(config, computed):
    """Raise ValueError unless a model computes what the layers that take its place do.

    Parameters
    ----------
    config : dict
        Content of ``config.json`` of a folder of Hugging Face.
    computed : dict of str to tuple
        Values that a field may have, by its name. Fields that are missing have one.
    """
    for field, values in computed.items():
        found = config.get(field, values[0])
        if found not in values:
            *others, last = map(repr, values)
            wanted = f"{', '.join(others)} or {last}" if others else last
            raise ValueError(
                f"its config.json says {field}={found!r}, and only {wanted} can be read"
            )
