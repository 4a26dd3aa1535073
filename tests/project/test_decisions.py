"""Decisions and measurements have one form, and what cites them cites what exists."""

import datetime
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
FOLDERS = {"decision": DOCS / "decisions", "measurement": DOCS / "measurements"}
SECTIONS = ["Context", "Decision", "Consequence"]
CITATION = re.compile(r"\b(decision|measurement)[\s#>]+(\d{4})\b", re.IGNORECASE)


def pages(kind):
    """Return the numbered pages of a kind, in the order of their names."""
    return sorted(FOLDERS[kind].glob("[0-9]*.md"))


def read(path):
    return path.read_text(encoding="utf-8")


def value_of(text, name):
    """Return the value of `- name: value`, or None."""
    found = re.search(rf"^- {name}: (.+)$", text, flags=re.MULTILINE)
    return found and found[1]


def sections(text):
    """Return the text of each section by its title."""
    _, *parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[::2], map(str.strip, parts[1::2]), strict=True))


def superseding(text):
    """Return the name of the record that replaces this one, or None."""
    status = value_of(text, "Status") or ""
    found = re.fullmatch(r"superseded by \[\d{4}\]\((.+)\)", status)
    return found and found[1]


def cited(text):
    """Return what a text cites, as pairs of kind and number."""
    return {(kind.lower(), number) for kind, number in CITATION.findall(text)}


def citing_files():
    """Return the files that may cite a decision or a measurement."""
    yield from ROOT.glob("*.md")
    yield from DOCS.rglob("*.md")
    for folder in ("skautokeras", "benchmarks", "examples"):
        yield from (ROOT / folder).rglob("*.py")
        yield from (ROOT / folder).rglob("*.pyi")
        yield from (ROOT / folder).rglob("*.md")


every_record = pytest.mark.parametrize("path", pages("decision"), ids=lambda p: p.stem)
every_page = pytest.mark.parametrize(
    "path", [*pages("decision"), *pages("measurement")], ids=lambda p: p.stem
)


@pytest.mark.parametrize("kind", FOLDERS)
def test_numbers_have_no_gaps(kind):
    numbers = [int(path.name[:4]) for path in pages(kind)]

    assert len(numbers) > 40
    assert numbers == list(range(1, len(numbers) + 1))


@every_page
def test_a_page_begins_with_its_number_and_has_a_date(path):
    text = read(path)

    assert re.match(rf"# {path.name[:4]}\. \S", text)
    assert datetime.date.fromisoformat(value_of(text, "Date")).year >= 2026


@every_record
def test_a_record_has_a_status_and_three_sections(path):
    text = read(path)

    assert value_of(text, "Status") == "accepted" or superseding(text)
    found = sections(text)
    assert list(found) == SECTIONS
    assert all(found.values())


@pytest.mark.parametrize(
    "path",
    [path for path in pages("decision") if superseding(read(path))],
    ids=lambda p: p.stem,
)
def test_a_record_that_is_superseded_is_named_by_the_later_one(path):
    later = superseding(read(path))

    assert int(later[:4]) > int(path.name[:4])
    assert ("decision", path.name[:4]) in cited(read(path.parent / later))


@pytest.mark.parametrize("path", pages("measurement"), ids=lambda p: p.stem)
def test_a_measurement_names_its_machine_and_command(path):
    text = read(path)

    assert value_of(text, "Machine")
    assert value_of(text, "Command")
    assert sections(text)["What it says"]


@every_page
def test_the_index_lists_every_page_once(path):
    lines = read(path.parent / "README.md").splitlines()
    entries = [line for line in lines if line.startswith(f"- [{path.name[:4]}](")]

    assert len(entries) == 1
    title = read(path).splitlines()[0].partition(". ")[2]
    assert entries[0].startswith(f"- [{path.name[:4]}]({path.name}) {title} (")
    if status := value_of(read(path), "Status"):
        assert entries[0].endswith(f" ({status})")


def test_every_decision_and_measurement_that_is_cited_exists():
    existing = {(kind, path.name[:4]) for kind in FOLDERS for path in pages(kind)}
    missing = {
        str(path.relative_to(ROOT)): unknown
        for path in citing_files()
        if (unknown := cited(read(path)) - existing)
    }

    assert missing == {}


@pytest.mark.parametrize(
    "text", ["(decision 9999)", "# see measurement\n    # 9999", "Decision 9999 says"]
)
def test_a_citation_is_found(text):
    assert [number for _, number in cited(text)] == ["9999"]


@pytest.mark.parametrize("path", sorted(DOCS.rglob("*.md")), ids=lambda p: p.stem)
def test_links_of_the_documentation_lead_to_files(path):
    text = re.sub(r"`[^`]*`", "", read(path))
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", text)

    broken = [
        link
        for link in links
        if "://" not in link and not (path.parent / link).exists()
    ]
    assert broken == []
