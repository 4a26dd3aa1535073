"""One measurement of a method that lives in the environment of skautokeras.

Started by `_measurement.run_worker`; not meant to be run by hand.
"""

import tempfile
from importlib.metadata import version

from _measurement import TASKS, Fitted, measure, spec_from_command_line

# The most categories a HistGradientBoosting model can hold in one column.
MAX_CATEGORIES = 255


def _is_classification(spec):
    return TASKS[spec["dataset"]] == "classification"


def prepare_skautokeras(spec):
    """skautokeras on the raw DataFrame."""
    # TensorFlow is loaded by the first fit; loading it here keeps its seconds
    # out of the fit, as they are for the other methods.
    import tensorflow  # noqa: F401

    from skautokeras import StructuredDataClassifier, StructuredDataRegressor

    estimators = (StructuredDataRegressor, StructuredDataClassifier)
    estimator = estimators[_is_classification(spec)](
        max_time=spec["max_time"],
        max_trials=spec.get("max_trials", 20),  # the default
        random_state=spec["seed"],
        **spec.get("params", {}),
    )

    def fit(X, y):
        estimator.fit(X, y)
        leaderboard = estimator.leaderboard_
        details = {}
        if "epochs" in leaderboard:
            details["mean_epochs"] = float(leaderboard["epochs"].dropna().mean())
        return Fitted(
            predict=estimator.predict,
            n_trials=int(estimator.n_trials_),
            note=f"skautokeras {version('skautokeras')}",
            details=details,
        )

    return fit


def prepare_hist_gradient_boosting(spec):
    """scikit-learn's histogram gradient boosting with native categories."""
    import pandas as pd
    from sklearn.ensemble import (
        HistGradientBoostingClassifier,
        HistGradientBoostingRegressor,
    )

    estimators = (HistGradientBoostingRegressor, HistGradientBoostingClassifier)
    estimator = estimators[_is_classification(spec)](
        categorical_features="from_dtype", random_state=spec["seed"]
    )

    def fit(X, y):
        strings = X.select_dtypes(exclude=["number", "bool"]).columns
        categories = {name: X[name].dropna().unique() for name in strings}
        dropped = [name for name in strings if len(categories[name]) > MAX_CATEGORIES]
        dtypes = {
            name: pd.CategoricalDtype(sorted(categories[name]))
            for name in strings
            if name not in dropped
        }

        def convert(frame):
            # A category that training has not seen becomes missing.
            return frame.drop(columns=dropped).astype(dtypes)

        estimator.fit(convert(X), y)
        note = f"scikit-learn {version('scikit-learn')}"
        if dropped:
            names = ", ".join(dropped)
            note += f"; dropped for more than {MAX_CATEGORIES} categories: {names}"
        return Fitted(
            predict=lambda frame: estimator.predict(convert(frame)), note=note
        )

    return fit


def _make_preprocessing():
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = ["number", "bool"]
    return make_column_transformer(
        (
            make_pipeline(SimpleImputer(strategy="median"), StandardScaler()),
            make_column_selector(dtype_include=numbers),
        ),
        (
            OneHotEncoder(handle_unknown="ignore", min_frequency=2),
            make_column_selector(dtype_exclude=numbers),
        ),
        sparse_threshold=0,
    )


def prepare_mlp(spec):
    """scikit-learn's multi-layer perceptron on scaled and one-hot columns."""
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    options = {"early_stopping": True, "random_state": spec["seed"]}
    if _is_classification(spec):
        estimator = make_pipeline(_make_preprocessing(), MLPClassifier(**options))
    else:
        estimator = TransformedTargetRegressor(
            make_pipeline(_make_preprocessing(), MLPRegressor(**options)),
            transformer=StandardScaler(),
        )

    def fit(X, y):
        estimator.fit(X, y)
        note = f"scikit-learn {version('scikit-learn')}"
        return Fitted(predict=estimator.predict, note=note)

    return fit


def build_dense_network(hp):
    """Build a small dense network for a two-class target.

    Parameters
    ----------
    hp : keras_tuner.HyperParameters
        Where the layers, their widths, the dropout and the learning rate come
        from.

    Returns
    -------
    keras.Model
        Compiled; one probability per row.
    """
    import keras

    layers = []
    dropout = hp.Choice("dropout", [0.0, 0.25, 0.5])
    for i in range(hp.Int("n_layers", 1, 3)):
        width = hp.Choice(f"units_{i}", [32, 64, 128, 256])
        layers += [
            keras.layers.Dense(width, activation="relu"),
            keras.layers.Dropout(dropout),
        ]
    layers.append(keras.layers.Dense(1, activation="sigmoid"))
    network = keras.Sequential(layers)
    rate = hp.Choice("learning_rate", [1e-2, 3e-3, 1e-3, 3e-4])
    network.compile(
        optimizer=keras.optimizers.Adam(rate),
        loss="binary_crossentropy",
        metrics=["accuracy"],
    )
    return network


def prepare_keras_tuner(spec):
    """KerasTuner's random search and `Model.fit` on preprocessed arrays."""
    import keras
    import keras_tuner
    import numpy as np
    from sklearn.model_selection import train_test_split
    from sklearn.preprocessing import LabelEncoder

    # For a KerasTuner oracle, seed 0 means no seed.
    seed = spec["seed"] + 1
    keras.utils.set_random_seed(seed)
    preprocessing, target = _make_preprocessing(), LabelEncoder()

    def fit(X, y):
        x = preprocessing.fit_transform(X).astype(np.float32)
        codes = target.fit_transform(y)
        x_train, x_valid, y_train, y_valid = train_test_split(
            x, codes, test_size=0.2, stratify=codes, random_state=seed
        )
        with tempfile.TemporaryDirectory() as directory:
            tuner = keras_tuner.RandomSearch(
                build_dense_network,
                objective="val_accuracy",
                max_trials=spec["max_trials"],
                seed=seed,
                directory=directory,
                overwrite=True,
            )
            tuner.search(
                x_train,
                y_train,
                validation_data=(x_valid, y_valid),
                epochs=spec["epochs"],
                batch_size=spec["batch_size"],
                verbose=0,
            )
            trials = tuner.oracle.trials.values()
            n_trials = sum(trial.status == "COMPLETED" for trial in trials)
            network = tuner.get_best_models(1)[0]
            network.predict(x_valid, verbose=0)

        def predict(frame):
            x_test = preprocessing.transform(frame).astype(np.float32)
            probability = network.predict(x_test, verbose=0)[:, 0]
            return target.inverse_transform((probability > 0.5).astype(int))

        return Fitted(
            predict=predict,
            n_trials=n_trials,
            note=f"keras-tuner {version('keras-tuner')}, keras {keras.__version__}",
        )

    return fit


PREPARE = {
    "skautokeras": prepare_skautokeras,
    "hist_gradient_boosting": prepare_hist_gradient_boosting,
    "mlp": prepare_mlp,
    "keras_tuner": prepare_keras_tuner,
}

if __name__ == "__main__":
    spec = spec_from_command_line()
    measure(spec, PREPARE[spec["method"]])
