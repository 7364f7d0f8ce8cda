"""Reports that the tests of PDFs share: every sample, many random records, and what is odd."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import reportgen
from factories import HEADER, a_report, an_answer, some_pictures
from records import random_records
from reportgen.__main__ import main
from reportgen.nouns import Report

SAMPLES = Path(__file__).parents[2] / "samples"
RANDOM, SEED = 100, 20261125


@dataclass(frozen=True)
class Paper:
    """A report, its text, and its PDF on disk."""

    name: str
    report: Report
    text: str
    pdf: Path


def _odd() -> Iterator[tuple[str, Report, int]]:
    """Name, report and number of pictures: all shapes of the layout, and text that goes over pages."""
    answers = (an_answer(), an_answer(answer=None))
    for images in (1, 2, 6, 12, 13, 60):
        yield f"images-{images}", a_report(images, answers=answers), images
    yield "no-picture-found", a_report(6), 0
    yield "no-picture-named", a_report(60, pictures=False), 0
    yield "measurements-200", a_report(measurements=200), 6
    long = " ".join(f"word{number:04d}" for number in range(1100))
    yield "long", a_report(6, header=(*HEADER, ("Indication", long)), answers=(an_answer(long, long),)), 6
    glyphs = "Łucja Ñuñez Ωмега e\u0301 北京 \U0001f600 <b>&amp; \u200b \ufeff fi ﬁ"
    yield "glyphs", a_report(2, header=(*HEADER, ("Indication", glyphs))), 2
    bare = {
        "header": (),
        "reviewer_items": (),
        "method": (),
        "sections": (),
        "biometry": (),
        "checklist": None,
    }
    bare |= {"biometry_caption": "", "biometry_notes": (), "reliability": (), "source_notes": ()}
    yield "nothing-optional", a_report(1, **bare), 1


@pytest.fixture(scope="session")
def papers(tmp_path_factory: pytest.TempPathFactory) -> list[Paper]:
    """All of them, each printed by ``reportgen.export``."""
    place = tmp_path_factory.mktemp("papers")
    drawn, out = place / "random.jsonl", place / "out"
    lines = [json.dumps(record) for record in random_records(RANDOM, SEED)]
    drawn.write_text("\n".join(lines) + "\n", "utf-8")
    # The text alone: a run keeps the pictures too, and the PDF is what is tried here.
    given = [
        "run",
        str(SAMPLES),
        str(drawn),
        "-o",
        str(out),
        "--engine",
        "template",
        "--format",
        "txt",
        "--quiet",
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", "1795599840")
        assert main(given) == 0
    made = []
    for file in sorted(out.glob("*/report.json")):
        report = Report.model_validate_json(file.read_bytes())
        pdf = file.with_name("report.pdf")
        pdf.write_bytes(reportgen.export(report, "pdf", file.parent))
        made.append(Paper(file.parent.name, report, file.with_name("report.txt").read_text("utf-8"), pdf))
    for name, report, images in _odd():
        pdf = place / f"{name}.pdf"
        pdf.write_bytes(reportgen.export(report, "pdf", some_pictures(images) if images else None))
        made.append(Paper(name, report, reportgen.export(report, "txt").decode(), pdf))
    return made
