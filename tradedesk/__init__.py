"""Run many candle strategies on one risk budget.

cli                      the command: `tradedesk demo`, `tradedesk run`   (__main__ starts it)
strategies               shipped strategies, to start from
portfolio                strategies, policies and the runner that keeps them inside the budget
marketdata  sampledata   candles, the sources they come from, five shares to try things on

Below all of it lies `actors`, the runtime, which knows nothing of this package. Names are imported from the
package that holds them: `from tradedesk.portfolio import PortfolioRunner`.
"""

from typing import Final

__all__ = ["__version__"]

__version__: Final = "0.1.0"
