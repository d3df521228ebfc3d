"""The table of the page `docs/reference/failure.rst`, row by row: where it fails, under which rule, and what then."""

import attrs
import pytest
import trio

from tests.portfolio.parts import BUDGET, Boom, Strategy, caught, event, every_mode, fail, nothing, serving
from tradedesk.portfolio import CandleTimeoutError, Failed, Handled, Quarantine, Refused, Restart, SliceReport

SECONDS = 2


async def hang(_):
    await trio.sleep_forever()


async def shielded(_):
    with trio.CancelScope(shield=True):
        await trio.sleep(2.5 * SECONDS)


RULES = {"raise": "raise", "quarantine": Quarantine(), "restart": Restart(lambda _: Strategy(True), backoff=1)}

every_rule = pytest.mark.parametrize("rule", RULES)


@attrs.frozen
class Outcome:
    """What is left of a slice in which sleeve A failed and B did not."""

    call: str
    standing: str
    holds: float
    candle_of_a: str
    candle_of_b: str
    b_holds: float


def down(rule, *, candle_of_a="refused", b_holds=0.0, call="reports"):
    return Outcome(
        call, {"quarantine": "quarantined", "restart": "resting"}[rule], 0.0, candle_of_a, "handled", b_holds
    )


def fate(trace, sleeve):
    """What became of the candle that the last slice brought the sleeve."""
    kinds = {Handled: "handled", Failed: "failed", Refused: "refused"}
    ends = [r for r in trace if type(r) in kinds and r.sleeve == sleeve and r.event == event(sleeve, candle="x")]
    (end,) = ends
    return kinds[type(end)]


async def play(mode, rule, prepare, *, kind=Boom, at_first=True):
    """One good slice in which A is active (or not), then the one in which it fails."""
    trace = []
    a, b = Strategy(at_first), Strategy(not at_first)
    options = {"on_failure": rule, "candle_timeout": SECONDS, "trace": trace.append}
    async with serving(mode, {"A": a, "B": b}, **options) as runner:
        await runner.on_slice([event("A"), event("B")])
        prepare(a, b)
        called = []

        async def call():
            called.append(await runner.on_slice([event("A", candle="x"), event("B", candle="x")]))

        error = await caught(call())
        statistics = runner.statistics()
        outcome = Outcome(
            call="raises" if type(error) is kind else "reports" if type(called[0].failures["A"]) is kind else "?",
            standing=statistics.sleeves["A"].standing,
            holds=statistics.held["A"],
            candle_of_a=fate(trace, "A"),
            candle_of_b=fate(trace, "B"),
            b_holds=statistics.held["B"],
        )
        a.at_report = a.at_risk = a.at_candle = nothing
        await runner.on_slice([event("B")])  # usable in any case
    return outcome


@every_mode
@every_rule
async def test_when_the_report_fails(rule, mode, autojump_clock):
    def prepare(a, b):
        a.at_report = fail

    outcome = await play(mode, RULES[rule], prepare)
    assert outcome == (
        Outcome("raises", "active", BUDGET, "refused", "handled", 0.0) if rule == "raise" else down(rule)
    )


@every_mode
@every_rule
async def test_when_a_release_fails(rule, mode, autojump_clock):
    def prepare(a, b):
        a.active, b.active, a.at_risk = False, True, fail

    outcome = await play(mode, RULES[rule], prepare)
    assert outcome == (
        Outcome("raises", "inactive", BUDGET, "refused", "refused", 0.0)
        if rule == "raise"
        else down(rule, b_holds=BUDGET)
    )


@every_mode
@every_rule
async def test_when_an_increase_fails(rule, mode, autojump_clock):
    def prepare(a, b):
        a.active, b.active, a.at_risk = True, False, fail

    outcome = await play(mode, RULES[rule], prepare, at_first=False)
    assert outcome == (
        Outcome("raises", "active", BUDGET, "refused", "handled", 0.0) if rule == "raise" else down(rule)
    )


@every_mode
@every_rule
async def test_when_the_handler_fails(rule, mode, autojump_clock):
    def prepare(a, b):
        a.at_candle = fail

    outcome = await play(mode, RULES[rule], prepare)
    assert outcome == (
        Outcome("raises", "active", BUDGET, "failed", "handled", 0.0)
        if rule == "raise"
        else down(rule, candle_of_a="failed")
    )


@every_mode
@every_rule
async def test_when_the_handler_is_cut(rule, mode, autojump_clock):
    def prepare(a, b):
        a.at_candle = hang

    outcome = await play(mode, RULES[rule], prepare, kind=CandleTimeoutError)
    assert outcome == (
        Outcome("raises", "active", BUDGET, "failed", "handled", 0.0)
        if rule == "raise"
        else down(rule, candle_of_a="failed")
    )


@every_mode
@every_rule
async def test_when_the_handler_cannot_be_cut(rule, mode, autojump_clock):
    def prepare(a, b):
        a.at_candle = shielded

    outcome = await play(mode, RULES[rule], prepare, kind=CandleTimeoutError)
    call = "raises" if rule == "raise" else "reports"
    assert outcome == Outcome(call, "quarantined", 0.0, "failed", "handled", 0.0)


async def rebuilt(mode, factory):
    """A sleeve fails and is to be built anew; the report of that slice, what it is told, how it stands, what it holds."""
    trace, old = [], Strategy(True)
    rule = Restart(factory, limit=2, warm_up=1)
    async with serving(mode, {"A": old, "B": Strategy()}, on_failure=rule, trace=trace.append) as runner:
        await runner.on_slice([event("A")])
        old.at_candle = fail
        await runner.on_slice([event("A")])
        report = await runner.on_slice([event("A", candle="x"), event("B", candle="x")])
        one, held = runner.statistics().sleeves["A"], runner.statistics().held
        assert (await runner.on_slice([])) != SliceReport({}, {})  # the third failure: one too many
        last = runner.statistics().sleeves["A"].standing
    assert [type(error) for error in report.failures.values()] == [Boom]
    return one.standing, one.failures, held["A"], fate(trace, "A"), fate(trace, "B"), last


@every_mode
async def test_when_the_factory_fails(mode):
    assert await rebuilt(mode, fail) == ("resting", 2, 0.0, "refused", "handled", "quarantined")


@every_mode
async def test_when_the_warm_up_fails(mode):
    outcome = await rebuilt(mode, lambda _: Strategy(True, fail))
    assert outcome == ("resting", 2, 0.0, "refused", "handled", "quarantined")
