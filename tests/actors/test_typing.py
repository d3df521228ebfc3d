"""The types carry the protocol: mypy and pyright, both strict, accept what is right and refuse what is not."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
APIS = sorted((ROOT / "tests" / "typing").glob("*.py"))
NAMES = [path.stem for path in APIS]

PYRIGHT = {
    "typeCheckingMode": "strict",
    "enableTypeIgnoreComments": True,
    "reportUnnecessaryTypeIgnoreComment": "error",  # each of them marks a wrong use
}


@pytest.mark.parametrize("path", APIS, ids=NAMES)
def test_mypy_knows_the_types_of_messages_and_replies(path, tmp_path):
    api = pytest.importorskip("mypy.api", reason="mypy is a tool of development")
    settings = ["--strict", "--config-file=", f"--cache-dir={tmp_path}"]
    output, errors, status = api.run([*settings, str(path)])
    assert (status, errors) == (0, ""), output


@pytest.mark.parametrize("path", APIS, ids=NAMES)
def test_pyright_knows_them_too(path, tmp_path):
    pytest.importorskip("basedpyright", reason="pyright, as basedpyright brings it, is a tool of development")
    settings = tmp_path / "pyrightconfig.json"
    places = {"include": [str(path)], "extraPaths": [str(ROOT)]}
    settings.write_text(json.dumps({**PYRIGHT, **places}))
    command = [sys.executable, "-m", "basedpyright", "--project", str(settings), "--pythonpath", sys.executable]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("0 errors"), done.stdout
