"""Each command as a person types it, in this process."""

import io
import json
import sys
from pathlib import Path

import jsonschema
import pytest

from batches import cohort, put, record
from reportgen.cli import main
from reportgen.errors import EngineError, ExitCode

MEASURED = {"name": "HC", "value": 176.2, "unit": "mm", "source": "operator"}


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("REPORTGEN_FORMAT", "REPORTGEN_RUN_FORMAT", "REPORTGEN_FORMATS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def case(tmp_path) -> str:
    value = record("A", "Trans-thalamic", "Femur")
    value["images"][0]["measurements"] = [MEASURED]
    return str(put(tmp_path, "a.json", value))


def told(capsys, *arguments: str, code: int = 0) -> str:
    """What a command printed on stdout, where it ends with this code."""
    assert main(list(arguments)) == code, capsys.readouterr().err
    return capsys.readouterr().out


def test_help_and_version(capsys):
    assert "Commands:" in told(capsys, "--help")
    assert told(capsys, "--version").startswith("reportgen ")
    everything = told(capsys, "--help")
    for absent in ("serve", "send"):
        assert absent not in everything


def test_wrong_usage_is_2(capsys):
    assert main(["run"]) == ExitCode.USAGE
    assert main(["fly"]) == ExitCode.USAGE
    assert main(["run", "x", "-o", "out", "--jobs", "0"]) == ExitCode.USAGE
    assert main([]) == ExitCode.USAGE
    assert "Traceback" not in capsys.readouterr().err


def test_run_prints_nothing_on_stdout_and_a_table_on_stderr(capsys, tmp_path):
    cohort(tmp_path / "in", 2)
    assert main(["run", "in", "-o", "out", "--engine", "template", "--format", "txt"]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert "deterministic text" in said.err
    assert "made       2" in said.err
    assert str(Path("out/index.html")) in said.err
    assert sorted(path.name for path in Path("out/case-000").iterdir()) == ["report.json", "report.txt"]


def test_run_without_a_usable_input_is_2(capsys, tmp_path):
    (tmp_path / "empty").mkdir()
    assert main(["run", "empty", "-o", "out"]) == ExitCode.USAGE
    assert "Nothing to do was found" in capsys.readouterr().err
    assert not Path("out").exists()


def test_run_with_a_refused_input_is_3(tmp_path):
    put(tmp_path / "in", "bad.json", "{")
    assert main(["run", "in", "-o", "out", "--engine", "template"]) == ExitCode.REJECTED


def test_run_with_a_model_that_is_not_there_is_4_and_writes_nothing(capsys, tmp_path):
    cohort(tmp_path / "in", 1)
    assert main(["run", "in", "-o", "out", "--model", "no-such-model"]) == ExitCode.ENGINE
    assert "There is no model" in capsys.readouterr().err
    assert not Path("out").exists()


def test_a_bug_is_1_and_shows_where_but_not_what(capsys, tmp_path, monkeypatch):
    from reportgen.batch import start

    def broken(*_):
        raise ZeroDivisionError("PATIENT NAME")

    cohort(tmp_path / "in", 1)
    monkeypatch.setattr(start, "load_domain", broken)
    assert main(["run", "in", "-o", "out"]) == ExitCode.BUG
    said = capsys.readouterr().err
    assert "Traceback" in said
    assert "in broken" in said
    assert "This is a bug of reportgen" in said
    assert "PATIENT" not in said
    monkeypatch.setenv("REPORTGEN_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        main(["run", "in", "-o", "out"])


def test_ctrl_c_is_130(capsys, monkeypatch):
    from reportgen.desk import doctor

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(doctor, "doctor", interrupted)
    assert main(["doctor"]) == ExitCode.INTERRUPTED
    assert "Interrupted" in capsys.readouterr().err


def test_dry_run_prints_the_plan(capsys, tmp_path):
    cohort(tmp_path / "in", 2)
    put(tmp_path / "in", "bad.json", "{")
    shown = told(capsys, "run", "in", "-o", "out", "--engine", "template", "--dry-run", code=3)
    assert shown.splitlines() == ["reject  bad.json", "make    case-000", "make    case-001"]
    assert not Path("out").exists()


def test_quiet_says_only_what_goes_wrong(capsys, tmp_path):
    cohort(tmp_path / "in", 1)
    assert main(["run", "in", "-o", "out", "--engine", "template", "--quiet"]) == 0
    assert capsys.readouterr().err == ""
    put(tmp_path / "in", "bad.json", "{")
    assert main(["run", "in", "-o", "out", "--engine", "template", "--quiet"]) == ExitCode.REJECTED
    assert [line[:18] for line in capsys.readouterr().err.splitlines()] == ["rejected: bad.json"]


def test_log_json_is_one_object_a_line(capsys, tmp_path):
    cohort(tmp_path / "in", 1)
    put(tmp_path / "in", "bad.json", "{")
    put(tmp_path, "reportgen.toml", "[run]\nformat = ['txt']\n")
    assert main(["run", "in", "-o", "out", "--engine", "template", "--log-json"]) == ExitCode.REJECTED
    events = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [event["event"] for event in events] == ["config", "start", "rejected", "end"]
    assert all({"time", "level", "message"} <= set(event) for event in events)
    assert events[2]["file"] == "bad.json"
    assert events[3]["summary"]["rejected"] == 1


def test_validate(capsys, tmp_path, case):
    put(tmp_path / "in", "bad.json", "{")
    put(tmp_path / "in", "a.json", record("A"))
    put(tmp_path / "in", "b.json", record("a"))
    lines = told(capsys, "validate", "in", code=ExitCode.REJECTED).splitlines()
    assert [line.split()[0] for line in lines] == ["ok", "refused", "refused"]
    assert "same case_id" in lines[1]
    found = [json.loads(line) for line in told(capsys, "validate", "in", "--json", code=3).splitlines()]
    assert [one["valid"] for one in found] == [True, False, False]
    assert told(capsys, "validate", case).startswith("ok       A  (a.json; native; images: 2)")


def test_facts(capsys, case):
    found = json.loads(told(capsys, "facts", case, "--json"))
    assert found["case_id"] == "A"
    first = found["passages"][0]
    assert {"id", "region", "facts"} <= set(first)
    for fact in first["facts"]:
        assert {"id", "slot", "kind", "surface", "images", "required"} <= set(fact)
        assert fact["slot"] == f"[[{fact['id']}]]"
    assert "[[F1]] view: the transthalamic plane of the fetal head (image 1)" in told(capsys, "facts", case)


def test_prompt_shows_its_map_and_no_value(capsys, case):
    shown = told(capsys, "prompt", case)
    assert "F1 = F1: the transthalamic plane" in shown
    prompts = json.loads(told(capsys, "prompt", case, "--json"))
    assert [one["map"] for one in prompts] == [{"F1": "F1", "F2": "F2"}, {"F1": "F3"}]
    assert all("176" not in message["content"] for one in prompts for message in one["messages"])


def test_draft_and_check(capsys, case, tmp_path, monkeypatch):
    draft = told(capsys, "draft", case, "--engine", "template")
    put(tmp_path, "draft.txt", draft)
    assert told(capsys, "check", case, "draft.txt").endswith("accepted\n")
    put(tmp_path, "wrong.txt", draft.replace("[[F1]]", "A normal brain"))
    assert "not accepted" in told(capsys, "check", case, "wrong.txt", code=ExitCode.REJECTED)
    verdict = json.loads(told(capsys, "check", case, "wrong.txt", "--json", code=ExitCode.REJECTED))
    assert verdict["accepted"] is False
    assert verdict["missing"] == ["F1"]
    objection = next(o for sentence in verdict["sentences"] for o in sentence["objections"])
    assert set(objection) == {"code", "message", "span"}
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(draft.encode()), encoding="utf-8"))
    assert json.loads(told(capsys, "check", case, "-", "--json"))["accepted"] is True
    assert main(["check", case, "nowhere.txt"]) == ExitCode.USAGE
    (tmp_path / "latin.txt").write_bytes(b"\xe4")
    assert main(["check", case, "latin.txt"]) == ExitCode.USAGE


def test_a_refused_case_is_3(capsys, tmp_path):
    put(tmp_path, "bad.json", "{")
    assert main(["facts", "bad.json"]) == ExitCode.REJECTED
    assert "bad.json" in capsys.readouterr().err


def test_export(capsys, tmp_path):
    cohort(tmp_path / "in", 1)
    assert main(["run", "in", "-o", "out", "--engine", "template"]) == 0
    shown = told(capsys, "export", "out/case-000", "--format", "pdf,txt,json", "-o", "copy")
    assert [Path(line) for line in shown.splitlines()] == [
        Path("copy") / f"report.{e}" for e in ("pdf", "txt", "json")
    ]
    for name in ("report.pdf", "report.txt", "report.json"):
        assert Path("copy", name).read_bytes() == Path("out/case-000", name).read_bytes()
    assert main(["export", "out/nowhere", "--format", "txt", "-o", "copy"]) == ExitCode.USAGE
    assert main(["export", "out/case-000", "--format", "doc", "-o", "copy"]) == ExitCode.USAGE
    assert main(["export", "out/case-000", "--format", "txt", "-o", "in/case-000.json"]) == ExitCode.USAGE


def test_a_damaged_report_is_6(capsys, tmp_path):
    cohort(tmp_path / "in", 1)
    main(["run", "in", "-o", "out", "--engine", "template", "--format", "txt"])
    put(tmp_path, "out/case-000/report.json", '{"schema": "reportgen/report/v1"}')
    assert main(["export", "out/case-000", "--format", "txt", "-o", "copy"]) == ExitCode.INTEGRITY
    assert "is not a report as it was written" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["report.json", "images"])
def test_an_edited_report_is_not_exported(capsys, tmp_path, name):
    from factories import a_picture

    case = record("A")
    case["images"][0]["file"] = "a.png"
    put(tmp_path / "in", "a.json", case)
    a_picture().save(tmp_path / "in" / "a.png")
    make = ["run", "in", "-o", "out", "--engine", "template", "--format", "txt"]
    assert main(make) == 0
    export = ["export", "out/A", "--format", "txt", "-o", "copy"]
    assert main(export) == 0
    if name == "images":
        a_picture(2).save(next(Path("out/A/images").iterdir()))
    else:
        text = Path("out/A/report.json").read_text("utf-8")
        Path("out/A/report.json").write_text(text.replace("(image 1)", "(image 7)"), "utf-8")
    capsys.readouterr()
    assert main([*export[:-1], "other"]) == ExitCode.INTEGRITY
    said = capsys.readouterr().err
    assert "it was written" in said
    assert "run" in said
    assert not Path("other").exists()
    Path("out/A").rename("alone")  # no ledger beside it can tell; facts and words still give the report_id
    alone = main(["export", "alone", "--format", "txt", "-o", "other"])
    assert alone == (ExitCode.DONE if name == "images" else ExitCode.INTEGRITY)
    assert main([*make, "--force"]) == 0
    assert main(export) == 0


@pytest.mark.parametrize("formats", ["", " , "])
def test_no_format_is_wrong_usage(capsys, tmp_path, formats):
    cohort(tmp_path / "in", 1)
    for command in (["run", "in", "-o", "out", "--engine", "template"], ["export", "out/A", "-o", "copy"]):
        assert main([*command, "--format", formats]) == ExitCode.USAGE
        assert "names no format" in capsys.readouterr().err
    assert not Path("out").exists()


def test_an_empty_name_is_not_the_working_folder(capsys, tmp_path):
    cohort(tmp_path / "in", 1)
    before = sorted(tmp_path.iterdir())
    assert main(["run", "in", "-o", "", "--engine", "template"]) == ExitCode.USAGE
    assert main(["export", "in", "-o", "", "--format", "txt"]) == ExitCode.USAGE
    assert capsys.readouterr().err.count("name of the folder is empty") == 2
    assert sorted(tmp_path.iterdir()) == before


def test_schema(capsys):
    for name in ("case", "facts", "check", "report", "summary", "comparison"):
        jsonschema.Draft202012Validator.check_schema(json.loads(told(capsys, "schema", name)))
    assert main(["schema", "patient"]) == ExitCode.USAGE


def test_doctor(capsys, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert told(capsys, "doctor", "--engine", "template").endswith("Reports can be made.\n")
    findings = json.loads(told(capsys, "doctor", "--json"))["findings"]
    assert {"reportgen", "Python", "domain", "schemas", "cache folder"} <= {one["name"] for one in findings}
    assert set(findings[0]) == {"name", "state", "said", "cure", "blocks"}


def test_model_status_and_setup(capsys, monkeypatch):
    assert "medgemma-4b-it" in told(capsys, "model", "status")
    found = json.loads(told(capsys, "model", "status", "--json"))
    assert {"name", "installed", "runs"} <= set(found[0])
    assert main(["model", "setup", "no-such-model"]) == ExitCode.ENGINE


def test_setup_prints_the_folder(capsys, monkeypatch):
    from reportgen import engines

    monkeypatch.setattr(engines, "setup_model", lambda name, **_: Path(f"/models/{name}"))
    assert told(capsys, "model", "setup", "m") == f"{Path('/models/m')}\n"


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_completion(capsys, shell):
    assert "_REPORTGEN_COMPLETE" in told(capsys, "completion", shell)


def test_options_come_from_a_file_in_the_working_folder(capsys, tmp_path):
    cohort(tmp_path / "in", 1)
    put(
        tmp_path,
        "reportgen.toml",
        '[institution]\ntimezone = "Europe/Berlin"\n[run]\nformat = "txt"\nengine = "template"\n',
    )
    assert main(["run", "in", "-o", "out"]) == 0
    assert "options from reportgen.toml" in capsys.readouterr().err
    assert not Path("out/case-000/report.pdf").exists()
    assert main(["run", "in", "-o", "out", "--format", "pdf"]) == 0
    assert Path("out/case-000/report.pdf").exists()
    put(tmp_path, "other.toml", '[run]\noutput = "elsewhere"\nformat = ["txt"]\n')
    assert main(["run", "in", "--config", "other.toml"]) == 0
    assert Path("elsewhere/case-000/report.txt").exists()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[run]\nformatt = 'txt'\n", "Did you mean 'format'"),
        ("[runn]\nformat = 'txt'\n", "Did you mean 'run'"),
        ("[facts]\nformat = 'txt'\n", "no option 'format'"),
        ("[institution]\ntimezone = 'Mars'\n", "timezone"),
        ("x = 1\n", "outside a table"),
        ("[run", "not TOML"),
        ("[run]\njobs = 'many'\n", "--jobs"),
    ],
)
def test_a_wrong_configuration_is_2(capsys, tmp_path, text, problem):
    cohort(tmp_path / "in", 1)
    put(tmp_path, "reportgen.toml", text)
    assert main(["run", "in", "-o", "out", "--engine", "template"]) == ExitCode.USAGE
    assert problem in capsys.readouterr().err
    assert main(["run", "in", "-o", "out", "--config", "none.toml"]) == ExitCode.USAGE


def test_options_come_from_the_environment(capsys, tmp_path, monkeypatch):
    cohort(tmp_path / "in", 1)
    put(tmp_path, "reportgen.toml", "[run]\nformat = 'pdf'\n")
    monkeypatch.setenv("REPORTGEN_ENGINE", "template")
    monkeypatch.setenv("REPORTGEN_FORMAT", "txt")
    assert main(["run", "in", "-o", "out"]) == 0
    assert sorted(path.name for path in Path("out/case-000").iterdir()) == ["report.json", "report.txt"]
    monkeypatch.setenv("REPORTGEN_RUN_FORMAT", "json")
    assert main(["run", "in", "-o", "out2"]) == 0
    assert sorted(path.name for path in Path("out2/case-000").iterdir()) == ["report.json"]


def test_an_engine_error_has_its_exit_code(monkeypatch, case):
    from reportgen import engines

    def lost(*_, **__):
        raise EngineError("Gone.", "See to it.")

    monkeypatch.setattr(engines, "load_engine", lost)
    assert main(["draft", case]) == ExitCode.ENGINE


@pytest.mark.parametrize("size", ["0", "many", "-1"])
def test_a_wrong_batch_size_is_2(case, size):
    assert main(["draft", case, "--batch-size", size]) == ExitCode.USAGE


def test_a_language_is_asked_for_here_or_in_the_configuration(capsys, tmp_path, case):
    run = ["run", case, "-o", "out", "--format", "txt"]
    assert main([*run, "--lang", "de", "--model", "no-such-model"]) == 0
    said = capsys.readouterr().err
    assert "words: deterministic text (no language model): the domain has no carriers.de.yaml" in said
    assert "language: de, a machine-made translation that nobody has reviewed" in said
    report = Path("out/A/report.txt")
    assert "Kopfumfang 176.2 mm" in report.read_text("utf-8")
    assert main(["verify", "out"]) == 0
    put(tmp_path, "reportgen.toml", '[run]\nlang = "ar"\n[facts]\nlang = "de"\n')
    assert "verify" not in capsys.readouterr().err
    assert main([*run, "--engine", "template"]) == 0
    assert "made       1" in capsys.readouterr().err, "another language makes the report anew"
    assert "محيط الرأس" in report.read_text("utf-8")
    assert "Kopfumfang 176.2 mm" in told(capsys, "facts", case)
    assert "Kopfumfang" not in told(capsys, "facts", case, "--lang", "en")


def test_a_draft_in_a_language_without_a_lexicon_is_the_fixed_text_or_refused(capsys, tmp_path, case):
    draft = told(capsys, "draft", case, "--lang", "de", "--engine", "template")
    assert draft.startswith("Vom Klassifikator erkannt: [[F1]].")
    good = str(put(tmp_path, "good.txt", draft))
    assert "accepted" in told(capsys, "check", case, good, "--lang", "de")
    for change in (
        ("erkannt", "widerlegt"),
        ("[[F1]]", "[[F9]]"),
        ("[[F1]]", "[[F1]] 7"),
        (": [[F1]].", "."),
    ):
        bad = str(put(tmp_path, "bad.txt", draft.replace(*change)))
        assert "not accepted" in told(capsys, "check", case, bad, "--lang", "de", code=3)
    assert main(["prompt", case, "--lang", "de"]) == ExitCode.USAGE
    assert "No model is asked" in capsys.readouterr().err


def test_an_unknown_language_is_usage(capsys, case):
    for command in (["validate", case], ["facts", case], ["run", case, "-o", "out"]):
        assert main([*command, "--lang", "dee"]) == ExitCode.USAGE
        assert "Did you mean 'de'? There are: en, ar, de." in capsys.readouterr().err
    assert not Path("out").exists()
