"""What the policies do with one portfolio, as a table and as pictures.

Run it with: python policy_pictures.py [folder]

Without a folder it prints the amounts. With one it writes the pictures of the documentation there, as SVG text: they
take their colours from the page around them, so that they suit a light and a dark one.
"""

import sys
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from tradedesk.portfolio import (
    Capped,
    Edge,
    EqualSplitRiskPolicy,
    Facts,
    FixedRiskPolicy,
    FractionalKellyPolicy,
    InformedPolicy,
    Instrument,
    InverseVolatilityPolicy,
    RiskParityPolicy,
    Throttled,
    VolatilityTargeted,
    WithMinimum,
)

Policy = EqualSplitRiskPolicy | FixedRiskPolicy | InformedPolicy
Policies = Mapping[str, Policy]

BUDGET = 100.0
EURO, POUND, GOLD, OIL = NAMES = [Instrument(name) for name in ("EURUSD", "GBPUSD", "XAUUSD", "USOIL")]

# The two currencies move together, and oil moves most.
FACTS = Facts(
    equity=85_000.0,
    peak_equity=100_000.0,
    volatility={EURO: 0.005, POUND: 0.006, GOLD: 0.010, OIL: 0.020},
    correlation={
        (EURO, POUND): 0.8,
        (EURO, GOLD): 0.3,
        (EURO, OIL): 0.1,
        (POUND, GOLD): 0.2,
        (POUND, OIL): 0.1,
        (GOLD, OIL): 0.1,
    },
)

CALM_FIRST = InverseVolatilityPolicy(BUDGET)

SPLITS: Policies = {
    "equal split": EqualSplitRiskPolicy(BUDGET),
    "fixed": FixedRiskPolicy(BUDGET, {EURO: 40.0, POUND: 30.0, GOLD: 20.0, OIL: 5.0}),
    "inverse volatility": CALM_FIRST,
    "risk parity": RiskParityPolicy(BUDGET),
    "half Kelly": FractionalKellyPolicy(
        BUDGET,
        {EURO: Edge(0.54, 1.0), POUND: Edge(0.50, 1.1), GOLD: Edge(0.40, 1.8), OIL: Edge(0.30, 2.0)},
        equity=1_000.0,
    ),
}

LIMITS: Policies = {
    "inverse volatility": CALM_FIRST,
    "capped at 30": Capped(CALM_FIRST, per_sleeve=30.0),
    "capped at 30, redistributed": Capped(CALM_FIRST, per_sleeve=30.0, redistribute=True),
    "minimum of 15": WithMinimum(CALM_FIRST, minimum=15.0),
    "minimum of 15, redistributed": WithMinimum(CALM_FIRST, minimum=15.0, redistribute=True),
    "volatility target 0.35": VolatilityTargeted(CALM_FIRST, target=0.35),
    "throttled, drawdown 15 %": Throttled(CALM_FIRST, start=0.1, end=0.3),
}


def amounts(policy: Policy) -> list[float]:
    """Ask as the runner does."""
    if isinstance(policy, EqualSplitRiskPolicy | FixedRiskPolicy):
        return [policy.allocate(NAMES)[name] for name in NAMES]
    return [policy.allocate_with(NAMES, FACTS)[name] for name in NAMES]


def table(policies: Policies) -> Iterable[str]:
    yield f"{'':30}" + "".join(f"{name:>9}" for name in NAMES) + f"{'sum':>9}"
    for label, policy in policies.items():
        row = amounts(policy)
        yield f"{label:30}" + "".join(f"{amount:9.2f}" for amount in [*row, sum(row)])


# Pictures -------------------------------------------------------------------------------------------------------------

WIDTH, LEFT, ROW, BAR = 720, 220, 30, 18
OPACITIES = (1.0, 0.72, 0.47, 0.25)
"""One colour, that of the text around, from strong to weak: it can be told apart without seeing colours."""


def picture(title: str, height: int, parts: Iterable[str]) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'font-family="sans-serif" font-size="13" fill="currentColor" style="max-width:{WIDTH}px;width:100%">'
    )
    return "\n".join([head, f"<title>{title}</title>", *parts, "</svg>", ""])


def text(x: float, y: float, words: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{words}</text>'


def bars(title: str, policies: Policies) -> str:
    """One row for each policy, one piece of its bar for each sleeve; what is left of the budget is an outline."""
    scale = (WIDTH - LEFT - 10) / BUDGET
    parts = []
    for place, name in enumerate(NAMES):
        x = LEFT + place * 110
        parts += [box(x, 6, 14, 14, OPACITIES[place]), text(x + 20, 18, name)]
    for number, (label, policy) in enumerate(policies.items(), 1):
        y = number * ROW + 6
        parts.append(text(LEFT - 10, y + 14, label, "end"))
        parts.append(f'<rect x="{LEFT}" y="{y}" width="{BUDGET * scale:.1f}" height="{BAR}" {OUTLINE}/>')
        parts += pieces(amounts(policy), y, scale)
    return picture(title, (len(policies) + 1) * ROW + 6, parts)


OUTLINE = 'fill="none" stroke="currentColor" stroke-opacity="0.4" stroke-dasharray="3 3"'


def pieces(row: Sequence[float], y: int, scale: float) -> Iterable[str]:
    x = float(LEFT)
    for amount, opacity in zip(row, OPACITIES, strict=True):
        yield box(x, y, amount * scale, BAR, opacity)
        x += amount * scale


def box(x: float, y: float, width: float, height: float, opacity: float) -> str:
    size = f'x="{x:.1f}" y="{y:.1f}" width="{max(0.0, width - 1):.1f}" height="{height}"'
    return f'<rect {size} fill-opacity="{opacity}"/>'


def curve(title: str) -> str:
    """The throttle's factor over the drawdown, without a floor and with one."""
    parts = [line((LEFT, 180), (WIDTH - 20, 180)), line((LEFT, 180), (LEFT, 15))]
    parts += [text(LEFT - 8, 184 - 160 * part, f"{part:.0%}", "end") for part in (0.0, 0.25, 0.5, 1.0)]
    parts += [text(LEFT + 1_200 * deep, 198, f"{deep:.0%}", "middle") for deep in (0.0, 0.1, 0.2, 0.3, 0.4)]
    parts += [text(LEFT - 60, 100, "of the amounts", "end"), text(WIDTH - 20, 215, "drawdown", "end")]
    for floor, dashes in ((0.0, ""), (0.25, ' stroke-dasharray="7 4"')):
        throttle = Throttled(CALM_FIRST, start=0.1, end=0.3, floor=floor)
        points = [(LEFT + 1_200 * deep, 180 - 160 * throttle.factor(deep)) for deep in (0.0, 0.1, 0.3, 0.4)]
        parts += [line(one, other, f'stroke-width="2.5"{dashes}') for one, other in pairwise(points)]
        parts.append(text(points[-1][0], points[-1][1] - 8, f"floor={floor}", "end"))
    return picture(title, 222, parts)


def line(one: tuple[float, float], other: tuple[float, float], style: str = 'stroke-opacity="0.5"') -> str:
    ends = f'x1="{one[0]:.1f}" y1="{one[1]:.1f}" x2="{other[0]:.1f}" y2="{other[1]:.1f}"'
    return f'<line {ends} stroke="currentColor" {style}/>'


def pictures() -> dict[str, str]:
    return {
        "splits.svg": bars("Five policies split a budget of 100 over four active sleeves", SPLITS),
        "limits.svg": bars("What wrappers leave of a split by inverse volatility", LIMITS),
        "throttle.svg": curve("A throttle between drawdowns of 10 % and 30 %"),
    }


def main(folders: Sequence[str]) -> None:
    for folder in folders:
        for name, svg in pictures().items():
            (Path(folder) / name).write_text(svg, encoding="utf-8")
    if not folders:
        print("\n".join([*table(SPLITS), "", *table(LIMITS)]))


if __name__ == "__main__":
    main(sys.argv[1:])
