"""How to explore the schedules of actors: to the end, with crashes, with racing timers, with inputs by Hypothesis.

Run it with: python -m pytest -q test_exploring.py
"""

import attrs
from hypothesis import given
from hypothesis import strategies as st

from actors import ActorCrashed, AskTimeout, Inbox, Ref, Request, Restart
from actors.testing import Exhaustive, Lab, Schedule, explore, explored
from actors.testing.hypothesis import schedules


@attrs.frozen
class Change(Request[int]):
    """Asked for, the answer is the new balance. A number that was seen before changes nothing."""

    number: int
    amount: int


async def keep_account(inbox: Inbox[Change], book: dict[int, int]) -> None:
    """The book outlives a crash; what is in hand does not."""
    async for change in inbox:
        book.setdefault(change.number, change.amount)
        inbox.reply(sum(book.values()))


async def pay(inbox: Inbox[Change], account: Ref[Change]) -> None:
    """Asks until it has an answer: that is safe, for a change counts once."""
    async for change in inbox:
        while True:
            try:
                await account.ask(change, timeout=1.0)
            except (ActorCrashed, AskTimeout):
                continue
            break


async def two_payments(lab: Lab) -> None:
    book: dict[int, int] = {}
    async with lab.open_system() as system:
        account = await system.start(keep_account, book, name="account", restart=Restart(limit=1))
        payers = [await system.start(pay, account, name=f"payer {number}") for number in (1, 2)]
        for number, payer in enumerate(payers):
            await payer.tell(Change(number, 10))
        for payer in payers:
            await payer.drain()
        lab.sometimes(account.statistics().restarts > 0, "the account came back")
    assert book == {0: 10, 1: 10}


# Many schedules, in which the account crashes at any message. A test in which it never crashed would fail.

test_a_crash_costs_no_payment = explored(schedules=300, crash_points=["account"])(two_payments)


# Time may pass while somebody is ready, so that an answer comes after the asker has given up.


@explored(schedules=300, timers="racing")
async def test_a_late_answer_doubles_no_payment(lab: Lab) -> None:
    book: dict[int, int] = {}
    async with lab.open_system() as system:
        account = await system.start(keep_account, book, name="account")
        payer = await system.start(pay, account, name="payer")
        await payer.tell(Change(1, 10))
        await payer.drain()
    assert book == {1: 10}


# A small scenario can be tried to the end: then the assertion holds in every schedule there is.


async def one_payment(lab: Lab) -> None:
    book: dict[int, int] = {}
    async with lab.open_system() as system:
        account = await system.start(keep_account, book, name="account")
        payer = await system.start(pay, account, name="payer")
        await payer.tell(Change(1, 10))
        await account.tell(Change(2, 5))
        await payer.drain()
    assert book == {1: 10, 2: 5}


def test_every_schedule_of_one_payment() -> None:
    report = explore(one_payment, search=Exhaustive())
    report.check()
    assert report.exhausted


# Inputs and schedule as arguments: Hypothesis makes both smaller when the test fails.


@given(amounts=st.lists(st.integers(1, 9), max_size=5), schedule=schedules())
def test_no_payment_is_lost(amounts: list[int], schedule: Schedule) -> None:
    async def payments(lab: Lab) -> None:
        book: dict[int, int] = {}
        async with lab.open_system() as system:
            account = await system.start(keep_account, book, name="account", capacity=1)
            payers = [await system.start(pay, account) for _ in amounts]
            for number, payer in enumerate(payers):
                await payer.tell(Change(number, amounts[number]))
            for payer in payers:
                await payer.drain()
        assert sum(book.values()) == sum(amounts)

    schedule.run(payments)
