"""``compare`` as a person types it: processes that end in every way, and what is left of the others."""

import json
import os
import signal
import sys
from collections import Counter
from pathlib import Path

import pytest

from batches import cohort, put, record
from compares import started
from reportgen.cli import main
from reportgen.errors import ExitCode
from reportgen.reread.inert import page_text
from test_privacy import RECORD, leaks

NAMES = ["comparison.html", "comparison.json", "comparison.pdf"]
needs_signals = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def compared(folder: Path, *arguments: str, code: int = 0) -> dict:
    """The data of a comparison of fixed sentences and others."""
    process = started(folder, "in", "-o", "out", "--with", "template", *arguments)
    _, said = process.communicate(timeout=240)
    assert process.returncode == code, said
    assert sorted(path.name for path in (folder / "out").iterdir()) == NAMES
    return json.loads((folder / "out" / "comparison.json").read_text("utf-8"))


@needs_signals
def test_one_that_ends_badly_costs_the_others_nothing_and_says_why(tmp_path):
    cohort(tmp_path / "in", 12)
    lost = ("killed", "crashed", "no-memory", "bug", "left", "nowhere")
    others = [text for name in lost for text in ("--with", name)]
    process = started(
        tmp_path, "in", "-o", "out", "--with", "template", *others, "--with", "template,name=again"
    )
    shown, said = process.communicate(timeout=240)
    assert process.returncode == ExitCode.ENGINE, said
    data = json.loads(Path("out/comparison.json").read_text("utf-8"))
    reasons = {one["name"]: one.get("reason", "") for one in data["contestants"]}
    assert [one["state"] for one in data["contestants"]] == ["finished", *["failed"] * 6, "finished"]
    assert "memory of the machine runs out" in reasons["killed"]
    assert "It crashed (SIGSEGV)." in reasons["crashed"]
    assert "memory of the machine ran out" in reasons["no-memory"]
    assert "exit status 1" in reasons["bug"]
    assert "ZeroDivisionError" in said
    assert "MARKsecret" not in said
    assert "exit status 7" in reasons["left"]
    assert "There is no model 'nowhere'" in reasons["nowhere"]
    for reason in filter(None, reasons.values()):
        assert "".join(reason.split()) in "".join(shown.split())
        assert reason in page_text(Path("out/comparison.html").read_text("utf-8"))


def test_the_figures_of_fixed_sentences_are_those_of_a_run(tmp_path):
    cohort(tmp_path / "in", 12)
    put(tmp_path / "in", "bad.json", "{")
    data = compared(tmp_path, "--with", "template,name=again", code=ExitCode.REJECTED)
    assert main(["run", "in", "-o", "reports", "--engine", "template", "--format", "json", "--quiet"]) == 3
    told = [json.loads(path.read_bytes()) for path in Path("reports").glob("*/report.json")]
    rungs = Counter(one["rung"] for report in told for one in report["provenance"]["passages"])
    assert (data["cases"], data["rejected"]) == (len(told), 1) == (12, 1)
    for result in data["contestants"]:
        assert {name: one["count"] for name, one in result["rungs"].items() if one["count"]} == rungs
        assert result["rungs"]["free"]["of"] == data["passages"] == sum(rungs.values())
        assert (result["prompts"], result["tokens_written"]) == (0, 0)
    assert {one["figure"] for one in data["differences"]} == {"free", "model", "reports_a_second"}
    free = next(one for one in data["differences"] if one["figure"] == "free")
    assert (free["difference"], free["verdict"]) == (0, "not told apart")


def test_one_case_is_too_few_to_tell(tmp_path):
    put(tmp_path / "in", "a.json", record("A"))
    data = compared(tmp_path, "--with", "template,name=again")
    assert {one["verdict"] for one in data["differences"]} == {"too few to tell"}
    assert "interval" not in data["contestants"][0]["reports_a_second"]


@needs_signals
def test_ctrl_c_keeps_what_has_finished_and_says_so(tmp_path):
    cohort(tmp_path / "in", 2)
    arguments = ("in", "-o", "out", "--with", "template", "--with", "waits", "--with", "template,name=late")
    process = started(tmp_path, *arguments, start_new_session=True)
    for line in process.stderr:
        if "WAITING" in line:
            break
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: every process hears it
    shown, said = process.communicate(timeout=60)
    assert process.returncode == ExitCode.INTERRUPTED
    assert "Interrupted: what had finished is kept." in said
    assert "It was interrupted" in shown
    data = json.loads(Path("out/comparison.json").read_text("utf-8"))
    assert data["stopped"] == "interrupted"
    assert [one["state"] for one in data["contestants"]] == ["finished", "not run", "not run"]
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)  # nobody is left behind


@needs_signals
def test_ctrl_c_before_anything_has_finished_leaves_nothing(tmp_path):
    cohort(tmp_path / "in", 2)
    process = started(tmp_path, "in", "-o", "out", "--with", "waits", "--with", "template")
    for line in process.stderr:
        if "WAITING" in line:
            break
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == ExitCode.INTERRUPTED
    assert list(Path("out").iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="a POSIX pipe")
def test_a_reader_that_leaves_costs_no_file(tmp_path):
    cohort(tmp_path / "in", 2)
    process = started(tmp_path, "in", "-o", "out", "--with", "template", "--with", "template,name=again")
    process.stdout.close()
    process.stdout = None
    process.communicate(timeout=120)
    assert process.returncode == ExitCode.DONE
    assert sorted(path.name for path in Path("out").iterdir()) == NAMES


@needs_signals
def test_nobody_stays_behind_when_the_command_is_killed(tmp_path):
    cohort(tmp_path / "in", 1)
    arguments = ("in", "-o", "out", "--with", "waits", "--with", "template")
    process = started(tmp_path, *arguments, start_new_session=True)
    for line in process.stderr:
        if "WAITING" in line:
            break
    process.kill()
    process.communicate(timeout=60)  # stderr ends when the last process that holds it does
    assert process.returncode == -signal.SIGKILL


def test_no_output_names_a_patient_a_file_or_a_user(tmp_path, monkeypatch):
    for number in range(2):
        put(tmp_path / "in", f"MARK-{number}.json", {**RECORD, "case_id": f"MARKcase-{number}"})
    monkeypatch.setenv("LOGNAME", "MARKuser")
    process = started(
        tmp_path, "in", "-o", "out", "--with", "template", "--with", str(tmp_path / "MARKuser" / "x")
    )
    shown, said = process.communicate(timeout=120)
    assert process.returncode == ExitCode.ENGINE
    assert not leaks((shown + said).encode())
    for path in Path("out").iterdir():
        assert not leaks(path.read_bytes()), path.name
    assert "INPUT... -o DIR" in shown


def test_wrong_usage_is_2_and_nothing_is_run(tmp_path, capsys):
    cohort(tmp_path / "in", 1)
    two = ["--with", "template", "--with", "template,name=again"]
    put(tmp_path, "file", "x")
    put(tmp_path / "bad", "bad.json", "{")
    (tmp_path / "empty").mkdir()
    for arguments, problem in (
        (["in", "-o", "file/inside", *two], "cannot be written"),
        (["in", "-o", "file", *two], ""),
        (["empty", "-o", "out", *two], "Nothing to do was found"),
        (["bad", "-o", "out", *two], "no case to compare on; inputs rejected: 1"),
        (["in", "-o", "out", "--with", "template"], "from 2 to 12"),
        (["in", "-o", "out"], "from 2 to 12"),
        (["in", "-o", "out", *two, "--lang", "de"], "No model is asked for words"),
        (["in", "-o", "out", *two, "--with", "template,name=c,domain=nowhere"], "no domain 'nowhere'"),
        (["in", "-o", "", *two], "name of the folder is empty"),
    ):
        assert main(["compare", *arguments]) == ExitCode.USAGE, arguments
        said = capsys.readouterr()
        assert problem in said.err
        assert "1 of" not in said.err
        assert said.out == ""


def test_those_to_compare_come_from_a_file_too(tmp_path, capfd):
    put(tmp_path / "in", "a.json", record("A"))
    put(
        tmp_path,
        "plan.toml",
        '[[contestant]]\nmodel = "template"\n[[contestant]]\nmodel = "template"\nname = "b"\n',
    )
    put(tmp_path, "reportgen.toml", '[compare]\nwith = ["template", "template,name=c"]\n')
    assert main(["compare", "in", "-o", "out", "--json", "--quiet"]) == 0
    assert [one["name"] for one in json.loads(capfd.readouterr().out)["contestants"]] == ["template", "c"]
    arguments = ["--plan", "plan.toml", "--with", "template,name=d", "--machine", "bench", "--seed", "3"]
    assert main(["compare", "in", "-o", "out", "--json", "--quiet", *arguments]) == 0
    data = json.loads(capfd.readouterr().out)
    assert [one["name"] for one in data["contestants"]] == ["template", "b", "d"]
    assert (data["machine"]["name"], data["seed"]) == ("bench", 3)


def test_another_prompt_is_a_domain_s_folder(tmp_path):
    import shutil

    from reportgen import resources

    shutil.copytree(resources.folder("templates") / "fetal_ultrasound", tmp_path / "terse")
    prompt = tmp_path / "terse" / "prompt.jinja"
    prompt.write_text(prompt.read_text("utf-8") + "\nBe brief.\n", "utf-8")
    put(tmp_path / "in", "a.json", record("A"))
    data = compared(tmp_path, "--with", f"template,domain={tmp_path / 'terse'}")
    one, other = data["contestants"]
    assert other["name"] == "template, terse"
    assert one["prompt_sha256"] != other["prompt_sha256"]
    assert str(tmp_path) not in json.dumps(data)
