"""Models, precisions or prompts over the same cases: what they cost, and how often their words hold."""

from pathlib import Path

from reportgen.desk.compare.contest import Compared, compare
from reportgen.desk.compare.noun import Comparison
from reportgen.desk.compare.plan import Contestant, Order, contestants
from reportgen.desk.compare.text import lines
from reportgen.errors import UsageError
from reportgen.files import pretty_json, write_file

__all__ = ["Compared", "Comparison", "Contestant", "Order", "compare", "contestants", "lines", "write"]


def write(comparison: Comparison, out: Path) -> list[Path]:
    """Write ``comparison.json``, ``.html`` and ``.pdf``, the data first.

    Raises:
        UsageError: The folder cannot be written.
    """
    from reportgen.desk.compare.page import page
    from reportgen.desk.compare.paper import SOURCE, paper

    data = pretty_json(comparison.plain())
    made = [out / SOURCE, out / "comparison.html", out / "comparison.pdf"]
    try:
        write_file(made[0], data)
        write_file(made[1], page(comparison).encode())
        write_file(made[2], paper(comparison, data))
    except OSError as error:
        raise UsageError(
            f"The folder {out} cannot be written ({type(error).__name__}).", "Choose another with -o."
        ) from None
    return made
