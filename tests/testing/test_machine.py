"""A portfolio as a state machine, and the session that lets a test without async drive it."""

import pytest
import trio
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.testing.parts import BUDGET, Flipping, policy
from tradedesk.portfolio import Instrument, Restart
from tradedesk.testing import DeskMachine

few = settings(
    max_examples=60,
    stateful_step_count=15,
    database=None,
    derandomize=True,
    print_blob=False,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)


class Plain(DeskMachine):
    def strategies(self):
        return {Instrument(key): Flipping((True,)) for key in "AB"}

    def spare(self):
        return {Instrument(key): Flipping((True,)) for key in "CD"}

    def policy(self):
        return policy()


class Anew(Plain):
    options = {"on_failure": Restart(lambda _: Flipping((True,)), limit=2, warm_up=2)}


class AsItRaises(Plain):
    options = {"on_failure": "raise"}


@pytest.mark.parametrize("machine", [Plain, Anew, AsItRaises])
def test_the_portfolio_keeps_its_promises_whatever_happens(machine):
    run_state_machine_as_test(machine, settings=few)
