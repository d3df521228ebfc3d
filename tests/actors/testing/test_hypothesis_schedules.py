"""Schedules as arguments of a property test: input and interleaving shrink together."""

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from actors.testing import Schedule
from actors.testing.hypothesis import schedules
from tests.actors.testing.planted.parts import keeper, sender

few = settings(
    max_examples=200, database=None, derandomize=True, print_blob=False, phases=[Phase.generate, Phase.shrink]
)


async def send_all(lab, numbers, overflow):
    kept = []
    async with lab.open_system() as system:
        target = await system.start(keeper, kept, name="keeper", capacity=2, overflow=overflow)
        source = await system.start(sender, target, name="sender")
        for number in numbers:
            await source.tell(number)
    assert kept == numbers


def explored_with(overflow):
    examples = []

    @few
    @given(numbers=st.lists(st.integers(0, 9), max_size=20), schedule=schedules())
    def law(numbers, schedule):
        examples.append((numbers, schedule))
        schedule.run(lambda lab: send_all(lab, numbers, overflow))

    return law, examples


def test_a_fault_shrinks_to_three_messages_and_one_slow_actor():
    law, examples = explored_with("drop_newest")
    with pytest.raises(AssertionError) as caught:
        law()
    numbers, schedule = examples[-1]
    assert numbers == [0, 0, 0]
    assert len(schedule.slow) + len(schedule.demote) == 1
    assert any(note.startswith(f"under {schedule}") for note in caught.value.__notes__)
    assert len(examples) < 400


def test_without_the_fault_the_law_holds():
    law, examples = explored_with("block")
    law()
    assert len(examples) == 200


@given(schedules(actors=3, choices=5))
def test_schedules_stay_in_their_bounds(schedule):
    assert isinstance(schedule, Schedule)
    assert set(schedule.slow) <= {0, 1, 2}
    assert set(schedule.demote) <= set(range(6))
