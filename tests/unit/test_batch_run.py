"""What a run makes, leaves alone, refuses and survives."""

import io
import json
import os
import shutil
import sys
from collections import deque
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace

import pytest

from batches import Scripted, balanced, cohort, go, good_words, put, record, tree
from reportgen import pipeline, read
from reportgen.batch import Summary
from reportgen.batch import inputs as batch_inputs
from reportgen.batch.folder import supersede
from reportgen.batch.lock import locked
from reportgen.batch.run import Run
from reportgen.errors import ExitCode, UsageError
from reportgen.ledger import Ledger


@pytest.fixture(autouse=True)
def _one_moment(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1763888640")


def names(out: Path) -> list[str]:
    return sorted(tree(out))


def test_a_run_leaves_the_tree_that_was_promised(tmp_path):
    put(tmp_path / "in", "a.json", record("A"))
    put(tmp_path / "in", "bad.json", "{")
    put(tmp_path / "in", "notes.txt", "ignored")
    summary = go(tmp_path / "in", out=tmp_path / "out", formats=("txt", "pdf"))
    assert names(tmp_path / "out") == [
        "A/report.json",
        "A/report.pdf",
        "A/report.txt",
        "index.html",
        "rejected/bad.json.error.json",
    ]
    assert (summary.cases, summary.done, summary.rejected) == (2, 1, 1)
    assert summary.exit_code == ExitCode.REJECTED
    assert (summary.files, summary.ignored_files) == (2, 1)
    assert json.loads((tmp_path / "out" / "summary.json").read_text())["rejected"] == 1
    error = json.loads((tmp_path / "out" / "rejected" / "bad.json.error.json").read_text())
    assert set(error) == {"file", "row", "path", "problem", "cure"}
    assert error["file"] == "bad.json"
    assert error["problem"]
    assert error["cure"]
    assert not (tmp_path / "out" / "reportgen.log").exists()
    assert not (tmp_path / "out" / ".partial").exists()


def test_the_same_command_again_does_nothing_and_reads_nothing(tmp_path, monkeypatch):
    cohort(tmp_path / "in", 5)
    go(tmp_path / "in", out=tmp_path / "out")
    before = tree(tmp_path / "out")
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("case-*/*")}
    monkeypatch.setattr(batch_inputs, "read_file", lambda *_: pytest.fail("a file was read"))
    summary = go(tmp_path / "in", out=tmp_path / "out")
    assert (summary.skipped, summary.done, summary.exit_code) == (5, 0, 0)
    assert tree(tmp_path / "out") == before
    assert times == {path: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("case-*/*")}


def test_a_changed_input_redoes_only_its_case(tmp_path):
    cohort(tmp_path / "in", 4)
    go(tmp_path / "in", out=tmp_path / "out")
    put(tmp_path / "in", "case-002.json", record("case-002", "Femur", "Abdomen"))
    summary = go(tmp_path / "in", out=tmp_path / "out")
    assert (summary.skipped, summary.done) == (3, 1)
    assert "longitudinal plane of the femur" in (tmp_path / "out/case-002/report.txt").read_text()


def test_a_touched_input_is_read_but_not_done_again(tmp_path):
    cohort(tmp_path / "in", 2)
    go(tmp_path / "in", out=tmp_path / "out")
    os.utime(tmp_path / "in" / "case-000.json", ns=(1, 1))
    assert go(tmp_path / "in", out=tmp_path / "out").skipped == 2


def test_a_new_format_is_only_printed(tmp_path, monkeypatch):
    cohort(tmp_path / "in", 3)
    go(tmp_path / "in", out=tmp_path / "out")
    monkeypatch.setattr(pipeline, "finish", None)
    monkeypatch.setattr(pipeline, "prepare", None)
    summary = go(tmp_path / "in", out=tmp_path / "out", formats=("txt", "pdf"))
    assert (summary.done, summary.exit_code) == (3, 0)
    together = tree(tmp_path / "out")
    monkeypatch.undo()
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1763888640")
    go(tmp_path / "in", out=tmp_path / "at-once", formats=("txt", "pdf"))
    assert tree(tmp_path / "at-once") == together
    assert go(tmp_path / "in", out=tmp_path / "out", formats=("txt", "pdf")).skipped == 3


def test_force_does_everything_again(tmp_path):
    cohort(tmp_path / "in", 3)
    go(tmp_path / "in", out=tmp_path / "out")
    assert go(tmp_path / "in", out=tmp_path / "out", force=True).done == 3


@pytest.mark.parametrize("harm", ["missing", "edited", "truncated", "folder"])
def test_a_damaged_output_is_made_again(tmp_path, harm):
    cohort(tmp_path / "in", 2)
    go(tmp_path / "in", out=tmp_path / "out")
    whole = tree(tmp_path / "out")
    report = tmp_path / "out/case-001/report.json"
    if harm == "missing":
        report.unlink()
    elif harm == "edited":
        report.write_bytes(report.read_bytes().replace(b"recognised", b"recognizeD"))
    elif harm == "truncated":
        report.write_bytes(report.read_bytes()[:100])
    else:
        shutil.rmtree(report.parent)
    summary = go(tmp_path / "in", out=tmp_path / "out")
    assert (summary.done, summary.skipped) == (1, 1)
    assert tree(tmp_path / "out") == whole


def test_a_copied_output_tree_is_still_good(tmp_path):
    cohort(tmp_path / "in", 2)
    go(tmp_path / "in", out=tmp_path / "out")
    shutil.copytree(tmp_path / "out", tmp_path / "copy", copy_function=shutil.copyfile)
    assert go(tmp_path / "in", out=tmp_path / "copy").skipped == 2


def test_a_picture_that_comes_later_redoes_its_case(tmp_path):
    from factories import a_picture

    case = record("A")
    case["images"][0]["file"] = "a.png"
    put(tmp_path / "in", "a.json", case)
    go(tmp_path / "in", out=tmp_path / "out")
    assert go(tmp_path / "in", out=tmp_path / "out").skipped == 1
    a_picture().save(tmp_path / "in" / "a.png")
    assert go(tmp_path / "in", out=tmp_path / "out").done == 1
    assert len(list((tmp_path / "out/A/images").glob("*.jpg"))) == 1
    assert go(tmp_path / "in", out=tmp_path / "out").skipped == 1
    a_picture(2).save(tmp_path / "in" / "a.png")
    assert go(tmp_path / "in", out=tmp_path / "out").done == 1
    assert len(list((tmp_path / "out/A/images").glob("*.jpg"))) == 1


def test_two_inputs_with_one_id(tmp_path):
    put(tmp_path / "in", "a.json", record("Same", "Femur"))
    put(tmp_path / "in", "b.json", record("sAME", "Abdomen"))
    summary = go(tmp_path / "in", out=tmp_path / "out")
    assert (summary.done, summary.rejected) == (1, 1)
    assert "Same/report.json" in names(tmp_path / "out")
    assert "same case_id" in (tmp_path / "out/rejected/b.json.error.json").read_text()
    again = go(tmp_path / "in", out=tmp_path / "out")
    assert (again.skipped, again.rejected, again.exit_code) == (1, 1, 3)


def test_refusals_of_two_files_with_one_name_do_not_overwrite_each_other(tmp_path):
    put(tmp_path / "in", "one/bad.json", "{")
    put(tmp_path / "in", "two/bad.json", "[")
    for _ in range(2):
        assert go(tmp_path / "in", out=tmp_path / "out").rejected == 2
        files = sorted(path.name for path in (tmp_path / "out/rejected").iterdir())
        assert len(files) == 2
        said = {json.loads((tmp_path / "out/rejected" / name).read_text())["file"] for name in files}
        assert said == {"one/bad.json", "two/bad.json"}


def test_a_corrected_input_loses_its_error_and_a_spoilt_one_its_report(tmp_path):
    put(tmp_path / "in", "a.json", "{")
    put(tmp_path / "in", "b.json", record("B"))
    put(tmp_path / "in", "c.json", record("C"))
    go(tmp_path / "in", out=tmp_path / "out")
    put(tmp_path / "in", "a.json", record("A"))
    put(tmp_path / "in", "b.json", "{")
    put(tmp_path / "in", "c.json", record("D"))
    summary = go(tmp_path / "in", out=tmp_path / "out")
    assert summary.superseded == ("B", "C")
    assert names(tmp_path / "out") == [
        "A/report.json", "A/report.txt", "D/report.json", "D/report.txt", "index.html",
        "rejected/b.json.error.json",
    ]  # fmt: skip
    assert (tmp_path / "out/.superseded/B/report.txt").is_file()
    put(tmp_path / "in", "b.json", record("B"))
    assert go(tmp_path / "in", out=tmp_path / "out").exit_code == 0
    assert not (tmp_path / "out/rejected").exists()


def test_reports_of_other_inputs_stay(tmp_path):
    put(tmp_path / "one", "a.json", record("A"))
    put(tmp_path / "two", "b.json", record("B"))
    go(tmp_path / "one", out=tmp_path / "out")
    go(tmp_path / "two", out=tmp_path / "out")
    (tmp_path / "one" / "a.json").unlink()
    go(tmp_path / "two", out=tmp_path / "out")
    assert "A/report.txt" in names(tmp_path / "out")
    index = (tmp_path / "out/index.html").read_text()
    assert 'href="A/report.txt"' in index
    assert 'href="B/report.txt"' in index


def two_patients(folder: Path) -> None:
    put(folder / "one", "a.json", record("A", "Femur"))
    put(folder / "two", "b.json", record("A", "Abdomen"))


def test_another_inputs_report_is_not_replaced(tmp_path):
    two_patients(tmp_path)
    go(tmp_path / "one", out=tmp_path / "out")
    for force in (False, True):
        summary = go(tmp_path / "two", out=tmp_path / "out", force=force)
        assert (summary.rejected, summary.done, summary.superseded) == (1, 0, ())
        assert summary.exit_code == ExitCode.REJECTED
        error = (tmp_path / "out/rejected/b.json.error.json").read_text()
        assert "same case_id" in error
        assert "a.json" in error
        assert "femur" in (tmp_path / "out/A/report.txt").read_text()
    assert go(tmp_path / "one", out=tmp_path / "out").skipped == 1


def test_a_report_whose_input_is_gone_may_be_replaced(tmp_path):
    two_patients(tmp_path)
    go(tmp_path / "one", out=tmp_path / "out")
    assert go(tmp_path / "two", out=tmp_path / "out").rejected == 1
    (tmp_path / "one" / "a.json").unlink()
    assert go(tmp_path / "two", out=tmp_path / "out").done == 1
    assert "abdomen" in (tmp_path / "out/A/report.txt").read_text()
    assert not (tmp_path / "out/rejected").exists()


def test_a_report_whose_input_has_changed_is_set_aside_not_lost(tmp_path):
    two_patients(tmp_path)
    go(tmp_path / "one", out=tmp_path / "out")
    put(tmp_path / "one", "a.json", record("Another", "Femur", "Thorax"))
    assert go(tmp_path / "two", out=tmp_path / "out").superseded == ("A",)
    assert "femur" in (tmp_path / "out/.superseded/A/report.txt").read_text()
    assert "abdomen" in (tmp_path / "out/A/report.txt").read_text()


def test_an_input_that_gives_its_id_away_in_the_same_run_is_no_obstacle(tmp_path):
    two_patients(tmp_path)
    go(tmp_path / "one", out=tmp_path / "out")
    put(tmp_path / "one", "a.json", record("Another", "Femur"))
    summary = go(tmp_path / "one", tmp_path / "two", out=tmp_path / "out")
    assert (summary.done, summary.exit_code) == (2, 0)


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_the_same_file_by_another_path_is_the_same_input(tmp_path):
    put(tmp_path / "one", "a.json", record("A", "Femur"))
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "b.json").symlink_to(tmp_path / "one" / "a.json")
    go(tmp_path / "one", out=tmp_path / "out")
    summary = go(tmp_path / "two", out=tmp_path / "out")
    assert (summary.done, summary.exit_code) == (1, 0)


def piped(monkeypatch, value: object, out: Path) -> Summary:
    stream = io.TextIOWrapper(io.BytesIO(json.dumps(value).encode()), encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", stream)
    return go(Path("-"), out=out)


def test_what_is_piped_later_leaves_what_was_piped_before(tmp_path, monkeypatch):
    out = tmp_path / "out"
    assert piped(monkeypatch, record("A"), out).done == 1
    summary = piped(monkeypatch, record("B"), out)
    assert (summary.done, summary.superseded) == (1, ())
    assert {"A/report.txt", "B/report.txt"} <= set(names(out))
    assert piped(monkeypatch, record("A"), out).skipped == 1
    summary = piped(monkeypatch, record("A", "Femur"), out)  # perhaps another patient
    assert (summary.done, summary.superseded) == (1, ("A",))
    assert piped(monkeypatch, [], out).rejected == 1
    assert piped(monkeypatch, record("B"), out).exit_code == 0
    assert not (out / "rejected").exists()
    assert {"A/report.txt", "B/report.txt"} <= set(names(out))


def test_a_missing_input_stops_no_other(tmp_path):
    good = put(tmp_path / "in", "good.json", record("A"))
    summary = go(good, tmp_path / "nothere.json", tmp_path / "none" / "*.csv", out=tmp_path / "out")
    assert (summary.done, summary.rejected, summary.exit_code) == (1, 2, ExitCode.REJECTED)
    error = json.loads((tmp_path / "out/rejected/nothere.json.error.json").read_text())
    assert error["file"].endswith("nothere.json")
    assert "no such file" in error["problem"]
    assert (tmp_path / "out/A/report.txt").is_file()
    put(tmp_path, "nothere.json", record("B"))
    assert go(good, tmp_path / "nothere.json", out=tmp_path / "out").exit_code == 0
    assert not (tmp_path / "out/rejected/nothere.json.error.json").exists()
    with pytest.raises(UsageError, match="no such file or folder"):
        go(tmp_path / "no", tmp_path / "nor", out=tmp_path / "new")


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="such names cannot exist there")
@pytest.mark.parametrize("group_by", ["file", "folder"])
def test_names_that_are_not_utf8_are_refused_and_told_apart(tmp_path, group_by):
    for name in (b"good.json", b"bytes\xff.json", b"d\xe9p/a.json", b"d\xe8p/a.json"):
        path = Path(os.fsdecode(bytes(tmp_path / "in") + b"/" + name))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(record(f"case-{len(name)}-{path.name == 'good.json'}")), "utf-8")
    read_as = read.ReadOptions(group_by=group_by)
    said = io.StringIO()
    for force in (False, False, True):
        summary = go(tmp_path / "in", out=tmp_path / "out", read=read_as, said=said, force=force)
        assert (summary.done + summary.skipped, summary.rejected, summary.exit_code) == (1, 3, 3)
    assert said.getvalue().encode()
    errors = [json.loads(path.read_bytes()) for path in sorted((tmp_path / "out/rejected").iterdir())]
    shown = [error["file"] for error in errors]
    assert all("not UTF-8" in error["problem"] for error in errors)
    assert sorted(name.split("~")[0] for name in shown) == [
        "bytes\\xff.json",
        "d\\xe8p/a.json",
        "d\\xe9p/a.json",
    ]
    assert "bytes_ff.json" in str(sorted(path.name for path in (tmp_path / "out/rejected").iterdir()))
    for name in (b"bytes\xff.json", b"d\xe9p/a.json", b"d\xe8p/a.json"):
        path = Path(os.fsdecode(bytes(tmp_path / "in") + b"/" + name))
        path.unlink()
        if path.parent != tmp_path / "in":
            path.parent.rmdir()
    assert go(tmp_path / "in", out=tmp_path / "out", read=read_as).exit_code == 0
    assert not (tmp_path / "out/rejected").exists()


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="such names cannot exist there")
def test_an_images_folder_that_is_not_utf8_is_wrong_usage(tmp_path):
    cohort(tmp_path / "in", 1)
    images = Path(os.fsdecode(bytes(tmp_path) + b"/p\xefx"))
    images.mkdir()
    with pytest.raises(UsageError, match="--images folder is not UTF-8"):
        go(tmp_path / "in", out=tmp_path / "out", read=read.ReadOptions(images=images))


@pytest.mark.parametrize("name", ["report.json", "report.txt"])
def test_an_edited_report_is_not_printed(tmp_path, name):
    cohort(tmp_path / "in", 2)
    go(tmp_path / "in", out=tmp_path / "out")
    edited = tmp_path / "out/case-001" / name
    state = edited.stat()
    edited.write_bytes(edited.read_bytes().replace(b"recognised", b"recognized"))
    os.utime(edited, ns=(state.st_atime_ns, state.st_mtime_ns))  # as if nobody had touched it
    said = io.StringIO()
    summary = go(tmp_path / "in", out=tmp_path / "out", formats=("txt", "pdf"), said=said)
    assert (summary.done, summary.failed, summary.exit_code) == (1, 1, ExitCode.INTEGRITY)
    assert "not as it was written" in said.getvalue()
    assert "--force" in said.getvalue()
    assert not (tmp_path / "out/case-001").exists()
    assert (tmp_path / "out/.superseded/case-001/report.txt").is_file()
    assert go(tmp_path / "in", out=tmp_path / "out", formats=("txt", "pdf"), force=True).done == 2
    assert (tmp_path / "out/case-001/report.pdf").is_file()


def test_an_id_that_changes_its_case_leaves_one_folder(tmp_path):
    put(tmp_path / "in", "a.json", record("ABC"))
    go(tmp_path / "in", out=tmp_path / "out")
    put(tmp_path / "in", "a.json", record("abc"))
    go(tmp_path / "in", out=tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").glob("[aA]*")] == ["abc"]


def test_limit_takes_the_first_in_sorted_order(tmp_path):
    cohort(tmp_path / "in", 5)
    summary = go(tmp_path / "in", out=tmp_path / "out", limit=2)
    assert (summary.cases, summary.done, summary.stopped, summary.exit_code) == (2, 2, "limit", 0)
    assert not (tmp_path / "out/case-002").exists()
    summary = go(tmp_path / "in", out=tmp_path / "out", limit=5)
    assert (summary.skipped, summary.done, summary.stopped) == (2, 3, None)


def test_max_failures_stops_and_the_rest_is_pending(tmp_path):
    for n in range(6):
        put(tmp_path / "in", f"{n}.json", "{")
    summary = go(tmp_path / "in", out=tmp_path / "out", max_failures=2)
    assert (summary.rejected, summary.pending, summary.stopped) == (2, 4, "max failures")
    assert balanced(summary)
    assert summary.exit_code == ExitCode.REJECTED


def test_a_bug_in_one_case_leaves_the_others_alone(tmp_path, monkeypatch):
    cohort(tmp_path / "in", 3)
    finish = pipeline.finish

    def broken(prepared, *rest, **more):
        if prepared.found.case.case_id == "case-001":
            raise ZeroDivisionError("PATIENT NAME")
        return finish(prepared, *rest, **more)

    monkeypatch.setattr(pipeline, "finish", broken)
    said = io.StringIO()
    summary = go(tmp_path / "in", out=tmp_path / "out", said=said)
    assert (summary.done, summary.failed, summary.exit_code) == (2, 1, ExitCode.BUG)
    log = (tmp_path / "out/reportgen.log").read_text()
    assert "ZeroDivisionError" in log
    assert "in broken" in log
    everything = said.getvalue() + log + (tmp_path / "out/index.html").read_text()
    assert "PATIENT" not in everything
    assert b"PATIENT" not in (tmp_path / "out/ledger.sqlite").read_bytes()
    monkeypatch.undo()
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1763888640")
    again = go(tmp_path / "in", out=tmp_path / "out")
    assert (again.done, again.skipped, again.exit_code) == (1, 2, 0)


def test_a_bug_in_the_reader_leaves_the_other_files_alone(tmp_path, monkeypatch):
    cohort(tmp_path / "in", 3)
    whole = read.read_file

    def broken(file, *rest):
        if file.name == "case-001.json":
            raise KeyError("PATIENT NAME")
        yield from whole(file, *rest)

    monkeypatch.setattr(batch_inputs, "read_file", broken)
    summary = go(tmp_path / "in", out=tmp_path / "out")
    assert (summary.done, summary.failed, summary.exit_code) == (2, 1, ExitCode.BUG)
    assert balanced(summary)


def test_an_integrity_error_has_its_own_exit_code(tmp_path, monkeypatch):
    from reportgen.errors import IntegrityError

    def broken(*_, **__):
        raise IntegrityError("The text says what the record does not hold.", "Report it.")

    cohort(tmp_path / "in", 1)
    monkeypatch.setattr(pipeline, "finish", broken)
    summary = go(tmp_path / "in", out=tmp_path / "out")
    assert (summary.failed, summary.exit_code) == (1, ExitCode.INTEGRITY)


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_full_disk_stops_the_run_and_the_same_command_completes_it(tmp_path, monkeypatch, jobs):
    import errno

    from reportgen.batch import folder, make

    cohort(tmp_path / "in", 6)
    go(tmp_path / "in", out=tmp_path / "whole")
    written = []

    def full(out, case_id, files, kept=()):
        if len(written) == 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        written.append(case_id)
        return folder.write_case(out, case_id, files, kept)

    if jobs == 1:
        monkeypatch.setattr(make, "write_case", full)
        said = io.StringIO()
        summary = go(tmp_path / "in", out=tmp_path / "out", said=said)
        assert (summary.done, summary.pending, summary.failed) == (3, 3, 0)
        assert (summary.stopped, summary.exit_code) == ("disk full", ExitCode.REJECTED)
        assert "The disk is full." in said.getvalue()
        assert not list((tmp_path / "out").glob(".partial/*"))
        monkeypatch.undo()
        monkeypatch.setenv("SOURCE_DATE_EPOCH", "1763888640")
    assert go(tmp_path / "in", out=tmp_path / "out", jobs=jobs).exit_code == 0
    assert tree(tmp_path / "out") == tree(tmp_path / "whole")


def test_a_full_disk_at_the_summary_is_told(tmp_path, monkeypatch):
    import errno

    from reportgen.batch import start

    def full(path, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    cohort(tmp_path / "in", 1)
    go(tmp_path / "in", out=tmp_path / "out")
    real = start.write_file
    monkeypatch.setattr(start, "write_file", lambda path, data: (full if path.suffix else real)(path, data))
    said = io.StringIO()
    assert go(tmp_path / "in", out=tmp_path / "out", said=said).exit_code == ExitCode.REJECTED
    assert "disk is full" in said.getvalue()


def test_a_file_that_cannot_be_replaced_fails_its_case_only(tmp_path, monkeypatch):
    from reportgen.batch import folder, make

    def stuck(out, case_id, files, kept=()):
        if case_id == "case-000":
            raise PermissionError(13, "in use")
        return folder.write_case(out, case_id, files, kept)

    cohort(tmp_path / "in", 2)
    monkeypatch.setattr(make, "write_case", stuck)
    summary = go(tmp_path / "in", out=tmp_path / "out")
    assert (summary.done, summary.failed, summary.exit_code) == (1, 1, ExitCode.REJECTED)


def test_each_distinct_prompt_is_asked_once(tmp_path):
    cohort(tmp_path / "in", 12)
    engine = Scripted(good_words)
    summary = go(tmp_path / "in", out=tmp_path / "out", engine=engine)
    assert len({prompt.id for prompt in engine.asked}) == len(engine.asked) == summary.prompts
    assert summary.prompts + summary.prompts_shared == sum(summary.rungs.values())
    assert summary.prompts_shared > 0
    assert set(summary.rungs) == {"free"}
    assert engine.closed


def test_a_refused_draft_is_asked_for_once_more_under_a_grammar(tmp_path):
    cohort(tmp_path / "in", 2)
    engine = Scripted(lambda prompt: good_words(prompt) if prompt.grammar else "All is normal.")
    summary = go(tmp_path / "in", out=tmp_path / "out", engine=engine)
    assert set(summary.rungs) == {"constrained"}
    assert sum(prompt.grammar is not None for prompt in engine.asked) * 2 == len(engine.asked)


def test_a_lost_engine_leaves_the_rest_pending_and_the_same_command_completes_it(tmp_path):
    cohort(tmp_path / "in", 80)
    put(tmp_path / "in", "zz.json", "{")
    go(tmp_path / "in", out=tmp_path / "whole", engine=Scripted(good_words), cache=False)
    said = io.StringIO()
    summary = go(tmp_path / "in", out=tmp_path / "out", engine=Scripted(good_words, lost_after=3), said=said)
    assert summary.exit_code == ExitCode.ENGINE
    assert summary.stopped == "engine lost"
    assert summary.done > 0
    assert summary.pending > 0
    assert (summary.cases, summary.rejected) == (81, 1)
    assert balanced(summary)
    assert "The GPU is gone." in said.getvalue()
    again = go(tmp_path / "in", out=tmp_path / "out", engine=Scripted(good_words))
    assert (again.skipped, again.done) == (summary.done, summary.pending)
    assert tree(tmp_path / "out") == tree(tmp_path / "whole")


def test_another_model_writes_everything_again(tmp_path):
    cohort(tmp_path / "in", 2)
    go(tmp_path / "in", out=tmp_path / "out", engine=Scripted(good_words))
    assert go(tmp_path / "in", out=tmp_path / "out", engine=Scripted(good_words)).skipped == 2
    assert go(tmp_path / "in", out=tmp_path / "out", engine=Scripted(good_words, name="t")).done == 2


def test_many_processes_make_what_one_makes(tmp_path):
    cohort(tmp_path / "in", 9)
    put(tmp_path / "in", "bad.json", "{")
    one = go(tmp_path / "in", out=tmp_path / "one", engine=Scripted(good_words))
    two = go(tmp_path / "in", out=tmp_path / "two", engine=Scripted(good_words), jobs=2)
    assert tree(tmp_path / "one") == tree(tmp_path / "two")
    assert (one.done, one.rejected, one.rungs) == (two.done, two.rejected, two.rungs)


def test_a_worker_that_dies_stops_the_run_and_nothing_is_lost(tmp_path, monkeypatch):
    from concurrent.futures import Future
    from concurrent.futures.process import BrokenProcessPool

    from reportgen.batch import make

    def broken(self, task):
        future = Future()
        future.set_exception(BrokenProcessPool())
        return future

    cohort(tmp_path / "in", 3)
    with monkeypatch.context() as patch:
        patch.setattr(make.Workers, "submit", broken)
        summary = go(tmp_path / "in", out=tmp_path / "out")
    assert (summary.pending, summary.stopped, summary.exit_code) == (3, "worker lost", ExitCode.REJECTED)
    assert go(tmp_path / "in", out=tmp_path / "out").done == 3
    # a changed input whose case did not come to be must not pass for done with its older report
    put(tmp_path / "in", "case-002.json", record("case-002", "Femur"))
    with monkeypatch.context() as patch:
        patch.setattr(make.Workers, "submit", broken)
        assert go(tmp_path / "in", out=tmp_path / "out").pending == 1
    assert go(tmp_path / "in", out=tmp_path / "out").done == 1
    assert "femur" in (tmp_path / "out/case-002/report.txt").read_text()


def test_a_dry_run_says_what_would_be_done_and_writes_nothing(tmp_path):
    cohort(tmp_path / "in", 3)
    put(tmp_path / "in", "bad.json", "{")
    plan = []
    order = {"dry_run": True, "plan": lambda does, row: plan.append((does, row.case_id))}
    summary = go(tmp_path / "in", out=tmp_path / "out", **order)
    assert not (tmp_path / "out").exists()
    assert plan == [("reject", None), ("make", "case-000"), ("make", "case-001"), ("make", "case-002")]
    assert (summary.done, summary.rejected, summary.exit_code) == (3, 1, ExitCode.REJECTED)
    go(tmp_path / "in", out=tmp_path / "out")
    put(tmp_path / "in", "case-001.json", record("case-001", "Femur"))
    (tmp_path / "out/case-002/report.txt").unlink()
    before = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    plan.clear()
    go(tmp_path / "in", out=tmp_path / "out", **order)
    assert plan[1:] == [("skip", "case-000"), ("make", "case-001"), ("render", "case-002")] or sorted(
        plan[1:]
    ) == [("make", "case-001"), ("render", "case-002"), ("skip", "case-000")]
    assert before == {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}


def test_a_second_run_on_the_same_folder_is_refused(tmp_path):
    cohort(tmp_path / "in", 1)
    (tmp_path / "out").mkdir()
    with locked(tmp_path / "out" / ".lock"), pytest.raises(UsageError, match="Another run"):
        go(tmp_path / "in", out=tmp_path / "out")
    assert go(tmp_path / "in", out=tmp_path / "out").done == 1


def test_what_can_be_refused_early_is(tmp_path):
    cohort(tmp_path / "in", 1)
    with pytest.raises(UsageError, match="no format 'doc'"):
        go(tmp_path / "in", out=tmp_path / "out", formats=("doc",))
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="Nothing to do"):
        go(tmp_path / "empty", out=tmp_path / "out")
    put(tmp_path, "file", "x")
    with pytest.raises(UsageError, match="cannot be written"):
        go(tmp_path / "in", out=tmp_path / "file")
    assert not (tmp_path / "out").exists()


def test_a_wrong_source_date_epoch_is_refused(tmp_path, monkeypatch):
    cohort(tmp_path / "in", 1)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    with pytest.raises(UsageError, match="SOURCE_DATE_EPOCH"):
        go(tmp_path / "in", out=tmp_path / "out")


def test_the_output_folder_alone_is_no_input_and_that_is_said(tmp_path):
    cohort(tmp_path / "in", 1)
    with pytest.raises(UsageError, match="The output folder is not searched"):
        go(tmp_path / "in", out=tmp_path / "in")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="Nothing to do") as caught:
        go(tmp_path / "empty", out=tmp_path / "out")
    assert "output folder" not in str(caught.value)


def test_the_output_folder_is_no_input(tmp_path):
    cohort(tmp_path, 2)
    go(tmp_path, out=tmp_path / "out")
    assert go(tmp_path, out=tmp_path / "out").cases == 2


def test_rows_of_a_table_are_cases_of_one_file(tmp_path):
    lines = "".join(json.dumps(record(f"L{n}")) + "\n" for n in range(3))
    put(tmp_path / "in", "many.jsonl", lines + "{\n")
    summary = go(tmp_path / "in", out=tmp_path / "out")
    assert (summary.done, summary.rejected, summary.files) == (3, 1, 1)
    assert (tmp_path / "out/rejected/many.jsonl.4.error.json").is_file()
    put(tmp_path / "in", "many.jsonl", lines)
    summary = go(tmp_path / "in", out=tmp_path / "out")
    assert (summary.skipped, summary.exit_code) == (3, 0)
    ledger = Ledger(tmp_path / "out/ledger.sqlite", as_if=True)
    assert ledger.counts() == {"skipped": 3}
    ledger.close()


def test_the_ledger_knows_attempts_fingerprints_and_times(tmp_path):
    put(tmp_path / "in", "a.json", record("A"))
    go(tmp_path / "in", out=tmp_path / "out")
    go(tmp_path / "in", out=tmp_path / "out", force=True)
    ledger = Ledger(tmp_path / "out/ledger.sqlite", as_if=True)
    row = ledger.get("case:a")
    ledger.close()
    assert row is not None
    assert (row.attempts, row.status, row.images, row.run) == (2, "done", 1, 2)
    assert all((row.content, row.narrative, row.writer, row.render["txt"]))
    assert {"finish", "export"} <= set(row.seconds)


def test_folders_make_cases(tmp_path):
    top = [["Femur", 91.0], ["Abdomen", 5.0], ["Thorax", 1.0]]
    result = {"predicted_class": "Femur", "confidence": 91.0, "top_3_predictions": top}
    for name in ("x/1.json", "x/2.json", "y/1.json"):
        put(tmp_path / "in", name, result)
    order = {"read": read.ReadOptions(group_by="folder")}
    summary = go(tmp_path / "in", out=tmp_path / "out", **order)
    assert (summary.done, summary.rejected) == (2, 0)
    assert go(tmp_path / "in", out=tmp_path / "out", **order).skipped == 2


def test_a_file_that_gives_nothing_still_counts(tmp_path, monkeypatch):
    cohort(tmp_path / "in", 1)
    monkeypatch.setattr(batch_inputs, "read_file", lambda *_: iter(()))
    summary = go(tmp_path / "in", out=tmp_path / "out")
    assert (summary.cases, summary.rejected) == (1, 1)


def test_what_was_set_aside_once_stays_when_more_is_set_aside(tmp_path: Path):
    for text in ("first", "second", "third"):
        put(tmp_path / "a", "note.txt", text)
        assert supersede(tmp_path, "a")
    aside = tmp_path / ".superseded"
    kept = {path.name: (path / "note.txt").read_text() for path in aside.iterdir()}
    assert kept == {"a": "first", "a.2": "second", "a.3": "third"}
    assert not supersede(tmp_path, "a")


def test_an_interrupt_while_a_case_is_waited_for_does_not_lose_it():
    class Late(Future[str]):
        """The result of a worker, which is asked for when somebody presses Ctrl-C."""

        asked = 0

        def result(self, timeout: float | None = None) -> str:
            self.asked += 1
            if self.asked == 1:
                raise KeyboardInterrupt
            return super().result(timeout)

    late = Late()
    late.set_result("made")
    noted: list[object] = []
    run = Run.__new__(Run)
    run._waiting = deque([("row", late)])
    run._book = SimpleNamespace(done=lambda *what: noted.append(what), commit=lambda: None)
    with pytest.raises(KeyboardInterrupt):
        run._collect(at_most=0)
    run._collect(at_most=0)
    assert noted == [("row", "made")]
