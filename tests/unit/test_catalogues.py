"""The catalogues: every text of domain.yaml is in every language, with the same braces."""

import importlib.util
import io
import re
import shutil
from pathlib import Path
from types import ModuleType

import pytest
from babel.messages.pofile import read_po

from reportgen import resources
from reportgen.check import check_passage
from reportgen.domain import Domain, languages, load_domain
from reportgen.domain.catalogue import read_catalogue
from reportgen.domain.translate import missing_texts, texts_of
from reportgen.errors import DomainError, UsageError
from reportgen.nouns import Fact

FOLDER = resources.folder("templates") / "fetal_ultrasound"
CATALOGUES = sorted((FOLDER / "locale").glob("*.po"))
LANGUAGES = [path.stem for path in CATALOGUES]


def _script() -> ModuleType:
    path = FOLDER.parents[1] / "docs" / "catalogues.py"
    spec = importlib.util.spec_from_file_location("catalogues", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SCRIPT = _script()
FACTS = SCRIPT.facts_of(FOLDER)


def test_there_are_three_languages():
    assert languages() == ["en", "ar", "de"]


@pytest.mark.parametrize("path", CATALOGUES, ids=LANGUAGES)
def test_a_catalogue_is_complete_and_up_to_date(path: Path):
    """Nothing is missing, fuzzy or obsolete; the file is as the script writes it."""
    content = path.read_text("utf-8")
    catalogue = read_po(io.StringIO(content), abort_invalid=True)
    assert [message.id for message in catalogue if message.id and not message.string] == []
    assert [message.id for message in catalogue if message.id and message.fuzzy] == []
    assert not catalogue.obsolete
    assert missing_texts(FACTS, read_catalogue(path)) == []
    assert SCRIPT.updated(FACTS, content) == content


@pytest.mark.parametrize("path", CATALOGUES, ids=LANGUAGES)
def test_the_light_reader_reads_what_babel_reads(path: Path):
    read = read_catalogue(path)
    catalogue = read_po(io.StringIO(path.read_text("utf-8")))
    assert read.texts == {(m.context, m.id): m.string for m in catalogue if m.id and m.string and not m.fuzzy}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_clinical_fact_depends_on_the_language(lang: str):
    """What decides is the same: only names and sentences differ."""
    english, other = load_domain(), load_domain(lang=lang)
    for name in ("thresholds", "ga_basis", "answers", "label_orders", "reliability", "default_label_set"):
        assert getattr(other, name) == getattr(english, name)
    for one, same in zip(english.views, other.views, strict=True):
        said = {"display", "display_short"}
        assert one.model_dump(exclude=said) == same.model_dump(exclude=said)
    for key, measure in english.biometry.items():
        said = {"name", "narrated", "chart", "convention"}
        assert measure.model_dump(exclude=said) == other.biometry[key].model_dump(exclude=said)
        assert other.measure_of(measure.name) == key
    assert not other.reviewed
    assert not other.has_lexicon
    assert other.sha256 != english.sha256


@pytest.mark.parametrize("path", CATALOGUES, ids=LANGUAGES)
def test_never_missing_and_never_normal(path: Path):
    """A view that was not found is not recognised; nothing is judged."""
    for text in read_catalogue(path).texts.values():
        assert not re.search(r"\bfehl(?:t|en|end)|auffällig\b|\bnormal|مفقود|غائب|طبيعي", text.casefold())


def test_direction_and_language_are_the_headers():
    said = {lang: load_domain(lang=lang).presentation for lang in (None, "de", "ar")}
    assert {lang: (one["language"], one["direction"]) for lang, one in said.items()} == {
        None: ("en-GB", "ltr"),
        "de": ("de", "ltr"),
        "ar": ("ar", "rtl"),
    }
    for one in said.values():
        assert len(one["months"].split()) == 12


def test_english_is_named_or_not():
    assert load_domain(lang="en") == load_domain()


@pytest.mark.parametrize(
    ("lang", "meant"), [("DE", "Did you mean 'de'? "), ("arr", "Did you mean 'ar'? "), ("klingon", "")]
)
def test_an_unknown_language_lists_those_that_there_are(lang: str, meant: str):
    with pytest.raises(UsageError) as error:
        load_domain(lang=lang)
    assert error.value.problem == f"There is no language '{lang}'."
    assert error.value.cure == f"{meant}There are: en, ar, de."


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FOLDER, tmp_path / "own"))


def _changed(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("locale/de.po", 'msgstr "Kopf"', 'msgstr ""', "lacks the words of regions.head.title"),
        ("locale/de.po", 'msgstr "{weeks} Wochen', 'msgstr "Wochen', "lacks the words of wording.header.ga"),
        ("locale/de.po", "#. regions.head.title", "#, fuzzy", "lacks the words of regions.head.title"),
        ("locale/de.po", "Language: de", "Language: nl", "does not say 'Language: de'"),
        ("locale/de.po", "X-Direction: ltr", "X-Direction: up", "X-Direction is ltr or rtl"),
        ("locale/de.po", 'msgstr "Kopf"', "msgstr Kopf", "is not a line of a catalogue"),
        ("domain.yaml", "not_signed: NOT SIGNED", "not_signed: UNSIGNED", "of presentation.not_signed"),
    ],
)
def test_no_report_is_half_in_a_language(copy: Path, file: str, old: str, new: str, says: str):
    _changed(copy / file, old, new)
    with pytest.raises(DomainError) as error:
        load_domain(copy, "de")
    assert says in str(error.value)


def test_a_language_needs_its_deterministic_text(copy: Path):
    (copy / "narrative.de.jinja").unlink()
    with pytest.raises(DomainError, match=r"has no narrative\.de\.jinja"):
        load_domain(copy, "de")


def test_a_changed_word_and_a_review_change_the_fingerprint(copy: Path):
    digests = {load_domain(copy, "de").sha256}
    _changed(copy / "locale/de.po", 'msgstr "Kopf"', 'msgstr "Haupt"')
    digests.add(_again(copy).sha256)
    _changed(copy / "locale/de.po", "X-Reviewed: false", "X-Reviewed: true")
    reviewed = _again(copy)
    assert reviewed.reviewed
    assert len({*digests, reviewed.sha256}) == 3


def _again(copy: Path) -> Domain:
    """The domain read anew: a process reads each once."""
    return load_domain(shutil.copytree(copy, copy.parent / f"{len(list(copy.parent.iterdir()))}"), "de")


def test_a_language_with_carriers_has_a_lexicon(copy: Path):
    shutil.copy(copy / "carriers.yaml", copy / "carriers.de.yaml")
    domain = load_domain(copy, "de")
    assert domain.has_lexicon
    assert domain.carriers == load_domain().carriers


def test_a_lexicon_may_have_letters_of_its_own(copy: Path):
    text = (copy / "carriers.yaml").read_text("utf-8").replace("[process, ", "[process, künstler, ")
    (copy / "carriers.de.yaml").write_text(text, "utf-8")
    slots = {"F1": Fact(id="F1", kind="view", surface="a plane", name="a plane", images=("i",))}
    draft = "The künstler recognised [[F1]]."
    assert check_passage(draft, slots, "P1", load_domain(copy, "de")).accepted
    codes = {o.code for s in check_passage(draft, slots, "P1", load_domain()).sentences for o in s.objections}
    assert codes == {"character", "word"}


def test_one_text_may_have_two_translations(copy: Path):
    """Where the path is given as the context."""
    path = copy / "locale" / "de.po"
    entry = '\nmsgctxt "exam_types.intrapartum.display"\nmsgid "intrapartum"\nmsgstr "unter der Geburt"\n'
    path.write_text(SCRIPT.updated(FACTS, path.read_text("utf-8") + entry), "utf-8")
    domain = load_domain(copy, "de")
    assert domain.exam_types["intrapartum"].display == "unter der Geburt"
    assert domain.wording["groups"]["intrapartum"] == "intrapartal"
    assert SCRIPT.updated(FACTS, path.read_text("utf-8")) == path.read_text("utf-8")


def test_a_new_catalogue_holds_every_text_once():
    begun = read_po(io.StringIO(SCRIPT.begun(FACTS, "pl", "ltr")))
    assert [message.id for message in begun if message.id] == list(
        dict.fromkeys(text for _, text in texts_of(FACTS))
    )
