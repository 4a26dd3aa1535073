"""Reports: what they tell, and that a browser shows them."""

import html
import re
import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes, load_digits, load_iris
from sklearn.exceptions import NotFittedError
from sklearn.metrics import accuracy_score, r2_score
from sklearn.model_selection import train_test_split

from skautokeras import (
    AutoModel,
    ClassificationHead,
    ImageClassifier,
    ImageInput,
    RegressionHead,
    StructuredDataClassifier,
    StructuredDataInput,
    StructuredDataRegressor,
    TextClassifier,
)

pytest.importorskip("jinja2")
matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("agg")
pytestmark = pytest.mark.slow

QUICK = {"max_trials": 2, "epochs": 3, "random_state": 0, "cv": None}
LIMIT = 2 * 2**20  # bytes


def report_of(estimator, path, *args, **kwargs):
    """Return the text of a report."""
    estimator.report(path, *args, **kwargs)
    source = path.read_text(encoding="utf-8")
    assert path.stat().st_size < LIMIT
    # Nothing is fetched from elsewhere.
    assert not re.search(r"""(?:src|href)=["'](?!#|data:)""", source)
    assert "<script" not in source
    return html.unescape(source)


def cell_of(report, name):
    """Return the number that a report shows beside a name."""
    (value,) = re.findall(rf"<th>{re.escape(name)}</th><td>([^<]*)</td>", report)
    return float(value.replace(",", ""))


@pytest.fixture
def leaky(titanic):
    """Titanic with what a report should warn of."""
    X, y = titanic
    X = X.assign(
        outcome=np.where(y == 1, "alive", "dead"),
        fare_in_pence=240 * X["fare"],
        ship="Titanic",
    )
    X = pd.concat([X, X[:60]], ignore_index=True)
    y = pd.concat([y, y[:60]], ignore_index=True).map({0: "died", 1: "survived"})
    y[:3] = "lost"
    return X, y


def test_a_report_warns_of_what_is_wrong_with_data(leaky, tmp_path):
    X, y = leaky
    clf = StructuredDataClassifier(**QUICK).fit(X[3:], y[3:])
    report = report_of(clf, tmp_path / "report.html")
    assert "Column 'outcome' by itself explains 100% of the target" in report
    assert "Column 'fare_in_pence' has the same information as 'fare'" in report
    assert "Columns with one value were left out: ship." in report
    assert "rows look the same to a network as another row" in report
    assert "validation rows look the same as a training row" in report
    again = StructuredDataClassifier(**QUICK).fit(X, y)
    report = report_of(again, tmp_path / "report.html")
    assert "fewer than 10 rows can hardly be learned: lost (3)" in report


def test_a_report_on_good_data_finds_nothing(tmp_path):
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    model = StructuredDataRegressor(**QUICK).fit(X, y)
    assert "Nothing in the data and in the search" in report_of(
        model, tmp_path / "report.html"
    )


def test_the_quality_of_classes_is_that_of_the_rows_passed(titanic, tmp_path):
    X, X_new, y, y_new = train_test_split(*titanic, random_state=0)
    clf = StructuredDataClassifier(**QUICK).fit(X, y)
    report = report_of(clf, tmp_path / "report.html", X_new, y_new)
    accuracy = accuracy_score(y_new, clf.predict(X_new))
    assert cell_of(report, "Accuracy") == pytest.approx(accuracy, rel=1e-3)
    for title in ("Confusion matrix", "ROC curve", "Precision against", "Calibration"):
        assert title in report
    assert "Importance of the columns" in report
    proba = clf.predict_proba(X_new)
    of_truth = proba[np.arange(len(y_new)), y_new.to_numpy()]
    worst = X_new.iloc[of_truth.argmin()]
    assert f"<td>{of_truth.argmin()}</td>" in report
    assert worst["name"] in report
    assert repr(clf) in report
    for package in ("scikit-learn", "keras", "numpy", "Python"):
        assert f"<th>{package}</th>" in report


def test_the_quality_of_numbers_has_errors_in_their_unit(tmp_path):
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    model = StructuredDataRegressor(**QUICK).fit(X[:300], y[:300])
    weight = np.linspace(0.5, 1.5, 142)
    report = report_of(model, tmp_path / "r.html", X[300:], y[300:], weight)
    expected = r2_score(y[300:], model.predict(X[300:]), sample_weight=weight)
    assert cell_of(report, "R2") == pytest.approx(expected, rel=1e-3)
    assert cell_of(report, "90 % of the errors are from") < 0
    assert cell_of(report, "90 % of the errors are up to") > 0
    assert "Predicted against true values" in report


def test_images_that_are_predicted_worst_are_shown(tmp_path):
    X, y = load_digits(return_X_y=True)
    X = X.reshape(-1, 8, 8)
    clf = ImageClassifier(max_trials=1, epochs=3, random_state=0).fit(X[:400], y[:400])
    report = report_of(clf, tmp_path / "report.html", X[400:600], y[400:600])
    assert report.count('<img src="data:image/png;base64,') == 8


def test_texts_that_are_predicted_worst_are_shown(tmp_path):
    X = [f"{'fine' if i % 2 else 'poor'} film {i}" for i in range(100)]
    clf = TextClassifier(max_trials=1, epochs=3, random_state=0)
    clf.fit(X[:80], np.arange(80) % 2)
    odd = "never <b>seen</b> before"
    report = report_of(clf, tmp_path / "r.html", [*X[80:], odd], [0, 1] * 10 + [1])
    assert odd in report
    assert "<b>seen" not in (tmp_path / "r.html").read_text()


def test_every_head_is_judged(tmp_path):
    X, species = load_iris(return_X_y=True, as_frame=True)
    y = {"species": species, "width": X.pop("petal width (cm)")}
    heads = [ClassificationHead(name="species"), RegressionHead(name="width")]
    model = AutoModel(StructuredDataInput(), heads, **QUICK).fit(X, y)
    report = report_of(model, tmp_path / "report.html", X, y)
    assert "<h3>species</h3>" in report
    assert "<h3>width</h3>" in report
    assert cell_of(report, "Accuracy") > 0
    assert cell_of(report, "R2") <= 1


def test_several_inputs_and_several_labels_are_judged(tmp_path):
    rng = np.random.default_rng(0)
    X = {"picture": rng.random((60, 8, 8)), "size": rng.random((60, 2))}
    y = rng.integers(0, 2, (60, 3))
    inputs = [ImageInput(name="picture"), StructuredDataInput(name="size")]
    model = AutoModel(
        inputs, ClassificationHead(), max_trials=1, epochs=1, random_state=0
    )
    report = report_of(model.fit(X, y), tmp_path / "report.html", X, y)
    assert cell_of(report, "Accuracy (all labels of a row)") <= 1
    assert "picture: brightness" in report


def test_other_rows_are_told_apart_from_those_of_the_fit(tmp_path):
    X, y = load_iris(return_X_y=True, as_frame=True)
    clf = StructuredDataClassifier(**QUICK).fit(X[::2], y[::2])
    report = report_of(clf, tmp_path / "r.html", X[1::2], y[1::2])
    assert "differ from those of the fit" not in report
    moved = X[1::2].assign(**{"petal width (cm)": X["petal width (cm)"] + 3})
    report = report_of(clf, tmp_path / "r.html", moved, y[1::2])
    assert "differ from those of the fit in the distribution of petal width" in report


def test_many_columns_and_arrays_are_reported(tmp_path):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 90))
    y = (X[:, 70] > 0).astype(int)
    clf = StructuredDataClassifier(max_trials=1, epochs=2, random_state=0).fit(X, y)
    report = report_of(clf, tmp_path / "r.html", X, y)
    assert "30 columns that tell little by themselves were left out" in report
    assert "x70" in report


@pytest.mark.parametrize("classes", [["a"], ["a", "b", "c"]])
def test_rows_may_lack_classes(classes, tmp_path):
    X, y = load_iris(return_X_y=True, as_frame=True)
    y = y.map(dict(enumerate("abc")))
    clf = StructuredDataClassifier(**QUICK).fit(X, y)
    rows = y.isin(classes)
    report = report_of(clf, tmp_path / "r.html", X[rows], y[rows])
    assert cell_of(report, "Accuracy") <= 1


def test_wrong_arguments_are_refused(tmp_path):
    X, y = load_iris(return_X_y=True)
    with pytest.raises(NotFittedError):
        StructuredDataClassifier().report(tmp_path / "r.html")
    clf = StructuredDataClassifier(max_trials=1, epochs=1).fit(X, y)
    with pytest.raises(ValueError, match="Pass both X and y"):
        clf.report(tmp_path / "r.html", X)
    with pytest.raises(ValueError, match="previously unseen labels"):
        clf.report(tmp_path / "r.html", X, y + 1)
    assert not (tmp_path / "r.html").exists()


def browser():
    """Return the path of a browser, or skip the test."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    return pytest.skip("There is no browser.")


def test_a_browser_shows_a_report(titanic, tmp_path):
    command = [browser(), "--headless", "--no-sandbox", "--disable-gpu"]
    command.append(f"--user-data-dir={tmp_path / 'profile'}")
    X, y = titanic
    clf = StructuredDataClassifier(**QUICK).fit(X[:600], y[:600])
    clf.report(tmp_path / "report.html", X[600:], y[600:])
    address = (tmp_path / "report.html").as_uri()
    dom = subprocess.run(
        [*command, "--dump-dom", address],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    ).stdout
    assert len(re.findall("<svg", dom)) >= 7
    # On a phone, nothing but tables is wider than the screen.
    for width in (390, 1200):
        picture = tmp_path / f"{width}.png"
        subprocess.run(
            [
                *command,
                f"--window-size={width},2000",
                f"--screenshot={picture}",
                address,
            ],
            capture_output=True,
            check=True,
            timeout=120,
        )
        pixels = matplotlib.image.imread(picture)
        assert pixels.shape[1] == pytest.approx(width, abs=20)
        assert pixels[:, :, :3].std() > 0.05
