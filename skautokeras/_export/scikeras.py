"""The found networks as SciKeras estimators: to train again without a new search.

A pipeline of two steps. `Preprocessing` fits the adapter of the estimator and hands its
arrays on as one table; with it go, as `DataFrame.attrs`, what it has learned about the
data and how the table is to be taken apart. A `KerasClassifier`, a `KerasRegressor` or,
for several heads, a `KerasMultiOutput` builds the networks that were found for such
data, and trains them.
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
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skautokeras._data.structured_data import StructuredDataAdapter
from skautokeras._data.table import check_columns
from skautokeras._data.text import TextAdapter, informed_schemas
from skautokeras._data.y_adapter import YAdapter, values_by_head
from skautokeras._ensemble.ensemble import Ensemble
from skautokeras._export.keras_model import export_keras_model
from skautokeras._export.scikeras_training import (
    LearningRateSchedule,
    averaged,
    loss_of,
    weights_of_values,
)
from skautokeras._space.graph import Graph
from skautokeras._space.heads import ClassificationHead
from skautokeras._space.search_space import SearchSpace
from skautokeras._training.optimization import not_decayed


@dataclass(frozen=True, eq=False)
class Found:
    """What a search has found: networks, and how the best of them was trained.

    ``inputs`` and ``outputs`` are the nodes of the search space; ``values`` are the
    hyperparameters of each network and ``weights`` its share in the mean, the best one
    first; ``targets`` is the adapter of what the heads predict, not fitted;
    ``n_samples`` is what the search was given, ``epochs`` is after how many the best
    network was best, and ``batch_size`` is what the user has fixed, or None.
    """

    inputs: list
    outputs: list
    values: list
    weights: list
    targets: YAdapter
    n_samples: int
    epochs: int
    batch_size: int | None

    def search_space(self, schemas, targets):
        """Return the search space for other data.

        Parameters
        ----------
        schemas : list
            One schema per input.
        targets : list of TargetSchema
            What each head predicts.
        """
        return SearchSpace(
            Graph(self.inputs, self.outputs),
            schemas=schemas,
            targets=targets,
            n_samples=self.n_samples,
            batch_size=self.batch_size,
        )

    @property
    def heads(self):
        """Each head by its name."""
        blocks = [node.block for node in self.outputs]
        return dict(zip(self.targets.names, blocks, strict=True))

    @property
    def of_classes(self):
        """Names of the heads that predict classes."""
        heads = self.heads.items()
        return [name for name, head in heads if isinstance(head, ClassificationHead)]

    @property
    def loss_weights(self):
        """What the loss of each head is multiplied with, by name; None for one head."""
        if len(self.outputs) == 1:
            return None
        return {name: float(head.loss_weight) for name, head in self.heads.items()}


def make_pipeline(found, adapter, targets, *, random_state, class_weight):
    """Return the networks of a search as a pipeline, not fitted.

    Parameters
    ----------
    found : Found
        The networks.
    adapter : XAdapter
        Fitted in the search.
    targets : list of TargetSchema
        What each head predicted there.
    random_state : int, RandomState instance or None
        Seed of the weights and of the order of the rows.
    class_weight : dict, list of dict, "balanced" or None
        As in scikit-learn; with several heads a dict by head of these.

    Returns
    -------
    pipeline : Pipeline
        Of the steps "preprocessing" and "model".
    """
    search_space = found.search_space(adapter.schemas_, targets)
    training = search_space.build(found.values[0]).training
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
    if any(schema.is_classification for schema in targets):
        params["label_smoothing"] = training.label_smoothing
        params["class_weight"] = class_weight
    model = _estimator_class(targets)(**params)
    preprocessing = Preprocessing(clone(adapter), found.targets)
    return Pipeline([("preprocessing", preprocessing), ("model", model)])


def _estimator_class(targets):
    """Return the class of the second step."""
    if len(targets) > 1:
        return KerasMultiOutput
    return KerasClassifier if targets[0].is_classification else KerasRegressor


def fill_pipeline(pipeline, estimator, adapter, targets, ensemble, history):
    """Make a pipeline predict as the search does.

    Parameters
    ----------
    pipeline : Pipeline
        From `make_pipeline`. It is changed.
    estimator : estimator
        Has the names and the number of the columns, if there are columns.
    adapter : XAdapter
        Fitted in the search.
    targets : YAdapter
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
    models = [averaged(network) for network in ensemble.models]
    network = export_keras_model(
        Ensemble(models, ensemble.weights, ensemble.temperatures)
    )
    y, n_rows = _some_targets(targets)
    arrays = {
        name: np.zeros((n_rows, *tensor.shape[1:]), tensor.dtype)
        for name, tensor in network.input.items()
    }
    # SciKeras's way to predict without a training; the networks are put in afterwards.
    model.initialize(_as_table(arrays, preprocessing.schemas_), y)
    model._take_targets(deepcopy(targets))
    blank = model.model_
    model.model_ = _with_plain_output(network)
    model.model_.compile(
        optimizer=type(blank.optimizer).from_config(blank.optimizer.get_config()),
        loss=blank.loss,
        loss_weights=model.found.loss_weights,
        jit_compile=False,
    )
    # A pickle holds the state of the optimizer, even if there has been no step yet.
    model.model_.optimizer.build(model.model_.trainable_variables)
    model.history_ = defaultdict(list, deepcopy(history))


def _some_targets(targets):
    """Return a y that holds all there is to learn about its form, and its length."""
    rows = [_rows_of_all_kinds(target) for target in targets.targets_]
    n_rows = max(map(len, rows))
    # Each head has its own number of rows: they begin again until all are as long.
    rows = [np.resize(y, (n_rows, *y.shape[1:])) for y in rows]
    return _alone(dict(zip(targets.names, rows, strict=True))), n_rows


def _rows_of_all_kinds(target):
    """Return rows of the y of one head, each class or label among them."""
    schema = target.schema_
    if schema.kind == "multilabel":
        return np.eye(schema.n_outputs, dtype=int)
    if schema.is_classification:
        return target.classes_
    return target.inverse_transform(np.eye(2, schema.n_outputs))


def _alone(by_head):
    """Return what belongs to the heads, without a dict where there is but one."""
    return by_head if len(by_head) > 1 else next(iter(by_head.values()))


def _with_plain_output(model):
    """Return a network whose output is a tensor instead of a dict of one."""
    if len(model.output) > 1:
        return model
    return keras.Model(model.input, _alone(model.output))


class Preprocessing(TransformerMixin, BaseEstimator):
    """Fit an adapter and hand its arrays on as one table.

    Parameters
    ----------
    adapter : XAdapter
        Turns X into arrays.
    targets : YAdapter
        Encodes y, from which texts learn which n-grams tell classes apart.

    Attributes
    ----------
    adapter_ : XAdapter
        Fitted.
    schemas_ : list
        What the adapter has learned about each input.
    """

    def __init__(self, adapter, targets):
        self.adapter = adapter
        self.targets = targets

    def fit(self, X, y=None):
        """Fit the adapter.

        Parameters
        ----------
        X : object
            As the estimator takes it.
        y : array-like, DataFrame, or list or dict of them, default=None
            Target, as the estimator takes it.

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
        y : array-like, DataFrame, or list or dict of them, default=None
            Target, as the estimator takes it.

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
            y = clone(self.targets).fit(y).transform(y)
            # As in the search: of several targets the first one counts.
            y = next(iter(y.values()))
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
    layout = _layout({name: arrays[name] for name in names})
    table.attrs = {"schemas": schemas, "layout": layout}
    return table


def _layout(arrays):
    """Return how arrays (n_samples, ...) that stand side by side are taken apart."""
    return {name: (a.shape[1:], a.dtype.str) for name, a in arrays.items()}


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
    target : ClassAdapter or NumberAdapter
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
            Evaluation.
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
            "target_schemas_": [schema],
            "n_outputs_": schema.n_outputs,
            "n_outputs_expected_": 1,
        }
        if schema.is_classification:
            classes = self.target_.classes_
            metadata |= {"classes_": classes, "n_classes_": len(classes)}
        return metadata


class _FromSearch:
    """What the estimators share: SciKeras's hooks, and scikit-learn's tags."""

    @property
    def target_encoder(self):
        """The target of the one head as its loss wants it."""
        (target,), (head,) = self.found.targets.targets, self.found.heads.values()
        return TargetEncoder(target, head, getattr(self, "classes_", None))

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

    def _take_targets(self, targets):
        """Have the target that an adapter was fitted to."""
        (self.target_encoder_.target_,) = targets.targets_
        vars(self).update(self.target_encoder_.get_metadata())

    def _keras_build_fn(self, found, meta, compile_kwargs, label_smoothing=0.0):
        """Return the networks that were found, for the data at hand, as one."""
        search_space = found.search_space(meta["schemas_"], meta["target_schemas_"])
        models = [averaged(search_space.build(values).model) for values in found.values]
        model = _with_plain_output(Ensemble(models, found.weights).as_model())
        optimizer = compile_kwargs["optimizer"]
        if optimizer.weight_decay:
            kept = not_decayed(model, model.trainable_variables)
            optimizer.exclude_from_weight_decay(var_list=kept)
        given = {
            parameter: values_by_head(
                parameter, compile_kwargs[parameter], search_space.heads
            )
            for parameter in ("loss", "metrics")
        }
        losses, metrics = {}, {}
        for name, (head, target) in search_space.heads.items():
            losses[name] = loss_of(
                head,
                target,
                given["loss"].get(name),
                label_smoothing=label_smoothing,
                class_weights=meta.get("class_weights_", {}).get(name),
            )
            metrics[name] = given["metrics"].get(name) or head.make_metrics(target)
        changed = {
            "loss": _alone(losses),
            "metrics": _alone(metrics),
            "jit_compile": False,
        }
        weights = {"loss_weights": found.loss_weights}
        model.compile(**{**weights, **compile_kwargs, **changed})
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


def _has_classes(model):
    """Return whether a head predicts classes; raise AttributeError if none does."""
    if not model.found.of_classes:
        raise AttributeError(f"{type(model).__name__} has no head for classes.")
    return True


class KerasMultiOutput(_FromSearch, wrappers.BaseWrapper):
    """SciKeras's estimator with networks that a search has found for several heads.

    SciKeras checks y as one array. So the targets are encoded before it sees them, side
    by side in one array, and decoded after it.

    Parameters are those of `scikeras.wrappers.BaseWrapper`; ``found`` holds the
    networks, ``label_smoothing`` is that of the default losses for classes, and
    ``class_weight`` is a dict by head. So are ``loss``, ``metrics`` and
    ``compile__loss_weights``, which take the place of what the heads say.
    """

    def __init__(self, model=None, *, class_weight=None, **kwargs):
        super().__init__(model, **kwargs)
        self.class_weight = class_weight

    @property
    def target_encoder(self):
        """The targets that stand side by side as their losses want them."""
        arguments = {
            "layout": self.target_layout_,
            "heads": self.found.heads,
            "targets": self.target_schemas_,
        }
        return FunctionTransformer(_encoded, kw_args=arguments)

    def fit(self, X, y, sample_weight=None, **kwargs):
        """Train new networks.

        Parameters
        ----------
        X : DataFrame
            What `Preprocessing` returns.
        y : array-like, DataFrame, or list or dict of them
            One y per head.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.
        **kwargs : dict
            Arguments of `keras.Model.fit`.
        """
        y = self._side_by_side(y, learn=not (self.warm_start and self.initialized_))
        # Keras has weights of classes for one output only: here they are in the losses.
        return super().fit(X, y, sample_weight, class_weight=None, **kwargs)

    def partial_fit(self, X, y, **kwargs):
        """Train for one epoch more.

        Parameters
        ----------
        X : DataFrame
            What `Preprocessing` returns.
        y : array-like, DataFrame, or list or dict of them
            One y per head.
        **kwargs : dict
            As in SciKeras.
        """
        y = self._side_by_side(y, learn=not self.initialized_)
        return super().partial_fit(X, y, class_weight=None, **kwargs)

    def initialize(self, X, y=None):
        """Build networks without training them.

        Parameters
        ----------
        X : DataFrame
            What `Preprocessing` returns.
        y : array-like, DataFrame, or list or dict of them
            One y per head.
        """
        return super().initialize(X, self._side_by_side(y, learn=True))

    def predict(self, X, **kwargs):
        """Predict targets.

        Parameters
        ----------
        X : DataFrame
            What `Preprocessing` returns.
        **kwargs : dict
            Arguments of `keras.Model.predict`.

        Returns
        -------
        y : ndarray, DataFrame, or list or dict of ndarray
            In the form that y had in `fit`.
        """
        y_pred = super().predict(X, **kwargs)
        return self.targets_.decode(y_pred)

    @available_if(_has_classes)
    def predict_proba(self, X, **kwargs):
        """Predict probabilities of the classes.

        Parameters
        ----------
        X : DataFrame
            What `Preprocessing` returns.
        **kwargs : dict
            Arguments of `keras.Model.predict`.

        Returns
        -------
        probabilities : dict of str to ndarray of shape (n_samples, n_classes)
            By the names of the heads that predict classes.
        """
        y_pred = super().predict(X, **kwargs)
        return self.targets_.probabilities(y_pred)

    def score(self, X, y, sample_weight=None):
        """Return the mean over all heads of accuracy (classes) or R2 (numbers).

        Parameters
        ----------
        X : DataFrame
            What `Preprocessing` returns.
        y : array-like, DataFrame, or list or dict of them
            One y per head.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.

        Returns
        -------
        score : float
        """
        y_pred = super().predict(X)
        return self.targets_.score(y, y_pred, sample_weight)

    def _side_by_side(self, y, *, learn):
        """Return the encoded targets as one array (n_samples, n_columns)."""
        if learn:
            self._take_targets(clone(self.found.targets).fit(y))
        arrays = self.targets_.transform(y)
        if learn:
            self.target_layout_ = _layout(arrays)
            parts, by_head = self.targets_.split(y), {}
            for name, of_head in self.targets_.class_weights(self.class_weight).items():
                labels = self.targets_.by_head[name].true_values(parts[name])
                by_head[name] = weights_of_values(of_head, labels, arrays[name])
            self.class_weights_ = by_head
        return np.column_stack(list(arrays.values()))

    def _take_targets(self, targets):
        self.targets_ = targets
        self.target_schemas_ = targets.schemas_
        self.n_outputs_expected_ = len(targets.names)
        if targets.class_adapters:
            self.classes_ = {k: t.classes_ for k, t in targets.class_adapters.items()}

    def __sklearn_tags__(self):
        """Return scikit-learn's tags."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        if not self.found.of_classes:
            tags.estimator_type = "regressor"
            tags.regressor_tags = RegressorTags()
        return tags


def _encoded(y, layout, heads, targets):
    """Return what the loss of each head compares with, from columns side by side."""
    arrays = _as_arrays(y, layout)
    return {
        name: np.asarray(head.encode(arrays[name], target))
        for (name, head), target in zip(heads.items(), targets, strict=True)
    }
