"""The bank: predictions of candidates on tables, stored so that they are made once."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Table:
    """Facts about the rows of a table that candidates were trained on.

    Attributes
    ----------
    name : str
        Name of the table, with the number of the fold that was left out.
    kind : {"binary", "multiclass", "regression"}
        Kind of the target.
    metric : {"accuracy", "AUC", "R2"}
        Metric of the table.
    n_rows, n_columns : int
        Size of the part that candidates were trained and validated on.
    n_folds : int
        Number of folds of the validation; 1 is one held-out part.
    n_test_rows : int
        Number of rows that were left out.
    reference_error : float
        Error, which is 1 minus the score, of histogram gradient boosting with its
        defaults on the rows that were left out.
    """

    name: str
    kind: str
    metric: str
    n_rows: int
    n_columns: int
    n_folds: int
    n_test_rows: int
    reference_error: float


@dataclass(frozen=True)
class Result:
    """Training of one candidate on one table.

    Attributes
    ----------
    table, candidate : str
        Name of the table and of the candidate.
    seconds : float
        Time of the training, in seconds, that of all folds together.
    loss : float or None
        Loss of the validation predictions. None if the training failed.
    error : str or None
        Reason why the training failed.
    """

    table: str
    candidate: str
    seconds: float
    loss: float | None
    error: str | None = None


@dataclass(frozen=True, eq=False)
class Targets:
    """Targets of the validation rows and of the rows that were left out.

    Attributes
    ----------
    valid, test : ndarray of shape (n_rows,)
        Codes of classes, or standardised numbers. The code -1 is a class that the
        training rows do not have.
    """

    valid: np.ndarray
    test: np.ndarray


class Bank:
    """A folder of results and predictions, to which more can be added at any time.

    Parameters
    ----------
    folder : path-like
        Folder of the bank. It is created if it does not exist.
    """

    def __init__(self, folder):
        self._folder = Path(folder)
        for name in ("targets", "predictions"):
            (self._folder / name).mkdir(parents=True, exist_ok=True)

    def tables(self):
        """Return the `Table` of each name."""
        return {line["name"]: Table(**line) for line in self._read("tables")}

    def results(self):
        """Return the list of `Result`, those of failed trainings included."""
        return [Result(**line) for line in self._read("results")]

    def candidates(self):
        """Return the values of each candidate by its name."""
        return {line["name"]: line["values"] for line in self._read("candidates")}

    def targets(self, table):
        """Return the `Targets` of a table."""
        with np.load(self._folder / "targets" / f"{table}.npz") as arrays:
            return Targets(arrays["valid"], arrays["test"])

    def predictions(self, table, candidate):
        """Return the predictions for the validation rows and for those left out.

        Both have the shape (n_rows, n_outputs) and are probabilities or standardised
        numbers. A binary target has one output.
        """
        with np.load(self._predictions(table, candidate)) as arrays:
            return arrays["valid"].astype("float32"), arrays["test"].astype("float32")

    def add_table(self, table, targets):
        """Add a table whose targets are known."""
        np.savez(
            self._folder / "targets" / f"{table.name}.npz",
            valid=targets.valid,
            test=targets.test,
        )
        self._append("tables", asdict(table))

    def add_candidate(self, name, values):
        """Add a candidate, or check that it is the one of this name.

        Raises
        ------
        ValueError
            If the bank has another candidate of the same name.
        """
        known = self.candidates().get(name)
        if known is None:
            self._append("candidates", {"name": name, "values": values})
        elif known != json.loads(json.dumps(values)):
            raise ValueError(f"The bank has another candidate of the name {name!r}.")

    def add_result(self, result, predictions=None):
        """Add a result; without ``predictions`` it is one of a failed training."""
        if predictions is not None:
            valid, test = predictions
            np.savez_compressed(
                self._predictions(result.table, result.candidate),
                valid=valid.astype("float32"),
                test=test.astype("float16" if test.shape[1] > 1 else "float32"),
            )
        self._append("results", asdict(result))

    def _predictions(self, table, candidate):
        return self._folder / "predictions" / f"{table}@{candidate}.npz"

    def _read(self, name):
        path = self._folder / f"{name}.jsonl"
        if not path.exists():
            return []
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()]

    def _append(self, name, line):
        with (self._folder / f"{name}.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
