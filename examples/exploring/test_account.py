"""A test that some schedules fail, and the same with the fault mended: the first fails, which is what it is here for.

Run it with: python -m pytest -q test_account.py
"""

import attrs

from actors import Inbox, Ref, Request
from actors.testing import Lab, explored


@attrs.frozen
class Change(Request[int]):
    """Asked for, the answer is the new balance."""

    amount: int


async def keep_account(inbox: Inbox[Change]) -> None:
    balance = 0
    async for change in inbox:
        balance += change.amount
        assert balance >= 0, f"overdrawn: {balance}"
        inbox.reply(balance)


async def serve_counter(inbox: Inbox[Change], account: Ref[Change]) -> None:
    async for change in inbox:
        inbox.reply(await account.ask(change))


@explored(schedules=200)
async def test_what_was_paid_in_can_be_drawn(lab: Lab) -> None:
    async with lab.open_system() as system:
        account = await system.start(keep_account, name="account")
        first = await system.start(serve_counter, account, name="counter 1")
        second = await system.start(serve_counter, account, name="counter 2")
        await first.tell(Change(+10))
        await second.tell(Change(-10))


@explored(schedules=200)
async def test_what_is_known_to_be_paid_in_can_be_drawn(lab: Lab) -> None:
    async with lab.open_system() as system:
        account = await system.start(keep_account, name="account")
        first = await system.start(serve_counter, account, name="counter 1")
        second = await system.start(serve_counter, account, name="counter 2")
        await first.ask(Change(+10))
        await second.tell(Change(-10))
