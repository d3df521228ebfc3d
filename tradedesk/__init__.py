"""tradedesk: many candle strategies on one risk budget.

- `tradedesk.marketdata`   candles, CSV files, the merge of sources into slices
- `tradedesk.indicators`   moving averages, ranges, oscillators; one candle at a time
- `tradedesk.risk`         position sizes, and positions with their excursions
- `tradedesk.backtest`     a portfolio over history, with fills
- `tradedesk.execution`    orders, fill rules, a paper broker, books per sleeve
- `tradedesk.portfolio`    the runner, strategies, policies, the trace of a run
- `tradedesk.strategies`   shipped strategies, to start from
- `tradedesk.metrics`      what a run came to, in numbers (extra ``report``)
- `tradedesk.report`       a run as one HTML file (extra ``report``)
- `tradedesk.testing`      laws for your policies and strategies (extra ``testing``)
- `tradedesk.sampledata`   five real equities to try it on
- ``tradedesk.cli``        the command line: ``tradedesk demo``, ``run``, ``check``

The actor runtime below is a package of its own, `actors`.
"""

__all__ = ["__version__"]

__version__ = "0.1.0"
