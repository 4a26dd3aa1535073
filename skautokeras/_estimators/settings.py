"""What holds for one call of fit: constructor parameters and arguments of the call."""

from dataclasses import dataclass, field
from numbers import Integral

from sklearn.utils.validation import check_scalar

# Arguments of `keras.Model.fit` that are passed on to it as they are.
PASSED_ON = (
    "initial_epoch",
    "steps_per_epoch",
    "validation_steps",
    "validation_batch_size",
    "validation_freq",
)


@dataclass(frozen=True)
class FitSettings:
    """The parameters of `keras.Model.fit` for one call, wherever they were given."""

    epochs: int | None
    batch_size: int | None
    callbacks: tuple
    class_weight: object
    verbose: int
    validation_fraction: float
    shuffle: bool
    passed_on: dict = field(default_factory=dict)


def fit_settings(estimator, fit_params):
    """Return the settings of a call; arguments of the call win.

    Parameters
    ----------
    estimator : estimator
        Holds the constructor parameters.
    fit_params : dict
        Arguments of `keras.Model.fit` given to `fit`.

    Raises
    ------
    TypeError
        If there is no such argument.
    ValueError
        If a value is out of range.
    """
    given = dict(fit_params)
    passed_on = {name: given.pop(name) for name in PASSED_ON if name in given}
    fraction = given.pop("validation_split", estimator.validation_fraction)
    values = {
        name: given.pop(name, getattr(estimator, name, None))
        for name in ("epochs", "batch_size", "callbacks", "class_weight", "verbose")
    }
    shuffle = given.pop("shuffle", True)
    if given:
        raise TypeError(
            f"{type(estimator).__name__}.fit() got an unexpected keyword argument "
            f"{next(iter(given))!r}. Besides sample_weight and validation_data it "
            "takes the arguments of keras.Model.fit."
        )
    for name in ("epochs", "batch_size"):
        if values[name] is not None:
            check_scalar(values[name], name, target_type=Integral, min_val=1)
    check_scalar(
        fraction,
        "validation_split"
        if "validation_split" in fit_params
        else "validation_fraction",
        target_type=float,
        min_val=0,
        max_val=1,
        include_boundaries="neither",
    )
    callbacks = values.pop("callbacks")
    if callbacks is not None and not isinstance(callbacks, (list, tuple)):
        callbacks = [callbacks]
    verbose = values.pop("verbose")
    return FitSettings(
        **values,
        callbacks=tuple(callbacks or ()),
        verbose=0 if verbose == "auto" else int(verbose),
        validation_fraction=fraction,
        shuffle=bool(shuffle),
        passed_on=passed_on,
    )
