"""One report of several runs of `tabular`, with ranks over all that they measured.

`python -m benchmarks.combine RESULTS RESULTS ... --output FOLDER`
"""

import argparse
import json
from pathlib import Path

from benchmarks.results import write_files
from benchmarks.suites.tabular import SUITE

# What may differ between runs: it says which measurements are made, not how.
WHICH = ("datasets", "methods", "seeds", "splits")
KEYS = ("dataset", "method", "seed")


def combine(documents):
    """Return one document of several.

    Parameters
    ----------
    documents : list of dict
        As in the JSON files; made on one machine, with the same options but for what
        was measured.

    Returns
    -------
    dict
        The first one with the measurements of all. What was measured twice is taken
        from the last run that did not fail.

    Raises
    ------
    ValueError
        If machine or options differ.
    """
    first = documents[0]
    for document in documents[1:]:
        for name, one, other in (
            ("options", _how(first), _how(document)),
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


def _how(document):
    return {k: v for k, v in document["options"].items() if k not in WHICH}


def _hardware(document):
    return {k: document["machine"][k] for k in ("cpu", "usable_cores", "gpus")}


def main(arguments=None):
    """Write the report of the runs that a command line names.

    Parameters
    ----------
    arguments : list of str or None, default=None
        None: those of this process.
    """
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.combine", description=__doc__
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
