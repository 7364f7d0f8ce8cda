"""Facts and accepted words to a report. Every label, number and name is put in here, by code."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from importlib.metadata import PackageNotFoundError, version
from zoneinfo import ZoneInfo

from reportgen.domain import Domain
from reportgen.engines.base import EngineInfo
from reportgen.nouns import (
    Case,
    CheckedSentence,
    Fact,
    Facts,
    Found,
    ImageEntry,
    Passage,
    Provenance,
    Report,
    ReviewerItem,
    Section,
    Sentence,
)
from reportgen.nouns.report import Origin, Rung
from reportgen.phrases import capital, date_phrase, images_phrase, say, strung

__all__ = ["Words", "assemble", "filled", "software_version"]

_SLOT = re.compile(r"\[\[(F\d+)\]\]")
#: More pictures than this that cannot be shown share one reviewer's item.
EACH = 3

#: The accepted words of one passage: sentences with local slots, who wrote them, and how.
Words = tuple[Sequence[CheckedSentence], Sequence[Origin], Rung]


def software_version() -> str:
    """``reportgen`` and its version, as printed."""
    try:
        return f"reportgen {version('reportgen')}"
    except PackageNotFoundError:
        return "reportgen (not installed)"


def filled(sentence: str, slots: Mapping[str, Fact]) -> str:
    """The sentence with each slot replaced by its fact's surface, and a capital at its start."""
    text = _SLOT.sub(lambda match: slots[match[1]].surface, sentence)
    return text[:1].upper() + text[1:]


def assemble(
    found: Found,
    facts: Facts,
    words: Sequence[Words],
    info: EngineInfo,
    domain: Domain,
    *,
    pictures: Mapping[str, str | None],
    notes: Mapping[str, str],
    prompt_sha256: str,
    zone: ZoneInfo,
    created_at: datetime,
) -> Report:
    """Put the report together.

    Args:
        found: The case and where it came from.
        facts: What the evidence says.
        words: One entry a passage of ``facts``, in that order.
        info: Who wrote the words.
        domain: Fixed sentences and titles.
        pictures: By image id the sha256 that names the printed picture, or None.
        notes: By image id why there is no picture, where one was named.
        prompt_sha256: Hash of the prompt template.
        zone: In which times without an offset are printed.
        created_at: When the report was made, with time zone.
    """
    case = found.case
    sections = _sections(facts, words, domain)
    all_facts = facts.all
    rungs = tuple(rung for _, _, rung in words)
    named = {entry.image_id: entry for entry in _images(case, pictures, notes, domain)}
    report = Report(
        report_id="",
        case_id=case.case_id,
        title=domain.title_single if len(case.images) == 1 else domain.title,
        banner=domain.banner,
        header=_header(case, domain, zone),
        reviewer_items=(*facts.reviewer_items, *_lost_pictures(named, notes, domain)),
        method=facts.method,
        sections=sections,
        facts=all_facts,
        images=tuple(named.values()),
        views=facts.views,
        biometry=facts.biometry,
        biometry_caption=facts.biometry_caption,
        biometry_notes=facts.biometry_notes,
        chart_age=_chart_age(case),
        checklist=facts.checklist,
        reliability=facts.reliability,
        answers=facts.answers,
        limits=facts.limits,
        source_notes=found.source.notes,
        presentation=domain.presentation,
        imprint=_imprint(info, rungs, domain),
        provenance=_provenance(found, info, rungs, domain, prompt_sha256),
        created_at=created_at.isoformat(timespec="seconds"),
    )
    return report.model_copy(update={"report_id": report.identity()})


def _sections(facts: Facts, words: Sequence[Words], domain: Domain) -> tuple[Section, ...]:
    told = {passage.id: entry for passage, entry in zip(facts.passages, words, strict=True)}
    sections = []
    for region in domain.regions:
        sentences = [
            sentence
            for passage in facts.passages
            if passage.region == region.id
            for sentence in _sentences(passage, told[passage.id])
        ]
        if region == domain.regions[-1]:
            sentences += [
                Sentence(text=fact.surface, evidence=(fact.id,), origin="template")
                for fact in facts.printed
                if fact.kind == "undetermined"
            ]
        if sentences:
            sections.append(Section(name=region.id, title=region.title, sentences=tuple(sentences)))
    impression = Sentence(text=domain.wording["impression"], origin="template")
    title = domain.presentation["impression"]
    return (*sections, Section(name="impression", title=title, sentences=(impression,)))


def _sentences(passage: Passage, words: Words) -> list[Sentence]:
    sentences, origins, _ = words
    return [
        Sentence(text=filled(one.text, passage.slots), evidence=one.evidence, origin=origin)
        for one, origin in zip(sentences, origins, strict=True)
    ]


def _images(
    case: Case, pictures: Mapping[str, str | None], notes: Mapping[str, str], domain: Domain
) -> list[ImageEntry]:
    entries = []
    for number, image in enumerate(case.images, 1):
        digest = pictures.get(image.image_id)
        entries.append(
            ImageEntry(
                number=number,
                image_id=image.image_id,
                file=image.file,
                sha256=digest or image.sha256,
                sop_uid=image.sop_uid,
                picture=f"images/{digest}.jpg" if digest else None,
                note=None if digest else _why(notes.get(image.image_id), domain),
            )
        )
    return entries


def _why(note: str | None, domain: Domain) -> str:
    """Why there is no picture, in the language of the report."""
    return domain.presentation["no_picture"] if note is None else domain.wording["no_picture"].get(note, note)


def _lost_pictures(
    entries: Mapping[str, ImageEntry], notes: Mapping[str, str], domain: Domain
) -> list[ReviewerItem]:
    lost = [entry for entry in entries.values() if entry.image_id in notes and not entry.picture]
    if not lost:
        return []
    if len(lost) > EACH:
        phrase = capital(images_phrase(domain, [entry.number for entry in lost]))
        text = say(domain, "reviewer.picture_missing_many", Images=phrase)
        return [ReviewerItem(rule="picture_missing", text=text, images=tuple(e.image_id for e in lost))]
    return [
        ReviewerItem(
            rule="picture_missing",
            text=say(
                domain,
                "reviewer.picture_missing",
                Images=capital(images_phrase(domain, [entry.number])),
                why=_why(notes[entry.image_id], domain),
            ),
            images=(entry.image_id,),
        )
        for entry in lost
    ]


def _header(case: Case, domain: Domain, zone: ZoneInfo) -> tuple[tuple[str, str], ...]:
    words, patient, study = domain.presentation, case.patient, case.study
    missing = words["not_supplied"]
    age = next((a for a in case.gestational_age if a.used), None)
    ages = [age] if age else list(case.gestational_age)
    said = domain.wording["header"]
    spoken = [
        said["ga_one_day" if a.days == 1 else "ga"].format(
            weeks=a.weeks, days=a.days, basis=said["basis"][a.basis]
        )
        for a in ages
    ]
    gestation = strung(domain, "semicolon", spoken)
    born = f"{_day(patient.birth_date, domain)}" if patient and patient.birth_date else missing
    single = len(case.images) == 1
    lines: list[tuple[str, str | None]] = [
        ("patient", (patient.name if patient else None) or missing),
        ("born", born if patient else None),
        ("patient_id", (patient.id or missing) if patient else None),
        ("case", case.case_id),
        ("accession", (study.accession if study else None) or (None if single else missing)),
        ("examined", _moment(study.performed_at, domain, zone) if study and study.performed_at else missing),
        ("image", case.images[0].image_id if single else None),
        ("images", None if single else said["images"].format(n=len(case.images))),
        ("gestation", gestation or missing),
        ("indication", (study.indication if study else None) or missing),
        ("comparison", None if single else words["none_supplied"]),
        ("referrer", study.referrer if study else None),
        ("operator", study.operator if study else None),
        ("device", study.device if study else None),
    ]
    return tuple((words[key], text) for key, text in lines if text)


def _day(day: object, domain: Domain) -> str:
    return date_phrase(date.fromisoformat(str(day)[:10]), domain.presentation)


def _moment(supplied: str, domain: Domain, zone: ZoneInfo) -> str:
    """``23 Nov 2026, 09:41``; only the day where only a day was supplied."""
    moment = datetime.fromisoformat(supplied)
    if moment.tzinfo:
        moment = moment.astimezone(zone)
    day = _day(moment.date(), domain)
    if len(supplied) <= 10:
        return day
    return domain.presentation["moment"].format(date=day, time=f"{moment:%H:%M}")


def _chart_age(case: Case) -> str | None:
    """The age that the centiles were read at, as printed."""
    marked = [age for age in case.gestational_age if age.used] or list(case.gestational_age)
    return str(marked[0]) if len(marked) == 1 else None


def _imprint(info: EngineInfo, rungs: Sequence[Rung], domain: Domain) -> str:
    said = domain.wording["imprint"]
    fixed = sum(rung.rung == "deterministic" for rung in rungs)
    if info.engine == "template" or (rungs and fixed == len(rungs)):
        form = "template"
    else:
        form = "model_partly" if fixed else "model"
    return str(said[form].format(software=software_version(), model=info.name, k=fixed, n=len(rungs)))


def _provenance(
    found: Found, info: EngineInfo, rungs: tuple[Rung, ...], domain: Domain, prompt_sha256: str
) -> Provenance:
    return Provenance(
        input_sha256=found.source.sha256,
        input_name=found.source.name,
        input_format=found.source.format,
        software=software_version(),
        engine=info.engine,
        model=info.model,
        revision=info.revision,
        weights_sha256=info.weights_sha256,
        precision=info.precision,
        dtype=info.dtype,
        device=info.device,
        server=info.server,
        generation=info.generation,
        canary=info.canary,
        why_this_engine=info.why if domain.has_lexicon else domain.wording["no_lexicon"],
        prompt_sha256=prompt_sha256,
        domain=domain.domain,
        domain_sha256=domain.sha256,
        lexicon_sha256=domain.lexicon_sha256,
        passages=rungs,
    )
