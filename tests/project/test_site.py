"""The documentation site: its code runs, and the reference has every public name."""

import ast
import doctest
import re
from pathlib import Path

import pytest

import skautokeras
from skautokeras import datasets, exceptions, inspection, layers, testing

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
GALLERY = sorted((ROOT / "examples" / "gallery").glob("*/plot_*.py"))
PAGES = sorted([*DOCS.glob("guide/*.md"), *DOCS.glob("coming_from/*.md")])
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def named(page):
    return f"{page.parent.name}/{page.name}"


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("page", PAGES, ids=named)
def test_the_code_of_a_page_runs_as_written(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = doctest.testfile(str(page), module_relative=False, optionflags=FLAGS)
    assert found.failed == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_of_a_page_lead_to_files(page):
    text = page.read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text)
    broken = [link for link in links if not (page.parent / link).exists()]
    assert broken == []


def test_code_without_prompts_is_python():
    for page in [*PAGES, DOCS / "index.md"]:
        text = page.read_text(encoding="utf-8")
        for block in re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL):
            if not block.lstrip().startswith(">>>"):
                ast.parse(block)


def test_the_guide_has_a_list_of_all_pages():
    for folder in ("guide", "coming_from"):
        index = (DOCS / folder / "index.md").read_text(encoding="utf-8")
        listed = set(re.findall(r"^(\w+)$", index, flags=re.MULTILINE))
        there = {page.stem for page in DOCS.glob(f"{folder}/*.md")} - {"index"}
        assert there <= listed


@pytest.mark.parametrize(
    "module",
    [skautokeras, datasets, exceptions, inspection, layers, testing],
    ids=lambda module: module.__name__,
)
def test_the_reference_has_every_public_name(module):
    found = set()
    for page in DOCS.glob("api/*.rst"):
        text = page.read_text(encoding="utf-8")
        current = None
        for line in text.splitlines():
            if match := re.match(r"\.\. currentmodule:: (\S+)", line):
                current = match[1]
            elif current == module.__name__ and re.match(r"   \w+$", line):
                found.add(line.strip())
    expected = {name for name in module.__all__ if not name.startswith("__")}
    assert found == expected


@pytest.mark.parametrize("script", GALLERY, ids=lambda script: script.stem)
def test_every_example_of_the_gallery_has_a_plot_and_words(script):
    source = script.read_text(encoding="utf-8")
    tree = ast.parse(source)
    assert re.search(r"\n=+\n", ast.get_docstring(tree) + "\n")
    assert "# %%" in source
    assert re.search(r"Display|plt\.|\.plot", source)
    # It ends with a conclusion.
    assert source.rstrip().splitlines()[-1].startswith("# ")


def test_the_gallery_has_at_least_twelve_examples():
    assert len(GALLERY) >= 12
    assert len([s for s in GALLERY if s.parent.name == "competitions"]) == 3
