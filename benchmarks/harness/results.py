"""The files with the results of a suite, written after every measurement."""

import json
import os
from datetime import UTC, datetime

from benchmarks.harness.machine import machine_facts, software_versions, source_version


class Results:
    """Writes the measurements of a suite as JSON, Markdown and figures.

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
    """

    def __init__(self, suite, options, folder, peers):
        self._suite = suite
        self._peers = peers
        self._folder = folder
        self.document = {
            "suite": suite.name,
            "started": datetime.now(UTC).isoformat(timespec="seconds"),
            "finished": None,
            "options": options,
            "machine": machine_facts(),
            "source": source_version(),
            "versions": {"skautokeras": software_versions()},
            "measurements": [],
        }
        folder.mkdir(parents=True, exist_ok=True)
        self._write()

    def add(self, measurement):
        """Add a measurement, and write it to the disk at once."""
        self.document["measurements"].append(measurement)
        self._write()

    def end(self):
        """Record that all measurements have been made."""
        self.document["finished"] = datetime.now(UTC).isoformat(timespec="seconds")
        self._write()

    @property
    def markdown(self):
        """Content of the Markdown file."""
        return render(self._suite, self.document)

    def _write(self):
        self.document["versions"].update(self._peers.versions)
        write_files(self._suite, self.document, self._folder)


def write_files(suite, document, folder):
    """Write the files of a suite; existing files are replaced.

    Parameters
    ----------
    suite : Suite
        The suite.
    document : dict
        Content of the JSON file.
    folder : Path
        Output folder, which must exist.
    """
    stem = folder / suite.name
    text = json.dumps(document, indent=1, allow_nan=False)
    _replace(stem.with_suffix(".json"), text + "\n")
    _replace(stem.with_suffix(".md"), render(suite, document))
    if suite.plot is not None:
        suite.plot(document["measurements"], stem)


def render(suite, document):
    """Return the Markdown of a suite's results.

    Parameters
    ----------
    suite : Suite
        The suite.
    document : dict
        Content of the JSON file.

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
