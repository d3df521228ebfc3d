"""Why a broker does not take an order, or does not fill it."""

from tradedesk.execution._books import Book
from tradedesk.execution._ledger import Account
from tradedesk.execution.types import Order
from tradedesk.risk import round_down_to_step


def misfit(order: Order, book: Book) -> str | None:
    """What the terms, or the state of things, have against an order; None if nothing."""
    line = book.line
    if line.close is None:
        return f"no candle of {line.instrument!r} has been seen, so there is no price to check the order against"
    if line.currency.rate is None:
        return f"it is not known yet what {line.currency.name}, the currency of {line.instrument!r}, is worth"
    if order.reduce_only:
        return (
            None if book.held * order.sign < 0 else f"it is reduce_only, and the sleeve holds nothing to {order.side}"
        )
    return _wrong_size(order, book)


def _wrong_size(order: Order, book: Book) -> str | None:
    """Orders that only reduce are spared: what is held must find a way out."""
    terms, size = book.line.terms, order.size
    if size < terms.min_size:
        return f"a size of {size!r} is below the smallest, {terms.min_size!r}"
    if size > terms.max_size:
        return f"a size of {size!r} is above the largest, {terms.max_size!r}"
    if terms.lot_step is not None and round_down_to_step(size, terms.lot_step) != size:
        return f"a size of {size!r} is no whole number of lots of {terms.lot_step!r}"
    return None


def too_dear(size: float, price: float, book: Book, account: Account) -> str | None:
    """Why the account cannot carry a trade at this price; None if it can.

    A size above 0 buys, below 0 sells. What takes from the account's net position can always be carried.
    """
    line = book.line
    if not line.terms.margin:
        return None
    net = line.net_size
    bound = line.value(abs(net + size) - abs(net), price) if abs(net + size) > abs(net) else 0.0
    if not bound:
        return None
    need = bound * line.terms.margin + line.commission(abs(size), price)
    if account.covers(need):
        return None
    free = account.equity - account.margin
    return f"it takes {need:.2f} {account.currency} and {free:.2f} is free"
