"""Measures what a study costs, and what memory a run needs, as cohorts grow; then how fast it resumes.

    python bench/scale.py [--sizes 100 1000 10000] [--format txt,pdf] [--jobs 1] [--work DIR] [--json FILE]

Each size is `python -m reportgen run COHORT -o OUT --engine template` in a process of its own, over a
synthetic cohort without pictures; then the same command again, which finds everything done. CPU is of all
processes of the run, start of the program included. Memory is the summed PSS of the process tree (a page
that is shared counts once), looked at ten times a second; `largest` is the most that one process ever held
(resident memory, as the operating system counted it). Needs Linux.
"""

import argparse
import contextlib
import json
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bounds import Bound, holding, missed
from pipeline import Run, measured
from tally import markdown

__all__ = ["COLUMNS", "Watch", "bounds", "main", "measure"]

COLUMNS = {
    "studies": "{:,}",
    "wall s": "{:,.1f}",
    "CPU s": "{:,.1f}",
    "CPU ms a study": "{:.1f}",
    "relative cost": "{:.2f}",
    "peak MB": "{:.0f}",
    "largest MB": "{:.0f}",
    "resume s": "{:.2f}",
    "resume MB": "{:.0f}",
    "ledger MB": "{:.1f}",
    "output MB": "{:,.1f}",
}
#: The size that others are compared with, where it is measured; else the smallest.
BASE = 1000
LARGE = 10_000
HERE = Path(__file__).resolve().parent
EVERY_S = 0.1


class Watch:
    """Looks at the memory of a process and all below it.

    Attributes:
        peak_mb: Most PSS that was seen at once, MB of 1e6 bytes.
    """

    def __init__(self) -> None:
        self.peak_mb = 0.0

    @contextlib.contextmanager
    def of(self, pid: int) -> Iterator[None]:
        """Look until the end of the block."""
        over = threading.Event()

        def look() -> None:
            while not over.wait(EVERY_S):
                self.peak_mb = max(self.peak_mb, sum(map(_pss, _tree(pid))) / 1e6)

        watcher = threading.Thread(target=look)
        watcher.start()
        try:
            yield
        finally:
            over.set()
            watcher.join()


def _tree(pid: int) -> list[int]:
    """A process and its descendants; of one that has just ended, nothing."""
    found = [pid]
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += _tree(int(child))
    return found


def _pss(pid: int) -> int:
    """Bytes."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text("utf-8").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def measure(studies: int, place: Path, options: argparse.Namespace) -> dict[str, Any]:
    """One row: the run over so many studies, and the same command again."""
    given, out = place / f"cohort-{options.seed}-{studies}", place / f"out-{studies}"
    if not given.is_dir():
        make = [sys.executable, str(HERE / "cohort.py"), str(studies), "--seed", str(options.seed)]
        measured("cohort made", studies, [*make, "-o", str(given)], given)
    shutil.rmtree(out, ignore_errors=True)
    command = [sys.executable, "-m", "reportgen", "run", str(given), "-o", str(out), "--engine", "template"]
    command += ["--format", options.format, "--jobs", str(options.jobs), "--quiet"]
    first, peak = _watched("run", studies, command, out)
    again, resumed = _watched("resume", studies, command, out)
    summary = json.loads((out / "summary.json").read_text("utf-8"))
    if summary["skipped"] != studies:
        sys.exit(f"Of {studies:,} studies {summary['skipped']:,} were skipped when the run was resumed.")
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    cells = (studies, first.wall_s, first.cpu_s, first.ms_a_study, None, peak, first.peak_mb, again.wall_s)
    ledger = (out / "ledger.sqlite").stat().st_size
    return dict(zip(COLUMNS, (*cells, resumed, ledger / 1e6, size / 1e6), strict=True))


def _watched(name: str, studies: int, command: list[str], out: Path) -> tuple[Run, float]:
    watch = Watch()
    return measured(name, studies, command, out, watch.of), watch.peak_mb


def compared(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows with their cost relative to that at a thousand studies, or else at the fewest."""
    costs = {row["studies"]: row["CPU ms a study"] for row in rows}
    base = costs.get(BASE, costs[min(costs)])
    return [row | {"relative cost": row["CPU ms a study"] / base} for row in rows]


def bounds(rows: Sequence[dict[str, Any]]) -> list[Bound]:
    """What was asked: of the largest run that was made, which says nothing if it is small."""
    sizes = {row["studies"]: row for row in rows}
    row = sizes.get(LARGE, sizes[max(sizes)])
    enough = row["studies"] >= LARGE
    return [
        Bound(
            f"CPU a study at {row['studies']:,} over that at 1,000",
            row["relative cost"] if BASE in sizes else None,
            1.15,
            enough,
            most=True,
        ),
        Bound("MB of the largest process", max(row["largest MB"] for row in rows), 300, enough, most=True),
        Bound(f"seconds to resume {row['studies']:,}", row["resume s"], 3, enough, most=True),
    ]


def main(arguments: list[str] | None = None) -> int:
    """Measure, print the table, write the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 1000, 10_000], metavar="N")
    parser.add_argument("--format", default="txt,pdf")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--work", type=Path, metavar="DIR", help="where cohorts and reports stay")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures as JSON")
    parser.add_argument("--assert", action="store_true", dest="must", help="exit 1 unless all bounds hold")
    options = parser.parse_args(arguments)
    if not Path("/proc/self/smaps_rollup").exists():
        parser.error("this system does not tell the memory of a tree of processes; run it on Linux")
    with tempfile.TemporaryDirectory(prefix="reportgen-bench-") as temporary:
        place = options.work or Path(temporary)
        rows = compared([measure(size, place, options) for size in sorted(options.sizes)])
    asked = bounds(rows)
    cells = [[shape.format(row[name]) for name, shape in COLUMNS.items()] for row in rows]
    print(markdown(list(COLUMNS), cells), holding(asked), sep="\n\n")
    if options.json:
        content = {"cores": os.cpu_count(), "jobs": options.jobs, "format": options.format, "rows": rows}
        content |= {"bounds": [one.plain() for one in asked]}
        options.json.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return 1 if options.must and missed(asked) else 0


if __name__ == "__main__":
    sys.exit(main())
