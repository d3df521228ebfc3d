"""Reports of made-up runs: a random walk per sleeve, the same for the same arguments."""

from math import sin
from random import Random

from tradedesk.metrics import ClosedTrade, EquityCurve, measure, sleeve_curve
from tradedesk.report import DataRange, Fault, PriceData, RefusedOrder, ReportData, SleeveData

HOUR = 3_600 * 1_000_000_000
BEGIN = 1_325_376_000 * 1_000_000_000  # 2012-01-01
BUDGET = 100.0
NAMES = (
    "EURUSD", "GBPUSD", "USDJPY", "AUDUSD", "NZDUSD", "USDCAD", "USDCHF", "EURGBP", "XAUUSD", "XAGUSD", "BRENT", "WTI",
)  # fmt: skip


def sleeve_names(sleeves: int) -> list[str]:
    return [NAMES[at] if at < len(NAMES) else f"SLEEVE{at}" for at in range(sleeves)]


def regimes(points: int, seed: int) -> list[bool]:
    """Stretches of about 60 points on and 90 off."""
    chance, active, states = Random(seed), False, []
    for _ in range(points):
        if chance.random() < (1 / 60 if active else 1 / 90):
            active = not active
        states.append(active)
    return states


def walk(points: int, seed: int) -> list[float]:
    chance, price, prices = Random(seed), 100.0, []
    for at in range(points):
        price *= 1 + chance.gauss(0.00001 + 0.0001 * sin(at / points * 9 + seed), 0.0018)
        prices.append(price)
    return prices


def running_profit(prices: list[float], active: list[bool], seed: int) -> list[float]:
    chance, total, side, profits = Random(seed), 0.0, 1, []
    for at, price in enumerate(prices):
        if at and active[at - 1]:
            if at > 1 and not active[at - 2]:
                side = 1 if chance.random() < 0.55 else -1
            total += side * (price / prices[at - 1] - 1) * 40_000 + 2
        profits.append(total)
    return profits


def closed_trades(name: str, times: list[int], prices: list[float], profits: list[float], active: list[bool]):
    begin = None
    for at in range(1, len(times)):
        if active[at] and not active[at - 1]:
            begin = at
        if begin is not None and active[at - 1] and not active[at]:
            pnl = profits[at] - profits[begin]
            move = prices[at] - prices[begin]
            path = [each - profits[begin] for each in profits[begin : at + 1]]
            yield ClosedTrade(
                sleeve=name,
                instrument=name,
                entry_time=times[begin],
                exit_time=times[at],
                quantity=400.0 if (pnl > 0) == (move > 0) else -400.0,
                entry_price=prices[begin],
                exit_price=prices[at],
                pnl=pnl,
                mfe=max(0.0, *path),
                mae=min(0.0, *path),
            )


def made_up(points: int = 400, sleeves: int = 3, *, hours: int = 24, **more: object) -> ReportData:
    """Make a report with trades, faults and refused orders."""
    times = [BEGIN + at * hours * HOUR for at in range(points)]
    names = sleeve_names(sleeves)
    active = [regimes(points, seed) for seed in range(sleeves)]
    counts = [sum(states) for states in zip(*active, strict=True)]
    prices = [walk(points, seed) for seed in range(sleeves)]
    profits = [running_profit(prices[at], active[at], at) for at in range(sleeves)]
    allocations = [
        [BUDGET / count if state else 0.0 for state, count in zip(states, counts, strict=True)] for states in active
    ]
    trades = [
        trade for at in range(sleeves) for trade in closed_trades(names[at], times, prices[at], profits[at], active[at])
    ]
    equity = [100_000.0 + sum(each) for each in zip(*profits, strict=True)] or [100_000.0] * points
    start = 100_000.0
    curve = EquityCurve(start=start, close_times=times, equity=equity)
    arguments: dict[str, object] = {
        "title": "Twelve markets, one budget" if sleeves == 12 else "A made-up run",
        "currency": "USD",
        "close_times": times,
        "start": start,
        "equity": equity,
        "budget": BUDGET,
        "sleeves": [
            SleeveData(
                name=name,
                instrument=name,
                profit=profits[at],
                allocation=allocations[at],
                active=active[at],
                metrics=measure(
                    sleeve_curve(start, times, profits[at]), trades=[each for each in trades if each.sleeve == name]
                ),
            )
            for at, name in enumerate(names)
        ],
        "prices": [PriceData(instrument=name, close_times=times, closes=prices[at]) for at, name in enumerate(names)],
        "trades": trades,
        "metrics": measure(
            curve, trades=trades, positions=[20_000.0 * count for count in counts], traded=[900.0] * points
        ),
        "fill_rules": [
            "A market order fills at the open of the next candle, half a spread of 0.00010 away.",
            "Where a stop and a target lie in one candle, the stop fills first.",
            "Commission is 3.50 USD for 100,000 traded.",
        ],
        "ranges": [
            DataRange(
                instrument=name,
                period=f"{hours}HOUR",
                first=times[0] if times else 0,
                last=times[-1] if times else 0,
                candles=points,
                source=f"{name.lower()}.csv",
            )
            for name in names
        ],
        "faults": [
            Fault(
                time=times[points // 2],
                sleeve=names[1],
                what="ZeroDivisionError: float division by zero",
                outcome="quarantined, its position closed",
            )
        ]
        if points > 2 and sleeves > 1
        else [],
        "refused": [
            RefusedOrder(
                time=times[(points // 2 + 7 * at) % points],
                sleeve=names[1],
                instrument=names[1],
                order="buy 400 at market",
                reason="the sleeve is quarantined",
            )
            for at in range(4)
        ]
        if points > 2 and sleeves > 1
        else [],
    }
    return ReportData(**arguments | more)
