"""One report of several runs of the suite `tabular`, with ranks over all of them.

`python -m benchmarks.harness.combine RESULTS RESULTS ... --output FOLDER`
"""

import argparse
import json
from pathlib import Path

from benchmarks.harness.results import write_files
from benchmarks.suites.tabular import SUITE

# Options that may differ between runs: they select the measurements.
SELECTING_OPTIONS = ("datasets", "methods", "seeds", "splits")
KEYS = ("dataset", "method", "seed")


def combine(documents):
    """Combine several documents into one.

    Parameters
    ----------
    documents : list of dict
        Contents of the JSON files. They must come from one machine, and from the same
        options except `SELECTING_OPTIONS`.

    Returns
    -------
    document : dict
        The first document with the measurements of all documents. If several runs
        made the same measurement, the last one that did not fail counts.

    Raises
    ------
    ValueError
        If the machines or the options differ.
    """
    first = documents[0]
    for document in documents[1:]:
        for name, one, other in (
            ("options", _fixed_options(first), _fixed_options(document)),
            ("machines", _hardware(first), _hardware(document)),
        ):
            if one != other:
                raise ValueError(f"The runs have different {name}: {one} and {other}.")
    measured = {}
    for row in (row for document in documents for row in document["measurements"]):
        key = tuple(row[name] for name in KEYS)
        if key not in measured or not row.get("error"):
            measured[key] = row
    versions = {k: v for d in documents[::-1] for k, v in d["versions"].items()}
    finished = all(document["finished"] for document in documents)
    return {
        **first,
        "versions": versions,
        "measurements": list(measured.values()),
        "finished": documents[-1]["finished"] if finished else None,
    }


def _fixed_options(document):
    options = document["options"].items()
    return {name: value for name, value in options if name not in SELECTING_OPTIONS}


def _hardware(document):
    return {k: document["machine"][k] for k in ("cpu", "usable_cores", "gpus")}


def main(arguments=None):
    """Write the report of the runs that a command line names.

    Parameters
    ----------
    arguments : list of str or None, default=None
        Command line. None reads the one of this process.
    """
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.harness.combine", description=__doc__
    )
    parser.add_argument(
        "results", nargs="+", type=Path, help="folders with tabular.json"
    )
    parser.add_argument("--output", type=Path, required=True, help="folder to write")
    parsed = parser.parse_args(arguments)
    if (parsed.output / "tabular.json").exists():
        parser.error(f"{parsed.output} has results already; name another folder")
    texts = [(f / "tabular.json").read_text(encoding="utf-8") for f in parsed.results]
    try:
        document = combine([json.loads(text) for text in texts])
    except ValueError as error:
        parser.error(str(error))
    parsed.output.mkdir(parents=True, exist_ok=True)
    write_files(SUITE, document, parsed.output)


if __name__ == "__main__":
    main()
