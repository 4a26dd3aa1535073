"""The networks that a search has chosen, built and compiled as one network."""

from dataclasses import dataclass

import keras

from skautokeras._data.y_adapter import YAdapter, values_by_head
from skautokeras._export.scikeras_training import MeanOfNetworks, loss_of
from skautokeras._layers.base import walk
from skautokeras._layers.ensemble import MeanOfMembers
from skautokeras._space.graph import Graph
from skautokeras._space.heads import ClassificationHead, make_metric
from skautokeras._space.losses import LossOfMembers, as_loss
from skautokeras._space.search_space import SearchSpace
from skautokeras._training.keras_metrics import MetricOfMean
from skautokeras._training.optimization import optimizer_for
from skautokeras._training.preparation import start_from_data, starts_from_rows


@dataclass(frozen=True, eq=False)
class ChosenNetworks:
    """The networks that a search has chosen, and how the best of them was trained.

    Parameters
    ----------
    inputs, outputs : list of Node
        Nodes of the search space.
    values : list of dict
        Hyperparameters of each network, the best one first.
    weights : list of float
        Share of each network in the mean.
    n_iterations : list of int or None
        Number of iterations of the layers of each network that are fitted before a
        training, such as boosted trees. None if there are no such layers.
    targets : YAdapter
        Adapter of y, which is not fitted.
    n_samples : int
        Number of rows of the search.
    epochs : int
        Number of epochs after which the best network had its best score.
    batch_size : int or None
        Batch size that the user has set. If None, it is a hyperparameter.
    """

    inputs: list
    outputs: list
    values: list
    weights: list
    n_iterations: list
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
            Schemas of the targets, one per head.
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
        """The heads by their names."""
        blocks = [node.block for node in self.outputs]
        return dict(zip(self.targets.names, blocks, strict=True))

    @property
    def class_heads(self):
        """Names of the heads that predict classes."""
        heads = self.heads.items()
        return [name for name, head in heads if isinstance(head, ClassificationHead)]

    @property
    def loss_weights(self):
        """Factors of the losses by the names of the heads, or None for one head."""
        if len(self.outputs) == 1:
            return None
        return {name: float(head.loss_weight) for name, head in self.heads.items()}

    def build(self, schemas, targets, make_rows, rng):
        """Return new networks for other data as one network.

        Parameters
        ----------
        schemas : list
            One schema per input.
        targets : list of TargetSchema
            Schemas of the targets, one per head.
        make_rows : callable
            Function that returns the training rows, as `Rows`. It is called only if
            layers start from them.
        rng : numpy.random.Generator
            Random generator for the layers that draw from these rows.

        Returns
        -------
        model : keras.Model
            Model that maps a dict of arrays to a dict of outputs by head.
        """
        search_space = self.search_space(schemas, targets)
        networks = [search_space.build(values) for values in self.values]
        if any(starts_from_rows(built.network) for built in networks):
            rows = make_rows()
            for built, count in zip(networks, self.n_iterations, strict=True):
                start_from_data(built, rows, rng, n_iterations=count)
        return as_one_network([built.model for built in networks], self.weights)


def as_one_network(models, weights):
    """Return one network whose output is the weighted mean of several networks.

    Each network is trained by its own loss, as in the search; see `MeanOfNetworks`.

    Parameters
    ----------
    models : list of keras.Model
        Networks with the same inputs and the same heads.
    weights : list of float
        One per model; they sum to 1.
    """
    if len(models) == 1:
        return models[0]
    inputs = models[0].input
    outputs = [model(inputs) for model in models]
    mean = {
        name: MeanOfNetworks(weights)([output[name] for output in outputs])
        for name in outputs[0]
    }
    return keras.Model(inputs, mean)


def compile_as_searched(
    model, networks, targets, compile_kwargs, *, label_smoothing, class_weights
):
    """Compile a network so that it is trained as in the search.

    Parameters
    ----------
    model : keras.Model
        Network that `ChosenNetworks.build` has returned. If it has one head, its output
        is a tensor instead of a dict.
    networks : ChosenNetworks
        Networks of the search that the model consists of.
    targets : dict of str to (Head, TargetSchema)
        Heads and the schemas of their targets.
    compile_kwargs : dict
        Arguments of `keras.Model.compile` from SciKeras. Losses, metrics and loss
        weights of the user replace those of the heads.
    label_smoothing : float
        Label smoothing of the default losses for classes.
    class_weights : dict of str to ndarray
        Weights of classes by head, from `weights_of_values`.
    """
    given = {
        parameter: values_by_head(parameter, compile_kwargs[parameter], targets)
        for parameter in ("loss", "metrics")
    }
    schemas = [target for _, target in targets.values()]
    scales = networks.search_space([], schemas).scales(networks.values[0])
    losses, metrics = {}, {}
    for name, (head, target) in targets.items():
        loss = loss_of(
            head,
            target,
            given["loss"].get(name),
            scale=scales[name],
            label_smoothing=label_smoothing,
            class_weights=class_weights.get(name),
        )
        losses[name] = loss_for_parts(loss, model, networks.weights)
        metrics[name] = given["metrics"].get(name) or head.make_metrics(target)
        if _has_parts(model):
            metrics[name] = [
                MetricOfMean(make_metric(m, head.layout(target)), networks.weights)
                for m in metrics[name]
            ]
    if len(targets) == 1:
        (losses,), (metrics,) = losses.values(), metrics.values()
        # SciKeras compares a loss with its own parameter, unless the loss is a list.
        losses = [losses] if _has_parts(model) else losses
    changed = {
        "loss": losses,
        "metrics": metrics,
        "optimizer": optimizer_for(model, compile_kwargs["optimizer"]),
        "jit_compile": False,
    }
    weights = {"loss_weights": networks.loss_weights}
    model.compile(**{**weights, **compile_kwargs, **changed})


def loss_for_parts(loss, model, weights):
    """Return a loss that trains each network of a model, and each member, by itself.

    Parameters
    ----------
    loss : str, callable or keras.losses.Loss
        Loss of one head.
    model : keras.Model
        Network that `as_one_network` has returned.
    weights : list of float
        Weights of the networks.
    """
    if isinstance(loss, LossOfMembers):
        loss = loss.loss
    return LossOfMembers(as_loss(loss), weights) if _has_parts(model) else loss


def _has_parts(model):
    """Return whether a model has several networks or members with separate losses."""
    parts = MeanOfNetworks | MeanOfMembers
    return any(isinstance(layer, parts) for layer in walk(model))


def with_plain_output(model):
    """Return a network whose output is a tensor instead of a dict of one."""
    if len(model.output) > 1:
        return model
    (output,) = model.output.values()
    return keras.Model(model.input, output)
