"""What the benchmarks take from inside of skautokeras, in this one place."""

from dataclasses import dataclass


def make_problem(estimator, X, y):
    """Return the arrays and the search space that a `fit` would work on."""
    from skautokeras._estimators.base import Sample
    from skautokeras._estimators.settings import fit_settings

    wiring = estimator._wire()
    sample = Sample(X, y, None, tuple(wiring.input_names), tuple(wiring.head_names))
    return estimator._make_problem(sample, None, wiring, fit_settings(estimator, {}))


@dataclass(frozen=True, eq=False)
class Network:
    """One network of a search space, and the arrays that it is trained on.

    Attributes
    ----------
    network : keras.Model
        Not trained; from a dict of arrays to a dict with one output.
    head : str
        Name of that output.
    training : Training
        Optimizer, learning rate, weight decay and batch size.
    loss : keras.losses.Loss
        Of the output.
    train, valid : tuple
        ``(x, y)``: a dict of arrays by input, and the encoded target.
    """

    network: object
    head: str
    training: object
    loss: object
    train: tuple
    valid: tuple


def build(problem, values):
    """Return the `Network` of a configuration.

    Parameters
    ----------
    problem : Problem
        From `make_problem`.
    values : dict
        Hyperparameters of the network.
    """
    import numpy as np

    built = problem.graph.build(values)
    ((head, target),) = problem.graph.heads.values()
    ((name, loss),) = built.losses.items()

    def arrays(rows):
        x = rows.x if built.preprocess is None else built.preprocess(rows.x)
        (y,) = rows.y.values()
        return {k: np.asarray(a) for k, a in x.items()}, np.asarray(
            head.encode(y, target)
        )

    return Network(
        network=built.network,
        head=name,
        training=built.training,
        loss=loss,
        train=arrays(problem.data.train),
        valid=arrays(problem.data.valid),
    )


def prepare_rows(estimator, X):
    """Return the arrays that `model_` of a fitted estimator takes for raw rows."""
    return estimator._adapter.transform(estimator._check_X(X, reset=False))


def predefined_configurations():
    """Return the configurations that a search for tables starts with."""
    from skautokeras._space.portfolio import predefined

    return predefined(["structured_data_block_1"])
