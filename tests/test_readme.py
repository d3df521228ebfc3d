"""The README shows what the examples and the demo do, and leads to pages that are there."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

LINK = re.compile(r"\]\(([^)\s]+)\)")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def readme() -> str:
    path = ROOT / "README.md"
    if not path.exists():
        pytest.skip("no README.md: the installed packages are tested from elsewhere")
    return path.read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    return [content for tag, content in BLOCK.findall(text) if tag == language]


def dead_links(text: str, root: Path) -> Iterator[str]:
    for target in LINK.findall(text):
        file, _, heading = target.partition("#")
        if target.startswith("https://"):
            continue
        if not (root / file).exists() or (heading and heading not in headings((root / file).read_text("utf-8"))):
            yield target


def headings(page: str) -> set[str]:
    """The anchors of a page's underlined titles."""
    titles = re.findall(r"^(\S.*)\n[-=~]{3,}$", page, re.MULTILINE)
    return {re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") for title in titles}


def test_the_readme_shows_the_output_of_the_demo(readme: str):
    assert blocks(readme, "text") == [(ROOT / "docs" / "tutorial" / "demo.txt").read_text(encoding="utf-8")]


def test_the_readme_shows_the_smallest_example(readme: str):
    source = (ROOT / "examples" / "smallest.py").read_text(encoding="utf-8")
    assert blocks(readme, "python") == [source[source.index("import trio") :]]


def test_every_link_of_the_readme_leads_somewhere(readme: str):
    assert list(dead_links(readme, ROOT)) == []


def test_a_dead_link_is_reported(tmp_path: Path):
    (tmp_path / "page.rst").write_text("P3 Budget\n~~~~~~~~~\n", encoding="utf-8")
    text = "[a](page.rst) [b](gone.rst) [c](page.rst#p3-budget) [d](page.rst#p4-order) [e](https://trio.readthedocs.io)"
    assert list(dead_links(text, tmp_path)) == ["gone.rst", "page.rst#p4-order"]
