"""Runs of a portfolio file: streams of the user's own candles through the user's own strategies."""

import gc
import os
import pty
import re
import signal
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest
import trio

from tradedesk.cli._play import play
from tradedesk.cli._toml import read_desk


def words(text: str, start: str) -> list[str]:
    return next(line.split() for line in text.splitlines() if line.startswith(start))


def edit(folder: Path, *changes: tuple[str, str]) -> None:
    file = folder / "portfolio.toml"
    text = file.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file.write_text(text)


@pytest.mark.parametrize("dispatch", ["actors", "direct"])
def test_sleeves_share_the_budget(folder, tradedesk, dispatch):
    edit(folder, ("budget = 12.0", f'budget = 12.0\ndispatch = "{dispatch}"'))

    ended = tradedesk("run", "portfolio.toml")

    assert (ended.code, ended.err) == (0, "")
    assert words(ended.out, "EURUSD") == ["EURUSD", "10", "100.0%", "6.00", "6.00"]
    assert words(ended.out, "GBPUSD") == ["GBPUSD", "8", "100.0%", "6.00", "6.00"]
    assert words(ended.out, "largest total held")[-1] == "12.00"
    assert words(ended.out, "budget")[-1] == "12.00"
    assert words(ended.out, "slices")[-1] == "10"
    assert ended.out.endswith("\nThe largest total held did not exceed the budget.\n")


def test_a_file_in_another_folder_finds_its_neighbours(folder, tradedesk, tmp_path_factory, monkeypatch):
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))

    assert tradedesk("run", str(folder / "portfolio.toml")).code == 0


def test_two_sleeves_of_one_instrument_and_period_share_its_candles(folder, tradedesk):
    edit(folder, ('"GBPUSD"', '"EURUSD"\nname = "second"'), ("gbpusd.csv", "eurusd.csv"))

    out = tradedesk("run", "portfolio.toml").out

    assert words(out, "second")[:2] == ["second", "10"]
    assert words(out, "candles ")[-1] == "20"


def test_a_sleeve_gets_the_candles_of_its_own_period_only(folder, tradedesk):
    edit(folder, ('"GBPUSD"\nperiod = "4HOUR"', '"EURUSD"\nname = "slow"\nperiod = "DAY"'))

    out = tradedesk("run", "portfolio.toml").out

    assert words(out, "EURUSD")[1] == "10"
    assert words(out, "slow")[1] == "8"


def test_the_stamp_decides_which_candles_meet(folder, tradedesk):
    edit(folder, ('"gbpusd.csv"', '"gbpusd.csv"\nstamp = "close"'))

    assert words(tradedesk("run", "portfolio.toml").out, "slices")[-1] == "11"


def test_a_name_in_brackets_is_printed_as_it_is(folder, tradedesk):
    edit(folder, ('"EURUSD"', '"EURUSD"\nname = "[bold]one[/bold]"'))

    assert "[bold]one[/bold]" in tradedesk("run", "portfolio.toml").out


def test_a_shipped_strategy_can_be_named(folder, tradedesk):
    parameters = 'strategy = "tradedesk.strategies:VolatilityRegime"\nparameters = { window = 2 }'
    edit(folder, ('strategy = "house_strategies:Steady"\n\n', f"{parameters}\n\n"))

    assert tradedesk("run", "portfolio.toml").code == 0


# Failures -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dispatch", ["actors", "direct"])
def test_a_strategys_exception_shows_the_users_lines_only(folder, tradedesk, dispatch):
    edit(
        folder,
        ("budget = 12.0", f'budget = 12.0\ndispatch = "{dispatch}"'),
        (":Steady", ":Crash"),
        ("level = 2.0", "level = 1.503"),
        ('"eurusd.csv"', '"eurusd.csv"\nparameters = { level = 9 }'),
    )

    ended = tradedesk("run", "portfolio.toml")

    assert (ended.code, ended.out) == (1, "")
    assert (
        ended.err
        == f"""\
tradedesk: the run failed:
Traceback (most recent call last):
  File "{folder}/house_strategies.py", line 48, in on_candle_close
    self.look_up(event.candle)
  File "{folder}/house_strategies.py", line 51, in look_up
    raise LookupError(f"no level for {{candle.close}}")
LookupError: no level for 1.503
in sleeve 'GBPUSD', candle GBPUSD 4HOUR Candle(timestamp='1600043200', open=1.503, high=1.503, low=1.503, \
close=1.503, volume=0.0, tick_count=0), slice 4
"""
    )


def test_several_strategies_that_fail_in_one_slice_are_all_shown(folder, tradedesk):
    edit(folder, (":Steady", ":Crash"), ("level = 2.0", "level = 1.0"))

    err = tradedesk("run", "portfolio.toml").err

    assert re.findall(r"^in sleeve '(\w+)'.* (slice \d)$", err, re.MULTILINE) == [
        ("EURUSD", "slice 1"),
        ("GBPUSD", "slice 1"),
    ]


def test_a_bad_row_is_named_by_the_reader(folder, tradedesk):
    (folder / "eurusd.csv").write_text((folder / "eurusd.csv").read_text().replace("1.003", "1.0x", 1))

    ended = tradedesk("run", "portfolio.toml")

    rule = "'1.0x' is not a number; write it with digits and a decimal point only"
    sentence = f"tradedesk: the run failed: eurusd.csv, line 5, column 'open': {rule}\n"
    assert (ended.code, ended.out, ended.err) == (1, "", sentence)


@pytest.mark.parametrize("dispatch", ["actors", "direct"])
def test_an_interrupt_ends_with_one_line(folder, tradedesk, dispatch):
    edit(folder, ("budget = 12.0", f'budget = 12.0\ndispatch = "{dispatch}"'), (":Steady", ":Interrupted"))

    assert tradedesk("run", "portfolio.toml") == (130, "", "tradedesk: interrupted\n")


# Processes ----------------------------------------------------------------------------------------------------

ENVIRONMENT = {key: value for key, value in os.environ.items() if key not in {"FORCE_COLOR", "TTY_COMPATIBLE"}}
ENVIRONMENT |= {"TERM": "xterm-256color", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def start(*tokens: str, **streams: object) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-m", "tradedesk", *tokens], text=True, env=ENVIRONMENT, **streams)


def test_ctrl_c_ends_a_running_command_with_130(folder):
    edit(folder, (":Steady", ":Patient"))
    with start("run", "portfolio.toml", stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)

    assert (process.returncode, err) == (130, "tradedesk: interrupted\n")


def test_without_a_terminal_there_are_no_escape_codes_and_no_bar(folder):
    process = start("demo", "--dispatch", "direct", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = process.communicate(timeout=60)

    assert (process.returncode, err) == (0, "")
    assert "\x1b" not in out
    assert "\r" not in out


def test_on_a_terminal_there_is_a_bar_beside_the_clean_output(folder):
    ours, theirs = pty.openpty()
    process = start("run", "portfolio.toml", stdout=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    out, _ = process.communicate(timeout=60)
    shown = os.read(ours, 1 << 16).decode()
    os.close(ours)

    assert process.returncode == 0
    assert "portfolio.toml" in shown
    assert "/18" in shown  # as many candles as both files hold
    assert "\x1b" in shown
    assert "\x1b" not in out


def test_a_reader_that_leaves_early_is_no_crash(folder):
    with start("demo", "--dispatch", "direct", stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        shown = process.stderr.read()

    assert (process.returncode, shown) == (1, "")


# Bounds -------------------------------------------------------------------------------------------------------


def peak(folder: Path, rows: int) -> int:
    """The most that was allocated at one moment of a run over two files of so many rows."""
    lines = [f"{1_600_000_000 + row * 14_400},1,1,0,{1 - row % 7 / 10}" for row in range(rows)]
    for name in ("eurusd", "gbpusd"):
        (folder / f"{name}.csv").write_text("\n".join(["timestamp,open,high,low,close", *lines, ""]))
    del lines
    desk = read_desk(folder / "portfolio.toml")
    gc.collect()
    gc.freeze()  # so that the collections below look at the run only
    tracemalloc.start()
    try:
        # A collection empties the interpreter's free lists, which fill up to 100 KB in the first 15,000 candles.
        outcome = trio.run(play, desk, lambda _: gc.collect())
        assert outcome.figures.candles == 2 * rows
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        gc.unfreeze()


@pytest.mark.parametrize("dispatch", ["actors", "direct"])
def test_memory_does_not_depend_on_the_length_of_the_files(folder, dispatch):
    edit(
        folder,
        ("budget = 12.0", f'budget = 12.0\ndispatch = "{dispatch}"'),
        ("house_strategies:Steady", "tradedesk.strategies:VolatilityRegime"),
        ("level = 2.0", "window = 5"),
    )
    peak(folder, 100)  # what the first run leaves behind for good

    short, long = peak(folder, 1_000), peak(folder, 4_000)

    assert long < short + 20_000


def test_eight_years_of_three_currencies_run(folder, tradedesk, shared_path):
    data = shared_path("data", "fx")
    text = "[portfolio]\nbudget = 100.0\ndefault_risk_per_trade = 10.0\n"
    for name in ("eurusd", "gbpusd", "usdjpy"):
        text += (
            f'[[sleeve]]\ninstrument = "{name.upper()}"\nperiod = "4HOUR"\nfile = "{data / name}_4h.csv"\n'
            'strategy = "tradedesk.strategies:VolatilityRegime"\nparameters = { window = 30, multiple = 2.0 }\n'
        )
    (folder / "fx.toml").write_text(text)

    ended = tradedesk("run", "fx.toml")

    assert (ended.code, ended.err) == (0, "")
    assert [words(ended.out, name)[1] for name in ("EURUSD", "GBPUSD", "USDJPY")] == ["14,400"] * 3
    assert words(ended.out, "candles ")[-1] == "43,200"
    assert "did not exceed the budget" in ended.out
