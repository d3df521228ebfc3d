"""A run as one HTML file that needs no network: charts, figures, what went wrong and how fills were made.

_assemble   a report of a backtest, from its result; _rules: how orders were filled, in sentences
_prices     closes, kept as they pass by
types       what goes into a report: plain values, checked
_page       the page, put together
_sections   its parts, as HTML
_tables     tables, as HTML
_words      the sentences of the page: what a chart shows, for those who cannot see it
_charts     which series are drawn; the data of the charts as JSON
_encode     series as short text
_html       escaping, times, numbers
assets      style sheet, script, and uPlot with its licence (vendored, unchanged)

Equal data give equal bytes.
"""

from tradedesk.report._assemble import Sources, from_result, write_report
from tradedesk.report._page import render, write
from tradedesk.report._prices import PriceLog
from tradedesk.report._rules import fill_rules
from tradedesk.report.types import (
    DataRange,
    Fault,
    PriceData,
    RefusedOrder,
    ReportData,
    ReportError,
    SleeveData,
)

__all__ = [
    "write_report",
    "from_result",
    "Sources",
    "PriceLog",
    "fill_rules",
    "ReportData",
    "SleeveData",
    "PriceData",
    "DataRange",
    "Fault",
    "RefusedOrder",
    "render",
    "write",
    "ReportError",
]
