"""Train candidates on tables, and pick the portfolio from their predictions."""

import argparse
import json
import sys
from pathlib import Path

from benchmarks.datasets.table_folder import find_tables
from benchmarks.portfolio.bank import Bank
from benchmarks.portfolio.candidates import predefined_candidates
from benchmarks.portfolio.pick import Tables, report
from benchmarks.portfolio.training import train_on

KINDS = ("binary", "multiclass", "regression")


def main(arguments=None):
    """Run one command.

    Parameters
    ----------
    arguments : list of str or None, default=None
        Command line. None reads the one of this process.
    """
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.portfolio", description=__doc__
    )
    commands = parser.add_subparsers(required=True)
    _add_train(commands)
    _add_pick(commands)
    parsed = parser.parse_args(arguments)
    parsed.run(parsed)


def _add_train(commands):
    train = commands.add_parser(
        "train", help="train candidates on tables; goes on where it was stopped"
    )
    train.add_argument("folder", type=Path, help="folder of the tables")
    train.add_argument("bank", type=Path, help="folder of the results")
    train.add_argument("--tables", nargs="+", help="names (default: all)")
    train.add_argument(
        "--candidates",
        type=Path,
        help="JSON file with the values of each candidate by its name (default: the "
        "predefined configurations)",
    )
    train.add_argument("--folds", type=int, nargs="+", default=[0])
    train.add_argument(
        "--cv",
        type=json.loads,
        default='"auto"',
        help="cross-validation of each training, as JSON: null for one held-out part",
    )
    train.add_argument("--max-rows", type=int, default=4000)
    train.add_argument("--max-seconds", type=float, default=30.0)
    train.set_defaults(run=_train)


def _add_pick(commands):
    pick = commands.add_parser(
        "pick",
        help="pick the order of candidates, and compare it with others on tables that "
        "it was not picked on",
    )
    pick.add_argument("bank", type=Path, help="folder of the results")
    pick.add_argument(
        "--kinds",
        nargs="+",
        choices=KINDS,
        default=KINDS,
        help="kinds of the targets of the tables (default: all)",
    )
    pick.add_argument("--length", type=int, default=8)
    pick.set_defaults(run=_pick)


def _pick(parsed):
    """Print the picked order with its figures."""
    tables = Tables(Bank(parsed.bank), parsed.kinds)
    sys.stdout.write(report(tables, parsed.length) + "\n")


def _train(parsed):
    """Train all candidates on all tables, and print a line for each."""
    if parsed.candidates is None:
        candidates = predefined_candidates()
    else:
        candidates = json.loads(parsed.candidates.read_text("utf-8"))
    bank = Bank(parsed.bank)
    for fold in parsed.folds:
        for name in parsed.tables or find_tables(parsed.folder):
            results = train_on(
                bank,
                parsed.folder,
                name,
                candidates,
                fold=fold,
                cv=parsed.cv,
                max_rows=parsed.max_rows,
                max_seconds=parsed.max_seconds,
            )
            for result in results:
                loss = "failed" if result.loss is None else f"{result.loss:.4f}"
                sys.stdout.write(
                    f"{result.table} {result.candidate} {loss} {result.seconds} s\n"
                )
                sys.stdout.flush()


if __name__ == "__main__":
    main()
