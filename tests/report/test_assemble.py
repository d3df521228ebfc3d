"""A report that is put together from a result, not by its user."""

from contextlib import suppress
from functools import partial

import pytest
import trio
from attrs import evolve

from tests.execution.parts import DAY, event
from tradedesk.backtest import Backtest, HaltSpan
from tradedesk.execution import Commission, Conversion, Financing, HearsFills, PaperBroker, Slippage, Terms
from tradedesk.marketdata import Slice
from tradedesk.metrics import measure_run, measure_sleeves
from tradedesk.portfolio import EqualSplitRiskPolicy, PortfolioRunner, Quarantine
from tradedesk.report import PriceLog, from_result, render, write_report
from tradedesk.report._rules import fill_rules

NAMES = ("A", "B")
IN_YEN = """\
bid and ask are 0.02 points apart, above the candle, which is the bid; market orders and stops slip by 0.01 points and \
2 bps; a fill costs 1 JPY and 0.005 JPY per unit and 3 bps of the value, but at least 2 JPY; a night costs 5 % a year \
long and -1 % short; positions bind no money; a point is worth 10 JPY for a size of 1; sizes are multiples of 100; all \
orders together fill at most 10 % of a candle's volume; sizes are from 100 to 1e+06."""


class Trader:
    """Buys at its second candle, sells at its fifth, and asks for too much at its third."""

    def __init__(self, desk, *, fails_at=None):
        self.desk, self.fails_at, self.candles = desk, fails_at, 0

    def set_risk_per_trade(self, value): ...

    def is_regime_active(self):
        return self.candles >= 2

    def on_fill(self, fill): ...

    async def on_candle_close(self, event):
        self.candles += 1
        if self.candles == self.fails_at:
            raise ZeroDivisionError("nothing to divide by")
        if self.candles == 2:
            self.desk.buy(10, stop_loss=1.0, take_profit=1_000.0)
        if self.candles == 3:
            self.desk.buy(1_000_000, limit=90)
        if self.candles == 5:
            self.desk.close()


def history(count: int = 8):
    for number in range(1, count + 1):
        names = NAMES[: 1 if number in {1, 4} else 2]
        prices = [(100.0 + number, 102.0 + number, 99.0 + number, 101.0 + number)] * 2
        yield Slice(number * DAY, tuple(event(name, prices[0], "DAY") for name in names))


def run(warm_up: int = 0, *, fails_at=None, on_failure="raise"):
    terms = {"A": Terms(spread=0.5, commission=Commission(per_trade=1.0)), "B": Terms()}
    broker = PaperBroker(terms, cash=10_000.0)
    strategies = {
        name: HearsFills(Trader(broker.desk(name), fails_at=fails_at if name == "B" else None), broker.desk(name))
        for name in NAMES
    }
    runner = PortfolioRunner(strategies, EqualSplitRiskPolicy(12.0), 1.0, dispatch="direct", on_failure=on_failure)
    prices, backtest = PriceLog(), Backtest(runner, broker, warm_up=warm_up)

    async def main():
        async with runner:
            await backtest.run(prices.watch(history()))

    with suppress(ZeroDivisionError):  # what is under test is what remains
        trio.run(main)
    return backtest.result(), broker, prices


def assembled(**options):
    result, broker, prices = run(**options)
    data = from_result(result, title="Mine", rules=broker.rules, prices=prices, sources={"A": "a.csv"})
    return result, data


def test_the_curves_are_those_of_the_result():
    result, data = assembled()
    assert (data.title, data.currency, data.start, data.budget) == ("Mine", "USD", 10_000.0, 12.0)
    assert (list(data.close_times), list(data.equity)) == (list(result.close_times), list(result.equity))
    assert [sleeve.name for sleeve in data.sleeves] == ["A", "B"]
    for sleeve in data.sleeves:
        assert list(sleeve.profit) == list(result.profit_of(sleeve.name))
        assert list(sleeve.allocation) == list(result.allocation_of(sleeve.name))
        assert list(sleeve.active) == result.active_of(sleeve.name)
    assert data.sleeves[0].profit[-1] + data.sleeves[1].profit[-1] == pytest.approx(data.equity[-1] - data.start)


def test_the_figures_are_measured():
    result, data = assembled()
    assert data.metrics == measure_run(result)
    assert {sleeve.name: sleeve.metrics for sleeve in data.sleeves} == measure_sleeves(result)
    assert data.metrics.exposure is not None
    assert data.run_hash == result.run_hash


def test_trades_stand_on_the_closes_that_passed():
    _, data = assembled()
    assert [(trade.sleeve, trade.quantity, trade.entry_price) for trade in data.trades] == [
        ("A", 10, 103.25),
        ("B", 10, 105.0),
    ]
    closes = {price.instrument: list(price.closes) for price in data.prices}
    assert closes == {
        "A": [102.0, 103.0, 104.0, 105.0, 106.0, 107.0, 108.0, 109.0],
        "B": [103.0, 104.0, 106.0, 107.0, 108.0, 109.0],
    }


def test_refused_orders_and_faults_are_in_words():
    _, data = assembled(fails_at=4, on_failure=Quarantine())
    assert [(each.sleeve, each.order) for each in data.refused] == [
        ("A", "buy 1e+06 limit 90"),
        ("B", "buy 1e+06 limit 90"),
    ]
    assert all("free" in each.reason for each in data.refused)
    assert [(each.sleeve, each.what) for each in data.faults] == [("B", "ZeroDivisionError: nothing to divide by")]
    assert data.faults[0].time == 6 * DAY
    assert data.faults[0].outcome == "the sleeve is quarantined since slice 6"
    assert data.ended == ""


def test_a_run_that_a_strategy_ended_says_so_and_shows_what_was_done():
    result, data = assembled(fails_at=4)
    assert data.ended == "ZeroDivisionError: nothing to divide by"
    assert len(data.close_times) == len(result.close_times) == 6
    assert "The run ended before its data: ZeroDivisionError: nothing to divide by" in render(data)


def test_the_ranges_say_what_is_missing():
    _, data = assembled()
    assert [(each.instrument, each.candles, each.source, each.remark) for each in data.ranges] == [
        ("A", 8, "a.csv", ""),
        ("B", 6, "", "1 close missing, begins 1 close after the first"),
    ]


def test_a_source_may_be_named_for_one_period_of_an_instrument():
    result, _, _ = run()
    sources = {("A", "DAY"): "a_daily.csv", ("B", "HOUR"): "b_hourly.csv"}
    assert [each.source for each in from_result(result, sources=sources).ranges] == ["a_daily.csv", ""]


def test_the_rules_say_at_which_rate_a_currency_is_converted():
    terms = {
        "USDJPY": Terms(currency="JPY"),
        "EURGBP": Terms(currency="GBP"),
        "EURCHF": Terms(currency="CHF"),
        "GBPUSD": Terms(),
    }
    conversions = {"JPY": Conversion("USDJPY", inverted=True), "GBP": Conversion("GBPUSD"), "CHF": 1.1, "SEK": 0.1}
    broker = PaperBroker(terms, cash=1.0, conversions=conversions)
    assert fill_rules(broker.rules)[-3:] == (
        "Profits and costs in JPY are converted to USD at 1 / the close of USDJPY in the same slice, or the newest.",
        "Profits and costs in GBP are converted to USD at the close of GBPUSD in the same slice, or the newest.",
        "Profits and costs in CHF are converted to USD at 1.1, which never changes.",
    )


def test_a_warm_up_is_told_and_not_shown():
    _, data = assembled(warm_up=3)
    assert data.close_times[0] == 4 * DAY
    assert data.prices[0].close_times[0] == 4 * DAY
    assert data.fill_rules[-1] == (
        "The first 3 slices, to 1970-01-04, warmed the strategies up: no order was taken, and nothing is measured; "
        "3 orders were refused for it."
    )


def test_a_result_alone_is_a_report():
    result, _, _ = run()
    data = from_result(result)
    assert (data.title, data.currency, data.prices, data.fill_rules) == ("Backtest", "", (), ())
    assert "<h1>Backtest</h1>" in render(data)


def test_it_is_written_in_one_call(tmp_path):
    result, broker, prices = run()
    write_report(result, tmp_path / "r.html", title="Mine", rules=broker.rules, prices=prices)
    page = (tmp_path / "r.html").read_text()
    assert page == render(from_result(result, title="Mine", rules=broker.rules, prices=prices))
    assert result.run_hash in page


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        (
            Terms(),
            "no spread; nothing slips; no commission; nights are free; a position binds 1 of its value.",
        ),
        (
            Terms(
                currency="JPY",
                spread=0.02,
                quoted="bid",
                slippage=Slippage(points=0.01, bps=2),
                commission=Commission(per_trade=1, per_unit=0.005, bps=3, minimum=2),
                financing=Financing(long=0.05, short=-0.01),
                margin=0,
                value_per_point=10,
                lot_step=100,
                min_size=100,
                max_size=1e6,
                volume_share=0.1,
            ),
            IN_YEN,
        ),
        (Terms(commission=Commission(minimum=2)), "a fill costs nothing, but at least 2 USD;"),
    ],
)
def test_what_trading_costs_is_said(terms, words):
    conversions = {"JPY": 0.01} if terms.currency else None
    broker = PaperBroker({"A": terms}, cash=1.0, conversions=conversions)
    of_a = [sentence for sentence in fill_rules(broker.rules) if sentence.startswith("A: ")]
    assert len(of_a) == 1
    assert words in of_a[0]


def test_instruments_of_equal_terms_share_a_sentence():
    many = partial(dict.fromkeys, [f"I{number}" for number in range(9)])
    broker = PaperBroker({**many(Terms(spread=1.0)), "X": Terms(), "Y": Terms()}, cash=1.0)
    sentences = fill_rules(broker.rules)
    assert [sentence.partition(":")[0] for sentence in sentences[-2:]] == [
        "I0, I1, I2, I3, I4, I5 and 3 others",
        "X, Y",
    ]
    assert fill_rules(PaperBroker("AB", cash=1.0).rules)[-1].startswith("Every instrument: no spread;")


@pytest.mark.parametrize(
    ("fill", "sentence"),
    [
        ("next_open", "A market order fills at the open of the next candle of its instrument."),
        ("same_close", "A market order fills at the close of the candle in which it was given, at a price just seen."),
        ("next_close", "A market order fills at the close of the next candle of its instrument."),
    ],
)
def test_when_market_orders_fill_is_said(fill, sentence):
    assert fill_rules(PaperBroker("A", cash=1.0, market_fill=fill).rules)[0] == sentence


def test_halts_are_told_with_the_problems():
    result, broker, _ = run()
    halted = evolve(result, halts=[HaltSpan("<enough>", 2 * DAY, 4 * DAY), HaltSpan("and again", 6 * DAY)])
    data = from_result(halted, rules=broker.rules)
    assert data.halts == (
        "Halted from 1970-01-03 to 1970-01-05: <enough>",
        "Halted from 1970-01-07 on: and again",
    )
    assert "<li>Halted from 1970-01-03 to 1970-01-05: &lt;enough&gt;</li>" in render(data)


def test_of_several_periods_the_shortest_is_drawn():
    log = PriceLog()
    slices = [
        Slice(DAY, (event("A", (1.0, 1.0, 1.0, 1.0), "DAY"), event("A", (2.0, 2.0, 2.0, 2.0), "1HOUR"))),
        Slice(2 * DAY, (event("A", (3.0, 3.0, 3.0, 3.0), "1HOUR"),)),
    ]
    assert list(log.watch(slices)) == slices
    assert [(each.instrument, list(each.closes)) for each in log.prices()] == [("A", [2.0, 3.0])]
    assert [list(each.closes) for each in log.prices(2 * DAY)] == [[3.0]]
    assert [list(each.closes) for each in log.prices(3 * DAY)] == [[]]
