"""The page: everything in one file, nothing of the user's taken for markup, equal data an equal page."""

import json
import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import attrs
import pytest

from tests.report.made_up import made_up
from tradedesk.metrics import ClosedTrade
from tradedesk.report import DataRange, Fault, PriceData, RefusedOrder, ReportData, SleeveData, render, write

ASSETS = files("tradedesk.report").joinpath("assets")

UPLOT = {
    "uplot.min.js": "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f",
    "uplot.min.css": "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04",
    "uplot.LICENSE.txt": "8f989229699b4fe2f1a0432d0e9edc338a8a911e250e2d1b01ecd770a5f5b1bd",
}
"""The files of uPlot 1.6.32 as its authors published them."""


class Read(HTMLParser):
    """A page as elements: their tags, attributes and text."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.inline: dict[str, list[str]] = {"script": [], "style": []}
        self._inside = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self._inside = tag
        self.elements.append((tag, dict(attributes)))
        if tag in self.inline:
            self.inline[tag].append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside in self.inline:
            self.inline[self._inside][-1] += data
        else:
            self.texts.append((self._inside, data))

    def tags(self) -> list[str]:
        return [tag for tag, _ in self.elements]

    def values(self, attribute: str) -> list[str]:
        return [value for _, found in self.elements if (value := found.get(attribute)) is not None]

    def text(self) -> str:
        return " ".join(text for _, text in self.texts)


def hostile(mark: str) -> ReportData:
    """Put the mark into every string that a report shows."""
    sleeve = SleeveData(name=f"S{mark}", instrument=f"I{mark}", profit=[1.0, 2.0], allocation=[0, 1], active=[0, 1])
    trade = ClosedTrade(
        sleeve=sleeve.name,
        instrument=sleeve.instrument,
        entry_time=1,
        exit_time=2,
        quantity=1.0,
        entry_price=1.0,
        exit_price=1.0,
        pnl=1.0,
    )
    return ReportData(
        title=f"T{mark}",
        currency=f"C{mark}",
        close_times=[1, 2],
        start=1.0,
        equity=[1.0, 2.0],
        sleeves=[sleeve],
        prices=[PriceData(instrument=sleeve.instrument, close_times=[1, 2], closes=[1.0, 1.0])],
        trades=[trade],
        fill_rules=[f"F{mark}"],
        ranges=[DataRange(instrument=f"R{mark}", period=f"P{mark}", first=1, last=2, candles=2, source=f"W{mark}")],
        faults=[Fault(time=1, sleeve=f"X{mark}", what=f"Y{mark}", outcome=f"Z{mark}")],
        refused=[RefusedOrder(time=1, sleeve=f"A{mark}", instrument=f"B{mark}", order=f"O{mark}", reason=f"Q{mark}")],
    )


MARKS = [
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "]]><img src=x onerror=alert(1)>",
    "\" onload='alert(1)",
    "&lt;b&gt;",
    "</style></title><h1>\u2028",
]


@pytest.mark.parametrize("mark", MARKS)
def test_what_a_user_wrote_is_text_and_never_markup(mark: str):
    read, plain = Read(render(hostile(mark))), Read(render(hostile("")))
    assert read.tags() == plain.tags()
    assert [sorted(found) for _, found in read.elements] == [sorted(found) for _, found in plain.elements]
    assert all(f"{letter}{mark}" in read.text() for letter in "TSIFRPWXYZABOQ")


@pytest.mark.parametrize("mark", MARKS)
def test_the_data_of_the_charts_are_as_the_user_wrote_them(mark: str):
    data = json.loads(Read(render(hostile(mark))).inline["script"][0])
    assert data["currency"] == f"C{mark}"
    assert [each["label"] for each in data["sleeves"]] == [f"S{mark}"]
    assert [each["instrument"] for each in data["prices"]] == [f"I{mark}"]


def test_equal_data_give_equal_bytes(tmp_path: Path):
    for name in ("one", "other"):
        write(made_up(), tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes() == render(made_up()).encode()


def test_the_page_refers_to_nothing_outside_itself():
    read = Read(render(made_up()))
    assert read.values("src") == []
    assert all(link.startswith("#") or link == "data:," for link in read.values("href"))
    assert not re.search(r"@import|url\(", "".join(read.inline["style"]))


def hashed(inline: str) -> str:
    return f"'sha256-{b64encode(sha256(inline.encode()).digest()).decode()}'"


def test_the_policy_of_the_page_admits_its_own_scripts_and_nothing_else():
    read = Read(render(made_up()))
    policy = next(value for value in read.values("content") if "default-src" in value)
    plot, script = map(hashed, read.inline["script"][1:])
    (style,) = map(hashed, read.inline["style"])
    assert policy == f"default-src 'none'; img-src data:; style-src {style}; script-src {plot} {script}"
    assert not [name for _, found in read.elements for name in found if name == "style" or name.startswith("on")]


def test_what_is_linked_to_is_there():
    read = Read(render(made_up()))
    identities = read.values("id")
    assert len(identities) == len(set(identities))
    assert {link[1:] for link in read.values("href") if link.startswith("#")} <= set(identities)
    described = [*read.values("aria-describedby"), *read.values("aria-labelledby"), *read.values("for")]
    assert set(described) <= set(identities)


def test_every_chart_says_in_words_what_it_shows():
    read = Read(render(made_up()))
    charts = [found for _, found in read.elements if found.get("class") == "plot"]
    assert len(charts) == 7
    for chart in charts:
        assert (chart["role"], chart["tabindex"]) == ("img", "0")
        assert len(chart["aria-label"] or "") > 40


def test_the_words_about_the_run_are_exact():
    data = attrs.evolve(made_up(3, 0), equity=[100_500.0, 99_000.0, 101_000.0])
    text = Read(render(data)).text().replace("\N{NON-BREAKING HYPHEN}", "-")
    assert (
        "Equity began at 100,000.00 USD and ended at 101,000.00 USD. It was highest on 2012-01-03 at 101,000.00 USD and "
        "lowest on 2012-01-02 at 99,000.00 USD."
    ) in text
    assert "The deepest drawdown was −1.49 % on 2012-01-02." in text


@pytest.mark.parametrize("points", [0, 1, 2])
@pytest.mark.parametrize("sleeves", [0, 1, 2])
def test_a_run_of_little_or_nothing_has_a_report(points: int, sleeves: int):
    text = Read(render(made_up(points, sleeves))).text()
    assert ("The run has no close." in text) == (points == 0)
    assert "No strategy failed." in text
    assert "No order was refused." in text


def test_faults_and_refused_orders_are_announced_at_the_top_and_listed():
    text = Read(render(made_up())).text()
    assert "1 fault and 4 refused orders" in text
    assert "ZeroDivisionError: float division by zero" in text
    assert text.count("the sleeve is quarantined") == 4


def test_more_rows_than_a_page_should_have_are_counted():
    order = RefusedOrder(time=1, sleeve="slow", instrument="A", order="buy 1", reason="too much")
    text = Read(render(attrs.evolve(made_up(), refused=[order] * 12_345))).text()
    assert "12,345 refused orders" in text
    assert "The first 500 of 12,345 are listed." in text
    assert text.count("too much") == 500


def test_of_many_sleeves_the_charts_show_those_with_most_risk_and_the_sum_of_the_others():
    data = made_up(200, 30)
    page = Read(render(data))
    sleeves = json.loads(page.inline["script"][0])["sleeves"]
    assert [each["label"] for each in sleeves][-1] == "19 others"
    assert [each["colour"] for each in sleeves] == [*range(1, 12), 0]
    least = min(data.sleeves, key=lambda sleeve: sum(sleeve.allocation))
    most = max(data.sleeves, key=lambda sleeve: sum(sleeve.allocation))
    assert most.name in [each["label"] for each in sleeves]
    assert least.name not in [each["label"] for each in sleeves]
    assert "The charts show the 11 sleeves that were given most risk; the 19 others are added up." in page.text()
    assert all(sleeve.name in page.text() for sleeve in data.sleeves)


def test_fill_rules_and_data_ranges_stand_in_words():
    text = Read(render(made_up())).text()
    assert "Where a stop and a target lie in one candle, the stop fills first." in text
    assert "eurusd.csv" in text


@pytest.mark.parametrize("name", UPLOT)
def test_the_vendored_files_are_as_published(name: str):
    assert sha256(ASSETS.joinpath(name).read_bytes()).hexdigest() == UPLOT[name]


def test_the_page_carries_the_licence_of_what_it_carries():
    licence = ASSETS.joinpath("uplot.LICENSE.txt").read_text(encoding="utf-8")
    assert "Permission is hereby granted" in licence
    assert licence in render(made_up())
