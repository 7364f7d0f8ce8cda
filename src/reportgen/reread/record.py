"""``report.json`` read against the record that it was made from."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from reportgen.domain import Domain
from reportgen.nouns import Case, Facts, Found, Report
from reportgen.reread.printed import day_in

__all__ = ["record_faults"]

#: What a report takes from the facts as it is.
SAME = (
    "views",
    "biometry",
    "biometry_notes",
    "biometry_caption",
    "checklist",
    "answers",
    "method",
    "reliability",
    "limits",
)


def record_faults(
    report: Report, found: Found, facts: Facts, domain: Domain, zone: ZoneInfo
) -> Iterator[str]:
    """What the report says otherwise than its record, each with its path; never a value.

    Args:
        report: What was read.
        found: The case and where it came from.
        facts: What its evidence says.
        domain: The one that both were made with.
        zone: In which times without an offset are printed.
    """
    case, made = found.case, report.provenance
    items = report.reviewer_items
    added = items[len(facts.reviewer_items) :]
    digests = {picture.image_id: picture.sha256 for picture in found.source.pictures}
    same = {
        "case_id": report.case_id == facts.case_id == case.case_id,
        "status": report.status == "draft",
        "facts": report.facts == facts.all,
        **{name: getattr(report, name) == getattr(facts, name) for name in SAME},
        "reviewer_items": items[: len(facts.reviewer_items)] == facts.reviewer_items
        and all(item.rule == "picture_missing" for item in added),
        "header": list(report.header) == list(_header(case, domain, zone)),
        "chart_age": report.chart_age == _chart_age(case),
        "images": [(one.image_id, one.file, one.sop_uid) for one in report.images]
        == [(one.image_id, one.file, one.sop_uid) for one in case.images],
        "images.picture": all(
            one.picture == f"images/{one.sha256}.jpg" and one.sha256 == digests.get(one.image_id)
            for one in report.images
            if one.picture
        ),
        "source_notes": report.source_notes == found.source.notes,
        "provenance.input_sha256": made.input_sha256 == found.source.sha256,
        "provenance.input_name": made.input_name == found.source.name,
        "provenance.input_format": made.input_format == found.source.format,
        "provenance.domain_sha256": made.domain_sha256 == domain.sha256,
        "provenance.passages": [rung.passage for rung in made.passages] == [one.id for one in facts.passages],
    }
    yield from (f"{path}: is not as the record has it" for path, good in same.items() if not good)
    yield from _passage_faults(report, facts)


def _passage_faults(report: Report, facts: Facts) -> Iterator[str]:
    """Each sentence tells facts of one passage, under the heading of its region, in the words of its rung."""
    model = {"free": {"model"}, "repaired": {"model"}, "constrained": {"model", "model_constrained"}}
    home = {fact.id: passage for passage in facts.passages for fact in passage.facts}
    origins = {rung.passage: model.get(rung.rung, {"template"}) for rung in report.provenance.passages}
    for number, section in enumerate(report.sections):
        for place, sentence in enumerate(section.sentences):
            passages = {home[name].id: home[name] for name in sentence.evidence if name in home}
            good = [
                one.region == section.name and sentence.origin in origins.get(one.id, ())
                for one in passages.values()
            ]
            if passages and good != [True]:
                yield f"sections[{number}].sentences[{place}]: stands in a passage that is not its facts'"


def _chart_age(case: Case) -> str | None:
    ages = [age for age in case.gestational_age if age.used] or list(case.gestational_age)
    return str(ages[0]) if len(ages) == 1 else None


def _header(case: Case, domain: Domain, zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    """The lines of the header, with what was supplied or a word for what was not."""
    words, said = domain.presentation, domain.wording["header"]
    single = len(case.images) == 1
    missing = words["not_supplied"]
    said_between = domain.wording["joining"]["semicolon"]
    patient, study = case.patient, case.study
    yield words["patient"], (patient.name if patient else None) or missing
    if patient:
        yield (
            words["born"],
            day_in(date.fromisoformat(str(patient.birth_date)[:10]), words)
            if patient.birth_date
            else missing,
        )
        yield words["patient_id"], patient.id or missing
    yield words["case"], case.case_id
    if (study and study.accession) or not single:
        yield words["accession"], (study.accession if study else None) or missing
    performed = study.performed_at if study else None
    yield words["examined"], _moment(performed, words, zone) if performed else missing
    if single:
        yield words["image"], case.images[0].image_id
    else:
        yield words["images"], said["images"].format(n=len(case.images))
    ages = [age for age in case.gestational_age if age.used] or case.gestational_age
    spoken = [
        said["ga" if age.days != 1 else "ga_one_day"].format(
            weeks=age.weeks, days=age.days, basis=said["basis"][age.basis]
        )
        for age in ages
    ]
    yield words["gestation"], said_between.join(spoken) or missing
    yield words["indication"], (study.indication if study else None) or missing
    if not single:
        yield words["comparison"], words["none_supplied"]
    for name in ("referrer", "operator", "device"):
        if study and getattr(study, name):
            yield words[name], getattr(study, name)


def _moment(supplied: str, words: Mapping[str, str], zone: ZoneInfo) -> str:
    when = datetime.fromisoformat(supplied)
    when = when.astimezone(zone) if when.tzinfo else when
    if len(supplied) <= 10:
        return day_in(when, words)
    return words["moment"].format(date=day_in(when, words), time=f"{when:%H:%M}")
