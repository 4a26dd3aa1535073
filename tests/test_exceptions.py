"""Public errors: what they are besides, and that workers can send them."""

import pickle

import pytest

from skautokeras import exceptions

# What was raised before the errors had names, and is still caught by.
ALSO = {
    "ExportError": ValueError,
    "FileFormatError": ValueError,
    "JournalMismatchError": ValueError,
    "SearchError": RuntimeError,
    "WeightsMissingError": FileNotFoundError,
}


def test_every_error_is_in_the_table():
    assert sorted(ALSO) == sorted(exceptions.__all__)


@pytest.mark.parametrize("name", ALSO)
def test_an_error_is_one_of_pythons_and_pickles(name):
    error = getattr(exceptions, name)("the reason")
    copied = pickle.loads(pickle.dumps(error))
    assert isinstance(error, ALSO[name])
    assert type(copied) is type(error)
    assert str(copied) == "the reason"
