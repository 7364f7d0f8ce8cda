"""What must be done for a case: everything, only some formats, or nothing."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from reportgen.batch.folder import TRUTH, file_name
from reportgen.batch.stamps import Stamps, changed_outputs, file_state
from reportgen.ledger import Row

__all__ = ["Decision", "decide", "still_good"]


@dataclass(frozen=True)
class Decision:
    """What to do, and for ``render`` which formats to make and which files to keep."""

    action: Literal["make", "render", "skip"]
    formats: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


_MAKE = Decision("make")


def decide(out: Path, row: Row | None, content: str, stamps: Stamps, formats: Collection[str]) -> Decision:
    """Compare what is wanted with what the ledger says was made and with what lies there.

    Args:
        out: The output folder.
        row: The case's row from an earlier run.
        content: Fingerprint of the case as it is now.
        stamps: Of this run.
        formats: Wanted, without ``json``.
    """
    if row is None or row.case_id is None or (row.content, row.writer) != (content, stamps.writer):
        return _MAKE
    changed = changed_outputs(out / row.case_id, row)
    good = set(row.outputs) - changed
    renders = {name for name in row.outputs if name.startswith("report.") and name != TRUTH}
    if changed - renders or TRUTH not in good:
        return _MAKE
    lacking = tuple(
        name
        for name in dict.fromkeys(formats)
        if name != "json" and (file_name(name) not in good or row.render.get(name) != stamps.render(name))
    )
    if not lacking:
        return Decision("skip")
    kept = tuple(sorted(good - {file_name(name) for name in lacking}))
    return Decision("render", lacking, kept)


def still_good(out: Path, row: Row, stamps: Stamps, formats: Collection[str]) -> bool:
    """Whether a case whose input file has not changed needs nothing, as far as is seen without reading it.

    Only what was settled counts: a pending row still has the fingerprints of an older input.
    """
    if row.content is None or row.status not in {"done", "skipped"}:
        return False
    if any(file_state(Path(path)) != state for path, state in row.pictures.items()):
        return False
    return decide(out, row, row.content, stamps, formats).action == "skip"
