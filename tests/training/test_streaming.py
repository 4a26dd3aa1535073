"""Long data goes to the device in chunks, and everything stays what it is."""

import numpy as np
import pytest

from skautokeras._data import Rows
from skautokeras._ensemble import Ensemble
from skautokeras._training import Chunks, Streaming


@pytest.fixture
def rows():
    """Ten rows that tell which one they are."""
    numbers = np.arange(10, dtype="float32")
    return Rows(
        x={"x": numbers[:, None]}, y={"head": numbers}, weight={"head": numbers + 1}
    )


def in_chunks_of(n_bytes):
    """Return how rows are streamed in chunks of so many bytes."""
    return Streaming(max_kept=0, chunk_size=n_bytes)


def order_of(chunks):
    """Return the rows in the order they come in, and how many are in each chunk."""
    y = [part[1]["head"].numpy() for part in chunks.epoch()]
    return np.concatenate(y).tolist(), [len(part) for part in y]


def test_every_row_comes_once_in_chunks_of_equal_length(rows):
    streaming = in_chunks_of(rows.nbytes // 3)
    chunks = Chunks(rows, lambda rows: rows, 2, 0, streaming)
    (first, sizes), (second, _) = order_of(chunks), order_of(chunks)
    assert sorted(first) == sorted(second) == list(range(10))
    assert first != second
    assert sizes == [3, 4, 3]
    assert chunks.n_steps == sum(len(bounds) - 1 for *_, bounds in chunks.epoch())
    assert order_of(Chunks(rows, lambda rows: rows, 2, 0, streaming))[0] == first
    in_order = Chunks(rows, lambda rows: rows, 2, None, streaming)
    assert order_of(in_order)[0] == list(range(10))


def test_rows_are_read_in_blocks_and_permuted_in_each_chunk():
    numbers = np.arange(20_000, dtype="float32")
    rows = Rows(x={"x": numbers[:, None]}, y={"head": numbers}, weight=None)
    chunks = Chunks(rows, lambda rows: rows, 100, 0, in_chunks_of(rows.nbytes // 2))
    epochs = []
    for _ in range(2):
        seen = []
        for x, y, _, order, _ in chunks.epoch():
            np.testing.assert_array_equal(x["x"][:, 0], y["head"])
            taken = y["head"].numpy()
            # Most rows follow their predecessor, and a chunk has rows of many places.
            assert (np.diff(taken) == 1).mean() > 0.9
            assert (np.diff(taken) != 1).sum() > 200
            seen += taken[order.numpy()].tolist()
        assert (np.diff(seen) == 1).mean() < 0.1
        assert sorted(seen) == numbers.tolist()
        epochs.append(seen)
    assert epochs[0] != epochs[1]


def test_rows_stay_together_and_are_prepared_by_the_chunk(rows):
    seen = []

    def prepare(rows):
        seen.append(len(rows))
        return Rows({"x": rows.x["x"] * 2}, rows.y, rows.weight)

    chunks = Chunks(rows, prepare, 2, 0, in_chunks_of(rows.nbytes // 2))
    assert seen == []
    for x, y, weight, _, _ in chunks.epoch():
        np.testing.assert_array_equal(x["x"][:, 0], y["head"] * 2)
        np.testing.assert_array_equal(weight["head"], y["head"] + 1)
    assert sum(seen) == 10


def test_rows_that_fit_are_sent_once(rows):
    chunks = Chunks(rows, lambda rows: rows, 2, seed=0)
    [first], [second] = chunks.epoch(), chunks.epoch()
    assert first[0]["x"] is second[0]["x"]
    assert first[3].numpy().tolist() != second[3].numpy().tolist()


def test_validation_in_parts_is_validation(measured_problem):
    values = {"training/learning_rate": 1e-2}
    expected = measured_problem.train(values, shuffle=False)[1]
    # Five chunks of four batches each; the validation rows are three parts.
    streaming = in_chunks_of(measured_problem.data.train.nbytes // 5)
    found = measured_problem.train(values, shuffle=False, streaming=streaming)[1]
    for name in ("val_loss", "val_auc", "val_score"):
        assert found.history[name] == pytest.approx(expected.history[name], rel=1e-3)
    (name,) = expected.best_evaluation.y_pred
    assert found.best_evaluation.y_pred[name].shape == (138, 1)


def test_predictions_in_parts_are_predictions(measured_problem):
    built, _ = measured_problem.train(epochs=1)
    x = {k: np.tile(v, (12, 1)) for k, v in measured_problem.data.all.x.items()}
    expected = Ensemble([built.model], [1.0]).predict(x)
    seen = []
    ensemble = Ensemble([built.model], [1.0], streaming=in_chunks_of(10_000))
    predict = ensemble._predict_part
    ensemble._predict_part = lambda x: seen.append(x) or predict(x)
    found = ensemble.predict(x)
    assert [len(part["numerical"]) for part in seen[:2]] == [512, 512]
    assert sum(len(part["numerical"]) for part in seen) == 12 * 458
    for name in expected:
        np.testing.assert_array_equal(found[name], expected[name])


@pytest.mark.parametrize("shuffle", [True, False])
def test_a_streamed_training_is_like_any_other(shuffle, measured_problem):
    problem = measured_problem
    values = {"training/learning_rate": 1e-2}
    expected = problem.train(values, shuffle=shuffle)[1].history
    assert len(problem.data.train) == 320  # 20 batches of 16, 10 in each half
    streaming = in_chunks_of(problem.data.train.nbytes // 2)
    found = problem.train(values, shuffle=shuffle, streaming=streaming)[1].history
    for name in ("loss", "auc", "val_loss", "val_auc"):
        if shuffle:
            assert found[name] != expected[name]
        np.testing.assert_allclose(
            found[name], expected[name], rtol=0.1 if shuffle else 1e-4, err_msg=name
        )
