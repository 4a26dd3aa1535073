"""The Displays of searches, and the drawings."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError

from skautokeras import (
    AutoModel,
    ClassificationHead,
    DenseBlock,
    ImageClassifier,
    Merge,
    StructuredDataClassifier,
    StructuredDataInput,
    TextClassifier,
)
from skautokeras._search import SearchRecord, Trial
from skautokeras.inspection import (
    EnsembleDisplay,
    HyperparameterImportanceDisplay,
    ParallelCoordinatesDisplay,
    SearchDisplay,
    TrainingDisplay,
    draw_network,
    draw_search_space,
)

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("agg")
plt = pytest.importorskip("matplotlib.pyplot")
pytestmark = pytest.mark.slow

DISPLAYS = [
    EnsembleDisplay,
    HyperparameterImportanceDisplay,
    ParallelCoordinatesDisplay,
    SearchDisplay,
    TrainingDisplay,
]


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def fitted():
    clf = StructuredDataClassifier(
        max_trials=9, epochs=3, cv=None, prune=None, ensemble_size=3, random_state=0
    )
    return clf.fit(*load_iris(return_X_y=True))


def make_trial(number, score=0.0, **values):
    """Return a trial of a made-up search."""
    fields = {"epochs": 2, "seconds": 1.0, "ended": number + 1.0, "predefined": False}
    error = values.pop("error", None)
    pruned = values.pop("pruned", False)
    history = {"loss": [1.0, 0.5], "val_score": [score - 1, score]}
    return Trial(
        values,
        number,
        score=np.nan if error else score,
        error=error,
        pruned=pruned,
        history=history,
        **fields,
    )


@pytest.mark.parametrize("display", DISPLAYS)
def test_displays_draw_on_axes_of_the_user_or_on_new_ones(fitted, display):
    drawn = display.from_estimator(fitted)
    assert drawn.figure_ is drawn.ax_.figure
    _, ax = plt.subplots()
    again = display.from_search(fitted.search_, ax=ax)
    assert again.ax_ is ax
    assert drawn.plot(ax=ax) is drawn


@pytest.mark.parametrize("display", DISPLAYS)
def test_displays_need_a_fitted_estimator(display):
    with pytest.raises(NotFittedError):
        display.from_estimator(StructuredDataClassifier())


@pytest.mark.parametrize("display", DISPLAYS)
def test_a_search_without_trials_is_refused(display):
    with pytest.raises(
        ValueError, match=r"are needed, at least|must be a col|no final model"
    ):
        display.from_search(SearchRecord("StructuredDataClassifier", "neg_loss", []))


def test_the_line_of_a_search_is_the_best_score_so_far():
    scores = [0.2, 0.5, 0.4, 0.6]
    trials = [make_trial(i, score, units=i) for i, score in enumerate(scores)]
    trials.append(make_trial(4, error="It failed."))
    trials.append(make_trial(5, 0.9, pruned=True))
    display = SearchDisplay.from_search(SearchRecord("A", "accuracy", trials))
    x, y = display.line_.get_data()
    assert list(y) == [0.2, 0.5, 0.5, 0.6, 0.6]
    assert list(x) == [1, 2, 3, 4, 6]
    labels = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert {"best so far", "pruned", "failed"} <= set(labels)
    assert display.ax_.get_ylabel() == "accuracy"


def test_points_are_coloured_by_the_kind_of_the_network(fitted):
    display = SearchDisplay.from_estimator(fitted, x="trials", metric="accuracy")
    kinds = fitted.leaderboard_["kind"]
    assert set(display.points_) == set(kinds)
    drawn = [
        points.get_offsets() for parts in display.points_.values() for points in parts
    ]
    drawn = np.concatenate(drawn)
    board = fitted.leaderboard_
    assert sorted(drawn[:, 0]) == sorted(board["trial"])
    np.testing.assert_allclose(np.sort(drawn[:, 1]), np.sort(board["accuracy"]))


@pytest.mark.parametrize(
    ("display", "options"),
    [
        (SearchDisplay, {"x": "hours"}),
        (SearchDisplay, {"metric": "beauty"}),
        (TrainingDisplay, {"metric": "beauty"}),
        (ParallelCoordinatesDisplay, {"names": ["beauty"]}),
    ],
)
def test_unknown_names_are_refused(fitted, display, options):
    with pytest.raises(ValueError, match="must be"):
        display.from_estimator(fitted, **options)


def test_trainings_are_lines_and_trees_are_points(fitted):
    display = TrainingDisplay.from_estimator(fitted, metric="val_loss", n_best=2)
    histories = fitted.search_.histories
    assert set(display.lines_) == set(histories["trial"])
    for trial, line in display.lines_.items():
        expected = histories.loc[histories["trial"] == trial, "val_loss"]
        np.testing.assert_array_equal(line.get_ydata(), expected)
    labels = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert len(labels) == 2


def test_folds_may_end_in_different_epochs():
    history = {"loss": [1.0, 0.5, 0.4], "split0_val_score": [0.1, 0.2]}
    trial = Trial({}, 0, score=0.2, history={**history, "val_score": [0.1, 0.2, 0.2]})
    record = SearchRecord("A", "s", [trial])
    assert record.histories["split0_val_score"].isna().tolist() == [False, False, True]
    assert len(TrainingDisplay.from_search(record).lines_) == 1


def test_a_kind_has_one_colour_in_all_displays(fitted):
    search = SearchDisplay.from_estimator(fitted)
    drawn = {
        kind: matplotlib.colors.to_hex(points[0].get_edgecolor()[0])
        for kind, points in search.points_.items()
    }
    ensemble = EnsembleDisplay.from_estimator(fitted)
    for kind, bar in zip(ensemble.members["kind"], ensemble.bars_, strict=True):
        assert matplotlib.colors.to_hex(bar.get_facecolor()) == drawn[kind]


def test_the_hyperparameter_that_decides_is_the_most_important():
    rng = np.random.default_rng(0)
    trials = []
    for i in range(40):
        units, rate = int(rng.integers(1, 100)), float(rng.random())
        kind = str(rng.choice(["dense", "conv"]))
        values = {"block_1/units": units, "block_1/rate": rate, "block_1/kind": kind}
        if kind == "conv":
            values["block_1/filters"] = int(rng.integers(1, 9))
        score = units + 30 * (kind == "conv") + rng.normal()
        trials.append(make_trial(i, score, **values))
    display = HyperparameterImportanceDisplay.from_search(
        SearchRecord("A", "s", trials)
    )
    table = display.importances.set_index("name")
    assert table.index[0] == "block_1/units"
    assert table.index[1] == "block_1/kind"
    assert abs(table.loc["block_1/rate", "importance"]) < 0.05
    assert abs(table.loc["block_1/filters", "importance"]) < 0.1
    assert display.r2 > 0.7
    assert (table["std"] >= 0).all()
    texts = [tick.get_text() for tick in display.ax_.get_yticklabels()]
    assert texts[0] == "units"


def test_importances_need_eight_trials():
    trials = [make_trial(i, float(i), units=i) for i in range(7)]
    record = SearchRecord("A", "s", trials)
    with pytest.raises(ValueError, match="Completed trials are needed, at least 8"):
        HyperparameterImportanceDisplay.from_search(record)


def test_lines_go_through_the_values_of_a_trial():
    trials = [
        make_trial(0, 0.1, units=8, kind="a", flag=True),
        make_trial(1, 0.3, units=32, kind="b", flag=False, rate=0.5),
        make_trial(2, 0.2, units=16, kind="a", flag=None, rate=0.1),
    ]
    display = ParallelCoordinatesDisplay.from_search(
        SearchRecord("A", "s", trials), names=["units", "kind"]
    )
    # The worst line comes first.
    heights = [line.get_ydata().tolist() for line in display.lines_]
    assert heights == [[0.0, 0.0], [0.5, 0.0], [1.0, 1.0]]
    assert set(display.params) == {"units", "kind", "flag", "rate"}


def test_the_ensemble_shows_weights_and_gains(fitted):
    display = EnsembleDisplay.from_estimator(fitted)
    weights = [bar.get_width() for bar in display.bars_]
    assert weights == display.members["weight"].tolist()
    assert weights == sorted(weights, reverse=True)
    assert sum(weights) == pytest.approx(1)
    if len(weights) > 1:
        assert display.members["gain"].notna().all()
        assert display.score >= display.members["score"].max() - 1e-9


@pytest.mark.parametrize(
    ("estimator", "X"),
    [
        (TextClassifier, [f"{'dry' if i % 2 else 'wet'} day {i}" for i in range(40)]),
        (ImageClassifier, np.random.default_rng(0).integers(0, 255, (40, 8, 8))),
    ],
)
def test_networks_of_every_kind_of_data_are_drawn(estimator, X):
    model = estimator(max_trials=1, epochs=1, random_state=0).fit(X, np.arange(40) % 2)
    svg = draw_network(model).svg
    assert svg.startswith("<svg")
    assert svg.count("<rect") > 3
    assert "sigmoid" in svg


def test_a_drawing_has_a_box_per_layer_and_leads_from_inputs_to_the_head(tmp_path):
    X, y = load_iris(return_X_y=True, as_frame=True)
    node = StructuredDataInput()
    branches = [DenseBlock(n_layers=1, units=u, dropout=0.0)(node) for u in (7, 9)]
    output = ClassificationHead()(Merge(merge_type="concatenate")(branches))
    model = AutoModel(node, output, max_trials=1, epochs=1, random_state=0).fit(X, y)
    drawing = draw_network(model)
    for text in ("InputLayer", "Dense 7", "Dense 9", "Concatenate", "Dense 3"):
        assert text in drawing.svg
    drawing.save(tmp_path / "network.svg")
    assert (tmp_path / "network.svg").read_text() == drawing.svg
    assert drawing._repr_html_() == drawing.svg
    space = draw_search_space(model).svg
    assert "dense_block_2" in space
    with pytest.raises(ValueError, match="member == 1, must be <= 0"):
        draw_network(model, member=1)


def test_importing_does_not_import_matplotlib_or_tensorflow():
    code = (
        "import sys, skautokeras.inspection as i; dir(i); "
        "print({'matplotlib', 'tensorflow', 'keras'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"


def test_params_are_one_column_per_hyperparameter():
    trials = [make_trial(0, 0.1, units=8), make_trial(1, 0.2, rate=0.5)]
    params = SearchRecord("A", "s", trials).params
    assert params.index.name == "trial"
    assert params["units"].tolist()[0] == 8
    assert pd.isna(params.loc[1, "units"])
