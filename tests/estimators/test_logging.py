"""Lines of progress: what is printed, what is logged, and what is left as it was."""

import io
import logging
import sys
from threading import Thread

import pytest
from sklearn.datasets import load_iris

from skautokeras import StructuredDataClassifier

LOGGER = logging.getLogger("skautokeras")
# Beginnings of what a fit of two trials says that is not refitted.
LINES = ["Data:", "Search:", "Trial", "Trial", "Final"]


class Records(logging.Handler):
    """Keeps the records that it gets."""

    def __init__(self):
        super().__init__()
        self.records = []

    def emit(self, record):
        self.records.append(record)

    @property
    def beginnings(self):
        return [record.getMessage().split()[0] for record in self.records]


@pytest.fixture
def informed():
    """Let the logger take what is of the level INFO, as a user would."""
    level = LOGGER.level
    LOGGER.setLevel(logging.INFO)
    yield LOGGER
    LOGGER.setLevel(level)


@pytest.fixture
def add_handler(informed):
    """Return a function that adds a handler until the end of the test."""
    added = []

    def add(handler):
        informed.addHandler(handler)
        added.append(handler)
        return handler

    yield add
    for handler in added:
        informed.removeHandler(handler)


def fit(verbose=0, max_trials=2):
    """Fit an estimator of quick trials."""
    estimator = StructuredDataClassifier(
        max_trials=max_trials, epochs=1, refit=False, random_state=0, verbose=verbose
    )
    return estimator.fit(*load_iris(return_X_y=True))


def test_a_handler_gets_a_line_per_trial_of_a_silent_fit(add_handler, capsys):
    handler = add_handler(Records())
    fit(verbose=0)
    assert handler.beginnings == LINES
    assert {record.levelname for record in handler.records} == {"INFO"}
    assert capsys.readouterr() == ("", "")


def test_a_handler_and_the_console_get_what_a_verbose_fit_says(add_handler, capsys):
    handler = add_handler(Records())
    fit(verbose=1)
    printed = capsys.readouterr().out.splitlines()
    assert printed == [record.getMessage() for record in handler.records]
    assert len(printed) == len(LINES)


def _closed():
    stream = io.StringIO()
    stream.close()
    return stream


class WithoutFlush:
    """A stream as windows of desktop programs have them."""

    def write(self, text):
        return len(text)


@pytest.mark.parametrize("make", [_closed, WithoutFlush])
def test_a_stream_that_cannot_be_written_ends_no_fit(make, monkeypatch):
    monkeypatch.setattr(sys, "stdout", make())
    assert fit(verbose=1, max_trials=1).n_trials_ == 1


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_no_line_is_on_the_console_twice(add_handler, capsys, stream):
    add_handler(logging.StreamHandler(getattr(sys, stream)))
    fit(verbose=1)
    lines = "".join(capsys.readouterr()).splitlines()
    assert [line.split()[0] for line in lines] == LINES


def test_a_handler_that_wants_warnings_alone_does_not_silence_a_fit(
    add_handler, capsys
):
    handler = logging.StreamHandler(sys.stdout)
    handler.setLevel(logging.WARNING)
    add_handler(handler)
    fit(verbose=1, max_trials=1)
    assert len(capsys.readouterr().out.splitlines()) == len(LINES) - 1


def test_a_level_above_info_keeps_lines_from_handlers_only(add_handler, capsys):
    handler = add_handler(Records())
    LOGGER.setLevel(logging.WARNING)
    fit(verbose=1, max_trials=1)
    assert handler.records == []
    assert len(capsys.readouterr().out.splitlines()) == len(LINES) - 1


@pytest.mark.parametrize("verbose", [0, 1])
def test_a_fit_leaves_loggers_as_they_were(verbose):
    def settings():
        loggers = (LOGGER, logging.getLogger())
        return [(x.level, list(x.handlers), x.propagate, x.filters) for x in loggers]

    before = settings()
    fit(verbose=verbose, max_trials=1)
    assert settings() == before


def test_lines_reach_the_handlers_of_the_root_logger(informed, caplog):
    fit(max_trials=1)
    assert {record.name for record in caplog.records} == {"skautokeras"}
    assert len(caplog.records) == len(LINES) - 1


def test_threads_say_each_line_once(add_handler, capsys):
    handler = add_handler(Records())
    fits = [Thread(target=fit, kwargs={"verbose": 1}) for _ in range(2)]
    for thread in fits:
        thread.start()
    for thread in fits:
        thread.join()
    printed = capsys.readouterr().out.splitlines()
    beginnings = sorted(line.split()[0] for line in printed)
    assert beginnings == sorted(2 * LINES)
    assert sorted(handler.beginnings) == beginnings
