"""Every parameter and every argument of fit does what it says."""

import random

import keras
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.metrics import recall_score, roc_auc_score

from skautokeras import GreedyOracle, StructuredDataClassifier
from skautokeras.exceptions import SearchError


class CountEpochs(keras.callbacks.Callback):
    """Counts epochs over all of its copies."""

    epochs = 0

    def on_epoch_end(self, epoch, logs=None):
        type(self).epochs += 1


@pytest.fixture(autouse=True)
def _count_from_zero():
    CountEpochs.epochs = 0


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (
            {"max_trials": 0},
            "'max_trials' parameter of StructuredDataClassifier must be",
        ),
        ({"max_time": -1}, "'max_time' parameter"),
        ({"tuner": "best"}, "'tuner' parameter"),
        ({"validation_fraction": 1.0}, "'validation_fraction' parameter"),
        ({"class_weight": "heavy"}, "'class_weight' parameter"),
        ({"ensemble_size": 0}, "'ensemble_size' parameter"),
        ({"scoring": "no_such_scorer"}, "no_such_scorer"),
        ({"scoring": "val_my_metric"}, "whether more of the metric"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_bad_parameter_is_refused_before_any_training(
    classifier, titanic, params, message
):
    classifier.set_params(callbacks=[CountEpochs()], **params)
    with pytest.raises(ValueError, match=message):
        classifier.fit(*titanic)
    assert CountEpochs.epochs == 0


def test_trials_and_epochs_are_what_was_asked_for(titanic):
    classifier = StructuredDataClassifier(
        max_trials=2, epochs=3, refit=False, callbacks=[CountEpochs()], random_state=0
    ).fit(*titanic)
    # The second trial has decision trees, which are fitted at once.
    by_trial = classifier.leaderboard_.sort_values("trial")
    assert by_trial["epochs"].tolist() == [3, 1]
    assert CountEpochs.epochs == 4


def test_arguments_of_fit_win_over_the_constructor(classifier, titanic):
    callback = CountEpochs()
    classifier.fit(*titanic, epochs=2, batch_size=200, callbacks=[callback], verbose=0)
    assert classifier.leaderboard_["epochs"].tolist() == [2]
    assert CountEpochs.epochs == 2
    assert "training/batch_size" not in classifier.best_params_
    assert callback.model is None  # copied, the user's object is untouched
    assert classifier.epochs == 3


@pytest.mark.parametrize("fraction", [np.float32(0.25), np.float64(0.25)])
def test_numbers_of_numpy_are_numbers(classifier, titanic, fraction):
    classifier.set_params(validation_fraction=fraction, prune="none", epochs=1)
    classifier.fit(*titanic)
    assert len(classifier.validation_indices_) == round(0.25 * len(titanic[0]))


def test_an_unknown_argument_of_fit_is_refused(classifier, titanic):
    with pytest.raises(TypeError, match="unexpected keyword argument 'epoch'"):
        classifier.fit(*titanic, epoch=2)


def test_arguments_only_keras_can_honour_are_passed_on(classifier, titanic):
    classifier.fit(*titanic, validation_freq=2)
    assert len(classifier.history_["loss"]) == 3
    assert len(classifier.history_["val_loss"]) == 2  # the second and the last epoch
    with_steps = clone(classifier).fit(*titanic, steps_per_epoch=1)
    assert with_steps.history_["loss"] != classifier.history_["loss"]


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ({"verbose": "loud"}, "verbose must be an instance of"),
        ({"validation_freq": 0}, "validation_freq == 0, must be >= 1"),
        ({"steps_per_epoch": 2.5}, "steps_per_epoch must be an instance of"),
        ({"batch_size": 0}, "batch_size == 0, must be >= 1"),
        ({"callbacks": [3]}, "instances of keras.callbacks.Callback, got 3"),
    ],
    ids=str,
)
def test_a_bad_argument_of_fit_is_refused(classifier, titanic, argument, message):
    with pytest.raises((TypeError, ValueError), match=message):
        classifier.fit(*titanic, **argument)


def test_loggers_and_checkpoints_of_keras_write_their_files(
    classifier, titanic, tmp_path
):
    log, checkpoint = tmp_path / "log.csv", tmp_path / "best.weights.h5"
    callbacks = [
        keras.callbacks.CSVLogger(log),
        keras.callbacks.ModelCheckpoint(
            checkpoint, save_best_only=True, save_weights_only=True
        ),
    ]
    classifier.set_params(callbacks=callbacks).fit(*titanic)
    rows = log.read_text().splitlines()
    assert rows[0].split(",")[:2] == ["epoch", "loss"]
    assert [row.split(",")[0] for row in rows[1:]] == ["0", "1", "2"]
    assert checkpoint.exists()


def test_unshuffled_rows_give_another_training(classifier, titanic):
    shuffled = clone(classifier).fit(*titanic).history_["loss"]
    in_order = clone(classifier).fit(*titanic, shuffle=False).history_["loss"]
    assert shuffled != in_order


def test_validation_rows_of_the_user_are_scored(classifier, titanic):
    X, y = titanic
    classifier.set_params(scoring="roc_auc").fit(
        X[:600], y[:600], validation_data=(X[600:], y[600:])
    )
    expected = roc_auc_score(y[600:], classifier.predict_proba(X[600:])[:, 1])
    assert classifier.best_score_ == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("scoring", ["accuracy", "roc_auc", "val_accuracy", "val_auc"])
def test_the_search_optimises_what_it_is_told(classifier, titanic, scoring):
    classifier.set_params(scoring=scoring).fit(*titanic)
    assert 0.5 < classifier.best_score_ < 1
    assert classifier.best_score_ == max(classifier.history_["val_score"])


@pytest.mark.parametrize(
    ("scoring", "smooths"),
    [(None, False), ("roc_auc", False), ("accuracy", True)],
    ids=str,
)
def test_labels_are_smoothed_only_where_labels_are_judged(classifier, scoring, smooths):
    x = np.random.default_rng(0).normal(size=(2000, 2))
    classifier.set_params(scoring=scoring, epochs=1, refit=False).fit(x, x[:, 0] > 0)
    assert ("training/label_smoothing" in classifier.best_params_) is smooths


def test_a_callable_scorer_sees_the_rows(classifier, titanic):
    X, y = titanic
    seen = []

    def scorer(estimator, X, y_true):
        seen.append(X.columns.tolist())
        return (estimator.predict(X) == y_true).mean()

    classifier.set_params(scoring=scorer).fit(X, y)
    assert seen[0] == X.columns.tolist()
    assert 0.5 < classifier.best_score_ < 1


@pytest.mark.parametrize(
    "loss",
    [
        "hinge",
        "categorical_crossentropy",
        "sparse_categorical_crossentropy",
        keras.losses.BinaryFocalCrossentropy(),
    ],
    ids=["hinge", "categorical", "sparse", "focal"],
)
def test_any_keras_loss_is_minimised(classifier, titanic, loss):
    X, y = titanic
    classifier.set_params(loss=loss, epochs=8).fit(X, y)
    history = classifier.history_["loss"]
    assert history[-1] < history[0]
    assert classifier.predict_proba(X).shape == (len(X), 2)


def test_metrics_are_recorded_for_training_and_validation(classifier, titanic):
    classifier.set_params(metrics=["accuracy", keras.metrics.AUC(name="auc")])
    classifier.fit(*titanic)
    for name in ("accuracy", "val_accuracy", "auc", "val_auc"):
        assert all(0.3 < value <= 1 for value in classifier.history_[name])
    assert set(classifier.evaluate(*titanic)) == {"loss", "accuracy", "auc"}


@pytest.mark.parametrize("class_weight", ["balanced", {0: 1, 1: 10}])
def test_class_weights_raise_the_recall_of_a_class(classifier, titanic, class_weight):
    X, y = titanic
    rare = y[y == 1].index[40:]
    X, y = X.drop(index=rare), y.drop(index=rare)
    plain = recall_score(y, clone(classifier).fit(X, y).predict(X))
    classifier.set_params(class_weight=class_weight)
    assert recall_score(y, classifier.fit(X, y).predict(X)) > plain


def test_rows_of_weight_zero_are_as_good_as_removed(classifier, titanic):
    X, y = titanic
    weight = np.ones(len(X))
    weight[::3] = 0
    kept = weight > 0
    weighted = clone(classifier).fit(X, y, sample_weight=weight)
    removed = clone(classifier).fit(X[kept], y[kept], sample_weight=weight[kept])
    np.testing.assert_array_equal(weighted.predict_proba(X), removed.predict_proba(X))


def test_keras_callbacks_that_stop_and_schedule_work(classifier, titanic):
    stop = keras.callbacks.EarlyStopping(monitor="val_loss", patience=0, min_delta=10)
    classifier.set_params(epochs=20, callbacks=[stop]).fit(*titanic)
    assert classifier.leaderboard_["epochs"].tolist() == [2]
    still = keras.callbacks.LearningRateScheduler(lambda epoch, rate: 0.0)
    classifier.set_params(epochs=3, callbacks=[still]).fit(*titanic)
    losses = classifier.history_["val_loss"]
    assert losses[0] == pytest.approx(losses[-1], abs=1e-6)


@pytest.mark.parametrize("tuner", ["greedy", "random", "bayesian", "hyperband"])
def test_large_networks_are_never_built_and_take_no_trial(titanic, tuner):
    classifier = StructuredDataClassifier(
        max_trials=3, epochs=2, max_model_size=40_000, tuner=tuner, random_state=1
    ).fit(*titanic)
    board = classifier.leaderboard_
    assert board["status"].tolist() == ["completed"] * 3
    assert (board["n_parameters"] <= 40_000).all()


def test_an_impossible_size_is_an_error_that_says_what_is_possible(titanic):
    classifier = StructuredDataClassifier(max_model_size=3, random_state=0)
    with pytest.raises(SearchError, match=r"have \d+ parameters.*max_model_size=3\."):
        classifier.fit(*titanic)


def test_predefined_configurations_come_from_cheap_to_dear(titanic):
    classifier = StructuredDataClassifier(
        max_trials=3, epochs=1, random_state=0, refit=False
    ).fit(*titanic)
    board = classifier.leaderboard_.sort_values("trial")
    # The plain network comes first.
    assert board["params"].iloc[0]["structured_data_block_1/block_type"] == "dense"
    assert board["flops"].iloc[1:].is_monotonic_increasing


@pytest.mark.parametrize(
    "tuner",
    ["random", "bayesian", "hyperband", lambda **kwargs: GreedyOracle(**kwargs)],
    ids=["random", "bayesian", "hyperband", "callable"],
)
def test_every_tuner_searches(titanic, tuner):
    classifier = StructuredDataClassifier(
        tuner=tuner, max_trials=2, epochs=2, random_state=0
    ).fit(*titanic)
    assert (classifier.leaderboard_["status"] == "completed").all()
    assert classifier.n_trials_ == 2


def test_the_seed_decides_everything_and_zero_is_one(classifier, titanic):
    X, y = titanic
    first = clone(classifier).fit(X, y).predict_proba(X)
    again = clone(classifier).fit(X, y).predict_proba(X)
    other = classifier.set_params(random_state=1).fit(X, y).predict_proba(X)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_global_generators_are_left_as_they_were(classifier, titanic):
    random.seed(7)
    np.random.seed(7)  # noqa: TID251, NPY002
    keras.utils.set_random_seed(7)
    before = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    classifier.fit(*titanic)
    after = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    assert before == after


def test_ensemble_and_refit_change_the_final_model(titanic):
    X, y = titanic
    params = {"max_trials": 3, "epochs": 8, "random_state": 1}
    one = StructuredDataClassifier(ensemble_size=1, refit=False, **params).fit(X, y)
    three = StructuredDataClassifier(ensemble_size=3, refit=False, **params).fit(X, y)
    refitted = StructuredDataClassifier(ensemble_size=1, **params).fit(X, y)
    assert (one.leaderboard_["weight"] > 0).sum() == 1
    assert (three.leaderboard_["weight"] > 0).sum() > 1
    assert not np.array_equal(one.predict_proba(X), refitted.predict_proba(X))


def test_trials_that_fall_behind_are_pruned_and_not_used(titanic):
    params = {"max_trials": 12, "epochs": 8, "cv": None, "refit": False}
    params["random_state"] = 0
    pruned = StructuredDataClassifier(**params).fit(*titanic).leaderboard_
    whole = StructuredDataClassifier(prune=None, **params).fit(*titanic).leaderboard_
    assert set(whole["status"]) == {"completed"}
    assert set(pruned["status"]) == {"completed", "pruned"}
    ended = pruned[pruned["status"] == "pruned"]
    assert (ended["weight"] == 0).all()
    assert (ended["epochs"] < 8).all()
    assert pruned["epochs"].sum() < whole["epochs"].sum()
    assert pruned["score"].max() == whole["score"].max()


def test_a_fit_that_was_refused_leaves_its_directory_to_the_next(titanic, tmp_path):
    classifier = StructuredDataClassifier(
        max_trials=1,
        epochs=1,
        random_state=0,
        directory=tmp_path,
        scoring="val_nonsense",
    )
    with pytest.raises(ValueError, match="nonsense"):
        classifier.fit(*titanic)
    assert classifier.set_params(scoring=None).fit(*titanic).n_trials_ == 1


@pytest.mark.parametrize(
    "params", [{}, {"cv": 3}, {"class_weight": "balanced"}], ids=str
)
def test_a_class_without_weight_keeps_its_column(classifier, params):
    X = np.random.default_rng(0).normal(size=(90, 3))
    y = np.arange(90) % 3
    weight = (y != 2).astype(float)
    classifier.set_params(**params).fit(X, y, sample_weight=weight)
    assert classifier.classes_.tolist() == [0, 1, 2]
    np.testing.assert_allclose(classifier.predict_proba(X).sum(axis=1), 1, rtol=1e-5)
    with pytest.raises(ValueError, match="only one class: 1"):
        classifier.fit(X, y, sample_weight=(y == 1).astype(float))


@pytest.mark.parametrize(
    ("scoring", "advice"),
    [("log_loss", "Did you mean .*'neg_log_loss'"), ("accuarcy", "prefix 'val_'")],
)
def test_unknown_scores_are_refused_with_advice(classifier, titanic, scoring, advice):
    classifier.set_params(scoring=scoring)
    with pytest.raises(ValueError, match=f"scoring='{scoring}' is not .*{advice}"):
        classifier.fit(*titanic)


def test_a_stream_without_y_is_refused_as_a_stream(classifier):
    with pytest.raises(TypeError, match="must hold all rows at once"):
        classifier.fit(iter([1, 2]), None)
