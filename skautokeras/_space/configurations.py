"""Predefined configurations: what the blocks of a search space know to work, joined."""

from skautokeras._space.graph import is_head
from skautokeras._space.hyperparameters import admits
from skautokeras._space.node import parameters_of
from skautokeras._space.portfolio.parts import SHARED, doubled, full_names

# Steps that an epoch and a training need, and where to stop for them.
_STEPS_OF_EPOCH, _SMALLEST_BATCH = 24, 16
_STEPS, _MOST_EPOCHS = 300, 64


def predefined(search_space):
    """Return the configurations that a search begins with.

    Each block is asked for those it knows to work. The ones of several blocks are
    joined in their order, and shorter lists repeat their last one.

    Parameters
    ----------
    search_space : SearchSpace
        Inputs, blocks and heads, with what is known about the data.

    Returns
    -------
    configurations : list of dict
        Values by the full names of hyperparameters, which the search tries in the
        order of their `rank`, and then of their cost. If no block knows any: the one of
        all defaults.

    Examples
    --------
    >>> import keras
    >>> from skautokeras import Block, ClassificationHead, Input
    >>> from skautokeras._space import Graph, SearchSpace, predefined
    >>> from skautokeras._data import ArraySchema, TargetSchema
    >>> class Wide(Block):
    ...     def known_configurations(self, schemas, targets):
    ...         return [{"units": 64}, {"units": 256, "training/epochs": 32}]
    ...
    ...     def build(self, hp, inputs):
    ...         return keras.layers.Dense(hp.Int("units", 8, 512))(inputs)
    >>> node = Input()
    >>> search_space = SearchSpace(
    ...     Graph([node], [ClassificationHead()(Wide()(node))]),
    ...     schemas=[ArraySchema(shape=(4,), n_samples=100)],
    ...     targets=[TargetSchema(kind="binary", n_outputs=1)],
    ...     n_samples=100,
    ... )
    >>> predefined(search_space)
    [{'wide_1/units': 64}, {'wide_1/units': 256, 'training/epochs': 32}]
    """
    schemas, targets = search_space.schemas, search_space.targets
    blocks = blocks_of(search_space)
    outermost = set(search_space.graph.block_names)
    has_choice = search_space.has_choice
    known = {}
    for name, block in blocks.items():
        configurations = [
            values
            for values in block.known_configurations(schemas, targets)
            if all(has_choice(*pair) for pair in full_names(name, values).items())
        ]
        # What is fixed in a block inside of another one has no hyperparameter there,
        # and values for it are left aside.
        if name in outermost:
            others = block.known_configurations((), targets)
            configurations = _least_contradicted(block, configurations, others)
        if configurations:
            known[name] = configurations
    n_configurations = max(map(len, known.values()), default=1)
    parts = [
        {name: c[min(i, len(c) - 1)] for name, c in known.items()}
        for i in range(n_configurations)
    ]
    return [_joined(by_name, blocks, schemas) for by_name in parts]


def rank(values, search_space):
    """Return which configurations come first whatever they cost.

    Parameters
    ----------
    values : dict of str to object
        One of the predefined configurations.
    search_space : SearchSpace
        Its blocks are asked.

    Returns
    -------
    rank : int
        0 for those that come first. The block with the highest `training_priority`
        decides among those that have a rank for their values, the first one if there
        are several.
    """
    ranks = {}
    for name, block in blocks_of(search_space).items():
        own = _values_in(name, values)
        of_block = None
        if own:
            own |= {k: v for k, v in values.items() if k.startswith(SHARED)}
            of_block = block.rank(own, search_space.schemas, search_space.targets)
        if of_block is not None:
            ranks.setdefault(block.training_priority, of_block)
    return ranks[max(ranks)] if ranks else 0


def takes_long(values, search_space):
    """Return whether a block says that training takes long with its configuration.

    Parameters
    ----------
    values : dict of str to object
        Configuration that the oracle has proposed.
    search_space : SearchSpace
        Its blocks are asked.

    Returns
    -------
    takes_long : bool
    """
    return any(
        block.takes_long(_values_in(name, values), search_space.schemas)
        for name, block in blocks_of(search_space).items()
    )


def _values_in(name, values):
    """Return the values of one block, by their names in it."""
    prefix = f"{name}/"
    return {
        k.removeprefix(prefix): v for k, v in values.items() if k.startswith(prefix)
    }


def blocks_of(search_space):
    """Return the blocks of a search space, those inside of others included.

    Parameters
    ----------
    search_space : SearchSpace
        Search space whose blocks are wanted. Blocks inside of others are left out if
        they have no hyperparameter in it.

    Returns
    -------
    blocks : dict of str to Block
        Blocks by their full names, those with a higher `training_priority` last.
    """
    graph = search_space.graph
    nodes = [node for node in graph.order if node.block and not is_head(node)]
    blocks = {graph.name(node): node.block for node in nodes}
    inner = dict(_inner_blocks(blocks))
    if inner:
        names = search_space.hyperparameter_names()
        for name, block in inner.items():
            if any(hp_name.startswith(f"{name}/") for hp_name in names):
                blocks[name] = block
    return dict(sorted(blocks.items(), key=lambda item: item[1].training_priority))


def _inner_blocks(blocks):
    for name, block in blocks.items():
        inner = {f"{name}/{k}": b for k, b in block.inner_blocks().items()}
        yield from inner.items()
        yield from _inner_blocks(inner)


def _least_contradicted(block, configurations, others):
    """Return the configurations that the parameters of a block contradict least.

    Where all of them are contradicted, those for other data are asked as well: few rows
    begin with dense layers, but not if the user wants a RealMLP.
    """
    parameters = parameters_of(block)

    def n_contradictions(values):
        return sum(not admits(parameters.get(k), v) for k, v in values.items())

    if all(map(n_contradictions, configurations)):
        more = (values for values in others if values not in configurations)
        configurations = [*configurations, *more]
    counts = list(map(n_contradictions, configurations))
    pairs = zip(configurations, counts, strict=True)
    return [values for values, count in pairs if count == min(counts)]


def _joined(by_name, blocks, schemas):
    """Return the configurations of several blocks as one, by full names."""
    joined = {}
    for name, values in by_name.items():
        joined |= full_names(name, values)
    steps = [blocks[name].least_steps(values) for name, values in by_name.items()]
    return _with_enough_steps(joined, schemas, max(_STEPS, *steps, 0))


def _with_enough_steps(values, schemas, n_steps):
    """Return a configuration that learns from few rows in smaller batches, and longer.

    Batches of 128 of 500 texts are 4 steps an epoch, and 32 steps teach nothing. Where
    no size of batches or no number of epochs is named, it is for the space to choose.
    """
    if not schemas or "training/batch_size" not in values:
        return values
    n_samples, batch_size = schemas[0].n_samples, values["training/batch_size"]
    while batch_size > _SMALLEST_BATCH and n_samples < _STEPS_OF_EPOCH * batch_size:
        batch_size //= 2
    values = {**values, "training/batch_size": batch_size}
    if "training/epochs" in values:
        values["training/epochs"] = doubled(
            values["training/epochs"], _MOST_EPOCHS, n_samples, batch_size, n_steps
        )
    return values
