"""Export of the chosen networks as SciKeras estimators, which need no new search.

The export is a pipeline of two steps. `Preprocessing` fits the adapter of the estimator
and returns its arrays as one table. The `DataFrame.attrs` of the table hold the schemas
of the data and the layout of the arrays in the table. The second step is a
`KerasClassifier`, a `KerasRegressor` or, for several heads, a `KerasMultiOutput`. It
builds the chosen networks for the data and trains them by the rules of the search.
"""

from collections import defaultdict
from copy import deepcopy

import keras
import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from skautokeras._ensemble.ensemble import Ensemble
from skautokeras._export.keras_model import export_keras_model
from skautokeras._export.scikeras_estimators import (
    KerasClassifier,
    KerasMultiOutput,
    KerasRegressor,
)
from skautokeras._export.scikeras_networks import (
    as_one_network,
    loss_for_parts,
    with_plain_output,
)
from skautokeras._export.scikeras_table import Preprocessing, as_table
from skautokeras._export.scikeras_training import PipelineRules
from skautokeras._training.optimization import optimizer_for


def make_pipeline(networks, adapter, targets, *, random_state, class_weight):
    """Return the networks of a search as a pipeline that is not fitted.

    Parameters
    ----------
    networks : ChosenNetworks
        Networks that the search has chosen.
    adapter : XAdapter
        Adapter of X, fitted in the search.
    targets : list of TargetSchema
        Schemas of the targets of the search, one per head.
    random_state : int, RandomState instance or None
        Seed of the weights and of the order of the rows.
    class_weight : dict, list of dict, "balanced" or None
        Weights of the classes, as in scikit-learn; with several heads, a dict by head.

    Returns
    -------
    pipeline : Pipeline
        Pipeline of the steps "preprocessing" and "model".
    """
    search_space = networks.search_space(adapter.schemas_, targets)
    training = search_space.build(networks.values[0]).training
    has_classes = any(schema.is_classification for schema in targets)
    params = {
        **training_params(training, smooths_labels=has_classes),
        "epochs": networks.epochs,
        "verbose": 0,
        "random_state": random_state,
        "networks": networks,
    }
    if has_classes:
        params["class_weight"] = class_weight
    model = _estimator_class(targets)(**params)
    preprocessing = Preprocessing(clone(adapter), networks.targets)
    return Pipeline([("preprocessing", preprocessing), ("model", model)])


def training_params(training, *, smooths_labels):
    """Return the parameters of SciKeras's estimators for a training of the search.

    Parameters
    ----------
    training : Training
        Training of the best network in the search.
    smooths_labels : bool
        Whether there is a head for classes.

    Returns
    -------
    params : dict of str to object
        Parameters for the constructor or for ``set_params``.
    """
    params = {
        "optimizer": training.optimizer,
        "optimizer__learning_rate": training.learning_rate,
        "optimizer__weight_decay": training.weight_decay or None,
        "batch_size": training.batch_size,
        "callbacks": PipelineRules,
        "callbacks__schedule": training.schedule,
        "callbacks__warm_up": training.warm_up,
        "callbacks__regularization": training.regularization,
    }
    if training.ema_momentum:
        params["optimizer__use_ema"] = True
        params["optimizer__ema_momentum"] = training.ema_momentum
    if training.squared_momentum is not None:
        params["optimizer__beta_2"] = training.squared_momentum
    if smooths_labels:
        params["label_smoothing"] = training.label_smoothing
    return params


def _estimator_class(targets):
    """Return the class of the second step of the pipeline."""
    if len(targets) > 1:
        return KerasMultiOutput
    return KerasClassifier if targets[0].is_classification else KerasRegressor


def fill_pipeline(pipeline, estimator):
    """Make a pipeline predict as the search does.

    Parameters
    ----------
    pipeline : Pipeline
        Pipeline that `make_pipeline` has returned. It is changed in place.
    estimator : estimator
        Fitted estimator, whose adapters, networks and history are taken.
    """
    targets, ensemble = estimator._targets, estimator._ensemble
    preprocessing, model = (step for _, step in pipeline.steps)
    preprocessing.adapter_ = deepcopy(estimator._adapter)
    preprocessing.schemas_ = preprocessing.adapter_.schemas_
    for name in ("n_features_in_", "feature_names_in_"):
        if hasattr(estimator, name):
            setattr(preprocessing, name, getattr(estimator, name))
    one = as_one_network(ensemble.models, ensemble.weights)
    network = export_keras_model(Ensemble([one], [1.0], ensemble.temperatures))
    y, n_rows = _some_targets(targets)
    arrays = {
        name: np.zeros((n_rows, *tensor.shape[1:]), tensor.dtype)
        for name, tensor in network.input.items()
    }
    # SciKeras predicts only after `initialize`; the trained networks replace its model.
    model.initialize(as_table(arrays, preprocessing.schemas_), y)
    model._take_targets(deepcopy(targets))
    unfitted = model.model_
    model.model_ = with_plain_output(network)
    model.model_.compile(
        optimizer=optimizer_for(model.model_, unfitted.optimizer),
        loss=keras.tree.map_structure(
            lambda loss: loss_for_parts(loss, model.model_, ensemble.weights),
            unfitted.loss,
        ),
        loss_weights=model.networks.loss_weights,
        jit_compile=False,
    )
    # A pickle holds the state of the optimizer, even if there has been no step yet.
    model.model_.optimizer.build(model.model_.trainable_variables)
    model.history_ = defaultdict(list, deepcopy(estimator.history_))


def _some_targets(targets):
    """Return a small y with every class and label of each head, and its length."""
    rows = [_rows_of_all_kinds(target) for target in targets.targets_]
    n_rows = max(map(len, rows))
    # Heads differ in their number of rows, so the rows of shorter ones are repeated.
    rows = [np.resize(y, (n_rows, *y.shape[1:])) for y in rows]
    if len(rows) == 1:
        return rows[0], n_rows
    return dict(zip(targets.names, rows, strict=True)), n_rows


def _rows_of_all_kinds(target):
    """Return rows of the y of one head that contain every class or label."""
    schema = target.schema_
    if schema.kind == "multilabel":
        return np.repeat([[0], [1]], schema.n_outputs, axis=1)
    if schema.is_classification:
        return target.classes_
    return target.inverse_transform(np.eye(2, schema.n_outputs))
