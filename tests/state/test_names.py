"""Names in files: every class of the package that a file may name is found by it."""

import json
import subprocess
import sys

import keras
import pytest

from skautokeras._state import class_named, name_of, saved_as

# Registered with Keras for trainings and exports: no file of an estimator names them,
# and whoever reads an exported model imports `skautokeras.layers`.
IN_NO_FILE = (
    "skautokeras._export.scikeras",
    "skautokeras._export.twins.",
    "skautokeras._training.",
)

EVERY_NAME = """
import importlib, json, pkgutil
import keras
import skautokeras
from skautokeras._state import name_of

named, registered = {}, {}
for found in pkgutil.walk_packages(skautokeras.__path__, "skautokeras."):
    module = importlib.import_module(found.name)
    for value in vars(module).values():
        if isinstance(value, type) and value.__module__ == module.__name__:
            if name_of(value) is not None:
                named[name_of(value)] = value.__module__
for name, value in keras.saving.get_custom_objects().items():
    if name.startswith("skautokeras>"):
        registered[name] = value.__module__
print(json.dumps([named, registered]))
"""

FIND = """
import json, sys
import skautokeras
from skautokeras._export import load_estimator
from skautokeras._state import class_named, decode

# Nothing else is imported, as in a process that loads a file first. Public names come
# last, because they import the modules of others.
public = set(dir(skautokeras))
named, registered = json.loads(sys.argv[1])
assert load_estimator
for name in sorted(registered, key=lambda name: name.partition(">")[2] in public):
    decode({"class_name": "function", "config": name})
for name in sorted(named, key=public.__contains__):
    assert class_named(name).__module__ == named[name]
print(len(named))
"""


def output_of(*arguments):
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", *arguments],
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(done.stdout)


def test_what_any_module_declares_is_found_where_files_are_read():
    named, registered = output_of(EVERY_NAME)
    for name, module in list(registered.items()):
        if module.startswith(IN_NO_FILE):
            del registered[name]
    assert {"Trial", "TextAdapter", "AutoModel"} < named.keys()
    assert {"skautokeras>Node", "skautokeras>OneHot"} < registered.keys()
    assert output_of(FIND, json.dumps([named, registered])) == len(named)


def test_a_name_stays_when_the_class_is_renamed():
    @saved_as("skautokeras_tests>Old")
    class New:
        """A class that had another name once."""

    assert name_of(New) == "skautokeras_tests>Old"
    assert class_named("skautokeras_tests>Old") is New


def test_a_cell_of_a_notebook_may_be_run_twice():
    def cell():
        @saved_as("skautokeras_tests>Cell")
        class Cell:
            """It is defined again at each run."""

        return Cell

    first, second = cell(), cell()
    assert first is not second
    assert class_named("skautokeras_tests>Cell") is second


@pytest.mark.parametrize("name", ["load", "Nothing", "layers", "__builtins__"])
def test_no_name_leads_to_what_has_not_declared_itself(name):
    with pytest.raises(ValueError, match="No class is known as"):
        class_named(name)
    assert keras.saving.get_registered_object(name) is None
