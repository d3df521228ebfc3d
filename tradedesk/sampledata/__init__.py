"""Daily candles of five shares, 2000-03 to 2013-03, to try things on; see PROVENANCE.md."""

from tradedesk.sampledata._sampledata import PERIOD, names, read

__all__ = ["PERIOD", "names", "read"]
