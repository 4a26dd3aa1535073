"""SciKeras's estimators with networks that a search has chosen."""

import contextlib
import warnings

import numpy as np
from scikeras import wrappers
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import ClassifierTags, RegressorTags
from sklearn.utils.metaestimators import available_if

from skautokeras._data.split import Rows
from skautokeras._export.scikeras_networks import (
    compile_as_searched,
    with_plain_output,
)
from skautokeras._export.scikeras_table import as_arrays, layout_of
from skautokeras._export.scikeras_training import weights_of_values
from skautokeras._state.randomness import MAX_SEED


class TargetEncoder(TransformerMixin, BaseEstimator):
    """Encoder of the target of one head, as SciKeras needs it.

    Parameters
    ----------
    target : ClassAdapter or NumberAdapter
        Adapter of the target, which is not fitted.
    head : Head
        Head that encodes the target for its loss.
    classes : ndarray or None
        All classes that can occur. If None, the classes are those in y.
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
            Targets of the rows.
        """
        seen = y if self.classes is None else self.classes
        self.target_ = clone(self.target).fit(seen)
        return self

    def transform(self, y):
        """Encode targets.

        Parameters
        ----------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Targets of the rows.
        """
        encoded = self.head.encode(self.target_.transform(y), self.target_.schema_)
        return np.asarray(encoded)

    def inverse_transform(self, y, return_proba=False):
        """Decode the outputs of a network.

        Parameters
        ----------
        y : ndarray of shape (n_samples, n_outputs)
            Outputs of the network.
        return_proba : bool, default=False
            Whether to return probabilities instead of predictions.
        """
        if return_proba:
            return self.target_.probabilities(y)
        return self.target_.decode(y)

    def get_metadata(self):
        """Return the attributes that SciKeras sets on the estimator."""
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


def _generator(random_state):
    """Return a new generator, so that the global one does not change."""
    if isinstance(random_state, np.random.RandomState):
        random_state = random_state.randint(MAX_SEED)
    return np.random.default_rng(random_state)


class _FromSearch:
    """Base of the estimators, with SciKeras's hooks and scikit-learn's tags."""

    @property
    def target_encoder(self):
        """Transformer that encodes the target of the only head for its loss."""
        (target,), (head,) = self.networks.targets.targets, self.networks.heads.values()
        return TargetEncoder(target, head, getattr(self, "classes_", None))

    @property
    def feature_encoder(self):
        """Transformer that turns the table into the arrays that the networks take."""
        return _to_arrays(as_arrays, layout=self.layout_)

    def fit(self, X, y, sample_weight=None, **kwargs):
        """Train new networks.

        Parameters
        ----------
        X : DataFrame
            Table that `Preprocessing` returns.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets of the rows.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.
        **kwargs : dict
            Arguments of `keras.Model.fit`.
        """
        with self._attributes_of(X, y, sample_weight):
            return super().fit(X, y, sample_weight=sample_weight, **kwargs)

    def partial_fit(self, X, y, **kwargs):
        """Train for one more epoch.

        Parameters
        ----------
        X : DataFrame
            Table that `Preprocessing` returns.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets of the rows.
        **kwargs : dict
            Arguments of `partial_fit` of SciKeras's estimators.
        """
        if self.initialized_:
            return super().partial_fit(X, y, **kwargs)
        with self._attributes_of(X, y):
            return super().partial_fit(X, y, **kwargs)

    def initialize(self, X, y=None):
        """Build networks without training them.

        Parameters
        ----------
        X : DataFrame
            Table that `Preprocessing` returns.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets of the rows.
        """
        with self._attributes_of(X, y):
            return super().initialize(X, y)

    @contextlib.contextmanager
    def _attributes_of(self, X, y, sample_weight=None):
        """Keep what a table tells, and until exit the rows that layers start from."""
        attrs = getattr(X, "attrs", {})
        if not {"schemas", "layout"} <= set(attrs):
            raise TypeError(
                f"{type(self).__name__} takes what the preprocessing step before it "
                f"returns, got {type(X).__name__}."
            )
        self.schemas_, self.layout_ = attrs["schemas"], attrs["layout"]
        self._starting_rows = X, y, sample_weight
        try:
            with warnings.catch_warnings():
                # Networks of fitted layers alone are complete before the training.
                warnings.filterwarnings("ignore", "The model does not have any train")
                yield
        finally:
            del self._starting_rows

    def _rows_to_start_from(self):
        """Return the training rows, as the search has them."""
        X, y, weight = self._starting_rows
        y = self._encoded_targets(y)
        if weight is not None:
            weight = dict.fromkeys(y, np.asarray(weight))
        return Rows(as_arrays(X.to_numpy(), self.layout_), y, weight)

    def _encoded_targets(self, y):
        """Return the targets by the names of the heads."""
        (name,) = self.networks.heads
        return {name: self.target_encoder_.target_.transform(y)}

    def _take_targets(self, targets):
        """Set the fitted target of the encoder to the one of a fitted adapter."""
        (self.target_encoder_.target_,) = targets.targets_
        vars(self).update(self.target_encoder_.get_metadata())

    def _keras_build_fn(self, networks, meta, compile_kwargs, label_smoothing=0.0):
        """Return the networks of the search as one network for new data."""
        schemas, targets = meta["schemas_"], meta["target_schemas_"]
        rng = _generator(self.random_state)
        model = networks.build(schemas, targets, self._rows_to_start_from, rng)
        model = with_plain_output(model)
        heads = networks.search_space(schemas, targets).heads
        compile_as_searched(
            model,
            networks,
            heads,
            compile_kwargs,
            label_smoothing=label_smoothing,
            class_weights=meta.get("class_weights_", {}),
        )
        return model

    def __sklearn_tags__(self):
        """Return scikit-learn's tags, which SciKeras 0.13 does not support."""
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        # A pipeline takes sparse data only if all of its steps do. With this tag, it
        # depends on the first step alone.
        tags.input_tags.sparse = True
        return tags


class KerasClassifier(_FromSearch, wrappers.KerasClassifier):
    """SciKeras's classifier with networks that a search has chosen.

    It has the parameters of `scikeras.wrappers.KerasClassifier`. ``networks`` are the
    `ChosenNetworks`, and ``label_smoothing`` is that of the default loss.
    """

    def __sklearn_tags__(self):
        """Return scikit-learn's tags."""
        tags = super().__sklearn_tags__()
        tags.estimator_type = "classifier"
        tags.classifier_tags = ClassifierTags(multi_label=True)
        return tags


class KerasRegressor(_FromSearch, wrappers.KerasRegressor):
    """SciKeras's regressor with networks that a search has chosen.

    It has the parameters of `scikeras.wrappers.KerasRegressor`. ``networks`` are the
    `ChosenNetworks`.
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
    if not model.networks.class_heads:
        raise AttributeError(f"{type(model).__name__} has no head for classes.")
    return True


class KerasMultiOutput(_FromSearch, wrappers.BaseWrapper):
    """SciKeras's estimator for several heads, with networks that a search has chosen.

    SciKeras checks y as one array. For this reason, all targets are encoded into the
    columns of one array before SciKeras gets them, and they are decoded afterwards.

    It has the parameters of `scikeras.wrappers.BaseWrapper`. ``networks`` are the
    `ChosenNetworks`, ``label_smoothing`` is that of the default losses for classes, and
    ``class_weight`` is a dict by head. ``loss``, ``metrics`` and
    ``compile__loss_weights`` are dicts by head, too, and replace those of the heads.
    """

    def __init__(self, model=None, *, class_weight=None, **kwargs):
        super().__init__(model, **kwargs)
        self.class_weight = class_weight

    @property
    def target_encoder(self):
        """Transformer that encodes the columns of all targets for their losses."""
        arguments = {
            "layout": self.target_layout_,
            "heads": self.networks.heads,
            "targets": self.target_schemas_,
        }
        return _to_arrays(_encoded, **arguments)

    def fit(self, X, y, sample_weight=None, **kwargs):
        """Train new networks.

        Parameters
        ----------
        X : DataFrame
            Table that `Preprocessing` returns.
        y : array-like, DataFrame, or list or dict of them
            Targets of all heads, one y per head.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.
        **kwargs : dict
            Arguments of `keras.Model.fit`.
        """
        y = self._side_by_side(y, learn=not (self.warm_start and self.initialized_))
        # Keras weighs classes for one output only, so the losses hold the weights.
        return super().fit(X, y, sample_weight, class_weight=None, **kwargs)

    def partial_fit(self, X, y, **kwargs):
        """Train for one more epoch.

        Parameters
        ----------
        X : DataFrame
            Table that `Preprocessing` returns.
        y : array-like, DataFrame, or list or dict of them
            Targets of all heads, one y per head.
        **kwargs : dict
            Arguments of `partial_fit` of SciKeras's estimators.
        """
        y = self._side_by_side(y, learn=not self.initialized_)
        return super().partial_fit(X, y, class_weight=None, **kwargs)

    def initialize(self, X, y=None):
        """Build networks without training them.

        Parameters
        ----------
        X : DataFrame
            Table that `Preprocessing` returns.
        y : array-like, DataFrame, or list or dict of them
            Targets of all heads, one y per head.
        """
        return super().initialize(X, self._side_by_side(y, learn=True))

    def predict(self, X, **kwargs):
        """Predict targets.

        Parameters
        ----------
        X : DataFrame
            Table that `Preprocessing` returns.
        **kwargs : dict
            Arguments of `keras.Model.predict`.

        Returns
        -------
        y : ndarray, DataFrame, or list or dict of ndarray
            Predictions in the form that y had in `fit`.
        """
        y_pred = super().predict(X, **kwargs)
        return self.targets_.decode(y_pred)

    @available_if(_has_classes)
    def predict_proba(self, X, **kwargs):
        """Predict probabilities of the classes.

        Parameters
        ----------
        X : DataFrame
            Table that `Preprocessing` returns.
        **kwargs : dict
            Arguments of `keras.Model.predict`.

        Returns
        -------
        probabilities : dict of str to ndarray of shape (n_samples, n_classes)
            Probabilities by the names of the heads that predict classes.
        """
        y_pred = super().predict(X, **kwargs)
        return self.targets_.probabilities(y_pred)

    def score(self, X, y, sample_weight=None):
        """Return the mean over all heads of accuracy (classes) or R2 (numbers).

        Parameters
        ----------
        X : DataFrame
            Table that `Preprocessing` returns.
        y : array-like, DataFrame, or list or dict of them
            Targets of all heads, one y per head.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.

        Returns
        -------
        score : float
        """
        y_pred = super().predict(X)
        return self.targets_.score(y, y_pred, sample_weight)

    def _encoded_targets(self, y):
        """Return the columns of each head, which stand side by side."""
        return as_arrays(y, self.target_layout_)

    def _side_by_side(self, y, *, learn):
        """Return the encoded targets as one array (n_samples, n_columns)."""
        if learn:
            self._take_targets(clone(self.networks.targets).fit(y))
        arrays = self.targets_.transform(y)
        if learn:
            self.target_layout_ = layout_of(arrays)
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
        if not self.networks.class_heads:
            tags.estimator_type = "regressor"
            tags.regressor_tags = RegressorTags()
        return tags


def _to_arrays(function, **arguments):
    """Return a transformer that makes arrays, whatever scikit-learn is told to make."""
    transformer = FunctionTransformer(function, kw_args=arguments)
    return transformer.set_output(transform="default")


def _encoded(y, layout, heads, targets):
    """Turn the columns of one array into the target that each head's loss needs."""
    arrays = as_arrays(y, layout)
    return {
        name: np.asarray(head.encode(arrays[name], target))
        for (name, head), target in zip(heads.items(), targets, strict=True)
    }
