"""The command line of the benchmarks."""

from pathlib import Path

import pytest

from benchmarks.harness.command_line import SUITES, parse_arguments

FOLDER = str(Path(__file__).parent)  # these tests read no data


def test_search_means_its_seven_suites():
    _, plan = parse_arguments([FOLDER, "--suite", "search"])

    assert [suite.name for suite, _ in plan] == [
        "overhead",
        "rate",
        "anytime",
        "memory",
        "latency",
        "parallel",
        "pruning",
    ]


def test_a_suite_takes_the_options_it_has():
    command = [FOLDER, "--suite", "anytime", "memory", "--trials", "30", "--seeds", "7"]
    _, ((_, anytime), (_, memory)) = parse_arguments(command)

    assert anytime["seeds"] == memory["seeds"] == [7]
    assert memory["trials"] == [30]
    assert "trials" not in anytime


def test_data_sets_belong_to_suites(capsys):
    with pytest.raises(SystemExit):
        parse_arguments(["--suite", "mixed", FOLDER, "--datasets", "titanic"])
    assert "titanic is no data set of the suite mixed" in capsys.readouterr().err


def test_the_images_suite_has_data_and_methods_of_its_own():
    command = [FOLDER, "--suite", "images", "--quick", "--methods", "keras_cnn"]
    _, ((_, options),) = parse_arguments(command)
    assert options["datasets"] == ["digits"]
    assert options["methods"] == ["keras_cnn"]
    assert options["max_time"] == 20.0


def test_the_texts_suite_takes_a_number_of_rows():
    command = [FOLDER, "--suite", "texts", "--datasets", "imdb_rating", "--rows", "500"]
    _, ((_, options),) = parse_arguments(command)
    assert options["rows"] == [500]
    assert options["datasets"] == ["imdb_rating"]


def test_the_suite_takes_splits_and_methods():
    command = ["--suite", "tabular", ".", "--datasets", "digits", "titanic_all"]
    _, ((suite, options),) = parse_arguments([*command, "--splits", "2"])

    assert suite.name == "tabular"
    assert options["splits"] == 2
    assert options["datasets"] == ["digits", "titanic_all"]


def test_the_folder_may_follow_the_names_of_suites():
    parsed, plan = parse_arguments(["--suite", "memory", "rate", FOLDER, "--quick"])

    assert str(parsed.folder) == FOLDER
    assert [suite.name for suite, _ in plan] == ["memory", "rate"]


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["--suite", "memory"], "the folder of the data sets is missing"),
        (["--suite", "memory", "nowhere"], "nowhere, is not there"),
        (["--suite", "speed", FOLDER], "there is no suite 'speed'"),
    ],
)
def test_a_command_that_cannot_run_is_refused(command, message, capsys):
    with pytest.raises(SystemExit):
        parse_arguments(command)

    assert message in capsys.readouterr().err


def test_what_is_given_wins_over_quick():
    command = [FOLDER, "--suite", "anytime", "--quick", "--max-time", "3"]
    _, ((_, options),) = parse_arguments(command)

    assert options == {"datasets": ["titanic"], "seeds": [0], "max_time": 3.0}


def test_parameters_are_json_objects(capsys):
    command = [FOLDER, "--suite", "tabular", "--params"]
    _, ((_, options),) = parse_arguments([*command, "{}", '{"refit": false}'])
    assert options["params"] == [{}, {"refit": False}]
    with pytest.raises(SystemExit):
        parse_arguments([*command, "[1]"])
    assert "argument --params: invalid" in capsys.readouterr().err


@pytest.mark.parametrize("suite", SUITES.values(), ids=list(SUITES))
def test_quick_changes_only_options_that_the_suite_has(suite):
    assert set(suite.quick) <= set(suite.defaults)


def test_an_option_that_no_named_suite_has_is_refused(capsys):
    with pytest.raises(SystemExit):
        parse_arguments([FOLDER, "--suite", "memory", "--jobs", "2"])

    assert "--jobs is no option of the named suites, but of parallel" in (
        capsys.readouterr().err
    )


def test_results_are_never_overwritten(tmp_path, capsys):
    (tmp_path / "memory.json").write_text("{}")
    with pytest.raises(SystemExit):
        parse_arguments([FOLDER, "--suite", "memory", "--output", str(tmp_path)])

    assert "has results of memory already" in capsys.readouterr().err
