"""Which way is better is told from the name of a Keras metric, or not at all."""

import numpy as np
import pytest

from skautokeras._training import Evaluation

HEAD = "classification_head_1"


@pytest.mark.parametrize(
    "scoring",
    [
        "val_accuracy",
        "val_categorical_accuracy",
        "val_top_k_categorical_accuracy",
        "val_auc",
        "val_precision",
        "val_recall",
        "val_cosine_similarity",
        "val_true_positives",
        "val_categorical_crossentropy",
        "val_kl_divergence",
        "val_mean_squared_error",
        "val_mean_absolute_error",
        "val_root_mean_squared_error",
        "val_mae",
        "val_categorical_hinge",
        "val_false_positives",
        "val_false_negatives",
    ],
)
def test_right_predictions_are_never_worse_than_wrong_ones(problem, scoring):
    right = np.eye(3, dtype="float32")[problem.y] * 0.98 + 0.01
    wrong = np.roll(right, 1, axis=1)
    objective = problem.objective(scoring)
    right_score, wrong_score = (
        objective(Evaluation({HEAD: p}, 0.0)) for p in (right, wrong)
    )
    # Five classes at the top are all there are.
    if "top_k" in scoring:
        assert right_score == wrong_score == 1
    else:
        assert right_score > wrong_score


def test_a_metric_that_is_no_number_is_refused_before_the_search(problem):
    with pytest.raises(ValueError, match="f1_score"):
        problem.objective("val_f1_score")
