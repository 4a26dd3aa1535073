"""Best score over time: the greedy search, its two halves alone, other searches."""

import time

from benchmarks.datasets.table_data import is_classification, read_split
from benchmarks.harness.curves import best_at, plot_curves, seconds_until
from benchmarks.harness.markdown import (
    failures,
    grouped,
    markdown_table,
    median,
    summarize,
    without_errors,
)
from benchmarks.harness.process import run_once
from benchmarks.harness.suite import Suite

# Ablations of "greedy": its first half alone, and its second half alone.
ABLATIONS = ("predefined alone", "mutation alone")
SEARCHES = ("greedy", "random", "bayesian", "hyperband", *ABLATIONS)
BASELINE = "random"
# More trials than a search can make, so that only `max_time` ends it.
MAX_TRIALS = 2000
# Shares of `max_time` after which scores are compared, in addition to the end.
SHARES = (0.1, 0.25)


def measurements(options):
    """Yield one measurement per data set, seed and search."""
    for dataset in options.datasets:
        for seed in options.seeds:
            for search in SEARCHES:
                case = {
                    "dataset": dataset,
                    "seed": seed,
                    "search": search,
                    "max_time": options.max_time,
                }
                spec = {**case, "folder": options.folder}
                yield {**case, **run_once(f"{__name__}:follow", spec)}


def follow(spec, report):
    """Report the scores of the trials of a search, and when each trial ended.

    The time is that of `fit`, without a refit. All searches with one seed have the same
    search space, training rows and validation rows.
    """
    import tensorflow  # noqa: F401 - loading it is not part of the search
    from sklearn.metrics import accuracy_score, r2_score

    from benchmarks.harness.trial_callback import AfterTrials
    from benchmarks.methods.table_methods import make_estimator

    X, y = read_split(spec["folder"], spec["dataset"], "train")
    estimator = make_estimator(
        spec["dataset"],
        tuner=make_tuner(spec["search"]),
        max_time=spec["max_time"],
        max_trials=MAX_TRIALS,
        ensemble_size=1,
        refit=False,
        random_state=spec["seed"],
    )
    ended = []
    started = time.perf_counter()
    clock = AfterTrials(lambda _: ended.append(time.perf_counter() - started))
    estimator.set_callbacks(clock).fit(X, y)
    seconds = time.perf_counter() - started
    board = estimator.leaderboard_.sort_values("trial")
    X_test, y_test = read_split(spec["folder"], spec["dataset"], "test")
    score = accuracy_score if is_classification(spec["dataset"]) else r2_score
    report(
        {
            "fit_seconds": seconds,
            "ended": ended,
            "scores": board["score"].tolist(),
            "status": board["status"].tolist(),
            "test_score": score(y_test, estimator.predict(X_test)),
        }
    )


def make_tuner(search):
    """Return the parameter ``tuner`` of the estimator for the name of a search."""
    if search not in ABLATIONS:
        return search

    from benchmarks.internals import predefined_configurations
    from skautokeras import GreedyOracle

    initial_values = predefined_configurations()

    def make_predefined(**arguments):
        arguments["max_trials"] = len(initial_values)
        return GreedyOracle(initial_values=initial_values, **arguments)

    # Without predefined configurations, the greedy search starts with a random one.
    return make_predefined if search == "predefined alone" else GreedyOracle


def make_table(measurements):
    """Make a Markdown table: one line per data set and search, over the seeds."""
    rows = []
    good = without_errors(measurements)
    for (dataset,), of_dataset in grouped(good, "dataset").items():
        searches = grouped(of_dataset, "search")
        baseline = {row["seed"]: row for row in searches.get((BASELINE,), [])}
        for (search,), group in searches.items():
            rows.append([dataset, search, *_cells(group, baseline)])
    headings = ["data set", "search", "seeds", "trials", "s"]
    headings += [f"best at {share:.0%} of the time" for share in SHARES]
    headings += [
        "best at the end",
        "test score",
        f"better than {BASELINE}",
        f"s to the best of {BASELINE}",
    ]
    table = markdown_table(headings, rows, n_labels=2)
    return table + failures(measurements, "dataset", "search", "seed")


def _cells(group, baseline):
    """Return the cells of a search, which is compared with the baseline per seed."""
    pairs = [(row, baseline[row["seed"]]) for row in group if row["seed"] in baseline]
    better = sum(_final(row) > _final(other) for row, other in pairs)
    until = [seconds_until(row, _final(other)) for row, other in pairs]
    reached = [seconds for seconds in until if seconds is not None]
    return [
        len(group),
        summarize([len(row["scores"]) for row in group], "{:.0f}"),
        summarize([row["fit_seconds"] for row in group], "{:.0f}"),
        *(
            summarize(
                [best_at(row, share * row["max_time"]) for row in group], "{:.4f}"
            )
            for share in SHARES
        ),
        summarize([_final(row) for row in group], "{:.4f}"),
        summarize([row["test_score"] for row in group], "{:.4f}"),
        f"{better} of {len(pairs)}",
        f"{median(reached):.0f} ({len(reached)} of {len(pairs)})" if reached else "-",
    ]


def _final(row):
    return best_at(row, float("inf"))


def plot(measurements, path):
    """Write one figure, with one plot per data set, as PNG and SVG."""
    plot_curves(without_errors(measurements), path)


SUITE = Suite(
    name="anytime",
    title="Best validation score over time",
    defaults={
        "datasets": ["titanic", "california_housing"],
        "seeds": [0, 1, 2, 3, 4],
        "max_time": 120.0,
    },
    quick={"datasets": ["titanic"], "seeds": [0], "max_time": 8.0},
    measurements=measurements,
    make_table=make_table,
    plot=plot,
)
