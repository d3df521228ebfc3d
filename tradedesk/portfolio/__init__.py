"""Many strategies, one risk budget.

- ``types.py``           what users implement and send: `PortfolioStrategy`, `RiskAllocationPolicy`, events
- ``policies/``          policies that are ready to use, and wrappers around policies
- ``runner.py``          `PortfolioRunner`: the door
- ``_coordination.py``   the rules, as a pure generator of waves; ``_sleeves.py`` routes, ``_allocation.py``
  checks, ``_holdings.py`` sends risk, ``_standing.py`` knows who failed, ``_recorder.py`` writes down
- ``_service.py``        drives the rules with a dispatcher; ``_dispatch.py``: in the caller's task, or as actors
- ``_roster.py``         changes between two slices; ``_phases.py``: strategies in two phases
- ``_collecting.py``     a live stream of candles into slices, by the rules of ``_gathering.py``; ``_serving.py``
- ``_seats.py``          where a strategy sits: how long its handler may take, how a new object replaces it
- ``_boundary.py``       where code of the user runs, and an exception becomes a value
- ``_facts.py``          what a policy may know beyond names; ``_briefing.py`` asks for it, ``_rolling_facts.py`` is one
  who knows
- ``_halts.py``          the kill switch; ``_halt_rules.py``: who pulls it; ``_halting.py`` asks them
- ``_gates.py``          what a broker may ask besides
- ``_meters.py``         what a runner counts of itself, for ``_statistics.py``; ``_timing.py`` times handlers
- ``_view.py``           a window, for who looks after every slice
- ``_trace.py``          the records of a run; ``_errors.py``: the tree of errors
"""

from tradedesk.marketdata import DuplicateCandleError
from tradedesk.portfolio._collecting import collect_slices
from tradedesk.portfolio._errors import (
    AllocationError,
    CandleTimeoutError,
    EquityError,
    FactsError,
    PortfolioError,
    ReentrantCallError,
    RosterError,
    RunnerStateError,
    UnknownInstrumentError,
    UnknownSleeveError,
)
from tradedesk.portfolio._facts import Facts, FactsSource, InformedPolicy
from tradedesk.portfolio._gates import OrderGate, OrderGates
from tradedesk.portfolio._halt_rules import DrawdownHalt, HaltRule
from tradedesk.portfolio._rolling_facts import RollingFacts
from tradedesk.portfolio._serving import Serving
from tradedesk.portfolio._statistics import (
    ActiveCount,
    Halt,
    HandlerTimes,
    RunnerStatistics,
    SleeveStatistics,
    SliceReport,
    Utilisation,
)
from tradedesk.portfolio._trace import (
    Added,
    Allocated,
    Failed,
    Halted,
    Handled,
    PolicySet,
    Quarantined,
    Readmitted,
    Refused,
    Released,
    Removed,
    Reported,
    Restarted,
    Resting,
    RiskSent,
    RiskTurned,
    Routed,
    TraceRecord,
    Updated,
)
from tradedesk.portfolio._view import View
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
    TwoPhaseStrategy,
)

__all__ = [
    # the runner
    "PortfolioRunner",
    "RunnerStatistics",
    "SleeveStatistics",
    "SliceReport",
    "ActiveCount",
    "Utilisation",
    "HandlerTimes",
    "View",
    # halting, and gates before a broker
    "Halt",
    "HaltRule",
    "DrawdownHalt",
    "OrderGate",
    "OrderGates",
    # what users implement and send
    "PortfolioStrategy",
    "TwoPhaseStrategy",
    "RiskAllocationPolicy",
    "StrategySpec",
    "FailureRule",
    "Quarantine",
    "Restart",
    "Instrument",
    "CandleCloseEvent",
    "Slice",
    # live
    "collect_slices",
    "Serving",
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
    "Updated",
    "Handled",
    "Failed",
    "Refused",
    "Added",
    "Removed",
    "PolicySet",
    "Quarantined",
    "Resting",
    "Restarted",
    "Readmitted",
    "Halted",
    "Released",
    # errors
    "PortfolioError",
    "UnknownInstrumentError",
    "UnknownSleeveError",
    "AllocationError",
    "RosterError",
    "CandleTimeoutError",
    "FactsError",
    "EquityError",
    "ReentrantCallError",
    "RunnerStateError",
    "DuplicateCandleError",
]
