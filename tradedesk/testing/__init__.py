"""What tests of strategies, policies and portfolios need. The extra ``testing`` brings Hypothesis, which it builds on.

Where to look:

- ``_hypothesis.py``     Hypothesis, and what to install when it is missing
- ``_candles.py``        candles, series and streams; ``_hostile.py``: with faults planted in them
- ``_policies.py``       policies, lawful and broken; ``_scripts.py``: strategies that play a script, crashes
- ``_policy_laws.py``    `check_policy`: the laws of policies
- ``_contract.py``       `check_strategy`; the laws are in ``_strategy_laws.py``; below them: ``_lived.py`` plays one
  case in several ways, ``_play.py`` one strategy through candles, ``_limits.py`` ends what does not end,
  ``_pristine.py`` puts shared state back
- ``_search.py``         finds the smallest case that breaks a law; ``_verdicts.py`` says so
- ``_foreign.py``        where the code under test runs
- ``_simulate.py``     `simulate`, `simulate_in`: a portfolio from its first candle to its last, under one schedule;
  below it ``_watched.py`` (strategies that write down what they meet), ``_feeding.py``, ``_log.py``
- ``_invariants.py``   rules that every run keeps; ``_rules.py`` says what one is, ``_monitors.py``,
  ``_candle_monitors.py`` and ``_budget_monitor.py`` what each remembers; ``_comparisons.py`` compares two runs
- ``_harness.py``      `StrategyHarness`: one strategy, alone, and nothing async
- ``_machine.py``      `DeskMachine`: a portfolio as a state machine for Hypothesis; ``_session.py`` runs trio below it
"""

from tradedesk.testing._building import Options
from tradedesk.testing._candles import Bar, candle_series, candles, streams
from tradedesk.testing._comparisons import crash_equivalent, isolation, schedule_independent
from tradedesk.testing._contract import check_strategy, strategy_verdicts
from tradedesk.testing._harness import HandlerWaits, StrategyHarness
from tradedesk.testing._hostile import Bad, hostile_streams
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
from tradedesk.testing._lived import Lived, StrategyCase, pickled
from tradedesk.testing._log import Call, Item, Premises
from tradedesk.testing._machine import DeskMachine
from tradedesk.testing._play import Play, Step, Trouble
from tradedesk.testing._policies import BrokenPolicy, Flaw, WeightedPolicy, broken_policies, policies
from tradedesk.testing._policy_laws import SLEEVES, Asked, PolicyCase, check_policy, facts, policy_verdicts, scales
from tradedesk.testing._rules import Monitor, Rule, Violation
from tradedesk.testing._scripts import (
    CrashPoint,
    PlannedCrash,
    ScriptedStrategy,
    crash_points,
    regime_scripts,
    scripted,
)
from tradedesk.testing._search import Law, law
from tradedesk.testing._simulate import Run, simulate, simulate_in
from tradedesk.testing._verdicts import LawBroken, Verdict, Verdicts

__all__ = [
    # what Hypothesis draws
    "candles",
    "candle_series",
    "streams",
    "hostile_streams",
    "Bad",
    "facts",
    "policies",
    "WeightedPolicy",
    "broken_policies",
    "BrokenPolicy",
    "Flaw",
    "regime_scripts",
    "crash_points",
    "CrashPoint",
    # strategies that play a script
    "ScriptedStrategy",
    "scripted",
    "PlannedCrash",
    # policies and their laws
    "check_policy",
    "policy_verdicts",
    "PolicyCase",
    "SLEEVES",
    "Asked",
    "scales",
    # strategies and their contract
    "check_strategy",
    "strategy_verdicts",
    "StrategyCase",
    "Bar",
    "Lived",
    "Play",
    "Step",
    "Trouble",
    "pickled",
    # laws and verdicts
    "Law",
    "law",
    "LawBroken",
    "Verdict",
    "Verdicts",
    # simulation
    "simulate",
    "simulate_in",
    "Options",
    "Run",
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
