"""An async test that is explored: a plain function for any test framework, which the pytest plugin knows more about."""

import inspect
import shlex
from collections.abc import Awaitable, Callable, Mapping
from functools import partial, update_wrapper
from typing import Any

import attrs

from actors.testing._explore import explore, replay
from actors.testing._lab import Lab
from actors.testing._report import NotExhausted, Report


@attrs.frozen
class Exploration:
    """What the plugin for pytest needs to know of a test.

    Attributes:
        body: the async function.
        options: of `explore`.
        exhausted: whether it fails when something is left to try.
    """

    body: Callable[..., Awaitable[object]]
    options: Mapping[str, Any]
    exhausted: bool = False

    def run(
        self,
        arguments: tuple[object, ...],
        named: Mapping[str, object],
        *,
        schedule: str | None = None,
        others: Mapping[str, object] | None = None,
        test: str | None = None,
        seen: Callable[[Report], object] | None = None,
    ) -> None:
        """Explore, or replay one schedule.

        Args:
            arguments: of the test, without the lab.
            named: those that are passed by name.
            schedule: the one to replay.
            others: options of `explore` instead of those of the test.
            test: how pytest calls it.
            seen: called with the report, whatever it says.

        Raises:
            NotExhausted: something is left to try, and neither the command line nor a failure is the reason.
        """
        __tracebackhide__ = True
        scenario = partial(_call, self.body, arguments, named)
        if schedule is not None:
            replay(scenario, schedule, steps=self.options.get("steps", 20_000))
            return
        report = explore(scenario, **{**self.options, **(others or {})})
        if seen is not None:
            seen(report)
        if report.failure is not None and test is not None:
            report.failure.error.add_note(f"replay: pytest {shlex.quote(test)} --schedule {report.failure.schedule}")
        report.check()
        if self.exhausted and not report.exhausted and not others:
            raise NotExhausted(
                f"it was to try everything: {report.summary}; give it more schedules and seconds, or less to do"
            )


def explored(
    *, exhausted: bool = False, **options: Any
) -> Callable[[Callable[..., Awaitable[object]]], Callable[..., None]]:
    """Make a test of an async function with a parameter ``lab`` that explores its schedules; `explore` has the options.

    The test is a plain function; all other parameters, such as fixtures, are handed on. Under pytest, ``--schedule``
    replays one schedule and ``--schedules`` says how many to try.

    Args:
        exhausted: fail (`NotExhausted`) when something was left to try, so that no proof becomes a sample unseen.
        options: of `explore`.
    """
    unknown = sorted(set(options) - set(inspect.signature(explore).parameters) | set(options) & {"scenario"})
    if unknown:
        raise TypeError(f"explored() has no option {', '.join(unknown)}: it takes those of explore()")

    def decorate(body: Callable[..., Awaitable[object]]) -> Callable[..., None]:
        if not inspect.iscoroutinefunction(body):
            raise TypeError(
                f"{body.__qualname__}() must be async def, without yield: async def {body.__name__}(lab): ..."
            )
        exploration = Exploration(body, options, exhausted)
        signature = inspect.signature(body)
        others = [each for name, each in signature.parameters.items() if name != "lab"]
        if len(others) == len(signature.parameters):
            raise TypeError(f"{body.__qualname__}() needs a parameter named lab: async def {body.__name__}(lab): ...")

        def test(*args: object, **kwargs: object) -> None:
            __tracebackhide__ = True
            exploration.run(args, kwargs)

        update_wrapper(test, body)
        del test.__wrapped__  # type: ignore[attr-defined] # or others take it for the async function that it wraps
        test.__signature__ = signature.replace(parameters=others)  # type: ignore[attr-defined]
        test.exploration = exploration  # type: ignore[attr-defined]
        return test

    return decorate


async def _call(
    body: Callable[..., Awaitable[object]], arguments: tuple[object, ...], named: Mapping[str, object], lab: Lab
) -> None:
    await body(*arguments, lab=lab, **named)
