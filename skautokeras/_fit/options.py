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
_NOT_DECISIVE = ("callbacks", "verbose")


@dataclass(frozen=True)
class FitSettings:
    """The parameters of `keras.Model.fit` for one call, wherever they were given."""

    epochs: int | None
    batch_size: int | None
    callbacks: tuple
    class_weight: object
    verbose: int
    validation_fraction: float
    cv: object
    shuffle: bool
    passed_on: dict = field(default_factory=dict)

    @property
    def decisive(self):
        """What decides how trials end, by name; callbacks are the user's own affair."""
        return {k: v for k, v in vars(self).items() if k not in _NOT_DECISIVE}


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
    if estimator.cv is not None and "validation_split" in given:
        raise ValueError(
            "'validation_split' and 'cv' both say what trials are compared on. Pass "
            "one of them."
        )
    fraction = given.pop("validation_split", estimator.validation_fraction)
    values = {
        name: given.pop(name, getattr(estimator, name, None))
        for name in ("epochs", "batch_size", "callbacks", "class_weight")
    }
    given_verbose = given.pop("verbose", estimator.verbose)
    _check_passed_on(passed_on)
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
    return FitSettings(
        **values | {"callbacks": _check_callbacks(values["callbacks"])},
        verbose=_check_verbose(given_verbose),
        validation_fraction=fraction,
        cv=estimator.cv,
        shuffle=bool(shuffle),
        passed_on=passed_on,
    )


def _check_passed_on(arguments):
    """Raise unless Keras can do what is asked of it."""
    for name, value in arguments.items():
        several = name == "validation_freq" and isinstance(value, (list, tuple))
        lowest = 0 if name == "initial_epoch" else 1
        for number in value if several else [value]:
            if number is not None:
                check_scalar(number, name, target_type=Integral, min_val=lowest)


def _check_callbacks(callbacks):
    """Return a tuple of Keras callbacks from one, several or None."""
    if callbacks is None:
        return ()
    callbacks = callbacks if isinstance(callbacks, (list, tuple)) else [callbacks]
    if callbacks:
        import keras

        for callback in callbacks:
            if not isinstance(callback, keras.callbacks.Callback):
                raise TypeError(
                    "The elements of 'callbacks' must be instances of "
                    f"keras.callbacks.Callback, got {callback!r}."
                )
    return tuple(callbacks)


def _check_verbose(verbose):
    """Return how much is printed; Keras's "auto" is nothing."""
    if verbose == "auto":
        return 0
    check_scalar(verbose, "verbose", target_type=(bool, Integral), min_val=0)
    return int(verbose)
