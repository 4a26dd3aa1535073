"""What the benchmarks take from inside of skautokeras, in this one place."""

from dataclasses import dataclass

import numpy as np


def prepare_search(estimator, X, y):
    """Return the arrays and the search space that a `fit` would work on."""
    from skautokeras._fit import Sample, make_options, prepare

    graph = estimator._wire()
    return prepare(
        graph,
        Sample(X, y, None, graph.input_names, graph.head_names),
        None,
        make_options(estimator, {}),
        check_X=estimator._check_X,
        name=type(estimator).__name__,
        description=None,
        journal=None,
    )


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


def build(preparation, values):
    """Return the `Network` of a configuration.

    Parameters
    ----------
    preparation : Preparation
        From `prepare_search`.
    values : dict
        Hyperparameters of the network.
    """
    built = preparation.problem.search_space.build(values)
    ((head, target),) = preparation.problem.heads.values()
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
        train=arrays(preparation.data.train),
        valid=arrays(preparation.data.valid),
    )


def prepare_rows(estimator, X):
    """Return the arrays that `model_` of a fitted estimator takes for raw rows."""
    return estimator._adapter.transform(estimator._check_X(X, reset=False))


def predefined_configurations():
    """Return the configurations that a search for tables starts with."""
    from skautokeras import StructuredDataBlock
    from skautokeras._space import full_names

    known = StructuredDataBlock().known_configurations((), ())
    return [full_names("structured_data_block_1", values) for values in known]


def make_request(estimator, X):
    """Return one array per input of the exported model.

    Parameters
    ----------
    estimator : estimator
        Fitted.
    X : DataFrame or ndarray
        Rows as `predict` takes them. Images come as arrays.

    Returns
    -------
    request : dict of str to ndarray of shape (n_samples, ...)
        Floats for numbers, NaN where one is missing; strings (objects) for categories,
        dates and texts, empty where one is missing; pixels with an axis for channels.
    """
    from skautokeras._data import StructuredDataAdapter, TextAdapter, read_texts
    from skautokeras._export import input_names

    adapter = estimator._adapter
    request = {}
    for name, names in input_names(adapter).items():
        part = adapter.adapters_[adapter.names.index(name)]
        if isinstance(part, StructuredDataAdapter):
            request |= _table_request(part, names, X)
            continue
        label = adapter.column_names_[name]
        column = X if label is None else X[label]
        if isinstance(part, TextAdapter):
            sent = np.array(read_texts(column), dtype=object)
        elif len(part.schema_.shape) == 3:
            sent = _pixels(np.stack(list(column)), part.schema_)
        else:
            sent = np.stack(list(column)).astype("float32")
        request[names[None]] = sent
    return request


def _pixels(images, schema):
    if images.ndim == 2:
        return images.reshape(-1, *schema.shape).astype(schema.dtype)
    images = images[..., None] if images.ndim == 3 else images
    return images.astype(schema.dtype)


def _table_request(adapter, names, X):
    import pandas as pd

    from skautokeras._data import read_keys, read_numbers

    request = {}
    for column in adapter.schema_.columns:
        if column.name not in names:
            continue
        series = X[column.name]
        if column.kind == "numerical":
            sent = read_numbers(series)
        elif column.kind == "datetime":
            sent = pd.to_datetime(series).dt.strftime("%Y-%m-%d %H:%M:%S.%f")
            sent = sent.fillna("").to_numpy(dtype=object)
        else:
            codes, keys = read_keys(series)
            sent = np.append(keys, "")[codes]
        request[names[column.name]] = sent
    return request
