"""Write the parameters and attributes of the estimators into their source files.

Each parameter is described once, in `skautokeras/_estimators/parameters.py`, and each
attribute in `attributes.py` beside it. This script writes the sections Parameters,
Attributes and References of the docstrings, and the constructors. All other lines of
the classes are written by hand.

    python -m tools.write_docstrings            write the files
    python -m tools.write_docstrings --check    fail if a file would change
"""

import argparse
import ast
import re
import textwrap
from pathlib import Path

from skautokeras._estimators.attributes import ATTRIBUTES
from skautokeras._estimators.description import KINDS, REQUIRED, entries_of
from skautokeras._estimators.parameters import PARAMETERS

FOLDER = Path(__file__).parents[1] / "skautokeras" / "_estimators"
COMMAND = "python -m tools.write_docstrings"
WIDTH = 88
INDENT = " " * 4
_NO_BREAK = "\0"
REFERENCE = (
    "Jin, Chollet, Song, Hu, AutoKeras: An AutoML Library for Deep Learning, JMLR "
    "24(6), 2023."
)
# The order in which numpydoc wants sections.
ORDER = (
    "Parameters",
    "Attributes",
    "See Also",
    "Notes",
    "References",
    "Examples",
)


def main():
    """Write the files, or say which of them would change."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing")
    check = parser.parse_args().check
    changed = []
    for path in sorted(FOLDER.glob("*.py")):
        before = path.read_text(encoding="utf-8")
        after = written(before)
        if after != before:
            changed.append(path.name)
            if not check:
                path.write_text(after, encoding="utf-8")
    if changed and check:
        raise SystemExit(f"Run `{COMMAND}`: it would change {', '.join(changed)}.")


def written(source):
    """Return the source of a file with the parts that this script writes.

    Parameters
    ----------
    source : str
        Source of a file as it is.

    Returns
    -------
    source : str
        Source of the file as it should be.
    """
    lines = source.splitlines()
    # The last class first: the lines before it keep their numbers.
    for node in reversed(ast.parse(source).body):
        if isinstance(node, ast.ClassDef) and node.name in KINDS:
            constructor = next(
                child
                for child in node.body
                if isinstance(child, ast.FunctionDef) and child.name == "__init__"
            )
            _replace(lines, constructor, _constructor(node.name))
            docstring = lines[node.body[0].lineno - 1 : node.body[0].end_lineno]
            _replace(lines, node.body[0], _docstring(docstring, node.name))
    return "\n".join(lines) + "\n"


def _replace(lines, node, new):
    lines[node.lineno - 1 : node.end_lineno] = textwrap.indent(
        "\n".join(new), INDENT
    ).splitlines()


def _constructor(estimator):
    """Return the lines of a constructor."""
    entries = entries_of(estimator, PARAMETERS)
    required = [f"{entry.name}," for entry in entries if entry.default is REQUIRED]
    optional = [
        f"{entry.name}={_literal(entry.default)},"
        for entry in entries
        if entry.default is not REQUIRED
    ]
    arguments = ["self,", *required, "*,", *optional]
    return [
        "def __init__(",
        *(f"{INDENT}{argument}" for argument in arguments),
        "):",
        f"{INDENT}self._set_parameters(locals())",
    ]


def _docstring(lines, estimator):
    """Return the lines of a docstring as it should be, from those as it is."""
    text = textwrap.dedent("\n".join([INDENT + lines[0].strip(), *lines[1:]]))
    head, *parts = re.split(r"\n\n(.+)\n-+\n", text.removesuffix('"""').rstrip())
    sections = dict(zip(parts[::2], map(str.splitlines, parts[1::2]), strict=True))
    sections["Parameters"] = _described(
        (f"{entry.name} : {entry.type}{_shown_default(entry)}", entry.text)
        for entry in entries_of(estimator, PARAMETERS)
    )
    sections["Attributes"] = _described(
        (f"{entry.name} : {entry.type}", entry.text)
        for entry in entries_of(estimator, ATTRIBUTES)
    )
    sections["References"] = _wrapped(REFERENCE, WIDTH - len(INDENT))
    lines = head.splitlines()
    for title in sorted(sections, key=ORDER.index):
        lines += ["", title, "-" * len(title), *sections[title]]
    return [*lines, '"""']


def _described(entries):
    """Return the lines of a section, from pairs of a first line and a description."""
    lines = []
    for first, text in entries:
        lines.append(first)
        lines += textwrap.indent(
            "\n".join(_wrapped(text, WIDTH - 2 * len(INDENT))), INDENT
        ).splitlines()
    return lines


def _wrapped(text, width):
    """Return the lines of a text; code in it is not broken."""
    text = re.sub(r"``.*?``", lambda code: code[0].replace(" ", _NO_BREAK), text)
    lines = textwrap.wrap(" ".join(text.split()), width, break_on_hyphens=False)
    return [line.replace(_NO_BREAK, " ") for line in lines]


def _shown_default(entry):
    if entry.default is REQUIRED:
        return ""
    return f", default={_literal(entry.default)}"


def _literal(value):
    """Return a value as the source shows it, with double quotes."""
    return f'"{value}"' if isinstance(value, str) else repr(value)


if __name__ == "__main__":
    main()
