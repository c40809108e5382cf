"""Sphinx configuration: MyST pages, executed code, docstrings in Google form."""

import re
from inspect import getdoc, isclass

from sphinx.application import Sphinx

import klimit

project = "klimit"
author = "The klimit authors"
project_copyright = "The klimit authors"
version = release = klimit.__version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinxcontrib.bibtex",
]
exclude_patterns = ["_build", "jupyter_execute", "Thumbs.db", ".DS_Store"]
bibtex_bibfiles = ["references.bib"]
bibtex_reference_style = "author_year"

myst_enable_extensions = ["amsmath", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 120

autodoc_member_order = "bysource"
autodoc_typehints = "none"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True

html_theme = "furo"
html_title = "klimit"
html_static_path: list[str] = []

default_role = "py:obj"


def names_of(floor: str) -> str:
    """The public names that a floor brings: a list with links, then their docstrings."""
    names = [
        name
        for name in klimit.__all__
        if getattr(getattr(klimit, name), "__module__", "").startswith(f"klimit.{floor}")
    ]
    first = {name: (getdoc(getattr(klimit, name)) or "").splitlines()[0] for name in names}
    listed = "\n".join(f"   * - :py:obj:`~klimit.{n}`\n     - {first[n]}" for n in names)
    table = f".. list-table::\n   :widths: 30 70\n\n{listed}"
    kinds = {n: "autoclass" if isclass(getattr(klimit, n)) else "autofunction" for n in names}
    entries = "\n\n".join(
        f".. {kind}:: klimit.{name}" + ("\n   :members:" if kind == "autoclass" else "")
        for name, kind in kinds.items()
    )
    return f"```{{eval-rst}}\n{table}\n\n{entries}\n```"


def _fill_in(_app: Sphinx, _docname: str, content: list[str]) -> None:
    content[0] = re.sub(r"^%names:(\w+)%$", lambda f: names_of(f[1]), content[0], flags=re.M)


def setup(app: Sphinx) -> None:
    """Let pages ask for the names of a floor, so that none is forgotten."""
    app.connect("source-read", _fill_in)
