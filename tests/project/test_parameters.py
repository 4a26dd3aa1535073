"""Parameters and attributes of estimators are described once, and all of them are."""

import inspect
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpydoc.docscrape import ClassDoc
from sklearn.base import BaseEstimator

import skautokeras
from skautokeras._estimators import (
    ATTRIBUTES,
    KINDS,
    PARAMETERS,
    REQUIRED,
    entries_of,
)

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMAND = ["-m", "tools.write_docstrings"]
QUICK = {"max_trials": 1, "epochs": 1, "random_state": 0}
every_estimator = pytest.mark.parametrize("name", KINDS)


def public_estimators():
    values = {name: getattr(skautokeras, name) for name in skautokeras.__all__}
    return {
        name
        for name, value in values.items()
        if inspect.isclass(value)
        and issubclass(value, BaseEstimator)
        and hasattr(value, "fit")
    }


def described(section, name):
    """Return the names in a section of the docstring of an estimator."""
    return [entry.name for entry in ClassDoc(getattr(skautokeras, name))[section]]


def data_for(name):
    """Return a DataFrame and a target that an estimator takes."""
    rng = np.random.default_rng(0)
    column = {
        "StructuredData": rng.normal(size=40),
        "Image": list(rng.random((40, 8, 8))),
        "Text": ["a dry wine", "a sweet wine", "much oak", "no oak"] * 10,
        "AutoModel": rng.normal(size=40),
    }
    (X,) = (values for prefix, values in column.items() if name.startswith(prefix))
    y = rng.normal(size=40) if name.endswith("Regressor") else np.array([0, 1] * 20)
    return pd.DataFrame({"column": X}), y


def make(name):
    estimator = getattr(skautokeras, name)
    if name == "AutoModel":
        inputs, heads = skautokeras.StructuredDataInput, skautokeras.ClassificationHead
        return estimator(inputs(), heads(), **QUICK)
    return estimator(**QUICK)


def test_the_docstrings_are_what_the_script_writes():
    # It says which command writes them.
    run = subprocess.run(
        [sys.executable, *COMMAND, "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stderr


def test_every_estimator_has_its_kinds():
    assert set(KINDS) == public_estimators()


@every_estimator
def test_every_parameter_is_described(name):
    signature = inspect.signature(getattr(skautokeras, name))

    assert described("Parameters", name) == list(signature.parameters)


@every_estimator
def test_every_parameter_has_the_default_of_its_entry(name):
    parameters = inspect.signature(getattr(skautokeras, name)).parameters
    entries = entries_of(name, PARAMETERS)

    defaults = {entry.name: entry.default for entry in entries}
    found = {
        parameter.name: REQUIRED
        if parameter.default is parameter.empty
        else parameter.default
        for parameter in parameters.values()
    }
    assert found == defaults


@every_estimator
def test_every_fitted_attribute_is_described(name):
    X, y = data_for(name)
    estimator = make(name).fit(X, y)

    fitted = {
        attribute
        for attribute, _ in inspect.getmembers(estimator)
        if attribute.endswith("_") and not attribute.startswith("_")
    }
    assert fitted == set(described("Attributes", name))


def test_an_entry_that_no_estimator_has_does_not_exist():
    kinds = set().union(*KINDS.values())
    named = {kind for entry in (*PARAMETERS, *ATTRIBUTES) for kind in entry.kinds}

    assert named <= kinds


@every_estimator
def test_no_name_has_two_entries_for_one_estimator(name):
    for entries in (PARAMETERS, ATTRIBUTES):
        names = [entry.name for entry in entries_of(name, entries)]
        assert len(names) == len(set(names))


def readme_table(title):
    """Return what is in backticks in the first column of a table of the README."""
    _, _, section = README.partition(f"\n## {title}\n")
    rows = re.findall(r"^\| (`.+?) \|", section.partition("\n## ")[0], re.MULTILINE)
    return [name for row in rows for name in re.findall(r"`(.+?)`", row)]


def test_the_readme_has_every_parameter_with_its_default():
    shown = {
        entry.name + "=" + repr(entry.default).replace("'", '"')
        for entry in PARAMETERS
        if entry.default is not REQUIRED
    }

    named = readme_table("Main parameters")
    assert sorted(named) == sorted(shown)


def test_the_readme_has_every_attribute():
    named = readme_table("Fitted attributes")

    assert sorted(named) == sorted({entry.name for entry in ATTRIBUTES})
