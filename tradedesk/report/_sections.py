"""The parts of the page as HTML. What comes from the user goes through `text` or `table`."""

from typing import Final

from tradedesk.metrics import rows
from tradedesk.report import _tables as tables
from tradedesk.report import _words as words
from tradedesk.report._html import number, text, unbroken
from tradedesk.report.types import ReportData

_KEY_FIGURES: Final = ("Total return", "Annual return", "Volatility", "Max drawdown", "Sharpe")


def header(data: ReportData) -> str:
    """Write title, extent, key figures, and a notice where something went wrong."""
    return (
        f'<header><h1>{text(data.title)}</h1><p class="extent">{text(words.about_run(data))}</p>'
        f"{_key_figures(data)}{_notice(data)}</header>"
    )


def _key_figures(data: ReportData) -> str:
    if data.metrics is None:
        return ""
    found = {row.label: row.text for row in rows(data.metrics)}
    pairs = "".join(_key_figure(label, text(found[label])) for label in _KEY_FIGURES)
    end = f"{text(number(data.metrics.end, 0))} <small>{text(data.currency)}</small>"
    return f'<dl class="key">{_key_figure("Equity at the end", end)}{pairs}</dl>'


def _key_figure(label: str, figure: str) -> str:
    return f"<div><dt>{text(label)}</dt><dd>{figure}</dd></div>"


def _notice(data: ReportData) -> str:
    problems = words.about_problems(data)
    ended = f'<p class="notice">The run ended before its data: {text(data.ended)}</p>' if data.ended else ""
    return ended + (f'<p class="notice"><a href="#problems">{text(problems)}</a> in this run.</p>' if problems else "")


def contents(parts: list[tuple[str, str]]) -> str:
    """Write links to the sections: (id, title)."""
    links = "".join(f'<li><a href="#{identity}">{text(title)}</a></li>' for identity, title in parts)
    return f'<nav aria-label="Sections"><ul>{links}</ul></nav>'


def section(identity: str, title: str, body: str) -> str:
    """Write a section under its heading."""
    return (
        f'<section id="{identity}" aria-labelledby="{identity}-title">'
        f'<h2 id="{identity}-title">{text(title)}</h2>\n{body}\n</section>'
    )


def chart(identity: str, title: str, unit: str, sentence: str) -> str:
    """Write the place of a chart; `sentence` says in words what it shows."""
    of = f' <span class="unit">{text(unit)}</span>' if unit else ""
    return (
        f'<figure class="chart" data-chart="{identity}"><figcaption><h3>{text(title)}{of}</h3>'
        f'<output class="when"></output></figcaption>'
        f'<div class="plot" tabindex="0" role="img" aria-label="{text(title)}. {text(sentence)}" '
        f'aria-describedby="keys"></div><p class="summary">{text(unbroken(sentence))}</p></figure>'
    )


def equity(data: ReportData) -> str:
    """Write the equity over its drawdown."""
    if not data.close_times:
        return '<p class="note">The run has no close.</p>'
    return chart("equity", "Equity", data.currency or "money", words.about_equity(data)) + chart(
        "drawdown", "Drawdown", "% below the highest equity so far", words.about_drawdown(data)
    )


def sleeves(data: ReportData) -> str:
    """Write what each sleeve earned."""
    drawn = chart("profit", "Running profit and loss", data.currency or "money", words.about_profit(data))
    return _choice(data) + drawn


def risk(data: ReportData) -> str:
    """Write what was allocated, to how many, and who was active when."""
    return (
        chart("allocation", "Allocated risk", "units of risk, stacked", words.about_allocation(data))
        + chart("active", "Active sleeves", "number", words.about_activity(data))
        + chart(
            "regimes",
            "Regimes",
            "filled while active",
            "The table of sleeves has the share of closes at which each was active.",
        )
    )


def trades(data: ReportData) -> str:
    """Write the price chart with its choice of instrument."""
    options = "".join(f'<option value="{at}">{text(each.instrument)}</option>' for at, each in enumerate(data.prices))
    choice = (
        f'<p class="choose"><label for="instrument">Instrument</label> <select id="instrument">{options}</select></p>'
    )
    return choice + chart(
        "price",
        "Price and trades",
        "close",
        "A triangle is an entry, up for long and down for short; a line leads to the exit, solid for a profit and "
        "dashed for a loss.",
    )


def figures(data: ReportData) -> str:
    """Write the figures of the portfolio and of its sleeves."""
    portfolio = f'<div class="groups">{tables.figures(data.metrics, data.currency)}</div>' if data.metrics else ""
    return portfolio + (tables.sleeves(data) if data.sleeves else "")


def problems(data: ReportData) -> str:
    """Write faults and refused orders, or that there were none."""
    faults = tables.faults(data) if data.faults else "<p>No strategy failed.</p>"
    halts = "".join(f"<li>{text(sentence)}</li>" for sentence in data.halts)
    faults += f"<h3>Halts</h3><ul>{halts}</ul>" if halts else ""
    return faults + (tables.refused(data) if data.refused else "<p>No order was refused.</p>")


def rules(data: ReportData) -> str:
    """Write how orders were filled and what was read."""
    fills = "".join(f"<li>{text(rule)}</li>" for rule in data.fill_rules)
    filled = f"<h3>How orders were filled</h3><ul>{fills}</ul>" if fills else ""
    read = f"<h3>Data</h3>{tables.ranges(data)}" if data.ranges else ""
    return filled + read + (f'<p class="hash">Run hash <code>{text(data.run_hash)}</code></p>' if data.run_hash else "")


def _choice(data: ReportData) -> str:
    sentence = words.about_choice(data)
    return f'<p class="note">{text(sentence)}</p>' if sentence else ""
