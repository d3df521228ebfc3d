"""Options of pytest for tests that are `explored`; installed with the package, and idle for all other tests.

It stands beside pytest-trio: an explored test is a plain function, which runs trio by itself. At the end stands a line
for each of them, unless pytest is told to be quiet.
"""

import inspect
from typing import Final

import pytest

from actors.testing._explored import Exploration

_PROPERTY: Final = "explored schedules"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Called by pytest."""
    group = parser.getgroup("actors", "exploration of schedules (actors.testing)")
    group.addoption("--schedule", metavar="SCHEDULE", help="replay this one: the word in a report")
    group.addoption("--schedules", type=int, metavar="N", help="how many an explored test tries")
    group.addoption("--explore-seconds", type=float, metavar="S", help="CPU time after which an explored test stops")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Called by pytest; explores the test if it is one of ours."""
    exploration = getattr(pyfuncitem.obj, "exploration", None)
    if not isinstance(exploration, Exploration):
        return None
    options = pyfuncitem.config.option
    others = {"schedules": options.schedules, "seconds": options.explore_seconds}
    owner = getattr(pyfuncitem.obj, "__self__", None)  # of a method
    exploration.run(
        () if owner is None else (owner,),
        {name: pyfuncitem.funcargs[name] for name in inspect.signature(pyfuncitem.obj).parameters},
        schedule=options.schedule,
        others={name: value for name, value in others.items() if value is not None},
        test=pyfuncitem.nodeid,
        seen=lambda report: pyfuncitem.user_properties.append((_PROPERTY, report.summary)),
    )
    return True


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Called by pytest; says of each explored test what was tried, and whether that was all."""
    lines = [
        f"{report.nodeid}: {text}"
        for reports in terminalreporter.stats.values()
        for report in reports
        if isinstance(report, pytest.TestReport) and report.when == "call"
        for name, text in report.user_properties
        if name == _PROPERTY
    ]
    if lines and terminalreporter.verbosity >= 0:
        terminalreporter.write_sep("=", "explored schedules")
        for line in sorted(lines):
            terminalreporter.write_line(line)
