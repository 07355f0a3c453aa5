"""Settings of the site; `docs/build.py` builds it."""

project = "rgm-core"
author = "The rgm-core developers"
copyright = "The rgm-core developers, MIT licence"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
]
myst_enable_extensions = ["amsmath", "colon_fence", "dollarmath", "html_image"]
myst_heading_anchors = 3
nb_execution_mode = "off"  # the notebooks are committed with their outputs, which the tests compare
nb_merge_streams = True
autodoc_member_order = "bysource"
autodoc_default_options = {
    "members": True,
    "exclude-members": ", ".join(  # scikit-learn's own, with links into its own manual
        f"set_{method}_request"
        for method in ("fit", "partial_fit", "score", "transform", "inverse_transform")
    ),
}
autodoc_typehints = "none"  # the docstrings say it, with shapes and units
suppress_warnings = ["ref.python"]  # words such as “outcomes” before a colon are no names to link to
napoleon_google_docstring = False
napoleon_use_ivar = True
napoleon_use_param = False  # types are words, such as “(n, G) int”: nothing to link to
napoleon_use_rtype = False

html_theme = "pydata_sphinx_theme"
html_title = "rgm-core"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = ["names.js"]
html_show_sourcelink = False
html_copy_source = False
mathjax_path = "mathjax/tex-svg.js"  # vendored: the site needs no network
html_theme_options = {
    "navbar_align": "left",
    "header_links_before_dropdown": 7,
    "navbar_end": ["theme-switcher"],
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "show_toc_level": 2,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
html_favicon = "_static/favicon.svg"
html_context = {"default_mode": "light"}
ALONE = ("index", "gallery", "claims", "DEVIATIONS", "docs/*", "data/*", "benchmarks/*")
html_sidebars = {page: [] for page in ALONE}  # pages without neighbours


def source_of(app, module: str):
    """A page for what Sphinx takes for Python's own, such as a name imported on first use: no dead link."""
    return ("# part of Python itself\n", {}) if module == "builtins" else None


def setup(app):
    """Connect to Sphinx."""
    app.connect("viewcode-find-source", source_of)
