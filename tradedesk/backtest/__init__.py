"""A portfolio over history, with a broker: who is driven when, and what came of it.

- ``_run.py``        `run_backtest` drives a runner and a broker through a source; `Backtest` keeps what was done
- ``types.py``       the values of a result; ``_result.py``: `BacktestResult`, with its curves
- ``_recording.py``  what is written down on the way; ``_rows.py``: a curve for each sleeve, in compact arrays
- ``_coverage.py``   which candles came; ``_warm_up.py``: when a run begins to count
- ``_hash.py``       one hash for all that a run came to
- ``_tables.py``     a result as tables; ``_csv_files.py`` writes them, and ``parquet.py``, which needs polars
"""

from tradedesk.backtest._result import BacktestResult
from tradedesk.backtest._run import Backtest, run_backtest
from tradedesk.backtest.types import Allocation, Coverage, Fault, HaltSpan, RefusedOrder, WarmUp

__all__ = [
    "run_backtest",
    "Backtest",
    "BacktestResult",
    "Allocation",
    "Coverage",
    "Fault",
    "HaltSpan",
    "RefusedOrder",
    "WarmUp",
]
