"""The quality of a file of candles: every fault in it at once, with counts and first examples.

_values      what a check comes to
_checker     a row at a time: what it holds, and whether time goes on
_clock       the period and the sessions that the times show, and what is missing in them
_sessions    the hours of a week in words
_prices      jumps, splits, prices that stand still
_files       a file into a checker

All but the last is pure, and no memory grows with the number of rows.
"""

from tradedesk.marketdata.quality._checker import Checker
from tradedesk.marketdata.quality._files import check_file
from tradedesk.marketdata.quality._values import KINDS, Example, FileQuality, Finding, Kind

__all__ = ["KINDS", "Checker", "Example", "FileQuality", "Finding", "Kind", "check_file"]
