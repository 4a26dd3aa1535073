"""Measure what `n_jobs` is worth: trials per minute on titanic, by number of workers.

See the README next to this file for what is compared and how to run it.
"""

import argparse
import sys
from pathlib import Path

from _measurement import WORKER, run_worker

TIMEOUT = 3600  # seconds for one process


def parse_arguments():
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="folder with one folder per data set")
    parser.add_argument("--trials", type=int, nargs="+", default=[20, 60])
    parser.add_argument("--jobs", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def measure(arguments, n_trials, n_jobs):
    """Run one search in a fresh process and return what its worker reported."""
    spec = {
        "method": "skautokeras",
        "dataset": "titanic",
        "folder": str(arguments.folder.resolve()),
        "seed": arguments.seed,
        "max_time": None,
        "max_trials": n_trials,
        # The same configurations, whatever the order in which trials end.
        "params": {"tuner": "random", "refit": False, "n_jobs": n_jobs},
    }
    return run_worker(sys.executable, WORKER, spec, TIMEOUT)


def make_rows(arguments):
    """Yield the rows of a Markdown table, one per search.

    Parameters
    ----------
    arguments : argparse.Namespace
        Of the command line.
    """
    yield "| trials | n_jobs | fit, s | trials / min | times as many |"
    yield "| ---: | ---: | ---: | ---: | ---: |"
    for n_trials in arguments.trials:
        first = None
        for n_jobs in arguments.jobs:
            result = measure(arguments, n_trials, n_jobs)
            if "error" in result:
                yield f"| {n_trials} | {n_jobs} | {result['error']} | - | - |"
                continue
            rate = result["trials_per_minute"]
            first = first or rate
            yield (
                f"| {result['n_trials']} | {n_jobs} | {result['fit_seconds']:.1f} "
                f"| {rate:.1f} | {rate / first:.2f} |"
            )


if __name__ == "__main__":
    for row in make_rows(parse_arguments()):
        print(row, flush=True)
