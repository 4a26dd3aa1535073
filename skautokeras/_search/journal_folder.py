"""The folder of a journal: the files of a search, and what can be read from them."""

import json
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from skautokeras import __version__
from skautokeras._search.feasibility import Rejection
from skautokeras._search.record import make_record
from skautokeras._search.trial import Trial
from skautokeras._state.document import dumps, loads
from skautokeras._state.files import local_path, write_whole
from skautokeras._warnings import warn
from skautokeras.exceptions import FileFormatError, JournalMismatchError

# The version of what a folder looks like; no other one can be read.
_VERSION = 11
_HEADER = "search.json"
_REJECTED = "rejected.jsonl"
# What reading a file that is not as it was written can raise.
_UNREADABLE = (
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    OverflowError,
    RecursionError,
)
_DAMAGED = (OSError, *_UNREADABLE)
_RUN_AGAIN = " The trial will be run again."
# Hashes do not tell whether the parameter or the model is another one. Without the
# tokenizer of a model, there are other arrays of texts, too.
_OF_MODELS = (
    "A pretrained model that was there and is missing now counts as other parameters, "
    "and as other data if it is one of texts: put it back if that is so. "
)
# Other files in the folder, such as copies that a desktop has made, are left alone.
_TRIAL = re.compile(r"trial_(\d+)\.zip")


@dataclass(frozen=True, eq=False)
class Entry:
    """A result in a journal, and what tells for which question it is the answer.

    Parameters
    ----------
    number : int
        Number of the file of a trial, or for a rejection that of the next trial.
    key : str
        Text that tells a trial from others, by its configuration and its seed.
    n_places : int
        Number of trials that had begun by then.
    result : Trial or Rejection
        Result of the trial, or the reason why there is none.
    """

    number: int
    key: str
    n_places: int
    result: object

    @property
    def is_trial(self):
        """Whether the configuration was tried."""
        return isinstance(self.result, Trial)


class JournalFolder:
    """The files of one search, without pickles.

    Every trial is a file of the same format as those of `save`. Files are written whole
    or not at all. A rejection is a line of one file. A file that has been damaged costs
    its trial; a folder that cannot be written gives a warning, once, and nothing is
    written any more.

    A search that ended before its first trial, because of a wrong parameter for
    instance, leaves nothing to go on with, so its header gives way to another. Of the
    same search, the seed remains, and what was made for all trials if the time, the
    machine and the folds are the same.

    Parameters
    ----------
    path : str or path-like
        The folder, made if it does not exist.
    fingerprints : dict of str to (str or dict)
        Hashes that tell one search from another, as `Journal` takes them.
    chosen : dict of str to object
        The "seed", the number of folds "n_folds" and the "conditions" of a new search.
    about : dict of str to str
        Names of the "estimator" and of its "scoring".

    Attributes
    ----------
    header : dict of str to object
        Facts about the search that the folder holds: fingerprints, chosen values and
        names.

    Raises
    ------
    JournalMismatchError
        If the folder holds another search.
    FileFormatError
        If the file that describes the search has been damaged.
    ValueError
        If the path is no folder.
    """

    def __init__(self, path, fingerprints, chosen, about):
        self._path = Path(path)
        self._is_writable = True
        self._expected = {
            "version": _VERSION,
            "package": __version__,
            **fingerprints,
        }
        self.header = {**self._expected, **chosen, "about": about}
        self._open()

    def read_entries(self):
        """Return the trials and the rejections, the oldest first.

        Returns
        -------
        entries : list of Entry
            The trials in them have no arrays.
        next_number : int
            Number of the next trial.
        """
        if not self._is_writable:
            return [], 0
        paths = _paths(self._path)
        trials = [
            Entry(number, key, n_places, trial.without_arrays())
            for number, (key, n_places, trial) in _readable(paths, _RUN_AGAIN)
        ]
        # Sorting is stable, so rejections stay before the trial of the same number.
        entries = [*self._read_rejections(), *trials]
        entries.sort(key=lambda entry: entry.number)
        # Behind the last file: a lost trial leaves a gap.
        return entries, 1 + max(map(_number, paths), default=-1)

    def read_trial(self, entry):
        """Return the trial of an entry with its arrays, or None if its file is damaged.

        Parameters
        ----------
        entry : Entry
            Entry whose trial has a file.
        """
        path = self._path_of(entry.number)
        for _, (found_key, _, trial) in _readable([path], _RUN_AGAIN):
            if found_key == entry.key:  # Another process may have written over it.
                return trial
        return None

    def write_trial(self, entry):
        """Write the file of a trial; return whether that was possible."""
        found = {
            "key": entry.key,
            "n_places": entry.n_places,
            "trial": entry.result,
        }
        path = self._path_of(entry.number)
        return self._write(lambda: write_whole(path, dumps(found, compress=False)))

    def append_rejection(self, entry):
        """Write the line of a rejection."""

        def append():
            with (self._path / _REJECTED).open("a", encoding="utf-8") as file:
                file.write(_rejection_line(entry))
                file.flush()
                os.fsync(file.fileno())

        self._write(append)

    def write_rejections(self, entries):
        """Write the lines of all rejections among some entries, and no others."""
        lines = [_rejection_line(entry) for entry in entries if not entry.is_trial]
        content = "".join(lines).encode()
        self._write(lambda: write_whole(self._path / _REJECTED, content))

    def read_kept(self, name):
        """Return what `write_kept` has written; None if there is nothing.

        Parameters
        ----------
        name : str
            Name of what was made once for all trials.
        """
        path = self._kept_at(name)
        if not self._is_writable or not path.exists():
            return None
        try:
            return loads(path.read_bytes())[0]
        except _DAMAGED as error:
            warn(f"{str(path)!r} is made again: {error}")
            return None

    def write_kept(self, name, made):
        """Write what was made once for all trials; return whether that was possible."""
        content = dumps(made, compress=False)
        return self._write(lambda: write_whole(self._kept_at(name), content))

    def _open(self):
        """Take over the header of the folder; write it if it is new."""
        file = self._path / _HEADER
        try:
            self._path.mkdir(parents=True, exist_ok=True)
            found = _read_header(file)
            if not self._has_trials(found):
                found = self._begin_anew(found)
                write_whole(file, json.dumps(found).encode())
        except (FileExistsError, NotADirectoryError):
            raise ValueError(
                f"directory={str(self._path)!r} is not a folder."
            ) from None
        except OSError as error:
            self._give_up_writing(error)
            return
        if found is None:
            raise FileFormatError(
                f"{str(file)!r} has been damaged. Pass another directory, or empty "
                "this one."
            )
        holder = f"directory={str(self._path)!r}"
        _check_version(found, holder)
        check_same_search(found, self._expected, holder)
        self.header = found

    def _has_trials(self, found):
        """Return whether there are trials, of this version or of another one."""
        if found is not None and found.get("version") != _VERSION:
            return any(self._path.glob("trial_*"))
        return bool(_paths(self._path))

    def _begin_anew(self, found):
        """Return the header of a search without trials; ``found`` is what was there."""
        is_same = found is not None and {**found, **self._expected} == found
        chosen = {name: self.header[name] for name in ("n_folds", "conditions")}
        if not is_same or {**found, **chosen} != found:
            for path in self._path.glob("kept_*.zip"):
                path.unlink()
        return {**self.header, "seed": found["seed"]} if is_same else self.header

    def _write(self, write):
        """Write to the folder; return whether that was possible."""
        if not self._is_writable:
            return False
        try:
            write()
        except OSError as error:
            self._give_up_writing(error)
            return False
        return True

    def _give_up_writing(self, error):
        warn(
            f"directory={str(self._path)!r} cannot be written ({error}). The "
            "search goes on; its trials are kept in memory only.",
        )
        self._is_writable = False

    def _path_of(self, number):
        return self._path / f"trial_{number:05d}.zip"

    def _kept_at(self, name):
        return self._path / f"kept_{name}.zip"

    def _read_rejections(self):
        """Return the entries of the rejections."""
        path = self._path / _REJECTED
        content, found, end = b"", [], 0
        try:
            content = path.read_bytes() if path.exists() else b""
            for line in content.splitlines(keepends=True):
                # The last line may have been cut, where the process was killed.
                if line.endswith(b"\n"):
                    found.append(_read_rejection(line))
                    end += len(line)
        except _DAMAGED as error:
            warn(
                f"{str(path)!r} cannot be read ({error}). Some trials may be run "
                "again.",
            )
        if end < len(content):
            self._write(lambda: write_whole(path, content[:end]))
        return found


def check_same_search(found, expected, holder):
    """Raise JournalMismatchError unless two fingerprints are those of one search.

    Parameters
    ----------
    found, expected : dict of str to (str or dict)
        Fingerprints of the "data" and of the "parameters".
    holder : str
        Subject of the message, which names what holds the search.
    """
    reasons, hint = [], ""
    if found.get("data") != expected.get("data"):
        reasons.append("other data")
    if found.get("parameters") != expected.get("parameters"):
        wrong = _different(found["parameters"], expected["parameters"])
        reasons.append(f"other parameters ({', '.join(wrong)})")
        hint = _OF_MODELS if "pretrained" in wrong else ""
    if reasons:
        raise JournalMismatchError(
            f"{holder} holds the search of {' and '.join(reasons)}. {hint}Pass another "
            "directory or empty it; with warm_start=True, make a new estimator."
        )


def conditions_in(directory):
    """Return the time and the machine that the search in a folder has begun with.

    Parameters
    ----------
    directory : Path
        Folder that may hold a journal.

    Returns
    -------
    conditions : dict of str to (int, float or None), or None
        None if there is no search, or if it has no trials to go on with.
    """
    if not _paths(directory):
        return None
    header = _read_header(directory / _HEADER)
    return None if header is None else header["conditions"] or None


def read_search(directory):
    """Return the record of the search in a folder, which may still be going on.

    Parameters
    ----------
    directory : str or path-like
        The `directory` of an estimator. If the estimator was cloned, as
        `cross_val_score` does, the folders of its searches are in it, with names that
        begin with "fit-".

    Returns
    -------
    record : SearchRecord
        Record of the trials that have ended.

    Raises
    ------
    FileFormatError
        If the folder holds no search, or one of another version of the package.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.datasets import load_iris
    >>> from skautokeras import StructuredDataClassifier
    >>> from skautokeras.inspection import read_search
    >>> X, y = load_iris(return_X_y=True)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     clf = StructuredDataClassifier(max_trials=2, epochs=2, directory=folder)
    ...     _ = clf.fit(X, y)
    ...     record = read_search(folder)
    >>> len(record.leaderboard)
    2
    """
    directory = local_path(directory, "directory")
    header = _read_header(directory / _HEADER)
    if header is None and (directory / _HEADER).exists():
        raise FileFormatError(f"{str(directory / _HEADER)!r} is damaged.")
    if header is None:
        inner = sorted(path.parent.name for path in directory.glob(f"*/{_HEADER}"))
        hint = f" There are searches in its folders {inner}." if inner else ""
        raise FileFormatError(f"{str(directory)!r} holds no search.{hint}")
    if header.get("version") != _VERSION:
        raise FileFormatError(
            f"{str(directory)!r} holds the search of another version of skautokeras "
            f"(journal format {header.get('version')}), and {__version__} reads "
            f"journal format {_VERSION}."
        )
    about = header["about"]
    # A trial that was run again has two files.
    trials = {
        key: trial.without_arrays()
        for _, (key, _, trial) in _readable(_paths(directory))
    }
    return make_record(
        about.get("estimator", ""), about.get("scoring", ""), trials.values()
    )


def _check_version(found, holder):
    """Raise JournalMismatchError if another version has written a header."""
    if found.get("version") != _VERSION or found.get("package") != __version__:
        raise JournalMismatchError(
            f"{holder} holds the search of another version of skautokeras "
            f"({found.get('package')}, journal format {found.get('version')}), "
            f"which {__version__} with journal format {_VERSION} cannot go on "
            "with: pass another directory or empty it."
        )


def _rejection_line(entry):
    fields = asdict(entry.result)
    return json.dumps([entry.number, entry.key, entry.n_places, fields]) + "\n"


def _read_rejection(line):
    """Return the entry of a line."""
    number, key, n_places, fields = json.loads(line)
    rejection = Rejection(**fields)
    if not isinstance(key, str) or not isinstance(rejection.reason, str):
        raise ValueError("It holds no rejection.")
    return Entry(int(number), key, int(n_places), rejection)


def _paths(directory):
    """Return the files of the trials, the oldest first."""
    paths = [path for path in directory.glob("trial_*") if _TRIAL.fullmatch(path.name)]
    return sorted(paths, key=_number)


def _number(path):
    return int(_TRIAL.fullmatch(path.name)[1])


def _different(first, second):
    """Return the names whose values differ between two dicts."""
    return [n for n in sorted({*first, *second}) if first.get(n) != second.get(n)]


def _readable(paths, consequence=""):
    """Yield the number and the content of every file that is as it was written."""
    for path in paths:
        try:
            yield _number(path), _read_trial(path)
        except _DAMAGED as error:
            warn(
                f"{str(path)!r} cannot be read ({error}).{consequence}",
            )


def _read_header(path):
    """Return what a header says, or None if there is none that can be read."""
    try:
        header = json.loads(path.read_text())
        n_folds = header.get("n_folds")
        n_folds = None if n_folds is None else int(n_folds)
        return {
            **header,
            "seed": int(header["seed"]),
            "n_folds": n_folds,
            "conditions": dict(header.get("conditions", {})),
            "about": dict(header.get("about", {})),
        }
    except (*_UNREADABLE, FileNotFoundError, NotADirectoryError):
        return None


def _read_trial(path):
    """Return the key, the number of places and the trial in a file."""
    found, _ = loads(path.read_bytes())
    key, n_places, trial = found["key"], int(found["n_places"]), found["trial"]
    if not (isinstance(key, str) and isinstance(trial, Trial)):
        raise ValueError("It holds no trial.")
    # The constructor checks that nothing is missing, and nothing too much.
    return key, n_places, Trial(**vars(trial))
