"""Complaint 2 of users of other actor libraries, as tests of this one: actors that wait for each other for ever."""

import pytest
import trio

from actors import AskCycle, InboxFull, open_system
from tests.actors.schedules import every_schedule


class Peers:
    """Actors that know each other by name, and write down what was refused."""

    def __init__(self, system):
        self.system = system
        self.refs = {}
        self.refused = []

    async def start(self, name, behaviour, **options):
        self.refs[name] = await self.system.start(behaviour, self, name=name, **options)
        return self.refs[name]


async def ring(inbox, peers):
    """Asks the next one that the message names; says so when that would wait for ever."""
    async for path in inbox:
        if not path:
            inbox.reply("end of the path")
            continue
        try:
            inbox.reply(await peers.refs[path[0]].ask(path[1:]))
        except AskCycle as error:
            peers.refused.append(error.path)
            inbox.reply("refused")


@pytest.mark.parametrize("path", ["a", "ba", "bca", "bb", "bcb"])
@pytest.mark.parametrize("many", [1, 3])
def test_02_a_circle_of_asks_without_timeouts_ends_at_once_with_its_path(path, many):
    """orleans#3184, #5456, #8984, pykka#48, #76"""

    @every_schedule
    async def scenario(scheduler):
        async with open_system(scheduler=scheduler) as system:
            peers = Peers(system)
            for name in "abc":
                await peers.start(name, ring)
            for _ in range(many):  # and each time again
                assert await peers.refs["a"].ask(tuple(path)) == "refused"
            assert all(refused[0] == refused[-1] for refused in peers.refused)
            assert len(peers.refused) == many
            assert [await peers.refs[name].ask(()) for name in "abc"] == ["end of the path"] * 3
        assert trio.current_time() == 0

    scenario()


@every_schedule
async def test_02_a_deferred_reply_lets_a_question_come_back_to_its_asker(scheduler):
    """orleans#3184, xoscar#57: the way out is in the protocol, not in a lock that is left off"""

    async def asker(inbox, peers):
        waiting = []
        async for message in inbox:
            if message == "begin":
                waiting.append(inbox.defer())
                await peers.refs["b"].tell("please")
            elif message == "your number?":
                inbox.reply(42)
            else:
                waiting.pop().send(message)

    async def answerer(inbox, peers):
        async for _ in inbox:
            number = await peers.refs["a"].ask("your number?")
            await peers.refs["a"].tell(f"it was {number}")

    async with open_system(scheduler=scheduler) as system:
        peers = Peers(system)
        await peers.start("a", asker)
        await peers.start("b", answerer)
        assert await peers.refs["a"].ask("begin") == "it was 42"


@every_schedule
async def test_02_a_blocking_tell_into_a_full_peer_that_asks_back_wedges_nobody(scheduler):
    """wavelength#1082: two actors stood for 8.5 hours"""

    async def teller(inbox, peers):
        async for message in inbox:
            if message == "flood":
                for number in range(4):
                    try:
                        await peers.refs["peer"].tell(number)
                    except AskCycle as error:
                        peers.refused.append(error.path)
            inbox.reply("done")

    async def asking_back(inbox, peers):
        async for _ in inbox:
            await trio.sleep(1)
            try:
                await peers.refs["teller"].ask("ready?")  # without a deadline
            except AskCycle as error:
                peers.refused.append(error.path)

    async with open_system(scheduler=scheduler) as system:
        peers = Peers(system)
        await peers.start("teller", teller)
        await peers.start("peer", asking_back, capacity=1)
        assert await peers.refs["teller"].ask("flood") == "done"
        assert await peers.refs["teller"].ask("alive?") == "done"
    assert {path[0] for path in peers.refused} <= {"peer", "teller"}
    assert peers.refused


async def test_02_there_is_a_tell_that_never_waits(autojump_clock):
    """wavelength#1082: its remedy was TryTell"""

    async def busy(inbox, _):
        async for _ in inbox:
            await trio.sleep_forever()

    async with open_system() as system:
        ref = await Peers(system).start("busy", busy, capacity=1)
        ref.tell_nowait(1)
        await trio.testing.wait_all_tasks_blocked()
        ref.tell_nowait(2)
        with pytest.raises(InboxFull, match="the inbox of 'busy' is full"):
            ref.tell_nowait(3)
        await ref.kill()


@pytest.mark.parametrize("names", ["a", "ab", "abc"])
def test_02_actors_that_fill_each_others_inboxes_go_on(names):
    """kameo#84, #340, ponyc#3382"""

    @every_schedule
    async def scenario(scheduler):
        async def flooding(inbox, peers):
            following = names[(names.index(inbox.name) + 1) % len(names)]
            async for message in inbox:
                for _ in range(3 if message == "go" else 0):
                    try:
                        await peers.refs[following].tell("more")
                    except AskCycle as error:
                        peers.refused.append(error.path)

        async with open_system(scheduler=scheduler) as system:
            peers = Peers(system)
            for name in names:
                await peers.start(name, flooding, capacity=1)
            async with trio.open_nursery() as nursery:
                for name in names:
                    for _ in range(2):
                        nursery.start_soon(peers.refs[name].tell, "go")
        assert trio.current_time() == 0
        assert all(path[0] == path[-1] for path in peers.refused)

    scenario()


@every_schedule
async def test_02_nobody_waits_for_ever_for_one_that_dies_while_it_owes_an_answer(scheduler):
    """kameo#340, ray#26772"""

    async def owing(inbox, peers):
        async for _ in inbox:
            peers.refused.append(inbox.defer())

    async def asking(inbox, peers):
        async for _ in inbox:
            try:
                inbox.reply(await peers.refs["owing"].ask("x"))
            except Exception as error:  # the type is what is looked at
                inbox.reply(type(error).__name__)

    async with open_system(scheduler=scheduler) as system, trio.open_nursery() as nursery:
        peers = Peers(system)
        await peers.start("owing", owing)
        await peers.start("asking", asking)
        answers = []

        async def ask():
            answers.append(await peers.refs["asking"].ask("go"))

        nursery.start_soon(ask)
        await trio.sleep(1)
        await peers.refs["owing"].kill()
    assert answers == ["ActorStopped"]
