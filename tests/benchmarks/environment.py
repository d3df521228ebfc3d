"""Environments for peers, and what scripts that run in them print."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def install(folder: Path, requirements: Path, python: str = sys.executable) -> str:
    """Make an environment; return its interpreter.

    Args:
        folder: made.
        requirements: a file of pip's.
        python: the interpreter that the environment gets.
    """
    subprocess.run([python, "-m", "venv", folder], check=True)
    made = folder / "bin" / "python"
    subprocess.run([made, "-m", "pip", "install", "-q", "-r", requirements], check=True)
    return str(made)


def figure(python: str, script: Path, *arguments: object, ours: bool = False) -> float:
    """Run a script, which prints one figure; see `printed`."""
    return float(printed(python, script, *arguments, ours=ours))


def answer(python: str, script: Path, *arguments: object, ours: bool = False) -> dict[str, Any]:
    """Run a script, whose last line is an object in JSON; see `printed`."""
    read: dict[str, Any] = json.loads(printed(python, script, *arguments, ours=ours).splitlines()[-1])
    return read


def printed(python: str, script: Path, *arguments: object, ours: bool = False) -> str:
    """Run a script; return what it prints.

    Args:
        python: the interpreter.
        script: what it runs.
        arguments: of the script.
        ours: whether it may import this project's packages; a peer may have the same import name.
    """
    environment = {**os.environ, "PYTHONPATH": str(ROOT) if ours else ""}
    command = [python, str(script), *map(str, arguments)]
    # from a folder without our packages, for the same reason
    done = subprocess.run(command, cwd=script.parent, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr}")
    return done.stdout
