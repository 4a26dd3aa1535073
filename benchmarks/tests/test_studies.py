"""The studies."""

from types import SimpleNamespace

import pytest

from benchmarks.studies import image_files
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
