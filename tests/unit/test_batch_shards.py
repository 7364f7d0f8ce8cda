"""--shard and merge: N processes make together what one makes; a whole is only said where there is one."""

import json
import shutil
import subprocess
import sys

import pytest

from batches import Scripted as Engine
from batches import balanced, cohort, go, good_words, put, record, tree
from reportgen.batch import Shard, merge_parts
from reportgen.batch.summary import Summary
from reportgen.cli import main
from reportgen.errors import ExitCode, IntegrityError, UsageError
from reportgen.ledger import Ledger

PARTS = [Shard(1, 3), Shard(2, 3), Shard(3, 3)]


@pytest.fixture(autouse=True)
def _one_moment(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1763888640")


@pytest.fixture
def inputs(tmp_path):
    """Forty cases, a table of five, one case twice, and three files that are none, two of one name."""
    folder = cohort(tmp_path / "in", 40)
    put(folder, "many.jsonl", "\n".join(json.dumps(record(f"row-{n}", "Femur")) for n in range(5)))
    put(folder, "zz.json", record("case-003", "Abdomen"))
    for name in ("a/bad.json", "b/bad.json", "b/worse.json"):
        put(folder, name, "{")
    return folder


def parts(inputs, out, **more):
    return [go(inputs, out=out, shard=shard, **more) for shard in PARTS]


def without_names_of_refusals(files):
    """Parts do not know of one another, so their refusals always carry a piece of a hash."""
    return sorted(
        data
        for name, data in files.items()
        if name != "index.html" and not name.startswith(("ledger.", "summary."))
    )


def test_parts_make_together_what_one_run_makes(inputs, tmp_path):
    alone = go(inputs, out=tmp_path / "alone", engine=Engine(good_words))
    made = parts(inputs, tmp_path / "out", engine=Engine(good_words))
    assert all(balanced(one) and one.done > 0 for one in made)
    assert [one.shard for one in made] == ["1-of-3", "2-of-3", "3-of-3"]
    whole = merge_parts(tmp_path / "out")
    for name in ("cases", "done", "rejected", "failed", "pending", "files", "exit_code", "rungs"):
        assert getattr(whole, name) == getattr(alone, name), name
    assert without_names_of_refusals(tree(tmp_path / "out")) == without_names_of_refusals(
        tree(tmp_path / "alone")
    )
    assert len(list((tmp_path / "out" / "rejected").iterdir())) == alone.rejected == 4
    written = Summary.model_validate_json((tmp_path / "out" / "summary.json").read_text())
    assert written == whole
    assert (tmp_path / "out" / "index.html").read_text().count('class="done"') == 45
    assert main(["verify", str(tmp_path / "out")]) == 0


def test_each_part_skips_what_it_has_done_and_reads_nothing(inputs, tmp_path, monkeypatch):
    from reportgen.batch import inputs as batch_inputs

    for name in ("a/bad.json", "b/bad.json", "b/worse.json", "zz.json"):
        (inputs / name).unlink()
    parts(inputs, tmp_path / "out")
    monkeypatch.setattr(batch_inputs, "read_file", lambda *_: pytest.fail("a file was read"))
    again = parts(inputs, tmp_path / "out")
    assert sum(one.skipped for one in again) == 45
    assert merge_parts(tmp_path / "out").skipped == 45


def test_a_part_that_is_run_again_takes_the_whole_away(inputs, tmp_path):
    parts(inputs, tmp_path / "out")
    merge_parts(tmp_path / "out")
    put(inputs, "new.json", record("new"))
    parts(inputs, tmp_path / "out")
    assert not (tmp_path / "out" / "ledger.sqlite").exists()
    assert not (tmp_path / "out" / "summary.json").exists()
    assert merge_parts(tmp_path / "out").done == 1


def test_a_part_never_run_is_missed(inputs, tmp_path):
    for shard in PARTS[:2]:
        go(inputs, out=tmp_path / "out", shard=shard)
    with pytest.raises(IntegrityError, match="never run: 3"):
        merge_parts(tmp_path / "out")
    assert not (tmp_path / "out" / "summary.json").exists()


def test_a_part_that_was_stopped_is_missed(inputs, tmp_path):
    parts(inputs, tmp_path / "out", limit=2)
    with pytest.raises(IntegrityError, match="1-of-3 is not complete: limit"):
        merge_parts(tmp_path / "out")


def test_a_part_that_was_killed_is_missed(inputs, tmp_path):
    parts(inputs, tmp_path / "out")
    (tmp_path / "out" / "summary.2-of-3.json").unlink()
    with pytest.raises(IntegrityError, match="2-of-3 has not come to its end"):
        merge_parts(tmp_path / "out")


def test_parts_that_saw_other_inputs_are_no_whole(inputs, tmp_path):
    for shard in PARTS:
        go(inputs, out=tmp_path / "out", shard=shard)
        put(inputs, "case-007.json", record("case-007", "Femur", "Abdomen"))
    with pytest.raises(IntegrityError, match="did not read the same inputs"):
        merge_parts(tmp_path / "out")


def test_a_file_that_one_part_cannot_read_is_missed(inputs, tmp_path, monkeypatch):
    from reportgen.batch import inputs as batch_inputs
    from reportgen.errors import InputError

    real = batch_inputs.read_file

    def torn(file, *rest):
        if file.name == "case-011.json":
            return iter([InputError("The file cannot be read to its end.", file=file.name)])
        return real(file, *rest)

    owner = next(shard for shard in PARTS if shard.takes("case-011"))
    for shard in PARTS:
        with monkeypatch.context() as patch:
            if shard == owner:
                patch.setattr(batch_inputs, "read_file", torn)
            go(inputs, out=tmp_path / "out", shard=shard)
    with pytest.raises(IntegrityError, match="did not read the same inputs"):
        merge_parts(tmp_path / "out")
    assert go(inputs, out=tmp_path / "out", shard=owner).done == 1
    assert merge_parts(tmp_path / "out").done > 0


def test_parts_with_other_thresholds_are_no_whole(inputs, tmp_path):
    from reportgen.settings import Settings

    strict = Settings(thresholds={"recognised": {"score": 0.999}})
    for shard in PARTS:
        go(inputs, out=tmp_path / "out", shard=shard, **({"settings": strict} if shard == PARTS[1] else {}))
    with pytest.raises(IntegrityError, match="same settings"):
        merge_parts(tmp_path / "out")


def test_groups_of_files_are_compared_too(tmp_path):
    from reportgen.read import ReadOptions

    cohort(tmp_path / "in" / "a", 6)
    for shard in PARTS:
        go(tmp_path / "in", out=tmp_path / "out", shard=shard, read=ReadOptions(group_by="folder"))
        put(tmp_path / "in" / "a", "case-001.json", record("case-001", "Femur", "Abdomen", "Thorax"))
    with pytest.raises(IntegrityError, match="did not read the same inputs"):
        merge_parts(tmp_path / "out")


def test_a_part_that_was_killed_in_a_later_run_is_missed(inputs, tmp_path, monkeypatch):
    from reportgen.batch.run import Run

    parts(inputs, tmp_path / "out")
    put(inputs, "case-007.json", record("case-007", "Femur", "Abdomen"))
    owner = next(shard for shard in PARTS if shard.takes("case-007"))
    for shard in PARTS:
        with monkeypatch.context() as patch:
            if shard == owner:  # as if it were gone from one moment to the next
                patch.setattr(Run, "go", lambda run: (_ for _ in ()).throw(MemoryError))
                patch.setattr(Run, "wind_up", lambda run: run._book.commit(now=True))
                with pytest.raises(MemoryError):
                    go(inputs, out=tmp_path / "out", shard=shard)
            else:
                go(inputs, out=tmp_path / "out", shard=shard)
    with pytest.raises(IntegrityError, match="has not come to its end"):
        merge_parts(tmp_path / "out")


def test_what_was_deleted_with_its_report_does_not_hinder_merging(inputs, tmp_path):
    parts(inputs, tmp_path / "out")
    (inputs / "case-009.json").unlink()
    shutil.rmtree(tmp_path / "out" / "case-009")
    parts(inputs, tmp_path / "out")
    assert merge_parts(tmp_path / "out").cases == 48


def test_standard_input_is_not_done_in_parts(tmp_path, capsys):
    assert main(["run", "-", "-o", str(tmp_path / "out"), "--shard", "1/2"]) == ExitCode.USAGE
    assert "cannot be done in parts" in capsys.readouterr().err


def test_parts_by_other_writers_are_no_whole(inputs, tmp_path):
    for shard in PARTS:
        go(
            inputs,
            out=tmp_path / "out",
            shard=shard,
            engine=Engine(good_words, name=f"model {shard.number % 2}"),
        )
    with pytest.raises(IntegrityError, match="differ in: model"):
        merge_parts(tmp_path / "out")


def test_a_report_that_is_gone_or_changed_is_seen(inputs, tmp_path):
    parts(inputs, tmp_path / "out")
    (tmp_path / "out" / "case-005" / "report.txt").write_text("other words")
    with pytest.raises(IntegrityError, match="case-005 of part"):
        merge_parts(tmp_path / "out")
    shutil.rmtree(tmp_path / "out" / "case-005")
    with pytest.raises(IntegrityError, match="case-005 of part"):
        merge_parts(tmp_path / "out")
    assert not (tmp_path / "out" / "ledger.sqlite").exists()


def test_a_case_in_two_parts_is_seen(inputs, tmp_path):
    parts(inputs, tmp_path / "out")
    ledgers = [Ledger(tmp_path / "out" / f"ledger.{shard}.sqlite") for shard in PARTS[:2]]
    ledgers[1].put(next(ledgers[0].finished()))
    for ledger in ledgers:
        ledger.commit()
        ledger.close()
    with pytest.raises(IntegrityError, match="is in two parts"):
        merge_parts(tmp_path / "out")


@pytest.mark.parametrize(
    ("first", "then", "said"),
    [
        (None, Shard(1, 3), "without --shard"),
        (Shard(1, 3), None, "made in 3 parts"),
        (Shard(1, 3), Shard(1, 4), "made in 3 parts, not in 4"),
    ],
)
def test_a_folder_is_made_in_one_way(tmp_path, first, then, said):
    cohort(tmp_path / "in", 3)
    go(tmp_path / "in", out=tmp_path / "out", shard=first)
    with pytest.raises(UsageError, match=said):
        go(tmp_path / "in", out=tmp_path / "out", shard=then)


@pytest.mark.parametrize("text", ["0/3", "4/3", "1", "1/0", "-1/3", "1/3/5", "a/b", "1.0/3"])
def test_what_is_no_part(text, capsys, tmp_path):
    put(tmp_path, "a.json", record("a"))
    assert main(["run", str(tmp_path), "-o", str(tmp_path / "out"), "--shard", text]) == ExitCode.USAGE
    assert "I/N" in capsys.readouterr().err


def test_every_case_is_in_one_part_and_parts_are_even():
    names = [f"study-{n}" for n in range(2000)]
    taken = [[name for name in names if Shard(k, 8).takes(name)] for k in range(1, 9)]
    assert sorted(name for part in taken for name in part) == sorted(names)
    assert all(200 < len(part) < 300 for part in taken)
    assert [Shard(1, 8).takes(name) for name in names] == [Shard(1, 8).takes(name.upper()) for name in names]


def test_parts_at_once_as_processes(inputs, tmp_path):
    """As an array job runs them: all at the same time, on one folder."""
    command = [sys.executable, "-m", "reportgen", "run", str(inputs), "-o", str(tmp_path / "out")]
    command += ["--engine", "template", "--format", "txt", "--quiet"]
    running = [subprocess.Popen([*command, "--shard", f"{n}/3"], stderr=subprocess.PIPE) for n in (1, 2, 3)]
    codes = [process.wait(timeout=120) for process in running]
    for process in running:
        process.stderr.close()
    assert set(codes) <= {0, 3}
    assert main(["merge", str(tmp_path / "out")]) == ExitCode.REJECTED
    whole = Summary.model_validate_json((tmp_path / "out" / "summary.json").read_text())
    assert (whole.done, whole.rejected) == (45, 4)
    assert not (tmp_path / "out" / ".partial").exists()


def test_a_part_at_work_is_not_merged(inputs, tmp_path):
    from reportgen.batch.lock import locked

    parts(inputs, tmp_path / "out")
    with locked(tmp_path / "out" / ".lock.2-of-3"), pytest.raises(UsageError, match="Another run"):
        merge_parts(tmp_path / "out")


def test_merging_what_is_whole_is_wrong_usage(tmp_path, capsys):
    cohort(tmp_path / "in", 2)
    go(tmp_path / "in", out=tmp_path / "out")
    assert main(["merge", str(tmp_path / "out")]) == ExitCode.USAGE
    assert "not made in parts" in capsys.readouterr().err
