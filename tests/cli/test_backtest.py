"""`tradedesk backtest`: a portfolio file with a broker, from its first candle to a verdict, or to where it crashed."""

import re
import signal
from pathlib import Path

import polars as pl
import pytest

from tests.cli.conftest import BROKER
from tests.cli.test_run import edit, words
from tradedesk.cli import _verdict, main

HOUR_4 = 14_400


@pytest.fixture
def trading(folder: Path) -> Path:
    """Both sleeves buy 1,000 units at their second candle; prices rise by a thousandth with each candle."""
    edit(folder, (":Steady", ":Holder"), ("parameters = { level = 2.0 }\n", ""))
    with (folder / "portfolio.toml").open("a") as file:
        file.write(BROKER)
    return folder


def figure(out: str, label: str) -> str:
    return re.search(rf"(?:^|  ){label} +(\S+)", out, re.MULTILINE)[1]


def test_it_ends_in_the_account_the_sleeves_and_a_hash(trading, tradedesk):
    ended = tradedesk("backtest", "portfolio.toml")

    # EURUSD from 1.001 to 1.009, GBPUSD from 1.501 to 1.507
    assert (ended.code, ended.err) == (0, "")
    assert words(ended.out, "EURUSD") == ["EURUSD", "10", "100.0%", "6.00", "6.00", "0", "8.00", "0.0%"]
    assert words(ended.out, "GBPUSD") == ["GBPUSD", "8", "100.0%", "6.00", "6.00", "0", "6.00", "0.0%"]
    assert figure(ended.out, "start") == "10,000.00"
    assert figure(ended.out, "end") == "10,014.00"
    assert figure(ended.out, "mean use of the budget") == "100.0%"
    assert figure(ended.out, "fills") == "2"
    assert re.search(r"^Run hash [0-9a-f]{64}$", ended.out, re.MULTILINE)
    assert "\nThe largest total held did not exceed the budget.\n" in ended.out


def test_actors_and_direct_have_the_same_hash_and_text(trading, tradedesk):
    outs = [tradedesk("backtest", "portfolio.toml", "--dispatch", way).out for way in ("actors", "direct")]

    assert outs[0].rpartition("\ncandles per")[0] == outs[1].rpartition("\ncandles per")[0]


def test_parquet_files_are_read_as_csv_files_are(trading, tradedesk):
    hashes = []
    for suffix in (".csv", ".parquet"):
        edit(trading, (".csv", suffix))
        out = tradedesk("backtest", "portfolio.toml").out
        hashes.append(re.search(r"^Run hash (.*)$", out, re.MULTILINE)[1])
        for name in ("eurusd", "gbpusd"):
            pl.read_csv(f"{name}.csv").write_parquet(f"{name}.parquet")

    assert hashes[0] == hashes[1]


def test_costs_and_terms_of_the_file_are_those_of_the_run(trading, tradedesk):
    edit(
        trading,
        (
            "cash = 10_000.0\n",
            """cash = 10_000.0
spread = 0.002
commission = { per_trade = 2 }

[broker.instruments.GBPUSD]
spread = 0
quoted = "bid"
""",
        ),
    )

    out = tradedesk("backtest", "portfolio.toml").out

    # half a spread at the entry, as positions are marked at the candle; two dollars for a fill
    assert (words(out, "EURUSD")[6], words(out, "GBPUSD")[6]) == ("5.00", "4.00")


def test_a_position_in_another_currency_is_worth_what_its_rate_says(trading, tradedesk):
    edit(trading, ("cash = 10_000.0\n", 'cash = 1_000_000.0\ncurrency = "JPY"\n[broker.worth]\nUSD = 100\n'))
    with (trading / "portfolio.toml").open("a") as file:
        file.write('[broker.instruments.EURUSD]\ncurrency = "USD"\n')

    out = tradedesk("backtest", "portfolio.toml").out

    assert (words(out, "EURUSD")[6], words(out, "GBPUSD")[6]) == ("800.00", "6.00")
    assert "JPY" in out


@pytest.mark.parametrize(
    ("table", "slices", "profit"),
    [
        ("", 10, "8.00"),
        ("warm_up = 4", 6, "0.00"),  # an order of the warm-up is refused, and no other is given
        ("since = 2020-09-14T00:26:40Z", 7, "5.00"),  # the close of the third candle
        ("since = 2020-09-14T00:26:40Z\nwarm_up = 2", 7, "0.00"),
        ("until = 2020-09-14T00:26:40", 3, "1.00"),
        ("until = 2020-09-13", 2, "0.00"),
        ("since = 2020-09-14T00:26:40Z\nuntil = 2020-09-14T08:26:40Z", 2, "0.00"),
        ("since = 2030-01-01", 0, "0.00"),
    ],
)
def test_the_range_and_the_warm_up_decide_what_is_measured(trading, tradedesk, table, slices, profit):
    with (trading / "portfolio.toml").open("a") as file:
        file.write(f"[backtest]\n{table}\n")

    ended = tradedesk("backtest", "portfolio.toml")

    assert (ended.code, ended.err) == (0, "")
    assert figure(ended.out, "slices") == str(slices)
    assert words(ended.out, "EURUSD")[-2] == profit


def test_the_periods_of_a_year_are_those_of_the_file(trading, tradedesk):
    with (trading / "portfolio.toml").open("a") as file:
        file.write("[backtest]\nperiods_per_year = 10.0\n")

    # ten periods are all there are
    out = tradedesk("backtest", "portfolio.toml").out
    assert figure(out, "annual return") == figure(out, "total return") == "0.14"


def test_all_figures_are_printed_with_their_meaning_when_asked_for(trading, tradedesk):
    short, long = (tradedesk("backtest", "portfolio.toml", *more).out for more in ((), ("--figures",)))

    assert "Mean profit and loss of a trade." not in short
    assert "Mean profit and loss of a trade." in long


# Files --------------------------------------------------------------------------------------------------------


def test_report_and_tables_are_written_and_named(trading, tradedesk):
    ended = tradedesk("backtest", "portfolio.toml", "--report", "r.html", "--output", "tables")

    assert "\nThe report is r.html; open it in a browser.\n" in ended.out
    tables = re.search(r"^The tables are in tables: (.*)\.$", ended.out, re.MULTILINE)[1].split(", ")
    assert {"fills.csv", "round_trips.csv"} <= set(tables) == {path.name for path in (trading / "tables").iterdir()}
    assert "Run hash" in (trading / "r.html").read_text()
    again = tradedesk("backtest", "portfolio.toml", "--report", "r.html", "--output", "tables").out
    assert "\nThe report is r.html in place of the one that was there;" in again
    assert "\nThe tables are in tables in place of those that were there: " in again


def test_the_report_knows_the_rules_and_where_the_data_came_from(trading, tradedesk):
    edit(trading, ("cash = 10_000.0\n", "cash = 10_000.0\nspread = 0.002\n"))

    tradedesk("backtest", "portfolio.toml", "--report", "r.html")

    page = (trading / "r.html").read_text()
    for part in (
        "A market order fills at the open of the next candle of its instrument.",
        "Every instrument: bid and ask are 0.002 points apart, around the candle;",
        '<td role="cell" data-label="Source">eurusd.csv</td>',
        "ends 2 closes before the last",
    ):
        assert part in page


def test_a_file_that_cannot_be_written_ends_in_a_sentence(trading, tradedesk, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_verdict, "write_report", full)
    ended = tradedesk("backtest", "portfolio.toml", "--report", "r.html")
    assert (ended.code, ended.err) == (
        1,
        "tradedesk: the run failed: the report r.html cannot be written: No space left on device\n",
    )


def test_a_folder_that_could_not_be_made_is_refused_before_the_run(trading, tradedesk):
    (trading / "taken").touch()

    for folder in ("taken", "taken/tables"):
        ended = tradedesk("backtest", "portfolio.toml", "--output", folder)

        assert (ended.code, ended.out) == (2, "")
        assert ended.err == f"tradedesk: --output {folder} must be a folder, and taken is a file\n"


def test_a_report_that_cannot_be_written_takes_nothing_else_with_it(trading, tradedesk, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_verdict, "write_report", full)
    edit(trading, ('file = "gbpusd.csv"', 'file = "gbpusd.csv"\nparameters = { crashes_at = 5 }'))
    ended = tradedesk("backtest", "portfolio.toml", "--report", "r.html", "--output", "t")

    assert ended.code == 1
    assert "\nThe tables are in t: " in ended.out
    assert "\nRun hash " in ended.out
    assert "\nLookupError: crashed with 1 fills heard\n" in ended.err
    assert ended.err.endswith("\nthe run failed: the report r.html cannot be written: No space left on device\n")


# Ends before the end ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dispatch", ["actors", "direct"])
def test_a_strategy_that_crashes_half_way_leaves_a_report_of_what_was_done(trading, tradedesk, dispatch):
    edit(trading, ('file = "gbpusd.csv"', 'file = "gbpusd.csv"\nparameters = { crashes_at = 5 }'))

    ended = tradedesk("backtest", "portfolio.toml", "--report", "r.html", "--output", "t", "--dispatch", dispatch)

    assert ended.code == 1
    assert ended.out.startswith(
        "portfolio.toml\nended early: what follows is what was done in the first 5 slices\n\nsleeve "
    )
    assert words(ended.out, "EURUSD")[:2] + words(ended.out, "EURUSD")[-2:-1] == ["EURUSD", "5", "3.00"]
    assert figure(ended.out, "faults") == "1"
    assert "did not exceed" not in ended.out
    assert ended.err.startswith("tradedesk: the run failed:\nTraceback (most recent call last):\n")
    assert "\nLookupError: crashed with 1 fills heard\nin sleeve 'GBPUSD', candle GBPUSD 4HOUR " in ended.err
    page = (trading / "r.html").read_text()
    assert '<p class="notice">The run ended before its data: LookupError: crashed with 1 fills heard</p>' in page
    assert len((trading / "t" / "curves.csv").read_text().splitlines()) == 1 + 5


def test_a_bad_row_leaves_a_report_of_what_was_done(trading, tradedesk):
    (trading / "eurusd.csv").write_text((trading / "eurusd.csv").read_text().replace("1.003", "1.0x", 1))

    ended = tradedesk("backtest", "portfolio.toml", "--report", "r.html")

    rule = "'1.0x' is not a number; write it with digits and a decimal point only"
    assert ended.code == 1
    assert f"tradedesk: the run failed: eurusd.csv, line 5, column 'open': {rule}\n" == ended.err
    assert "in the first 3 slices" in ended.out
    assert "The run ended before its data: RowError: eurusd.csv, line 5" in (trading / "r.html").read_text()


@pytest.mark.parametrize(("word", "profit"), [("quarantine", "8.00"), ("flatten", "4.00")])
@pytest.mark.parametrize("dispatch", ["actors", "direct"])
def test_the_others_go_on_without_a_strategy_that_fails_where_the_file_says_so(
    trading, tradedesk, dispatch, word, profit
):
    edit(
        trading,
        ("budget = 12.0", f'budget = 12.0\non_failure = "{word}"\ndispatch = "{dispatch}"'),
        ('file = "eurusd.csv"', 'file = "eurusd.csv"\nparameters = { crashes_at = 5 }'),
    )

    ended = tradedesk("backtest", "portfolio.toml")

    assert (ended.code, ended.err) == (0, "")
    # allocated for half of ten slices, and four of five candles handled
    assert words(ended.out, "EURUSD ")[:4] == ["EURUSD", "4", "50.0%", "6.00"]
    # what was open is marked to the last close, or closed at the open of the sixth candle
    assert words(ended.out, "EURUSD ")[-2] == profit
    assert words(ended.out, "GBPUSD")[1:5] == ["8", "100.0%", "9.00", "12.00"]
    assert figure(ended.out, "largest total held") == "12.00"
    assert figure(ended.out, "faults") == "1"
    assert re.search(
        r"^EURUSD was quarantined in slice 5: LookupError: crashed with 1 fills heard \(house_strategies.py, line \d+\)$",
        ended.out,
        re.MULTILINE,
    )


@pytest.mark.parametrize("dispatch", ["actors", "direct"])
def test_an_interrupt_ends_after_the_slice_with_a_report_of_what_was_done(trading, capfd, dispatch):
    edit(trading, (":Holder", ":Signalled"))
    before = signal.getsignal(signal.SIGINT)

    code = main(["backtest", "portfolio.toml", "--dispatch", dispatch, "--report", "r.html", "--output", "t"])

    out, err = capfd.readouterr()
    first = "tradedesk: ending after this slice; interrupt once more to end at once, without a report\n"
    assert (code, err) == (130, f"{first}tradedesk: interrupted\n")
    assert "\nended early: what follows is what was done in the first 5 slices\n" in out
    assert figure(out, "slices") == "5"
    page = (trading / "r.html").read_text()
    assert '<p class="notice">The run ended before its data: KeyboardInterrupt</p>' in page
    assert len((trading / "t" / "curves.csv").read_text().splitlines()) == 1 + 5
    assert signal.getsignal(signal.SIGINT) is before


def test_a_second_interrupt_ends_at_once(trading, tradedesk):
    edit(trading, (":Holder", ":Signalled"), ('file = "gbpusd.csv"', 'file = "gbpusd.csv"\nparameters = { often = 2 }'))

    ended = tradedesk("backtest", "portfolio.toml", "--report", "r.html")

    assert (ended.code, ended.out, ended.err) == (130, "", "tradedesk: interrupted\n")
    assert not (trading / "r.html").exists()


def test_an_interrupt_ends_with_one_line(trading, tradedesk):
    edit(trading, (":Holder", ":Interrupted"))

    assert tradedesk("backtest", "portfolio.toml") == (130, "", "tradedesk: interrupted\n")


# Mistakes -----------------------------------------------------------------------------------------------------


def test_a_backtest_needs_a_broker(folder, tradedesk):
    ended = tradedesk("backtest", "portfolio.toml")

    rule = "broker: required table is missing; a backtest needs at least its `cash`"
    assert (ended.code, ended.out, ended.err) == (2, "", f"tradedesk: portfolio.toml has 1 mistake:\n  {rule}\n")


def test_a_run_has_no_desk_to_trade_at(trading, tradedesk):
    ended = tradedesk("run", "portfolio.toml")

    rule = "Holder gives orders at a desk, and a run has no broker; use `tradedesk backtest`"
    assert (ended.code, ended.err) == (
        2,
        f"tradedesk: portfolio.toml has 2 mistakes:\n  sleeve[0].strategy: {rule}\n  sleeve[1].strategy: {rule}\n",
    )


def test_a_file_with_a_broker_runs_without_it(trading, tradedesk):
    edit(trading, (":Holder", ":Steady"))

    assert tradedesk("run", "portfolio.toml").code == 0


def test_every_mistake_of_a_broker_and_a_backtest_is_named_at_once(trading, tradedesk):
    edit(
        trading,
        ("cash = 10_000.0\n", ""),
        ('file = "gbpusd.csv"', 'file = "gbpusd.csv"\nparameters = { size = -1, sise = 2 }'),
    )
    with (trading / "portfolio.toml").open("a") as file:
        file.write(
            """\
spread = -1
fill = "next"
slippage = { bps = "x", points = -2 }
commission = 3
financing = { rollover = 22, long = inf, days_in_year = 0 }
slip = 3

[broker.instruments.EURUSD]
spread = "f"
currency = ""

[broker.worth]
JPY = { instrument = "USDJPY", inverted = 1 }
EUR = 0

[backtest]
warm_up = -3
since = "2012"
until = 3
periods_per_year = 0.0
"""
        )

    assert tradedesk("backtest", "portfolio.toml") == (
        2,
        "",
        """\
tradedesk: portfolio.toml has 19 mistakes:
  broker.spread: must be finite and at least 0, got -1.0
  broker.slippage.points: must be finite and at least 0, got -2.0
  broker.slippage.bps: expected a number, got str 'x'
  broker.commission: expected a table, got int 3
  broker.financing.long: must be finite, got inf
  broker.financing.rollover: expected a time like 22:00:00, got int 22
  broker.financing.days_in_year: must be at least 1, got 0
  broker.cash: required key is missing
  broker.fill: expected 'next_open' or 'same_close' or 'next_close', got 'next' (did you mean 'next_open'?)
  broker.instruments.EURUSD.currency: must not be empty
  broker.instruments.EURUSD.spread: expected a number, got str 'f'
  broker.worth.JPY.inverted: expected true or false, got int 1
  broker.worth.EUR: must be finite and above 0, got 0.0
  broker.slip: unknown key (did you mean 'slippage'?)
  backtest.warm_up: must be at least 0, got -3
  backtest.periods_per_year: must be finite and above 0, got 0.0
  backtest.since: expected a date like 2012-01-31 or 2012-01-31T22:00:00Z, got str '2012'
  backtest.until: expected a date like 2012-01-31 or 2012-01-31T22:00:00Z, got int 3
  sleeve[1].parameters.sise: Holder takes no such parameter (did you mean 'size'?)
""",
    )


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        (
            "[broker.instruments.EURUS]\nspread = 1",
            "broker.instruments.EURUS: no sleeve trades it (did you mean 'EURUSD'?)",
        ),
        (
            '[broker.worth]\nJPY = { instrument = "USDJPY" }',
            "broker.worth.JPY.instrument: no sleeve trades 'USDJPY' (known: EURUSD, GBPUSD)",
        ),
        (
            '[broker.instruments.EURUSD]\ncurrency = "JPY"',
            "broker.worth.JPY: is missing: 'EURUSD' is quoted in JPY, and nothing says what that is worth in USD",
        ),
        (
            "min_size = 10\nmax_size = 5",
            "broker: Terms.max_size is 5.0 and min_size 10.0; max_size must not be smaller",
        ),
        ("[backtest]\nsince = 2012-01-01\nuntil = 2011-01-01", "backtest.until: must be later than `since`"),
    ],
)
def test_what_does_not_go_together_is_named(trading, tradedesk, text, mistake):
    with (trading / "portfolio.toml").open("a") as file:
        file.write(f"{text}\n")

    assert tradedesk("backtest", "portfolio.toml").err == f"tradedesk: portfolio.toml has 1 mistake:\n  {mistake}\n"
