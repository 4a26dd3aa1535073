"""The rooms of the package: imports run one way, and importing the package is cheap."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import skautokeras

PACKAGE = Path(skautokeras.__file__).parent
# Rooms from the bottom to the top: one may import of those before it.
ROOMS = (
    "_state",
    "_data",
    "_layers",
    "_space",
    "_training",
    "_search",
    "_ensemble",
    "_export",
    "_fit",
    "inspection",
    "_estimators",
)
# Modules that every room may import and that import nothing of the package.
FOUNDATIONS = ("_sklearn", "_versions", "_warnings", "exceptions")
FLOORS = dict.fromkeys(FOUNDATIONS, -1)
FLOORS |= {room: floor for floor, room in enumerate(ROOMS)}
TOP_FLOOR = len(ROOMS)  # the public modules: __init__, datasets, ...
HEAVY = {"keras", "keras_tuner", "scikeras", "tensorflow", "matplotlib"}
# `layers` is the public name of `_layers`; `testing` runs what it checks.
KERAS_ROOMS = {*ROOMS, "layers", "testing"} - {"_state", "_data", "_fit", "_estimators"}


def room_of(name):
    """Return the part after `skautokeras.`, None for the package and for others."""
    package, _, rest = name.partition(".")
    return rest.split(".")[0] or None if package == "skautokeras" else None


def floor_of(name):
    return FLOORS.get(room_of(name), TOP_FLOOR)


def names_in(statement):
    """Return the dotted names of an import statement; none for another one."""
    if isinstance(statement, ast.Import):
        return [alias.name for alias in statement.names]
    if isinstance(statement, ast.ImportFrom):
        # `from skautokeras import _data` names the room after the import.
        module = "." * statement.level + (statement.module or "")
        return [f"{module}.{alias.name}" for alias in statement.names]
    return []


def imported_anywhere(tree):
    """Return what a module imports, the imports deferred into functions included."""
    return [name for node in ast.walk(tree) for name in names_in(node)]


def imported_at_once(node):
    """Return what is imported as soon as the module is."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        return []
    names = names_in(node)
    for child in ast.iter_child_nodes(node):
        names += imported_at_once(child)
    return names


def is_relative(module, name):
    return name.startswith(".")


def is_upward(module, name):
    if name == "skautokeras.__version__":  # it is in no room
        return False
    inside = name.split(".")[0] == "skautokeras" and room_of(module) != room_of(name)
    return inside and floor_of(name) >= floor_of(module)


def is_more_than_the_schema(module, name):
    records = ("skautokeras._data.schema.", "skautokeras._data.codes.")
    # Inputs make the adapters of their kind of data.
    return (
        room_of(module) == "_space"
        and not module.startswith("skautokeras._space.inputs.")
        and room_of(name) == "_data"
        and not f"{name}.".startswith(records)
    )


def is_heavy(module, name):
    from_a_keras_room = room_of(module) in {*KERAS_ROOMS, "_state", "_fit"}
    to_keras = name.split(".")[0] in HEAVY or room_of(name) in KERAS_ROOMS
    return to_keras and not from_a_keras_room


def is_private_elsewhere(module, name):
    package, *parts = name.split(".")
    is_private = any(part.startswith("_") for part in parts)
    allowed = package == "skautokeras" or module == "skautokeras._sklearn"
    return is_private and not allowed


RULES = {
    "is private in another package": is_private_elsewhere,
    "is relative": is_relative,
    "does not lie below": is_upward,
    "is more than the schema and the codes": is_more_than_the_schema,
}


def faults(module, source):
    """Return what is wrong with the imports of a module, as sentences."""
    tree = ast.parse(source)
    found = [
        f"{name} {complaint}"
        for name in imported_anywhere(tree)
        for complaint, applies in RULES.items()
        if applies(module, name)
    ]
    at_once = (name for name in imported_at_once(tree) if is_heavy(module, name))
    return found + [f"{name} brings Keras or matplotlib at once" for name in at_once]


def module_files():
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        name = ".".join(parts).removesuffix(".__init__")
        yield pytest.param(name, path, id=name)


@pytest.mark.parametrize(("module", "path"), list(module_files()))
def test_imports_run_one_way(module, path):
    assert faults(module, path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("skautokeras._data.a", "from skautokeras._layers.b import c"),
        ("skautokeras._state.a", "from skautokeras._data.b import c"),
        ("skautokeras._data.a", "def f():\n    from skautokeras._space import b"),
        ("skautokeras._space.a", "import skautokeras._search.b"),
        ("skautokeras._space.a", "from skautokeras._data.target import b"),
        ("skautokeras._space.a", "from skautokeras import _export"),
        ("skautokeras._estimators.a", "from skautokeras import GreedyOracle"),
        ("skautokeras._estimators.a", "from skautokeras.datasets import b"),
        ("skautokeras.inspection", "from skautokeras import GreedyOracle"),
        ("skautokeras.exceptions", "from skautokeras._state.a import b"),
        ("skautokeras._sklearn", "from skautokeras.exceptions import b"),
        ("skautokeras._data.a", "from sklearn.utils._b import c"),
        ("skautokeras._layers.a", "from . import b"),
        ("skautokeras._estimators.a", "import keras"),
        ("skautokeras._estimators.a", "from skautokeras._space.heads import b"),
        ("skautokeras._data.a", "try:\n    from tensorflow import b\nexcept X: pass"),
        ("skautokeras.datasets.a", "class A:\n    import matplotlib.pyplot as plt"),
    ],
)
def test_a_planted_fault_is_found(module, source):
    assert len(faults(module, source)) > 0


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("skautokeras._space.a", "from skautokeras._data.schema import Column"),
        ("skautokeras._state.a", "from skautokeras.exceptions import b"),
        ("skautokeras._data.a", "from skautokeras._sklearn import b"),
        ("skautokeras._sklearn", "from sklearn.utils._b import c"),
        ("skautokeras._space.inputs.a", "from skautokeras._data.image import b"),
        ("skautokeras._space.a", "import keras\nfrom skautokeras._layers import b"),
        ("skautokeras._estimators.a", "def f():\n    import keras"),
        ("skautokeras._estimators.a", "def f():\n    from skautokeras._space import b"),
        ("skautokeras._estimators.a", "from skautokeras._data.target import b"),
        ("skautokeras.datasets", "from skautokeras.datasets._titanic import b"),
    ],
)
def test_an_import_from_below_is_no_fault(module, source):
    assert faults(module, source) == []


@pytest.mark.parametrize(
    "statement",
    [
        "skautokeras.__all__",
        "skautokeras.StructuredDataClassifier",
        "import skautokeras.exceptions",
    ],
)
def test_importing_is_cheap(statement):
    code = (
        f"import sys, skautokeras; {statement}; "
        f"print(sorted({HEAVY!r} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", skautokeras.__all__)
def test_every_public_name_resolves(name):
    value = getattr(skautokeras, name)

    assert value.__name__ == name
    assert value is getattr(importlib.import_module(value.__module__), name)


def test_dir_lists_every_public_name():
    assert {*skautokeras.__all__, "__version__"} <= set(dir(skautokeras))


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="StructuredDataRanker"):
        skautokeras.StructuredDataRanker  # noqa: B018


def test_a_star_import_gives_the_public_names():
    namespace = {}
    exec("from skautokeras import *", namespace)

    assert set(skautokeras.__all__) <= namespace.keys()


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_is_a_package_that_gets_installed(room):
    assert (PACKAGE / room / "__init__.py").is_file()
