"""Many strategies, one risk budget.

- ``types.py``           what users implement and send: `PortfolioStrategy`, `RiskAllocationPolicy`, events
- ``policies.py``        policies that are ready to use
- ``runner.py``          `PortfolioRunner`: the door
- ``_coordination.py``   the rules, as a pure generator of waves; ``_sleeves.py`` routes, ``_allocation.py``
  checks, ``_holdings.py`` sends risk, ``_standing.py`` knows who failed, ``_recorder.py`` writes down
- ``_service.py``        drives the rules with a dispatcher; ``_dispatch.py``: in the caller's task, or as actors
- ``_roster.py``         changes between two slices; ``_phases.py``: strategies in two phases
- ``_collecting.py``     a live stream of candles into slices, by the rules of ``_gathering.py``; ``_serving.py``
- ``_boundary.py``       where code of the user runs, and an exception becomes a value
- ``_trace.py``          the records of a run; ``_errors.py``: the tree of errors
"""

from tradedesk.marketdata import DuplicateCandleError
from tradedesk.portfolio._collecting import collect_slices
from tradedesk.portfolio._errors import (
    AllocationError,
    PortfolioError,
    ReentrantCallError,
    RosterError,
    RunnerStateError,
    UnknownInstrumentError,
)
from tradedesk.portfolio._serving import Serving
from tradedesk.portfolio._trace import (
    Added,
    Allocated,
    Failed,
    Handled,
    PolicySet,
    Refused,
    Removed,
    Reported,
    RiskSent,
    RiskTurned,
    Routed,
    TraceRecord,
    Updated,
)
from tradedesk.portfolio.policies import EqualSplitRiskPolicy
from tradedesk.portfolio.runner import PortfolioRunner, RunnerStatistics
from tradedesk.portfolio.types import (
    CandleCloseEvent,
    Instrument,
    PortfolioStrategy,
    RiskAllocationPolicy,
    Slice,
    StrategySpec,
    TwoPhaseStrategy,
)

__all__ = [
    # the runner
    "PortfolioRunner",
    "RunnerStatistics",
    # what users implement and send
    "PortfolioStrategy",
    "TwoPhaseStrategy",
    "RiskAllocationPolicy",
    "StrategySpec",
    "Instrument",
    "CandleCloseEvent",
    "Slice",
    # live
    "collect_slices",
    "Serving",
    # policies
    "EqualSplitRiskPolicy",
    # the trace
    "TraceRecord",
    "Reported",
    "Allocated",
    "RiskSent",
    "RiskTurned",
    "Routed",
    "Updated",
    "Handled",
    "Failed",
    "Refused",
    "Added",
    "Removed",
    "PolicySet",
    # errors
    "PortfolioError",
    "UnknownInstrumentError",
    "AllocationError",
    "RosterError",
    "ReentrantCallError",
    "RunnerStateError",
    "DuplicateCandleError",
]
