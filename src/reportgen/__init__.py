"""Checked draft reports from the results of an ultrasound view classifier.

The evidence supplies every fact; the model supplies only words.

Example:
    >>> import reportgen
    >>> report = reportgen.make_report("samples/mid_trimester_full/mid_trimester_full.json")  # doctest: +SKIP
    >>> text = reportgen.export(report, "txt")  # doctest: +SKIP
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reportgen.engines import load_engine
    from reportgen.exporters import export
    from reportgen.pipeline import make_report
    from reportgen.read import read_case

__all__ = ["export", "load_engine", "make_report", "read_case"]

_HOMES = {
    "export": "reportgen.exporters",
    "load_engine": "reportgen.engines",
    "make_report": "reportgen.pipeline",
    "read_case": "reportgen.read",
}


def __getattr__(name: str) -> Any:
    """Import the public functions when they are first asked for: ``import reportgen`` stays quick."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'reportgen' has no attribute '{name}'")
