"""A folder of tables: their names, facts, halves, and the scores of peers.

The interpreters of peers import this module as well, so it uses only the standard
library, NumPy, pandas and scikit-learn.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.model_selection import KFold, StratifiedKFold

# Number of folds of a cross-validation.
N_FOLDS = 5
# A target of whole numbers has classes if it has at most so many distinct values.
MOST_CLASSES = 10
# Facts that the rows do not tell, by the name of the table: the task of a table whose
# classes are many whole numbers, and the tables that are scored by AUC because most of
# their rows belong to one class.
_FACTS = Path(__file__).with_name("table_facts.json")
# Name of the file with the scores of peers, which lies beside the tables.
BASELINES = "baselines.jsonl"
_METRICS = {"classification": "accuracy", "regression": "R2"}


@dataclass(frozen=True)
class TableFacts:
    """Facts about one table.

    Attributes
    ----------
    task : {"classification", "regression"}
        Kind of the target.
    metric : {"accuracy", "AUC", "R2"}
        Metric by which the table is scored.
    kind : {"binary", "multiclass", "regression"}
        The task, with two classes told apart from more.
    n_rows : int
        Number of rows of the training file.
    n_test_rows : int
        Number of rows of the test file.
    """

    task: str
    metric: str
    kind: str
    n_rows: int
    n_test_rows: int


def find_tables(folder):
    """Return the sorted names of the folders that hold a training file.

    Parameters
    ----------
    folder : path-like
        The folder that holds one folder per table.

    Returns
    -------
    names : list of str
    """
    return sorted(path.parent.name for path in Path(folder).glob("*/train.csv.gz"))


def find_task(name, y):
    """Return the task of a table.

    Strings and truth values are classes, and so are whole numbers of at most
    `MOST_CLASSES` distinct values. All other numbers are a regression target, unless
    ``table_facts.json`` says that the table has classes.

    Parameters
    ----------
    name : str
        Name of the table.
    y : Series of shape (n_samples,)
        Target of all training rows.

    Returns
    -------
    task : {"classification", "regression"}

    Examples
    --------
    >>> find_task("letters", pd.Series(["a", "b"]))
    'classification'
    >>> find_task("counts", pd.Series(range(20))), find_task("few", pd.Series([1, 2]))
    ('regression', 'classification')
    """
    listed = _listed_facts(name).get("task")
    if listed is not None:
        return listed
    if pd.api.types.is_bool_dtype(y) or not pd.api.types.is_numeric_dtype(y):
        return "classification"
    few = y.nunique() <= MOST_CLASSES and bool((y % 1 == 0).all())
    return "classification" if few else "regression"


def read_facts(folder, name):
    """Return the `TableFacts` of a table of a folder."""
    y, y_test = (_read_target(folder, name, split) for split in ("train", "test"))
    task = find_task(name, y)
    kind = task
    if task == "classification":
        kind = "binary" if y.nunique() == 2 else "multiclass"
    metric = _listed_facts(name).get("metric", _METRICS[task])
    return TableFacts(task, metric, kind, n_rows=len(y), n_test_rows=len(y_test))


@cache
def _listed_facts(name):
    return json.loads(_FACTS.read_text(encoding="utf-8")).get(name, {})


def _read_target(folder, name, split):
    path = Path(folder) / name / f"{split}.csv.gz"
    return pd.read_csv(path, usecols=["target"])["target"]


def halve(facts):
    """Split tables into two halves that are alike in kind and size.

    The tables of each kind are sorted by number of training rows and name. Of every
    four consecutive tables, the first and the fourth belong to the first half, and the
    second and the third belong to the second half.

    Parameters
    ----------
    facts : dict of str to TableFacts
        Facts about all tables of a folder, by name.

    Returns
    -------
    halves : dict of str to list of str
        Names of the tables of the halves "first" and "second".
    """
    halves = {"first": [], "second": []}
    for kind in sorted({table.kind for table in facts.values()}):
        names = [name for name, table in facts.items() if table.kind == kind]
        names.sort(key=lambda name: (facts[name].n_rows, name))
        for i, name in enumerate(names):
            halves["first" if i % 4 in (0, 3) else "second"].append(name)
    return halves


def split_fold(X, y, number, *, stratify):
    """Split rows by cross-validation with five folds.

    Parameters
    ----------
    X : DataFrame of shape (n_samples, n_features)
        Features.
    y : Series of shape (n_samples,)
        Target.
    number : int
        Number of the fold. Folds 0 to 4 are one round of cross-validation, folds 5 to
        9 the next one. So every row is a test row once in each round.
    stratify : bool
        Whether the target is a class whose shares are the same in all folds. The rows
        of a class of fewer than five rows are training rows in every fold.

    Returns
    -------
    train, test : ndarray of int
        Sorted positions of the rows.
    """
    make_folds = StratifiedKFold if stratify else KFold
    folds = make_folds(N_FOLDS, shuffle=True, random_state=number // N_FOLDS)
    rows = np.arange(len(y))
    if stratify:
        rows = rows[(y.map(y.value_counts()) >= N_FOLDS).to_numpy()]
    _, test = list(folds.split(X.iloc[rows], y.iloc[rows]))[number % N_FOLDS]
    test = rows[test]
    return np.setdiff1d(np.arange(len(y)), test), test


def read_baselines(folder):
    """Return the scores of peers that lie beside the tables of a folder.

    Parameters
    ----------
    folder : path-like
        The folder that holds one folder per table.

    Returns
    -------
    baselines : dict of str to list of dict
        The lines of the file by the name of their table; empty without the file. A
        line has "peer", "table", "score" in the metric of the table, and "seconds".
    """
    path = Path(folder) / BASELINES
    baselines = {}
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            score = json.loads(line)
            baselines.setdefault(score["table"], []).append(score)
    return baselines
