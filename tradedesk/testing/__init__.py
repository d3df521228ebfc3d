"""What tests of strategies, policies and portfolios need. The extra ``testing`` brings Hypothesis, which it builds on.

- ``_hypothesis.py``   Hypothesis, and what to install when it is missing
- ``_simulate.py``     `simulate`, `simulate_in`: a portfolio from its first candle to its last, under one schedule;
  below it ``_watched.py`` (strategies that write down what they meet), ``_feeding.py``, ``_log.py``
- ``_invariants.py``   rules that every run keeps; ``_rules.py`` says what one is, ``_monitors.py``,
  ``_candle_monitors.py`` and ``_budget_monitor.py`` what each remembers; ``_comparisons.py`` compares two runs
- ``_harness.py``      `StrategyHarness`: one strategy, alone, and nothing async
- ``_machine.py``      `DeskMachine`: a portfolio as a state machine for Hypothesis; ``_session.py`` runs trio below it
"""

import tradedesk.testing._hypothesis  # noqa: F401 - says what is missing
from tradedesk.testing._building import Options
from tradedesk.testing._comparisons import crash_equivalent, isolation, schedule_independent
from tradedesk.testing._harness import HandlerWaits, StrategyHarness
from tradedesk.testing._invariants import (
    PROMISES,
    allocate_before_dispatch,
    budget_conserved,
    fifo_per_instrument,
    no_lost_or_duplicated_candles,
    numbered_without_gaps,
    out_is_left_alone,
    quiesces,
)
from tradedesk.testing._live import LiveDesk
from tradedesk.testing._log import Call, Item, Premises
from tradedesk.testing._machine import DeskMachine
from tradedesk.testing._rules import Monitor, Rule, Violation
from tradedesk.testing._simulate import Run, simulate, simulate_in
from tradedesk.testing._watched import CrashPoint

__all__ = [
    # simulation
    "simulate",
    "simulate_in",
    "Options",
    "Run",
    "CrashPoint",
    "Call",
    "Item",
    # one strategy
    "StrategyHarness",
    "HandlerWaits",
    # step by step
    "DeskMachine",
    "LiveDesk",
    # rules
    "PROMISES",
    "numbered_without_gaps",
    "allocate_before_dispatch",
    "fifo_per_instrument",
    "no_lost_or_duplicated_candles",
    "budget_conserved",
    "out_is_left_alone",
    "quiesces",
    "schedule_independent",
    "isolation",
    "crash_equivalent",
    "Rule",
    "Monitor",
    "Premises",
    "Violation",
]
