"""What ends a command: which errors become a line, and which are faults of our own."""

import pytest

from tradedesk.cli._guard import Foreign, Guard, RunError, judge
from tradedesk.portfolio import UnknownInstrumentError


def raised_by(module: str, error: BaseException) -> BaseException:
    """The error, as if code of this module had raised it."""
    with pytest.raises(type(error)) as caught:
        exec("raise error", {"__name__": module, "error": error})  # noqa: S102 - frames of a made-up module
    return error.with_traceback(caught.tb.tb_next)


def test_a_fault_of_our_own_passes_and_prints_nothing(capsys):
    error = raised_by("tradedesk.cli._play", ZeroDivisionError())

    assert Guard().__exit__(None, error, None) is False
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("module", ["tradedesk.portfolio.runner", "trio._core._run", "contextlib", "cyclopts.core"])
def test_frames_of_ours_and_of_the_library_below_are_no_users_code(module):
    assert judge(raised_by(module, KeyError("x"))) is None


def test_an_error_of_the_portfolio_is_told_in_its_own_words():
    code, text = judge(UnknownInstrumentError("X", ["Y"]))

    assert code == 1
    assert text.startswith("the run failed: no sleeve trades 'X'; this portfolio trades 'Y'.")


def test_an_interrupt_inside_a_group_is_an_interrupt():
    group = BaseExceptionGroup("g", [raised_by("mine", ValueError()), BaseExceptionGroup("h", [KeyboardInterrupt()])])

    assert judge(group) == (130, "interrupted")


def test_what_could_not_be_saved_is_told_beside_an_interrupt():
    assert judge(BaseExceptionGroup("", [KeyboardInterrupt(), RunError("no room")])) == (130, "interrupted\nno room")


def test_a_group_with_one_fault_of_our_own_passes():
    group = ExceptionGroup("g", [raised_by("mine", ValueError()), raised_by("trio", KeyError())])

    assert judge(group) is None


def test_a_process_that_wants_to_exit_exits():
    with pytest.raises(SystemExit), Guard():
        raise SystemExit(3)


@pytest.mark.parametrize("error", [ValueError("x"), SystemExit(0)])
def test_what_the_users_code_raises_is_kept(error):
    with Foreign() as foreign:
        raise error

    assert foreign.error is error


def test_an_interrupt_in_the_users_code_is_not_kept():
    with pytest.raises(KeyboardInterrupt), Foreign():
        raise KeyboardInterrupt
