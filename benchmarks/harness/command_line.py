"""The command line, which names suites, a data folder and options."""

import argparse
import json
import sys
from datetime import datetime
from pathlib import Path

from benchmarks.datasets import image_data, mixed_data, text_data
from benchmarks.datasets.table_data import TABLES, TASKS
from benchmarks.datasets.table_folder import find_tables
from benchmarks.harness.peers import Peers
from benchmarks.harness.results import (
    Results,
    ResultsExistError,
    check_continuable,
    has_results,
)
from benchmarks.harness.suite import Options
from benchmarks.suites import (
    anytime,
    exports,
    images,
    latency,
    memory,
    mixed,
    overhead,
    parallel,
    pruning,
    rate,
    tabular,
    texts,
)

_SEARCH = (overhead, rate, anytime, memory, latency, parallel, pruning)
SUITES = {
    module.SUITE.name: module.SUITE
    for module in (tabular, mixed, images, texts, exports, *_SEARCH)
}
# Data sets of the suites whose data sets are not `TASKS`. The suite tabular also has
# the tables of the data folder.
DATASETS_OF = {
    "tabular": TABLES,
    "mixed": mixed_data.READERS,
    "images": image_data.TASKS,
    "texts": text_data.TASKS,
    "exports": exports.DATASETS,
}
GROUPS = {"search": [module.SUITE.name for module in _SEARCH]}


def make_parser():
    """Return the parser. The options of suites have their defaults in the suites."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure skautokeras, and write JSON and Markdown.",
    )
    parser.add_argument(
        "folder", nargs="?", type=Path, help="folder with one folder per data set"
    )
    parser.add_argument(
        "--suite",
        nargs="+",
        required=True,
        metavar="NAME",
        help=f"any of: {', '.join(SUITES)}; or search, which means "
        f"{', '.join(GROUPS['search'])}",
    )
    parser.add_argument(
        "--output",
        type=Path,
        help="folder for the results (default: benchmark-results/ and the time); a "
        "run of tabular that was stopped is continued there",
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="use few trials and one seed, to see whether a suite runs",
    )
    parser.add_argument(
        "--peers",
        type=Path,
        help="folder with the virtual environments of peers; they are created there",
    )
    parser.add_argument(
        "--autokeras-python",
        metavar="PYTHON",
        help="interpreter of an environment with AutoKeras 3.0.0; it takes precedence "
        "over --peers",
    )
    options = parser.add_argument_group("options of suites (each has its own default)")
    options.add_argument("--datasets", nargs="+")
    options.add_argument("--seeds", nargs="+", type=int)
    options.add_argument(
        "--splits", type=int, help="splits of a data set without a test file"
    )
    options.add_argument("--trials", nargs="+", type=int, help="trials of a search")
    options.add_argument("--jobs", nargs="+", type=int, help="values of n_jobs")
    options.add_argument("--max-time", type=float, help="seconds for a search")
    options.add_argument(
        "--methods",
        nargs="+",
        choices=list(
            dict.fromkeys([*tabular.METHODS, *images.METHODS, *texts.METHODS])
        ),
    )
    options.add_argument("--rows", nargs="+", type=int, help="training rows to use")
    _add_choosing(options)
    options.add_argument("--repetitions", type=int, help="processes per import")
    options.add_argument("--autokeras-trials", type=int)
    options.add_argument(
        "--autokeras-column-types",
        choices=("dtype", "inferred"),
        help="tell AutoKeras which columns are numbers, or let it infer them",
    )
    return parser


def _add_choosing(options):
    """Add the options that serve to choose on training files."""
    options.add_argument(
        "--validation",
        nargs="+",
        type=int,
        metavar="FOLD",
        help="measure on folds of the training files, by number, not on the test files",
    )
    options.add_argument(
        "--half", choices=("first", "second"), help="measure one half of the tables"
    )
    options.add_argument(
        "--params",
        nargs="+",
        type=_json_object,
        metavar="JSON",
        help="parameters of the estimator of skautokeras as JSON objects, each of "
        'which is measured as a method of its own, such as {"ensemble_size": 1}',
    )
    options.add_argument(
        "--references", help="file that keeps the scores of hgb on folds"
    )


def _json_object(text):
    """Return the dict that a text of JSON describes."""
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError(f"{text} is no JSON object")
    return value


def parse_arguments(arguments=None):
    """Parse a command line.

    Parameters
    ----------
    arguments : list of str or None, default=None
        Command line. None reads the one of this process.

    Returns
    -------
    parsed : argparse.Namespace
        Values of the arguments; those that belong to no suite are read from here.
    plan : list of (Suite, dict)
        The suites in the order they are named, each with the values of its options.
    """
    parser = make_parser()
    parsed = parser.parse_args(arguments)
    if parsed.folder is None and len(parsed.suite) > 1:
        # argparse takes a folder that follows the names for one of them.
        *parsed.suite, folder = parsed.suite
        parsed.folder = Path(folder)
    _check(parser, parsed)
    names = [name for named in parsed.suite for name in GROUPS.get(named, [named])]
    suites = [SUITES[name] for name in dict.fromkeys(names)]
    possible = {option for suite in SUITES.values() for option in suite.defaults}
    arguments = {
        name: value
        for name, value in vars(parsed).items()
        if name in possible and value is not None
    }
    for name in arguments:
        if not any(name in suite.defaults for suite in suites):
            option = "--" + name.replace("_", "-")
            having = [s.name for s in SUITES.values() if name in s.defaults]
            parser.error(
                f"{option} is no option of the named suites, but of {', '.join(having)}"
            )
    _check_datasets(parser, arguments, suites, parsed.folder)
    if parsed.output is None:
        now = datetime.now().strftime("%Y-%m-%d-%H%M%S")
        parsed.output = Path("benchmark-results") / now
    plan = [
        (suite, suite.options(arguments, parsed.folder, quick=parsed.quick))
        for suite in suites
    ]
    _check_results(parser, plan, parsed.output)
    return parsed, plan


def _check(parser, parsed):
    """End with a message unless the suites and the data folder exist."""
    known = [*SUITES, *GROUPS]
    for name in parsed.suite:
        if name not in known:
            parser.error(f"there is no suite {name!r}; there are {', '.join(known)}")
    if parsed.folder is None:
        parser.error("the folder of the data sets is missing")
    if not parsed.folder.is_dir():
        parser.error(f"the folder of the data sets, {parsed.folder}, is not there")


def _check_datasets(parser, arguments, suites, folder):
    """End with a message unless the suites have the data sets that are named."""
    for suite in suites:
        datasets = list(DATASETS_OF.get(suite.name, TASKS))
        if suite.name == "tabular":
            datasets += find_tables(folder)
        for name in arguments.get("datasets", ()):
            if "datasets" in suite.defaults and name not in datasets:
                parser.error(f"{name} is no data set of the suite {suite.name}")


def _check_results(parser, plan, output):
    """End with a message unless the output folder is free or can be continued."""
    for suite, values in plan:
        if has_results(suite, output):
            try:
                check_continuable(suite, values, output)
            except ResultsExistError as error:
                parser.error(str(error))


def main(arguments=None):
    """Run the suites of a command line, one after the other.

    Parameters
    ----------
    arguments : list of str or None, default=None
        Command line. None reads the one of this process.
    """
    parsed, plan = parse_arguments(arguments)
    peers = Peers(parsed.peers, parsed.autokeras_python)
    for suite, values in plan:
        results = Results(suite, values, parsed.output, peers)
        folder = str(parsed.folder.resolve())
        options = Options(folder, values, peers, results.finished)
        for measurement in suite.measurements(options):
            results.add(measurement)
            sys.stderr.write(f"{suite.name}: {_on_one_line(measurement)}\n")
        results.end()
        print(results.markdown)
    sys.stderr.write(f"results are in {parsed.output}\n")


def _on_one_line(measurement):
    """Return the numbers and strings of a measurement on one line."""
    parts = []
    for name, value in measurement.items():
        if isinstance(value, float):
            parts.append(f"{name}={value:.4g}")
        elif isinstance(value, str | int):
            parts.append(f"{name}={value}")
    return ", ".join(parts)
