"""Picking of a portfolio: the order of candidates that makes the best ensembles."""

import numpy as np

from benchmarks.harness.markdown import markdown_table
from benchmarks.portfolio.simulation import (
    Judge,
    ensemble_ratio,
    greedy_weights,
    read_members,
)

# Logarithms of ratios count up to this size, so that no table rules alone.
_MOST = 0.5
# Random orders that the picked one is compared with.
_N_RANDOM = 20


class Tables:
    """Tables on which all candidates were trained, and ensembles of candidates on them.

    Parameters
    ----------
    bank : Bank
        Bank of the results.
    kinds : collection of str
        Kinds of the targets of the tables, such as "binary".
    """

    def __init__(self, bank, kinds):
        candidates = list(bank.candidates())
        self._members, self._judges, self._known = {}, {}, {}
        for name, table in bank.tables().items():
            members = read_members(bank, name, candidates)
            if table.kind in kinds and len(members) == len(candidates):
                self._members[name] = members
                self._judges[name] = Judge(table, bank.targets(name))
        self.candidates = candidates

    @property
    def names(self):
        """Names of the tables."""
        return list(self._members)

    def log_ratio(self, table, chosen):
        """Return the logarithm of an ensemble's error over that of the reference.

        Parameters
        ----------
        table : str
            Name of the table.
        chosen : collection of str
            Candidates that the ensemble is selected from by their validation loss.
        """
        key = table, frozenset(chosen)
        if key not in self._known:
            members, judge = self._members[table], self._judges[table]
            weights = greedy_weights({n: members[n] for n in chosen}, judge.loss)
            ratio = ensemble_ratio(members, weights, judge)
            self._known[key] = float(np.clip(np.log(ratio), -_MOST, _MOST))
        return self._known[key]

    def mean(self, tables, chosen):
        """Return the mean of `log_ratio` over some tables."""
        return float(np.mean([self.log_ratio(table, chosen) for table in tables]))


def greedy_order(tables, names, length):
    """Return the order in which each candidate improves the ensemble most.

    Parameters
    ----------
    tables : Tables
        Tables with their candidates.
    names : list of str
        Names of the tables that are looked at.
    length : int
        Number of candidates to choose.

    Returns
    -------
    order : list of str
    """
    order = []
    for _ in range(min(length, len(tables.candidates))):
        left = [name for name in tables.candidates if name not in order]
        order.append(min(left, key=lambda name: tables.mean(names, [*order, name])))
    return order


def report(tables, length):
    """Return the picked order, and what it gains on tables that it was not picked on.

    Parameters
    ----------
    tables : Tables
        Tables with their candidates.
    length : int
        Number of candidates to choose.

    Returns
    -------
    text : str
        Markdown. All figures are geometric means of the error over the reference.
    """
    names = tables.names
    order = greedy_order(tables, names, length)
    left_out = {
        name: greedy_order(tables, [n for n in names if n != name], length)
        for name in names
    }
    rng = np.random.default_rng(0)
    shuffled = [rng.permutation(tables.candidates).tolist() for _ in range(_N_RANDOM)]
    rows = []
    for n in range(1, len(order) + 1):
        picked = tables.mean(names, order[:n])
        others = np.mean([tables.log_ratio(k, o[:n]) for k, o in left_out.items()])
        given = tables.mean(names, tables.candidates[:n])
        random = np.mean([tables.mean(names, o[:n]) for o in shuffled])
        figures = [f"{np.exp(value):.3f}" for value in (picked, others, given, random)]
        rows.append([f"{n}", order[n - 1], *figures])
    headings = ["n", "candidate", "picked", "left out", "as listed", "random"]
    return markdown_table(headings, rows, n_labels=2)
