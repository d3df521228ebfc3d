"""The sentences of the page. Those about charts stand in for them where they cannot be seen."""

from collections.abc import Callable, Sequence
from math import fsum

from tradedesk.report._charts import COLOURS, active_count, falls
from tradedesk.report._html import count, moment, money, number
from tradedesk.report.types import ReportData


def about_run(data: ReportData) -> str:
    """Say when, how much and of what the run was."""
    parts = [
        count(len(data.sleeves), "sleeve"),
        count(len(data.close_times), "close"),
        count(len(data.trades), "trade"),
    ]
    if data.close_times:
        parts.insert(0, f"{moment(data.close_times[0])} to {moment(data.close_times[-1])} UTC")
    return "\N{NO-BREAK SPACE}· ".join(parts)


def about_equity(data: ReportData) -> str:
    """Say where the equity began, ended, and stood highest and lowest."""
    highest, lowest = _place(max, data.equity), _place(min, data.equity)
    return (
        f"Equity began at {money(data.start, data.currency)} and ended at {money(data.equity[-1], data.currency)}. "
        f"It was highest on {moment(data.close_times[highest])} at {money(data.equity[highest], data.currency)} and "
        f"lowest on {moment(data.close_times[lowest])} at {money(data.equity[lowest], data.currency)}."
    )


def about_drawdown(data: ReportData) -> str:
    """Say how deep the deepest drawdown was, and when."""
    fallen = falls(data)
    if not fallen or min(fallen) == 0:
        return "The equity never fell below an earlier value."
    deepest = _place(min, fallen)
    return f"The deepest drawdown was {number(fallen[deepest] * 100)} % on {moment(data.close_times[deepest])}."


def about_profit(data: ReportData) -> str:
    """Say which sleeves ended best and worst."""
    ended = sorted(data.sleeves, key=lambda sleeve: -sleeve.profit[-1])
    best, worst = ended[0], ended[-1]
    sentence = f"{best.name} earned most: {money(best.profit[-1], data.currency)}."
    if best is not worst:
        sentence += f" {worst.name} earned least: {money(worst.profit[-1], data.currency)}."
    return sentence


def about_allocation(data: ReportData) -> str:
    """Say how much risk was given out."""
    totals = [fsum(each) for each in zip(*(sleeve.allocation for sleeve in data.sleeves), strict=True)]
    mean, most = fsum(totals) / len(totals), max(totals)
    of = f" of a budget of {number(data.budget)}" if data.budget is not None else ""
    return f"On average {number(mean)} was allocated, at most {number(most)}{of}."


def about_activity(data: ReportData) -> str:
    """Say how many sleeves were active."""
    counts = active_count(data)
    return f"On average {number(sum(counts) / len(counts), 1)} sleeves were active, at most {max(counts):,}."


def about_choice(data: ReportData) -> str:
    """Say which sleeves the charts leave out; empty if they show all."""
    if len(data.sleeves) <= COLOURS:
        return ""
    others = len(data.sleeves) - COLOURS + 1
    return (
        f"The charts show the {COLOURS - 1} sleeves that were given most risk; the {others:,} others are added up. "
        "The tables list all."
    )


def about_problems(data: ReportData) -> str:
    """Say how much went wrong; empty if nothing did."""
    parts = [
        count(len(data.faults), "fault") if data.faults else "",
        count(len(data.refused), "refused order") if data.refused else "",
    ]
    return " and ".join(filter(None, parts))


def _place(which: Callable[..., int], values: Sequence[float]) -> int:
    return which(range(len(values)), key=values.__getitem__)
