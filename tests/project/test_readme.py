"""The commands of the README work, and what the pages name exists."""

import re
import shlex
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CI = (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def bash_blocks(text):
    return re.findall(r"^```bash\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)


def arguments_after(words, command):
    """Return the words that follow `command` in each line that has it."""
    lines = (shlex.split(line, comments=True) for line in command.splitlines())
    for line in lines:
        for i in range(len(line) - len(words) + 1):
            if line[i : i + len(words)] == words:
                yield line[i + len(words) :]


def test_the_quickstart_exists():
    (arguments,) = arguments_after([".venv/bin/python"], bash_blocks(README)[0])

    assert (ROOT / arguments[0]).is_file()


def test_ci_installs_and_runs_what_the_readme_does():
    (command,) = arguments_after(["install", "-e"], bash_blocks(README)[1])
    (installed,) = arguments_after(["install", "-q", "-e"], CI)
    (tested,) = arguments_after(["-m", "pytest"], CI)

    install, run = command[: command.index("&&")], command[command.index("&&") + 1 :]
    assert installed == install
    assert run == [".venv/bin/python", "-m", "pytest", *tested]


@pytest.mark.parametrize(
    "page",
    [
        "README.md",
        "CONTRIBUTING.md",
        "RELEASING.md",
        "benchmarks/README.md",
        "docs/index.md",
    ],
)
def test_links_lead_to_files(page):
    path = ROOT / page
    links = re.findall(r"\]\(([^)#]+)\)", path.read_text(encoding="utf-8"))

    broken = [link for link in links if not (path.parent / link).exists()]
    assert not broken


def test_every_extra_that_is_named_exists():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / ".ci" / "run"]
    text = "".join(page.read_text(encoding="utf-8") for page in pages)

    named = set(re.findall(r"(?:skautokeras|\.)\[(\w+)\]", text))
    assert {"dev", "test"} <= named <= set(project["project"]["optional-dependencies"])


def test_every_public_estimator_and_block_is_in_the_readme():
    import skautokeras

    missing = [name for name in skautokeras.__all__ if f"`{name}`" not in README]
    assert not missing
