"""Every public name is documented as numpydoc wants it."""

import inspect

import pytest
from numpydoc.docscrape import get_doc_object
from numpydoc.validate import validate

import skautokeras
import skautokeras.datasets
import skautokeras.exceptions
import skautokeras.testing

IGNORED = {
    "GL01",  # where the summary starts: the linter's business
    "GL02",  # where the quotes close: the linter's business
    "GL03",  # blank lines: the linter's business
    "ES01",  # an extended summary is good, not owed
    "SA01",  # as is a See Also section
    "SS06",  # a summary may take two lines
    "RT02",  # what is returned has a name, as in scikit-learn
}
# A method's example is the example of its class.
IGNORED_IN_METHODS = IGNORED | {"EX01"}
# What an overriding method takes and returns is told by the method it overrides.
IGNORED_IN_OVERRIDES = IGNORED_IN_METHODS | {"PR01", "RT01"}


def overrides(cls, name):
    """Return whether a base of the class that defines an attribute has it, too."""
    homes = [base for base in cls.__mro__ if name in vars(base)]
    return len(homes) > 1


def home_of(cls, name):
    """Return the top-level package of the class that defines an attribute of `cls`."""
    home = next(base for base in cls.__mro__ if name in vars(base))
    return home.__module__.split(".")[0]


def public_methods(cls):
    """Return the methods and properties this package defines, inherited ones too."""
    for name, _ in inspect.getmembers_static(cls, is_method):
        # scikit-learn writes and documents `set_fit_request` and its like.
        written_by_us = home_of(cls, name) == "skautokeras"
        if written_by_us and not name.startswith("_") and not name.endswith("_request"):
            yield name


def is_method(member):
    return inspect.isroutine(member) or isinstance(member, property)


def public_objects():
    modules = [skautokeras, skautokeras.datasets, skautokeras.exceptions]
    for module in [*modules, skautokeras.testing]:
        for name in module.__all__:
            path = f"{module.__name__}.{name}"
            yield path, IGNORED
            value = getattr(module, name)
            if inspect.isclass(value):
                for method in public_methods(value):
                    inherited = overrides(value, method)
                    yield (
                        f"{path}.{method}",
                        IGNORED_IN_OVERRIDES if inherited else IGNORED_IN_METHODS,
                    )


def faults(documented, ignored):
    return [
        error for error in validate(documented)["errors"] if error[0] not in ignored
    ]


@pytest.mark.parametrize(
    ("path", "ignored"), [pytest.param(*each, id=each[0]) for each in public_objects()]
)
def test_docstring(path, ignored):
    assert faults(path, ignored) == []


def badly_documented(values):
    """adds numbers

    Parameters
    ----------
    value
        the numbers
    """


def test_a_bad_docstring_is_found():
    found = {code for code, _ in faults(get_doc_object(badly_documented), IGNORED)}

    assert found >= {"SS02", "SS03", "PR01", "PR02", "PR04", "EX01"}
