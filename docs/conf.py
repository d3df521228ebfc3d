"""How Sphinx builds these pages: python -m sphinx -W -b html docs docs/_build"""

import os
import subprocess
import sys
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util.typing import stringify_annotation

from tradedesk import __version__
from tradedesk.portfolio import FailureRule, TraceRecord

project = "tradedesk"
release = version = __version__
copyright = "the tradedesk maintainers"  # noqa: A001 - Sphinx's name

extensions = ["sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
default_role = "py:obj"
add_module_names = False
python_maximum_signature_line_length = 110  # a longer one gets a line for each parameter
toc_object_entries_show_parents = "hide"

autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
napoleon_use_ivar = True
napoleon_attr_annotations = False

html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["pages.css"]
html_title = f"tradedesk {release}"

# At run time a union has forgotten its name, and autodoc spells out all its members.
UNIONS = {
    stringify_annotation(union, "smart"): name
    for name, union in (("TraceRecord", TraceRecord), ("FailureRule", FailureRule))
}


def named(
    _app: Sphinx, _what: str, _name: str, _object: object, _options: object, signature: str | None, returns: str | None
) -> tuple[str | None, str | None]:
    for union, name in UNIONS.items():
        signature = signature and signature.replace(union, name)
    return signature, returns


def make_gallery(app: Sphinx, error: Exception | None) -> None:
    """Write the reports that the page "A gallery of reports" leads to."""
    if error is None and app.builder.format == "html":
        examples = Path(__file__).parents[1] / "examples"
        command = [sys.executable, "gallery.py", str(Path(app.outdir).resolve() / "gallery")]
        packages = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        subprocess.run(command, cwd=examples, env=packages, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - ours


def setup(app: Sphinx) -> None:
    app.connect("build-finished", make_gallery)
    app.connect("autodoc-process-signature", named)
