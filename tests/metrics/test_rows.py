"""The figures as text."""

from tradedesk.metrics import ClosedTrade, EquityCurve, measure, rows

DAY = 86_400 * 1_000_000_000


def texts(*equity: float, currency: str = "", **more: object) -> dict[str, str]:
    times = [DAY * (at + 1) for at in range(len(equity))]
    metrics = measure(EquityCurve(start=100_000.0, close_times=times, equity=equity), **more)
    return {row.label: row.text for row in rows(metrics, currency=currency)}


def test_figures_have_units_thousands_and_a_true_minus():
    trade = ClosedTrade(
        sleeve="a",
        instrument="A",
        entry_time=0,
        exit_time=DAY // 2,
        quantity=-2.0,
        entry_price=1.0,
        exit_price=2.0,
        pnl=-1234.5,
    )
    some = texts(101_000.0, 99_990.0, 100_500.0, currency="USD", trades=[trade], traded=[0.0, 1e5, 1e5])
    assert some["Start"] == "100,000.00 USD"
    assert some["Total return"] == "0.50 %"
    assert some["Max drawdown"] == "−1.00 %"
    assert some["Drawdown length"] == "2 periods, 2.0 days"
    assert some["Periods per year"] == "365.2"
    assert some["Worst trade"] == "−1,234.50 USD"
    assert some["Average holding"] == "12.0 hours"
    assert some["Turnover"] == "242.30 times"


def test_what_is_not_defined_is_a_dash():
    some = texts()
    assert {label for label, text in some.items() if text != "–"} == {
        "Start",
        "End",
        "Total return",
        "Max drawdown",
        "Periods",
        "Trades",
    }


def test_what_rounds_to_0_has_no_sign():
    assert texts(100_000.0 - 1e-3)["Total return"] == "0.00 %"


def test_each_label_stands_once_and_each_figure_is_explained():
    metrics = measure(EquityCurve(start=1.0, close_times=[], equity=[]))
    table = rows(metrics)
    assert len({row.label for row in table}) == len(table)
    assert all(row.note.endswith(".") for row in table)
    assert [row.group for row in table] == sorted(
        (row.group for row in table), key=["Growth", "Risk", "Ratios", "Activity", "Trades"].index
    )
