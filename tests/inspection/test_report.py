"""Reports: what they tell, and that a browser shows them."""

import html
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix
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
    TextInput,
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
    assert "are copies of another row, as far as a network can see" in report
    assert "a training row looks the same, so validation scores may be" in report
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
    assert re.search(r"90 % of the errors</th><td>-[\d.]+ to [\d.]+<", report)
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


def test_importances_are_those_of_columns_that_tell_much(tmp_path):
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(200, 90)).astype("float32")).add_prefix("x:")
    y = (X["x:70"] > 0).astype(int)
    X.loc[::9, "x:70"] = np.nan
    clf = StructuredDataClassifier(max_trials=1, epochs=2, random_state=0).fit(X, y)
    report = report_of(clf, tmp_path / "r.html", X, y)
    (figure,) = re.findall(r"(?s)Drop of the score when.*?</svg>", report)
    assert "x:70" in figure


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


NAMES = ["US$ per $m^2$", "_hidden", "年齢", "<b>bold</b>", "x" * 300]


@pytest.fixture(scope="module")
def odd_names():
    """Rows whose columns and classes have names that formulas are made of."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(200, len(NAMES))), columns=NAMES)
    y = np.where(X["_hidden"] > 0, "$x_{$", "_no")
    return StructuredDataClassifier(**QUICK).fit(X, y), X, y


@pytest.mark.filterwarnings("error:Glyph", "error:No artists")
def test_names_are_text_and_no_formulas(odd_names, tmp_path):
    clf, X, y = odd_names
    report = report_of(clf, tmp_path / "report.html", X, y)
    for name in ("US$ per $m^2$", "年齢", "$x_{$", "_no"):
        assert name in report
    assert "<b>bold" not in (tmp_path / "report.html").read_text()


@pytest.mark.filterwarnings("error:Glyph")
def test_halves_of_surrogate_pairs_are_shown_as_their_codes(tmp_path):
    rng = np.random.default_rng(0)
    words = ["b\ud83d", "c"]
    X = pd.DataFrame({"x": rng.normal(size=120)})
    X["word"] = pd.Series([words[i] for i in rng.integers(0, 2, 120)], dtype=object)
    y = (X["x"] > 0).astype(int)
    clf = StructuredDataClassifier(**QUICK).fit(X, y)
    report = report_of(clf, tmp_path / "report.html", X, 1 - y)
    assert r"b\ud83d" in report


@pytest.mark.parametrize(
    "settings",
    [{"text.usetex": True}, {"svg.image_inline": False}, {"axes.grid": True}],
)
def test_settings_of_the_user_are_for_other_figures(
    odd_names, settings, tmp_path, monkeypatch
):
    clf, X, y = odd_names
    monkeypatch.chdir(tmp_path)
    usual = report_of(clf, tmp_path / "usual.html", X, y)
    with matplotlib.rc_context(settings):
        other = report_of(clf, tmp_path / "other.html", X, y)
        assert all(matplotlib.rcParams[k] == v for k, v in settings.items())
    figures = [re.findall(r"<svg.*?</svg>", r, re.DOTALL) for r in (usual, other)]
    assert figures[0] == figures[1]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["other.html", "usual.html"]


def test_rows_of_weight_0_are_not_there(tmp_path):
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    model = StructuredDataRegressor(**QUICK).fit(X, y)
    wrong = y.copy()
    wrong[::2] += 1000
    weight = np.tile([0.0, 1.0], len(y) // 2)
    weighted = report_of(model, tmp_path / "r.html", X, wrong, weight)
    alone = report_of(model, tmp_path / "r.html", X[1::2], y[1::2])
    for name in ("R2", "Median absolute error", "Root mean squared error"):
        assert cell_of(weighted, name) == pytest.approx(cell_of(alone, name), rel=1e-3)
    rows = re.findall(r"<tr><td>(\d+)</td><td>[\d.]+</td><td>[\d.]+</td>", weighted)
    assert len(rows) == 8
    assert all(int(row) % 2 for row in rows)


def test_a_row_that_weighs_double_counts_as_two(tmp_path):
    X, y = load_iris(return_X_y=True)
    clf = StructuredDataClassifier(**QUICK).fit(X, y)
    rows = np.arange(150) % 100 + 50
    weight = 1.0 + (rows[:100] < 100)
    weighted = report_of(clf, tmp_path / "r.html", X[50:], y[50:], weight)
    doubled = report_of(clf, tmp_path / "r.html", X[rows], y[rows])
    for name in ("Accuracy", "Log loss", "Balanced accuracy"):
        assert cell_of(weighted, name) == pytest.approx(
            cell_of(doubled, name), rel=1e-3
        )


def test_a_pattern_in_the_rows_does_not_hide_an_importance(tmp_path):
    y = np.arange(1200) % 2
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {"tells": y + 0.1 * rng.normal(size=1200), "noise": rng.random(1200)}
    )
    clf = StructuredDataClassifier(**QUICK).fit(X, y)
    from skautokeras.inspection._report.figures import Figures
    from skautokeras.inspection._report.writing import _importance

    found = _importance(clf, X, y, None, Figures())
    assert found["order"][0] == 0
    assert found["n_rows"] == 500


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda X: X.to_numpy().tolist(), "Permutation importance on 150 rows"),
        (lambda X: csr_matrix(X), "It is not computed for sparse matrices"),
        (lambda X: X.set_axis([1, 2, 3, 4], axis=1), "Permutation importance on 150"),
    ],
)
def test_tables_of_any_make_are_reported(make, told, tmp_path):
    X, y = load_iris(return_X_y=True, as_frame=True)
    X = make(X)
    clf = StructuredDataClassifier(**QUICK).fit(X, y)
    report = report_of(clf, tmp_path / "report.html", X, y)
    assert told in report
    assert "<th>x3</th>" in report


def test_inputs_may_be_a_list_and_may_share_columns(tmp_path):
    X, y = load_iris(return_X_y=True, as_frame=True)
    first, second = list(X.columns[:2]), list(X.columns[:1])
    inputs = [StructuredDataInput(columns=first), StructuredDataInput(columns=second)]
    clf = AutoModel(inputs, ClassificationHead(), max_trials=1, epochs=2).fit(X, y)
    assert "Importance of the columns" in report_of(clf, tmp_path / "r.html", X, y)
    texts = ["fine film", "poor film"] * 40
    clf = AutoModel([TextInput(), TextInput()], ClassificationHead(), max_trials=1)
    clf.fit([texts, texts], [0, 1] * 40, epochs=1)
    report = report_of(clf, tmp_path / "r.html", [texts, texts], [0, 1] * 40)
    assert cell_of(report, "Accuracy") >= 0


def test_labels_have_the_names_of_their_columns(tmp_path):
    X, y = load_iris(return_X_y=True, as_frame=True)
    Y = pd.DataFrame({"sport": y == 0, "news": y == 1}).astype(int)
    clf = StructuredDataClassifier(**QUICK).fit(X, Y)
    report = report_of(clf, tmp_path / "report.html", X, Y)
    assert re.search(r"<td>\d+</td><td>(sport|news|none)", report)


def test_missing_values_and_paths_are_shown_as_they_are():
    from skautokeras.inspection._report.rows import _text

    shown = [_text(v) for v in (pd.NaT, None, np.nan, pd.Timestamp("2020-02-03"), 2.5)]
    assert shown == ["", "", "", "2020-02-03 00:00:00", "2.5"]
    assert _text(Path("a.png")) == "a.png"
    assert _text(np.zeros((8, 8))) == "ndarray"


@pytest.mark.parametrize(
    ("path", "error", "message"),
    [
        ("missing/r.html", FileNotFoundError, "lies in a folder that does not exist"),
        (".", ValueError, "is no file"),
        (None, TypeError, "NoneType"),
        ("gs://bucket/r.html", ValueError, "is an address"),
    ],
)
def test_a_wrong_path_is_refused_first(path, error, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    X, y = load_iris(return_X_y=True)
    clf = StructuredDataClassifier(max_trials=1, epochs=1).fit(X, y)
    with pytest.raises(error, match=message):
        clf.report(path, "no X", y)
    assert not list(tmp_path.iterdir())


def test_what_a_link_names_is_written(odd_names, tmp_path):
    target, link = tmp_path / "target.html", tmp_path / "link.html"
    link.symlink_to(target)
    odd_names[0].report(link)
    assert link.is_symlink()
    assert "<html" in target.read_text(encoding="utf-8")


def test_the_configuration_of_the_final_model_is_told(odd_names, tmp_path):
    clf, _, _ = odd_names
    report = report_of(clf, tmp_path / "report.html")
    for name in clf.best_params_:
        assert f"<th>{name}</th>" in report
    assert "Which hyperparameters mattered cannot be told." in report
