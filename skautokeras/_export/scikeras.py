"""The found networks as SciKeras estimators: to train again without a new search.

A pipeline of two steps. `Preprocessing` fits the adapter of the estimator and hands its
arrays on as one table; with it go, as `DataFrame.attrs`, what it has learned about the
data and how the table is to be taken apart. A `KerasClassifier` or `KerasRegressor`
builds the networks that were found for such data, and trains them.
"""

from collections import defaultdict
from copy import deepcopy
from dataclasses import dataclass

import keras
import numpy as np
import pandas as pd
from scikeras import wrappers
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import ClassifierTags, RegressorTags
from sklearn.utils.validation import check_is_fitted

from skautokeras._data.columns import check_columns
from skautokeras._data.structured_data import StructuredDataAdapter
from skautokeras._data.text import TextAdapter, informed_schemas
from skautokeras._export.keras_model import export_keras_model
from skautokeras._layers.ensemble import mean_of_members
from skautokeras._search.ensemble import Ensemble
from skautokeras._search.optimization import learning_rate_factor, not_decayed
from skautokeras._space.graph import Graph


@dataclass(frozen=True, eq=False)
class Found:
    """What a search has found: networks, and how the best of them was trained.

    ``inputs`` and ``outputs`` are the nodes of the search space; ``values`` are the
    hyperparameters of each network and ``weights`` its share in the mean, the best one
    first; ``target`` is the target, not fitted; ``n_samples`` is what the search was
    given, ``epochs`` is after how many the best network was best, and ``batch_size`` is
    what the user has fixed, or None.
    """

    inputs: list
    outputs: list
    values: list
    weights: list
    target: object
    n_samples: int
    epochs: int
    batch_size: int | None

    def graph(self, schemas, target):
        """Return the search space for other data.

        Parameters
        ----------
        schemas : list
            One schema per input.
        target : TargetSchema
            What is predicted.
        """
        return Graph(
            self.inputs,
            self.outputs,
            schemas=schemas,
            targets=[target],
            n_samples=self.n_samples,
            batch_size=self.batch_size,
        )

    @property
    def head(self):
        """The one head."""
        return self.outputs[0].block


def make_pipeline(found, adapter, schema, *, random_state, class_weight):
    """Return the networks of a search as a pipeline, not fitted.

    Parameters
    ----------
    found : Found
        The networks.
    adapter : InputsAdapter
        Fitted in the search.
    schema : TargetSchema
        What was predicted there.
    random_state : int, RandomState instance or None
        Seed of the weights and of the order of the rows.
    class_weight : dict, list of dict, "balanced" or None
        As in scikit-learn.

    Returns
    -------
    pipeline : Pipeline
        Of the steps "preprocessing" and "model".
    """
    graph = found.graph(adapter.schemas_, schema)
    training = graph.build(found.values[0]).training
    params = {
        "optimizer": training.optimizer,
        "optimizer__learning_rate": training.learning_rate,
        "optimizer__weight_decay": training.weight_decay or None,
        "batch_size": training.batch_size,
        "epochs": found.epochs,
        "verbose": 0,
        "random_state": random_state,
        "found": found,
    }
    if training.ema_momentum:
        params["optimizer__use_ema"] = True
        params["optimizer__ema_momentum"] = training.ema_momentum
    if training.squared_momentum is not None:
        params["optimizer__beta_2"] = training.squared_momentum
    if training.schedule != "constant" or training.warm_up:
        params["callbacks"] = LearningRateSchedule
        params["callbacks__schedule"] = training.schedule
        params["callbacks__warm_up"] = training.warm_up
    if schema.is_classification:
        params["label_smoothing"] = training.label_smoothing
        model = KerasClassifier(**params, class_weight=class_weight)
    else:
        model = KerasRegressor(**params)
    preprocessing = Preprocessing(clone(adapter), found.target)
    return Pipeline([("preprocessing", preprocessing), ("model", model)])


def fill_pipeline(pipeline, estimator, adapter, target, ensemble, history):
    """Make a pipeline predict as the search does.

    Parameters
    ----------
    pipeline : Pipeline
        From `make_pipeline`. It is changed.
    estimator : estimator
        Has the names and the number of the columns, if there are columns.
    adapter : InputsAdapter
        Fitted in the search.
    target : ClassificationTarget or RegressionTarget
        Fitted in the search.
    ensemble : Ensemble
        The networks.
    history : dict of str to list of float
        Of the best network.
    """
    preprocessing, model = (step for _, step in pipeline.steps)
    preprocessing.adapter_ = deepcopy(adapter)
    preprocessing.schemas_ = preprocessing.adapter_.schemas_
    for name in ("n_features_in_", "feature_names_in_"):
        if hasattr(estimator, name):
            setattr(preprocessing, name, getattr(estimator, name))
    models = [_averaged(network) for network in ensemble.models]
    network = export_keras_model(
        Ensemble(models, ensemble.weights, ensemble.temperatures)
    )
    y = _some_targets(target)
    arrays = {
        name: np.zeros((len(y), *tensor.shape[1:]), tensor.dtype)
        for name, tensor in network.input.items()
    }
    # SciKeras's way to predict without a training; the networks are put in afterwards.
    model.initialize(_as_table(arrays, preprocessing.schemas_), y)
    model.target_encoder_.target_ = deepcopy(target)
    vars(model).update(model.target_encoder_.get_metadata())
    blank = model.model_
    model.model_ = _with_one_output(network)
    model.model_.compile(
        optimizer=type(blank.optimizer).from_config(blank.optimizer.get_config()),
        loss=blank.loss,
        jit_compile=False,
    )
    # A pickle holds the state of the optimizer, even if there has been no step yet.
    model.model_.optimizer.build(model.model_.trainable_variables)
    model.history_ = defaultdict(list, deepcopy(history))


def _some_targets(target):
    """Return rows of a target that hold all there is to learn about its form."""
    schema = target.schema_
    if schema.kind == "multilabel":
        return np.eye(schema.n_outputs, dtype=int)
    if schema.is_classification:
        return target.classes_
    return target.inverse_transform(np.eye(2, schema.n_outputs))


def _with_one_output(model):
    """Return a network whose output is a tensor instead of a dict of one."""
    (output,) = model.output.values()
    return keras.Model(model.input, output)


def _averaged(model):
    """Return a network that says one thing per row, in training as well."""
    outputs = {name: OneOfMembers()(y) for name, y in model.output.items()}
    return keras.Model(model.input, outputs)


@keras.saving.register_keras_serializable("skautokeras")
class OneOfMembers(keras.layers.Layer):
    """Average over members, of which SciKeras and its losses know nothing."""

    def call(self, inputs):
        """Return the mean (batch, n_outputs), or the output if there is but one."""
        return mean_of_members(inputs)


class Preprocessing(TransformerMixin, BaseEstimator):
    """Fit an adapter and hand its arrays on as one table.

    Parameters
    ----------
    adapter : InputsAdapter
        Turns X into arrays.
    target : ClassificationTarget or RegressionTarget
        Encodes y, from which texts learn which n-grams tell classes apart.

    Attributes
    ----------
    adapter_ : InputsAdapter
        Fitted.
    schemas_ : list
        What the adapter has learned about each input.
    """

    def __init__(self, adapter, target):
        self.adapter = adapter
        self.target = target

    def fit(self, X, y=None):
        """Fit the adapter.

        Parameters
        ----------
        X : object
            As the estimator takes it.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            Target.

        Returns
        -------
        self : Preprocessing
        """
        self.fit_transform(X, y)
        return self

    def fit_transform(self, X, y=None):
        """Fit the adapter and return the table; files are read once.

        Parameters
        ----------
        X : object
            As the estimator takes it.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            Target.

        Returns
        -------
        table : DataFrame of shape (n_samples, n_columns)
            As in `transform`.
        """
        X = check_columns(self, X, reset=True)
        self.adapter_ = clone(self.adapter)
        arrays = self.adapter_.fit_transform(X)
        self.schemas_ = self.adapter_.schemas_
        if y is not None:
            y = clone(self.target).fit(y).transform(y)
            self.schemas_ = informed_schemas(self.adapter_, arrays, y)
        return _as_table(arrays, self.schemas_)

    def transform(self, X):
        """Return the arrays of the adapter side by side.

        Parameters
        ----------
        X : object
            As the estimator takes it.

        Returns
        -------
        table : DataFrame of shape (n_samples, n_columns)
            Its ``attrs`` say what belongs together.
        """
        check_is_fitted(self)
        X = check_columns(self, X, reset=False)
        return _as_table(self.adapter_.transform(X), self.schemas_)

    def __sklearn_tags__(self):
        """Return scikit-learn's tags."""
        tags = super().__sklearn_tags__()
        kinds = {type(adapter) for adapter in self.adapter.adapters}
        tags.input_tags.allow_nan = kinds <= {StructuredDataAdapter, TextAdapter}
        tags.input_tags.sparse = kinds == {StructuredDataAdapter}
        tags.input_tags.string = True
        return tags


def _as_table(arrays, schemas):
    """Return arrays (n_samples, ...) side by side, each row flattened."""
    names = sorted(arrays)
    parts = [arrays[name].reshape(len(arrays[name]), -1) for name in names]
    dtype = parts[0].dtype if len(parts) == 1 else np.float32
    # Codes are below 2**24: float32 holds them as they are.
    table = pd.DataFrame(
        np.concatenate(parts, axis=1, dtype=dtype, casting="unsafe"),
        columns=[
            f"{name}_{i}"
            for name, part in zip(names, parts, strict=True)
            for i in range(part.shape[1])
        ],
    )
    layout = {name: (arrays[name].shape[1:], arrays[name].dtype.str) for name in names}
    table.attrs = {"schemas": schemas, "layout": layout}
    return table


def _as_arrays(table, layout):
    """Return the arrays that stand side by side in a table (n_samples, n_columns)."""
    arrays, start = {}, 0
    for name, (shape, dtype) in layout.items():
        end = start + int(np.prod(shape))
        part = table[:, start:end]
        arrays[name] = part.reshape(-1, *shape).astype(dtype, copy=False)
        start = end
    return arrays


class TargetEncoder(TransformerMixin, BaseEstimator):
    """A target in the form in which SciKeras wants it.

    Parameters
    ----------
    target : ClassificationTarget or RegressionTarget
        Not fitted.
    head : Head
        Lays it out for its loss.
    classes : ndarray or None
        All there will be. None: those in y.
    """

    def __init__(self, target, head, classes=None):
        self.target = target
        self.head = head
        self.classes = classes

    def fit(self, y):
        """Fit the target.

        Parameters
        ----------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Targets.
        """
        seen = y if self.classes is None else self.classes
        self.target_ = clone(self.target).fit(seen)
        return self

    def transform(self, y):
        """Encode targets.

        Parameters
        ----------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Targets.
        """
        encoded = self.head.encode(self.target_.transform(y), self.target_.schema_)
        return np.asarray(encoded)

    def inverse_transform(self, y, return_proba=False):
        """Decode what a network says.

        Parameters
        ----------
        y : ndarray of shape (n_samples, n_outputs)
            Outputs.
        return_proba : bool, default=False
            Whether to return probabilities.
        """
        if return_proba:
            return self.target_.probabilities(y)
        return self.target_.decode(y)

    def get_metadata(self):
        """Return what SciKeras makes attributes of the estimator."""
        schema = self.target_.schema_
        metadata = {
            "target_schema_": schema,
            "n_outputs_": schema.n_outputs,
            "n_outputs_expected_": 1,
        }
        if schema.is_classification:
            classes = self.target_.classes_
            metadata |= {"classes_": classes, "n_classes_": len(classes)}
        return metadata


class LearningRateSchedule(keras.callbacks.Callback):
    """The schedule of the learning rate that was found.

    Parameters
    ----------
    schedule : str
        How the learning rate of the optimizer is multiplied along the training, as in
        `learning_rate_factor`.
    warm_up : float, default=0.0
        Share of the training over which it climbs.
    """

    def __init__(self, schedule, warm_up=0.0):
        super().__init__()
        self.schedule = schedule
        self.warm_up = warm_up

    def on_train_begin(self, logs=None):
        """Note the highest rate."""
        self._highest = float(self.model.optimizer.learning_rate)
        self._first = None

    def on_epoch_begin(self, epoch, logs=None):
        """Set the rate."""
        if self._first is None:
            self._first = epoch
        progress = (epoch - self._first) / (self.params["epochs"] - self._first)
        factor = learning_rate_factor(self.schedule, progress, self.warm_up)
        self.model.optimizer.learning_rate = self._highest * float(factor)

    def on_train_end(self, logs=None):
        """Put the rate back, and keep no network alive."""
        self.model.optimizer.learning_rate = self._highest
        self.set_model(None)


class _FromSearch:
    """What the two estimators share: SciKeras's hooks, and scikit-learn's tags."""

    @property
    def target_encoder(self):
        """The target as the loss wants it."""
        found = self.found
        return TargetEncoder(found.target, found.head, getattr(self, "classes_", None))

    @property
    def feature_encoder(self):
        """The table as the arrays that the networks take."""
        return FunctionTransformer(_as_arrays, kw_args={"layout": self.layout_})

    def fit(self, X, y, sample_weight=None, **kwargs):
        """Train new networks.

        Parameters
        ----------
        X : DataFrame
            What `Preprocessing` returns.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Target.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.
        **kwargs : dict
            Arguments of `keras.Model.fit`.
        """
        self._read_attrs(X)
        return super().fit(X, y, sample_weight=sample_weight, **kwargs)

    def partial_fit(self, X, y, **kwargs):
        """Train for one epoch more.

        Parameters
        ----------
        X : DataFrame
            What `Preprocessing` returns.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Target.
        **kwargs : dict
            As in SciKeras.
        """
        if not self.initialized_:
            self._read_attrs(X)
        return super().partial_fit(X, y, **kwargs)

    def initialize(self, X, y=None):
        """Build networks without training them.

        Parameters
        ----------
        X : DataFrame
            What `Preprocessing` returns.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Target.
        """
        self._read_attrs(X)
        return super().initialize(X, y)

    def _read_attrs(self, X):
        attrs = getattr(X, "attrs", {})
        if not {"schemas", "layout"} <= set(attrs):
            raise TypeError(
                f"{type(self).__name__} takes what the preprocessing step before it "
                f"returns, got {type(X).__name__}."
            )
        self.schemas_, self.layout_ = attrs["schemas"], attrs["layout"]

    def _keras_build_fn(self, found, meta, compile_kwargs, label_smoothing=0.0):
        """Return the networks that were found, for the data at hand, as one."""
        graph = found.graph(meta["schemas_"], meta["target_schema_"])
        models = [_averaged(graph.build(values).model) for values in found.values]
        model = _with_one_output(Ensemble(models, found.weights).as_model())
        ((head, target),) = graph.heads.values()
        optimizer, loss = compile_kwargs["optimizer"], compile_kwargs["loss"]
        if optimizer.weight_decay:
            kept = not_decayed(model, model.trainable_variables)
            optimizer.exclude_from_weight_decay(var_list=kept)
        if loss is None:
            loss = head.make_loss(target)
            if head.loss is None and label_smoothing:
                config = {**loss.get_config(), "label_smoothing": label_smoothing}
                loss = type(loss).from_config(config)
        metrics = compile_kwargs["metrics"] or head.make_metrics(target)
        changed = {"loss": loss, "metrics": metrics, "jit_compile": False}
        model.compile(**{**compile_kwargs, **changed})
        return model

    def __sklearn_tags__(self):
        """Return scikit-learn's tags, which SciKeras 0.13 does not know of."""
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        # A pipeline takes sparse data if all of its steps do: here the first decides.
        tags.input_tags.sparse = True
        return tags


class KerasClassifier(_FromSearch, wrappers.KerasClassifier):
    """SciKeras's classifier with networks that a search has found.

    Parameters are those of `scikeras.wrappers.KerasClassifier`; ``found`` holds the
    networks, and ``label_smoothing`` is that of the default loss.
    """

    def __sklearn_tags__(self):
        """Return scikit-learn's tags."""
        tags = super().__sklearn_tags__()
        tags.estimator_type = "classifier"
        tags.classifier_tags = ClassifierTags(multi_label=True)
        return tags


class KerasRegressor(_FromSearch, wrappers.KerasRegressor):
    """SciKeras's regressor with networks that a search has found.

    Parameters are those of `scikeras.wrappers.KerasRegressor`; ``found`` holds the
    networks.
    """

    def __sklearn_tags__(self):
        """Return scikit-learn's tags."""
        tags = super().__sklearn_tags__()
        tags.estimator_type = "regressor"
        tags.regressor_tags = RegressorTags()
        tags.target_tags.multi_output = True
        return tags
