"""Gates before a broker, in a row."""

import attrs
import pytest

from tests.portfolio.parts import DEFAULT, Strategy, equal
from tradedesk.portfolio import OrderGate, OrderGates, PortfolioRunner


@attrs.frozen
class Proposal:
    sleeve: str
    spread: float
    reduces: bool = False


@attrs.frozen
class MaximumSpread:
    limit: float

    def refuse(self, order: Proposal) -> str | None:
        return f"a spread of {order.spread:g} is above {self.limit:g}" if order.spread > self.limit else None


@attrs.frozen
class RunnerGate:
    runner: PortfolioRunner

    def refuse(self, order: Proposal) -> str | None:
        return self.runner.order_refusal(order.sleeve, reduces=order.reduces)


@attrs.define
class Remembers:
    seen: list[Proposal] = attrs.field(factory=list)

    def refuse(self, order: Proposal) -> str | None:
        self.seen.append(order)
        return ""


def test_no_gate_refuses_nothing():
    assert OrderGates[Proposal]().refuse(Proposal("A", 9.0)) is None


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        (Proposal("A", 1.0), "the portfolio is halted: stale"),
        (Proposal("A", 1.0, reduces=True), None),
        (Proposal("A", 9.0, reduces=True), "a spread of 9 is above 2"),
    ],
)
def test_an_order_must_pass_the_gate_of_the_runner_and_those_beside_it(order, reason):
    runner = PortfolioRunner({"A": Strategy()}, equal(), DEFAULT)
    runner.halt("stale")
    gates: OrderGate[Proposal] = OrderGates(RunnerGate(runner), OrderGates(MaximumSpread(2.0)))
    assert gates.refuse(order) == reason


def test_behind_a_refusal_nobody_is_asked_and_an_empty_reason_is_one():
    first, second = Remembers(), Remembers()
    assert OrderGates(first, second).refuse(Proposal("A", 1.0)) == ""
    assert (len(first.seen), len(second.seen)) == (1, 0)
