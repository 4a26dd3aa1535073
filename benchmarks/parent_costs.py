"""Measure what a search costs the process that runs it, whoever trains the networks.

A search of titanic is run with trials that take no time: real proposals, real sizes of
weights and predictions, but nobody trains. What is left is the parent's work.
"""

import argparse
import contextlib
import pickle
import sys
import tempfile
import time
from dataclasses import replace


def parse_arguments():
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--max-time", type=float, default=None)
    parser.add_argument("--directory", action="store_true", help="write a journal, too")
    return parser.parse_args()


class Done(Exception):
    """The search has ended; no network can be made of its trials."""


class Clerk:
    """Answers with one trial that was trained, its values and scores exchanged."""

    def __init__(self):
        self.trained = None
        self.times = []

    def __call__(self, evaluate):
        """Return what takes the place of ``evaluate``."""

        def answer(values, seed, deadline, **options):
            self.times.append(time.process_time())
            if self.trained is None:
                self.trained = evaluate(values, seed, deadline, **options)
            # A score that depends on the configuration, as the oracle expects.
            score = -(hash(repr(sorted(values.items()))) % 1000) / 1000
            return replace(self.trained, values=dict(values), seed=seed, score=score)

        return answer


def main():
    """Run the search and print a Markdown table."""
    arguments = parse_arguments()
    from skautokeras import StructuredDataClassifier
    from skautokeras._search import search as loop
    from skautokeras.datasets import load_titanic

    clerk, run = Clerk(), loop._run_in_this_process

    def run_and_leave(search, evaluate):
        run(search, clerk(evaluate))
        raise Done

    loop._run_in_this_process = run_and_leave
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(Done):
        StructuredDataClassifier(
            max_trials=arguments.trials,
            max_time=arguments.max_time,
            epochs=2,
            refit=False,
            ensemble_size=1,
            prune="none",
            directory=folder if arguments.directory else None,
            random_state=0,
        ).fit(*load_titanic(return_X_y=True))
    trained = clerk.trained
    weights, y_pred = pickle.dumps(trained.weights), pickle.dumps(trained.y_pred)
    rest = pickle.dumps(replace(trained, weights=None, y_pred=None))
    lines = ["| trials so far | parent, ms of CPU time per trial |", "| ---: | ---: |"]
    times = clerk.times[1:]
    for n in (10, 100, 300, 1000, 3000):
        if n <= len(times) + 1:
            span = times[n - 2] - times[n // 2]
            lines.append(f"| {n} | {1e3 * span / (n - 2 - n // 2):.1f} |")
    lines.append("")
    lines.append(
        f"A result: {len(weights) / 1e3:.0f} kB of weights ({trained.n_parameters} "
        f"parameters), {len(y_pred) / 1e3:.1f} kB of predictions, "
        f"{len(rest) / 1e3:.1f} kB of everything else."
    )
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
