"""A portfolio over history, with a broker: who is driven when, and what came of it.

- ``_backtest.py``   `backtest` drives a runner and a paper broker through a source; `BacktestResult`
"""

from tradedesk.backtest._backtest import BacktestResult, backtest

__all__ = ["BacktestResult", "backtest"]
