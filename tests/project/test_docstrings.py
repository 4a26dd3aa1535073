"""Public names are documented as numpydoc wants it, and all texts make sense alone."""

import ast
import inspect
import re
from pathlib import Path

import pytest
from numpydoc.docscrape import NumpyDocString, get_doc_object
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


PACKAGE = Path(skautokeras.__file__).parent
DESCRIBING_SECTIONS = ("Parameters", "Other Parameters", "Attributes", "Returns")
DESCRIBING_SECTIONS += ("Yields",)
# A text that begins with one of them needs the name above it to make sense.
WRONG_BEGINNINGS = {"Of", "As", "What", "From"}
# Words that name nothing. A text needs two others.
FILLERS = {
    *("a", "an", "the", "this", "that", "these", "those", "it", "its", "their", "one"),
    *("of", "in", "on", "at", "by", "for", "from", "to", "with", "without", "as", "so"),
    *("is", "are", "be", "was", "were", "has", "have", "had", "not", "no", "and", "or"),
    *("any", "all", "each", "every", "other", "others", "some", "several", "far", "if"),
    *("given", "found", "known", "part", "made", "used", "wanted", "whole", "new"),
    *("what", "which", "who", "whose", "where", "when", "how", "whether", "than"),
    *("called", "allowed", "added", "ready", "freshly", "first", "last", "next"),
}
# "None: no limit." is no sentence; "If None, there is no limit." is one.
ELLIPSIS = re.compile(r"(?:^|[.;] )(?:None|True|False|Else|Otherwise): ")


def modules():
    return sorted(str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.py"))


def described(source):
    """Yield the place and the text of each entry in the docstrings of a source."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        docstring = ast.get_docstring(node)
        if docstring is None:
            continue
        sections = NumpyDocString(docstring)
        for section in DESCRIBING_SECTIONS:
            for entry in sections[section]:
                # `self` in Returns needs no text.
                if entry.desc or section in {"Parameters", "Attributes"}:
                    lines = " ".join(entry.desc).split(".. version")[0]
                    yield f"{node.name}: {entry.name or entry.type}", lines.strip()


def fault_of(text):
    """Return why a text makes no sense alone, or None if it does."""
    words = re.findall(r"\w+", text)
    if not words or words[0] in WRONG_BEGINNINGS:
        return "does not begin with a noun or a verb"
    if sum(word.lower() not in FILLERS for word in words) < 2:
        return "is too short to make sense alone"
    if words[0][0].islower() and text[0].isalpha():
        return "does not begin with a capital letter"
    if not text.endswith((".", ".)", "::")):
        return "does not end with a period"
    if ELLIPSIS.search(text):
        return "explains a value without a sentence, such as 'If None, ...'"
    return None


def faulty_texts(source):
    texts = ((where, text, fault_of(text)) for where, text in described(source))
    return [f"{where}: {text!r} {fault}" for where, text, fault in texts if fault]


@pytest.mark.parametrize("module", modules())
def test_texts_of_parameters_make_sense_alone(module):
    assert faulty_texts((PACKAGE / module).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Of a fitted estimator.",
        "What y is in the fit.",
        "As in the other function.",
        "From `split` of the adapter.",
        "Fitted.",
        "So far.",
        "The one that was found.",
        "The table.",
        "number of networks.",
        "Number of networks",
        "Number of networks. None: no limit.",
    ],
)
def test_a_text_that_makes_no_sense_alone_is_found(text):
    assert fault_of(text) is not None


@pytest.mark.parametrize(
    "text",
    [
        "Training data.",
        "Number of networks. If None, there is no limit.",
        '"mean" averages the inputs, and "sum" adds them.',
        "``(rows, columns)`` of each table.",
        "X with one column per feature.",
    ],
)
def test_a_text_that_makes_sense_alone_is_not_found(text):
    assert fault_of(text) is None
