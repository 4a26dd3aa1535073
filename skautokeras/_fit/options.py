"""Options: what holds for one call of fit, wherever the user said it."""

import importlib.util
import os
from dataclasses import dataclass, field, replace
from numbers import Integral, Real

import keras
from sklearn.utils.validation import check_scalar

from skautokeras._space.pretrained import names_of
from skautokeras._space.pretrained_files import digest_of
from skautokeras._state.files import local_path
from skautokeras._warnings import warn

# Arguments of `keras.Model.fit` that are passed on to it as they are.
PASSED_ON = (
    "initial_epoch",
    "steps_per_epoch",
    "validation_steps",
    "validation_batch_size",
    "validation_freq",
)
# Epochs of a full training under hyperband, which divides them among trials.
_HYPERBAND_EPOCHS = 64
# Parameters that may differ when a search continues, beside those of one call.
_MAY_CHANGE = {
    "max_trials",
    "max_time",
    "refit",
    "n_jobs",
    "distribution",
    "ensemble_size",
    "directory",
    "warm_start",
    "verbose",
    "callbacks",
}


@dataclass(frozen=True, eq=False)
class FitOptions:
    """Parameters of the estimator and arguments of `fit`; the latter win.

    Names and meanings are those of the estimators' parameters, and ``shuffle`` is that
    of `keras.Model.fit`. ``fit_arguments`` are the arguments that `keras.Model.fit` is
    called with besides. ``shares_directory`` tells that the estimator is a clone, as
    those of cross-validation are: each search has a folder of its own in `directory`.
    """

    max_trials: int
    max_time: float | None
    tuner: object
    scoring: object
    epochs: int | None
    batch_size: int | None
    validation_fraction: float
    cv: object
    callbacks: tuple
    class_weight: object
    ensemble_size: int
    refit: bool
    max_model_size: int | None
    prune: str | None
    directory: object
    n_jobs: int | None
    distribution: object
    random_state: object
    verbose: int
    shuffle: bool = True
    warm_start: bool = False
    shares_directory: bool = False
    fit_arguments: dict = field(default_factory=dict)

    @property
    def planned_epochs(self):
        """Epochs of all trials, or None if they are searched."""
        if self.epochs is None and self.tuner == "hyperband":
            return _HYPERBAND_EPOCHS
        return self.epochs

    @property
    def decisive(self):
        """What of this call decides how trials end, by name.

        Callbacks may decide it, too, but they are the user's own affair.
        """
        return {
            "epochs": self.epochs,
            "batch_size": self.batch_size,
            "class_weight": self.class_weight,
            "validation_fraction": self.validation_fraction,
            "cv": self.cv,
            "shuffle": self.shuffle,
            "fit_arguments": self.fit_arguments,
        }


def decisive_parameters(estimator):
    """Return the parameters that decide what trials there are and how they end.

    Parameters
    ----------
    estimator : estimator
        Holds the constructor parameters.
    """
    params = estimator.get_params(deep=False)
    if not isinstance(estimator.random_state, Integral):
        # Every fit draws another seed; the journal keeps the first one.
        del params["random_state"]
    return {k: v for k, v in sorted(params.items()) if k not in _MAY_CHANGE}


def with_models(description, presets, encodings):
    """Return a description of a search that tells what its pretrained models are.

    Other weights may have taken the place of those in a file or a folder, and what was
    missing may be there when the search goes on.

    Parameters
    ----------
    description : dict of str to object or None
        Parameters of the search by name. None if it is never continued.
    presets : list of str
        Names, files and folders of the pretrained models.
    encodings : list of Encoding
        Arrays that those of the models read which could be had.

    Returns
    -------
    description : dict of str to object or None
        Description in which "pretrained" stands for the parameter and the models.
    """
    if description is None or not presets:
        return description
    known = {encoding.facts.preset for encoding in encodings}
    models = {preset: [preset in known, digest_of(preset)] for preset in presets}
    # However it is written: as a string or as a path, alone or in a list.
    names = names_of(description.get("pretrained"))
    return {**description, "pretrained": [names, models]}


def make_options(estimator, fit_params):
    """Return the options of a call; its arguments win over the constructor.

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
    arguments = dict(fit_params)
    passed_on = {name: arguments.pop(name) for name in PASSED_ON if name in arguments}
    cv = estimator.cv
    if isinstance(cv, str) and "validation_split" in arguments:
        cv = None
    if cv is not None and "validation_split" in arguments:
        raise ValueError(
            "'validation_split' and 'cv' both say what trials are compared on. Pass "
            "one of them."
        )
    fraction = arguments.pop("validation_split", estimator.validation_fraction)
    values = {
        name: arguments.pop(name, getattr(estimator, name, None))
        for name in ("epochs", "batch_size", "callbacks", "class_weight")
    }
    verbose = arguments.pop("verbose", estimator.verbose)
    _check_passed_on(passed_on)
    shuffle = arguments.pop("shuffle", True)
    if arguments:
        raise TypeError(
            f"{type(estimator).__name__}.fit() got an unexpected keyword argument "
            f"{next(iter(arguments))!r}. Besides sample_weight and validation_data it "
            "takes the arguments of keras.Model.fit."
        )
    for name in ("epochs", "batch_size"):
        if values[name] is not None:
            check_scalar(values[name], name, target_type=Integral, min_val=1)
    first = passed_on.get("initial_epoch") or 0
    if values["epochs"] is not None and first >= values["epochs"]:
        raise ValueError(
            f"initial_epoch={first} must be less than epochs={values['epochs']}: "
            "epochs counts those before it as well."
        )
    check_scalar(
        fraction,
        "validation_split"
        if "validation_split" in fit_params
        else "validation_fraction",
        target_type=Real,
        min_val=0,
        max_val=1,
        include_boundaries="neither",
    )
    values["callbacks"] = _check_callbacks(values["callbacks"])
    return FitOptions(
        **values,
        verbose=_check_verbose(verbose),
        validation_fraction=fraction,
        shuffle=bool(shuffle),
        fit_arguments=passed_on,
        cv=cv,
        **{name: getattr(estimator, name) for name in _FROM_THE_CONSTRUCTOR},
        directory=_folder(estimator.directory),
        shares_directory=getattr(estimator, "_is_clone", False),
    )


def _folder(directory):
    if directory is not None and not os.fspath(directory):
        raise ValueError("'directory' is an empty string. Pass None for no directory.")
    return None if directory is None else local_path(directory, "directory")


def with_automatic_folds(options, n_folds):
    """Return the options with the cross-validation that "auto" stands for.

    The networks of the folds predict together, so that none is trained again.

    Parameters
    ----------
    options : FitOptions
        Parameters of a call.
    n_folds : int or None
        Number of folds. If None, one part of the rows is held out.
    """
    return replace(options, cv=n_folds, refit=options.refit and n_folds is None)


# Options that no argument of `fit` can change.
_FROM_THE_CONSTRUCTOR = (
    "warm_start",
    "max_trials",
    "max_time",
    "tuner",
    "scoring",
    "ensemble_size",
    "refit",
    "max_model_size",
    "prune",
    "n_jobs",
    "distribution",
    "random_state",
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
    for callback in callbacks:
        if not isinstance(callback, keras.callbacks.Callback):
            raise TypeError(
                "The elements of 'callbacks' must be instances of "
                f"keras.callbacks.Callback, got {callback!r}."
            )
        if isinstance(callback, keras.callbacks.TensorBoard):
            _check_tensorboard()
    return tuple(callback for callback in callbacks if _is_used(callback))


def _check_tensorboard():
    if importlib.util.find_spec("tensorboard") is None:
        raise ImportError(
            "keras.callbacks.TensorBoard needs another package: pip install "
            "tensorboard."
        )


def _is_used(callback):
    """Return whether a callback can be of use in a search of many trainings."""
    if isinstance(callback, keras.callbacks.BackupAndRestore):
        warn(
            "BackupAndRestore is left out: its backup is that of one network, and a "
            "search trains many. Pass directory=... to continue a search.",
        )
        return False
    # Weights are averaged anyway; they would be swapped twice.
    return not isinstance(callback, keras.callbacks.SwapEMAWeights)


def _check_verbose(verbose):
    """Return how much is printed; Keras's "auto" is nothing."""
    if verbose == "auto":
        return 0
    check_scalar(verbose, "verbose", target_type=(bool, Integral), min_val=0)
    return int(verbose)
