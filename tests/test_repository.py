"""No tracked text file names a machine: paths of one computer, its package index, its ports."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

DOCUMENTED_PORTS: frozenset[str] = frozenset()

# Written so that this file does not match itself.
MACHINE = re.compile(
    r"""
    (?<![\w.$}*-]) / (?:work|opt|root) (?![\w-])    # a path that starts at the root of a file system
    | pypi-mor[e] | (?:extra-)?index-ur[l]          # where one computer gets its packages from
    | (?:localhost|127\.0\.0\.1): (?P<port>\d+)
    """,
    re.VERBOSE,
)


def machine_names(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        for match in MACHINE.finditer(line):
            if match["port"] not in DOCUMENTED_PORTS:
                yield number, match[0]


def tracked_files() -> list[Path]:
    try:
        listing = subprocess.run(
            ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607
            capture_output=True,
            check=True,
            text=True,
        )
    except (FileNotFoundError, subprocess.CalledProcessError):
        pytest.skip("not a git repository: the installed packages are tested from elsewhere")
    return [path for name in listing.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def text_of(path: Path) -> str:
    content = path.read_bytes()
    return "" if b"\0" in content else content.decode(errors="replace")


def test_no_tracked_file_names_a_machine():
    findings = [
        f"{path.relative_to(ROOT)}:{line}: {found}"
        for path in tracked_files()
        for line, found in machine_names(text_of(path))
    ]
    assert findings == [], "\n".join(findings)


@pytest.mark.parametrize(
    "parts",
    [
        ("cd /", "work", "/desk"),
        ("see file:///", "opt", "/packages"),
        ("`/", "root", "`"),
        ("https://mirror/", "pypi", "-more", "/simple"),
        ("pip install --", "index", "-url", " https://mirror"),
        ("http://", "localhost", ":8000"),
        ("bind ", "127.0.0.1", ":8000"),
    ],
    ids="".join,
)
def test_a_planted_machine_name_is_found(parts: tuple[str, ...]):
    assert [line for line, _ in machine_names("first\n" + "".join(parts))] == [2]


@pytest.mark.parametrize("text", ["docs/work/plan.md", "/workers", "../root/x", "localhost", "pypi.org", "$TMP/opt"])
def test_an_ordinary_word_is_not_a_machine_name(text: str):
    assert list(machine_names(text)) == []
