"""Many strategies, one risk budget.

- ``types.py``           what users implement and send: `PortfolioStrategy`, `RiskAllocationPolicy`, events
- ``policies/``          policies that are ready to use, and wrappers around policies
- ``runner.py``          `PortfolioRunner`: the door
- ``_coordination.py``   the rules, as a pure generator of waves; ``_sleeves.py`` routes, ``_allocation.py``
  checks, ``_holdings.py`` sends risk, ``_standing.py`` knows who failed, ``_recorder.py`` writes down
- ``_service.py``        drives the rules with a dispatcher; ``_dispatch.py``: in the caller's task, or as actors
- ``_seats.py``          where a strategy sits: how long its handler may take, how a new object replaces it
- ``_boundary.py``       where code of the user runs, and an exception becomes a value
- ``_facts.py``          what a policy may know beyond names; ``_briefing.py`` asks for it, ``_rolling_facts.py`` is one
  who knows
- ``_trace.py``          the records of a run; ``_errors.py``: the tree of errors
"""

from tradedesk.marketdata import DuplicateCandleError
from tradedesk.portfolio._errors import (
    AllocationError,
    CandleTimeoutError,
    FactsError,
    PortfolioError,
    ReentrantCallError,
    RunnerStateError,
    UnknownInstrumentError,
    UnknownSleeveError,
)
from tradedesk.portfolio._facts import Facts, FactsSource, InformedPolicy
from tradedesk.portfolio._rolling_facts import RollingFacts
from tradedesk.portfolio._statistics import RunnerStatistics, SleeveStatistics, SliceReport
from tradedesk.portfolio._trace import (
    Allocated,
    Failed,
    Handled,
    Quarantined,
    Readmitted,
    Refused,
    Reported,
    Restarted,
    Resting,
    RiskSent,
    RiskTurned,
    Routed,
    TraceRecord,
)
from tradedesk.portfolio.policies import (
    Capped,
    Edge,
    EqualSplitRiskPolicy,
    FixedRiskPolicy,
    FractionalKellyPolicy,
    Group,
    InverseVolatilityPolicy,
    RiskParityPolicy,
    Throttled,
    VolatilityTargeted,
    WithMinimum,
)
from tradedesk.portfolio.runner import PortfolioRunner
from tradedesk.portfolio.types import (
    CandleCloseEvent,
    FailureRule,
    Instrument,
    PortfolioStrategy,
    Quarantine,
    Restart,
    RiskAllocationPolicy,
    Slice,
    StrategySpec,
)

__all__ = [
    # the runner
    "PortfolioRunner",
    "RunnerStatistics",
    "SleeveStatistics",
    "SliceReport",
    # what users implement and send
    "PortfolioStrategy",
    "RiskAllocationPolicy",
    "StrategySpec",
    "FailureRule",
    "Quarantine",
    "Restart",
    "Instrument",
    "CandleCloseEvent",
    "Slice",
    # policies
    "EqualSplitRiskPolicy",
    "FixedRiskPolicy",
    "InverseVolatilityPolicy",
    "RiskParityPolicy",
    "FractionalKellyPolicy",
    "Edge",
    "Capped",
    "Group",
    "WithMinimum",
    "Throttled",
    "VolatilityTargeted",
    # what policies know
    "InformedPolicy",
    "Facts",
    "FactsSource",
    "RollingFacts",
    # the trace
    "TraceRecord",
    "Reported",
    "Allocated",
    "RiskSent",
    "RiskTurned",
    "Routed",
    "Handled",
    "Failed",
    "Refused",
    "Quarantined",
    "Resting",
    "Restarted",
    "Readmitted",
    # errors
    "PortfolioError",
    "UnknownInstrumentError",
    "UnknownSleeveError",
    "AllocationError",
    "CandleTimeoutError",
    "FactsError",
    "ReentrantCallError",
    "RunnerStateError",
    "DuplicateCandleError",
]
