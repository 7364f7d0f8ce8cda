"""Pages as pictures: what they looked like when somebody last looked at them.

``pytest tests/pdf/test_pages.py --regold`` draws them anew; look at every one that has changed.
"""

from datetime import UTC, datetime
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image, ImageChops, ImageFilter, ImageStat

import reportgen
from factories import a_report, some_pictures
from reportgen.domain import load_domain
from reportgen.exporters.pdf import flow
from reportgen.institution import Institution
from reportgen.settings import Settings

SAMPLES = Path(__file__).parents[2] / "samples"
GOLDEN = Path(__file__).parents[1] / "golden_pages"
WHEN = datetime(2026, 11, 25, 9, 44, tzinfo=UTC)
#: Dots an inch: enough to see where what stands, too few to read by.
DOTS = 50
#: Largest difference of a spot of some millimetres, and mean one, of 255: hashes in small type may differ.
SPOT, PAGE = 60, 1.0


def drawn(pdf: bytes) -> list[Image.Image]:
    document = pypdfium2.PdfDocument(pdf)
    return [page.render(scale=DOTS / 72, grayscale=True).to_pil() for page in document]


def of(sample: str, lang: str | None = None, **institution: object) -> bytes:
    site, case = (
        Settings(institution=Institution.model_validate(institution)),
        SAMPLES / sample / f"{sample}.json",
    )
    report = reportgen.make_report(case, domain=load_domain(lang=lang), settings=site, created_at=WHEN)
    versions = {"domain_sha256": "0" * 64, "lexicon_sha256": "0" * 64, "prompt_sha256": "0" * 64}
    made = report.provenance.model_copy(update=versions)
    return reportgen.export(report.model_copy(update={"provenance": made}), "pdf")


REPORTS = {
    "study": lambda: of("mid_trimester_full"),
    "letter": lambda: of(
        "growth_32_weeks", name="Example Hospital", address="1 Example Street", paper="Letter", footer="Foot"
    ),
    "arabic": lambda: of("contradictions", "ar", name="مستشفى Example", address="1 Example Street"),
    "one": lambda: reportgen.export(a_report(1), "pdf", some_pictures(1)),
    "twenty": lambda: reportgen.export(a_report(20), "pdf", some_pictures(20)),
    "sixty": lambda: reportgen.export(a_report(60), "pdf", some_pictures(60)),
}


@pytest.fixture(autouse=True)
def _no_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """A frame in place of the QR code, which every change of a report changes."""
    monkeypatch.setattr(flow.Code, "draw", lambda self: self.canv.rect(0, 0, self.width, self.height))


@pytest.mark.parametrize("name", REPORTS)
def test_pages_look_as_they_did(name: str, request: pytest.FixtureRequest, tmp_path: Path):
    pages = drawn(REPORTS[name]())
    if request.config.getoption("--regold"):
        GOLDEN.mkdir(exist_ok=True)
        for old in GOLDEN.glob(f"{name}-*.png"):
            old.unlink()
        for number, page in enumerate(pages, 1):
            page.quantize(48).save(GOLDEN / f"{name}-{number}.png", optimize=True)
    golden = [Image.open(path).convert("L") for path in sorted(GOLDEN.glob(f"{name}-*.png"))]
    assert len(pages) == len(golden)
    for number, (page, old) in enumerate(zip(pages, golden, strict=True), 1):
        assert page.size == old.size
        worst, mean = difference(page, old)
        page.save(tmp_path / f"{name}-{number}.png")
        assert worst <= SPOT, f"page {number}: see {tmp_path}"
        assert mean <= PAGE, f"page {number}: see {tmp_path}"


def difference(one: Image.Image, other: Image.Image) -> tuple[float, float]:
    """The largest difference of a blurred spot, and the mean one of the page."""
    changed = ImageChops.difference(one, other).filter(ImageFilter.BoxBlur(2))
    return float(changed.getextrema()[1]), ImageStat.Stat(changed).mean[0]  # type: ignore[arg-type]


def test_a_moved_block_a_missing_picture_and_another_colour_are_seen():
    page = drawn(REPORTS["study"]())[0]
    moved = page.copy()
    moved.paste(255, (0, 100, page.width, 116))
    moved.paste(page.crop((0, 100, page.width, 112)), (0, 104))
    assert max(difference(page, moved)) > SPOT
    lost = drawn(reportgen.export(a_report(1), "pdf"))[0]
    assert max(difference(drawn(REPORTS["one"]())[0], lost)) > SPOT
