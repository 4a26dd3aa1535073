"""Methods for images."""

from importlib.metadata import version

import numpy as np

from benchmarks.datasets.image_data import TASKS, read_images
from benchmarks.methods.autokeras_method import Budget, prepare_task
from benchmarks.methods.fitting import (
    Fitted,
    fit_search,
    measure_raw,
    search_parameters,
)

# Epochs of `keras_cnn`: at most so many, and so many without an improvement.
MAX_EPOCHS = 100
PATIENCE = 5


def _is_classification(spec):
    return TASKS[spec["dataset"]] == "classification"


def prepare_skautokeras(spec):
    """Prepare skautokeras, which takes the arrays."""
    import tensorflow  # noqa: F401 - loading it is not part of the fit

    from skautokeras import ImageClassifier, ImageRegressor

    estimators = (ImageRegressor, ImageClassifier)
    estimator = estimators[_is_classification(spec)](**search_parameters(spec))
    return fit_search(estimator)


def prepare_keras_cnn(spec):
    """Prepare a small convolutional network that `Model.fit` trains."""
    import keras

    keras.utils.set_random_seed(spec["seed"])

    def fit(X, y):
        images = _as_images(X)
        scale = float(images.max())
        classification = _is_classification(spec)
        mean, std = (0.0, 1.0) if classification else (y.mean(), y.std())
        n_outputs = int(y.max()) + 1 if classification else 1
        activation = "softmax" if classification else None
        network = _small_network(images.shape[1:], 1 / scale, n_outputs, activation)
        loss = "sparse_categorical_crossentropy" if classification else "mse"
        network.compile(optimizer="adam", loss=loss)
        rng = np.random.default_rng(spec["seed"])
        # Keras validates on the last rows.
        order = rng.permutation(len(y))
        stop = keras.callbacks.EarlyStopping(
            patience=PATIENCE, restore_best_weights=True
        )
        network.fit(
            images[order],
            (y[order] - mean) / std if not classification else y[order],
            batch_size=128 if len(y) > 5000 else 32,
            epochs=MAX_EPOCHS,
            validation_split=0.1,
            callbacks=[stop, _stop_in_time(spec["max_time"])],
            verbose=0,
        )

        def predict(X):
            y_pred = network.predict(_as_images(X), verbose=0)
            return y_pred.argmax(1) if classification else y_pred[:, 0] * std + mean

        return Fitted(predict=predict, note=f"keras {keras.__version__}")

    return fit


def _as_images(X):
    return (X if X.ndim == 4 else X[..., None]).astype("float32")


def _small_network(shape, scale, n_outputs, activation):
    """Return two convolutions with pooling, then dropout and a dense layer."""
    import keras

    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input(shape),
            layers.Rescaling(scale),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(n_outputs, activation=activation),
        ]
    )


def _stop_in_time(seconds):
    """Return a callback that ends the training after some seconds."""
    import keras

    budget = Budget(seconds)

    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training |= budget.is_spent()

    return Stop()


def prepare_pca_svm(spec):
    """Prepare principal components and a support vector machine."""
    from sklearn.decomposition import PCA
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC, SVR

    machine = SVC(C=10) if _is_classification(spec) else SVR()

    def fit(X, y):
        rows = X.reshape(len(X), -1)
        n_components = min(60, rows.shape[1] - 1, len(rows) - 1)
        pca = PCA(n_components, random_state=spec["seed"])
        model = make_pipeline(pca, StandardScaler(), machine).fit(rows, y)
        note = f"scikit-learn {version('scikit-learn')}"
        return Fitted(predict=lambda X: model.predict(X.reshape(len(X), -1)), note=note)

    return fit


def prepare_mean(spec):
    """Prepare the mean of the training target, or the most frequent class."""
    from sklearn.dummy import DummyClassifier, DummyRegressor

    model = DummyClassifier() if _is_classification(spec) else DummyRegressor()

    def fit(X, y):
        model.fit(np.zeros((len(y), 1)), y)
        return Fitted(predict=lambda X: model.predict(np.zeros((len(X), 1))))

    return fit


def prepare_autokeras(spec):
    """Prepare AutoKeras 3.0.0: default epochs, early stopping and refit."""
    kind = "Classifier" if _is_classification(spec) else "Regressor"
    return prepare_task(f"Image{kind}", spec, _as_images)


PREPARE = {
    "skautokeras": prepare_skautokeras,
    "keras_cnn": prepare_keras_cnn,
    "pca_svm": prepare_pca_svm,
    "mean": prepare_mean,
    "autokeras": prepare_autokeras,
}


def fit_images(spec, report):
    """Report the measurement of one fit of the method ``spec["method"]``."""
    report(measure_raw(spec, PREPARE, read_images, TASKS))
