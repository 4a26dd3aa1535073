"""References of the suite `tabular`: scores that are read, or measured once for all."""

import hashlib
import json
from importlib.metadata import version
from pathlib import Path

from benchmarks.datasets.table_folder import BASELINES, read_baselines
from benchmarks.harness.error_ratios import METRICS

# Method over whose error the errors of all methods are reported.
REFERENCE = "hgb"


def peer_rows(folder, case, measured):
    """Return the scores of peers on the test file of a table, as measurements.

    Parameters
    ----------
    folder : str
        Data folder, which may have a file with scores of peers.
    case : dict
        Facts about the table and the measurement.
    measured : collection of str
        Names of methods that the run measures. Peers of the same name are left out.

    Returns
    -------
    rows : list of dict
        One measurement per peer. Its "seed" is None, and "reference" says where the
        score comes from.
    """
    key, _ = METRICS[case["metric"]]
    return [
        {
            **case,
            "method": line["peer"],
            "seed": None,
            "reference": f"read from {BASELINES}",
            key: line["score"],
            "fit_seconds": line["seconds"],
        }
        for line in read_baselines(folder).get(case["dataset"], ())
        if line["peer"] not in measured
    ]


def fold_row(folder, case, path, measure):
    """Return the measurement of the reference on a fold, which is made only once.

    Parameters
    ----------
    folder : str
        Data folder.
    case : dict
        Facts about the table and the measurement.
    path : Path
        File of JSON lines that keeps measurements for later runs.
    measure : callable
        Function ``measure(row, method)`` that returns the measurement.

    Returns
    -------
    row : dict
    """
    row = {
        **case,
        "method": REFERENCE,
        "reference": "measured on the same folds, once for all runs",
    }
    train = Path(folder) / case["dataset"] / "train.csv.gz"
    key = {
        "dataset": case["dataset"],
        "fold": case["seed"],
        "rows": case["rows"],
        "train": hashlib.sha256(train.read_bytes()).hexdigest(),
        "scikit-learn": version("scikit-learn"),
    }
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    for stored in map(json.loads, lines):
        if stored["key"] == key:
            return {**row, **stored["measurement"]}
    measurement = measure(row, REFERENCE)
    if "error" not in measurement:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"key": key, "measurement": measurement}) + "\n")
    return {**row, **measurement}
