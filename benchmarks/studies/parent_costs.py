"""CPU time that a search costs the process that runs it, without the training.

The search of titanic gets its trials at once: the first one is trained, and all others
are copies of it with the proposed values and another score. So proposals, weights and
predictions have their real sizes, and the CPU time left is that of the search itself.
With ``--workers``, so many trials are pending at any time, and each one is sent as it
is sent to workers. What a worker would do for it, to unpickle the configuration and to
pickle the result, is part of the CPU time.
"""

import argparse
import os
import pickle
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from benchmarks.harness.markdown import markdown_table
from benchmarks.internals import search_without_training

# Numbers of trials for which the table has a row.
STEPS = (10, 100, 300, 1000, 3000, 10_000)


def parse_arguments():
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--max-time", type=float, default=None)
    parser.add_argument("--workers", type=int, default=1, help="simulated workers")
    parser.add_argument("--directory", action="store_true", help="write a journal, too")
    return parser.parse_args()


class Copies:
    """Answers every configuration with a copy of the first trial.

    Attributes
    ----------
    trained : Trial or None
        The first trial, which was trained.
    times : list of float
        CPU seconds of this process at the start of each trial.
    memory : list of float
        Resident memory of this process in MB at the same moments.
    """

    def __init__(self):
        self.trained = None
        self.times, self.memory = [], []

    def __call__(self, evaluate, values, seed, deadline, *, limits=None, **options):
        """Return the trial of a configuration."""
        self.times.append(time.process_time())
        self.memory.append(resident_megabytes())
        if self.trained is None:
            self.trained = evaluate(values, seed, deadline, **options)
        # The oracle expects that the score depends on the configuration.
        score = -(hash(repr(sorted(values.items()))) % 1000) / 1000
        return replace(self.trained, values=dict(values), seed=seed, score=score)


def resident_megabytes():
    """Return the resident memory of this process in MB."""
    (pages,) = Path("/proc/self/statm").read_text().split()[1:2]
    return int(pages) * os.sysconf("SC_PAGE_SIZE") / 1e6


def measure(arguments):
    """Return the `Copies` that have answered a search."""
    from skautokeras import StructuredDataClassifier
    from skautokeras.datasets import load_titanic

    copies = Copies()
    with tempfile.TemporaryDirectory() as folder:
        estimator = StructuredDataClassifier(
            max_trials=arguments.trials,
            max_time=arguments.max_time,
            epochs=2,
            directory=folder if arguments.directory else None,
            random_state=0,
        )
        X, y = load_titanic(return_X_y=True)
        search_without_training(estimator, X, y, copies, n_workers=arguments.workers)
    return copies


def make_table(times, memory):
    """Make a Markdown table of the CPU time per trial.

    A row tells the mean of the second half of so many trials. The first trial is left
    out, because it was trained.
    """
    rows = []
    for n in STEPS:
        if n <= len(times):
            span = times[n - 1] - times[n // 2]
            cost = f"{1e3 * span / (n - 1 - n // 2):.1f}"
            rows.append([n, cost, f"{memory[n - 1]:.0f}"])
    headings = ["trials so far", "parent, ms of CPU time per trial", "memory, MB"]
    return markdown_table(headings, rows, n_labels=0)


def describe(trial):
    """Return a sentence on the size of what a worker sends back."""
    weights, y_pred = pickle.dumps(trial.weights), pickle.dumps(trial.y_pred)
    rest = pickle.dumps(replace(trial, weights=None, y_pred=None))
    return (
        f"A result: {len(weights) / 1e3:.0f} kB of weights ({trial.n_parameters} "
        f"parameters), {len(y_pred) / 1e3:.1f} kB of predictions, "
        f"{len(rest) / 1e3:.1f} kB of everything else."
    )


def main():
    """Run the search and print a Markdown table."""
    copies = measure(parse_arguments())
    sys.stdout.write(
        f"{make_table(copies.times, copies.memory)}\n\n{describe(copies.trained)}\n"
    )


if __name__ == "__main__":
    main()
