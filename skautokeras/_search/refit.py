"""What becomes of the trials: the best network, trained on all rows where asked."""

from skautokeras._search.ensemble import Ensemble
from skautokeras._search.loop import best_trial
from skautokeras._search.trainer import train
from skautokeras._search.trial import seeded


def finish(graph, trials, recipe, data, *, refit, deadline):
    """Return the ensemble that predicts from now on.

    Parameters
    ----------
    graph : Graph
        Makes networks from values.
    trials : list of Trial
        At least one of them completed.
    recipe : Recipe
        As in the search.
    data : Data
        ``data.all`` is what a refit is trained on; None: there is nothing to add.
    refit : bool
        Whether to train the best configuration again on all rows, for as many epochs as
        gave its best score.
    deadline : Deadline
        A refit that is not done by then is dropped.

    Returns
    -------
    ensemble : Ensemble
        The refitted network, or the one of the best trial.
    """
    best = best_trial(trials)
    model = None
    if refit and data.all is not None:
        model = _refitted(graph, best, recipe, data.all, deadline)
    return Ensemble([_restored(graph, best) if model is None else model], [1.0])


def refit_seconds(trials, data):
    """Return how long a refit of the best trial will take, about; 0 if there is none."""
    if data.all is None or not any(trial.error is None for trial in trials):
        return 0.0
    best = best_trial(trials)
    # The first epoch compiles; taking it for one like the others is on the safe side.
    per_epoch = best.seconds / max(best.epochs, 1)
    return per_epoch * (best.best_epoch + 1) * len(data.all) / len(data.train)


def _restored(graph, trial):
    """Return the network of a trial with the weights of its best epoch."""
    with seeded(trial.seed):
        built = graph.build(trial.values)
    built.network.set_weights(trial.weights)
    return built.model


def _refitted(graph, trial, recipe, rows, deadline):
    """Return the network of a trial trained on all rows; None if that did not work."""
    recipe = recipe.as_refit(trial.planned_epochs, trial.best_epoch)
    with seeded(trial.seed):
        built = graph.build(trial.values)
        try:
            monitor = train(
                built,
                recipe,
                rows,
                None,
                None,
                deadline=deadline,
                seed=trial.seed,
                on_epoch=lambda epoch, logs: False,
            )
        except FloatingPointError:
            return None
    return built.model if monitor.epoch >= trial.best_epoch else None
