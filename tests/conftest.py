"""What every test shares: the Hypothesis profile and the way to reference data that lives beside the repository."""

import os
from collections.abc import Callable
from pathlib import Path

import hypothesis
import pytest

hypothesis.settings.register_profile(
    "tradedesk",
    # Under CI Hypothesis would load its own profile, which silences a health check; ours starts from the plain one.
    parent=hypothesis.settings.get_profile("default"),
    deadline=None,
    print_blob=True,
    derandomize="CI" in os.environ,
)
hypothesis.settings.load_profile("tradedesk")


@pytest.fixture(scope="session")
def shared_path() -> Callable[..., Path]:
    """`shared_path("data", "fx")`: a path in the reference material, or a skip that says what is missing."""
    return find_shared


def find_shared(*parts: str) -> Path:
    beside = Path(__file__).parents[2] / "shared"
    path = Path(os.environ.get("TRADEDESK_SHARED", beside)).joinpath(*parts)
    if not path.exists():
        pytest.skip(f"{'/'.join(parts)} is reference material: set TRADEDESK_SHARED to the folder that holds it")
    return path
