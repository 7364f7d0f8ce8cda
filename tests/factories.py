"""Synthetic reports and drawn pictures for tests: made up from end to end, and the same on every run."""

import hashlib
import io
import math
import random
from collections.abc import Mapping
from typing import Any

import pypdfium2
from PIL import Image, ImageDraw, ImageFilter

from reportgen.domain import load_domain
from reportgen.nouns import (
    AnswerRow,
    BiometryRow,
    Checklist,
    Fact,
    ImageEntry,
    Provenance,
    Report,
    ReviewerItem,
    Section,
    Sentence,
    ViewRow,
)
from reportgen.nouns.report import Rung

#: View id, state, score, candidates: the study of the example, then a few more kinds of rows.
_ROWS: tuple[tuple[str, str, str, tuple[tuple[str, str], ...]], ...] = (
    ("transthalamic", "recognised", "0.96", ()),
    ("transventricular", "recognised", "0.74", (("Head, transthalamic", "0.19"),)),
    ("abdomen_ac", "recognised", "0.97", ()),
    ("femur_fl", "recognised", ">0.99", ()),
    ("thorax_4ch", "uncertain", "0.58", (("Abdomen, axial", "0.31"),)),
    ("", "undetermined", "", (("Head, transcerebellar", "0.41"), ("Head, transventricular", "0.33"))),
)
_BIOMETRY = (
    ("Head circumference", "HC", "176.2", "mm", "42", None, 1),
    ("Biparietal diameter", "BPD", "47.6", "mm", None, "a", 1),
    ("Abdominal circumference", "AC", "150.4", "mm", "40", None, 3),
    ("Femur length (diaphysis)", "FL", "32.1", "mm", "41", None, 4),
)
HEADER = (
    ("Patient", "EXAMPLE, Anna"),
    ("Born", "14 Mar 1994"),
    ("Patient ID", "0000123"),
    ("Accession", "US-2026-004711"),
    ("Examined", "23 Nov 2026, 09:41"),
    ("Images", "6 submitted"),
    ("Gestation", "20 weeks 3 days, as supplied; dating basis not stated"),
    ("Indication", "not supplied"),
    ("Comparison", "none supplied"),
)
#: What a report may be without.
BARE = {
    "header": (),
    "reviewer_items": (),
    "method": (),
    "sections": (),
    "biometry": (),
    "biometry_caption": "",
    "biometry_notes": (),
    "checklist": None,
    "reliability": (),
    "source_notes": (),
}


def a_picture(seed: int = 1, size: tuple[int, int] = (640, 480)) -> Image.Image:
    """A grey drawing that looks a little like an ultrasound sector; nothing real is in it."""
    rng = random.Random(seed)
    width, height = size
    rng_noise = Image.frombytes("L", (160, 120), rng.randbytes(160 * 120)).resize(
        size, Image.Resampling.BICUBIC
    )
    speckle = Image.blend(rng_noise, Image.new("L", size, 60), 0.55).filter(ImageFilter.GaussianBlur(1))
    drawn = Image.new("L", size, 0)
    pen = ImageDraw.Draw(drawn)
    top, radius = (width // 2, -height // 6), int(height * 1.12)
    sector = [top[0] - radius, top[1] - radius, top[0] + radius, top[1] + radius]
    pen.pieslice(sector, 48, 132, fill=150)
    scanned = Image.composite(speckle, Image.new("L", size, 6), drawn.point(lambda v: 255 if v else 0))
    pen = ImageDraw.Draw(scanned)
    x, y = width * (0.42 + 0.16 * rng.random()), height * (0.45 + 0.15 * rng.random())
    a, b = width * (0.16 + 0.06 * rng.random()), height * (0.17 + 0.08 * rng.random())
    for grow in range(5):
        pen.ellipse([x - a - grow, y - b - grow, x + a + grow, y + b + grow], outline=215 - 20 * grow)
    angle = rng.random() * math.pi
    dx, dy = a * 0.8 * math.cos(angle), b * 0.8 * math.sin(angle)
    pen.line([x - dx, y - dy, x + dx, y + dy], fill=170, width=3)
    pen.text((10, 8), f"SYNTHETIC {seed}", fill=140)
    return scanned.filter(ImageFilter.GaussianBlur(0.8))


def jpeg(seed: int = 1, size: tuple[int, int] = (640, 480)) -> bytes:
    """A drawn picture as JPEG bytes."""
    stream = io.BytesIO()
    a_picture(seed, size).save(stream, "JPEG", quality=80)
    return stream.getvalue()


def picture_name(seed: int) -> str:
    """Relative path that an image's picture has in the output."""
    return f"images/{hashlib.sha256(str(seed).encode()).hexdigest()}.jpg"


def some_pictures(images: int, distinct: int = 12) -> dict[str, bytes]:
    """Pictures for ``a_report(images)``; beyond ``distinct`` the drawings repeat, with their own bytes."""
    drawn = [jpeg(seed) for seed in range(1, min(images, distinct) + 1)]
    # A comment segment keeps the bytes apart, as different files are.
    return {
        picture_name(n): drawn[(n - 1) % len(drawn)][:2]
        + b"\xff\xfe\x00\x06%04d" % n
        + drawn[(n - 1) % len(drawn)][2:]
        for n in range(1, images + 1)
    }


def _views(images: int) -> tuple[ViewRow, ...]:
    domain = load_domain()
    rows = []
    for number in range(1, images + 1):
        view, state, score, candidates = _ROWS[(number - 1) % len(_ROWS)]
        rows.append(
            ViewRow(
                image=f"img-{number:03d}",
                number=number,
                state=state,
                view=view or None,
                display=domain.view(view).display_short if view else "not determined",
                score=score or None,
                candidates=candidates,
                label=view or "transcerebellar",
            )
        )
    return tuple(rows)


def _sections(views: tuple[ViewRow, ...]) -> tuple[Section, ...]:
    domain = load_domain()
    found = []
    for region in domain.regions:
        there = {v.view: [] for v in views if v.view and domain.view(v.view).region == region.id}
        for v in views:
            if v.view in there:
                there[v.view].append(str(v.number))
        sentences = tuple(
            Sentence(
                text=f"The software recognised {domain.view(view).display} (image {', '.join(numbers)}).",
                evidence=("F1",),
                origin="model",
            )
            for view, numbers in there.items()
        )
        if sentences:
            found.append(Section(name=region.id, title=region.title, sentences=sentences))
    lost = [str(v.number) for v in views if not v.view]
    if lost:
        said = Sentence(text=f"The view of image {', '.join(lost)} was not determined.", origin="template")
        found.append(Section(name="other", title="Other", sentences=(said,)))
    clinician = Sentence(text=domain.wording["impression"], origin="template")
    return (*found, Section(name="impression", title="Impression", sentences=(clinician,)))


def _biometry(count: int) -> tuple[BiometryRow, ...]:
    rows = []
    for number in range(count):
        name, abbr, value, unit, centile, note, image = _BIOMETRY[number % len(_BIOMETRY)]
        rows.append(
            BiometryRow(
                name=name,
                abbr=abbr,
                value=value,
                unit=unit,
                image=f"img-{image:03d}",
                image_number=image,
                source="operator",
                centile=centile,
                note=note,
            )
        )
    return tuple(rows)


def a_report(images: int = 6, measurements: int = 4, pictures: bool = True, **changes: Any) -> Report:
    """A whole report of a made-up study.

    Args:
        images: How many images, 1-500; views and states repeat every six images.
        measurements: Rows of the biometry.
        pictures: Whether the images name a picture (``some_pictures`` makes them).
        **changes: Fields of ``Report`` to replace.
    """
    domain = load_domain()
    wording, views = domain.wording, _views(images)
    single = images == 1
    items = [
        ReviewerItem(
            rule="undetermined",
            text=f"Image {row.number}: view not determined (highest score 0.41, Head, transcerebellar).",
            images=(row.image,),
        )
        for row in views
        if row.state == "undetermined"
    ]
    if not single:
        missing = "Head, transcerebellar: not recognised on any image of this study."
        items.append(ReviewerItem(rule="not_recognised", text=missing))
        items.append(
            ReviewerItem(
                rule="centile_withheld",
                text="BPD: no centile, because the caliper convention was not stated.",
            )
        )
    fields: Mapping[str, Any] = {
        "report_id": hashlib.sha256(f"report {images}".encode()).hexdigest(),
        "case_id": f"synthetic-{images:04d}",
        "title": domain.title_single if single else domain.title,
        "banner": domain.banner,
        "header": tuple((name, f"{images} submitted" if name == "Images" else text) for name, text in HEADER),
        "reviewer_items": tuple(items),
        "method": (
            "Each image was sorted into one of 12 view classes by the FADA classifier.",
            wording["method"]["measured_operator"],
        ),
        "sections": _sections(views),
        "facts": (
            Fact(id="F1", kind="view", surface="the transthalamic plane", name="the plane", required=True),
        ),
        "images": tuple(
            ImageEntry(
                number=row.number,
                image_id=row.image,
                file=f"IMG_{row.number:04d}.png",
                sha256=hashlib.sha256(str(row.number).encode()).hexdigest(),
                picture=picture_name(row.number) if pictures else None,
                note=None if pictures else "file not found",
            )
            for row in views
        ),
        "views": views,
        "biometry": _biometry(0 if single else measurements),
        "biometry_caption": ""
        if single
        else "Chart: INTERGROWTH-21st (2014), singleton. Number of fetuses not stated.",
        "biometry_notes": () if single else (("a", "The chart needs outer-to-outer calipers."),),
        "chart_age": None if single else "20+3",
        "checklist": None
        if single
        else Checklist(
            exam="mid-trimester",
            chosen="gestational age",
            recognised=("Head, transthalamic",),
            not_recognised=("Head, transcerebellar",),
            not_recognisable=("face", "spine"),
            text=(
                (
                    'Checklist "mid-trimester" (chosen from the gestational age; only views that this '
                    "classifier can name): 5 of 6 recognised."
                ),
                "Not recognised: Head, transcerebellar.",
                (
                    "Outside its classes, so not checked: face, spine, outflow tracts, kidneys and bladder, "
                    "cord insertion, arms, lower legs and feet, placenta, amniotic fluid."
                ),
            ),
        ),
        "reliability": (
            (
                "In FADA's published test (225 images, small numbers), images that were given the label "
                "Head, transthalamic had it rightly in 21 of 26."
            ),
        )
        if single
        else (),
        "limits": (
            wording["limits"]["view_name"],
            wording["limits"]["not_assessed_single" if single else "not_assessed"],
            wording["limits"]["single" if single else "not_recognised"],
            wording["limits"]["scores"],
        ),
        "presentation": domain.presentation,
        "imprint": "reportgen 0.1.0 | words: MedGemma 4B int8, checked; facts, tables: software",
        "source_notes": ("FADA chatbot result, 82.4 % read as 0.82",) if single else (),
        "provenance": Provenance(
            input_sha256="a1" * 32,
            input_name="studies/synthetic.json",
            input_format="native",
            software="reportgen 0.1.0",
            engine="transformers",
            model="google/medgemma-4b-it",
            revision="290cda5eeccbee130f987c4ad74a59ae6f196408",
            weights_sha256="b2" * 32,
            precision="int8",
            dtype="bfloat16",
            device="cuda",
            generation={"do_sample": False, "max_new_tokens": 160},
            canary="ok",
            why_this_engine=None,
            prompt_sha256="c3" * 32,
            domain="fetal_ultrasound",
            domain_sha256="d4" * 32,
            lexicon_sha256="e5" * 32,
            passages=(Rung(passage="head", rung="free"),),
        ),
        "created_at": "2026-11-23T09:44:00+01:00",
    }
    return Report(**{**fields, **changes})


def an_answer(
    question: str = "Which plane is it?", answer: str | None = "A transthalamic plane."
) -> AnswerRow:
    """Another model's answer about image 1; None for one that is unusable."""
    row = AnswerRow(
        image="img-001", image_number=1, model="other-model 1.0", question=question, answer="replaced"
    )
    reason = "Unusable: the text is an error message."
    refused = {"unusable": "error", "reason": reason} if answer is None else {}
    return row.model_copy(update={"answer": answer, **refused})


def pdf_pages(data: bytes) -> list[str]:
    """Text of each page of a PDF, as a reader would copy it, blanks and line ends made one."""
    document = pypdfium2.PdfDocument(data)
    try:
        return [" ".join(page.get_textpage().get_text_range().split()) for page in document]
    finally:
        document.close()


def solid(text: str) -> str:
    """Text without any blank: how texts compare when lines may break anywhere."""
    return "".join(text.split())
