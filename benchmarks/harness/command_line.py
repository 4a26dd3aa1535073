"""The command line, which names suites, a data folder and options."""

import argparse
import sys
from datetime import datetime
from itertools import chain
from pathlib import Path

from benchmarks.datasets import image_data, mixed_data, text_data
from benchmarks.datasets.table_data import TABLES, TASKS
from benchmarks.harness.peers import Peers
from benchmarks.harness.results import Results
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
# Data sets of the suites whose data sets are not `TASKS`.
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
        help="folder for the results (default: benchmark-results/ and the time)",
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
    options.add_argument(
        "--datasets",
        nargs="+",
        choices=list(dict.fromkeys(chain(TASKS, *DATASETS_OF.values()))),
    )
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
    options.add_argument("--repetitions", type=int, help="processes per import")
    options.add_argument("--autokeras-trials", type=int)
    options.add_argument(
        "--autokeras-column-types",
        choices=("dtype", "inferred"),
        help="tell AutoKeras which columns are numbers, or let it infer them",
    )
    return parser


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
    _check_datasets(parser, arguments, suites)
    if parsed.output is None:
        now = datetime.now().strftime("%Y-%m-%d-%H%M%S")
        parsed.output = Path("benchmark-results") / now
    taken = [s.name for s in suites if (parsed.output / f"{s.name}.json").exists()]
    if taken:
        parser.error(
            f"{parsed.output} has results of {', '.join(taken)} already; "
            "name another folder with --output"
        )
    return parsed, [(s, s.options(arguments, quick=parsed.quick)) for s in suites]


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


def _check_datasets(parser, arguments, suites):
    """End with a message unless the suites have the data sets that are named."""
    for suite in suites:
        datasets = DATASETS_OF.get(suite.name, TASKS)
        for name in arguments.get("datasets", ()):
            if "datasets" in suite.defaults and name not in datasets:
                parser.error(f"{name} is no data set of the suite {suite.name}")


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
        options = Options(str(parsed.folder.resolve()), values, peers)
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
