"""The studies."""

from types import SimpleNamespace

import pytest

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
