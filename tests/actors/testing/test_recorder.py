"""A recorder keeps all that an observer sees, in order."""

import pytest

from actors import DeadLetter, Observer, Restart, open_system
from actors.testing import Record, Recorder
from tests.actors.parts import Boom, fragile, silent
from tests.actors.schedules import every_schedule


@every_schedule
async def test_everything_is_recorded_in_order(scheduler):
    recorder, error = Recorder(), Boom("x")
    async with open_system(observer=recorder, scheduler=scheduler) as system:
        ref = await system.start(fragile, name="a", restart=Restart(limit=1, within=60.0))
        await ref.tell(error)
        await ref.tell("y")
        await ref.drain()
        await ref.tell("z")
    assert sorted(recorder.records[:3], key=str) == [
        Record("delivered", "a", error),
        Record("sent", "a", "y"),
        Record("sent", "a", error),
    ]
    assert recorder.records[3:] == [
        Record("crashed", "a", error),
        Record("restarted", "a"),
        Record("delivered", "a", "y"),
        Record("handled", "a", "y"),
        Record("stopped", "a", "drained"),
        Record("dead letter", "a", DeadLetter("a", "z", "ended")),
    ]


def test_a_record_and_a_recorder_print_as_lines():
    recorder = Recorder()
    recorder.sent("a", 1)
    recorder.crashed("a", Boom("x"))
    recorder.restarted("a")
    recorder.dead_letter(DeadLetter("b", 2, "stopped"))
    assert str(recorder) == (
        "a: sent 1\n"
        "a: crashed Boom('x')\n"
        "a: restarted\n"
        "b: dead letter DeadLetter(actor='b', message=2, reason='stopped')"
    )


def test_subjects_are_those_of_one_kind_and_of_one_actor_if_it_is_named():
    recorder = Recorder()
    recorder.sent("a", 1)
    recorder.delivered("a", 1)
    recorder.sent("b", 2)
    assert (recorder.subjects("sent"), recorder.subjects("sent", actor="b")) == ([1, 2], [2])


def test_a_message_that_looks_like_a_dead_letter_is_none():
    recorder = Recorder()
    recorder.sent("morgue", DeadLetter("a", 1, "stopped"))
    assert recorder.dead_letters == []


def test_a_recorder_sees_whatever_an_observer_sees():
    methods = {name for name in vars(Observer) if not name.startswith("_")}
    assert methods - vars(Recorder).keys() == set()


@every_schedule
async def test_planted_dead_letters_are_listed(scheduler):
    recorder = Recorder()
    async with open_system(observer=recorder, scheduler=scheduler) as system:
        ref = await system.start(silent, name="a")
        await ref.tell("handled")
        await ref.drain()
        recorder.assert_no_dead_letters()
        await ref.tell("late")
        other = await system.start(silent, name="b")
        other.tell_nowait("cut")
        await other.kill()
    with pytest.raises(AssertionError) as caught:
        recorder.assert_no_dead_letters()
    assert str(caught.value).splitlines() == [
        "dead letters, 2 in all:",
        "  'late' to 'a': ended",
        "  'cut' to 'b': killed",
    ]
