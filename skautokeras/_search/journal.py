"""Journal: finished trials, so that a search can go on after a crash or with more time.

A search is a deterministic function of the data, the parameters and one seed. The
journal keeps the seed, every finished trial and every rejection; a search that starts
again asks the same oracle the same questions, and those it has an answer for are not
computed again. So nothing needs to be known about the state of an oracle. Where several
trials run at the same time, the answers are given in the order they came.
"""

from collections import defaultdict, deque
from dataclasses import replace

from skautokeras._search.journal_folder import (
    Entry,
    JournalFolder,
    check_same_search,
)
from skautokeras._state.codec import text_key


class Journal:
    """Finished trials: in memory and, given a folder, on disk.

    Trials and rejections reach the disk before the next trial is asked for.

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
        self._fingerprints = dict(fingerprints)
        self._keeps_results = keeps_results or directory is not None
        self._entries, self._next_number = [], 0  # the oldest first
        self._written = set()  # numbers of trials whose arrays are in files
        self._waiting = {}  # key -> places of its entries that have not been asked for
        self._not_asked_for = {}  # all of these places, in their order
        # What was made once for all trials, by name, as far as no file holds it.
        self._kept = {}
        self._folder = None
        chosen = {
            "seed": int(seed),
            "n_folds": n_folds,
            "conditions": dict(conditions),
        }
        if directory is not None:
            self._folder = JournalFolder(directory, fingerprints, chosen, dict(about))
            self._entries, self._next_number = self._folder.read_entries()
            self._written = {e.number for e in self._entries if e.is_trial}
            chosen = self._folder.header
        self.seed = chosen["seed"]
        self.n_folds = chosen["n_folds"]
        self.conditions = chosen["conditions"]

    def check_continues(self, fingerprints):
        """Raise JournalMismatchError unless a search is the one of this journal.

        Parameters
        ----------
        fingerprints : dict of str to (str or dict)
            Fingerprints of the search.
        """
        found = {**self._fingerprints, **fingerprints}
        check_same_search(found, self._fingerprints, "This estimator")

    def begin(self):
        """Take note that a search begins, which asks for the results from the first on.

        Rejections after the last trial that an oracle has proposed are forgotten: there
        may be more time now.
        """
        # Configurations that were trained again have learned from more rows.
        fewest_rows = max((trial.every for trial in self._trials()), default=1)
        last = max(
            (
                place
                for place, entry in enumerate(self._entries)
                if entry.is_trial and entry.result.every == fewest_rows
            ),
            default=-1,
        )
        kept = [
            entry
            for place, entry in enumerate(self._entries)
            if place < last or entry.is_trial
        ]
        if len(kept) < len(self._entries):
            self._entries = kept
            if self._folder is not None:
                self._folder.write_rejections(kept)
        self._waiting = defaultdict(deque)
        for place, entry in enumerate(self._entries):
            self._waiting[entry.key].append(place)
        self._not_asked_for = dict.fromkeys(range(len(self._entries)))

    def spent(self):
        """Return the seconds of searching after which the last trial ended."""
        return max((trial.ended for trial in self._trials()), default=0.0)

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
        made = None if self._folder is None else self._folder.read_kept(name)
        if made is not None:
            return made
        made = make()
        is_in_file = self._folder is not None and self._folder.write_kept(name, made)
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
            result = self._result_of(self._entries[place])
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
        next_entry = self._entries[next(iter(self._not_asked_for))]
        return next_entry.n_places <= n_places and any(
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
        entry = Entry(self._next_number, _key(pending), n_places, result)
        if entry.is_trial:
            self._next_number += 1
        if self._folder is not None:
            entry = self._write(entry)
        if self._keeps_results:
            self._entries.append(entry)

    def _write(self, entry):
        """Return the entry, without what a file holds now."""
        if not entry.is_trial:
            self._folder.append_rejection(entry)
        elif self._folder.write_trial(entry):
            self._written.add(entry.number)
            return replace(entry, result=entry.result.without_arrays())
        return entry

    def _trials(self):
        return [entry.result for entry in self._entries if entry.is_trial]

    def _result_of(self, entry):
        """Return a result with its arrays, or None if its file is damaged by now."""
        if entry.is_trial and entry.number in self._written:
            return self._folder.read_trial(entry)
        return entry.result


def _key(pending):
    """Return what tells a pending trial from others."""
    return text_key([pending.values, pending.seed])
