"""What type checkers know of the actors: checked by mypy and pyright, both strict, and never run."""

from typing import assert_type

import attrs

from actors import Inbox, Ref, Reply, Request, System, Timer, ask_all


@attrs.frozen
class Add:
    number: int


@attrs.frozen
class Total(Request[int]):
    pass


@attrs.frozen
class Names(Request[list[str]]):
    pass


async def counter(inbox: Inbox[Add | Total]) -> None:
    async for message in inbox:
        assert_type(message, Add | Total)
        inbox.reply(1)
        assert_type(inbox.defer(), Reply)


async def scaled(inbox: Inbox[Add], factor: float, name: str) -> None:
    async for _ in inbox:
        factor.hex()
        name.upper()


async def start_gives_a_ref_of_the_inbox_type(system: System) -> None:
    assert_type(await system.start(counter), Ref[Add | Total])
    assert_type(await system.start(scaled, 1.5, "x", name="a", capacity=10, overflow="fail"), Ref[Add])


async def start_checks_the_arguments(system: System) -> None:
    await system.start(scaled, "x", 1.5)  # type: ignore[arg-type]
    await system.start(scaled, 1.5)  # type: ignore[arg-type]
    await system.start(scaled, 1.5, "x", overflow="drop")  # type: ignore[arg-type]
    await system.start(counter(Inbox))  # type: ignore[arg-type]
    await system.start(counter, context=("request",))  # type: ignore[arg-type]


async def a_request_types_its_reply(ref: Ref[Total | Names]) -> None:
    assert_type(await ref.ask(Total()), int)
    assert_type(await ref.ask(Names(), timeout=1.0), list[str])
    wrong: str = await ref.ask(Total())  # type: ignore[assignment]
    wrong.upper()


async def any_other_message_is_answered_by_an_object(ref: Ref[Add]) -> None:
    assert_type(await ref.ask(Add(1)), object)


async def a_ref_takes_only_its_own_messages(ref: Ref[Add]) -> None:
    await ref.tell(Add(1))
    ref.tell_nowait(Add(1))
    await ref.tell(Total())  # type: ignore[arg-type]
    ref.tell_nowait("x")  # type: ignore[arg-type]
    await ref.ask("x")  # type: ignore[call-overload]


def takes_adds(_: Ref[Add]) -> None: ...


def takes_both(_: Ref[Add | Total]) -> None: ...


def a_wide_ref_serves_as_a_narrow_one(wide: Ref[Add | Total], narrow: Ref[Add]) -> None:
    takes_adds(wide)
    takes_both(narrow)  # type: ignore[arg-type]


async def ask_all_gives_a_list(a: Ref[Add], b: Ref[Add]) -> None:
    assert_type(await ask_all([(a, Add(1)), (b, Add(2))], timeout=1.0), list[object])


async def a_timer_takes_only_messages_of_its_actor(inbox: Inbox[Add]) -> None:
    assert_type(inbox.once(1.0, Add(1)), Timer)
    assert_type(inbox.every(1, Add(1)), Timer)
    inbox.every(1.0, "x")  # type: ignore[arg-type]


async def limits_and_deadlines_are_numbers(system: System, ref: Ref[Add]) -> None:
    assert_type(await system.start(counter, handler_timeout=1), Ref[Add | Total])
    await system.start(counter, handler_timeout="1")  # type: ignore[arg-type]
    await ref.drain(timeout=1.5)
