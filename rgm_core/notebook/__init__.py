"""What a notebook says: its record, its claims, and how both are shown."""

from rgm_core.model.extras import require

require("msgspec")

from rgm_core.notebook.benchmarks import load_benchmark
from rgm_core.notebook.claims import Claim, Claims, Source, Status, load_claims
from rgm_core.notebook.display import display_with_record, format_number, format_table, in_kernel, with_unit
from rgm_core.notebook.recording import record

__all__ = [
    "Claim",
    "Claims",
    "Source",
    "Status",
    "display_with_record",
    "format_number",
    "format_table",
    "in_kernel",
    "load_benchmark",
    "load_claims",
    "record",
    "with_unit",
]
