"""The pictures in the documentation are those that the example draws."""

import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.test_examples import EXAMPLES, environment

PICTURES = Path(__file__).parents[1] / "docs" / "how-to" / "pictures"
PAGES = Path(__file__).parents[1] / "docs"


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("drawn")
    command = [sys.executable, "policy_pictures.py", str(folder)]
    subprocess.run(command, cwd=EXAMPLES, env=environment(), check=True, timeout=120)
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


def test_the_pictures_are_what_the_example_draws(drawn):
    """Renew them with: cd examples && python policy_pictures.py ../docs/how-to/pictures."""
    assert {path.name: path.read_text(encoding="utf-8") for path in PICTURES.iterdir()} == drawn


def test_every_picture_is_xml_has_a_title_and_takes_its_colours_from_the_page(drawn):
    for svg in drawn.values():
        root = ET.fromstring(svg)  # noqa: S314 - our own
        assert root.find("{http://www.w3.org/2000/svg}title").text
        colours = set(re.findall(r'(?:fill|stroke)="([^"]+)"', svg))
        assert colours <= {"currentColor", "none"}


def test_every_picture_is_on_a_page(drawn):
    shown = {name for page in PAGES.rglob("*.rst") for name in re.findall(r":file: pictures/(\S+)", page.read_text())}
    assert shown == set(drawn)
