"""Training: one compiled function per epoch, `keras.Model.fit` where it must be.

`Model.fit` spends most of its time outside the model on data that fits in memory. Here
an epoch is one `tf.function` over tensors that are already on the device. Two things
make it cheap to trace, too (figures in docs/decisions.md): all weights live in one flat
variable, so that the optimizer has one update instead of one per weight, and the
network is called statelessly, so that the loop carries plain tensors.
"""

import copy
from dataclasses import dataclass, field, replace

import keras
import numpy as np
import tensorflow as tf

from skautokeras._search.monitor import Monitor
from skautokeras._search.objective import Outputs

# Rows that go through a network at once where nothing is learned.
CHUNK = 4096
# Epochs without a better score that any training may have.
_MIN_PATIENCE = 8
# Variables whose names end like this are not decayed.
_NOT_DECAYED = ("bias", "gamma", "beta", "embeddings")
# Arguments of `Model.fit` that only `Model.fit` itself can honour.
FIT_ONLY_ARGUMENTS = (
    "initial_epoch",
    "steps_per_epoch",
    "validation_steps",
    "validation_batch_size",
    "validation_freq",
)


@dataclass(frozen=True, eq=False)
class Recipe:
    """What is the same for all trainings of a search.

    ``callbacks`` are Keras callbacks, copied for each training; ``shuffle`` says whether
    each epoch has another order of rows. ``fit_arguments`` are further arguments of `keras.Model.fit`.
    ``epochs`` takes the place of the number that a configuration has; a training without
    a better score for a third of them ends early (``early_stopping``), and after
    ``stop_after`` it ends in any case.
    """

    heads: dict
    callbacks: tuple = ()
    shuffle: bool = True
    fit_arguments: dict = field(default_factory=dict)
    epochs: int | None = None
    early_stopping: bool = True
    stop_after: int | None = None

    def as_refit(self, planned_epochs, best_epoch):
        """Return the recipe that repeats a training up to its best epoch."""
        return replace(
            self, epochs=planned_epochs, stop_after=best_epoch, early_stopping=False
        )


def train(
    built, recipe, train_rows, valid_rows, objective, *, deadline, seed, on_epoch
):
    """Train one configuration; its network ends with the weights of the best epoch.

    Parameters
    ----------
    built : Built
        Freshly initialised.
    recipe : Recipe
        How long, with which callbacks.
    train_rows : Rows
        To learn from.
    valid_rows : Rows or None
        To judge by. None: the weights of the last epoch are kept.
    objective : Objective or None
        Scores the predictions for ``valid_rows``.
    deadline : Deadline
        Training ends at the first epoch behind it; the learning rate is annealed
        towards it.
    seed : int
        Of the order of the rows.
    on_epoch : callable
        Called as ``on_epoch(epoch, logs)`` after each epoch.

    Returns
    -------
    monitor : Monitor
        History, best score and epoch, predictions of that epoch.

    Raises
    ------
    FloatingPointError
        If the loss or the score stops being finite.
    """
    callbacks = [copy.deepcopy(callback) for callback in recipe.callbacks]
    epochs = recipe.epochs or built.training.epochs
    monitor = Monitor(
        objective,
        epochs,
        patience=max(_MIN_PATIENCE, epochs // 3) if recipe.early_stopping else None,
        stop_after=recipe.stop_after,
        deadline=deadline,
        on_epoch=on_epoch,
    )
    plain = not recipe.fit_arguments and not any(map(_works_on_batches, callbacks))
    loop = _train_compiled if plain else _train_with_fit
    train_rows = _prepared(built, train_rows)
    valid_rows = None if valid_rows is None else _prepared(built, valid_rows)
    loop(built, recipe, callbacks, train_rows, valid_rows, monitor, seed)
    return monitor


def _prepared(built, rows):
    """Return the rows as the network takes them: preprocessing applied, once."""
    if built.preprocess is None:
        return rows
    parts = [
        built.preprocess({k: v[i : i + CHUNK] for k, v in rows.x.items()})
        for i in range(0, len(rows), CHUNK)
    ]
    x = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return type(rows)(x=x, y=rows.y, weight=rows.weight)


def _works_on_batches(callback):
    """Return whether a callback wants to be called around each batch."""
    if isinstance(callback, keras.callbacks.ModelCheckpoint):
        return callback.save_freq != "epoch"
    hooks = ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin")
    hooks += ("on_batch_end", "on_test_batch_begin", "on_test_batch_end")
    base = keras.callbacks.Callback
    return any(getattr(type(callback), h) is not getattr(base, h) for h in hooks)


def _sets_learning_rate(callback):
    setters = (keras.callbacks.LearningRateScheduler, keras.callbacks.ReduceLROnPlateau)
    return isinstance(callback, setters)


def _schedule(training, callbacks):
    """Return the schedule; callbacks that set the rate take its place."""
    by_callback = any(map(_sets_learning_rate, callbacks))
    return "constant" if by_callback else training.schedule


def _optimizer(training):
    make = {
        "adam": keras.optimizers.Adam,
        "nadam": keras.optimizers.Nadam,
        "rmsprop": keras.optimizers.RMSprop,
    }[training.optimizer]
    return make(training.learning_rate)


def learning_rate_factor(schedule, progress):
    """Return what the highest learning rate is multiplied by.

    Parameters
    ----------
    schedule : {"constant", "cosine", "flat_cosine", "one_cycle"}
        "cosine" falls from 1 to 0 along a half wave, "flat_cosine" stays at 1 for the
        first half, "one_cycle" climbs to 1 over the first 20 % and falls like "cosine".
    progress : tensor or float
        Share of the training that is done, 0 to 1.

    Examples
    --------
    >>> from skautokeras._search.trainer import learning_rate_factor
    >>> float(learning_rate_factor("cosine", 0.5).numpy().round(6))
    0.5
    """
    progress = tf.cast(progress, "float32")
    if schedule == "constant":
        return tf.ones_like(progress)
    start = {"cosine": 0.0, "flat_cosine": 0.5, "one_cycle": 0.2}[schedule]
    falling = tf.maximum(progress - start, 0.0) / (1.0 - start)
    factor = 0.5 * (1.0 + tf.cos(np.pi * falling))
    if schedule == "one_cycle":
        factor = tf.where(progress < start, 0.05 + 0.95 * progress / start, factor)
    return factor


def _train_compiled(built, recipe, callbacks, train_rows, valid_rows, monitor, seed):
    """Train with one compiled function per epoch."""
    compiled = CompiledNetwork(
        built, recipe.heads, _schedule(built.training, callbacks)
    )
    train_tensors = _tensors(train_rows)
    valid_tensors = None if valid_rows is None else _tensors(valid_rows)
    bounds = _batch_bounds(len(train_rows), built.training.batch_size)
    rng = np.random.default_rng(seed)
    order = np.arange(len(train_rows), dtype="int32")
    with _Callbacks(callbacks, built.network, compiled, monitor.epochs) as hooks:
        while not monitor.finished and not hooks.wants_to_stop:
            hooks.begin(monitor.epoch)
            if recipe.shuffle:
                rng.shuffle(order)
            logs = compiled.run_epoch(
                *train_tensors, order, bounds, *monitor.next_progress()
            )
            outputs = None
            if valid_tensors is not None:
                outputs, valid_logs = compiled.validate(*valid_tensors)
                logs.update(valid_logs)
            monitor.update(logs, outputs, lambda: compiled.state)
            hooks.end(monitor.epoch - 1, monitor.logs)
    if monitor.best_state is not None:
        compiled.state = monitor.best_state
    compiled.write_back()


class CompiledNetwork:
    """The compiled epoch of one network: all weights in one flat variable.

    Parameters
    ----------
    built : Built
        Network, loss and training.
    heads : dict of str to (Head, TargetSchema)
        Of the graph.
    schedule : str
        Of the learning rate.
    """

    def __init__(self, built, heads, schedule):
        self._network = built.network
        self._losses = built.losses
        self._heads = heads
        self._training = built.training
        self._schedule = schedule
        self._variables = built.network.trainable_variables
        self._others = built.network.non_trainable_variables
        self._sizes = [int(np.prod(v.shape)) for v in self._variables]
        self._flat = keras.Variable(self._read(), name="weights")
        self._other_values = self._read_others()
        self._decay = self._decay_mask()
        self.optimizer = _optimizer(built.training)
        self.optimizer.build([self._flat])
        self._metrics = {
            name: head.make_metrics(target) for name, (head, target) in heads.items()
        }
        self._run_epoch = tf.function(self._epoch, autograph=False)
        self._validate = tf.function(self._judge, autograph=False)

    def run_epoch(self, x, y, weight, order, bounds, start, end):
        """Train one epoch; return its mean loss and metrics.

        ``start`` and ``end`` say which part of the training the epoch is, 0 to 1.
        """
        values = self._run_epoch(
            self._other_values,
            x,
            y,
            weight,
            tf.constant(order),
            bounds,
            tf.constant(start, "float32"),
            tf.constant(end, "float32"),
        )
        self._other_values, scalars = values
        return {name: float(value) for name, value in scalars.items()}

    def validate(self, x, y, weight):
        """Return the outputs for some rows and their loss and metrics as logs."""
        y_pred, scalars = self._validate(self._other_values, x, y, weight)
        logs = {f"val_{name}": float(value) for name, value in scalars.items()}
        y_pred = {name: value.numpy() for name, value in y_pred.items()}
        return Outputs(y_pred, logs["val_loss"]), logs

    @property
    def state(self):
        """A copy of all weights; can be set."""
        return self._flat.numpy(), tuple(v.numpy() for v in self._other_values)

    @state.setter
    def state(self, state):
        flat, others = state
        self._flat.assign(flat)
        self._other_values = tuple(tf.constant(value) for value in others)

    def write_back(self):
        """Write the weights into the network's own variables."""
        parts = np.split(self._flat.numpy(), np.cumsum(self._sizes)[:-1])
        for variable, part in zip(self._variables, parts, strict=True):
            variable.assign(part.reshape(variable.shape))
        for variable, value in zip(self._others, self._other_values, strict=True):
            variable.assign(value)

    def read(self):
        """Take the weights over from the network's own variables."""
        self._flat.assign(self._read())
        self._other_values = self._read_others()

    def _read(self):
        return np.concatenate([v.numpy().ravel() for v in self._variables])

    def _read_others(self):
        # Tensors from the start: a variable in their place would be traced once more.
        return tuple(tf.constant(v.numpy()) for v in self._others)

    def _decay_mask(self):
        decayed = [not v.name.endswith(_NOT_DECAYED) for v in self._variables]
        return np.repeat(np.array(decayed, "float32"), self._sizes)

    def _weights(self):
        """Return the weights in their shapes: slices of the flat variable."""
        parts = tf.split(self._flat.value, self._sizes)
        return [
            tf.reshape(part, v.shape)
            for part, v in zip(parts, self._variables, strict=True)
        ]

    def _epoch(self, others, x, y, weight, order, bounds, start, end):
        n_steps = tf.shape(bounds)[0] - 1
        width = (end - start) / tf.cast(n_steps, "float32")

        def step(i, others, total, metrics):
            rows = order[bounds[i] : bounds[i + 1]]
            batch = tf.nest.map_structure(lambda a: tf.gather(a, rows), (x, y, weight))
            progress = start + width * tf.cast(i, "float32")
            loss, others, metrics = self._step(others, metrics, *batch, progress)
            share = tf.cast(tf.size(rows), "float32")
            return i + 1, others, total + share * loss, metrics

        _, others, total, metrics = tf.while_loop(
            lambda i, *_: i < n_steps,
            step,
            (tf.constant(0), others, tf.constant(0.0), self._fresh_metrics()),
            parallel_iterations=1,
        )
        loss = total / tf.cast(tf.size(order), "float32")
        return others, {"loss": loss, **self._metric_results(metrics)}

    def _step(self, others, metrics, x, y, weight, progress):
        if self._schedule != "constant":
            factor = learning_rate_factor(self._schedule, progress)
            self.optimizer.learning_rate.assign(self._training.learning_rate * factor)
        with tf.GradientTape() as tape:
            y_pred, others, extra = self._network.stateless_call(
                self._weights(), others, x, training=True, return_losses=True
            )
            loss = tf.add_n([self._loss(y, y_pred, weight), *extra])
        gradient = tape.gradient(loss, self._flat.value)
        if self._training.weight_decay > 0:
            rate = tf.cast(self.optimizer.learning_rate, "float32")
            decay = rate * self._training.weight_decay * self._decay
            self._flat.assign(self._flat.value * (1.0 - decay))
        self.optimizer.apply([gradient], [self._flat])
        return loss, tuple(others), self._update_metrics(metrics, y, y_pred, weight)

    def _judge(self, others, x, y, weight):
        def call(batch):
            return self._network.stateless_call(
                self._weights(), others, batch, training=False
            )[0]

        y_pred = in_chunks(call, x, output_shapes(self._network), CHUNK)
        logs = {"loss": validation_loss(self._heads, y, y_pred, weight)}
        metrics = self._update_metrics(self._fresh_metrics(), y, y_pred, weight)
        return y_pred, {**logs, **self._metric_results(metrics)}

    def _loss(self, y, y_pred, weight):
        losses = [
            loss(self._encoded(name, y), y_pred[name], sample_weight=weight)
            for name, loss in self._losses.items()
        ]
        return tf.add_n(losses)

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
                    list(s), self._encoded(name, y), y_pred[name], sample_weight=weight
                )
            )
            for s, (name, _, metric) in zip(sums, self._all_metrics(), strict=True)
        )

    def _metric_results(self, sums):
        return {
            label: metric.stateless_result(list(s))
            for s, (_, label, metric) in zip(sums, self._all_metrics(), strict=True)
        }


def validation_loss(heads, y, y_pred, weight):
    """Return the loss over all heads, labels not smoothed: the same for all trials.

    Parameters
    ----------
    heads : dict of str to (Head, TargetSchema)
        Of the graph.
    y, y_pred : dict of str to array
        Encoded targets and outputs by head.
    weight : array of shape (n_samples,) or None
        Weights of the rows.
    """
    losses = [
        head.make_loss(target)(
            head.encode(y[name], target), y_pred[name], sample_weight=weight
        )
        for name, (head, target) in heads.items()
    ]
    return tf.add_n(losses)


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


def _tensors(rows):
    """Return x, y and weight on the device; rows without weights weigh 1."""
    x = {name: tf.constant(array) for name, array in rows.x.items()}
    y = {name: tf.constant(array) for name, array in rows.y.items()}
    weight = np.ones(len(rows), "float32") if rows.weight is None else rows.weight
    return x, y, tf.constant(weight)


def _batch_bounds(n_rows, batch_size):
    """Return where batches begin and end: of equal size, give or take one row."""
    n_steps = -(-n_rows // batch_size)
    return tf.constant(np.round(np.linspace(0, n_rows, n_steps + 1)).astype("int32"))


class _Callbacks:
    """The user's Keras callbacks around a compiled training.

    They see the network, so its variables follow the compiled weights before each call,
    and what they change is taken over afterwards.
    """

    def __init__(self, callbacks, network, compiled, epochs):
        self._network = network
        self._compiled = compiled
        self._list = None
        if callbacks:
            network.compile(optimizer=compiled.optimizer)
            network.stop_training = False
            self._list = keras.callbacks.CallbackList(
                callbacks, model=network, epochs=epochs, verbose=0
            )

    @property
    def wants_to_stop(self):
        return self._list is not None and self._network.stop_training

    def __enter__(self):
        if self._list is not None:
            self._list.on_train_begin()
        return self

    def __exit__(self, error, *_):
        if self._list is not None and error is None:
            self._call(self._list.on_train_end)

    def begin(self, epoch):
        if self._list is not None:
            self._call(self._list.on_epoch_begin, epoch)

    def end(self, epoch, logs):
        if self._list is not None:
            self._call(self._list.on_epoch_end, epoch, logs)

    def _call(self, hook, *args):
        self._compiled.write_back()
        hook(*args)
        self._compiled.read()


def _train_with_fit(built, recipe, callbacks, train_rows, valid_rows, monitor, seed):
    """Train through `keras.Model.fit`, for what only that can do."""
    network, training = built.network, built.training
    optimizer = _optimizer(training)
    optimizer.weight_decay = training.weight_decay or None
    if training.weight_decay:
        optimizer.exclude_from_weight_decay(var_names=list(_NOT_DECAYED))
    network.compile(
        optimizer=optimizer,
        loss=built.losses,
        weighted_metrics={
            name: head.make_metrics(target)
            for name, (head, target) in recipe.heads.items()
        },
        jit_compile=False,
    )
    watch = _FitMonitor(
        monitor, valid_rows, recipe.heads, _schedule(training, callbacks), training
    )
    batches = _Batches(
        _fit_data(train_rows, recipe.heads),
        _batch_bounds(len(train_rows), training.batch_size).numpy(),
        np.random.default_rng(seed) if recipe.shuffle else None,
    )
    valid = None if valid_rows is None else _fit_data(valid_rows, recipe.heads)
    network.fit(
        batches,
        epochs=monitor.epochs,
        validation_data=valid,
        callbacks=[*callbacks, watch],
        verbose=0,
        **recipe.fit_arguments,
    )
    if monitor.best_state is not None:
        network.set_weights(monitor.best_state)


class _Batches(keras.utils.PyDataset):
    """Batches in an order of our own: `Model.fit` would ask a global generator."""

    def __init__(self, arrays, bounds, rng):
        super().__init__()
        self._arrays = arrays
        self._bounds = bounds
        self._rng = rng
        self._order = np.arange(bounds[-1])
        self.on_epoch_end()

    def __len__(self):
        return len(self._bounds) - 1

    def __getitem__(self, i):
        rows = self._order[self._bounds[i] : self._bounds[i + 1]]
        return keras.tree.map_structure(lambda array: array[rows], self._arrays)

    def on_epoch_end(self):
        if self._rng is not None:
            self._rng.shuffle(self._order)


def _fit_data(rows, heads):
    """Return x, y, sample_weight as `Model.fit` takes them."""
    y = {
        name: np.asarray(head.encode(rows.y[name], target))
        for name, (head, target) in heads.items()
    }
    weight = np.ones(len(rows), "float32") if rows.weight is None else rows.weight
    return rows.x, y, dict.fromkeys(heads, weight)


class _FitMonitor(keras.callbacks.Callback):
    """Lets a `Monitor` watch a training that `Model.fit` runs."""

    def __init__(self, monitor, valid_rows, heads, schedule, training):
        super().__init__()
        self._monitor = monitor
        self._valid_rows = valid_rows
        self._heads = heads
        self._schedule = schedule
        self._rate = training.learning_rate

    def on_epoch_begin(self, epoch, logs=None):
        start, _ = self._monitor.next_progress()
        if self._schedule != "constant":
            factor = float(learning_rate_factor(self._schedule, start))
            self.model.optimizer.learning_rate = self._rate * factor

    def on_epoch_end(self, epoch, logs=None):
        logs = {name: float(value) for name, value in (logs or {}).items()}
        outputs = None
        if self._valid_rows is not None:
            rows = self._valid_rows
            y_pred = self.model.predict(rows.x, verbose=0, batch_size=CHUNK)
            loss = float(validation_loss(self._heads, rows.y, y_pred, rows.weight))
            logs["val_loss"] = loss
            outputs = Outputs(y_pred, loss)
        self._monitor.update(logs, outputs, self.model.get_weights)
        if self._monitor.finished:
            self.model.stop_training = True
