"""The files with the results of a suite, written after every measurement.

``NAME.jsonl`` has the measurements, one a line, ``NAME.json`` the facts about the run,
and ``NAME.md`` the table.
"""

import json
import os
from datetime import UTC, datetime

from benchmarks.harness.machine import (
    hardware,
    machine_facts,
    software_versions,
    source_version,
)
from benchmarks.harness.markdown import without_errors


class Results:
    """Writes the measurements of a suite as JSON, Markdown and figures.

    If the output folder has results of the suite, they are continued: their
    measurements are kept, except the failed ones.

    Parameters
    ----------
    suite : Suite
        The suite that is measured.
    options : dict
        Values of the options of the suite.
    folder : Path
        Output folder.
    peers : Peers
        Peers whose versions are part of the results.

    Raises
    ------
    ResultsExistError
        If the output folder has results of the suite that this run cannot continue.

    Attributes
    ----------
    document : dict
        The facts about the run, and the list of "measurements".
    """

    def __init__(self, suite, options, folder, peers):
        self._suite = suite
        self._peers = peers
        self._folder = folder
        self.document = {
            "suite": suite.name,
            "started": _now(),
            "finished": None,
            "options": options,
            "machine": machine_facts(),
            "source": source_version(),
            "versions": {"skautokeras": software_versions()},
            "measurements": [],
        }
        if has_results(suite, folder):
            check_continuable(suite, options, folder)
            self._continue(read_document(folder, suite.name))
        folder.mkdir(parents=True, exist_ok=True)
        self._update_versions()
        write_files(suite, self.document, folder)

    def _continue(self, stored):
        """Take over the measurements and the start of an earlier run."""
        source = self.document["source"]
        self.document |= {
            "started": stored["started"],
            "continued": [*stored.get("continued", []), self.document["started"]],
            "versions": stored["versions"] | self.document["versions"],
            "measurements": without_errors(stored["measurements"]),
        }
        if stored["source"] != source:
            self.document["source"] = f"{stored['source']}, then {source}"

    @property
    def finished(self):
        """Values of `Suite.keys` of the measurements that did not fail."""
        return frozenset(
            key_of(self._suite, row)
            for row in without_errors(self.document["measurements"])
        )

    def add(self, measurement):
        """Add a measurement, and write it to the disk at once."""
        self.document["measurements"].append(measurement)
        with _path(self._suite, self._folder, ".jsonl").open(
            "a", encoding="utf-8"
        ) as f:
            f.write(_line(measurement))
            f.flush()
            os.fsync(f.fileno())
        self._write()

    def end(self):
        """Record that all measurements have been made."""
        self.document["finished"] = _now()
        self._write()

    @property
    def markdown(self):
        """Content of the Markdown file."""
        return render(self._suite, self.document)

    def _write(self):
        self._update_versions()
        _write_facts(self._suite, self.document, self._folder)

    def _update_versions(self):
        self.document["versions"].update(self._peers.versions)


class ResultsExistError(Exception):
    """Raised if a folder has results that a run cannot continue."""


def has_results(suite, folder):
    """Return whether a folder has results of a suite."""
    return _path(suite, folder, ".json").exists()


def check_continuable(suite, options, folder):
    """Raise `ResultsExistError` unless a run can continue the results in a folder."""
    where = f"{folder} has results of {suite.name} already"
    instead = "name another folder with --output"
    if not suite.keys:
        raise ResultsExistError(f"{where}; {instead}")
    stored = read_document(folder, suite.name)
    wanted = json.loads(json.dumps(options))
    names = [k for k in wanted if stored.get("options", {}).get(k) != wanted[k]]
    if names:
        raise ResultsExistError(f"{where}, with other {', '.join(names)}; {instead}")
    if hardware(stored["machine"]) != hardware(machine_facts()):
        raise ResultsExistError(f"{where}, of another machine; {instead}")


def key_of(suite, measurement):
    """Return the values that identify a measurement of a suite."""
    return tuple(measurement[name] for name in suite.keys)


def read_document(folder, name):
    """Read the results of a suite.

    Parameters
    ----------
    folder : Path
        Output folder of a run.
    name : str
        Name of the suite.

    Returns
    -------
    document : dict
        The facts about the run, and the list of "measurements". A line that a killed
        run did not write to its end is left out.
    """
    document = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    path, measurements = folder / f"{name}.jsonl", []
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    for line in text.splitlines(keepends=True):
        if line.endswith("\n"):
            measurements.append(json.loads(line))
    return {**document, "measurements": measurements}


def write_files(suite, document, folder):
    """Write the files of a suite; existing files are replaced.

    Parameters
    ----------
    suite : Suite
        The suite.
    document : dict
        The facts about the run, and the list of "measurements".
    folder : Path
        Output folder, which must exist.
    """
    lines = "".join(map(_line, document["measurements"]))
    _replace(_path(suite, folder, ".jsonl"), lines)
    _write_facts(suite, document, folder)


def _write_facts(suite, document, folder):
    """Write all files but the measurements."""
    facts = {k: value for k, value in document.items() if k != "measurements"}
    text = json.dumps(facts, indent=1, allow_nan=False)
    _replace(_path(suite, folder, ".json"), text + "\n")
    _replace(_path(suite, folder, ".md"), render(suite, document))
    if suite.plot is not None:
        suite.plot(document["measurements"], folder / suite.name)


def _path(suite, folder, suffix):
    return folder / f"{suite.name}{suffix}"


def _line(measurement):
    return json.dumps(measurement, allow_nan=False) + "\n"


def _now():
    return datetime.now(UTC).isoformat(timespec="seconds")


def render(suite, document):
    """Return the Markdown of a suite's results.

    Parameters
    ----------
    suite : Suite
        The suite.
    document : dict
        The facts about the run, and the list of "measurements".

    Returns
    -------
    text : str
        Heading, facts about the machine, and table.
    """
    machine, versions = document["machine"], document["versions"]["skautokeras"]
    names = ("python", "tensorflow", "keras", "keras-tuner", "scikit-learn", "pandas")
    facts = [
        f"{machine['usable_cores']} cores ({machine['cpu']})",
        f"{machine['memory_gb']} GB",
        ", ".join(machine["gpus"]) or "no GPU",
        *(f"{name} {versions[name]}" for name in names if name in versions),
        f"source {document['source']}",
        f"started {document['started']}",
        *(f"continued {when}" for when in document.get("continued", ())),
    ]
    if document["finished"] is None:
        facts.append("**not finished**")
    table = suite.make_table(document["measurements"])
    return f"# {suite.title}\n\n{'; '.join(facts)}.\n\n{table}\n"


def _replace(path, text):
    """Write a file in one step, so that a killed run never leaves half a file."""
    temporary = path.with_name(path.name + ".part")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
