"""The pictures of a report in the documentation. To take them anew, with a Chromium at hand:

python -m tests.report.pictures
"""

import base64
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.report.browser import browser

ROOT = Path(__file__).parents[2]
WIDTH, HEIGHT, SCALE = 1040, 990, 0.75


def take() -> None:
    with tempfile.TemporaryDirectory() as folder, browser() as page:
        report = Path(folder) / "report.html"
        subprocess.run([sys.executable, ROOT / "examples" / "report_shares.py", report], check=True, cwd=ROOT)
        page.size(WIDTH, 900)
        for scheme in ("light", "dark"):
            page.media(prefers_color_scheme=scheme)
            page.open(report)
            clip = {"x": 0, "y": 0, "width": WIDTH, "height": HEIGHT, "scale": SCALE}
            shot = page.command("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
            (ROOT / "docs" / "_static" / f"report-{scheme}.png").write_bytes(base64.b64decode(shot["data"]))


if __name__ == "__main__":
    take()
