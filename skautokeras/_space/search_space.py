"""SearchSpace: builds the networks of a graph and lists its hyperparameters."""

import contextlib
from dataclasses import dataclass, replace

import keras
import keras_tuner

from skautokeras._data.codes import prefix_among
from skautokeras._data.schema import TrainingTraits, is_vector_array
from skautokeras._layers.base import inputs_read, traits_of, walk
from skautokeras._space import accelerator
from skautokeras._space.block import as_tensor, build_block, naming
from skautokeras._space.captured import copies_of_captured_layers
from skautokeras._space.graph import is_head
from skautokeras._space.losses import LossOfMembers
from skautokeras._space.pretrained import all_presets
from skautokeras._space.pretrained_files import places_of, read_from
from skautokeras._space.proposed import Proposed
from skautokeras._space.records import Members, Predictions, Record, Trees
from skautokeras._space.reduction import reduce
from skautokeras._space.sharing import SharedBlock
from skautokeras._space.training import SMALL_DATA, Training, suggest_training
from skautokeras._space.unfilled import without_weights
from skautokeras.exceptions import WeightsMissingError

# Errors that other configurations may be without.
_LEFT_TO_TRIALS = (WeightsMissingError, *accelerator.LACKS_OF_MEMORY)


@dataclass(frozen=True, eq=False)
class BuiltNetwork:
    """The networks of one configuration, which can be trained.

    ``preprocess`` holds the layers at the beginning that learn nothing and treat rows
    one by one, and runs once over the data. It is None if there are no such layers.
    ``network`` is trained on the outputs of ``preprocess``. ``model`` chains the two,
    from the arrays of the adapter to a dict of outputs by the names of the heads. All
    three share their layers. ``fitted`` holds the layers that are fitted to targets
    before the training, each with the tensor of ``network`` that it is called on.
    ``vectors`` are the names of the arrays of vectors of pretrained models that the
    outputs depend on, ``losses`` holds the loss of each head, ``values`` the values of
    the active hyperparameters, and ``hyperparameters`` all hyperparameters that the
    blocks declared.
    """

    preprocess: keras.Model | None
    network: keras.Model
    model: keras.Model
    fitted: dict
    vectors: tuple
    training: Training
    losses: dict
    values: dict
    hyperparameters: keras_tuner.HyperParameters


class SearchSpace:
    """A search space: a graph of inputs, blocks and heads, with facts about the data.

    Parameters
    ----------
    graph : Graph
        Nodes of the network, with their order and their names.
    schemas : list
        Schema of each input.
    targets : list of TargetSchema
        Schema of the target of each output.
    n_samples : int
        Number of rows of the training data.
    batch_size, epochs : int or None, default=None
        Value that the user fixed. If None, it is searched.
    smooth_labels : bool, default=True
        Whether label smoothing is searched if a head predicts classes with its default
        loss. For such heads it is always searched if there are few rows, or if the
        traits of a schema demand it.

    Attributes
    ----------
    heads : dict of str to (Head, TargetSchema)
        Head and schema of its target, by the name of the head.

    Examples
    --------
    The names of hyperparameters depend only on the graph:

    >>> import numpy as np
    >>> from skautokeras import ClassificationHead, DenseBlock, Input
    >>> from skautokeras._data.schema import ArraySchema, TargetSchema
    >>> from skautokeras._space.graph import Graph
    >>> from skautokeras._space.search_space import SearchSpace
    >>> node = Input()
    >>> output = ClassificationHead()(DenseBlock(n_layers=1)(node))
    >>> search_space = SearchSpace(
    ...     Graph([node], [output]),
    ...     schemas=[ArraySchema(shape=(4,), n_samples=100)],
    ...     targets=[TargetSchema(kind="binary", n_outputs=1)],
    ...     n_samples=100,
    ... )
    >>> [hp.name for hp in search_space.hyperparameters().space if "dense" in hp.name][
    ...     :2
    ... ]
    ['dense_block_1/activation', 'dense_block_1/use_batchnorm']
    """

    def __init__(
        self,
        graph,
        *,
        schemas,
        targets,
        n_samples,
        batch_size=None,
        epochs=None,
        smooth_labels=True,
    ):
        self.graph = graph
        self.schemas = list(schemas)
        self.targets = list(targets)
        self.n_samples = n_samples
        self.batch_size = batch_size
        self.epochs = epochs
        self.smooth_labels = smooth_labels
        self.heads = graph.heads(self.targets)
        self._space = None
        # Workers have other working folders than the process that has called `fit`, so
        # that they could not read the relative path of a pretrained model. Its name, by
        # which configurations speak of it, stays as the user has written it.
        self._places = places_of(all_presets(graph))

    def check(self):
        """Build the configuration of all defaults once, without memory for weights.

        A ValueError or TypeError in this configuration is usually an error in every
        configuration. After another error, a few random configurations are built, too.
        What lacks memory or pretrained weights is left to the trials.

        Raises
        ------
        Exception
            If a block cannot be built on what comes before it.
        """
        hp = Proposed({})
        try:
            without_weights(self._run, hp)
        except (TypeError, ValueError):
            raise
        except _LEFT_TO_TRIALS:
            pass
        except Exception:
            drawn = ({p.name: p.random_sample(i) for p in hp.space} for i in range(4))
            if not any(map(self._can_be_built, ({}, *drawn))):
                raise

    def _can_be_built(self, values):
        """Return whether a configuration can be built, or could be with more memory.

        It is built with its weights, which a block may read.
        """
        try:
            self._run(Proposed(values))
        except _LEFT_TO_TRIALS:
            return True
        except Exception:  # noqa: BLE001
            return False
        return True

    def build(self, values):
        """Build the configuration that ``values`` describe.

        Parameters
        ----------
        values : dict of str to object
            Values of hyperparameters by their full names. Hyperparameters without a
            value have their default, and values that are not needed are ignored.

        Returns
        -------
        built : BuiltNetwork
            Networks with newly initialised weights.
        """
        return self._run(Proposed(values))

    def hyperparameters(self):
        """Return all hyperparameters with their conditions.

        The graph is built repeatedly, each time with other conditions met, until every
        branch has been seen. The block of a user may have more branches than its
        conditions declare. `unknown` finds their hyperparameters when they are built.

        Returns
        -------
        space : keras_tuner.HyperParameters
            All hyperparameters, whose values are the defaults.
        """
        return self._explored().copy()

    def hyperparameter_names(self):
        """Return the names of all hyperparameters.

        Returns
        -------
        names : list of str
            Full names, in the order of `hyperparameters`.
        """
        return [hp.name for hp in self._explored().space]

    def has_choice(self, name, value):
        """Return whether a hyperparameter can have a value.

        Parameters
        ----------
        name : str
            Full name of the hyperparameter.
        value : object
            Value that a configuration has for the hyperparameter.

        Returns
        -------
        has_choice : bool
            False if the hyperparameter has a list of values without this one. Values of
            other hyperparameters, and of unknown ones, can be anything.
        """
        listed = [
            value in hp.values
            for hp in self._explored().space
            if hp.name == name and "values" in hp.get_config()
        ]
        return any(listed) or not listed

    def scales(self, values):
        """Return the scales on which a configuration computes the targets.

        Parameters
        ----------
        values : dict of str to object
            Values of hyperparameters by their full names.

        Returns
        -------
        scales : dict of str to TargetScale or None
            Scales by the names of the heads.
        """
        hp = Proposed(values)
        heads = self.heads.items()
        return {name: _scale_of(hp, *pair) for name, pair in heads}

    def unknown(self, hyperparameters):
        """Return the hyperparameters of a network that the search space lacks so far.

        Parameters
        ----------
        hyperparameters : keras_tuner.HyperParameters
            Hyperparameters of a `BuiltNetwork`.

        Returns
        -------
        config : dict or None
            Configuration for `keras_tuner.HyperParameters.from_config`. If None, no
            hyperparameter is missing.
        """
        space = self.hyperparameters()
        n_known = len(space.space)
        space.merge(hyperparameters, overwrite=False)
        if len(space.space) == n_known:
            return None
        found = keras_tuner.HyperParameters()
        found.merge(space.space[n_known:])
        return found.get_config()

    def _explored(self):
        """Return the hyperparameters themselves; they must not be changed."""
        if self._space is None:
            self._space = self._explore()
        return self._space

    def _explore(self):
        space = keras_tuner.HyperParameters()
        seen, waiting = set(), [{}]
        while waiting:
            hp = Proposed(waiting.pop())
            # If a block fails for some values, the trial with these values reports it.
            # The hyperparameters that were declared before the error are kept.
            with contextlib.suppress(Exception):
                without_weights(self._run, hp)
            space.merge(hp.space, overwrite=False)
            seen.update(_scope_key(scope) for scope in hp.active_scopes)
            for scope in hp.inactive_scopes:
                if _scope_key(scope) not in seen:
                    seen.add(_scope_key(scope))
                    waiting.append({c.name: c.values[0] for c in scope})
        space.values = complete(space, {})
        return space

    def _run(self, hp):
        """Return the networks of the configuration whose values ``hp`` gives."""
        with read_from(self._places), copies_of_captured_layers():
            tensors, made = self._on_inputs()
            self._add_blocks(hp, made)
            outputs, losses = self._on_heads(hp, made)
        model = keras.Model(tensors, outputs)
        training = self._training(hp, made, is_trained=bool(model.trainable_variables))
        read = _arrays_read(model, tensors)
        preprocess, network, called_on = _split_preprocessing(
            model, tensors, outputs, read
        )
        if preprocess is not None:
            # A model that was cut has no configuration, so the two halves are chained.
            model = keras.Model(tensors, network(preprocess(tensors)))
        return BuiltNetwork(
            preprocess=preprocess,
            network=network,
            model=model,
            fitted=_fitted_layers(network, called_on),
            vectors=tuple(filter(is_vector_array, read)),
            training=training,
            losses=losses,
            values={h.name: hp.values[h.name] for h in hp.space if hp.is_active(h)},
            hyperparameters=hp,
        )

    def _on_inputs(self):
        """Return the tensors of all inputs, and what is made of each by its key."""
        tensors, made = {}, {}
        leads_to_head = self._input_leads_to_head()
        for node, schema in zip(self.graph.inputs, self.schemas, strict=True):
            prefix = prefix_among(self.graph.input_names, self.graph.name(node))
            input_tensors, symbolic = node.symbolic(schema, prefix)
            if leads_to_head and isinstance(symbolic, Record):
                symbolic = replace(symbolic, leads_to_head=True)
            made[node.key] = symbolic
            tensors.update(input_tensors)
        return tensors, made

    def _add_blocks(self, hp, made):
        """Add what the blocks between inputs and heads make, by the keys of nodes."""
        models = {}
        for node in self.graph.order:
            if node.block is not None and not is_head(node):
                inputs = [made[parent.key] for parent in node.parents]
                with naming(self.graph.name(node), node.block):
                    made[node.key] = self._build(hp, node, inputs, models)

    def _on_heads(self, hp, made):
        """Return the output and the loss of each head."""
        outputs, losses = {}, {}
        for node, (name, (head, target)) in zip(
            self.graph.outputs, self.heads.items(), strict=True
        ):
            (parent,) = node.parents
            with naming(name, head):
                x = _features(made[parent.key], is_input=parent.block is None)
                if isinstance(x, Trees):
                    x = replace(x, n_samples=self.n_samples)
                scale = _scale_of(hp, head, target)
                outputs[name] = head.build_output(x, target, name, scale)
            losses[name] = head.training_loss(target, scale)
            if isinstance(x, Members):
                losses[name] = LossOfMembers(losses[name])
        return outputs, losses

    def _training(self, hp, made, *, is_trained):
        """Return how a network is trained; if it is not, nothing is searched for it."""
        traits = TrainingTraits.of(self.schemas)
        regularized = traits.smooth_labels or self.n_samples < SMALL_DATA
        with self._training_scope(hp, made):
            return suggest_training(
                hp if is_trained else keras_tuner.HyperParameters(),
                self.n_samples,
                batch_size=self.batch_size,
                epochs=self.epochs,
                smooth_labels=(self.smooth_labels or regularized)
                and any(
                    head.loss is None and target.is_classification
                    for head, target in self.heads.values()
                ),
                average_weights=traits.average_weights,
                pretrained=traits.pretrained,
                regularize_by_schedule=traits.regularize_by_schedule,
            )

    def _training_scope(self, hp, made):
        """Return the scope in which the hyperparameters of training exist.

        Of several blocks before the heads, one may be trained while another is not.
        """
        nodes = [node.parents[0] for node in self.graph.outputs]
        names = {self.graph.name(node) for node in nodes}
        if self._input_leads_to_head() and len(names) == 1:
            node = nodes[0]
            condition = node.block.trained_if(made[node.parents[0].key])
            if condition is not None:
                name, values = condition
                return hp.conditional_scope(f"{self.graph.name(node)}/{name}", values)
        return contextlib.nullcontext()

    def _input_leads_to_head(self):
        """Return whether there is one input, and heads follow each block on it.

        Heads with a loss of the user do not count: what predicts otherwise than by a
        trained layer does not know this loss.
        """
        if len(self.graph.inputs) != 1:
            return False
        (root,) = self.graph.inputs
        return all(
            node.block.loss is None
            and [parent.key for parent in node.parents[0].parents] == [root.key]
            for node in self.graph.outputs
        )

    def _build(self, hp, node, inputs, models):
        """Return the output of a block on ``inputs``."""
        name, block = self.graph.name(node), node.block
        if self.graph.is_shared(node):
            if name not in models:
                models[name] = SharedBlock(hp, name, block, inputs)
            return models[name](inputs)
        return build_block(hp, name, block, inputs[0] if len(inputs) == 1 else inputs)


def complete(space, values):
    """Return the values of all active hyperparameters of ``space``.

    Parameters
    ----------
    space : keras_tuner.HyperParameters
        Hyperparameters with their conditions. Their values are overwritten.
    values : dict of str to object
        Values by the names of hyperparameters. A missing value is replaced by its
        default, and values of hyperparameters that are not active are ignored.
    """
    space.values = {}
    for hp in space.space:
        if space.is_active(hp) and hp.name not in space.values:
            space.values[hp.name] = values.get(hp.name, hp.default)
    return dict(space.values)


def _scale_of(hp, head, target):
    """Return the scale of a head, whose hyperparameter all heads share."""
    with hp.name_scope("target"):
        return head.choose_scale(hp, target)


def _scope_key(scope):
    """Return a hashable form of nested conditions."""
    return tuple((c.name, tuple(c.values)) for c in scope)


def _features(x, *, is_input):
    """Return the features (batch, features) that a head takes, or those of members."""
    if isinstance(x, Predictions):
        return x
    x = as_tensor(x)
    if len(x.shape) <= 2:
        return x
    is_map = len(x.shape) == 4 and not is_input
    return reduce(x, "global_avg" if is_map else "flatten")


def _arrays_read(model, tensors):
    """Return the names of the inputs that the outputs of a model depend on.

    A network on vectors does not read the texts and images that they are made of.
    """
    has_vectors = any(map(is_vector_array, tensors))
    return inputs_read(model, tensors) if has_vectors else tuple(tensors)


def _fitted_layers(network, called_on):
    """Return the layers that are fitted to targets, with the tensors they are on.

    A layer that has been called again only tells what it was called on first, so that
    ``called_on`` holds the tensors of later calls.
    """
    return {
        layer: called_on.get(layer, layer.input)
        for layer in walk(network)
        if traits_of(layer).starts_from_targets
    }


def _split_preprocessing(model, inputs, outputs, read):
    """Return the preprocessing layers at the start of a model, and all other layers.

    These take only what is ``read``, the names of the inputs that outputs depend on.
    The third result holds the tensors that layers have been called on again.
    """
    origin = {id(tensor): name for name, tensor in inputs.items()}
    later = []
    for operation in model.operations:
        if isinstance(operation, keras.layers.InputLayer):
            continue
        sources = keras.tree.flatten(operation.input)
        if traits_of(operation).preprocessing and all(id(x) in origin for x in sources):
            origin[id(operation.output)] = origin[id(sources[0])]
        else:
            later.extend(sources)
    border = {}
    # Inputs come first, because they already have names and must keep them.
    raw = {id(x) for x in inputs.values()}
    crossing = {id(x): x for x in later if id(x) in origin}.values()
    for x in sorted(crossing, key=lambda x: id(x) not in raw):
        border[_free_name(origin[id(x)], border)] = x
    if all(border[name] is inputs.get(name) for name in border):
        if len(read) == len(inputs):
            return None, model, {}
        return None, keras.Model({name: inputs[name] for name in read}, outputs), {}
    # This half is built before the other one: a model that exists when its layers are
    # called again loses its configuration.
    network, called_on = _called_on_inputs(list(border.values()), outputs, list(border))
    return keras.Model(inputs, border), network, called_on


def _called_on_inputs(tensors, outputs, names):
    """Return the network between tensors and outputs, with named inputs of its own.

    The names of the inputs must be equal to their keys, but Keras chooses other names
    for the inputs of a network that begins inside another one. Therefore all layers
    are called again, on inputs with the right names. The second result holds the first
    tensor that each of them is called on.
    """
    inputs = [
        keras.Input(batch_shape=x.shape, dtype=x.dtype, name=name)
        for x, name in zip(tensors, names, strict=True)
    ]
    called_on = {}

    def call(layer, *args, **kwargs):
        called_on[layer] = next(iter([*args, *kwargs.values()]))
        return layer(*args, **kwargs)

    network = keras.models.clone_model(
        keras.Model(tensors, outputs),
        input_tensors=inputs,
        clone_function=lambda layer: layer,
        call_function=call,
    )
    network = keras.Model(dict(zip(names, inputs, strict=True)), network.output)
    return network, called_on


def _free_name(name, names):
    """Return ``name`` with enough underscores to differ from all ``names``."""
    while name in names:
        name += "_"
    return name
