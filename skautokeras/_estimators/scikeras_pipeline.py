"""The pipeline that the method `to_scikeras` returns."""

import pandas as pd
from sklearn.base import clone


def make_scikeras_pipeline(estimator, graph, *, fitted):
    """Return a pipeline that trains the networks of an estimator without a search.

    Parameters
    ----------
    estimator : estimator
        Fitted estimator.
    graph : Graph
        Graph of its search space.
    fitted : bool
        Whether the pipeline is fitted, with the same predictions as the estimator.

    Returns
    -------
    pipeline : sklearn.pipeline.Pipeline
        Pipeline with the steps "preprocessing" and "model".
    """
    from skautokeras._export.scikeras import fill_pipeline, make_pipeline
    from skautokeras._export.scikeras_networks import ChosenNetworks

    adapter, targets = estimator._adapter, estimator._targets
    chosen = _best_trained_first(estimator.leaderboard_)
    networks = ChosenNetworks(
        inputs=graph.inputs,
        outputs=graph.outputs,
        values=[dict(values) for values in chosen["params"]],
        weights=chosen["weight"].tolist(),
        n_iterations=[None if n is pd.NA else int(n) for n in chosen["iterations"]],
        targets=clone(targets),
        n_samples=adapter.schemas_[0].n_samples,
        # Decision trees alone need no epoch, but Keras needs one.
        epochs=max(int(chosen["best_epoch"].iloc[0]), 1),
        batch_size=estimator.batch_size,
    )
    pipeline = make_pipeline(
        networks,
        adapter,
        targets.schemas_,
        random_state=estimator.random_state,
        class_weight=getattr(estimator, "class_weight", None),
    )
    if fitted:
        fill_pipeline(pipeline, estimator)
    return pipeline


def _best_trained_first(leaderboard):
    """Return the trials that predict together, the best trained network first.

    The first one decides how all are trained. Decision trees have no training: they are
    fitted before it would begin.
    """
    chosen = leaderboard[leaderboard["weight"] > 0]
    chosen = chosen.assign(is_fitted=chosen["iterations"].notna())
    order = {"by": ["is_fitted", "score"], "ascending": [True, False]}
    return chosen.sort_values(**order, kind="stable")
