"""Measures the whole walk with deterministic text: CPU time a study and peak memory.

    python bench/pipeline.py [--studies 1000 5000] [--jobs 1] [--json FILE] [--check]

Each run is `python -m reportgen run COHORT -o OUT --engine template --format txt,pdf,json` in a process of
its own over a synthetic cohort without pictures. In the same run a peer sets the floor: the plainest
reportlab program that writes a one-page PDF, a text and a JSON for each study and checks nothing.
`--check` exits 1 when a target is missed: 60 ms CPU a study, 250 MB, and memory that does not grow with the
number of studies. Needs a POSIX system (the operating system's own figures for a finished process).
"""

import argparse
import contextlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

__all__ = ["Run", "judge", "measured", "peer", "table"]

HERE = Path(__file__).resolve().parent
TARGET_MS, TARGET_MB = 60.0, 250.0
#: Growth of peak memory from the smallest to the largest run that still counts as flat.
FLAT_MB = 15.0
Watching = Callable[[int], AbstractContextManager[object]]


@dataclass(frozen=True)
class Run:
    """One finished process.

    Attributes:
        cpu_s: User and system time of the process and the children it waited for, seconds.
        peak_mb: Largest resident memory of one process, MB (1,000,000 bytes).
        files: Files that it left.
    """

    name: str
    studies: int
    wall_s: float
    cpu_s: float
    peak_mb: float
    files: int

    @property
    def ms_a_study(self) -> float:
        """CPU milliseconds a study, start of the program included."""
        return self.cpu_s / self.studies * 1000


def measured(
    name: str, studies: int, command: list[str], output: Path, watching: Watching = contextlib.nullcontext
) -> Run:
    """Run a command to its end and read what the operating system counted for it.

    This process stays small on purpose: on Linux a child's peak starts at its parent's. ``watching`` is a
    context around the run, made from the process's id.

    Raises:
        SystemExit: The command failed; its last lines are in the message.
    """
    with tempfile.TemporaryFile() as said:
        start = time.perf_counter()
        child = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT, env=_environment())
        with watching(child.pid):
            _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            said.seek(0)
            tail = said.read().decode("utf-8", "replace")[-1500:]
            sys.exit(f"{name}: exit code {child.returncode} from: {' '.join(command)}\n{tail}")
    unit = 1 if sys.platform == "darwin" else 1024
    files = sum(path.is_file() for path in output.rglob("*"))
    peak = usage.ru_maxrss * unit / 1e6
    return Run(name, studies, wall, usage.ru_utime + usage.ru_stime, peak, files)


def _environment() -> dict[str, str]:
    source = HERE.parent / "src"
    path = os.pathsep.join(part for part in (str(source), os.environ.get("PYTHONPATH", "")) if part)
    return {**os.environ, "PYTHONPATH": path, "SOURCE_DATE_EPOCH": "1790000000"}


def peer(cohort: Path, output: Path) -> None:
    """The floor: for each study a one-page PDF of plain paragraphs and a table, a text, and its JSON."""
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import Paragraph, SimpleDocTemplate, Table

    style = getSampleStyleSheet()["Normal"]
    for path in sorted(cohort.rglob("*.json")):
        case = json.loads(path.read_bytes())
        lines, rows = _plain(case)
        folder = output / case["case_id"]
        folder.mkdir(parents=True)
        story = [*(Paragraph(line, style) for line in lines), Table(rows)]
        SimpleDocTemplate(str(folder / "report.pdf"), pagesize=A4).build(story)
        text = "\n".join([*lines, *("\t".join(row) for row in rows)])
        (folder / "report.txt").write_text(text + "\n", encoding="utf-8")
        (folder / "report.json").write_text(json.dumps({"lines": lines, "rows": rows}), encoding="utf-8")


def _plain(case: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    lines = [f"Report of {case['case_id']}", case["patient"]["name"], case["study"]["accession"]]
    rows = [["Image", "View", "Score"]]
    for image in case["images"]:
        first = image["predictions"][0]
        lines.append(f"{image['image_id']} was recognised as {first['label']}.")
        lines += [
            f"{entry['name']} {entry['value']} {entry['unit']}" for entry in image.get("measurements", ())
        ]
        rows.append([image["image_id"], first["label"], f"{first['score']:.2f}"])
    return lines, rows


def table(runs: list[Run]) -> str:
    """The runs as a Markdown table."""
    head = "| run | studies | wall s | CPU s | CPU ms a study | peak MB | files |"
    rule = "|---|--:|--:|--:|--:|--:|--:|"
    return (
        "\n".join([head, rule])
        + "\n"
        + "\n".join(
            f"| {run.name} | {run.studies:,} | {run.wall_s:.1f} | {run.cpu_s:.1f} | {run.ms_a_study:.1f} "
            f"| {run.peak_mb:.0f} | {run.files:,} |"
            for run in runs
        )
    )


def judge(runs: list[Run], jobs: int) -> list[str]:
    """Which targets are missed, in sentences; the targets are for one job."""
    ours = sorted((run for run in runs if run.name == "reportgen"), key=lambda run: run.studies)
    if jobs != 1 or not ours:
        return []
    missed = [
        f"{run.studies:,} studies: {run.ms_a_study:.1f} ms CPU a study, the target is {TARGET_MS:.0f}."
        for run in ours
        if run.ms_a_study > TARGET_MS
    ]
    missed += [
        f"{run.studies:,} studies: {run.peak_mb:.0f} MB at most, the target is {TARGET_MB:.0f}."
        for run in ours
        if run.peak_mb > TARGET_MB
    ]
    growth = ours[-1].peak_mb - ours[0].peak_mb
    if growth > FLAT_MB:
        missed.append(
            f"Peak memory grows by {growth:.0f} MB from {ours[0].studies:,} to {ours[-1].studies:,} studies."
        )
    return missed


def _runs(studies: list[int], jobs: int, seed: int, place: Path) -> list[Run]:
    runs = []
    for number in studies:
        given, ours, theirs = (place / f"{kind}-{number}" for kind in ("cohort", "out", "peer"))
        make = [sys.executable, str(HERE / "cohort.py"), str(number), "--seed", str(seed), "-o", str(given)]
        runs.append(measured("cohort made", number, make, given))
        walk = [sys.executable, "-m", "reportgen", "run", str(given), "-o", str(ours), "--engine", "template"]
        walk += ["--format", "txt,pdf,json", "--jobs", str(jobs), "--quiet"]
        runs.append(measured("reportgen", number, walk, ours))
        floor = [sys.executable, str(HERE / "pipeline.py"), "--peer", str(given), str(theirs)]
        runs.append(measured("peer: plain reportlab", number, floor, theirs))
    return runs


def _machine() -> dict[str, Any]:
    return {"system": platform.platform(), "python": platform.python_version(), "cores": os.cpu_count()}


def main(arguments: list[str] | None = None) -> int:
    """Measure, print the table, write the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--studies", type=int, nargs="+", default=[1000, 5000], metavar="N")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures as JSON")
    parser.add_argument("--check", action="store_true", help="exit 1 when a target is missed")
    parser.add_argument("--peer", type=Path, nargs=2, metavar=("COHORT", "OUT"), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.peer:
        peer(*options.peer)
        return 0
    if not hasattr(os, "wait4"):
        parser.error("this system does not tell what a finished process used; run it on Linux or macOS")
    with tempfile.TemporaryDirectory(prefix="reportgen-bench-") as place:
        runs = _runs(sorted(options.studies), options.jobs, options.seed, Path(place))
    missed = judge(runs, options.jobs)
    print(table(runs))
    print("\n".join(missed) or "No target was missed.")
    if options.json:
        figures = [{**asdict(run), "cpu_ms_a_study": run.ms_a_study} for run in runs]
        content = {"machine": _machine(), "jobs": options.jobs, "runs": figures, "missed": missed}
        options.json.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return 1 if missed and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
