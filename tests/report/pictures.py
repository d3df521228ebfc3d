"""The pictures of reports in the documentation. To take them anew, with a Chromium at hand:

python -m tests.report.pictures
"""

import base64
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.report.browser import Page, browser

ROOT = Path(__file__).parents[2]
WIDTH, HEIGHT, SCALE = 1040, 990, 0.75
PARTS = {
    "whole": ("", "risk", "trades"),
    "quarantined": ("problems",),
    "ended": ("",),
}
"""Report -> the sections of which there is a picture; "" for the top of the page."""

BOX = "(() => {{ const b = document.getElementById('{0}').getBoundingClientRect(); return [b.x, b.y + scrollY, b.width, b.height]; }})()"


def take() -> None:
    with tempfile.TemporaryDirectory() as folder, browser() as page:
        command = [sys.executable, "gallery.py", folder]
        subprocess.run(command, check=True, cwd=ROOT / "examples", env={"PYTHONPATH": str(ROOT)})
        page.size(WIDTH, 900)
        for scheme in ("light", "dark"):
            page.media(prefers_color_scheme=scheme)
            page.open(Path(folder) / "whole.html")
            shoot(page, f"report-{scheme}", (0, 0, WIDTH, HEIGHT), SCALE)
        page.media(prefers_color_scheme="light")
        for name, parts in PARTS.items():
            page.open(Path(folder) / f"{name}.html")
            for part in parts:
                box = page.evaluate(BOX.format(part)) if part else (0, 0, WIDTH, 620)
                shoot(page, f"gallery-{name}-{part}".rstrip("-"), box, SCALE)


def shoot(page: Page, name: str, box: tuple[float, float, float, float], scale: float) -> None:
    clip = dict(zip(("x", "y", "width", "height"), box, strict=True)) | {"scale": scale}
    shot = page.command("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
    (ROOT / "docs" / "_static" / f"{name}.png").write_bytes(base64.b64decode(shot["data"]))


if __name__ == "__main__":
    take()
