"""Measure the resident memory of a search over its trials.

See the README next to this file for how to run it. Linux only.
"""

import argparse
import contextlib
import re
import sys
import time
from pathlib import Path


def parse_arguments():
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--epochs", type=int, default=4, help="of every trial")
    parser.add_argument("--every", type=int, default=10, help="trials between lines")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def resident_megabytes():
    """Return the resident memory of this process."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1000


class Meter:
    """Takes the place of the standard output: reads the line of each trial.

    Parameters
    ----------
    every : int
        Trials between measurements.
    output : file
        Where measurements are printed.
    """

    def __init__(self, every, output):
        self._every = every
        self._output = output
        self._start = time.monotonic()
        self.megabytes = {}

    def write(self, text):
        """Measure if a trial has ended that is to be measured."""
        line = re.match(r"\[(\d+)/", text)
        if not line or int(line[1]) % self._every:
            return
        n_trials, seconds = int(line[1]), time.monotonic() - self._start
        self.megabytes[n_trials] = resident_megabytes()
        cells = (n_trials, f"{self.megabytes[n_trials]:.0f}", f"{seconds:.0f}")
        print("|", " | ".join(map(str, cells)), "|", file=self._output, flush=True)

    def flush(self):
        """Do nothing: files can be flushed."""


def main():
    """Run a search and print a Markdown table while it goes."""
    from skautokeras import StructuredDataClassifier
    from skautokeras.datasets import load_titanic

    arguments = parse_arguments()
    X, y = load_titanic(return_X_y=True)
    search = StructuredDataClassifier(
        max_trials=arguments.trials,
        epochs=arguments.epochs,
        ensemble_size=1,
        refit=False,
        random_state=arguments.seed,
        verbose=1,
    )
    print("| trials | resident, MB | seconds |\n| ---: | ---: | ---: |")
    meter = Meter(arguments.every, sys.stdout)
    with contextlib.redirect_stdout(meter):
        search.fit(X, y)
    first, *_, last = meter.megabytes.values()
    print(f"\nGrowth: {100 * (last / first - 1):.1f} %")


if __name__ == "__main__":
    main()
