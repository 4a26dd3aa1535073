"""Estimators whose trials are judged by cross-validation."""

import inspect

import joblib
import keras
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.metrics import balanced_accuracy_score, mean_squared_error
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    StratifiedKFold,
    TimeSeriesSplit,
    cross_val_score,
)

import skautokeras
from skautokeras import (
    AutoModel,
    ClassificationHead,
    RegressionHead,
    StructuredDataBlock,
    StructuredDataClassifier,
    StructuredDataInput,
    StructuredDataRegressor,
    TextInput,
)
from skautokeras._estimators import BaseAutoEstimator
from skautokeras._fit import RawRows, make_options, prepare
from skautokeras.exceptions import JournalMismatchError

QUICK = {"max_trials": 2, "epochs": 3, "random_state": 0, "refit": False}


def networks(**params):
    """Return a classifier that tries no trees, which are not trained in epochs."""
    node = StructuredDataInput()
    block = StructuredDataBlock(trees=False)
    return AutoModel(node, ClassificationHead()(block(node)), **params)


@pytest.fixture(scope="module")
def iris():
    return load_iris(return_X_y=True)


class CountEpochs(keras.callbacks.Callback):
    """Counts epochs over all of its copies."""

    epochs = 0

    def on_epoch_end(self, epoch, logs=None):
        type(self).epochs += 1


@pytest.fixture(autouse=True)
def _count_from_zero():
    CountEpochs.epochs = 0


def out_of_fold(estimator, X, splits):
    """Return what each network of a trial says about the rows it has not seen."""
    ((name, target),) = estimator._targets.by_head.items()
    x = estimator._adapter.transform(X)
    parts = [
        np.asarray(model({k: a[valid] for k, a in x.items()})[name])
        for model, (_, valid) in zip(estimator._ensemble.models, splits, strict=True)
    ]
    return target.decode(np.concatenate(parts)), np.concatenate(parts)


def test_trials_are_judged_by_rows_they_have_not_seen(iris):
    X, y = iris
    splitter = StratifiedKFold(3, shuffle=True, random_state=0)
    weight = np.linspace(0.5, 2, len(y))
    classifier = networks(
        **QUICK, cv=splitter, ensemble_size=1, scoring="balanced_accuracy"
    ).fit(X, y, sample_weight=weight)
    splits = list(splitter.split(X, y))
    order = np.concatenate([valid for _, valid in splits])
    y_pred, _ = out_of_fold(classifier, X, splits)
    expected = balanced_accuracy_score(y[order], y_pred, sample_weight=weight[order])
    assert classifier.best_score_ == pytest.approx(expected)
    assert (classifier.leaderboard_["epochs"] == 3).all()


def test_the_default_score_is_the_loss_of_all_folds(iris):
    """Each of all n labels is taken for wrong by a share of 1 / (n + 2)."""
    X, y = iris
    splits = list(KFold(3, shuffle=True, random_state=1).split(X))
    classifier = StructuredDataClassifier(**QUICK, cv=splits, ensemble_size=1)
    classifier.fit(X, y)
    order = np.concatenate([valid for _, valid in splits])
    _, proba = out_of_fold(classifier, X, splits)
    error = 1 / (len(order) + 2)
    shares = np.where(y[order, None] == np.arange(3), 1 - error, error / 2)
    loss = -(shares * np.log(proba.astype("float64"))).sum(axis=1).mean()
    assert -classifier.best_score_ == pytest.approx(loss, abs=1e-4)


def test_numbers_are_judged_on_their_own_scale(diabetes):
    X, y = diabetes
    splits = list(TimeSeriesSplit(2).split(X))  # not every row is judged
    regressor = StructuredDataRegressor(
        **QUICK, cv=splits, ensemble_size=1, scoring="neg_mean_squared_error"
    ).fit(X, y)
    order = np.concatenate([valid for _, valid in splits])
    y_pred, _ = out_of_fold(regressor, X, splits)
    expected = mean_squared_error(y.iloc[order], y_pred)
    assert -regressor.best_score_ == pytest.approx(expected, rel=1e-4)


def test_every_fold_is_trained_and_the_final_model_is_one(iris):
    X, y = iris
    classifier = networks(
        **QUICK, cv=3, ensemble_size=2, prune=None, callbacks=[CountEpochs()]
    ).fit(X, y)
    assert CountEpochs.epochs == 2 * 3 * 3
    board = classifier.leaderboard_
    assert len(classifier._ensemble.models) == 3 * (board["weight"] > 0).sum()
    assert board["weight"].sum() == pytest.approx(1)
    exported = classifier.export_model()
    (y_pred,) = exported(classifier._adapter.transform(X)).values()
    np.testing.assert_allclose(y_pred, classifier.predict_proba(X), atol=1e-5)
    again = joblib.hash(clone(classifier).fit(X, y).predict_proba(X))
    assert again == joblib.hash(classifier.predict_proba(X))


def test_a_file_holds_the_networks_of_the_folds_and_the_splitter(iris, tmp_path):
    X, y = iris
    params = {**QUICK, "max_trials": 1, "cv": StratifiedKFold(3, shuffle=True)}
    classifier = StructuredDataClassifier(**params).fit(X, y)
    classifier.save(tmp_path / "classifier")
    loaded = skautokeras.load(tmp_path / "classifier")
    np.testing.assert_array_equal(loaded.predict_proba(X), classifier.predict_proba(X))
    assert repr(loaded.cv) == repr(params["cv"])


def test_a_refit_leaves_one_network_per_trial(iris):
    classifier = StructuredDataClassifier(**{**QUICK, "refit": True}, cv=3)
    classifier.fit(*iris)
    chosen = (classifier.leaderboard_["weight"] > 0).sum()
    assert len(classifier._ensemble.models) == chosen


def test_an_interrupted_search_keeps_the_networks_of_the_folds(iris):
    class Interrupt(keras.callbacks.Callback):
        n_begun = 0

        def on_train_begin(self, logs=None):
            type(self).n_begun += 1
            if type(self).n_begun == 5:  # in the second trial
                raise KeyboardInterrupt

    classifier = StructuredDataClassifier(
        **{**QUICK, "refit": True}, cv=3, callbacks=[Interrupt()]
    )
    with pytest.warns(UserWarning, match="interrupted after 1 trials"):
        classifier.fit(*iris)
    assert len(classifier._ensemble.models) == 3


@pytest.mark.parametrize("cv", [3, KFold(3)], ids=["number", "splitter"])
def test_a_directory_goes_on_with_the_same_folds(iris, tmp_path, cv):
    params = {**QUICK, "random_state": None, "callbacks": [CountEpochs()]}
    params |= {"prune": None}
    params |= {"directory": tmp_path, "cv": cv}
    first = networks(**params).fit(*iris)
    assert CountEpochs.epochs == 18
    second = networks(**{**params, "max_trials": 3}).fit(*iris)
    assert CountEpochs.epochs == 27  # only the third trial is new
    assert second.leaderboard_["score"].isin(first.leaderboard_["score"]).sum() == 2
    with pytest.raises(
        JournalMismatchError, match="holds the search of other parameters"
    ):
        networks(**{**params, "cv": KFold(2)}).fit(*iris)


def test_other_folds_are_another_search(iris, tmp_path):
    cv = KFold(3, shuffle=True)  # draws other folds each time
    params = {**QUICK, "max_trials": 1, "cv": cv, "directory": tmp_path}
    StructuredDataClassifier(**params).fit(*iris)
    with pytest.raises(
        JournalMismatchError, match="holds the search of other parameters"
    ):
        StructuredDataClassifier(**params).fit(*iris)


def test_a_warm_start_goes_on(iris):
    X, y = iris
    warm = networks(
        **{**QUICK, "max_trials": 1},
        cv=3,
        warm_start=True,
        prune=None,
        callbacks=[CountEpochs()],
    ).fit(X, y)
    warm.set_params(max_trials=2).fit(X, y)
    assert (CountEpochs.epochs, warm.n_trials_) == (18, 2)
    whole = networks(**QUICK, cv=3, prune=None).fit(X, y)
    np.testing.assert_array_equal(warm.predict_proba(X), whole.predict_proba(X))


@pytest.mark.slow
def test_two_jobs_find_what_one_finds(iris):
    # One job alone compares a trial with those before it.
    params = {**QUICK, "tuner": "random", "cv": 2, "prune": None}
    boards = [
        StructuredDataClassifier(**params, n_jobs=n_jobs).fit(*iris).leaderboard_
        for n_jobs in (1, 2)
    ]
    scores = [sorted(board["score"]) for board in boards]
    assert scores[0] == pytest.approx(scores[1])


@pytest.mark.slow
def test_trials_that_fall_behind_are_not_used(titanic):
    classifier = StructuredDataClassifier(
        max_trials=9, epochs=8, cv=2, refit=False, random_state=0
    ).fit(*titanic)
    board = classifier.leaderboard_
    pruned = board[board["status"] == "pruned"]
    assert len(pruned) > 0
    assert (pruned["weight"] == 0).all()


def test_a_search_ends_in_time(titanic):
    classifier = StructuredDataClassifier(max_time=6, cv=3, random_state=0)
    start = pd.Timestamp.now()
    classifier.fit(*titanic)
    assert (pd.Timestamp.now() - start).total_seconds() < 12
    assert (classifier.leaderboard_["status"] == "completed").any()


def test_cross_validation_within_cross_validation(iris):
    classifier = StructuredDataClassifier(**{**QUICK, "max_trials": 1}, cv=2)
    scores = cross_val_score(classifier, *iris, cv=2, error_score="raise")
    assert scores.shape == (2,)


def test_several_inputs_and_heads(iris):
    X, y = iris
    frame = pd.DataFrame(X, columns=list("abcd"))
    frame["text"] = np.where(y == 0, "small flower", "large flower")
    model = AutoModel(
        [StructuredDataInput(columns=list("abcd")), TextInput(columns="text")],
        [ClassificationHead(), RegressionHead()],
        **{**QUICK, "max_trials": 1},
        cv=2,
    ).fit(frame, [y, X[:, 0]])
    assert len(model._ensemble.models) == 2
    assert model.predict_proba(frame)["classification_head_1"].shape == (150, 3)


def test_what_a_text_tells_of_the_classes_is_learned_in_each_fold():
    texts = [f"w{i} w{i}" for i in range(40) for _ in range(2)]
    y = np.repeat(np.arange(40) % 2, 2)
    # Each word is in one fold only.
    splits = [(np.arange(40, 80), np.arange(40)), (np.arange(40), np.arange(40, 80))]
    model = AutoModel(
        TextInput(), ClassificationHead(), **{**QUICK, "max_trials": 1}, cv=splits
    )
    graph = model._wire()
    problem = prepare(
        graph,
        RawRows(texts, y, None, graph.input_names, graph.head_names),
        None,
        make_options(model, {}),
        check_X=model._check_X,
        name="AutoModel",
        description=None,
        journal=None,
    ).problem
    spaces = [problem.search_space, *(fold.search_space for fold in problem.folds)]
    whole, *folds = [set(np.flatnonzero(s.schemas[0].word_contrasts)) for s in spaces]
    assert not folds[0] & folds[1]
    assert whole == folds[0] | folds[1]


@pytest.mark.parametrize(
    ("cv", "message"),
    [
        (1, "'cv' parameter of StructuredDataClassifier must be an int in the range"),
        ("five", "'cv' parameter of StructuredDataClassifier must be"),
        (GroupKFold(2), "needs groups"),
        (151, "n_splits=151 greater"),
        ([], "at least one split"),
    ],
    ids=str,
)
def test_bad_folds_are_refused_before_any_training(iris, cv, message):
    classifier = StructuredDataClassifier(**QUICK, cv=cv, callbacks=[CountEpochs()])
    with pytest.raises(ValueError, match=message):
        classifier.fit(*iris)
    assert CountEpochs.epochs == 0


@pytest.mark.parametrize("argument", ["validation_data", "validation_split"])
def test_one_way_of_validation_is_enough(iris, argument):
    classifier = StructuredDataClassifier(**QUICK, cv=2)
    value = iris if argument == "validation_data" else 0.3
    with pytest.raises(ValueError, match=f"'{argument}' and 'cv' both say"):
        classifier.fit(*iris, **{argument: value})


def test_positions_and_rows_that_are_left_out_do_not_go_together(iris):
    X, y = iris
    weight = np.ones(len(y))
    weight[0] = 0
    splits = list(StratifiedKFold(2).split(X, y))
    classifier = StructuredDataClassifier(**{**QUICK, "max_trials": 1}, cv=splits)
    with pytest.raises(ValueError, match="rows of sample weight 0 are left out"):
        classifier.fit(X, y, sample_weight=weight)
    weighted = clone(classifier).set_params(cv=2).fit(X, y, sample_weight=weight)
    removed = clone(classifier).set_params(cv=2).fit(X[1:], y[1:])
    np.testing.assert_allclose(
        weighted.predict_proba(X), removed.predict_proba(X), atol=1e-5
    )


@pytest.mark.parametrize("name", skautokeras.__all__)
def test_every_estimator_takes_folds(name):
    value = getattr(skautokeras, name)
    if isinstance(value, type) and issubclass(value, BaseAutoEstimator):
        assert inspect.signature(value).parameters["cv"].default == "auto"


def test_the_default_judges_few_rows_out_of_fold(iris):
    X, y = iris
    classifier = StructuredDataClassifier(max_trials=5, epochs=1, random_state=0)
    classifier.fit(X, y)
    n_chosen = (classifier.leaderboard_["weight"] > 0).sum()
    assert len(classifier._ensemble.models) == 5 * n_chosen
    assert "split4_val_score" in classifier.history_
    assert classifier.score(X, y) > 0.9
    held_out = clone(classifier).fit(X, y, validation_data=(X[::3], y[::3]))
    assert "split0_val_score" not in held_out.history_


@pytest.mark.parametrize(("first", "n_folds"), [(4, 1), (5, 5)])
def test_a_search_that_goes_on_keeps_its_folds(iris, tmp_path, first, n_folds):
    params = {"epochs": 1, "random_state": 0, "directory": tmp_path}
    StructuredDataClassifier(**params, max_trials=first).fit(*iris)
    longer = StructuredDataClassifier(**params, max_trials=first + 1).fit(*iris)
    assert longer.n_trials_ == first + 1
    found = [name for name in longer.history_ if name.startswith("split")]
    assert len(found) == (n_folds if n_folds > 1 else 0)


def test_intervals_are_split_and_scored(iris):
    X = iris[0]
    y = pd.cut(X[:, 0], 2)
    clf = StructuredDataClassifier(
        **QUICK, cv=StratifiedKFold(2), scoring="balanced_accuracy"
    ).fit(X, y)
    assert clf.best_score_ > 0.4
    assert set(clf.predict(X)) <= set(y.categories)
