"""The parts that the suites for images and for texts share."""

from dataclasses import dataclass, field
from types import ModuleType

from benchmarks.harness.markdown import (
    SEARCH_COLUMNS,
    failures,
    markdown_table,
    summary_rows,
)
from benchmarks.harness.peers import AUTOKERAS_TRIALS, run_in_time
from benchmarks.harness.suite import Suite
from benchmarks.harness.variants import variants

METRICS = {"classification": "accuracy"}


@dataclass(frozen=True)
class RawInputs:
    """Data sets of images or texts, and the methods that learn from them.

    Attributes
    ----------
    data : module
        Module with ``TASKS`` and ``MAX_TIME``, the kind of the target and the default
        seconds of a search by the name of the data set.
    function : str
        Function that measures one fit, as in `run_once`.
    methods : tuple of str
        Methods that are measured by default.
    regression_metric : str
        Name of the score of numbers.
    datasets_of : dict of str to tuple of str
        Data sets of the methods that are not measured on all of them.
    """

    data: ModuleType
    function: str
    methods: tuple
    regression_metric: str = "R2"
    datasets_of: dict = field(default_factory=dict)

    def measurements(self, options):
        """Yield one measurement per data set, number of rows, seed and method."""
        for dataset in options.datasets:
            for rows in options.rows:
                for seed in options.seeds:
                    yield from self._measure(options, dataset, rows, seed)

    def _measure(self, options, dataset, rows, seed):
        task = self.data.TASKS[dataset]
        for name, method, params in variants(options.methods, options.params):
            if dataset not in self.datasets_of.get(method, self.data.TASKS):
                continue
            case = {
                "dataset": dataset,
                "seed": seed,
                "rows": rows,
                "used_rows": "all" if rows is None else str(rows),
                "params": params,
                "max_time": options.max_time or self.data.MAX_TIME[dataset],
                "metric": METRICS.get(task, self.regression_metric),
            }
            spec = {**case, "method": method}
            result = run_in_time(self.function, spec, options)
            yield {**case, "method": name, **result}

    def suite(self, name, title, quick):
        """Return the suite of these data sets.

        Parameters
        ----------
        name, title : str
            As in `Suite`.
        quick : dict
            Data sets, and other values of `--quick` that are not those of all suites.
        """
        return Suite(
            name=name,
            title=title,
            defaults={
                "datasets": list(self.data.TASKS),
                "rows": [None],
                "seeds": [0],
                "methods": list(self.methods),
                "params": [{}],
                "trials": [20],
                "max_time": None,
                "autokeras_trials": AUTOKERAS_TRIALS,
            },
            quick={"trials": [1], "max_time": 20.0, "autokeras_trials": 1, **quick},
            measurements=self.measurements,
            make_table=make_table,
        )


def make_table(measurements):
    """Make a Markdown table: one line per data set, rows and method, over the seeds."""
    keys = ("dataset", "used_rows", "method", "metric")
    rows = summary_rows(measurements, keys, SEARCH_COLUMNS.values())
    headings = ["data set", "rows", "method", "metric", "seeds", *SEARCH_COLUMNS]
    table = markdown_table(headings, rows, n_labels=4)
    return table + failures(measurements, "dataset", "used_rows", "method", "seed")
