"""How to test an actor: a probe plays its partner, failures are planted, and time is virtual.

Run it with: python -m pytest -q test_worker.py
"""

import attrs
import pytest
import trio

from actors import ActorCrashed, AskTimeout, Inbox, Ref, Request, Restart, Scheduler, open_system
from actors.testing import ControlledScheduler, Probe, Recorder, fail_nth, run


@attrs.frozen
class Price(Request[float]):
    """Asks the source what something costs."""

    symbol: str


@attrs.frozen
class Quote(Request[float | None]):
    """Asks the worker; the answer is None when the source is silent."""

    symbol: str


async def quoter(inbox: Inbox[Quote], source: Ref[Price]) -> None:
    """Adds one percent to what the source says, and waits no longer than two seconds for it."""
    async for quote in inbox:
        try:
            price = await source.ask(Price(quote.symbol), timeout=2.0)
        except AskTimeout:
            inbox.reply(None)
        else:
            inbox.reply(round(price * 1.01, 2))


# A probe plays the source. What it is asked is expected, one message after the other, and answered.


async def ask_for_a_quote(scheduler: Scheduler) -> None:
    async with open_system(scheduler=scheduler) as system, trio.open_nursery() as nursery:
        source = await Probe.start(system, name="source")
        worker = await system.start(quoter, source.ref)
        customer = await Probe.start(system, name="customer")

        async def buy() -> None:
            await customer.ref.tell(await worker.ask(Quote("SPAM")))

        nursery.start_soon(buy)
        await source.expect(Price("SPAM"))
        source.reply(200.0)
        assert await customer.expect(float) == 202.0
        await source.expect_none()


def test_a_quote_is_one_percent_above_the_price() -> None:
    run(ask_for_a_quote, Scheduler())


# Time is virtual: the two seconds cost nothing, and are two seconds to the letter.


async def wait_for_a_silent_source(scheduler: Scheduler) -> None:
    async with open_system(scheduler=scheduler) as system:
        source = await Probe.start(system, name="source")
        worker = await system.start(quoter, source.ref)
        began = trio.current_time()
        assert await worker.ask(Quote("SPAM")) is None
        assert trio.current_time() - began == 2.0


def test_a_silent_source_is_given_up_after_two_seconds() -> None:
    run(wait_for_a_silent_source, Scheduler())


# A failure is planted: the worker crashes with its second message, and must be there for the third.


async def crash_in_between(scheduler: Scheduler) -> None:
    recorder = Recorder()
    async with open_system(observer=recorder, scheduler=scheduler) as system:
        source = await Probe.start(system, name="source")
        source.answer(Price, lambda price: 100.0 * len(price.symbol))
        failing = fail_nth(quoter, 2, error=ConnectionError("planted"))
        worker = await system.start(failing, source.ref, name="worker", restart=Restart(limit=1, within=60.0))
        assert await worker.ask(Quote("A")) == 101.0
        with pytest.raises(ActorCrashed):
            await worker.ask(Quote("BB"))
        assert await worker.ask(Quote("CCC")) == 303.0
        assert source.received == [Price("A"), Price("CCC")]
    recorder.assert_no_dead_letters()


def test_a_crash_costs_one_quote() -> None:
    run(crash_in_between, Scheduler())


# Under every order of things: a seed decides who runs next.


@pytest.mark.parametrize("seed", range(20))
def test_no_order_of_the_actors_makes_a_difference(seed: int) -> None:
    for scenario in (ask_for_a_quote, wait_for_a_silent_source, crash_in_between):
        run(scenario, ControlledScheduler.seeded(seed))
