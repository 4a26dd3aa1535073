"""Training of candidates on the tables of a folder."""

import time

import numpy as np

from benchmarks.datasets.table_data import read_split
from benchmarks.datasets.table_folder import read_facts, split_fold
from benchmarks.harness.error_ratios import METRICS
from benchmarks.internals import CandidateTrainer
from benchmarks.methods.fitting import score_predictions, score_probabilities
from benchmarks.methods.table_methods import PREPARE
from benchmarks.portfolio.bank import Result, Table, Targets
from benchmarks.suites.references import REFERENCE

# The name of a table in a bank says which fold of its training file was left out.
_NAME = "{name}#{fold}"


def train_on(bank, folder, name, candidates, *, fold, cv, max_rows, max_seconds):
    """Train the candidates that the bank does not have yet on one table.

    Parameters
    ----------
    bank : Bank
        Bank that takes the results.
    folder : path-like
        Folder of the tables.
    name : str
        Name of the table.
    candidates : dict of str to dict
        Values of a `StructuredDataBlock` by the names of the candidates.
    fold : int
        Number of the fold of the training file that is left out.
    cv : int, "auto" or None
        Cross-validation of each training, as in `AutoModel`.
    max_rows : int
        Maximum number of rows to train on, and of rows that are left out.
    max_seconds : float
        Maximum time of one training, in seconds.

    Yields
    ------
    result : Result
    """
    of_bank = _NAME.format(name=name, fold=fold)
    done = {r.candidate for r in bank.results() if r.table == of_bank}
    todo = {k: values for k, values in candidates.items() if k not in done}
    if not todo:
        return
    facts = read_facts(folder, name)
    rows = _read_rows(folder, name, facts, fold, max_rows)
    trainer = CandidateTrainer(facts.task, *rows, seed=fold, cv=cv)
    if of_bank not in bank.tables():
        _add_table(bank, of_bank, facts, rows, trainer, fold)
    for candidate, values in todo.items():
        bank.add_candidate(candidate, values)
        start = time.perf_counter()
        loss, error, predictions = None, None, None
        try:
            loss, predictions = trainer.train(values, max_seconds)
        # The others have to be trained, and the reason is stored.
        except Exception as failure:  # noqa: BLE001
            error = repr(failure)[:1000]
        seconds = time.perf_counter() - start
        result = Result(of_bank, candidate, round(seconds, 3), loss, error)
        bank.add_result(result, predictions)
        yield result


def _read_rows(folder, name, facts, fold, max_rows):
    """Return X and y to train on, and those that are left out."""
    X, y = read_split(folder, name, "train")
    stratify = facts.task == "classification"
    train, test = split_fold(X, y, fold, stratify=stratify)
    rng = np.random.default_rng(fold)
    train = np.sort(rng.permutation(train)[:max_rows])
    test = np.sort(rng.permutation(test)[:max_rows])
    return X.iloc[train], y.iloc[train], X.iloc[test], y.iloc[test]


def _add_table(bank, of_bank, facts, rows, trainer, fold):
    """Add a table with its targets, and the error of the reference."""
    X, y, X_test, y_test = rows
    spec = {"task": facts.task, "seed": fold, "dataset": of_bank}
    fitted = PREPARE[REFERENCE](spec)(X, y)
    proba = fitted.predict_proba and fitted.predict_proba(X_test)
    predicted = fitted.predict(X_test)
    scores = {
        **score_predictions(facts.task, y_test, predicted),
        **score_probabilities(y_test, predicted, proba, np.unique(y)),
    }
    key, _ = METRICS[facts.metric]
    table = Table(
        of_bank,
        facts.kind,
        facts.metric,
        n_rows=len(X),
        n_columns=X.shape[1],
        n_folds=trainer.n_folds,
        n_test_rows=len(X_test),
        reference_error=1.0 - float(scores[key]),
    )
    bank.add_table(table, Targets(trainer.y_valid, trainer.y_test))
