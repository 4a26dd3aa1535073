"""Settings of the documentation site.

``python -m sphinx -W -b html docs docs/_build`` builds it. With the environment
variable ``SKAUTOKERAS_DOCS=quick``, examples that train for more than some seconds are
shown without their output.
"""

import os
import sys
from pathlib import Path

from docutils import nodes

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("MPLBACKEND", "agg")
ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import skautokeras  # noqa: E402

default_role = "literal"
templates_path = ["_templates"]
project = "skautokeras"
author = "The skautokeras developers"
copyright = f"2026, {author}"
version = release = skautokeras.__version__

extensions = [
    "matplotlib.sphinxext.plot_directive",
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = [
    "_build",
    "**/*.ipynb",
    "auto_examples/*.py",
]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
# Pages for developers link to files of the repository that are not part of the site;
# tests/project checks that every link leads to a file.
suppress_warnings = ["myst.xref_missing"]

autosummary_generate = True
autodoc_typehints = "none"
toc_object_entries_show_parents = "hide"
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
numpydoc_xref_param_type = False
# Figures of measured numbers are drawn by the pages that have the numbers.
plot_formats = [("svg", 100)]
plot_html_show_formats = plot_html_show_source_link = False
plot_rcparams = {
    "svg.fonttype": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
}
# Prompts and outputs are not copied.
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

html_theme = "pydata_sphinx_theme"
html_title = "skautokeras"
html_static_path = ["_static"]
html_css_files = ["style.css"]
html_show_sourcelink = False
html_theme_options = {
    "show_prev_next": True,
    "navigation_with_keys": False,
    "show_toc_level": 2,
    "navbar_align": "left",
    "header_links_before_dropdown": 6,
    "secondary_sidebar_items": ["page-toc", "sg_download_links"],
    "footer_start": ["copyright"],
    "footer_end": ["theme-version"],
}

_SECTIONS = ("tables", "images_and_texts", "search", "after", "competitions")
_QUICK = os.environ.get("SKAUTOKERAS_DOCS") == "quick"
sphinx_gallery_conf = {
    "examples_dirs": [str(ROOT / "examples" / "gallery")],
    "gallery_dirs": ["auto_examples"],
    # Every script of the gallery begins with "plot_"; the quick build runs two of them.
    "filename_pattern": r"plot_0[14]" if _QUICK else r"plot_",
    "within_subsection_order": "FileNameSortKey",
    "subsection_order": [f"../examples/gallery/{section}" for section in _SECTIONS],
    "remove_config_comments": True,
    "show_memory": False,
    "download_all_examples": False,
    "min_reported_time": 1,
    "reset_modules": ("matplotlib",),
    "abort_on_example_error": True,
}


def _strip_blocks(app, doctree):
    """Remove the empty line that doctest needs before the end of a fenced block."""
    for node in doctree.findall(nodes.literal_block):
        if node.rawsource == node.astext():
            node.rawsource = node.rawsource.rstrip()
            node.children = [nodes.Text(node.rawsource)]


def setup(app):
    """Register the changes to the pages."""
    app.connect("doctree-read", _strip_blocks)
