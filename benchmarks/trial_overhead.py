"""Compare trials per minute on titanic: skautokeras, KerasTuner, AutoKeras.

See the README next to this file for what is compared and how to run it.
"""

import argparse
import sys
from pathlib import Path

from _measurement import AUTOKERAS_WORKER, WORKER, run_worker

DATASET = "titanic"
TIMEOUT = 3600  # seconds for one process


def parse_arguments():
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="folder with one folder per data set")
    parser.add_argument("--trials", type=int, default=20, help="trials of skautokeras")
    parser.add_argument("--keras-tuner-trials", type=int, default=10)
    parser.add_argument("--autokeras-trials", type=int, default=5)
    parser.add_argument(
        "--autokeras-python",
        metavar="PYTHON",
        help="interpreter of a virtual environment with AutoKeras 3.0.0; "
        "without it AutoKeras is left out",
    )
    parser.add_argument(
        "--epochs",
        type=int,
        help="epochs of KerasTuner (default: the mean epochs of skautokeras)",
    )
    parser.add_argument(
        "--batch-size",
        type=int,
        default=32,
        help="batch size of KerasTuner (default: 32, that of Model.fit)",
    )
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def measure_all(arguments):
    """Run the methods one after the other, each in a fresh process.

    Returns
    -------
    dict
        Name of the method -> what its worker reported.
    """
    common = {
        "dataset": DATASET,
        "folder": str(arguments.folder.resolve()),
        "seed": arguments.seed,
        "max_time": None,
        "max_trials": arguments.trials,
    }
    results = {}
    spec = {**common, "method": "skautokeras"}
    results["skautokeras"] = run_worker(sys.executable, WORKER, spec, TIMEOUT)

    details = results["skautokeras"].get("details", {})
    epochs = arguments.epochs or round(details.get("mean_epochs", 0))
    if epochs:
        spec = {
            **common,
            "method": "keras_tuner",
            "max_trials": arguments.keras_tuner_trials,
            "epochs": epochs,
            "batch_size": arguments.batch_size,
        }
        result = run_worker(sys.executable, WORKER, spec, TIMEOUT)
        result["note"] = f"{epochs} epochs each; " + result.get("note", "")
    else:
        result = {"error": "epochs of skautokeras are unknown: pass --epochs"}
    results["keras_tuner"] = result

    if arguments.autokeras_python is not None:
        spec = {
            **common,
            "max_trials": arguments.autokeras_trials,
            "column_types": "dtype",
        }
        results["autokeras"] = run_worker(
            arguments.autokeras_python, AUTOKERAS_WORKER, spec, TIMEOUT
        )
    return results


def make_table(results):
    """Make a Markdown table of the rates and of the ratios of skautokeras to them.

    Parameters
    ----------
    results : dict
        As returned by `measure_all`.

    Returns
    -------
    str
    """
    lines = [
        "| method | trials | fit, s | trials / min | skautokeras does | note |",
        "| --- | ---: | ---: | ---: | ---: | --- |",
    ]
    ours = results["skautokeras"].get("trials_per_minute")
    for method, result in results.items():
        if "error" in result:
            lines.append(f"| {method} | - | - | - | - | {result['error']} |")
            continue
        rate = result["trials_per_minute"]
        ratio = f"{ours / rate:.1f} x" if ours and rate else "-"
        lines.append(
            f"| {method} | {result['n_trials']} | {result['fit_seconds']:.1f} "
            f"| {rate:.1f} | {ratio} | {result['note']} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(make_table(measure_all(parse_arguments())) + "\n")
