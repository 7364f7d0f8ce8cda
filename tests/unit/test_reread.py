"""The re-reading finds every change, wherever it is made, and no fault where there is none."""

import copy
import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from changed_texts import altered, mutants
from factories import a_report, an_answer, some_pictures
from reportgen import pipeline, read
from reportgen.__main__ import main
from reportgen.domain import Domain, load_domain
from reportgen.engines import load_engine
from reportgen.errors import IntegrityError
from reportgen.exporters import FORMATS, export
from reportgen.nouns import Fact, Report
from reportgen.reread import (
    Record,
    faults_in_pdf_text,
    faults_in_report,
    faults_in_text,
    pdf_text,
    read_again,
    reread,
)
from reportgen.settings import Settings

ROOT = Path(__file__).parents[2]
#: Many rows; one image; two fetuses; another model's answers; hostile text.
CASES = (
    "mid_trimester_full",
    "jsonl_single_nt",
    "twins",
    "answers_of_another_model",
    "text_that_looks_like_instructions",
)
#: Of report.json, what neither text nor PDF prints and no other field tells: only a run, which has the
#: record, or the ledger's SHA-256 finds a change.
UNTOLD = {
    "images[].note",  # of an image that no place is kept for
    "images[].sha256",
    "images[].picture",  # verify looks whether it is there
    "provenance.passages[].passage",
}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("reread") / "out"
    assert main(["run", str(ROOT / "samples"), "-o", str(out), "--engine", "template", "--quiet"]) == 0
    return out


def files_of(case: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in case.glob("report.*")}


def the_report(case: Path) -> Report:
    return Report.model_validate_json((case / "report.json").read_bytes())


# -- what must be found ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CASES)
def test_every_change_of_the_text_is_found(tree: Path, name: str) -> None:
    report, text = the_report(tree / name), (tree / name / "report.txt").read_text("utf-8")
    assert faults_in_text(report, text) == []
    assert [what for what, changed in mutants(text) if not faults_in_text(report, changed)] == []


@pytest.mark.parametrize("name", CASES)
def test_every_change_of_the_pdfs_text_is_found(tree: Path, name: str) -> None:
    report = the_report(tree / name)
    pages = [page.replace("\r\n", "\n") for page in pdf_text((tree / name / "report.pdf").read_bytes())]
    assert faults_in_pdf_text(report, pages) == []
    for number, page in enumerate(pages):
        for what, changed in mutants(page):
            assert faults_in_pdf_text(report, [*pages[:number], changed, *pages[number + 1 :]]), what
        assert faults_in_pdf_text(report, pages[:number] + pages[number + 1 :])


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of each string and number."""
    inner = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    )
    if inner is None:
        yield path
    for key, one in inner or ():
        yield from leaves(one, (*path, key))


def changed_at(value: Any, path: tuple[Any, ...]) -> bytes:
    value = copy.deepcopy(value)
    inner = value
    for key in path[:-1]:
        inner = inner[key]
    old = inner[path[-1]]
    inner[path[-1]] = (
        not old if isinstance(old, bool) else altered(old or "x") if isinstance(old, str) else old + 1
    )
    return json.dumps(value).encode()


@pytest.mark.parametrize("name", CASES[:3])
def test_every_change_of_the_json_is_found(tree: Path, name: str) -> None:
    files, domain = files_of(tree / name), load_domain()
    assert read_again(files, domain)[:2] == ((), ())
    report = json.loads(files["report.json"])
    missed = {
        re.sub(r"\.\d+", "[]", ".".join(map(str, path)))
        for path in leaves(report)
        if not read_again({**files, "report.json": changed_at(report, path)}, domain).faults
    }
    assert missed <= UNTOLD


def test_real_pdfs_and_texts_of_another_report_are_found(tree: Path) -> None:
    case = tree / "mid_trimester_full"
    report = the_report(case)
    row, *rows = report.biometry
    view, *views = report.views
    others = {
        "value": {"biometry": (row.model_copy(update={"value": "176.3"}), *rows)},
        "unit": {"biometry": (row.model_copy(update={"unit": "cm"}), *rows)},
        "rows swapped": {"biometry": (rows[0], row, *rows[1:])},
        "row lost": {"biometry": tuple(rows)},
        "centile": {"biometry": (row.model_copy(update={"centile": "43"}), *rows)},
        "view": {"views": (view.model_copy(update={"display": "Head, transcerebellar"}), *views)},
        "score": {"views": (view.model_copy(update={"score": "0.97"}), *views)},
        "state": {"views": (view.model_copy(update={"state": "uncertain"}), *views)},
        "patient": {"header": (("Patient", "EXAMPLE, Anne"), *report.header[1:])},
        "item lost": {"reviewer_items": report.reviewer_items[1:]},
        "limit lost": {"limits": report.limits[:-1]},
        "banner": {"banner": "REVIEWED"},
        "signed": {"status": "signed"},
        "word": {"presentation": {**report.presentation, "value": "Worth"}},
    }
    for what, changes in others.items():
        other = report.model_copy(update=changes)
        assert faults_in_text(report, export(other, "txt").decode()), what
        assert faults_in_pdf_text(report, pdf_text(export(other, "pdf", case))), what


# -- a report that is wrong in itself --------------------------------------------------------------------


def with_sentence(report: Report, text: str, **changes: Any) -> Report:
    """The report with another first sentence, as if it had been made so."""
    section = report.sections[0]
    sentence = section.sentences[0].model_copy(update={"text": text, **changes})
    sections = (
        section.model_copy(update={"sentences": (sentence, *section.sentences[1:])}),
        *report.sections[1:],
    )
    return resigned(report, sections=sections)


def resigned(report: Report, **changes: Any) -> Report:
    report = report.model_copy(update=changes)
    return report.model_copy(update={"report_id": report.identity()})


def narrated(report: Report) -> list[Fact]:
    names = report.sections[0].sentences[0].evidence
    return [fact for fact in report.facts if fact.id in names]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda a, b: f"The classifier recognised {a} and not {b}.",
        lambda a, b: f"The classifier recognised {a} and {b}, both normal.",
        lambda a, b: f"The classifier recognised {a} and {a}.",
        lambda a, b: f"The classifier recognised {a}.",
        lambda a, b: f"The classifier recognised {a} and {b} and the spine.",
        lambda a, b: f"The classifier recognised {a} and {b} in 3 images.",
        lambda a, b: f"The classifier recognised {a} and {b.replace('image 1', 'image 2')}.",
        lambda a, b: f"{a} and {b} were recorded.",
        lambda a, b: f"The classifier recognised {a} and {b}. Femur length 32.1 mm (image 4) was recorded.",
    ],
)
def test_a_sentence_says_its_facts_and_only_words_of_the_domain(
    tree: Path, wrong: Callable[[str, str], str]
) -> None:
    report, domain = the_report(tree / "mid_trimester_full"), load_domain()
    surfaces = [fact.surface for fact in narrated(report)]
    good = with_sentence(
        report, f"{surfaces[1][:1].upper()}{surfaces[1][1:]} and {surfaces[0]} were recognised."
    )
    assert faults_in_report(good, domain) == []
    assert any("sections[0].sentences[0]" in fault for fault in faults_in_report(
        with_sentence(report, wrong(*surfaces)), domain
    ))  # fmt: skip


def test_required_facts_are_told_once_and_evidence_exists(tree: Path) -> None:
    report, domain = the_report(tree / "mid_trimester_full"), load_domain()
    first, second = narrated(report)
    lost = with_sentence(report, f"The classifier recognised {first.surface}.", evidence=(first.id,))
    assert faults_in_report(lost, domain) == ["facts[1]: told in 0 sentences"]
    twice = with_sentence(report, report.sections[0].sentences[0].text, evidence=(first.id, first.id))
    assert any("or one twice" in fault for fault in faults_in_report(twice, domain))
    unknown = with_sentence(report, report.sections[0].sentences[0].text, evidence=(first.id, "F99"))
    assert any("that there is not" in fault for fault in faults_in_report(unknown, domain))
    by_hand = with_sentence(
        report, "Seen again on the second day.", evidence=(first.id, second.id), origin="reviewer"
    )
    assert faults_in_report(by_hand, domain) == []


def test_a_row_agrees_with_its_fact(tree: Path) -> None:
    report, domain = the_report(tree / "mid_trimester_full"), load_domain()
    row, *rows = report.biometry
    view, *views = report.views
    wrong = {
        "biometry": [
            row.model_copy(update=change)
            for change in ({"value": "177.2"}, {"unit": "cm"}, {"image_number": 2})
        ],
        "views": [view.model_copy(update={"state": "uncertain"}), view.model_copy(update={"number": 2})],
    }
    for name, changed in wrong.items():
        for one in changed:
            other = resigned(report, **{name: (one, *(rows if name == "biometry" else views))})
            assert faults_in_report(other, domain), one


# -- a report that is not of its record ------------------------------------------------------------------


@pytest.fixture(scope="module")
def made() -> tuple[Report, Record, Domain]:
    domain, site = load_domain(), Settings()
    path = ROOT / "samples" / "mid_trimester_full" / "mid_trimester_full.json"
    prepared = pipeline.prepare(read.read_found(path, domain), domain)
    pictures = pipeline.load_pictures(prepared.found)
    info = load_engine(engine="template").info
    when = pipeline.datetime.now(site.zone)
    report = pipeline.finish(prepared, {}, info, domain, site, pictures=pictures, created_at=when)
    return report, Record(prepared.found, prepared.facts, site.zone), domain


def with_first(entries: Sequence[Any], **changes: Any) -> tuple[Any, ...]:
    return (entries[0].model_copy(update=changes), *entries[1:])


def put_out(report: Report) -> dict[str, bytes]:
    return {f"report.{name}": export(report, name) for name in FORMATS}


def test_what_was_made_of_its_record_passes(made: tuple[Report, Record, Domain]) -> None:
    report, record, domain = made
    reread(put_out(report), domain, record)


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("header", lambda r: {"header": (("Patient", "OTHER, Anna"), *r.header[1:])}),
        ("status", lambda r: {"status": "signed"}),
        ("chart_age", lambda r: {"chart_age": "20+4"}),
        ("limits", lambda r: {"limits": r.limits[1:]}),
        ("method", lambda r: {"method": r.method[:1]}),
        ("views", lambda r: {"views": (*r.views[:-1], r.views[-1].model_copy(update={"candidates": ()}))}),
        ("checklist", lambda r: {"checklist": None}),
        ("reviewer_items", lambda r: {"reviewer_items": r.reviewer_items[1:]}),
        ("source_notes", lambda r: {"source_notes": ("Read otherwise.",)}),
        ("images", lambda r: {"images": with_first(r.images, file="b.png")}),
        ("images.picture", lambda r: {"images": with_first(r.images, sha256="0" * 64)}),
        (
            "provenance.input_name",
            lambda r: {"provenance": with_first([r.provenance], input_name="b.json")[0]},
        ),
    ],
)
def test_a_report_that_agrees_with_itself_but_not_with_its_record_is_found(
    made: tuple[Report, Record, Domain], path: str, change: Callable[[Report], dict[str, Any]]
) -> None:
    report, record, domain = made
    other = resigned(report, **change(report))
    files = put_out(other)
    assert [fault.file for fault in read_again(files, domain).faults] == []
    with pytest.raises(
        IntegrityError, match=re.escape(f"report.json does not say what its record holds: {path}: ")
    ):
        reread(files, domain, record)


def test_what_is_found_is_named_by_file_and_place_and_holds_no_value(
    made: tuple[Report, Record, Domain],
) -> None:
    report, record, domain = made
    files = put_out(report)
    files["report.txt"] = files["report.txt"].replace(b"EXAMPLE, Anna", b"EXAMPLE, Bert")
    with pytest.raises(IntegrityError) as caught:
        reread(files, domain, record)
    assert "report.txt" in str(caught.value)
    assert "line 5 (header 1)" in str(caught.value)
    assert "EXAMPLE" not in str(caught.value)


# -- what is no fault ------------------------------------------------------------------------------------

#: Vowel signs on no letter of their script: pdfium leaves out one of two characters at the same place.
_LONE_MARK = re.compile(
    r"(?<![\u0590-\u07bf\u0900-\u0dff])"
    r"[\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\ufb1e\u0711"
    r"\u0816-\u082d\u0859-\u085b\u0898-\u089f\u08ca-\u08ff\u07eb-\u07f3\u07fd\u0730-\u07b0\u0900-\u0903\u093a-\u0dff]"
)
_LETTERS = st.one_of(
    st.characters(exclude_categories=("Cc", "Cf", "Cs", "Co", "Cn")),
    st.characters(min_codepoint=32, max_codepoint=0x24F, exclude_categories=("Cc", "Cf")),
    st.sampled_from("- ,.ab"),
)
_TEXT = st.one_of(
    st.text(_LETTERS, min_size=1, max_size=60),
    st.text(st.sampled_from("ab-. 1é"), min_size=1, max_size=400),
    st.lists(st.text(_LETTERS, max_size=40), min_size=1, max_size=40).map("\n".join),
).filter(lambda text: bool(text.strip()) and not _LONE_MARK.search(text))
_LINE = _TEXT.map(lambda text: " ".join(text.split()))


@example(
    header=[("0", "0"), ("0", "0"), ("000000000000000000➰⺀⺀", "0"), ("0", "0")],
    long="0",
    line="0",
    images=1,
    pictures=False,
)
@settings(max_examples=60, deadline=None)
@given(
    header=st.lists(st.tuples(_LINE.map(lambda name: name[:40].strip()), _TEXT), min_size=1, max_size=6),
    long=_TEXT,
    line=_LINE,
    images=st.sampled_from([1, 6, 20]),
    pictures=st.booleans(),
)
def test_no_text_of_the_input_makes_a_fault_where_there_is_none(
    header: list[tuple[str, str]], long: str, line: str, images: int, pictures: bool
) -> None:
    report = a_report(images, pictures=pictures)
    first = report.images[0].model_copy(update={"file": line, "note": line, "picture": None})
    report = report.model_copy(
        update={
            "header": tuple(header),
            "images": (first, *report.images[1:]),
            "answers": (an_answer(line, long),),
            "limits": (*report.limits, long),
            "source_notes": (line,),
        }
    )
    assert faults_in_text(report, export(report, "txt").decode()) == []
    pdf = export(report, "pdf", some_pictures(images) if pictures else None)
    assert faults_in_pdf_text(report, pdf_text(pdf)) == []


def test_text_that_repeats_itself_for_pages_takes_no_time_to_speak_of() -> None:
    """Whose cell a word of such a row is, nobody can tell: the ways to read it are as the words squared."""
    same = ("a " * 5000).strip()
    row = an_answer(same, same).model_copy(update={"model": same})
    report = a_report(answers=(row,))
    pages = pdf_text(export(report, "pdf"))
    began = time.process_time()
    assert faults_in_pdf_text(report, pages) == []
    number = next(n for n, page in enumerate(pages) if page.count("a a a") > 100)
    pages[number] = pages[number].replace("a a a", "a b a", 1)
    assert faults_in_pdf_text(report, pages)
    assert time.process_time() - began < 2


def test_characters_that_the_typeface_lacks_are_looked_for_as_their_sign(tree: Path) -> None:
    report = the_report(tree / "mid_trimester_full")
    report = report.model_copy(update={"header": (("Indication", "\U0001f600\u1680a"), *report.header[1:])})
    pages = pdf_text(export(report, "pdf", tree / "mid_trimester_full"))
    assert faults_in_pdf_text(report, pages) == []
    assert "(U+1F600)" in " ".join(pages)
    without = [re.sub(r"Some characters of[^)]*\)", "", page) for page in pages]
    assert without != pages
    assert faults_in_pdf_text(report, without)


def test_a_layout_of_ones_own_holds_all_that_is_said_and_no_other_number() -> None:
    domain = load_domain()
    template = (
        "{{ report.banner }} ({{ 4000 + 711 }} reports so far)\n" + domain.templates["report.txt.jinja"]
    )
    own = domain.model_copy(
        update={"templates": {**domain.templates, "report.txt.jinja": template}, "sha256": "f" * 64}
    )
    path = ROOT / "samples" / "twins" / "twins.json"
    report = pipeline.make_report(path, domain=own)
    assert report.provenance.domain_sha256 == "f" * 64
    text = export(report, "txt", text_template=template)
    files = {"report.json": export(report, "json"), "report.txt": text}
    assert [fault.problem for fault in read_again(files, own).faults] == [
        "line 1 (a number that the report does not hold): is not what report.json says"
    ]
    template = template.replace("({{ 4000 + 711 }} reports so far)", "(OUR CLINIC)")
    own = own.model_copy(update={"templates": {**own.templates, "report.txt.jinja": template}})
    files["report.txt"] = export(report, "txt", text_template=template)
    assert read_again(files, own)[:2] == ((), ())
    value = report.biometry[0].value.encode()
    assert read_again({**files, "report.txt": files["report.txt"].replace(value, b"1")}, own).faults
    unsure = {one.file for one in read_again(files, domain).unchecked}
    assert unsure == {"report.json", "report.txt"}
    assert read_again(files, domain).faults == ()
