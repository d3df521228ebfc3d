"""The style sheet: enough contrast in both schemes, nothing that moves."""

import re
from importlib.resources import files

import pytest

from tradedesk.report._charts import COLOURS

SHEET = files("tradedesk.report").joinpath("assets", "page.css").read_text(encoding="utf-8")
SERIES = [f"--s{at}" for at in range(COLOURS + 1)]


def schemes() -> dict[str, dict[str, str]]:
    blocks = re.findall(r":root[^{]*\{([^}]*)\}", SHEET)
    light, dark = (dict(re.findall(r"(--[\w-]+): (#[0-9a-f]{6});", block)) for block in blocks)
    return {"light": light, "dark": dark}


def brightness(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    bright, dim = sorted((brightness(one), brightness(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def test_contrast_is_what_the_guidelines_say():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_both_schemes_have_the_same_colours():
    light, dark = schemes().values()
    assert light.keys() == dark.keys()
    assert set(SERIES) <= light.keys()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("text", "ground"),
    [
        ("--text", "--page"),
        ("--text", "--raised"),
        ("--quiet", "--page"),
        ("--quiet", "--raised"),
        ("--link", "--page"),
        ("--notice", "--notice-ground"),
    ],
)
def test_text_can_be_read_on_its_ground(scheme: str, text: str, ground: str):
    colours = schemes()[scheme]
    assert contrast(colours[text], colours[ground]) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("line", [*SERIES, "--equity", "--gain", "--loss"])
def test_a_line_stands_out_from_the_page(scheme: str, line: str):
    colours = schemes()[scheme]
    assert contrast(colours[line], colours["--page"]) >= 3


def test_no_two_series_have_one_colour():
    for colours in schemes().values():
        assert len({colours[name] for name in SERIES}) == COLOURS + 1


def test_nothing_on_the_page_moves_by_itself():
    assert not re.search(r"\b(?:animation|transition|scroll-behavior)\b", SHEET)
