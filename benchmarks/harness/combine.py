"""One report of several runs of the suite `tabular`, with ranks over all of them.

`python -m benchmarks.harness.combine RESULTS RESULTS ... --output FOLDER`

With `--labels`, runs of different versions of the sources are compared.
"""

import argparse
from pathlib import Path

from benchmarks.harness.machine import hardware
from benchmarks.harness.results import (
    has_results,
    key_of,
    read_document,
    write_files,
)
from benchmarks.suites.tabular import SUITE

# Options that may differ between runs: they select the measurements.
SELECTING_OPTIONS = (
    "datasets",
    "methods",
    "seeds",
    "splits",
    "half",
    "params",
    "references",
)


def combine(documents, labels=None):
    """Combine several documents into one.

    Parameters
    ----------
    documents : list of dict
        Documents as `read_document` returns them. They must come from one machine, and
        from the same options except `SELECTING_OPTIONS`. The folds of a validation may
        differ as well.
    labels : list of str or None, default=None
        One label per document, which becomes part of the names of the methods that the
        run has measured.

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
            ("machines", hardware(first["machine"]), hardware(document["machine"])),
        ):
            if one != other:
                raise ValueError(f"The runs have different {name}: {one} and {other}.")
    measured = {}
    for row in _rows(documents, labels or [None] * len(documents)):
        key = key_of(SUITE, row)
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


def _rows(documents, labels):
    """Yield all measurements, those that are no references with their label."""
    for document, label in zip(documents, labels, strict=True):
        for row in document["measurements"]:
            if label is None or row.get("reference"):
                yield row
            else:
                yield {**row, "method": f"{row['method']} [{label}]"}


def _fixed_options(document):
    options = document["options"]
    fixed = {k: value for k, value in options.items() if k not in SELECTING_OPTIONS}
    return {**fixed, "validation": options.get("validation") is not None}


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
    parser.add_argument(
        "--labels",
        nargs="+",
        help="one label per folder, which its methods have in the report",
    )
    parsed = parser.parse_args(arguments)
    if has_results(SUITE, parsed.output):
        parser.error(f"{parsed.output} has results already; name another folder")
    if parsed.labels and len(parsed.labels) != len(parsed.results):
        parser.error(f"{len(parsed.results)} folders need as many labels")
    documents = [read_document(folder, SUITE.name) for folder in parsed.results]
    try:
        document = combine(documents, parsed.labels)
    except ValueError as error:
        parser.error(str(error))
    parsed.output.mkdir(parents=True, exist_ok=True)
    write_files(SUITE, document, parsed.output)


if __name__ == "__main__":
    main()
