"""Journal: finished trials, so that a search can go on after a crash or with more time.

A search is a deterministic function of the data, the parameters and one seed. The
journal keeps the seed, every finished trial and every rejection; a search that starts
again asks the same oracle the same questions, and those it has an answer for are not
computed again. So nothing needs to be known about the state of an oracle. Where several
trials run at the same time, the answers are given in the order they came.
"""

import json
import os
import re
from collections import defaultdict, deque
from dataclasses import asdict
from pathlib import Path

from skautokeras import __version__
from skautokeras._search.feasibility import Rejection
from skautokeras._search.record import make_record
from skautokeras._search.trial import Trial
from skautokeras._state.codec import text_key
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
# Other files in the folder, such as copies that a desktop has made, are left alone.
_TRIAL = re.compile(r"trial_(\d+)\.zip")


class Journal:
    """Finished trials: in memory and, given a folder, on disk without pickles.

    Every trial is a file of the same format as those of `save`. Files are written whole
    or not at all and reach the disk before the next trial is asked for. A rejection is
    a line of one file. A file that has been damaged costs its trial; a folder that
    cannot be written gives a warning, and the search goes on.

    Parameters
    ----------
    directory : str, path-like or None
        Folder of the journal, made if it does not exist. If None, trials are kept in
        memory only.
    fingerprints : dict of str to (str or dict)
        Tell one search from another: a hash of the "data", and a dict of a hash for
        each of the "parameters".
    seed : int
        Seed of a new search. A journal that exists already has its own.
    n_folds : int or None, default=None
        Number of folds of a new search, if it was chosen automatically. A journal that
        exists already has its own.
    conditions : dict of str to (int, float or None), default=()
        Time and machine of a new search. A journal that exists already has its own.
    about : dict of str to str, default=()
        Names of the "estimator" and of its "scoring", for those who read the folder.
    keeps_results : bool, default=True
        Whether results are kept in memory where there is no folder. If False, a search
        cannot be continued, and takes less memory.

    Attributes
    ----------
    seed : int
        Seed that the search has to use.
    n_folds : int or None
        Number of folds that the search has to use if it is chosen automatically.
    conditions : dict of str to (int, float or None)
        Time and machine that the search has begun with.

    Raises
    ------
    JournalMismatchError
        If the folder holds another search.
    FileFormatError
        If the file that describes the search has been damaged.
    ValueError
        If the path is no folder.

    Examples
    --------
    >>> import tempfile
    >>> from skautokeras._search.journal import Journal
    >>> titanic = {"data": "1f", "parameters": {"loss": "a3"}}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     first = Journal(folder, titanic, seed=1).seed
    ...     second = Journal(folder, titanic, seed=2).seed
    >>> first, second
    (1, 1)
    """

    def __init__(
        self,
        directory,
        fingerprints,
        seed,
        n_folds=None,
        conditions=(),
        about=(),
        *,
        keeps_results=True,
    ):
        # The folder as long as it can be written, and to be read in any case.
        self._directory = self._folder = None if directory is None else Path(directory)
        self._expected = {
            "version": _VERSION,
            "package": __version__,
            **fingerprints,
        }
        self.seed = int(seed)
        self.n_folds = n_folds
        self.conditions = dict(conditions)
        self._about = dict(about)
        self._keeps_results = keeps_results
        # Trials and rejections, the oldest first, and for each its number, its key and
        # how many places there were. The number is that of the file of a trial, for a
        # rejection that of the next trial.
        self._results, self._keys = [], []
        self._next_number = 0
        self._written = set()  # numbers of trials whose arrays are in files
        self._waiting = {}  # key -> places of its results that have not been asked for
        self._not_asked_for = {}  # all of these places, in their order
        # What was made once for all trials, by name, as far as no file holds it.
        self._kept = {}
        if self._directory is not None:
            self._open()

    def check_continues(self, fingerprints):
        """Raise JournalMismatchError unless a search is the one of this journal."""
        self._check_header({**self._expected, **fingerprints}, "This estimator")

    def begin(self):
        """Take note that a search begins, which asks for the results from the first on.

        Rejections after the last trial that an oracle has proposed are forgotten: there
        may be more time now.
        """
        trials = [r for r in self._results if isinstance(r, Trial)]
        # Configurations that were trained again have learned from more rows.
        fewest_rows = max((trial.every for trial in trials), default=1)
        last = max(
            (
                place
                for place, result in enumerate(self._results)
                if isinstance(result, Trial) and result.every == fewest_rows
            ),
            default=-1,
        )
        kept = [
            place
            for place, result in enumerate(self._results)
            if place < last or isinstance(result, Trial)
        ]
        if len(kept) < len(self._results):
            self._keys = [self._keys[place] for place in kept]
            self._results = [self._results[place] for place in kept]
            self._write_if_possible(self._write_rejections)
        self._waiting = defaultdict(deque)
        for place, (_, key, _) in enumerate(self._keys):
            self._waiting[key].append(place)
        self._not_asked_for = dict.fromkeys(range(len(self._keys)))

    def spent(self):
        """Return the seconds of searching after which the last trial ended."""
        trials = [r for r in self._results if isinstance(r, Trial)]
        return max((trial.ended for trial in trials), default=0.0)

    def keep(self, name, make):
        """Return what was made once for all trials, and make it if it is missing.

        Parameters
        ----------
        name : str
            Name of it, and of its file in the folder.
        make : callable
            Function without arguments that makes it, of values that files can hold.

        Returns
        -------
        made : object
        """
        if name in self._kept:
            return self._kept[name]
        made, is_in_file = self._read_kept(name), True
        if made is None:
            made = make()
            is_in_file = self._write_if_possible(self._write_kept, name, made)
        if self._keeps_results and not is_in_file:
            self._kept[name] = made
        return made

    def earliest(self, pending_trials):
        """Return the pending trial that ended first, and its result; None if none did.

        So trials that ran at the same time are found in the order they were told. No
        result is returned twice in one search.

        Parameters
        ----------
        pending_trials : list of PendingTrial
            Trials that are told apart by their values and seed.

        Returns
        -------
        found : tuple (PendingTrial, Trial or Rejection) or None
        """
        wanted = {_key(pending): pending for pending in pending_trials}
        found = [(self._waiting[k][0], k) for k in wanted if k in self._waiting]
        for place, key in sorted(found):
            self._waiting[key].popleft()
            del self._not_asked_for[place]
            if not self._waiting[key]:
                del self._waiting[key]
            result = self._result_at(place)
            if result is not None:
                return wanted[key], result
        return None

    def had_all_places(self, n_places, pending_trials):
        """Return whether there were no more places before the next known result.

        A search that is allowed more trials than before would otherwise begin one too
        early, and the oracle would be asked in another order.

        Parameters
        ----------
        n_places : int
            Number of trials that have begun.
        pending_trials : iterable of PendingTrial
            Trials without a result. Without a known one among them, nothing is waited
            for.

        Returns
        -------
        had_all : bool
        """
        if not self._not_asked_for:
            return False
        _, _, n_then = self._keys[next(iter(self._not_asked_for))]
        return n_then <= n_places and any(
            _key(pending) in self._waiting for pending in pending_trials
        )

    def add(self, pending, result, n_places=0):
        """Keep the result of a trial.

        Parameters
        ----------
        pending : PendingTrial
            Trial as it was started; a network may have more values.
        result : Trial or Rejection
            Result of the trial, or the reason why there is none.
        n_places : int, default=0
            Number of trials that have begun.
        """
        facts = self._next_number, _key(pending), n_places
        if isinstance(result, Trial):
            self._next_number += 1
            if self._write_if_possible(self._write_trial, *facts, result):
                self._written.add(facts[0])
                result = result.without_arrays()
        else:
            line = _rejection_line(*facts, result)
            self._write_if_possible(self._append_rejection, line)
        if self._keeps_results or self._directory is not None:
            self._keys.append(facts)
            self._results.append(result)

    def _result_at(self, place):
        """Return a result with its arrays, or None if its file is damaged by now."""
        number, key, _ = self._keys[place]
        result = self._results[place]
        if not isinstance(result, Trial) or number not in self._written:
            return result
        for _, (found_key, _, trial) in _readable([self._path_of(number)], _RUN_AGAIN):
            if found_key == key:  # Another process may have written over it.
                return trial
        return None

    def _open(self):
        """Take over what the folder holds; write the header if it is new.

        A search that ended before its first trial, because of a wrong parameter for
        instance, leaves nothing to go on with, so its header gives way to another. Of
        the same search, the seed remains, and what was made for all trials if the time,
        the machine and the folds are the same.
        """
        header = self._directory / _HEADER
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            found = _read_header(header)
            if not self._has_trials(found):
                found = self._begin_anew(found)
                write_whole(header, json.dumps(found).encode())
        except (FileExistsError, NotADirectoryError):
            raise ValueError(
                f"directory={str(self._directory)!r} is not a folder."
            ) from None
        except OSError as error:
            self._give_up_writing(error)
            return
        if found is None:
            raise FileFormatError(
                f"{str(header)!r} has been damaged. Pass another directory, or empty "
                "this one."
            )
        self.seed, self.n_folds = found["seed"], found["n_folds"]
        self.conditions = found["conditions"]
        self._check_header(found, f"directory={str(self._directory)!r}")
        self._read_results()

    def _has_trials(self, found):
        """Return whether there are trials, of this version or of another one."""
        if found is not None and found.get("version") != _VERSION:
            return any(self._directory.glob("trial_*"))
        return bool(_paths(self._directory))

    def _begin_anew(self, found):
        """Return the header of a search without trials; ``found`` is what was there."""
        is_same = self._is_expected(found)
        chosen = {"n_folds": self.n_folds, "conditions": self.conditions}
        if not is_same or {**found, **chosen} != found:
            for path in self._directory.glob("kept_*.zip"):
                path.unlink()
        seed = found["seed"] if is_same else self.seed
        return {**self._expected, "seed": seed, **chosen, "about": self._about}

    def _is_expected(self, header):
        """Return whether this search can go on with what a header is about."""
        return header is not None and {**header, **self._expected} == header

    def _check_header(self, found, holder):
        if found.get("version") != _VERSION or found.get("package") != __version__:
            raise JournalMismatchError(
                f"{holder} holds the search of another version of skautokeras "
                f"({found.get('package')}, journal format {found.get('version')}), "
                f"which {__version__} with journal format {_VERSION} cannot go on "
                "with: pass another directory or empty it."
            )
        reasons = []
        if found.get("data") != self._expected.get("data"):
            reasons.append("other data")
        if found.get("parameters") != self._expected.get("parameters"):
            wrong = _different(found["parameters"], self._expected["parameters"])
            reasons.append(f"other parameters ({', '.join(wrong)})")
        if reasons:
            raise JournalMismatchError(
                f"{holder} holds the search of {' and '.join(reasons)}. Pass another "
                "directory or empty it; with warm_start=True, make a new estimator."
            )

    def _write_if_possible(self, write, *args):
        """Write to the folder; return whether that was possible."""
        if self._directory is None:
            return False
        try:
            write(*args)
        except OSError as error:
            self._give_up_writing(error)
            return False
        return True

    def _give_up_writing(self, error):
        warn(
            f"directory={str(self._directory)!r} cannot be written ({error}). The "
            "search goes on; its trials are kept in memory only.",
        )
        self._directory = None

    def _write_trial(self, number, key, n_places, trial):
        found = {"key": key, "n_places": n_places, "trial": trial}
        content = dumps(found, compress=False)
        write_whole(self._path_of(number), content)

    def _path_of(self, number):
        return self._folder / f"trial_{number:05d}.zip"

    def _read_kept(self, name):
        """Return what a file holds that `keep` has written; None if there is none."""
        if self._directory is None or not self._kept_at(name).exists():
            return None
        try:
            return loads(self._kept_at(name).read_bytes())[0]
        except _DAMAGED as error:
            warn(f"{str(self._kept_at(name))!r} is made again: {error}")
            return None

    def _write_kept(self, name, made):
        write_whole(self._kept_at(name), dumps(made, compress=False))

    def _kept_at(self, name):
        return self._directory / f"kept_{name}.zip"

    def _append_rejection(self, line):
        with (self._directory / _REJECTED).open("a", encoding="utf-8") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())

    def _write_rejections(self):
        lines = [
            _rejection_line(*key, result)
            for key, result in zip(self._keys, self._results, strict=True)
            if isinstance(result, Rejection)
        ]
        write_whole(self._directory / _REJECTED, "".join(lines).encode())

    def _read_results(self):
        """Read the trials and the rejections, in the order they were added."""
        paths = _paths(self._directory)
        # Behind the last file: a lost trial leaves a gap.
        self._next_number = 1 + max(map(_number, paths), default=-1)
        trials = [
            (number, key, n_places, trial.without_arrays())
            for number, (key, n_places, trial) in _readable(paths, _RUN_AGAIN)
        ]
        self._written = {number for number, *_ in trials}
        # Sorting is stable, so rejections stay before the trial of the same number.
        found = [*self._read_rejections(), *trials]
        found.sort(key=lambda one: one[0])
        self._keys = [tuple(facts) for *facts, _ in found]
        self._results = [result for *_, result in found]

    def _read_rejections(self):
        """Return the rejections with their numbers and keys."""
        path = self._directory / _REJECTED
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
            self._write_if_possible(write_whole, path, content[:end])
        return found


def _key(pending):
    """Return what tells a pending trial from others."""
    return text_key([pending.values, pending.seed])


def _rejection_line(number, key, n_places, rejection):
    return json.dumps([number, key, n_places, asdict(rejection)]) + "\n"


def _read_rejection(line):
    """Return the number, the key, the number of places and the rejection of a line."""
    number, key, n_places, fields = json.loads(line)
    rejection = Rejection(**fields)
    if not isinstance(key, str) or not isinstance(rejection.reason, str):
        raise ValueError("It holds no rejection.")
    return int(number), key, int(n_places), rejection


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
