"""`tradedesk check`: the laws of `tradedesk.testing`, held to the user's own code; loaded when it is asked for."""

import sys
from collections.abc import Callable, Sequence
from inspect import Parameter as Named
from inspect import iscoroutinefunction, isfunction, signature
from pathlib import Path
from typing import Annotated, Any, Final

from cyclopts import Parameter

from tradedesk.cli._guard import FAILED, Foreign
from tradedesk.cli._load import LoadError, load_module, told
from tradedesk.cli._mistakes import UsageError, one_of
from tradedesk.cli._policy import amount

_missing: str | None = None
try:
    from tradedesk.testing import SLEEVES, Verdicts, policy_verdicts, strategy_verdicts
except ModuleNotFoundError as error:
    if error.name != "hypothesis":
        raise
    _missing = str(error)

_BUDGETS: Final = ("portfolio_risk_budget", "budget")
_FILLED_IN: Final = ("instrument", "desk", "candles")

Count = Annotated[int, Parameter(help="How many cases to try.")]  # in a docstring "examples" heads a section
Names = Annotated[tuple[str, ...], Parameter(negative=(), consume_multiple=False)]


def check(
    reference: str,
    /,
    *,
    examples: Count = 100,
    skip: Names = (),
    extra: Names = (),
    budget: float = 100.0,
    sleeve: Names = (),
    candles: int = 40,
    warm_up: int | None = None,
    restart: bool = False,
    zero_risk: bool = False,
) -> int:
    """Hold a policy or a strategy of yours to its laws, and show the smallest case that breaks one.

    Parameters
    ----------
    reference
        `module:object`, the module in this folder or installed: a policy, its class, the class of a strategy, or a
        function that makes one of them. Of its parameters `instrument`, `desk`, `candles` and `budget` are filled in.
    skip
        A law that need not be kept; may be given more than once.
    extra
        A law of policies to hold besides: fully_invested, monotone, stable_under_irrelevant.
    budget
        The budget that a policy is made with, if it takes one.
    sleeve
        A sleeve that a policy is asked for, if it knows some only; give each. Else A to H.
    candles
        Most candles of a series that a strategy is given.
    warm_up
        Test that a strategy reports the same once it was given so many candles.
    restart
        Test that a strategy that is pickled and read again goes on as if nothing had been.
    zero_risk
        Test that a strategy opens nothing while its risk is 0.
    """
    if _missing is not None:
        raise UsageError(_missing)
    subject = _load(reference)
    policy = _policy(subject, reference, budget)
    try:
        if policy is not None:
            found = policy_verdicts(policy, sleeves=sleeve or SLEEVES, skip=skip, extra=extra, examples=examples)
        else:
            _refuse(extra, "--extra is for policies, and this is a strategy")
            found = strategy_verdicts(
                subject,
                skip=skip,
                examples=examples,
                candles=candles,
                warm_up=warm_up,
                restart=restart,
                zero_risk=zero_risk,
            )
    except (TypeError, ValueError) as error:  # of the kit itself: what the user's code raises breaks a law
        raise UsageError(f"{reference} cannot be checked: {error}") from error
    return _show(found)


def _show(found: "Verdicts") -> int:
    print(found)  # noqa: T201 - the command's own output
    broken, whole = len(found.broken), len(found)
    print(f"\n{broken} of {whole} laws broken." if broken else f"\nAll {whole} laws hold.")  # noqa: T201
    return FAILED if broken else 0


def _refuse(given: Sequence[str], why: str) -> None:
    if given:
        raise ValueError(why)


def _load(reference: str) -> Any:
    """Import what `module:object` names, from this folder or from what is installed.

    Raises:
        UsageError: It is not there, or the module fails.
    """
    module_name, _, name = reference.partition(":")
    if not (name.isidentifier() and all(part.isidentifier() for part in module_name.split("."))):
        raise UsageError(f"check takes 'module:object', like 'my_strategies:Mine', not {reference!r}")
    folder = Path.cwd()
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    try:
        module = load_module(module_name, folder, "in this folder")
    except LoadError as error:
        raise UsageError(str(error)) from error
    names = {each: value for each, value in vars(module).items() if not each.startswith("_")}
    if name not in names:
        near = [each for each, value in names.items() if callable(value)]
        raise UsageError(f"module {module_name!r} has no object {name!r}{one_of(name, near)}")
    return names[name]


def _policy(subject: Any, reference: str, budget: float) -> Any:
    """Return the policy that is meant; None for the maker of a strategy.

    Raises:
        UsageError: It is neither, or cannot be made.
    """
    if not isinstance(subject, type) and _is_policy(subject):
        return subject
    if isinstance(subject, type) and _is_policy(subject):
        return _made(subject, reference, budget)
    if isinstance(subject, type) and _is_strategy(subject):
        return None
    if isfunction(subject):
        if iscoroutinefunction(subject) or any(name in _FILLED_IN for name in _needed(subject)):
            return None
        made = _made(subject, reference, budget)
        return made if _is_policy(made) else None
    if _is_strategy(subject):
        raise UsageError(
            f"{reference!r} is a strategy, and a check takes new ones: name its class, or a function that makes one"
        )
    raise UsageError(
        f"{reference!r} is of type {type(subject).__name__ if not isinstance(subject, type) else 'class'}, and is "
        "neither a policy nor a strategy: name a policy, the class of a strategy, or a function that makes one"
    )


def _is_policy(thing: object) -> bool:
    return any(callable(getattr(thing, method, None)) for method in ("allocate", "allocate_with"))


def _is_strategy(thing: object) -> bool:
    return callable(getattr(thing, "set_risk_per_trade", None))


def _needed(make: Callable[..., Any]) -> dict[str, Named]:
    try:
        parameters = signature(make).parameters.values()
    except ValueError:
        return {}
    variable = (Named.VAR_POSITIONAL, Named.VAR_KEYWORD)
    return {each.name: each for each in parameters if each.default is each.empty and each.kind not in variable}


def _made(make: Callable[..., Any], reference: str, budget: float) -> Any:
    """Call the class of a policy, or a function, with the budget if it wants one."""
    try:
        amount(budget)
    except ValueError as error:
        raise UsageError(f"--budget {error}") from error
    needed = _needed(make)
    given = {name: budget for name in needed if name in _BUDGETS}
    if unknown := [name for name in needed if name not in given]:
        arguments = ", ".join(f"{name}=..." for name in unknown)
        module, _, name = reference.partition(":")
        raise UsageError(
            f"{name} needs {', '.join(unknown)}: write a function that gives them, such as `def make(budget): "
            f"return {name}(budget, {arguments})`, and check '{module}:make'"
        )
    with Foreign() as foreign:
        return make(**given)
    raise UsageError(f"{reference!r} fails when it is called: {told(foreign.error)}")
