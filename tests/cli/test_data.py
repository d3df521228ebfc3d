"""`tradedesk data check`: findings of files as tables, and the exit code."""

import pytest

from tests.cli.conftest import csv_text

FAULTY = """\
timestamp,open,high,low,close,volume
2020-01-01,1.2,1.4,1.1,1.3,10
2020-01-02,1.2,1.1,1.1,1.3,10
2020-01-02,1.2,1.4,1.1,1.3,10
2020-01-03,1.2,,1.1,1.3,-1
2020-01-04,1.2,1.4
"""

FAULTY_SHOWN = """\
faulty.csv: 5 rows, 2020-01-01 to 2020-01-03
The period is DAY: 100.0% of the steps between the first 3 times.
Candles usually stand at Wed to Fri UTC, in at least half of 1 week; too few to look for gaps.

finding        count   first of them
─────────────────────────────────────────────────────────────────────────────────
broken rows        1   line 6: 3 fields instead of 6
not a number       1   line 5, 2020-01-03: high ''
crossed            1   line 3, 2020-01-02: open 1.2, high 1.1, low 1.1, close 1.3
time repeats       1   line 4, 2020-01-02: with other values

1 file: 0 clean, 1 with findings, 0 unreadable.
"""


def stripped(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


@pytest.fixture(autouse=True)
def faulty(folder):
    (folder / "faulty.csv").write_text(FAULTY)


def test_every_fault_of_a_file_is_told_in_one_go(tradedesk):
    ended = tradedesk("data", "check", "faulty.csv")

    assert (ended.code, stripped(ended.out), ended.err) == (1, FAULTY_SHOWN, "")


def test_a_clean_file_says_what_was_inferred_and_that_nothing_was_found(tradedesk, folder):
    (folder / "clean.csv").write_text("timestamp,open,high,low,close\n2020-01-01,1,1,1,1\n")

    assert tradedesk("data", "check", "clean.csv") == (
        0,
        (
            "clean.csv: 1 row, 2020-01-01 to 2020-01-01\n"
            "No period could be inferred from a single time.\n"
            "Nothing was found.\n"
            "\n"
            "1 file: 1 clean, 0 with findings, 0 unreadable.\n"
        ),
        "",
    )


def test_a_given_period_stands_for_the_inferred_one(tradedesk):
    out = tradedesk("data", "check", "eurusd.csv", "--period", "2HOUR").out

    assert "The period is" not in out
    assert "02:00" not in tradedesk("data", "check", "eurusd.csv").out


def test_the_worst_file_decides_and_all_are_checked(tradedesk):
    ended = tradedesk("data", "check", "absent.csv", "faulty.csv", "eurusd.csv")

    assert ended.code == 2
    assert ended.out.startswith(
        "absent.csv\nCannot be read: absent.csv: cannot be read: No such file or directory\n\nfaulty.csv: 5 rows"
    )
    assert ended.out.endswith("\n3 files: 1 clean, 1 with findings, 1 unreadable.\n")


def test_a_file_that_breaks_off_keeps_its_findings(tradedesk, folder):
    (folder / "faulty.csv").write_bytes(FAULTY.encode() + b'"')

    ended = tradedesk("data", "check", "faulty.csv")

    assert ended.code == 2
    assert "\nCannot be read on: faulty.csv, line 7: not CSV (unexpected end of data); look for a quote" in ended.out
    assert "\ncrossed " in ended.out


def test_a_notice_is_marked_and_no_finding(tradedesk, folder):
    days = [day for day in range(1, 29) if day != 15]
    rows = "".join(f"2021-02-{day:02d},{day},{day},{day},{day}\n" for day in days)
    (folder / "days.csv").write_text("timestamp,open,high,low,close\n" + rows)

    ended = tradedesk("data", "check", "days.csv")

    assert ended.code == 0
    assert "days without candles (notice)       1   2021-02-15T00:00:00Z: 1 missing\n" in ended.out


def test_a_name_in_brackets_is_printed_as_it_is(tradedesk, folder):
    (folder / "[red]a.csv").write_text(csv_text(3))

    assert tradedesk("data", "check", "[red]a.csv").out.startswith("[red]a.csv: 3 rows, 1600000000 to 1600028800\n")


@pytest.mark.parametrize(
    ("tokens", "sentence"),
    [
        (("data", "check"), "name the files to check"),
        (
            ("data", "check", "faulty.csv", "--period", "4h"),
            (
                "Invalid value \"4h\" for --period. period '4h' is not a count and a unit, like 15MINUTE or DAY; "
                "the units are SECOND, MINUTE, HOUR, DAY, WEEK, MONTH"
            ),
        ),
        (("data", "chek"), 'Unknown command "chek". Did you mean "check"? Available commands: check.'),
    ],
)
def test_a_slip_is_answered_in_one_line(tradedesk, tokens, sentence):
    assert tradedesk(*tokens) == (2, "", f"tradedesk: {sentence}\n")


def test_the_help_explains_each_kind_of_finding(tradedesk):
    out = " ".join(tradedesk("data", "check", "--help").out.split())

    assert "outliers: z = 0.6745 |r| / median |r| above 20:" in out
    assert "The exit code is 0 if all are clean, 1 if there are findings, 2 if a file cannot be read." in out
