"""The searched part of training: optimizer, rates, schedule and batch size."""

from dataclasses import dataclass

from skautokeras._space.hyperparameters import Choice, Float, choose, when

OPTIMIZERS = ("adam", "nadam", "rmsprop")
SCHEDULES = ("cosine", "flat_cosine", "one_cycle", "constant", "cos_log")
# Fewer rows are learned from by networks that are held back (decision 0058).
SMALL_DATA = 2000
BATCH_SIZES = (16, 32, 64, 128, 256, 512, 1024)
# Pretrained weights are forgotten where they are trained for long.
FEW_EPOCHS = (2, 4)
# Not at all, or over this share of the training.
WARM_UPS = (0.0, 0.1, 0.2)
EPOCHS = (8, 16, 32, 64, 128, 256)
# How fast the mean of squared gradients forgets: Keras's value and that of RealMLP.
SQUARED_MOMENTA = (0.999, 0.95)
# Not at all, or over some hundred or thousand steps.
EMA_MOMENTA = (0.0, 0.99, 0.999)


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
        Fixed by the user. None: searched.
    epochs : int or None, default=None
        Fixed by the user. None: searched.
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
    with hp.name_scope("training"):
        rates = Float(1e-4, 3e-2, default=2e-3, sampling="log")
        decays = Choice((0.0, 1e-3, 1e-2, 1e-1, 3e-1), default=1e-2)
        sizes = Choice(BATCH_SIZES, default=default_batch_size(n_samples))
        smoothing = Choice((0.0, 0.05, 0.1)) if smooth_labels else None
        durations = Choice(EPOCHS, default=32)
        if pretrained:
            durations = Choice((*FEW_EPOCHS, *EPOCHS), default=max(FEW_EPOCHS))
        return Training(
            optimizer=choose(hp, "optimizer", None, Choice(OPTIMIZERS)),
            learning_rate=choose(hp, "learning_rate", None, rates),
            schedule=choose(hp, "schedule", None, Choice(SCHEDULES)),
            weight_decay=choose(hp, "weight_decay", None, decays),
            batch_size=choose(hp, "batch_size", batch_size, sizes),
            epochs=choose(hp, "epochs", epochs, durations),
            label_smoothing=choose(hp, "label_smoothing", None, smoothing)
            if smooth_labels
            else 0.0,
            ema_momentum=choose(hp, "ema_momentum", None, Choice(EMA_MOMENTA))
            if average_weights
            else 0.0,
            warm_up=choose(hp, "warm_up", None, Choice(WARM_UPS, default=0.1))
            if pretrained
            else 0.0,
            **(_published_for_tables(hp) if regularize_by_schedule else {}),
        )


def _published_for_tables(hp):
    """Return what else the recipe of RealMLP changes, searched."""
    schedules, momenta = Choice(("constant", "flat_cosine")), Choice(SQUARED_MOMENTA)
    with when(hp, "optimizer", None, ["adam", "nadam"]):
        momentum = choose(hp, "squared_momentum", None, momenta)
    return {
        "regularization": choose(hp, "regularization", None, schedules),
        "squared_momentum": momentum,
    }


def default_batch_size(n_samples):
    """Return the batch size to start from.

    RealMLP's rule (arXiv:2407.04491): 64 rows up to 1024, then about 0.4 to 3 % of the
    rows, 1024 at most.
    """
    for limit, size in ((1024, 64), (8192, 128), (30_000, 256), (100_000, 512)):
        if n_samples <= limit:
            return size
    return 1024
