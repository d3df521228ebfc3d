"""How Sphinx builds these pages: python -m sphinx -W -b html docs docs/_build"""

from tradedesk import __version__

project = "tradedesk"
release = version = __version__
copyright = "the tradedesk maintainers"  # noqa: A001 - Sphinx's name

extensions = ["sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
default_role = "py:obj"
add_module_names = False

autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
napoleon_use_ivar = True
napoleon_attr_annotations = False

html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["pages.css"]
html_title = f"tradedesk {release}"
