"""``reportgen verify`` on trees that are as they were written, and on trees that are not; and what a run does
with a report that does not say what its record holds."""

import base64
import io
import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf
import pytest

import reportgen
from batches import cohort, go, put, record, tree
from reportgen.batch import make
from reportgen.cli import main
from reportgen.errors import ExitCode

ROOT = Path(__file__).parents[1]
MEASURED = {"name": "HC", "value": 176.2, "unit": "mm", "source": "operator"}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three reports, one with pictures."""
    folder = tmp_path_factory.mktemp("verify")
    shutil.copytree(ROOT / "samples" / "growth_32_weeks", folder / "in")
    value = record("A", "Trans-thalamic", "Femur", patient={"name": "EXAMPLE, Anna"})
    value["images"][0]["measurements"] = [MEASURED]
    put(folder / "in", "a.json", value)
    put(folder / "in", "b.json", record("B", "Thorax"))
    assert go(folder / "in", out=folder / "out", formats=("txt", "pdf", "html")).done == 3
    return folder / "out"


@pytest.fixture
def out(written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(written, tmp_path / "out"))


def verified(capsys: pytest.CaptureFixture[str], *arguments: object, code: int = 6) -> list[str]:
    """What ``verify`` says, where it ends with this code."""
    assert main(["verify", *map(str, arguments)]) == code, capsys.readouterr()
    return capsys.readouterr().out.splitlines()


def replaced(path: Path, old: bytes, new: bytes) -> None:
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new, 1))


def test_what_was_written_is_found_good_and_is_not_touched(
    out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in out.rglob("*") if path.is_file()}
    assert verified(capsys, out, code=0) == ["reports: 3 (with the ledger), faults: 0"]
    assert verified(capsys, out / "A", code=0) == ["reports: 1 (with the ledger), faults: 0"]
    (end,) = verified(capsys, out, "--json", code=0)
    assert json.loads(end) == {"reports": 3, "faults": 0, "ledger": True, "unchecked": {}}
    assert before == {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in out.rglob("*") if p.is_file()}


@pytest.mark.parametrize("ledger", [True, False])
@pytest.mark.parametrize(
    "change",
    [
        ("report.txt", b"176.2 mm", b"176.3 mm", "line"),
        ("report.txt", b"Femur", b"Tibia", "line"),
        ("report.json", b"176.2", b"176.3", "report_id"),
        ("report.json", b"EXAMPLE, Anna", b"EXAMPLE, Anne", "report"),
        ("report.json", b'"case_id": "A"', b'"case_id": "A", "case_id": "A"', "an object has a key twice"),
        ("report.json", b'"case_id"', b'"cas_id"', "case_id: Field required"),
        ("report.txt", b"Femur", b"\xff\xfe", "is not UTF-8"),
        ("report.pdf", b"%PDF-1.7", b"%PDX-9", "is no PDF that can be read"),
        ("report.html", b"176.2 mm", b"176.3 mm", "line"),
        ("report.html", b"</main>", b"<p>All is well.</p></main>", "line"),
        ("report.html", b"</main>", b"<script>a()</script></main>", "an active element"),
        ("report.html", b"<ol>", b"<ol><!-- -->", "line"),
        ("report.html", b"Femur", b"\xff\xfe", "is not UTF-8"),
    ],
)
def test_a_changed_file_is_found(
    out: Path, capsys: pytest.CaptureFixture[str], ledger: bool, change: tuple[str, bytes, bytes, str]
) -> None:
    file, old, new, place = change
    replaced(out / "A" / file, old, new)
    if not ledger:
        (out / "ledger.sqlite").unlink()
    said = verified(capsys, out)
    assert all(line.startswith("A  ") for line in said[:-1])
    assert any(place in line for line in said[:-1])
    assert any("SHA-256" in line and f"A  {file}" in line for line in said) == ledger
    assert said[-1].startswith(f"reports: 3 ({'with the' if ledger else 'without a'} ledger), faults: ")
    assert "EXAMPLE" not in "".join(said)


def test_a_pdf_of_another_report_is_found(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (out / "ledger.sqlite").unlink()
    shutil.copy(out / "B" / "report.pdf", out / "A" / "report.pdf")
    finding, end = (json.loads(line) for line in verified(capsys, out, "--json"))
    assert (finding["case"], finding["file"]) == ("A", "report.pdf")
    assert finding["problem"].startswith("page 1")
    assert (end["reports"], end["faults"], end["ledger"]) == (3, 1, False)


@pytest.mark.parametrize("name", ["report.json", "report.txt", "report.pdf", "report.html", "picture"])
def test_a_missing_file_is_found(out: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    case = out / "growth_32_weeks"
    path = next((case / "images").iterdir()) if name == "picture" else case / name
    path.unlink()
    (said, _) = verified(capsys, out)
    assert said.startswith(f"growth_32_weeks  {path.relative_to(case).as_posix()}: is missing")
    if name == "picture":
        (out / "ledger.sqlite").unlink()
        assert "there is no such file" in verified(capsys, out)[0]


@pytest.mark.parametrize("ledger", [True, False])
def test_a_page_with_another_picture_than_the_one_beside_it_is_found(
    out: Path, capsys: pytest.CaptureFixture[str], ledger: bool
) -> None:
    case = out / "growth_32_weeks"
    first, second = sorted(case.glob("images/*.jpg"))[:2]
    one, other = (base64.b64encode(path.read_bytes()) for path in (first, second))
    replaced(case / "report.html", one, other)
    if not ledger:
        (out / "ledger.sqlite").unlink()
    said = [line for line in verified(capsys, out) if "is not what report.json says" in line]
    assert len(said) == 1
    assert said[0].startswith("growth_32_weeks  report.html: line ")


def test_folders_and_files_that_the_ledger_does_not_know_are_found(
    out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(out / "A", out / "C")
    (out / "B" / "report.hl7").write_text("MSH|")
    shutil.rmtree(out / "growth_32_weeks")
    said = verified(capsys, out)
    assert "C  report.json: is not in the ledger" in said
    assert "C  report.json: case_id: is not the name of its folder" in said
    assert "B  report.hl7: is not in the ledger" in said
    assert "not checked in 1: report.hl7, this format cannot be read again" in said
    assert sum(line.startswith("growth_32_weeks  ") for line in said) >= 3


def test_what_is_no_output_is_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    verified(capsys, tmp_path, code=2)
    verified(capsys, tmp_path / "nowhere", code=2)
    (tmp_path / "ledger.sqlite").write_text("no ledger")
    verified(capsys, tmp_path, code=2)


def test_words_of_another_domain_are_said_to_be_unchecked(
    out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = shutil.copytree(ROOT / "templates" / "fetal_ultrasound", tmp_path / "domain")
    with (Path(other) / "domain.yaml").open("a", encoding="utf-8") as stream:
        stream.write("our_own: 1\n")
    said = verified(capsys, out, "--domain", other, code=0)
    assert said[0].startswith("not checked in 3: report.json, the words of its sentences")


# -- in a run --------------------------------------------------------------------------------------------


def faulty(files: dict[str, bytes], name: str, old: bytes, new: bytes) -> dict[str, bytes]:
    return {**files, name: files[name].replace(old, new)}


def test_a_report_that_an_exporter_got_wrong_is_not_put_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cohort(tmp_path / "in", 3)
    value = record("measured", "Trans-thalamic")
    value["images"][0]["measurements"] = [MEASURED]
    put(tmp_path / "in", "measured.json", value)
    right: Callable[..., dict[str, bytes]] = make.views

    def wrong(*arguments: Any) -> dict[str, bytes]:
        return faulty(right(*arguments), "report.txt", b"176.2 mm", b"176.3 mm")

    out = tmp_path / "out"
    with monkeypatch.context() as patch:
        patch.setattr(make, "views", wrong)
        summary = go(tmp_path / "in", out=out)
    assert (summary.done, summary.failed, summary.exit_code) == (3, 1, ExitCode.INTEGRITY)
    assert not (out / "measured").exists()
    assert b"176.3 mm" in (out / ".failed" / "measured" / "report.txt").read_bytes()
    with sqlite3.connect(out / "ledger.sqlite") as ledger:
        status, problem = ledger.execute(
            "SELECT status, problem FROM cases WHERE case_id = 'measured'"
        ).fetchone()
    assert status == "failed"
    assert problem.startswith("The finished report.txt does not say what its record holds: line ")
    assert "176" not in problem
    assert verified(capsys, out, code=0) == ["reports: 3 (with the ledger), faults: 0"]

    assert go(tmp_path / "in", out=out).done == 1
    assert not (out / ".failed" / "measured").exists()
    assert verified(capsys, out, code=0) == ["reports: 4 (with the ledger), faults: 0"]


@pytest.mark.parametrize("form", ["pdf", "html"])
def test_a_format_that_is_added_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    put(tmp_path, "a.json", record("A", "Thorax"))
    out = tmp_path / "out"
    assert go(tmp_path / "a.json", out=out).done == 1
    before = tree(out)
    right: Callable[..., dict[str, bytes]] = make.views
    from_a_case_of_femur = put(tmp_path, "b.json", record("A", "Femur"))
    assert go(from_a_case_of_femur, out=tmp_path / "other", formats=(form,)).done == 1
    other = (tmp_path / "other" / "A" / f"report.{form}").read_bytes()
    monkeypatch.setattr(make, "views", lambda *arguments: {**right(*arguments), f"report.{form}": other})
    summary = go(tmp_path / "a.json", out=out, formats=("txt", form))
    assert (summary.failed, summary.exit_code) == (1, ExitCode.INTEGRITY)
    assert not (out / "A").exists()
    assert (out / ".superseded" / "A" / "report.txt").read_bytes() == before["A/report.txt"]


def test_the_time_of_the_reading_is_in_the_ledger(written: Path) -> None:
    with sqlite3.connect(f"file:{written}/ledger.sqlite?mode=ro", uri=True) as ledger:
        times = [json.loads(row[0]) for row in ledger.execute("SELECT seconds FROM cases")]
    assert all(0 < time["reread"] < 1 for time in times)


def test_what_a_pdf_holds_beside_its_pages_is_read_too():
    from reportgen.reread.enclosed import enclosed_fault

    report = reportgen.make_report(ROOT / "samples" / "mid_trimester_full" / "mid_trimester_full.json")
    source, good = reportgen.export(report, "json"), reportgen.export(report, "pdf")
    assert enclosed_fault(good, source) == ""
    assert "the report.json in it" in enclosed_fault(good, source.replace(b"176.2", b"178.2"))

    def changed(change: Callable[[pikepdf.Pdf], None]) -> str:
        stream = io.BytesIO()
        with pikepdf.open(io.BytesIO(good)) as pdf:
            change(pdf)
            pdf.save(stream)
        return enclosed_fault(stream.getvalue(), source)

    def noted(pdf: pikepdf.Pdf) -> None:
        note = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.FreeText, Contents="NORMAL")
        pdf.pages[0].Annots = pikepdf.Array([pdf.make_indirect(note)])

    def acting(pdf: pikepdf.Pdf) -> None:
        pdf.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")

    def bare(pdf: pikepdf.Pdf) -> None:
        del pdf.attachments["report.json"]

    assert "page 1" in changed(noted)
    assert "acts" in changed(acting)
    assert "does not hold report.json" in changed(bare)
