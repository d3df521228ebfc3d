"""The gallery leads to the reports that its script writes, and shows pictures that are there."""

import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
PAGE = DOCS / "how-to" / "gallery.rst"
WRITTEN = DOCS.parent / "examples" / "expected" / "gallery.txt"


def test_the_gallery_leads_to_every_report_that_is_written_and_to_no_other():
    led_to = set(re.findall(r"\.\./gallery/(\w+\.html)", PAGE.read_text(encoding="utf-8")))
    assert led_to == set(re.findall(r"^\S+\.html", WRITTEN.read_text(encoding="utf-8"), re.MULTILINE))


def test_every_picture_of_a_report_is_there_and_is_shown():
    pages = "".join(page.read_text(encoding="utf-8") for page in DOCS.rglob("*.rst"))
    shown = set(re.findall(r"_static/([\w-]+\.png)", pages))
    assert shown == {path.name for path in (DOCS / "_static").glob("*.png")}
