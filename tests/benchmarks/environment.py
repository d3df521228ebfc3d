"""Environments for peers, and figures from scripts that run in them."""

import os
import subprocess
import venv
from pathlib import Path

ROOT = Path(__file__).parents[2]


def install(folder: Path, requirements: Path) -> str:
    """Make an environment; return its interpreter."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", "-r", requirements], check=True)
    return str(python)


def figure(python: str, script: Path, *arguments: object, ours: bool = False) -> float:
    """Run a script, which prints one figure.

    Args:
        ours: whether it may import this project's packages; a peer may have the same import name.
    """
    environment = {**os.environ, "PYTHONPATH": str(ROOT) if ours else ""}
    command = [python, str(script), *map(str, arguments)]
    # from a folder without our packages, for the same reason
    done = subprocess.run(command, cwd=script.parent, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr}")
    return float(done.stdout)
