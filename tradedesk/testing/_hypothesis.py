"""Hypothesis, as this package uses it; the one module that says what to install when it is missing."""

try:
    from hypothesis import HealthCheck, Phase, find, settings
    from hypothesis import strategies as st
    from hypothesis.errors import Flaky, NoSuchExample
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] != "hypothesis":
        raise
    raise ModuleNotFoundError(
        "tradedesk.testing needs Hypothesis: pip install 'tradedesk-actors[testing]'", name="hypothesis"
    ) from error

__all__ = ["Flaky", "HealthCheck", "NoSuchExample", "Phase", "find", "settings", "st"]
