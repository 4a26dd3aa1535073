"""The only module of the benchmarks that uses private parts of skautokeras.

It imports from the rooms of the package, never from modules inside of them. The imports
are inside functions, so that a suite can be imported without TensorFlow.
"""

import copy
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd


def prepare_search(estimator, X, y):
    """Return the arrays and the search space of a fit, without searching.

    Parameters
    ----------
    estimator : estimator
        Estimator of skautokeras; it need not be fitted.
    X, y : DataFrame or ndarray, Series or ndarray
        Rows and target, as `fit` takes them.

    Returns
    -------
    preparation : Preparation
    """
    from skautokeras._fit import RawRows, make_options, prepare

    graph = estimator._wire()
    return prepare(
        graph,
        RawRows(X, y, None, graph.input_names, graph.head_names),
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
        Network that is not trained. It takes a dict of arrays and returns a dict with
        one output.
    head : str
        Name of the output.
    training : Training
        Optimizer, learning rate, weight decay and batch size.
    loss : keras.losses.Loss
        Loss of the output.
    train, valid : tuple
        Training and validation rows as ``(x, y)``: a dict with one array per input, and
        the encoded target.
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
        Search space and arrays, from `prepare_search`.
    values : dict
        Hyperparameters of the network.

    Returns
    -------
    network : Network
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


def decode_outputs(estimator, outputs):
    """Return predictions for the outputs of an exported model that starts from arrays.

    Parameters
    ----------
    estimator : estimator
        Fitted estimator with one target.
    outputs : ndarray
        Outputs of the exported model.

    Returns
    -------
    y_pred : ndarray of shape (n_samples,) or (n_samples, n_classes)
        Predicted numbers, or the probabilities of the classes.
    """
    (target,) = estimator._targets.targets_
    if target.schema_.is_classification:
        return target.probabilities(outputs)
    return target.decode(outputs)


def has_temperatures(classifier):
    """Return whether a fitted classifier divides its logits by a temperature."""
    return bool(classifier._ensemble.temperatures)


def without_temperatures(classifier):
    """Return a copy of a fitted classifier that does not use its temperature."""
    from skautokeras._ensemble import Ensemble

    ensemble = classifier._ensemble
    classifier = copy.copy(classifier)
    classifier._ensemble = Ensemble(ensemble.models, ensemble.weights)
    return classifier


def search_without_training(estimator, X, y, answer, *, n_workers=1):
    """Run the search of a fit, with a function in the place of the training.

    The search has the oracle, the hooks, the seeds, the journal and the limits of the
    fit. It reports nothing to callbacks, and neither ensemble nor refit follow it.

    Parameters
    ----------
    estimator : estimator
        Estimator of skautokeras; it need not be fitted.
    X, y : DataFrame or ndarray, Series or ndarray
        Rows and target, as `fit` takes them.
    answer : callable
        Function ``answer(evaluate, values, seed, deadline, **options)`` that returns
        the `Trial` of a configuration. ``evaluate`` takes the other arguments and
        trains the configuration. Without workers, it is the search of one process,
        except that configurations are not judged.
    n_workers : int, default=1
        Number of workers that are simulated: so many trials are pending, and their
        results are pickled, but all is done by this process.

    Returns
    -------
    trials : list of Trial
    """
    from skautokeras._fit import (
        make_feasibility,
        make_hooks,
        make_search_oracle,
    )
    from skautokeras._search import WorkerPool, evaluate, run_search
    from skautokeras._state import Deadline

    deadline = Deadline(estimator.max_time)
    preparation = prepare_search(estimator, X, y)
    problem, data = preparation.problem, preparation.data
    feasibility = make_feasibility(preparation)
    workers = None
    if n_workers > 1:
        workers = WorkerPool(n_workers, {}, _simulated_executor)
    trials, _ = run_search(
        make_search_oracle(preparation, feasibility),
        partial(answer, partial(evaluate, problem=problem, data=data)),
        seeds=preparation.trial_seeds,
        deadline=deadline,
        hooks=make_hooks(preparation, deadline, _Silence(), None, n_workers),
        journal=preparation.journal,
        workers=workers,
    )
    return trials


class _Silence:
    """Takes the reports of a search, and does nothing with them."""

    def begin_trial(self, pending):
        pass

    def end_trial(self, attributes, pending, trials):
        return False


def _simulated_executor(n_jobs):
    """Return an executor whose tasks are done by this process, when they start."""
    from concurrent.futures import Future

    import cloudpickle

    from skautokeras._search import Executor
    from skautokeras._state import Deadline

    class SimulatedExecutor(Executor):
        def _n_workers_now(self):
            return n_jobs

        def workers_of_a_machine(self):
            return 1

        def _share(self, function, objects):
            self._function = partial(function, **objects)

        def _send(self, key, payload):
            job = cloudpickle.loads(payload)
            result = self._function(*job.args, Deadline(job.seconds), **job.options)
            future = Future()
            future.set_result(cloudpickle.dumps(result))
            return future

        def _is_death(self, error):
            return False

        def _cancel(self, futures):
            pass

        def _free(self):
            pass

    return SimulatedExecutor(n_jobs)


def predefined_configurations():
    """Return the configurations that a search for tables starts with."""
    from skautokeras import StructuredDataBlock
    from skautokeras._space import full_names

    known = StructuredDataBlock().known_configurations((), ())
    return [full_names("structured_data_block_1", values) for values in known]


def predefined_values():
    """Return the values of all predefined configurations of a `StructuredDataBlock`."""
    from skautokeras import StructuredDataBlock
    from skautokeras._data import StructuredDataSchema, TargetSchema

    block = StructuredDataBlock()
    few = StructuredDataSchema((), 1, (), (), (), (), None)
    numbers = TargetSchema(kind="regression", n_outputs=1)
    known = []
    for schemas, targets in (((), ()), ((few,), ()), ((), (numbers,))):
        for values in block.known_configurations(schemas, targets):
            if values not in known:
                known.append(values)
    return known


class CandidateTrainer:
    """Trains configurations for a table one by one, and predicts rows left out.

    Parameters
    ----------
    task : {"classification", "regression"}
        Kind of the target.
    X : DataFrame of shape (n_samples, n_features)
        Rows to train and validate on, which are split as `fit` splits them.
    y : Series of shape (n_samples,)
        Their targets.
    X_test : DataFrame of shape (n_test_samples, n_features)
        Rows that are left out.
    y_test : Series of shape (n_test_samples,)
        Their targets.
    seed : int
        Seed of the split and of all trainings.
    cv : int, "auto" or None, default="auto"
        Cross-validation of each training, as in `AutoModel`.

    Attributes
    ----------
    n_folds : int
        Number of folds; 1 is one held-out part.
    y_valid, y_test : ndarray of shape (n_samples,)
        Targets of the validation rows, fold by fold, and of the rows left out: codes of
        classes, -1 for one that ``y`` does not have, or standardised numbers.
    """

    def __init__(self, task, X, y, X_test, y_test, *, seed, cv="auto"):
        from skautokeras import (
            AutoModel,
            ClassificationHead,
            RegressionHead,
            StructuredDataInput,
        )
        from skautokeras._training import loss_on

        table = StructuredDataInput()
        self._block = _make_block_of_candidates()
        head = {"classification": ClassificationHead, "regression": RegressionHead}
        estimator = AutoModel(
            table, head[task]()(self._block(table)), cv=cv, random_state=seed
        )
        self._seed = seed
        self._preparation = prepare_search(estimator, X, y)
        problem, data = self._preparation.problem, self._preparation.data
        self._loss = loss_on(problem.heads, data.valid)
        self._x_test = self._preparation.x_adapter.transform(
            estimator._check_X(X_test, reset=False)
        )
        ((self._head, target),) = self._preparation.y_adapter.by_head.items()
        self.n_folds = len(problem.folds)
        self.y_valid = data.valid.y[self._head]
        self.y_test = _encoded(target, y_test)

    def train(self, values, max_seconds):
        """Train a configuration.

        Parameters
        ----------
        values : dict of str to object
            Values of a `StructuredDataBlock` by their names in it.
        max_seconds : float
            Maximum time, in seconds.

        Returns
        -------
        loss : float
            Loss of the validation predictions.
        predictions : tuple of ndarray of shape (n_rows, n_outputs)
            Predictions for the validation rows and for the rows left out.

        Raises
        ------
        RuntimeError
            If the training failed.
        """
        from skautokeras._ensemble import make_ensemble
        from skautokeras._search import evaluate
        from skautokeras._space import predefined
        from skautokeras._state import Deadline

        self._block.candidates = [values]
        problem, data = self._preparation.problem, self._preparation.data
        # A column of texts has several configurations of its own, of which the first is
        # joined with the candidate.
        configuration, *_ = predefined(problem.search_space)
        deadline = Deadline(max_seconds)
        trial = evaluate(
            configuration, self._seed, deadline, problem=problem, data=data
        )
        if trial.error is not None:
            raise RuntimeError(trial.error)
        test = make_ensemble(problem, [trial], {0: 1.0})[0].predict(self._x_test)
        return self._loss(trial.y_pred), (trial.y_pred[self._head], test[self._head])


def _make_block_of_candidates():
    """Return a block for tables that knows one configuration at a time."""
    from skautokeras import StructuredDataBlock

    class Candidates(StructuredDataBlock):
        candidates = ()

        def known_configurations(self, schemas, targets):
            return self.candidates

    return Candidates()


def _encoded(target, y):
    """Return targets as an adapter encodes them, -1 for classes it does not know."""
    if not target.schema_.is_classification:
        return np.ravel(target.transform(y))
    return pd.Index(target.classes_).get_indexer(pd.Index(y)).astype("int32")


def make_request(estimator, X):
    """Return one array per input of the exported model.

    Parameters
    ----------
    estimator : estimator
        Fitted estimator.
    X : DataFrame or ndarray
        Rows, as `predict` takes them. Images are arrays.

    Returns
    -------
    request : dict of str to ndarray of shape (n_samples, ...)
        Numbers are floats, and NaN if they are missing. Categories, dates and texts are
        strings, and empty if they are missing. Images have an axis for channels.
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
