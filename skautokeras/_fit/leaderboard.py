"""Leaderboard: one row per trial, the best first."""

import pandas as pd


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
        Columns "rank", "trial" (0 is the first), "score" (greater is better), "weight"
        (in the final model), "status", "epochs", "seconds", "n_parameters", "flops"
        (about the floating-point operations of one forward pass for one row), "params"
        (a dict) and "error".
    """
    frame = pd.DataFrame(
        {
            "trial": range(len(trials)),
            "score": [trial.score for trial in trials],
            "weight": [weights.get(i, 0.0) for i in range(len(trials))],
            "status": [trial.status for trial in trials],
            "epochs": [trial.epochs for trial in trials],
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
