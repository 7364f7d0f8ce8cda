"""Reports that the tests of PDFs share: every sample, many random records, and what is odd."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

import reportgen
from factories import BARE, HEADER, a_report, an_answer, some_pictures
from records import random_records
from reportgen.__main__ import main
from reportgen.domain import load_domain
from reportgen.institution import Institution
from reportgen.nouns import Report
from reportgen.settings import Settings

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
    yield "nothing-optional", a_report(1, **BARE), 1


def _of_a_site(place: Path) -> Iterator[tuple[str, Report, dict[str, bytes]]]:
    """With every option of a site, on both papers, in another language, and signed."""
    logo = place / "logo.png"
    Image.new("RGBA", (300, 120), (22, 54, 92, 200)).save(logo)
    sample = SAMPLES / "mid_trimester_full" / "mid_trimester_full.json"
    given = {"name": "Example University Hospital", "address": "Department\n1 Example Street", "logo": logo}
    more = {"footer": "Exampletown, No. 0000", "disclaimer": "Synthetic.", "colour": "#5c1636"}
    for paper in ("A4", "Letter"):
        site = Institution.model_validate({**given, **more, "paper": paper})
        report = reportgen.make_report(sample, settings=Settings(institution=site))
        assert site.logo_path is not None
        assert site.logo_png is not None
        logo_png = {site.logo_path: site.logo_png}
        yield f"letterhead-{paper}", report, logo_png
        yield f"signed-{paper}", report.model_copy(update={"status": "signed"}), {}
        arabic = reportgen.make_report(
            sample, domain=load_domain(lang="ar"), settings=Settings(institution=site)
        )
        yield f"arabic-{paper}", arabic, logo_png
    yield "german", reportgen.make_report(sample, domain=load_domain(lang="de")), {}


@pytest.fixture(scope="session")
def papers(tmp_path_factory: pytest.TempPathFactory) -> list[Paper]:
    """All of them, each printed by ``reportgen.export``."""
    place = tmp_path_factory.mktemp("papers")
    drawn, out, turned = place / "random.jsonl", place / "out", place / "arabic"
    lines = [json.dumps(record) for record in random_records(RANDOM, SEED)]
    drawn.write_text("\n".join(lines) + "\n", "utf-8")
    # The text alone: a run keeps the pictures too, and the PDF is what is tried here.
    given = ["--engine", "template", "--format", "txt", "--quiet"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", "1795599840")
        assert main(["run", str(SAMPLES), str(drawn), "-o", str(out), *given]) == 0
        assert main(["run", str(SAMPLES), "-o", str(turned), "--lang", "ar", *given]) == 0
    made = []
    for file in sorted([*out.glob("*/report.json"), *turned.glob("*/report.json")]):
        report = Report.model_validate_json(file.read_bytes())
        pdf = file.with_name("report.pdf")
        pdf.write_bytes(reportgen.export(report, "pdf", file.parent))
        made.append(Paper(file.parent.name, report, file.with_name("report.txt").read_text("utf-8"), pdf))
    for name, report, pictures in _of_a_site(place):
        pdf = place / f"{name}.pdf"
        pdf.write_bytes(reportgen.export(report, "pdf", pictures))
        made.append(Paper(name, report, reportgen.export(report, "txt").decode(), pdf))
    for name, report, images in _odd():
        pdf = place / f"{name}.pdf"
        pdf.write_bytes(reportgen.export(report, "pdf", some_pictures(images) if images else None))
        made.append(Paper(name, report, reportgen.export(report, "txt").decode(), pdf))
    return made
