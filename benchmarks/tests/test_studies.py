"""The studies."""

from types import SimpleNamespace

import pytest

from benchmarks.studies import fine_tuning, image_files
from benchmarks.studies.parent_costs import make_table, measure


@pytest.mark.slow
@pytest.mark.parametrize("n_workers", [1, 5])
def test_only_the_first_trial_of_the_study_of_costs_is_trained(n_workers):
    arguments = SimpleNamespace(
        trials=12, max_time=None, directory=True, workers=n_workers
    )
    copies = measure(arguments)

    assert copies.trained.n_parameters > 0
    assert len(copies.times) == 12
    assert copies.times == sorted(copies.times)
    assert len(copies.memory) == 12
    table = make_table(copies.times, copies.memory)
    assert table.splitlines()[2].startswith("| 10 |")


def test_the_cost_of_a_trial_is_a_mean_over_the_second_half():
    # The first five trials take a second each, and all others two seconds.
    times = [*range(5), *range(6, 18, 2)]

    table = make_table(times, [100.0] * 10)
    assert table.splitlines()[2] == "| 10 | 2000.0 | 100 |"


@pytest.fixture
def tiny_bert(tmp_path):
    """The folder of a model of two layers with random weights."""
    keras_hub = pytest.importorskip("keras_hub")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "bad", "film"]
    tokenizer = keras_hub.models.BertTokenizer(vocabulary=words, lowercase=True)
    backbone = keras_hub.models.BertBackbone(
        vocabulary_size=len(words),
        num_layers=2,
        num_heads=2,
        hidden_dim=8,
        intermediate_dim=16,
        max_sequence_length=16,
    )
    folder = str(tmp_path / "bert")
    backbone.save_to_preset(folder)
    tokenizer.save_to_preset(folder)
    return folder


@pytest.mark.slow
def test_every_way_of_fine_tuning_is_measured(reviews, tiny_bert, capsys):
    ways = ["frozen", "first layers slower", "last third, rate x 3, head first"]
    options = ["--dataset=imdb", "--rows=40", "--test-rows=20", "--epochs=4"]
    fine_tuning.main([str(reviews), tiny_bert, *options, "--ways", *ways])

    lines = capsys.readouterr().out.splitlines()
    heading, _, *rows = (line for line in lines if line.startswith("| "))
    assert heading.split("|")[1].strip() == "way"
    cells = [[cell.strip() for cell in row.split("|")] for row in rows]
    assert [way for _, way, *_ in cells] == ways
    assert all(0 <= float(score) <= 1 for _, _, score, *_ in cells)
    assert [epochs for *_, epochs, _, _ in cells][1:] == ["4", "4"]


@pytest.mark.slow
def test_files_of_both_formats_are_read_and_learned_from():
    pytest.importorskip("PIL.Image")
    options = ["--files=40", "--side=32", "--image-size=16", "--network=conv"]
    results = image_files.run(image_files.parse_arguments(options))

    assert list(results) == ["JPEG", "PNG"]
    for result in results.values():
        assert "error" not in result
        assert result["shape"] == [16, 16, 3]
        assert result["pixels_mb"] == pytest.approx(40 * 16 * 16 * 3 / 1e6)
        assert result["read_per_second"] > 0
        assert result["trained_per_second"] > 0
        assert 0 < result["memory_before_mb"] <= result["memory_after_reading_mb"]
        assert result["memory_after_reading_mb"] <= result["memory_mb"]
    assert results["PNG"]["files_mb"] > results["JPEG"]["files_mb"]
    table = image_files.make_table({**results, "GIF": {"error": "not known"}})
    assert [line.count("|") for line in table.splitlines()] == [11] * 5
    assert "| GIF | not known |" in table
