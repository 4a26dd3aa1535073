"""The compiled epoch: one function over tensors that are already on the device.

`keras.Model.fit` spends most of its time outside the model on data that fits in memory.
Two things make the function here cheap to trace as well (figures in measurement 0001):
all weights live in one flat variable, so that the optimizer has one update instead of
one per weight, and the network is called statelessly, so that the loop carries plain
tensors. What is mere number - weights, learning rates, weight decay, batches - is an
argument, so that configurations which differ in nothing else share one compiled
function.
"""

import contextlib
import json
import math
import re
import threading

import keras
import numpy as np
import tensorflow as tf

from skautokeras._layers.ensemble import mean_of_members
from skautokeras._state.registry import PACKAGES
from skautokeras._training.objective import Evaluation
from skautokeras._training.optimization import (
    dropout_rates,
    learning_rate_factors,
    make_optimizer,
    not_decayed,
    scale_learning_rates,
)
from skautokeras._training.row_updates import LARGE, Tables

# Rows that go through a network at once where nothing is learned, and numbers in them:
# maps of images are many times as large.
_MOST_ROWS, _FEWEST_ROWS, _MOST_NUMBERS = 4096, 32, 2**20
# Steps below which a graph is not worth optimising.
_FEW_STEPS = 1500
# Compiled networks that are kept for reuse, and weights that they have together, unless
# one alone has more: each is there about four times, with the state of the optimizer.
_KEPT, _KEPT_WEIGHTS = 8, 2**25


class _QuickCompilation:
    """Keeps TensorFlow's graph optimizer off while somebody wants it to be.

    The setting is one of the process, so threads that train at the same time share it:
    the first one turns it off, the last one puts it back.
    """

    _NAME = "disable_meta_optimizer"

    def __init__(self):
        self._lock = threading.Lock()
        self._n_users = 0
        self._before = False

    def __enter__(self):
        with self._lock:
            if self._n_users == 0:
                options = tf.config.optimizer.get_experimental_options()
                self._before = options.get(self._NAME, False)
                tf.config.optimizer.set_experimental_options({self._NAME: True})
            self._n_users += 1

    def __exit__(self, *_):
        with self._lock:
            self._n_users -= 1
            if self._n_users == 0:
                options = {self._NAME: self._before}
                tf.config.optimizer.set_experimental_options(options)


_quick_compilation = _QuickCompilation()


def quick_compilation(n_steps):
    """Return a context without TensorFlow's graph optimizer if there are few steps.

    It takes about 0.1 s and makes steps a few per cent faster (decision 0008).

    Parameters
    ----------
    n_steps : int
        Of the whole training.
    """
    return contextlib.nullcontext() if n_steps > _FEW_STEPS else _quick_compilation


class CompiledCache:
    """Compiled networks by structure, the last few that were used.

    They belong to a process: a copy or a pickle is empty.
    """

    def __init__(self):
        self._networks = {}

    def __reduce__(self):
        return CompiledCache, ()

    def get(self, built, heads):
        """Return the compiled form of a network, with its weights.

        Parameters
        ----------
        built : Built
            Freshly initialised.
        heads : dict of str to (Head, TargetSchema)
            Of the graph.
        """
        training = built.training
        key = (
            training.optimizer,
            training.ema_momentum,
            training.squared_momentum,
            structure(built.network),
        )
        compiled = self._networks.pop(key, None) or CompiledNetwork(built, heads)
        self._networks[key] = compiled
        while len(self._networks) > 1 and self._is_full():
            del self._networks[next(iter(self._networks))]
        compiled.start(built)
        return compiled

    def _is_full(self):
        n_weights = sum(network.n_weights for network in self._networks.values())
        return len(self._networks) > _KEPT or n_weights > _KEPT_WEIGHTS


def structure(network):
    """Return what networks share that differ in nothing but numbers and names.

    Parameters
    ----------
    network : keras.Model
        Functional.

    Returns
    -------
    structure : object
        Equal, and of equal hash, for networks that one compiled function can train.
    """
    try:
        layers = network.get_config()["layers"]
    except (NotImplementedError, OSError):
        # A user's layer without a config, or a lambda without a source: like no other.
        return object()
    # A layer's own class is compared below; what else it runs is known by name only.
    if any(_names_code({**layer, "module": None}) for layer in layers):
        return object()
    places = {layer["name"]: f'"#{i}"' for i, layer in enumerate(layers)}
    operations = {operation.name: operation for operation in network.operations}
    for layer in layers:
        for name in getattr(operations[layer["name"]], "numbers", ()):
            del layer["config"][name]
    text = json.dumps(layers, default=repr)
    # Keys keep their names, also where the first layer of a process is "activation".
    text = re.sub(
        r'"([^"]*)"(:?)', lambda m: m[0] if m[2] else places.get(m[1], m[0]), text
    )
    # A class defined inside of a function is another one each time it is run.
    classes = tuple(type(operations[layer["name"]]) for layer in layers)
    return classes, text


def _names_code(config):
    """Return whether a config holds a function or an object of a user's."""
    if isinstance(config, (list, tuple)):
        return any(_names_code(part) for part in config)
    if not isinstance(config, dict):
        return False
    if config.get("class_name") in ("Lambda", "__lambda__"):
        return True
    # Keras gives the activation of a layer that is a lambda as its bytes alone.
    if list(config) == ["value"] and isinstance(config["value"], (list, tuple)):
        return True
    package = str(config.get("module") or "keras").split(".")[0]
    return package not in PACKAGES or _names_code(list(config.values()))


class CompiledNetwork:
    """Compiled training and validation of all networks of one structure.

    Parameters
    ----------
    built : Built
        The first of them; others take its place in `start`.
    heads : dict of str to (Head, TargetSchema)
        Of the graph.
    """

    def __init__(self, built, heads):
        self._call = built.network.stateless_call
        self._losses = built.losses
        self._heads = heads
        self._output_shapes = output_shapes(built.network)
        # Averages of the weights, where there are some, are those of the flat variable.
        averaged = built.training.ema_momentum > 0
        self._tables = Tables(built.network, math.inf if averaged else LARGE)
        self._network = built.network
        self._shapes = [tuple(v.shape) for v in self._tables.others(built.network)]
        self._sizes = [int(np.prod(shape)) for shape in self._shapes]
        self._decayed = tf.constant(self._decay_mask(built.network))
        self.n_weights = built.network.count_params()
        rates = {id(v) for v in dropout_rates(built.network)}
        self._dropouts = [
            i
            for i, variable in enumerate(built.network.non_trainable_variables)
            if id(variable) in rates
        ]
        self._flat = keras.Variable(self._read(), name="weights")
        self.optimizer = make_optimizer(built.training)
        self.optimizer.build([self._flat])
        self._metrics = {
            name: head.make_metrics(target) for name, (head, target) in heads.items()
        }
        self._no_sums = (tf.zeros(2), self._fresh_metrics())
        self._run_epoch = self._validate = None

    def start(self, built):
        """Begin a training: the weights of ``built``, a fresh optimizer."""
        self._network = built.network
        self.read()
        self._tables.forget()
        for variable in self.optimizer.variables:
            variable.assign(keras.ops.zeros_like(variable))
        self.optimizer.learning_rate = built.training.learning_rate
        self._training = built.training
        self.begin_epoch(0.0)

    def begin_epoch(self, progress):
        """Let every layer learn as fast as it is to, now.

        Parameters
        ----------
        progress : float
            Share of the training that is done.
        """
        numbers = [self._training.weight_decay, self._training.label_smoothing]
        variables = self._tables.others(self._network)
        factors = learning_rate_factors(self._network, variables, progress)
        if any(factor is not None for factor in factors):
            numbers += [1.0 if factor is None else factor for factor in factors]
        self._numbers = tf.constant(numbers, "float32")

    def run_epoch(self, chunks, rates, shares=1.0):
        """Train one epoch; return its mean loss and metrics.

        Parameters
        ----------
        chunks : iterable of tuple
            From `Chunks.epoch`: x, y, weight, order and bounds of some rows.
        rates : ndarray of shape (n_steps,)
            Learning rate of each step.
        shares : ndarray of shape (n_steps,) or float, default=1.0
            What is left of weight decay and dropout in each step.
        """
        rates = np.stack([rates, np.broadcast_to(shares, rates.shape)], axis=1)
        rates, sums = rates.astype("float32"), self._no_sums
        for x, y, weight, order, bounds in chunks:
            if self._run_epoch is None:
                self._run_epoch = compile_function(
                    self._epoch,
                    [
                        signature((self._others, sums), rows=False),
                        *signature((x, y, weight)),
                        tf.TensorSpec((None,), "int32"),
                        tf.TensorSpec((None,), "int32"),
                        tf.TensorSpec((None, 2), "float32"),
                        tf.TensorSpec(self._numbers.shape, "float32"),
                    ],
                )
            n_steps = len(bounds) - 1
            (self._others, sums), scalars = self._run_epoch(
                (self._others, sums),
                x,
                y,
                weight,
                order,
                bounds,
                tf.constant(rates[:n_steps]),
                self._numbers,
            )
            rates = rates[n_steps:]
        return self._named(scalars)

    def validate(self, parts):
        """Return the outputs for some rows, and their loss and metrics as logs.

        Parameters
        ----------
        parts : iterable of tuple
            From `in_order`: x, y and weight of some rows each.
        """
        results, targets, weights = [], [], []
        with self._averaged():
            for x, y, weight in parts:
                results.append(self._validate_part(x, y, weight))
                targets.append(y)
                weights.append(weight)
        if len(results) == 1:
            ((y_pred, scalars),) = results
            y_pred = {name: value.numpy() for name, value in y_pred.items()}
        else:
            outputs = [y_pred for y_pred, _ in results]
            y_pred, y, weight = map(_joined, (outputs, targets, weights))
            loss = validation_loss(self._heads, y, y_pred, weight)
            sums = self._update_metrics(self._fresh_metrics(), y, y_pred, weight)
            scalars = self._scalars(loss, sums)
        logs = {f"val_{k}": value for k, value in self._named(scalars).items()}
        return Evaluation(y_pred, logs["val_loss"]), logs

    def _validate_part(self, x, y, weight):
        if self._validate is None:
            # A loop would have to be traced, too.
            self._rows_at_once = rows_at_once(x, self._network)
            n_rows = len(next(iter(y.values())))
            self._validates_at_once = n_rows <= self._rows_at_once
            self._validate = compile_function(
                self._judge,
                [
                    signature(self._others, rows=False),
                    *signature((x, y, weight)),
                ],
            )
        return self._validate(self._others, x, y, weight)

    @property
    def state(self):
        """A copy of all weights, averaged where they are; can be set."""
        with self._averaged():
            others = tuple(v.numpy() for v in self._others)
            return self._flat.numpy(), others, self._tables.state

    @state.setter
    def state(self, state):
        flat, others, self._tables.state = state
        self._flat.assign(flat)
        self._others = tuple(tf.constant(value) for value in others)

    def end(self):
        """End a training: where weights are averaged, the average takes their place."""
        self.optimizer.finalize_variable_values([self._flat])

    @contextlib.contextmanager
    def _averaged(self):
        """Put the average of the weights in their place for a while, if any."""
        if not self.optimizer.use_ema:
            yield
            return
        weights = tf.identity(self._flat.value)
        self.end()
        yield
        self._flat.assign(weights)

    def write_back(self):
        """Write the weights into the network's own variables."""
        parts = np.split(self._flat.numpy(), np.cumsum(self._sizes)[:-1])
        variables = self._tables.others(self._network)
        for variable, part in zip(variables, parts, strict=True):
            variable.assign(part.reshape(variable.shape))
        self._tables.write_to(self._network)
        others = self._network.non_trainable_variables
        for variable, value in zip(others, self._others, strict=True):
            variable.assign(value)

    def read(self):
        """Take the weights over from the network's own variables."""
        self._flat.assign(self._read())
        self._tables.read_from(self._network)
        # Tensors: a variable in their place would be traced once more.
        others = self._network.non_trainable_variables
        self._others = tuple(tf.constant(v.numpy()) for v in others)

    def _read(self):
        variables = self._tables.others(self._network)
        return np.concatenate([v.numpy().ravel() for v in variables])

    def _decay_mask(self, network):
        variables = self._tables.others(network)
        kept = set(map(id, not_decayed(network, variables)))
        decayed = [id(variable) not in kept for variable in variables]
        return np.repeat(np.array(decayed, "float32"), self._sizes)

    def _weights(self):
        """Return the weights in their shapes: slices of the flat variable."""
        parts = tf.split(self._flat.value, self._sizes)
        # Biases and the like have their shape already: every operation takes time to
        # trace, and its gradient does.
        weights = [
            part if len(shape) == 1 else tf.reshape(part, shape)
            for part, shape in zip(parts, self._shapes, strict=True)
        ]
        return self._tables.among(weights)

    def _epoch(self, carried, x, y, weight, order, bounds, rates, numbers):
        """Train on a chunk; ``carried`` goes from one chunk of an epoch to the next."""
        weight_decay, smoothing, *factors = tf.unstack(numbers)
        if factors:
            factors = tf.repeat(tf.stack(factors), self._sizes)
            scale_learning_rates(self.optimizer, lambda _: factors)

        def step(i, others, total, metrics):
            start, end = tf.gather(bounds, i), tf.gather(bounds, i + 1)
            rows = tf.slice(order, [start], [end - start])
            rate, share = tf.unstack(tf.gather(rates, i))
            batch = tf.nest.map_structure(lambda a: tf.gather(a, rows), (x, y, weight))
            self.optimizer.learning_rate.assign(rate)
            loss, others, metrics = self._step(
                others, metrics, *batch, rate, share, weight_decay, smoothing
            )
            n_rows = tf.cast(tf.size(rows), "float32")
            return i + 1, others, total + tf.stack([n_rows * loss, n_rows]), metrics

        others, (total, metrics) = carried
        _, others, total, metrics = tf.while_loop(
            lambda i, *_: i < tf.shape(rates)[0],
            step,
            (tf.constant(0), others, total, metrics),
            parallel_iterations=1,
        )
        scalars = self._scalars(total[0] / total[1], metrics)
        return (others, (total, metrics)), scalars

    def _step(
        self, others, metrics, x, y, weight, rate, share, weight_decay, smoothing
    ):
        decay = rate * share * weight_decay
        dropouts = {i: others[i] for i in self._dropouts}
        others = [
            dropouts[i] * share if i in dropouts else v for i, v in enumerate(others)
        ]
        with tf.GradientTape() as tape, self._tables.used():
            y_pred, others, extra = self._call(
                self._weights(), others, x, training=True, return_losses=True
            )
            loss = tf.add_n([*self._loss(y, y_pred, weight, smoothing), *extra])
        gradient, slopes = tape.gradient(
            loss, (self._flat.value, self._tables.variables)
        )
        self._flat.assign(self._flat.value * (1.0 - decay * self._decayed))
        # Inside of a replica Keras sums gradients by a function with a custom gradient,
        # and TensorFlow keeps the graph of each of these (decision 0017).
        tf.distribute.get_replica_context().merge_call(
            lambda _: self.optimizer.apply([gradient], [self._flat])
        )
        self._tables.update(slopes, rate, decay, self.optimizer.iterations)
        others = tuple(dropouts.get(i, value) for i, value in enumerate(others))
        y_pred = {name: mean_of_members(value) for name, value in y_pred.items()}
        return loss, others, self._update_metrics(metrics, y, y_pred, weight)

    def _judge(self, others, x, y, weight):
        def call(batch):
            with self._tables.used():
                return self._call(self._weights(), others, batch, training=False)[0]

        if self._validates_at_once:
            y_pred = call(x)
        else:
            y_pred = in_chunks(call, x, self._output_shapes, self._rows_at_once)
        loss = validation_loss(self._heads, y, y_pred, weight)
        metrics = self._update_metrics(self._fresh_metrics(), y, y_pred, weight)
        return y_pred, self._scalars(loss, metrics)

    def _loss(self, y, y_pred, weight, smoothing):
        """Return the loss of each head, its labels smoothed."""
        losses = []
        for name, loss in self._losses.items():
            head, target = self._heads[name]
            y_true = head.smooth(self._encoded(name, y), target, smoothing)
            value = loss(y_true, y_pred[name], sample_weight=weight[name])
            losses.append(head.loss_weight * value)
        return losses

    def _encoded(self, name, y):
        head, target = self._heads[name]
        return head.encode(y[name], target)

    # Metrics are Keras's; their sums are carried through the loop as tensors.
    def _all_metrics(self):
        several = len(self._metrics) > 1
        for name, metrics in self._metrics.items():
            for metric in metrics:
                yield name, f"{name}_{metric.name}" if several else metric.name, metric

    def _fresh_metrics(self):
        return tuple(
            tuple(tf.zeros_like(v.value) for v in metric.variables)
            for _, _, metric in self._all_metrics()
        )

    def _update_metrics(self, sums, y, y_pred, weight):
        return tuple(
            tuple(
                metric.stateless_update_state(
                    list(s),
                    self._encoded(name, y),
                    y_pred[name],
                    sample_weight=weight[name],
                )
            )
            for s, (name, _, metric) in zip(sums, self._all_metrics(), strict=True)
        )

    def _scalars(self, loss, sums):
        """Return the loss and the metrics as one vector, for one transfer."""
        results = [
            metric.stateless_result(list(s))
            for s, (_, _, metric) in zip(sums, self._all_metrics(), strict=True)
        ]
        return tf.stack([tf.cast(value, "float32") for value in (loss, *results)])

    def _named(self, scalars):
        labels = ["loss", *(label for _, label, _ in self._all_metrics())]
        return dict(zip(labels, scalars.numpy().tolist(), strict=True))


def _joined(parts):
    """Return one dict of arrays for a list of them, row behind row."""
    return {
        name: np.concatenate([np.asarray(part[name]) for part in parts])
        for name in parts[0]
    }


def validation_loss(heads, y, y_pred, weight):
    """Return the loss over all heads, of labels as `Head.doubt` takes them.

    Parameters
    ----------
    heads : dict of str to (Head, TargetSchema)
        Of the graph.
    y, y_pred : dict of str to array
        Encoded targets and outputs by head.
    weight : dict of str to array of shape (n_samples,) or None
        Weights of the rows by head.
    """
    losses = []
    for name, (head, target) in heads.items():
        rows = None if weight is None else weight[name]
        y_true = head.doubt(head.encode(y[name], target), target)
        value = head.make_loss(target)(y_true, y_pred[name], sample_weight=rows)
        losses.append(head.loss_weight * value)
    # Where a strategy is active, Keras divides by the number of its devices.
    return tf.add_n(losses) * tf.distribute.get_strategy().num_replicas_in_sync


def loss_on(heads, rows):
    """Return what computes the validation loss of predictions for some rows.

    Parameters
    ----------
    heads : dict of str to (Head, TargetSchema)
        The heads of the search space.
    rows : Rows
        The rows that were predicted.

    Returns
    -------
    loss : callable
        From predictions by head to a float.
    """

    def loss(y_pred):
        return float(validation_loss(heads, rows.y, y_pred, rows.weight))

    return loss


def rows_at_once(x, network):
    """Return how many rows go through a network at once where nothing is learned.

    Parameters
    ----------
    x : dict of str to array or tensor
        The rows.
    network : keras.Model
        Its layers may say how many ``most_rows`` they take.

    Examples
    --------
    >>> import keras
    >>> import numpy as np
    >>> from skautokeras._training.compiled_epoch import rows_at_once
    >>> network = keras.Sequential([keras.layers.Dense(2)])
    >>> rows_at_once({"numerical": np.zeros((9, 20))}, network)
    4096
    >>> rows_at_once({"pixels": np.zeros((9, 32, 32, 3))}, network)
    341
    """
    n_numbers = sum(math.prod(array.shape[1:]) for array in x.values())
    n_rows = min(max(_MOST_NUMBERS // n_numbers, _FEWEST_ROWS), _MOST_ROWS)
    return min([n_rows, *_limits(network)])


def _limits(network):
    """Yield how many rows layers take at once, those that say so."""
    for layer in network.layers:
        if isinstance(layer, keras.Model):
            yield from _limits(layer)
        elif hasattr(layer, "most_rows"):
            yield layer.most_rows


def in_chunks(call, x, shapes, size):
    """Return ``call(x)`` for all rows, ``size`` at a time, inside a compiled function.

    Parameters
    ----------
    call : callable
        From a dict of arrays to a dict of outputs.
    x : dict of str to tensor
        Arrays with one row per sample.
    shapes : dict of str to tuple
        Shape of one row of each output.
    size : int
        Rows at a time.
    """
    n_rows = tf.shape(next(iter(x.values())))[0]
    n_chunks = (n_rows + size - 1) // size

    def step(i, parts):
        rows = {name: a[i * size : (i + 1) * size] for name, a in x.items()}
        outputs = call(rows)
        return i + 1, {
            name: part.write(i, outputs[name]) for name, part in parts.items()
        }

    parts = {
        name: tf.TensorArray(
            "float32", size=n_chunks, infer_shape=False, element_shape=(None, *shape)
        )
        for name, shape in shapes.items()
    }
    _, parts = tf.while_loop(
        lambda i, _: i < n_chunks, step, (tf.constant(0), parts), parallel_iterations=1
    )
    return {name: part.concat() for name, part in parts.items()}


def output_shapes(model):
    """Return the shape of one row of each output of a model, by name."""
    return {name: tuple(y.shape[1:]) for name, y in model.output.items()}


def tensors(rows):
    """Return x, y and weight on the device; rows without weights weigh 1."""
    x = {name: tf.constant(array) for name, array in rows.x.items()}
    y = {name: tf.constant(array) for name, array in rows.y.items()}
    weight = {name: tf.constant(array) for name, array in weights_of(rows).items()}
    return x, y, weight


def weights_of(rows):
    """Return the weights of rows by head; those that have none weigh 1."""
    if rows.weight is not None:
        return rows.weight
    return dict.fromkeys(rows.y, np.ones(len(rows), "float32"))


def batch_bounds(n_rows, batch_size):
    """Return where batches begin and end: of equal size, give or take one row."""
    n_steps = -(-n_rows // batch_size)
    return tf.constant(np.round(np.linspace(0, n_rows, n_steps + 1)).astype("int32"))


def compile_function(function, input_signature):
    """Return a compiled function, traced at once.

    A function that is left to be traced by its first call counts as one that is traced
    over and over, as all methods of a class do, and TensorFlow warns.

    Parameters
    ----------
    function : callable
        Of tensors.
    input_signature : list
        Shapes of its arguments, each from `signature`.
    """
    return tf.function(
        function, autograph=False, input_signature=input_signature
    ).get_concrete_function()


def signature(tensors, *, rows=True):
    """Return the shapes of tensors or arrays, as `tf.function` takes them.

    Parameters
    ----------
    tensors : tensor, or nested dict or tuple of them
        Examples.
    rows : bool, default=True
        Whether the first axis is that of the rows, of which there may be any number.
    """

    def spec(tensor):
        shape = (None, *tensor.shape[1:]) if rows else tensor.shape
        return tf.TensorSpec(shape, tensor.dtype)

    return tf.nest.map_structure(spec, tensors)
