"""Suites from end to end, and the private parts of skautokeras that they use."""

import ast
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.harness.command_line import main
from benchmarks.harness.results import read_document
from benchmarks.internals import build, predefined_configurations, prepare_search
from benchmarks.suites.exports import spoil
from benchmarks.suites.overhead import train_bare
from skautokeras import StructuredDataClassifier
from skautokeras.datasets import load_titanic

FOLDER = Path(__file__).parents[1]


def test_rows_are_spoilt_but_for_images():
    X = pd.DataFrame({"age": [1, 2] * 50, "deck": ["A"] * 100})
    X["photo"] = [np.zeros((2, 2))] * 100
    spoilt = spoil(X, seed=0)

    assert 0 < spoilt["age"].isna().sum() < 30
    assert 0 < spoilt["deck"].isna().sum() < 30
    assert 0 < spoilt["deck"].str.startswith("never SEEN").sum() < 30
    assert spoilt["photo"].map(type).eq(np.ndarray).all()
    assert X.notna().all(axis=None)


@pytest.mark.slow
def test_the_images_suite_runs_from_end_to_end(tmp_path, capsys):
    command = [str(tmp_path), "--suite", "images", "--quick", "--methods", "pca_svm"]
    output = tmp_path / "results"
    main([*command, "--output", str(output)])

    (row,) = read_document(output, "images")["measurements"]
    assert 0.9 < row["score"] < 1
    assert "| digits | all | pca_svm | accuracy | 1 |" in capsys.readouterr().out


@pytest.mark.slow
def test_the_texts_suite_runs_from_end_to_end(reviews, capsys):
    command = [str(reviews), "--suite", "texts", "--quick", "--methods", "tfidf"]
    output = reviews / "results"
    main([*command, "--datasets", "imdb", "--rows", "40", "--output", str(output)])

    (row,) = read_document(output, "texts")["measurements"]
    assert 0.9 < row["score"] <= 1
    assert "| imdb | 40 | tfidf | accuracy | 1 |" in capsys.readouterr().out


@pytest.mark.slow
def test_parameters_of_text_estimators_make_methods_of_their_own(reviews, capsys):
    command = [str(reviews), "--suite", "texts", "--quick", "--datasets", "imdb"]
    command += ["--rows", "40", "--methods", "skautokeras", "--output"]
    command += [str(reviews / "results"), "--params"]
    main([*command, '{"epochs": 2}', '{"pretrained": 3}'])

    trained, refused = read_document(reviews / "results", "texts")["measurements"]
    assert trained["method"] == "skautokeras epochs=2"
    assert trained["trials"][0]["epochs"] <= 2
    assert refused["method"] == "skautokeras pretrained=3"
    assert "pretrained" in refused["error"]


@pytest.mark.slow
def test_the_tabular_suite_runs_from_end_to_end(tmp_path, capsys):
    output = tmp_path / "results"
    command = [str(tmp_path), "--suite", "tabular", "--quick", "--max-time", "1"]
    methods = ["mlp", "hist_gradient_boosting", "tuned_hist_gradient_boosting"]
    command += ["--datasets", "wine", "diabetes", "--methods", *methods, "realmlp_td"]
    main([*command, "--output", str(output)])

    stored = read_document(output, "tabular")
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
def test_networks_are_built_and_trained_outside_of_a_search():
    X, y = (part[:80] for part in load_titanic(return_X_y=True))
    configurations = predefined_configurations()
    preparation = prepare_search(
        StructuredDataClassifier(cv=None, random_state=0), X, y
    )

    network = build(preparation, configurations[0])
    train_bare(preparation, configurations[0], epochs=1)

    n_rows = [len(part[1]) for part in (network.train, network.valid)]
    assert n_rows == [64, 16]
    assert network.head in network.network.output
    assert all("structured_data_block_1" in " ".join(c) for c in configurations)


def private_names(path):
    """Return the private modules of skautokeras that a file imports from."""
    modules = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            modules.append(node.module)
        elif isinstance(node, ast.Import):
            modules += [alias.name for alias in node.names]
    return {name for name in modules if name.startswith("skautokeras._")}


def test_only_one_module_uses_private_rooms_and_nothing_inside_of_them():
    rooms = {
        path.relative_to(FOLDER).as_posix(): names
        for path in FOLDER.rglob("*.py")
        if (names := private_names(path))
    }
    assert list(rooms) == ["internals.py"]
    assert {name.count(".") for name in rooms["internals.py"]} == {1}
