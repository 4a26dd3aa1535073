"""From trials to the ensemble that predicts: networks restored or trained again."""

from skautokeras._ensemble.ensemble import Ensemble
from skautokeras._search.parallel.backends import make_executor
from skautokeras._search.parallel.executor import WorkerDeath
from skautokeras._search.selection import ensemble_candidates
from skautokeras._search.trial import fold_seed, never_stop
from skautokeras._space import accelerator
from skautokeras._state.keras_door import through_the_door
from skautokeras._state.randomness import seeded
from skautokeras._training.trainer import train
from skautokeras.exceptions import WeightsMissingError

# A refit that ends like this is dropped; the network of the trial is there. A worker
# may lack the pretrained weights that another one has had.
_NO_REASON_TO_LOSE_A_SEARCH = (
    FloatingPointError,
    WeightsMissingError,
    *accelerator.LACKS_OF_MEMORY,
)
# Share of the whole time that is kept for refits at most.
_MOST_OF_THE_TIME = 0.25
# So much of the last epoch may be missing in the end.
_PART_OF_AN_EPOCH = 0.5
# Share of its time that a longer training is planned for.
_SAFE = 0.8


def make_ensemble(problem, trials, weights, *, refit=None, temperatures=()):
    """Return the ensemble of the networks of some trials.

    Parameters
    ----------
    problem : Problem
        Problem of the search.
    trials : list of Trial
        Trials of the search.
    weights : dict of int to float
        Position of each trial in the ensemble -> its weight, the heaviest first.
    refit : Refit or None, default=None
        Final training of the networks. None, or a refit that does not end in time,
        restores the networks of the trial; where there are several folds, they share
        its weight.
    temperatures : dict of str to (float, str), default=()
        Temperature and activation of the heads that are calibrated.

    Returns
    -------
    ensemble : Ensemble
    refitted : tuple of int
        Positions of the trials whose network was trained again.
    """
    again = {} if refit is None else refit.models(trials, weights)
    models, shares = [], []
    for i, weight in weights.items():
        members = [again[i]] if i in again else _restored(problem, trials[i])
        models += members
        shares += [weight / len(members)] * len(members)
    return Ensemble(models, shares, temperatures), tuple(
        i for i in weights if i in again
    )


class Refit:
    """The final training of networks on all rows, as far as there is time for it.

    Parameters
    ----------
    problem : Problem
        Problem of the search.
    data : SplitRows
        Data of the search; ``data.all`` are the rows to train on. If they are None, as
        there are no further ones, nothing is trained.
    deadline : Deadline
        Deadline of the fit. A refit that would take longer is left out, and one that
        does is dropped.
    on_begin : callable, default=None
        Function ``on_begin(i, n_members, n_rows)`` that is called before the i-th of
        the networks is trained.
    n_workers : int, default=1
        Number of networks that are trained at the same time, in workers. If 1, this
        process trains them.
    """

    def __init__(self, problem, data, deadline, on_begin=None, n_workers=1):
        self._on_begin = on_begin
        self._n_workers = n_workers
        self._problem = problem
        self._data = data
        self._deadline = deadline

    def reserved_seconds(self, trials, size):
        """Return how many seconds to keep for refits of the best trials so far.

        It is about what they will take, as far as that is a quarter of the whole time
        at most: where the time does not suffice, the network of the trial is there, and
        a search that has ended early has lost more.

        Parameters
        ----------
        trials : list of Trial
            Trials that have ended.
        size : int
            Greatest number of trials in the ensemble.

        Returns
        -------
        seconds : float
        """
        most = _MOST_OF_THE_TIME * self._deadline.total()
        if self._data.all is None or most == float("inf"):
            return 0.0
        reserved = []
        for i in ensemble_candidates(trials)[:size]:
            with_it = [*reserved, self._seconds(trials[i])]
            if self._seconds_together(with_it) <= most:
                reserved = with_it
        return self._seconds_together(reserved)

    def _seconds_together(self, seconds):
        return max([sum(seconds) / self._n_workers, *seconds])

    def models(self, trials, weights):
        """Return the networks of some trials, trained again on all rows.

        Each is trained for as many epochs as gave the best score, on average over the
        folds. If the time has cut the training of the trial short, it lasts as much
        longer as its share of the time that is left allows.

        Parameters
        ----------
        trials : list of Trial
            Trials of the search.
        weights : dict of int to float
            Position of each trial in the ensemble -> its weight, the heaviest first.

        Returns
        -------
        models : dict of int to keras.Model
            Positions are missing for which there are no rows or is no time, or whose
            training failed.
        """
        if self._data.all is None:
            return {}
        # A single network may have all cores of this process.
        n_workers = self._n_workers if len(weights) > 1 else 1
        tasks = self._tasks(trials, weights, n_workers)
        executor = make_executor(n_workers)
        if executor is None:
            return self._trained_here(tasks, trials)
        with executor:
            return self._trained_by_workers(executor, tasks, trials)

    def _tasks(self, trials, weights, n_workers):
        """Yield the trainings for which there is time, as `Executor.submit` takes them.

        There is time or is none when one could begin.
        """
        left = sum(weights.values())
        for place, (i, weight) in enumerate(weights.items(), start=1):
            share = weight / left if n_workers < len(weights) else 1.0
            left -= weight
            seconds = self._seconds(trials[i])
            if self._deadline.passed() or seconds > self._deadline.left():
                continue
            if self._on_begin is not None:
                self._on_begin(place, len(weights), len(self._data.all))
            trial = trials[i].without_arrays()
            yield i, (trial, seconds, share), self._deadline.left(), {}

    def _trained_here(self, tasks, trials):
        models, problem = {}, self._problem
        for i, args, *_ in tasks:
            built = _train_again(*args, self._deadline, problem, self._data.all)
            if built is None:
                continue
            # Copies of the weights on several devices, and bfloat16, are for training.
            if problem.options.distribution is not None or accelerator.has_fast_gpu():
                models[i] = self._network_with(trials[i], built.network.get_weights())
            else:
                models[i] = built.model
        return models

    def _trained_by_workers(self, executor, tasks, trials):
        shared = {"problem": self._problem, "rows": self._data.all}
        executor.share(_weights_of_refit, shared)
        return {
            i: self._network_with(trials[i], weights)
            for i, weights in executor.results_of(tasks)
            if weights is not None and not isinstance(weights, WorkerDeath)
        }

    def _network_with(self, trial, weights):
        return _network(self._problem.search_space, trial.values, trial.seed, weights)

    def _seconds(self, trial):
        """Return about how long the refit of a trial takes."""
        # The first epoch compiles: counting one more is on the safe side.
        share = (trial.best_epoch + 1) / (trial.epochs + 1)
        n_rows = self._problem.n_train_rows(self._data)
        return trial.seconds * share * len(self._data.all) / n_rows


@through_the_door
def _weights_of_refit(trial, seconds, share, deadline, *, problem, rows):
    """Return the weights of a network that a worker trains again, None if it failed."""
    built = _train_again(trial, seconds, share, deadline, problem, rows)
    return None if built is None else built.network.get_weights()


def _train_again(trial, seconds, share, deadline, problem, rows):
    """Train the network of a trial on all rows.

    Parameters
    ----------
    trial : Trial
        Trial whose configuration is trained.
    seconds : float
        Time that the training will take, roughly.
    share : float
        Share of the time that is left for this network.
    deadline : Deadline
        Deadline of the training.
    problem : Problem
        Problem of the search.
    rows : Rows
        Rows to train on.

    Returns
    -------
    built : Built or None
        None if the training failed or was ended too early.
    """
    try:
        with seeded(trial.seed), problem.options.scope():
            built = problem.search_space.build(trial.values)
        longer = _lengthening(trial, built, seconds, share * deadline.left())
        options = problem.options.as_refit(
            round(longer * trial.planned_epochs),
            round(longer * trial.best_epoch),
            trial.n_iterations,
        )
        with options.scope():
            monitor = train(
                built,
                options,
                rows,
                None,
                None,
                deadline=deadline,
                seed=trial.seed,
                on_epoch=never_stop,
            )
    except _NO_REASON_TO_LOSE_A_SEARCH:
        return None
    enough = min(trial.best_epoch, trial.trained_epochs) - _PART_OF_AN_EPOCH
    if monitor.trained_epochs < enough or _has_fewer_trees(monitor, trial):
        return None
    return built


def _lengthening(trial, built, seconds, most):
    """Return by which factor a training that was cut short lasts longer.

    Parameters
    ----------
    trial : Trial
        Trial whose configuration is trained.
    built : Built
        Network of the trial.
    seconds : float
        Time that the training would take as it is.
    most : float
        Time that it may take.
    """
    whole = built.training.epochs / max(trial.planned_epochs, 1)
    is_planned = trial.n_iterations is not None or "tuner/epochs" in trial.values
    if is_planned or most == float("inf"):
        return 1.0
    return max(1.0, min(whole, _SAFE * most / max(seconds, 1e-9)))


def _has_fewer_trees(monitor, trial):
    """Return whether the time of a refit did not suffice for the trees of a trial."""
    if trial.n_iterations is None or not monitor.cut:
        return False
    return not trial.cut or monitor.n_iterations < trial.n_iterations


def _restored(problem, trial):
    """Return the network of each fold with the weights of its best epoch."""
    trained = zip(problem.folds, trial.weights, strict=True)
    return [
        _network(fold.search_space, trial.values, fold_seed(trial.seed, i), weights)
        for i, (fold, weights) in enumerate(trained)
    ]


def _network(search_space, values, seed, weights):
    with seeded(seed):
        built = search_space.build(values)
    built.network.set_weights(weights)
    return built.model
