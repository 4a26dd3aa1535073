"""AutoKeras 3.0.0, in a virtual environment of its own.

AutoKeras 3.0.0 accepts one two-dimensional NumPy array. A table of mixed types has to
be an array of strings, from which AutoKeras infers the kind of every column. It takes a
column of numbers with few distinct values for categorical, and replaces them by codes
in alphabetical order. Therefore it is told here which columns are numbers, as the
DataFrame tells the other methods. Missing values are filled before the fit.
"""

import math
import tempfile
import threading
import time
from importlib.metadata import version

from benchmarks.datasets.table_data import task_of
from benchmarks.methods.fitting import Fitted, measure_fit


def make_table(frame, medians):
    """Turn a DataFrame into the array that AutoKeras takes.

    Parameters
    ----------
    frame : DataFrame of shape (n_samples, n_features)
        Raw features.
    medians : Series
        Median of every column of numbers, which replaces its missing values.

    Returns
    -------
    table : ndarray of shape (n_samples, n_features)
        float64 if all columns are numbers, strings otherwise.
    """
    frame = frame.copy()
    for name in frame.columns:
        if name in medians.index:
            frame[name] = frame[name].astype("float64").fillna(medians[name])
        else:
            frame[name] = frame[name].astype("object").fillna("missing").astype(str)
    if len(medians) == frame.shape[1]:
        return frame.to_numpy()
    return frame.to_numpy(dtype=object).astype(str)


class Budget:
    """The seconds that a search may use.

    Parameters
    ----------
    seconds : float or None
        Seconds from the construction of this object. None sets no limit.

    Attributes
    ----------
    cut_a_trial : bool
        Whether a trial was stopped because the seconds were used up.
    """

    def __init__(self, seconds):
        self.deadline = math.inf if seconds is None else time.perf_counter() + seconds
        self.cut_a_trial = False

    def is_spent(self):
        """Return whether the seconds are used up."""
        return not self.seconds_left()

    def seconds_left(self):
        """Return the seconds until the deadline, or 0 after it."""
        return max(self.deadline - time.perf_counter(), 0.0)


def make_budget_callback(budget, oracle):
    """Make the Keras callback that ends a search whose budget is spent.

    Parameters
    ----------
    The running trial stops after its current batch and is scored. No other trial
    starts. The final training on all rows, which AutoKeras does after the search, is
    not shortened.

    Parameters
    ----------
    budget : Budget
        Budget of the search.
    oracle : keras_tuner.Oracle
        Oracle of the search.

    Returns
    -------
    callback : keras.callbacks.Callback
    """
    import keras

    # AutoKeras deep-copies its callbacks, and with them their attributes, for every
    # trial. A function is not copied, so all trials share the variables it uses.
    def stop(network):
        budget.cut_a_trial |= not network.stop_training
        oracle.max_trials = len(oracle.trials)
        network.stop_training = True

    class EndSearch(keras.callbacks.Callback):
        """Stop at the deadline, which may be hours before the end of an epoch.

        A timer is used, because a method called after every batch slows `Model.fit`.
        """

        def on_train_begin(self, logs=None):
            self.timer = None
            searching = any(t.status == "RUNNING" for t in oracle.trials.values())
            seconds = budget.seconds_left()
            if searching and seconds < threading.TIMEOUT_MAX:
                self.timer = threading.Timer(seconds, stop, args=[self.model])
                self.timer.daemon = True
                self.timer.start()

        def on_train_end(self, logs=None):
            if self.timer is not None:
                self.timer.cancel()

    return EndSearch()


def fit_in_budget(auto_model, X, y, budget, max_trials):
    """Fit AutoKeras, and end its search when the budget is spent.

    Parameters
    ----------
    auto_model : autokeras.AutoModel
        Model that is not fitted.
    X, y : ndarray
        Training rows in the form that the model takes.
    budget : Budget
        Budget of the search.
    max_trials : int
        Greatest number of trials, which the note mentions.

    Returns
    -------
    n_trials : int
        Number of trials that finished.
    note : str
        Versions, and whether the budget ended the search.
    """
    import keras

    oracle = auto_model.tuner.oracle
    auto_model.fit(X, y, callbacks=[make_budget_callback(budget, oracle)], verbose=0)
    n_trials = sum(trial.status == "COMPLETED" for trial in oracle.trials.values())
    note = f"autokeras {version('autokeras')}, keras {keras.__version__}"
    note += f"; {n_trials} of {max_trials} trials"
    if budget.cut_a_trial:
        note += ", the last one cut by the budget"
    return n_trials, note


def prepare_task(name, spec, as_input):
    """Prepare AutoKeras 3.0.0 on arrays: default epochs, early stopping and refit.

    Parameters
    ----------
    name : str
        Name of a class of AutoKeras, such as "ImageClassifier".
    spec : dict
        "seed", "max_time" and "max_trials".
    as_input : callable
        Function from X to the array that AutoKeras takes.

    Returns
    -------
    fit : callable
        Function ``fit(X, y)`` that returns a `Fitted`.
    """
    import autokeras
    import keras

    keras.utils.set_random_seed(spec["seed"] + 1)
    # AutoKeras reads its best model from this folder in predict.
    directory = tempfile.TemporaryDirectory()

    def fit(X, y):
        model = getattr(autokeras, name)(
            # AutoKeras counts trials, not seconds; the budget ends its search.
            max_trials=spec["max_trials"],
            directory=directory.name,
            overwrite=True,
            # For AutoKeras and KerasTuner, seed 0 means no seed.
            seed=spec["seed"] + 1,
        )
        budget = Budget(spec["max_time"])
        labels = y if y.dtype.kind in "iuf" else y.astype(str)
        n_trials, note = fit_in_budget(
            model, as_input(X), labels, budget, spec["max_trials"]
        )

        def predict(X):
            # This use keeps the folder as long as the function exists.
            assert directory.name
            y_pred = model.predict(as_input(X), verbose=0).reshape(-1)
            return y_pred.astype(y.dtype)

        return Fitted(predict=predict, n_trials=n_trials, note=note)

    return fit


def _make_auto_model(spec, directory, names, numbers):
    import autokeras

    tasks = {
        "classification": autokeras.StructuredDataClassifier,
        "regression": autokeras.StructuredDataRegressor,
    }
    kinds = {n: "numerical" if n in numbers else "categorical" for n in names}
    return tasks[task_of(spec)](
        column_names=names,
        column_types=kinds if spec["column_types"] == "dtype" else None,
        max_trials=spec["max_trials"],
        directory=directory,
        overwrite=True,
        # For AutoKeras and KerasTuner, seed 0 means no seed.
        seed=spec["seed"] + 1,
    )


def prepare_autokeras(spec):
    """Prepare AutoKeras 3.0.0: default epochs, early stopping and refit."""
    import autokeras  # noqa: F401
    import keras

    keras.utils.set_random_seed(spec["seed"] + 1)
    classification = task_of(spec) == "classification"
    # AutoKeras reads its best model from this folder in predict, so the folder exists
    # as long as the process.
    directory = tempfile.TemporaryDirectory()

    def fit(X, y):
        budget = Budget(spec["max_time"])
        medians = X.select_dtypes(["number", "bool"]).median()
        names = [str(name) for name in X.columns]
        auto_model = _make_auto_model(spec, directory.name, names, set(medians.index))
        n_trials, note = fit_in_budget(
            auto_model,
            make_table(X, medians),
            y.to_numpy().astype(str if classification else "float64"),
            budget,
            spec["max_trials"],
        )

        def predict(frame):
            predicted = auto_model.predict(make_table(frame, medians), verbose=0)
            # AutoKeras returns labels as strings, even if y has numbers.
            return predicted.reshape(-1).astype(y.to_numpy().dtype)

        return Fitted(predict=predict, n_trials=n_trials, note=note)

    return fit


def fit_autokeras(spec, report):
    """Report the measurement of one fit of AutoKeras."""
    report(measure_fit(spec, prepare_autokeras))
