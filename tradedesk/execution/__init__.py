"""From orders to fills.

- ``types.py``       orders, fills, statements, terms
- ``_protocols.py``  `Broker`, which a live adapter implements, whom it asks and whom it tells
- ``_terms.py``      what trading an instrument takes; ``_errors.py``: the tree of errors
- ``_ticket.py``     the life of an order, as a table
- ``_desk.py``       where a strategy gives its orders
- ``_fills.py``      whether an order fills in a candle, and at what price; ``_checks.py``: why it is refused
- ``_ledger.py``     books per sleeve over one account: ``_books.py``, ``_lines.py``
- ``_matching.py``   one slice's candles against the orders at work
- ``_hearing.py``    how fills reach a strategy, and how a broker is driven by a source
- ``_paper.py``      `PaperBroker`: the door
"""

from tradedesk.execution._desk import Action, Blotter, Desk
from tradedesk.execution._errors import (
    BrokerStateError,
    ExecutionError,
    OrderError,
    TermsError,
    UnknownInstrumentError,
)
from tradedesk.execution._hearing import (
    FillStrategy,
    HearsFills,
    HearsFillsInPhases,
    TwoPhaseFillStrategy,
    WorkedStream,
    worked,
)
from tradedesk.execution._paper import BrokerStatistics, PaperBroker
from tradedesk.execution._protocols import Broker, Listener, TicketGate
from tradedesk.execution._terms import TradingRules
from tradedesk.execution._ticket import Ticket
from tradedesk.execution.types import (
    DAY,
    GTC,
    IOC,
    AccountStatement,
    Commission,
    Conversion,
    Fill,
    Financing,
    Gate,
    Holding,
    Order,
    OrderState,
    SleeveStatement,
    Slippage,
    Terms,
    TimeInForce,
    TripStatement,
    good_for,
    good_till,
)

__all__ = [
    # orders
    "Order",
    "TimeInForce",
    "GTC",
    "IOC",
    "DAY",
    "good_for",
    "good_till",
    # where they are given, and what becomes of them
    "Desk",
    "Ticket",
    "OrderState",
    "Fill",
    "FillStrategy",
    "HearsFills",
    "TwoPhaseFillStrategy",
    "HearsFillsInPhases",
    # brokers
    "Broker",
    "Gate",
    "TicketGate",
    "Listener",
    "Blotter",
    "Action",
    "Holding",
    "PaperBroker",
    "BrokerStatistics",
    "worked",
    "WorkedStream",
    "AccountStatement",
    "SleeveStatement",
    "TripStatement",
    # terms
    "Terms",
    "TradingRules",
    "Commission",
    "Slippage",
    "Financing",
    "Conversion",
    # errors
    "ExecutionError",
    "OrderError",
    "TermsError",
    "UnknownInstrumentError",
    "BrokerStateError",
]
