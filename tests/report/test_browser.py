"""The page in a browser: no request, no error, charts that are drawn, in time; on a phone, in the dark, on paper, by keyboard.

Skipped where there is no Chromium.
"""

from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from tests.report.browser import FRAMES, Page, browser
from tests.report.made_up import made_up
from tradedesk.report import write

CHARTS = ["equity", "drawdown", "profit", "allocation", "active", "regimes", "price"]

# Per chart, how many colours its canvas holds: a blank one has one.
COLOURS = """
Object.fromEntries([...document.querySelectorAll(".chart")].map(figure => {
  const canvas = figure.querySelector("canvas"), {width, height} = canvas;
  const pixels = new Uint32Array(canvas.getContext("2d").getImageData(0, 0, width, height).data.buffer);
  return [figure.dataset.chart, new Set(pixels).size];
}))
"""
SIDEWAYS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
GROUND = "getComputedStyle(document.body).backgroundColor"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    write(made_up(600, 12), path)
    return path


@pytest.fixture(scope="module")
def running() -> Iterator[Page]:
    with browser() as page:
        yield page


@pytest.fixture
def page(running: Page) -> Page:
    running.media(prefers_color_scheme="light")
    running.size(1280, 900)
    return running


def assert_drawn(page: Page) -> None:
    colours = page.evaluate(COLOURS)
    assert sorted(colours) == sorted(CHARTS)
    assert [name for name, count in colours.items() if count < 5] == []


def test_the_page_asks_for_nothing_and_draws_every_chart(page: Page, report: Path):
    page.open(report)
    assert page.requests == [report.as_uri()]
    assert page.errors == []
    assert_drawn(page)


def test_an_error_and_a_request_would_be_seen(page: Page, tmp_path: Path):
    broken = tmp_path / "broken.html"
    broken.write_text("<script>console.error('lost')</script><img src='gone.png'><script>throw Error('bad')</script>")
    page.open(broken)
    assert page.requests == [broken.as_uri(), (tmp_path / "gone.png").as_uri()]
    assert len(page.errors) >= 2


def test_the_policy_stops_a_script_that_slipped_in(page: Page, report: Path, tmp_path: Path):
    slipped = tmp_path / "slipped.html"
    slipped.write_text(report.read_text().replace("</main>", "<script>window.slipped = 1</script></main>"))
    page.open(slipped)
    assert page.evaluate("window.slipped") is None


def test_fifty_thousand_closes_of_twelve_sleeves_are_there_within_two_seconds(page: Page, tmp_path: Path):
    path = tmp_path / "long.html"
    write(made_up(50_000, 12, hours=1), path)
    # The best of several: another process may hold the processor in one of them.
    times = []
    while len(times) < 5 and not (times and min(times) < 2_000):
        times.append(page.open(path))
    assert min(times) < 2_000
    assert page.errors == []
    assert_drawn(page)


def test_a_phone_need_not_scroll_sideways(page: Page, report: Path):
    for width in (320, 390):
        page.size(width, 844, mobile=True)
        page.open(report)
        assert not page.evaluate(SIDEWAYS)
        assert_drawn(page)


def test_no_window_need_scroll_sideways_whatever_the_names(page: Page, tmp_path: Path):
    data = made_up(60, 3)
    named = [attrs.evolve(sleeve, name=f"{sleeve.name}_with_a_rather_long_name_of_a_sleeve") for sleeve in data.sleeves]
    write(attrs.evolve(data, title="Long" * 30, sleeves=named), tmp_path / "long.html")
    for width in (320, 390, 760, 900, 901, 1024, 1280):
        page.size(width, 900)
        page.open(tmp_path / "long.html")
        assert not page.evaluate(SIDEWAYS), width


def test_the_dark_scheme_is_followed_and_the_charts_are_drawn_anew(page: Page, report: Path):
    page.open(report)
    light = page.evaluate("document.querySelector('[data-chart=equity] canvas').toDataURL()")
    page.media(prefers_color_scheme="dark")
    page.evaluate(FRAMES)  # the browser tells the script between two frames
    assert page.evaluate(GROUND) == "rgb(20, 23, 29)"
    assert page.evaluate("document.querySelector('[data-chart=equity] canvas').toDataURL()") != light
    assert_drawn(page)


def test_paper_is_white_whatever_the_screen(page: Page, report: Path):
    page.media(prefers_color_scheme="dark")
    page.open(report)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate(GROUND) == "rgb(255, 255, 255)"
    assert page.evaluate("document.querySelector('canvas').getBoundingClientRect().width") <= 680
    assert_drawn(page)
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate(GROUND) == "rgb(20, 23, 29)"
    printed = page.command("Page.printToPDF", printBackground=False)
    assert len(printed["data"]) > 50_000


def test_the_keyboard_moves_the_cursor_of_every_chart_and_zooms(page: Page, report: Path):
    page.open(report)
    read = "[...document.querySelectorAll('.when')].map(each => each.textContent)"
    page.evaluate("document.querySelector('[data-chart=equity] .plot').focus()")
    page.key("ArrowRight")
    first = page.evaluate(read)
    assert all(text.startswith("2012-") for text in first)
    assert first[0].endswith(" USD")
    assert page.evaluate("document.getElementById('spoken').textContent") == first[0]
    page.key("ArrowLeft")
    assert page.evaluate(read) != first
    zoomed = "!document.querySelector('.zoomed').hidden"
    assert not page.evaluate(zoomed)
    page.key("+", text="+")
    assert page.evaluate(zoomed)
    assert_drawn(page)
    page.key("Escape")
    assert not page.evaluate(zoomed)
    assert page.errors == []


def test_the_mouse_moves_the_cursor_of_every_chart_and_a_drag_zooms(page: Page, report: Path):
    page.open(report)
    middle = page.evaluate(
        "{const box = document.querySelector('[data-chart=equity] .u-over').getBoundingClientRect();"
        "[box.x + box.width / 2, box.y + box.height / 2]}"
    )
    page.mouse("mouseMoved", *middle)
    texts = page.evaluate("[...document.querySelectorAll('.when')].map(each => each.textContent)")
    assert all(text.startswith("2012-10-2") for text in texts), texts
    page.mouse("mousePressed", *middle)
    page.mouse("mouseMoved", middle[0] + 200, middle[1])
    page.mouse("mouseReleased", middle[0] + 200, middle[1])
    assert page.evaluate("document.querySelector('.zoomed span').textContent").startswith("2012-10-2")
    page.evaluate("document.querySelector('.zoomed button').click()")
    assert page.evaluate("document.querySelector('.zoomed').hidden")
    assert page.errors == []


def test_a_legend_button_hides_its_line_and_brings_it_back(page: Page, report: Path):
    page.open(report)
    picture = "document.querySelector('[data-chart=allocation] canvas').toDataURL()"
    press = "document.querySelector('[data-chart=allocation] .legend button').click()"
    pressed = "document.querySelector('[data-chart=allocation] .legend button').getAttribute('aria-pressed')"
    before = page.evaluate(picture)
    page.evaluate(press)
    assert page.evaluate(pressed) == "false"
    assert page.evaluate(picture) != before
    page.evaluate(press)
    assert page.evaluate(pressed) == "true"
    assert page.evaluate(picture) == before


def test_another_instrument_can_be_chosen(page: Page, report: Path):
    page.open(report)
    picture = "document.querySelector('[data-chart=price] canvas').toDataURL()"
    before = page.evaluate(picture)
    page.evaluate(
        "{const s = document.getElementById('instrument'); s.value = 3; s.dispatchEvent(new Event('change'))}"
    )
    assert page.evaluate(picture) != before
    title = page.evaluate("document.querySelector('[data-chart=price] h3').textContent")
    assert title == "Price and trades AUDUSD, close"
    assert page.errors == []


@pytest.mark.parametrize(("points", "sleeves"), [(0, 0), (0, 2), (1, 1), (2, 40)])
def test_a_run_of_little_or_many_sleeves_has_no_error(page: Page, tmp_path: Path, points: int, sleeves: int):
    path = tmp_path / "small.html"
    write(made_up(points, sleeves), path)
    page.open(path)
    assert page.errors == []
