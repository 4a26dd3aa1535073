"""Leaderboard: one row per trial, the best first."""

import pandas as pd

from skautokeras._search.selection import network_types


def make_leaderboard(trials, weights):
    """Return one row per trial, the best first.

    Parameters
    ----------
    trials : list of Trial
        In the order they were tried.
    weights : dict of int to float
        Position of a trial -> its weight in the final model.

    Returns
    -------
    leaderboard : DataFrame
        Columns "rank", "trial" (0 is the first), "kind" (of the network, where a block
        chooses among kinds), "score" (greater is better), "weight" (in the final
        model), "status", "epochs", "cut" (whether the time has ended the training
        before its end), "iterations" (of boosting, or the number of random trees;
        missing for networks that are trained), "seconds", "n_parameters", "flops"
        (about the floating-point operations of one forward pass for one row), "params"
        (a dict) and "error".
    """
    frame = pd.DataFrame(
        {
            "trial": range(len(trials)),
            "kind": [_kind(trial.values) for trial in trials],
            "score": [trial.score for trial in trials],
            "weight": [weights.get(i, 0.0) for i in range(len(trials))],
            "status": [trial.status for trial in trials],
            "epochs": [trial.epochs for trial in trials],
            "cut": [trial.cut for trial in trials],
            "iterations": pd.array([t.n_iterations for t in trials], dtype="Int64"),
            "seconds": [trial.seconds for trial in trials],
            "n_parameters": pd.array([t.n_parameters for t in trials], dtype="Int64"),
            "flops": pd.array([t.flops for t in trials], dtype="Int64"),
            "params": [dict(trial.values) for trial in trials],
            "error": [trial.error for trial in trials],
        }
    )
    frame = frame.sort_values(
        "score", ascending=False, kind="stable", na_position="last"
    )
    frame.insert(0, "rank", range(1, len(frame) + 1))
    return frame.reset_index(drop=True)


def _kind(values):
    """Return the kinds of network that the blocks of a configuration have chosen."""
    return ", ".join(kind for _, kind in network_types(values))
