"""The page, put together.

Its content security policy lets nothing in but the two scripts and the style sheet that are written here, by their
hash: a page that asked for the network, or a script that slipped in with a name, would be stopped by the browser.
"""

from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Final

from tradedesk.report import _sections as sections
from tradedesk.report._charts import chart_data
from tradedesk.report._html import script_json, text
from tradedesk.report.types import ReportData

_HELP: Final = (
    "Drag over a chart to zoom in, double-click to see everything. With the keyboard: left and right move the cursor, "
    "plus and minus zoom, 0 shows everything. Times are UTC."
)


def render(data: ReportData) -> str:
    """Make the page: one HTML document with style, scripts and data inside. Equal data give an equal page."""
    style = _asset("uplot.min.css") + "\n" + _asset("page.css")
    plot = f"/*! uPlot, under this licence:\n\n{_asset('uplot.LICENSE.txt')}\n*/\n{_asset('uplot.min.js')}"
    script = _asset("page.js")
    policy = f"default-src 'none'; img-src data:; style-src {_hash(style)}; script-src {_hash(plot)} {_hash(script)}"
    parts = list(_parts(data))
    body = "\n".join(sections.section(identity, title, content) for identity, title, content in parts)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{text(data.title)}</title>
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body>
<a class="skip" href="#main">To the report</a>
{sections.header(data)}
{sections.contents([(identity, title) for identity, title, _ in parts])}
<main id="main">
<noscript><p class="notice">The charts need JavaScript; the tables do not.</p></noscript>
{body}
</main>
<footer><p id="keys">{_HELP}</p></footer>
<div class="zoomed" hidden><span></span> <button type="button">Show everything</button></div>
<output class="unseen" aria-live="polite" id="spoken"></output>
<script type="application/json" id="report-data">{script_json(chart_data(data))}</script>
<script>{plot}</script>
<script>{script}</script>
</body>
</html>
"""


def write(data: ReportData, path: str | Path) -> None:
    """Write the page to a file, in place of what it held.

    Raises:
        OSError: The file cannot be written.
    """
    Path(path).write_bytes(render(data).encode())


def _parts(data: ReportData) -> Iterator[tuple[str, str, str]]:
    drawn = bool(data.close_times)
    yield "equity", "Equity and drawdown", sections.equity(data)
    if data.sleeves and drawn:
        yield "sleeves", "Sleeves", sections.sleeves(data)
        yield "risk", "Risk", sections.risk(data)
    if data.prices and drawn:
        yield "trades", "Trades", sections.trades(data)
    if data.metrics or data.sleeves:
        yield "figures", "Figures", sections.figures(data)
    yield "problems", "Problems", sections.problems(data)
    if data.fill_rules or data.ranges or data.run_hash:
        yield "rules", "Rules and data", sections.rules(data)


def _asset(name: str) -> str:
    return files(__package__).joinpath("assets", name).read_text(encoding="utf-8")


def _hash(inline: str) -> str:
    return f"'sha256-{b64encode(sha256(inline.encode()).digest()).decode('ascii')}'"
