"""The searched part of training: optimizer, rates, schedule and batch size."""

from dataclasses import dataclass, replace

from skautokeras._space.hyperparameters import Choice, Float

OPTIMIZERS = Choice(("adam", "nadam", "rmsprop"))
LEARNING_RATES = Float(1e-4, 3e-2, default=2e-3, sampling="log")
SCHEDULES = Choice(("cosine", "flat_cosine", "one_cycle", "constant", "cos_log"))
WEIGHT_DECAYS = Choice((0.0, 1e-3, 1e-2, 1e-1, 3e-1), default=1e-2)
# How weight decay and dropout end.
REGULARIZATIONS = Choice(("constant", "flat_cosine"))
# Fewer rows are learned from by networks that are held back (decision 0058).
SMALL_DATA = 2000
BATCH_SIZES = Choice((16, 32, 64, 128, 256, 512, 1024))
EPOCHS = Choice((8, 16, 32, 64, 128, 256), default=32)
# Pretrained weights are forgotten where they are trained for long.
FEW_EPOCHS = Choice((2, 3, 4, *EPOCHS.values), default=4)
LABEL_SMOOTHINGS = Choice((0.0, 0.05, 0.1))
# Not at all, or over this share of the training.
WARM_UPS = Choice((0.0, 0.1, 0.2), default=0.1)
# How fast the mean of squared gradients forgets: Keras's value and that of RealMLP.
SQUARED_MOMENTA = Choice((0.999, 0.95))
# Not at all, or over some hundred or thousand steps.
EMA_MOMENTA = Choice((0.0, 0.99, 0.999))


@dataclass(frozen=True)
class Training:
    """How one configuration is trained.

    ``learning_rate`` is the highest of the schedule, which ends after ``epochs`` if
    early stopping does not end the training before; ``weight_decay`` is decoupled
    (AdamW, arXiv:1711.05101): each step takes ``learning_rate * weight_decay`` of every
    weight matrix away, biases and scales of normalizations excepted. ``ema_momentum``
    above 0 says that the network is judged, and ends, with an exponential moving
    average of its weights (Polyak and Juditsky, 1992). The learning rate climbs in a
    line over the share ``warm_up`` of the training. ``regularization`` is the
    schedule of weight decay and dropout; ``squared_momentum`` says how much the mean of
    squared gradients remembers (None: as Keras has it).
    """

    optimizer: str
    learning_rate: float
    schedule: str
    weight_decay: float
    batch_size: int
    epochs: int
    label_smoothing: float = 0.0
    ema_momentum: float = 0.0
    warm_up: float = 0.0
    regularization: str = "constant"
    squared_momentum: float | None = None


def suggest_training(
    hp,
    n_samples,
    *,
    batch_size=None,
    epochs=None,
    smooth_labels=False,
    average_weights=False,
    pretrained=False,
    regularize_by_schedule=False,
):
    """Return the training that the hyperparameters below ``training`` describe.

    Parameters
    ----------
    hp : keras_tuner.HyperParameters
        Asked for the values.
    n_samples : int
        Rows; larger data sets start from larger batches.
    batch_size : int or None, default=None
        Value that the user fixed. If None, it is searched.
    epochs : int or None, default=None
        Value that the user fixed. If None, it is searched.
    smooth_labels : bool, default=False
        Whether label smoothing is searched.
    average_weights : bool, default=False
        Whether it is searched if weights are averaged.
    pretrained : bool, default=False
        Whether some weights are pretrained: a warm-up is searched, and fewer epochs.
    regularize_by_schedule : bool, default=False
        Whether it is searched how weight decay and dropout end, and how much the mean
        of squared gradients remembers (RealMLP, arXiv:2407.04491).
    """
    sizes = replace(BATCH_SIZES, default=default_batch_size(n_samples))
    durations = FEW_EPOCHS if pretrained else EPOCHS
    with hp.name_scope("training"):
        return Training(
            optimizer=OPTIMIZERS.suggest(hp, "optimizer"),
            learning_rate=LEARNING_RATES.suggest(hp, "learning_rate"),
            schedule=SCHEDULES.suggest(hp, "schedule"),
            weight_decay=WEIGHT_DECAYS.suggest(hp, "weight_decay"),
            batch_size=batch_size or sizes.suggest(hp, "batch_size"),
            epochs=epochs or durations.suggest(hp, "epochs"),
            label_smoothing=LABEL_SMOOTHINGS.suggest(hp, "label_smoothing")
            if smooth_labels
            else 0.0,
            ema_momentum=EMA_MOMENTA.suggest(hp, "ema_momentum")
            if average_weights
            else 0.0,
            warm_up=WARM_UPS.suggest(hp, "warm_up") if pretrained else 0.0,
            **(_published_for_tables(hp) if regularize_by_schedule else {}),
        )


def _published_for_tables(hp):
    """Return what else the recipe of RealMLP changes, searched."""
    with hp.conditional_scope("optimizer", ["adam", "nadam"]):
        momentum = SQUARED_MOMENTA.suggest(hp, "squared_momentum")
    regularization = REGULARIZATIONS.suggest(hp, "regularization")
    return {"regularization": regularization, "squared_momentum": momentum}


def default_batch_size(n_samples):
    """Return the batch size to start from.

    RealMLP's rule (arXiv:2407.04491): 64 rows up to 1024, then about 0.4 to 3 % of the
    rows, 1024 at most.
    """
    for limit, size in ((1024, 64), (8192, 128), (30_000, 256), (100_000, 512)):
        if n_samples <= limit:
            return size
    return 1024
