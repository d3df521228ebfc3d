"""The types carry the protocol: mypy --strict accepts what is right and refuses what is not."""

from pathlib import Path

import pytest

TYPING = Path(__file__).parents[1] / "typing"


@pytest.mark.parametrize("page", ["actors_api.py", "actors_testing_api.py"])
def test_mypy_knows_the_types_of_messages_and_replies(tmp_path, page):
    api = pytest.importorskip("mypy.api", reason="mypy is a tool of development")
    settings = ["--strict", "--config-file=", f"--cache-dir={tmp_path}"]
    output, errors, status = api.run([*settings, str(TYPING / page)])
    assert (status, errors) == (0, ""), output
