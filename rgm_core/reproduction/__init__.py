"""Run the notebooks at the paper's sizes and report what they claim: the library of reproduce.py.

manifest (which notebooks, with which parameters) → fingerprint (are its inputs unchanged?) →
runner (execute each in a process of its own) → records (results moved in, all or nothing) →
report (claims.json, report.html).
"""

from rgm_core.model.extras import require

for _package in ("jinja2", "papermill", "rich"):
    require(_package)


class UsageError(ValueError):
    """A mistake in the arguments or the set-up, found before anything ran."""
