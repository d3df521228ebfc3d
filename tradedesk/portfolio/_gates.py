"""Gates before a broker: each may refuse an order, and they stand in a row."""

from typing import Generic, Protocol, TypeVar

OrderT_contra = TypeVar("OrderT_contra", contravariant=True)


class OrderGate(Protocol[OrderT_contra]):
    """Whoever may refuse an order; what an order is, the broker says.

    A broker asks between handlers, never during them, so the answer must not wait for anything.
    """

    def refuse(self, order: OrderT_contra, /) -> str | None:
        """Say why the order is to be refused now; None when it may go."""
        ...


class OrderGates(Generic[OrderT_contra]):
    """Several gates as one: an order must pass all of them, and the first that refuses it gives the reason."""

    def __init__(self, *gates: OrderGate[OrderT_contra]) -> None:
        self._gates = gates

    def refuse(self, order: OrderT_contra, /) -> str | None:
        """Ask the gates from left to right; those behind the first refusal are not asked."""
        reasons = (gate.refuse(order) for gate in self._gates)
        return next((reason for reason in reasons if reason is not None), None)
