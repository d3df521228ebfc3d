"""The command line itself: help, version, slips of the finger, a missing extra."""

import subprocess
import sys

import pytest

from tradedesk import __version__

WITHOUT = """
import runpy, sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == {package!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Missing())
runpy.run_module("tradedesk", run_name="__main__")
"""


def test_the_version_is_the_packages(tradedesk):
    assert tradedesk("--version") == (0, f"tradedesk {__version__}\n", "")


@pytest.mark.parametrize("tokens", [(), ("--help",)])
def test_help_names_the_commands(tradedesk, tokens):
    ended = tradedesk(*tokens)

    assert (ended.code, ended.err) == (0, "")
    for word in ("Run many candle strategies on one risk budget.", "demo", "run", "check", "--version"):
        assert word in ended.out


def test_the_help_of_run_shows_a_file_that_runs(tradedesk, folder):
    shown = tradedesk("run", "--help").out
    example = shown[shown.index("[portfolio]") : shown.index("The last three keys")]
    example = example.replace("my_strategies:Mine", "house_strategies:Steady").replace("threshold", "level")
    (folder / "portfolio.toml").write_text(example)

    assert tradedesk("run", "portfolio.toml").code == 0


@pytest.mark.parametrize(
    ("tokens", "sentence"),
    [
        (("demoo",), 'Unknown command "demoo". Did you mean "demo"? Available commands: demo, run, check, data.'),
        (("demo", "--budgt", "3"), "Unknown option: --budgt. Did you mean --budget?"),
        (("demo", "--budget", "lots"), 'Invalid value for --budget: unable to convert "lots" into float.'),
        (("demo", "--budget", "-5"), 'Invalid value "-5.0" for --budget. must be finite and at least 0, got -5.0'),
        (("demo", "--budget", "nan"), 'Invalid value "nan" for --budget. must be finite and at least 0, got nan'),
    ],
)
def test_a_slip_is_answered_in_one_line(tradedesk, tokens, sentence):
    assert tradedesk(*tokens) == (2, "", f"tradedesk: {sentence}\n")


def test_run_without_a_file_says_so(tradedesk):
    assert tradedesk("run").code == 2


@pytest.mark.parametrize("package", ["cyclopts", "rich", "cattrs"])
def test_a_missing_extra_is_named_with_its_cure(package):
    ended = subprocess.run(
        [sys.executable, "-c", WITHOUT.format(package=package), "demo"], capture_output=True, text=True, check=False
    )

    cure = f"tradedesk: the command needs {package}: pip install 'tradedesk-actors[cli]'\n"
    assert (ended.returncode, ended.stdout, ended.stderr) == (2, "", cure)


def test_a_fault_of_our_own_is_not_taken_for_a_missing_extra():
    ended = subprocess.run(
        [sys.executable, "-c", WITHOUT.format(package="tomllib")], capture_output=True, text=True, check=False
    )

    assert ended.returncode == 1
    assert "No module named 'tomllib'" in ended.stderr
