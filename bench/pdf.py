"""Measures what a PDF costs: CPU time a report beside other libraries, and memory over thousands of reports.

    python bench/pdf.py [--repeats 40] [--reports 5000] [--json FILE] [--assert]

Each repetition prints another study, the same for all writers and one writer after the other: nobody profits
from what was kept of the last one, and all share what else the machine does. A study has six images with
prepared pictures; its words are the fixed sentences. The peers (`pdf_writers.py`) print the same texts,
tables and pictures plainly; `pikepdf copy` opens our PDF and saves it. CPU is of all threads of the process,
the median of all repetitions after a warm-up. Memory is what is resident after a tenth of the reports and
after all, each of another study; that needs Linux.
"""

import argparse
import gc
import io
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

from PIL import Image

import reportgen
from bounds import Bound, holding, missed
from draw import draw
from models import machine
from pdf_rows import BARE, COLUMNS, OURS, PLAIN, Study, studies, writers
from reportgen.exporters.pictures import picture
from tally import Cost, markdown

__all__ = ["bounds", "main"]

#: A run of fewer repetitions, or reports, cannot say whether a bound holds.
ENOUGH, MANY = 30, 5000
WARM_UP = 3
#: Growth of resident memory that still counts as flat, MB: what an allocator keeps varies by as much.
FLAT_MB = 5
SIZE = (1024, 768)
STATM = Path("/proc/self/statm")


def costs(some: Iterator[Study], repeats: int) -> list[dict[str, Any]]:
    """A row for each writer."""
    made = writers()
    for number, study in enumerate(islice(some, WARM_UP + repeats)):
        for row in made:
            row.print(study, counted=number >= WARM_UP)
    ours = made[0].ms
    assert ours is not None, "at least one repetition is counted"
    return [row.plain(ours) for row in made]


def prepared(repeats: int, place: Path) -> dict[str, float]:
    """Milliseconds that a JPEG file of 1024 x 768 takes to become a report's picture, by kind."""
    found = {}
    source = Image.open(io.BytesIO(draw("transthalamic", 1)))
    for kind, mode in (("grey", "L"), ("colour", "RGB")):
        file = place / f"{kind}.jpg"
        source.convert(mode).resize(SIZE).save(file, "JPEG", quality=90)
        cost = Cost(kind, 0.0)
        for number in range(WARM_UP + repeats):
            (cost if number >= WARM_UP else Cost(kind, 0.0)).of(lambda file=file: picture(file))
        found[kind] = median(cost.ms)
    return found


def resident(some: Iterator[Study], reports: int) -> dict[str, float | int] | None:
    """MB (1,000,000 bytes) that are resident after a tenth of the reports and after all."""
    if not STATM.exists() or not reports:
        return None
    seen = {}
    for number, study in enumerate(islice(some, reports), 1):
        reportgen.export(study.report, "pdf", study.pictures)
        if number in {max(reports // 10, 1), reports}:
            gc.collect()
            pages = int(STATM.read_text("ascii").split()[1])
            seen[number] = pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    tenth, last = min(seen), max(seen)
    return {"reports": reports, "tenth_mb": seen[tenth], "last_mb": seen[last]}


def bounds(figures: dict[str, Any]) -> list[Bound]:
    """What was asked of these figures."""
    enough, memory = figures["repeats"] >= ENOUGH, figures["memory"]
    ms = {row["writer"]: row["CPU ms a report"] for row in figures["rows"]}

    def over(peer: str) -> float | None:
        return ms[OURS] / ms[peer] if ms[peer] else None

    growth = memory and memory["last_mb"] - memory["tenth_mb"]
    many = bool(memory) and memory["reports"] >= MANY
    return [
        Bound("CPU ms of a report without pictures", ms[BARE], 30, enough, most=True),
        Bound("CPU over plain reportlab", over(PLAIN), 1.5, enough, most=True),
        Bound("CPU over WeasyPrint", over("WeasyPrint"), 0.35, enough, most=True),
        Bound("CPU ms of preparing a grey picture", figures["picture_ms"]["grey"], 6, enough, most=True),
        Bound("MB more after all reports than after a tenth", growth, FLAT_MB, many, most=True),
    ]


def told(figures: dict[str, Any]) -> str:
    """The figures as Markdown."""
    shapes = dict(zip(COLUMNS[1:], ("{:.1f}", "{:.2f} x", "{:,.0f}", "{:.1f}"), strict=True))
    table = [
        [
            f"{row['writer']}{': ' if row['note'] else ''}{row['note']}",
            *("-" if row[name] is None else shape.format(row[name]) for name, shape in shapes.items()),
        ]
        for row in figures["rows"]
    ]
    pictures = ", ".join(f"{kind} {ms:.1f} ms" for kind, ms in figures["picture_ms"].items())
    parts = [markdown(COLUMNS, table), f"Preparing a JPEG of 1024 x 768: {pictures}."]
    if memory := figures["memory"]:
        parts.append(
            f"Resident after {max(memory['reports'] // 10, 1):,} reports {memory['tenth_mb']:.0f} MB, "
            f"after {memory['reports']:,} {memory['last_mb']:.0f} MB."
        )
    return "\n\n".join(parts)


def main(arguments: list[str] | None = None) -> int:
    """Measure, print the table, write the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--repeats", type=int, default=40, metavar="N", help="studies that each writer prints"
    )
    parser.add_argument("--reports", type=int, default=MANY, metavar="N", help="for memory; 0: not measured")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures as JSON")
    parser.add_argument("--assert", action="store_true", dest="must", help="exit 1 unless all bounds hold")
    options = parser.parse_args(arguments)
    if options.repeats < 1:
        parser.error("N of --repeats must be at least 1")
    with tempfile.TemporaryDirectory(prefix="reportgen-bench-") as folder:
        place = Path(folder)
        # Memory first: what peers load must not count.
        memory = resident(studies(options.seed, place), options.reports)
        figures = {
            "repeats": options.repeats,
            "rows": costs(studies(options.seed + 1, place), options.repeats),
            "picture_ms": prepared(options.repeats, place),
            "memory": memory,
        }
    asked = bounds(figures)
    print(told(figures), holding(asked), sep="\n\n")
    if options.json:
        figures |= machine() | {"bounds": [one.plain() for one in asked]}
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 1 if options.must and missed(asked) else 0


if __name__ == "__main__":
    sys.exit(main())
