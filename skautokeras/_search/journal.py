"""Journal: trials on disk, so that a search can go on after a crash.

A search is a deterministic function of the data, the parameters and one seed. The
journal keeps the seed and every finished trial; a search that starts again asks the
same oracle the same questions, and those it has an answer for are not computed again.
So nothing needs to be known about the state of an oracle. Where several trials run at
the same time, the answers are given in the order they came, which is that of the files.
"""

import json
import os
from dataclasses import fields
from pathlib import Path

import numpy as np

from skautokeras._search.trial import Trial

_VERSION = 1
_HEADER = "search.json"
# Held as arrays, beside the JSON.
_ARRAYS = ("y_pred", "weights")


class Journal:
    """Finished trials in a folder: JSON and NumPy arrays, no pickles.

    Parameters
    ----------
    directory : str or path-like
        Made if it does not exist.
    fingerprint : str
        Tells one search from another: a hash of the data and parameters.
    seed : int
        Of the search, used unless the journal has one already.

    Attributes
    ----------
    seed : int
        To be used by the search.

    Raises
    ------
    ValueError
        If the folder holds another search.

    Examples
    --------
    >>> import tempfile
    >>> from skautokeras._search.journal import Journal
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     first = Journal(folder, "titanic", seed=1).seed
    ...     second = Journal(folder, "titanic", seed=2).seed
    >>> first, second
    (1, 1)
    """

    def __init__(self, directory, fingerprint, seed):
        self._directory = Path(directory)
        self._directory.mkdir(parents=True, exist_ok=True)
        header = self._directory / _HEADER
        expected = {"version": _VERSION, "fingerprint": fingerprint}
        if not header.exists():
            _write(header, json.dumps({**expected, "seed": int(seed)}).encode())
        found = json.loads(header.read_text())
        if {key: found.get(key) for key in expected} != expected:
            raise ValueError(
                f"directory={str(directory)!r} holds the search of other data, other "
                "parameters or another version. Pass another directory, or empty it."
            )
        self.seed = found["seed"]
        self._trials = self._read()

    def earliest(self, jobs):
        """Return the job whose trial ended first, and the trial; None if none is here.

        So trials that ran at the same time are found in the order they were told.

        Parameters
        ----------
        jobs : list of Job
            Trials by their values and seed.
        """
        wanted = {_key(job.values, job.seed): job for job in jobs}
        for key in self._trials if wanted else ():
            if key in wanted:
                return wanted[key], self._trials[key]
        return None

    def add(self, job, trial):
        """Keep the trial of a job.

        Parameters
        ----------
        job : Job
            What was asked for; a network may have more values.
        trial : Trial
            Its result.
        """
        key = _key(job.values, job.seed)
        self._write(key, trial)
        self._trials[key] = trial

    def _write(self, key, trial):
        """Write the arrays first: a trial is there once its JSON is."""
        # Behind the last one that is there: a lost trial leaves a gap, and counting
        # would write over another one.
        used = [int(p.stem.removeprefix("trial_")) for p in self._records()]
        stem = self._directory / f"trial_{max(used, default=-1) + 1:05d}"
        arrays = {f"weights/{i}": w for i, w in enumerate(trial.weights or ())}
        arrays |= {f"y_pred/{name}": y for name, y in (trial.y_pred or {}).items()}
        temporary = stem.with_suffix(".tmp.npz")
        np.savez(temporary, **arrays)
        os.replace(temporary, stem.with_suffix(".npz"))
        record = {
            f.name: getattr(trial, f.name)
            for f in fields(Trial)
            if f.name not in _ARRAYS
        }
        text = json.dumps({"key": key, "trial": record}, default=_plain)
        _write(stem.with_suffix(".json"), text.encode())

    def _records(self):
        """Return the files of the trials, the oldest first."""
        return sorted(self._directory.glob("trial_*.json"))

    def _read(self):
        trials = {}
        for path in self._records():
            found = json.loads(path.read_text())
            with np.load(path.with_suffix(".npz"), allow_pickle=False) as arrays:
                weights = [
                    arrays[f"weights/{i}"]
                    for i in range(sum(n.startswith("weights/") for n in arrays.files))
                ]
                y_pred = {
                    name.removeprefix("y_pred/"): arrays[name]
                    for name in arrays.files
                    if name.startswith("y_pred/")
                }
            trials[found["key"]] = Trial(
                **found["trial"], weights=weights or None, y_pred=y_pred or None
            )
        return trials


def _key(values, seed):
    return json.dumps([values, seed], sort_keys=True, default=_plain)


def _plain(value):
    """Return a NumPy scalar as a Python one, for JSON."""
    return value.item()


def _write(path, content):
    """Write a file so that it is there whole or not at all."""
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_bytes(content)
    os.replace(temporary, path)
