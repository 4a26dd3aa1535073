"""The harness of the benchmarks: command line, files, processes, peers."""

import json
import re
import sys
import textwrap
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pandas as pd
import pytest

from benchmarks.autokeras_method import Budget, make_budget_callback
from benchmarks.command_line import SUITES, main, parse_arguments
from benchmarks.curves import band, best_at, seconds_until
from benchmarks.data import read_split
from benchmarks.image_data import read_images
from benchmarks.internals import build, make_problem, predefined_configurations
from benchmarks.machine import machine_facts, software_versions
from benchmarks.methods import fit_method
from benchmarks.peers import AUTOKERAS, PeerMissingError, Peers
from benchmarks.process import run
from benchmarks.results import Results, render
from benchmarks.suites.exports import spoil
from benchmarks.suites.overhead import train_bare
from benchmarks.text_data import read_texts, some_rows
from skautokeras import StructuredDataClassifier

FOLDER = str(Path(__file__).parent)  # no suite looks into it


def document(measurements):
    return {
        "started": "2026-01-01T00:00:00+00:00",
        "finished": "2026-01-01T01:00:00+00:00",
        "machine": machine_facts(),
        "source": "abc1234",
        "versions": {"skautokeras": software_versions()},
        "measurements": measurements,
    }


def table_of(suite, measurements):
    """Return the cells of a suite's table, from its results as they are stored."""
    stored = json.loads(json.dumps(document(measurements)))
    lines = render(SUITES[suite], stored).splitlines()
    rows = [line for line in lines if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def search_of(name, seed, scores):
    return {
        "dataset": "titanic",
        "search": name,
        "seed": seed,
        "max_time": 10.0,
        "fit_seconds": 10.5,
        "ended": [1.0 + i for i in range(len(scores))],
        "scores": scores,
        "status": ["failed" if score is None else "completed" for score in scores],
        "test_score": 0.8,
    }


def test_search_means_its_seven_suites():
    _, plan = parse_arguments([FOLDER, "--suite", "search"])

    assert [suite.name for suite, _ in plan] == [
        "overhead",
        "rate",
        "anytime",
        "memory",
        "latency",
        "parallel",
        "pruning",
    ]


def test_a_suite_takes_the_options_it_has():
    command = [FOLDER, "--suite", "anytime", "memory", "--trials", "30", "--seeds", "7"]
    _, ((_, anytime), (_, memory)) = parse_arguments(command)

    assert anytime["seeds"] == memory["seeds"] == [7]
    assert memory["trials"] == [30]
    assert "trials" not in anytime


def test_data_sets_belong_to_suites(capsys):
    with pytest.raises(SystemExit):
        parse_arguments(["--suite", "mixed", FOLDER, "--datasets", "titanic"])
    assert "titanic is no data set of the suite mixed" in capsys.readouterr().err


def test_the_table_of_mixed_data_has_a_row_per_kind():
    rows = [
        {
            "dataset": "houses",
            "seed": seed,
            "method": "AutoModel",
            "of": of,
            "score": score,
            "fit_seconds": 10.0,
            "n_trials": 3,
            "peak_rss_mb": 900.0,
        }
        for seed, score in ((0, 0.5), (1, 0.7))
        for of in ("images", "attributes and images")
    ]
    cells = table_of("mixed", rows)
    assert [row[2] for row in cells[2:]] == ["images", "attributes and images"]
    assert cells[2][4] == "0.6000 (0.5000 to 0.7000)"


def test_rows_are_spoilt_but_for_images():
    X = pd.DataFrame({"age": [1, 2] * 50, "deck": ["A"] * 100})
    X["photo"] = [np.zeros((2, 2))] * 100
    spoilt = spoil(X, seed=0)

    assert 0 < spoilt["age"].isna().sum() < 30
    assert 0 < spoilt["deck"].isna().sum() < 30
    assert 0 < spoilt["deck"].str.startswith("never SEEN").sum() < 30
    assert spoilt["photo"].map(type).eq(np.ndarray).all()
    assert X.notna().all(axis=None)


def test_the_table_of_exports_has_a_row_per_format():
    row = {
        "dataset": "adult",
        "seed": 0,
        "starts": "raw data",
        "n_rows": 200,
        "n_missing": 280,
        "difference": 1.2e-7,
        "export_seconds": 3.21,
        "mb": 1.5,
    }
    rows = [{**row, "format": format} for format in ("tf_saved_model", "onnx")]
    cells = table_of("exports", rows)

    assert [line[1] for line in cells[2:]] == ["tf_saved_model", "onnx"]
    assert cells[2][3:] == ["200", "280", "1.2e-07", "3.2", "1.5"]


def test_the_images_suite_has_data_and_methods_of_its_own():
    command = [FOLDER, "--suite", "images", "--quick", "--methods", "keras_cnn"]
    _, ((_, options),) = parse_arguments(command)
    assert options["datasets"] == ["digits"]
    assert options["methods"] == ["keras_cnn"]
    assert options["max_time"] == 20.0


@pytest.mark.slow
def test_the_images_suite_runs_from_end_to_end(tmp_path, capsys):
    command = [str(tmp_path), "--suite", "images", "--quick", "--methods", "pca_svm"]
    output = tmp_path / "results"
    main([*command, "--output", str(output)])

    (row,) = json.loads((output / "images.json").read_text())["measurements"]
    assert 0.9 < row["score"] < 1
    assert "| digits | pca_svm | accuracy | 1 |" in capsys.readouterr().out


def test_photographs_of_a_house_are_put_together(tmp_path):
    (tmp_path / "houses").mkdir()
    rooms = ("frontal", "kitchen", "bedroom", "bathroom")
    photos = {r: np.full((2, 4, 4, 3), i, "uint8") for i, r in enumerate(rooms)}
    np.savez(tmp_path / "houses" / "test.npz", y=np.exp([1.0, 2.0]), **photos)
    X, y = read_images(tmp_path, "houses", "test")
    np.testing.assert_array_equal(X[1, ::4, ::4, 0], [[0, 1], [2, 3]])
    np.testing.assert_allclose(y, [1, 2])


def test_the_texts_suite_takes_a_number_of_rows():
    command = [FOLDER, "--suite", "texts", "--datasets", "imdb_rating", "--rows", "500"]
    _, ((_, options),) = parse_arguments(command)
    assert options["rows"] == [500]
    assert options["datasets"] == ["imdb_rating"]


@pytest.fixture
def reviews(tmp_path):
    """A folder with made-up reviews, one of which is the word "null"."""
    (tmp_path / "imdb").mkdir()
    texts = ["null", *(f"{'good' if i % 2 else 'bad'} film {i}" for i in range(59))]
    for split in ("train", "test"):
        table = pd.DataFrame({"text": texts, "target": np.arange(60) % 2})
        table.to_csv(tmp_path / "imdb" / f"{split}.csv.gz", index=False)
        stars = pd.DataFrame({"rating": 1 + np.arange(60) % 10})
        stars.to_csv(tmp_path / "imdb" / f"{split}_rating.csv.gz", index=False)
    return tmp_path


def test_texts_are_read_with_their_classes_or_stars(reviews):
    X, y = read_texts(reviews, "imdb", "train")
    assert X[0] == "null"
    assert y[:3].tolist() == [0, 1, 0]
    X_rating, stars = read_texts(reviews, "imdb_rating", "train")
    assert X_rating.tolist() == X.tolist()
    assert stars[:3].tolist() == [1.0, 2.0, 3.0]
    X_some, y_some = some_rows(X, y, 20, seed=0)
    assert len(set(X_some)) == len(y_some) == 20
    assert some_rows(X, y, None, seed=0)[0] is X


@pytest.mark.slow
def test_the_texts_suite_runs_from_end_to_end(reviews, capsys):
    command = [str(reviews), "--suite", "texts", "--quick", "--methods", "tfidf"]
    output = reviews / "results"
    main([*command, "--datasets", "imdb", "--rows", "40", "--output", str(output)])

    (row,) = json.loads((output / "texts.json").read_text())["measurements"]
    assert 0.9 < row["score"] <= 1
    assert "| imdb | 40 | tfidf | accuracy | 1 |" in capsys.readouterr().out


def test_the_folder_may_follow_the_names_of_suites():
    parsed, plan = parse_arguments(["--suite", "memory", "rate", FOLDER, "--quick"])

    assert str(parsed.folder) == FOLDER
    assert [suite.name for suite, _ in plan] == ["memory", "rate"]


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["--suite", "memory"], "the folder of the data sets is missing"),
        (["--suite", "memory", "nowhere"], "nowhere, is not there"),
        (["--suite", "speed", FOLDER], "there is no suite 'speed'"),
    ],
)
def test_a_command_that_cannot_run_is_refused(command, message, capsys):
    with pytest.raises(SystemExit):
        parse_arguments(command)

    assert message in capsys.readouterr().err


def test_what_is_given_wins_over_quick():
    command = [FOLDER, "--suite", "anytime", "--quick", "--max-time", "3"]
    _, ((_, options),) = parse_arguments(command)

    assert options == {"datasets": ["titanic"], "seeds": [0], "max_time": 3.0}


@pytest.mark.parametrize("suite", SUITES.values(), ids=list(SUITES))
def test_quick_changes_only_options_that_the_suite_has(suite):
    assert set(suite.quick) <= set(suite.defaults)


def test_an_option_that_no_named_suite_has_is_refused(capsys):
    with pytest.raises(SystemExit):
        parse_arguments([FOLDER, "--suite", "memory", "--jobs", "2"])

    assert "--jobs is no option of the named suites, but of parallel" in (
        capsys.readouterr().err
    )


def test_results_are_never_overwritten(tmp_path, capsys):
    (tmp_path / "memory.json").write_text("{}")
    with pytest.raises(SystemExit):
        parse_arguments([FOLDER, "--suite", "memory", "--output", str(tmp_path)])

    assert "has results of memory already" in capsys.readouterr().err


def test_machine_facts_are_json_and_plausible():
    facts = json.loads(json.dumps(machine_facts()))

    assert facts["cpu"]
    assert 1 <= facts["usable_cores"] <= facts["cores"]
    assert facts["memory_gb"] is None or facts["memory_gb"] > 0.5
    assert software_versions()["numpy"] == version("numpy")


def test_the_table_has_median_and_range_over_the_seeds():
    measured = [
        {
            "dataset": "titanic",
            "seed": seed,
            "max_trials": 20,
            "search_seconds": 10.0 * ratio,
            "bare_seconds": 10.0,
            "ratio": ratio,
        }
        for seed, ratio in enumerate([1.1, 0.9, 1.0])
    ]
    _, _, row = table_of("overhead", measured)

    assert row[:3] == ["titanic", "20", "3"]
    assert row[-3:] == ["10.0 (9.0 to 11.0)", "10.0", "1.00 (0.90 to 1.10)"]


@pytest.mark.parametrize("suite", SUITES)
def test_a_table_can_be_made_of_nothing_and_of_failures(suite):
    failed = {
        "dataset": "titanic",
        "seed": 3,
        "method": "mlp",
        "metric": "accuracy",
        "texts": "all",
        "search": "random",
        "prune": "none",
        "max_trials": 20,
        "n_jobs": 1,
        "error": "out | of\nmemory",
    }
    assert len(table_of(suite, [])) >= 2
    (line,) = re.findall("^- .*", render(SUITES[suite], document([failed])), re.M)
    assert "seed 3" in line
    assert line.endswith(": out | of memory")


def test_searches_are_compared_with_random_seed_by_seed():
    measured = [
        search_of("random", 0, [0.1, 0.3]),
        search_of("random", 1, [0.5, 0.4, None]),
        search_of("greedy", 0, [0.2, 0.3, 0.6]),
        search_of("greedy", 1, [0.1, None, 0.2]),
    ]
    header, _, random, greedy = table_of("anytime", measured)

    assert random[header.index("better than random")] == "0 of 2"
    assert greedy[header.index("better than random")] == "1 of 2"
    assert greedy[header.index("s to the best of random")] == "2 (1 of 2)"
    assert greedy[header.index("best at the end")] == "0.4000 (0.2000 to 0.6000)"


def test_the_band_begins_where_every_seed_has_a_score():
    rows = [search_of("greedy", 0, [0.2, 0.4]), search_of("greedy", 1, [None, 0.1])]

    assert best_at(rows[1], 1.5) is None
    assert seconds_until(rows[0], 0.3) == 2.0
    seconds, middle, low, high = zip(*band(rows), strict=True)
    assert seconds == (2.0, 10.5)
    assert middle == pytest.approx((0.25, 0.25))
    assert (low, high) == ((0.1, 0.1), (0.4, 0.4))


def test_the_curves_are_plotted(tmp_path):
    pytest.importorskip("matplotlib")
    suite = SUITES["anytime"]
    suite.plot([search_of("greedy", 0, [0.2, 0.4])], tmp_path / "anytime")

    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".png", ".svg"]


def test_a_killed_run_keeps_what_it_has(tmp_path):
    results = Results(SUITES["memory"], {"seeds": [0]}, tmp_path, Peers())
    case = {"dataset": "titanic", "seed": 0, "max_trials": 20}
    results.add({**case, "n_trials": 10, "rss_mb": 500.0})

    stored = json.loads((tmp_path / "memory.json").read_text(encoding="utf-8"))
    assert stored["measurements"] == [{**case, "n_trials": 10, "rss_mb": 500.0}]
    assert stored["options"] == {"seeds": [0]}
    assert stored["finished"] is None
    assert "not finished" in (tmp_path / "memory.md").read_text(encoding="utf-8")


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Functions that a fresh process can import."""
    source = """
        import time

        def fail(spec, report):
            print("a word of a library", end="")
            report({"value": spec["value"] + 1, "loss": float("nan")})
            raise ValueError("no more of it")

        def hang(spec, report):
            report({"value": 1})
            time.sleep(600)
    """
    (tmp_path / "to_measure.py").write_text(textwrap.dedent(source))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return "to_measure"


def test_what_a_process_reports_before_it_fails_is_kept(module):
    assert list(run(f"{module}:fail", {"value": 1})) == [
        {"value": 2, "loss": None},
        {"error": "ValueError: no more of it"},
    ]


def test_a_process_is_stopped_in_time(module):
    results = list(run(f"{module}:hang", {}, timeout=3))

    assert results[-1] == {"error": "no end after 3 s"}


def test_an_interpreter_that_is_missing_is_a_failed_measurement(tmp_path):
    (result,) = run("benchmarks.methods:fit_method", {}, python=str(tmp_path / "no"))

    assert "No such file" in result["error"]


def test_a_peer_without_a_folder_is_left_out():
    with pytest.raises(PeerMissingError, match="name a folder with --peers"):
        Peers().autokeras()


@pytest.mark.slow
def test_a_peer_that_cannot_be_installed_is_left_out(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")  # as without a network
    peers = Peers(tmp_path)

    for _ in range(2):
        with pytest.raises(PeerMissingError, match="No matching distribution"):
            peers.autokeras()
    assert peers.versions == {}


def test_a_folder_that_is_no_environment_is_left_alone(tmp_path):
    (tmp_path / "autokeras").mkdir()
    (tmp_path / "autokeras" / "thesis.txt").write_text("years of work")
    with pytest.raises(PeerMissingError, match="is left alone"):
        Peers(tmp_path).autokeras()

    assert (tmp_path / "autokeras" / "thesis.txt").read_text() == "years of work"


def test_an_environment_that_is_there_is_used_again(tmp_path):
    bin_folder = tmp_path / "autokeras" / "bin"
    bin_folder.mkdir(parents=True)
    (bin_folder / "python").symlink_to(sys.executable)
    (tmp_path / "autokeras" / "installed.txt").write_text("\n".join(AUTOKERAS))
    peers = Peers(tmp_path)

    assert peers.autokeras() == str(bin_folder / "python")
    assert peers.versions["autokeras"]["python"] == software_versions()["python"]


@pytest.mark.slow
def test_the_tabular_suite_runs_from_end_to_end(tmp_path, capsys):
    output = tmp_path / "results"
    command = [str(tmp_path), "--suite", "tabular", "--quick", "--max-time", "1"]
    methods = ["mlp", "hist_gradient_boosting", "tuned_hist_gradient_boosting"]
    command += ["--datasets", "wine", "diabetes", "--methods", *methods, "realmlp_td"]
    main([*command, "--output", str(output)])

    stored = json.loads((output / "tabular.json").read_text(encoding="utf-8"))
    rows = {(r["dataset"], r["method"]): r for r in stored["measurements"]}
    boosting, tuned = (rows["wine", method] for method in methods[1:])
    assert 0.8 < boosting["score"] <= 1
    assert 0 < boosting["log_loss"] < 0.5
    assert boosting["n_trials"] is None
    assert tuned["n_trials"] >= 1
    assert rows["diabetes", "mlp"]["rmse"] > 40
    assert "--peers" in rows["wine", "realmlp_td"]["error"]
    assert stored["finished"] is not None
    printed = capsys.readouterr().out
    assert "| wine | hist_gradient_boosting | 1/1 | " in printed
    assert "Over 2 data sets (wine, diabetes)" in printed
    assert printed.strip() == (output / "tabular.md").read_text("utf-8").strip()


@pytest.mark.slow
def test_a_search_of_autokeras_ends_in_the_middle_of_an_epoch():
    budget = Budget(0.5)
    oracle = SimpleNamespace(trials={"0": SimpleNamespace(status="RUNNING")})
    network = keras.Sequential([keras.layers.Dense(1)])
    network.compile(loss="mse")

    def rows():
        while True:
            yield np.ones((1, 1)), np.ones((1, 1))

    callbacks = [make_budget_callback(budget, oracle)]
    quietly = {"verbose": 0, "shuffle": False, "callbacks": callbacks}
    network.fit(rows(), steps_per_epoch=10**9, **quietly)
    assert budget.cut_a_trial
    assert oracle.max_trials == 1

    # What is trained behind the search is left alone.
    oracle.trials["0"].status = "COMPLETED"
    budget.cut_a_trial = False
    network.fit(rows(), steps_per_epoch=3, epochs=2, **quietly)
    assert network.history.epoch == [0, 1]
    assert not budget.cut_a_trial


@pytest.mark.slow
@pytest.mark.parametrize("method", ["real_mlp", "tab_m"])
def test_a_network_is_measured_as_it_is_predefined(method):
    spec = {"folder": None, "dataset": "wine", "method": method, "seed": 1}
    reports = []
    fit_method({**spec, "rows": 100}, reports.append)

    (report,) = reports
    (trial,) = report["trials"]
    predefined = [c for c in predefined_configurations() if method in str(c)]
    parts = ("training/", f"structured_data_block_1/{method}_block_1/")
    expected = {k: v for k, v in predefined[0].items() if k.startswith(parts)}
    assert len(expected) > 5
    assert expected.items() <= trial["params"].items()
    assert report["n_trials"] == 1


def test_rows_to_learn_from_are_drawn_and_those_to_judge_by_stay():
    X, y = read_split(None, "wine", "train", number=1)
    few = read_split(None, "wine", "train", number=1, n_rows=50)
    assert [len(part) for part in few] == [50, 50]
    pd.testing.assert_frame_equal(X.loc[few[0].index], few[0])
    pd.testing.assert_series_equal(y.loc[few[1].index], few[1])
    all_test, test = (
        read_split(None, "wine", "test", number=1, n_rows=n)[1] for n in (None, 5)
    )
    assert len(all_test) == len(test) > 5


@pytest.mark.slow
def test_what_the_suites_take_from_inside_is_there(titanic):
    X, y = (part[:80] for part in titanic)
    configurations = predefined_configurations()
    problem = make_problem(StructuredDataClassifier(random_state=0), X, y)

    network = build(problem, configurations[0])
    train_bare(problem, configurations[0], epochs=1)

    n_rows = [len(part[1]) for part in (network.train, network.valid)]
    assert n_rows == [64, 16]
    assert network.head in network.network.output
    assert all("structured_data_block_1" in " ".join(c) for c in configurations)
