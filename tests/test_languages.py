"""Every sample in every language, through the whole run: what is a word is translated, what is data is not.

The pseudo-language writes each letter of an English text in Cyrillic. A Latin letter that is left in a report
is data of the input, a unit, an abbreviation or an id; else somebody wrote a word into the code.
"""

import json
import re
import shutil
import unicodedata
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from reportgen import resources
from reportgen.__main__ import main
from reportgen.domain import load_domain
from reportgen.domain.catalogue import read_catalogue
from reportgen.engines.base import EngineInfo
from reportgen.exporters import export
from reportgen.nouns import Report
from reportgen.pipeline import make_report
from reportgen.reread import read_again

ROOT = Path(__file__).parents[1]
GOLDEN = ROOT / "tests" / "golden_languages"
FOLDER = resources.folder("templates") / "fetal_ultrasound"
LANGUAGES = ("de", "ar")
#: Two reports a language are kept as they are printed.
KEPT = ("mid_trimester_full", "contradictions")
PSEUDO = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ,;",
    "абцдефгхийклмнопярстувшжызАБЦДЕФГХИЙКЛМНОПЯРСТУВШЖЫЗ‚⁏",
)
#: Names that are said as they are in every language.
NAMES = {"reportgen"}
NUMBER = re.compile(r"\d+(?:[.+:-]\d+)*")


def pseudo(text: str) -> str:
    """The text in Cyrillic; what stands in braces is left alone."""
    return "".join(
        part if part[:1] == "{" else part.translate(PSEUDO) for part in re.split(r"(\{\w+\})", text)
    )


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def pseudo_domain(folder: Path) -> Path:
    """A copy of the domain that has the language ``xx``."""
    own = Path(shutil.copytree(FOLDER, folder / "own"))
    known = read_catalogue(own / "locale" / "de.po")
    entries = [f"msgid {_quoted(text)}\nmsgstr {_quoted(pseudo(text))}\n" for _, text in known.texts]
    head = 'msgid ""\nmsgstr "Language: xx\\n"\n\n'
    (own / "locale" / "xx.po").write_text(head + "\n".join(entries), "utf-8")
    narrative = (own / "narrative.jinja").read_text("utf-8").split("{%- set views", 1)
    narrative[0] = narrative[0].replace('join(", ")', f'join("{pseudo(", ")}")')
    narrative[0] = narrative[0].replace('" and "', f'"{pseudo(" and ")}"')
    for words in (
        "were given as view labels", "was given as a view label", "The classifier recognised",
        "Leading candidates were", "A leading candidate was", '"were"', '"was"', " recorded.",
    ):  # fmt: skip
        assert words in narrative[1]
        narrative[1] = narrative[1].replace(words, pseudo(words))
    (own / "narrative.xx.jinja").write_text("{%- set views".join(narrative), "utf-8")
    return own


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """By language the reports of all samples, with verify's word that they are good."""
    place = tmp_path_factory.mktemp("languages")
    inputs = Path(shutil.copytree(ROOT / "samples", place / "in"))
    (inputs / "growth_32_weeks" / "head.png").unlink()
    (inputs / "growth_32_weeks" / "femur.png").write_bytes(b"no picture")
    own = pseudo_domain(place)
    outs = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", "1795599840")
        for lang in ("en", *LANGUAGES, "xx"):
            outs[lang] = place / lang
            domain = ["--domain", str(own)] if lang == "xx" else []
            language = [] if lang == "en" else ["--lang", lang]
            formats = ["--format", "txt,json,html,pdf", "--engine", "template", "--quiet"]
            assert main(["run", str(inputs), "-o", str(outs[lang]), *domain, *language, *formats]) == 0
            assert main(["verify", str(outs[lang]), *domain]) == 0
    return outs


def reports(out: Path) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Name, report and text of each case."""
    found = sorted(out.glob("*/report.json"))
    assert len(found) == 44
    for path in found:
        yield path.parent.name, json.loads(path.read_bytes()), path.with_name("report.txt").read_text("utf-8")


def page(out: Path, name: str, *, alt: bool = True) -> str:
    """The words of a case's report.html, with what stands for its pictures where these are not seen."""
    text = (out / name / "report.html").read_text("utf-8").partition("<body>")[2]
    unseen = " ".join(re.findall(' alt="([^"]*)"', text)) if alt else ""
    return unescape(re.sub("<[^>]*>", " ", text) + unseen)


def printed(report: dict[str, Any]) -> Iterator[str]:
    """Every text of a report that is printed, except what the input supplied as it is."""
    rows = report["biometry"]
    checklist = report.get("checklist", {})
    words = {k: v for k, v in report["presentation"].items() if k not in {"language", "direction"}}
    yield from (report["title"], report["banner"], report["imprint"], report.get("biometry_caption", ""))
    yield from (text for line in report["header"] for text in line)
    yield from (item["text"] for item in report["reviewer_items"])
    yield from (section["title"] for section in report["sections"])
    yield from (sentence["text"] for section in report["sections"] for sentence in section["sentences"])
    yield from (fact["surface"] for fact in report["facts"])
    yield from (image.get("note", "") for image in report["images"])
    yield from (row["display"] for row in report["views"])
    yield from (name for row in report["views"] for name, _ in row["candidates"])
    yield from (row["name"] for row in rows)
    yield from (note for _, note in report["biometry_notes"])
    yield from (checklist.get("exam", ""), *checklist.get("text", ()))
    yield from (row.get("reason", "") for row in report["answers"])
    for name in ("method", "reliability", "limits", "source_notes"):
        yield from report.get(name, ())
    yield report["provenance"].get("why_this_engine", "")
    yield from (re.sub(r"\{\w+\}", "", text) for text in words.values())


def supplied(report: dict[str, Any]) -> list[str]:
    """What a report prints of its input as it is, the longest first."""
    texts = {text for image in report["images"] for text in (image["image_id"], image.get("file", ""))}
    texts |= {text for _, text in report["header"] if re.search("[A-Za-z]", text)}
    texts |= {
        row[name] for row in report["answers"] for name in ("model", "question", "answer") if name in row
    }
    texts |= {row[name] for row in report["biometry"] for name in ("convention", "fetus") if name in row}
    texts |= {report["case_id"], *re.findall(r'"([^"]*)"', " ".join(report["method"]))}
    return sorted(filter(None, texts), key=len, reverse=True)


def test_no_word_is_written_in_the_code(made: dict[str, Path]):
    domain = load_domain()
    known = NAMES | {domain.default_label_set}
    for measure in domain.biometry.values():
        known |= {measure.abbr, measure.unit, *measure.convention.values}
    names = sorted(known, key=len, reverse=True)
    for name, report, text in reports(made["xx"]):
        data = supplied(report)
        letters = [letter for letter, _ in report["biometry_notes"]]
        allowed = set(re.findall("[A-Za-z]+", " ".join([*data, *known, *letters, report["report_id"]])))
        ours = re.compile("|".join(rf"(?<!\w){re.escape(one)}(?!\w)" for one in [*data, *names]))
        for said in printed(report):
            assert not re.search("[A-Za-z,;]", ours.sub("", said)), (name, said)
        words = (text + page(made["xx"], name)).replace(report["report_id"][:8], "")
        assert set(re.findall("[A-Za-z]+", words)) <= allowed, name


@pytest.mark.parametrize("lang", LANGUAGES)
def test_numbers_are_those_of_the_english_report(made: dict[str, Path], lang: str):
    """Values, ages, scores and counts are the same characters, whatever the language."""
    for (name, english, _), (_, other, _) in zip(reports(made["en"]), reports(made[lang]), strict=True):
        for one, same in zip(english["facts"], other["facts"], strict=True):
            assert {k: one.get(k) for k in ("id", "kind", "images")} == {
                k: same.get(k) for k in ("id", "kind", "images")
            }
            assert sorted(NUMBER.findall(one["surface"])) == sorted(NUMBER.findall(same["surface"])), name
        assert [row["value"] + row["unit"] for row in english["biometry"]] == [
            row["value"] + row["unit"] for row in other["biometry"]
        ]
        for one, same in zip(english["reviewer_items"], other["reviewer_items"], strict=True):
            assert one["rule"] == same["rule"]
            assert sorted(NUMBER.findall(one["text"])) == sorted(NUMBER.findall(same["text"])), name


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_report_says_that_nobody_has_reviewed_its_language(made: dict[str, Path], lang: str):
    domain = load_domain(lang=lang)
    for _, report, _ in reports(made[lang]):
        assert report["limits"][0] == domain.wording["limits"]["not_reviewed"]
        assert report["provenance"]["why_this_engine"] == domain.wording["no_lexicon"]
        assert report["presentation"]["language"] == lang
        assert {rung["rung"] for rung in report["provenance"].get("passages", [])} <= {"deterministic"}


def wide(line: str) -> int:
    return sum(unicodedata.category(c) not in {"Mn", "Me", "Cf"} for c in line)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_eighty_columns(made: dict[str, Path], lang: str):
    for name, _, text in reports(made[lang]):
        assert all(wide(line) <= 80 for line in text.splitlines()), name


def test_no_number_is_turned_round_by_the_letters_before_it(made: dict[str, Path]):
    """After an Arabic letter 20+3 would be shown as 3+20, and >0.99 as 0.99<: marks keep them whole."""
    turned = re.compile(r"(?<![A-Za-z0-9_.\u200e-])(?:[<>]\d|\d+[+-]\d)")
    seen = 0
    for name, _, text in reports(made["ar"]):
        assert all(line[:1] == "\u200f" for line in text.splitlines() if line), name
        assert not turned.search(text), name
        assert not turned.search(page(made["ar"], name, alt=False)), name
        seen += len(re.findall("\u200e\\d+\\+\\d\u200e", text))
    assert seen > 10


def test_other_languages_have_no_marks(made: dict[str, Path]):
    for lang in ("en", "de"):
        assert not [name for name, _, text in reports(made[lang]) if re.search("[\u200e\u200f]", text)]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_two_reports_are_as_they_were(made: dict[str, Path], lang: str, request: pytest.FixtureRequest):
    for name in KEPT:
        text = (made[lang] / name / "report.txt").read_text("utf-8")
        now = re.sub(r"reportgen [\w.+]+", "reportgen", text)
        path = GOLDEN / lang / f"{name}.txt"
        if request.config.getoption("--regold"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(now, "utf-8", newline="\n")
        assert now == path.read_text("utf-8")


def test_an_engine_is_not_asked_in_a_language_without_a_lexicon():
    class Forbidden:
        info = EngineInfo(engine="transformers", name="a model")

        def generate(self, *_: object) -> Any:
            raise AssertionError("the model was asked")

        def fingerprint(self) -> str:
            return ""

        def close(self) -> None:
            pass

    case = ROOT / "samples" / "mid_trimester_full" / "mid_trimester_full.json"
    report = make_report(case, Forbidden(), domain=load_domain(lang="de"))
    assert report.provenance.engine == "template"
    assert "Vom Klassifikator erkannt" in report.sections[0].sentences[0].text


def _forged(made: dict[str, Path], lang: str, change: Any) -> list[str]:
    """What reading again finds wrong with a report's files once they are changed."""
    folder = made[lang] / "mid_trimester_full"
    files = {name: (folder / name).read_bytes() for name in ("report.json", "report.txt", "report.html")}
    change(files)
    report = Report.model_validate_json(files["report.json"])
    files["report.json"] = export(report.model_copy(update={"report_id": report.identity()}), "json")
    return [fault.file for fault in read_again(files, load_domain(lang=lang)).faults]


@pytest.mark.parametrize(
    ("lang", "file", "old", "new"),
    [
        ("de", "report.json", "Vom Klassifikator erkannt: trans", "Vom Arzt erkannt: trans"),
        ("de", "report.json", '"origin": "template"', '"origin": "model"'),
        ("de", "report.json", '"value": "Wert"', '"value": "Wort"'),
        ("de", "report.txt", "Erfasster Messwert: Abdomenumfang", "Erfasster Messwert: Brustumfang"),
        ("ar", "report.json", "تعرف المصنف على: ", "نفى المصنف: "),
        ("ar", "report.txt", "176.2 mm", "167.2 mm"),
        ("ar", "report.txt", "\u200e>0.99", ">\u200e0.99"),
        ("ar", "report.txt", "الرأس", "ال\u200fرأس"),
        ("de", "report.txt", "METHODE", "\u200fMETHODE"),
        ("de", "report.html", "BEFUND", "BEFUNDE"),
        ("ar", "report.html", "\u200e20+3\u200e", "20\u200e+3\u200e"),
    ],
)
def test_what_was_changed_is_found_in_every_language(
    made: dict[str, Path], lang: str, file: str, old: str, new: str
):
    def change(files: dict[str, bytes]) -> None:
        assert old.encode() in files[file]
        files[file] = files[file].replace(old.encode(), new.encode(), 1)

    assert _forged(made, lang, lambda files: None) == []
    assert file in _forged(made, lang, change)
