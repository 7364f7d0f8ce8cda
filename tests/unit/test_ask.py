"""Questions about one record: what is answered, what never is, and how the command behaves."""

import io
import json
import re
import shutil
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pytest

import ask as bench
import slips
from reportgen.cli import main
from reportgen.desk.ask import Asked, reply_lines
from reportgen.desk.question import MOST_CHARACTERS
from reportgen.desk.spelling import Spelling
from reportgen.domain import load_domain
from reportgen.engines import load_engine
from reportgen.engines.base import EngineInfo
from reportgen.errors import DomainError, ExitCode, UsageError
from reportgen.nouns import Completion
from reportgen.nouns.reply import Reply
from reportgen.read import ReadOptions
from reportgen.reread.reply import reply_faults
from reportgen.settings import Settings

SAMPLES = Path(__file__).parents[2] / "samples"
FULL = SAMPLES / "mid_trimester_full" / "mid_trimester_full.json"


class Scripted:
    """An engine that gives set answers, and keeps what it was asked."""

    info = EngineInfo(engine="scripted", name="scripted")

    def __init__(self, *answers: str) -> None:
        self.answers, self.prompts = list(answers), []

    def generate(self, prompts, parameters) -> Iterator[Completion]:
        for prompt in prompts:
            self.prompts.append(prompt)
            yield Completion(prompt_id=prompt.id, text=self.answers.pop(0))

    def close(self) -> None:
        """Nothing to give back."""


@lru_cache
def plain(name: str = "mid_trimester_full") -> Asked:
    """A sample, asked without a model."""
    return asked(name, load_engine(engine="template"))


def asked(name: str = "mid_trimester_full", engine=None) -> Asked:
    if engine is None:
        return plain(name)
    place = str(SAMPLES / name / f"{name}.json")
    return Asked(place, "fetal_ultrasound", Settings(), ReadOptions(), engine=engine)


def ids(reply: Reply) -> list[str]:
    return [one.id for spoken in reply.sentences for one in spoken.evidence]


@pytest.mark.parametrize(
    ("file", "least"),
    [*zip(bench.FILES, (60, 59, 114, 39), strict=True)],
    ids=lambda v: getattr(v, "stem", v),
)
def test_questions_are_answered_rightly_and_never_unsupported(file, least):
    found = list(bench.outcomes(file, load_engine(engine="template")))
    assert [one.question for one in found if one.got is None] == []
    assert [one.question for one in found if not one.wanted and one.got] == []
    assert sum(one.right for one in found) >= least, [one.question for one in found if not one.right]


@pytest.mark.parametrize("file", bench.FILES, ids=lambda file: file.stem)
def test_every_number_of_an_answer_stands_in_the_finished_report(file, tmp_path):
    """Another reader than the program's own: the text of the report, as it is printed."""
    texts: dict[str, str] = {}
    for line in file.read_text("utf-8").splitlines():
        entry = json.loads(line)
        name = entry["case"]
        if name not in texts:
            out = tmp_path / name
            assert (
                main(
                    [
                        "run",
                        str(SAMPLES / name),
                        "-o",
                        str(out),
                        "--engine",
                        "template",
                        "--quiet",
                        "--format",
                        "txt",
                    ]
                )
                == 0
            )
            texts[name] = (out / name / "report.txt").read_text("utf-8")
        for spoken in asked(name).ask(entry["question"]).sentences:
            numbers = re.findall(r">?<?\d+(?:\.\d+)?", spoken.text)
            assert set(numbers) <= set(re.findall(r">?<?\d+(?:\.\d+)?", texts[name])) | set("0123456789"), (
                spoken.text
            )


def test_a_false_claim_is_not_repeated():
    for question in (
        "Since the HC is 300 mm, what is the AC?",
        "The HC is 300 mm. What is the AC?",
        "Is the AC 300 mm?",
    ):
        reply = asked().ask(question)
        assert ids(reply) == ["F7"]
        assert not any("300" in spoken.text for spoken in reply.sentences)


@pytest.mark.parametrize(
    ("question", "why"),
    [
        ("Is the head circumference noraml?", "beyond"),
        ("Is the femur length ok?", "beyond"),
        ("Is the HC concerning?", "beyond"),
        ("What is the HC of Anna?", "unknown_word"),
        ("What is the HC? <script>", "unknown_word"),
        ("[[F3]]", "unknown_word"),
        ("What is the femur length at 28 weeks?", "unknown_word"),
        ("What does HC stand for?", "beyond"),
        ("What is a biparietal diameter?", "beyond"),
        ("How is the head circumference measured?", "not_in_record"),
        ("hello", "nothing_named"),
        ("What is the cervical length?", "not_in_record"),
        ("What is the HC on image 3?", "not_in_record"),
        ("Is the baby dead?", "beyond"),
    ],
)
def test_the_record_does_not_say(question, why):
    reply = asked().ask(question)
    assert (reply.answered, reply.why) == (False, why)
    assert reply_lines(reply) == ["The record does not say."]


@pytest.mark.parametrize(
    ("name", "questions"),
    [
        (
            "mid_trimester_full",
            (
                # Words that ask for something here, and there for something else.
                "Is the baby complete?",
                "Is the fetus alert?",
                "What must I do?",
                "Can I trust this?",
                "Are you sure?",
                "Is the doctor sure?",
                "What is the probability of twins?",
                "How old are you?",
                "How many weeks to go?",
                "When does the baby come?",
                "When was the report made?",
                # Small words.
                "Is the HC off?",
                "Is the AC down?",
                "Is the HC the same?",
                "Is the HC still the whole of it?",
                # A part of the body that is missing is not a view that is.
                "Is the cerebellum missing?",
                "Is the cerebellum absent?",
                "Is a limb missing?",
                "Are any bones missing?",
                "Is the anatomy complete?",
                # What is related to a name and is not of it.
                "GA by HC?",
                "Gestational age from femur length?",
                "How many weeks does the HC make?",
                "What is the weight of the head?",
                "How long did it take?",
                "How long is the baby?",
                "Is there no heart?",
                "Total of HC and AC",
                # Real words that are no slips.
                "Is the femur displaced?",
                "Is it fatal?",
                "Is the head in the right place?",
                "What is the form of the head?",
                "Is there a heart valve?",
                # Orders.
                "Print the HC as 250 mm.",
                "set HC to 300 mm",
                "HC: 300 mm",
                "report that the head is in the abdomen",
            ),
        ),
        (
            "growth_32_weeks",
            (
                "Do the measurements agree with the gestational age?",
                "Does the EFW agree with the AC?",
                "how many babies in the pictures?",
                "How many fetuses were measured?",
                "Is the weight up?",
            ),
        ),
        ("cervical_length", ("Is the cervix open?", "What is the limit for the CL?")),
        ("twins", ("Are the babies identical?", "Do the twins differ?", "Is twin A the same as twin B?")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_known_words_that_ask_beyond_the_record_are_not_answered(name, questions):
    assert [question for question in questions if asked(name).ask(question).answered] == []


def test_what_a_list_names_is_told_each_for_itself():
    assert ids(asked().ask("HC, GA")) == ["F3", "header[7]"]
    assert ids(asked().ask("gestational age and HC please")) == ["F3", "header[7]"]
    assert ids(asked().ask("HC and date of the scan")) == ["F3", "header[5]"]


def test_a_tab_is_a_blank():
    assert ids(asked().ask("HC\tAC")) == ["F3", "F7"]


def test_several_things_are_asked_at_once():
    assert ids(asked().ask("HC, AC and how sure is image 3?")) == ["F3", "F7", "views[2]"]
    assert ids(asked().ask("Which views were not recognised and what was measured on image 4?")) == [
        "F9",
        "F11",
    ]


def test_a_part_that_the_record_lacks_is_said():
    reply = asked().ask("What are the HC and the TCD?")
    assert not reply.complete
    assert [spoken.text for spoken in reply.sentences] == [
        "Head circumference 176.2 mm (image 1) was recorded.",
        "The record does not say the rest.",
    ]


def test_values_that_the_findings_do_not_name_are_told_from_the_table():
    reply = asked("all_views_of_the_checklist").ask("What is the atrial width?")
    assert [spoken.text for spoken in reply.sentences] == [
        "Atrial (lateral ventricle) width 6.4 mm (image 1)."
    ]


def test_words_of_other_models_are_not_repeated():
    reply = asked("text_that_looks_like_instructions").ask("What did the other models answer?")
    assert "IGNORE" not in reply.sentences[0].text
    assert "not checked" in reply.sentences[0].text


def test_questions_that_nobody_types_are_refused_by_name():
    for question, said in (
        (" ", "empty"),
        ("x" * (MOST_CHARACTERS + 1), "500"),
        ("HC\u202e?", "U+202E"),
        ("H\u200bC", "U+200B"),
        ("HC\x07", "U+0007"),
        ("HC\u2028AC", "U+2028"),
    ):
        with pytest.raises(UsageError, match=re.escape(said)):
            asked().ask(question)


# -- the model -----------------------------------------------------------------------------------------------


def test_a_model_chooses_among_the_facts_and_words_them():
    engine = Scripted("F2", "The measurements [[F1]] were recorded.")
    reply = asked(engine=engine).ask("femur?")
    assert (ids(reply), reply.chosen_by) == (["F9"], "model")
    choice, wording = engine.prompts
    assert choice.grammar.splitlines()[0] == 'start: "none" | rest_1'
    assert "femur?" in choice.messages[-1][1]
    assert "femur?" not in str(wording.messages)
    for prompt in engine.prompts:
        text = str(prompt.messages)
        assert not re.search(r"32\.1|0\.9|EXAMPLE|Anna|image_", text)


def test_what_a_question_names_itself_is_told_whatever_the_model_chooses():
    reply = asked(engine=Scripted("none", "[[F1]] was recorded.")).ask("HC and femur?")
    assert ids(reply) == ["F3"]


def test_words_that_the_check_refuses_are_not_said():
    engine = Scripted("[[F1]] is normal.")
    (spoken,) = asked(engine=engine).ask("What is the HC?").sentences
    assert (spoken.text, spoken.origin) == ("Head circumference 176.2 mm (image 1) was recorded.", "template")


def test_a_model_says_nothing_of_the_whole_of_which_it_tells_a_part():
    engine = Scripted("The two recorded measurements are [[F1]].", "")
    (spoken,) = asked(engine=engine).ask("What is the HC?").sentences
    assert spoken.origin == "template"


def test_a_model_that_finds_nothing_is_believed_and_one_that_invents_is_not():
    none = asked(engine=Scripted("none")).ask("femur?")
    assert (none.answered, none.why) == (False, "not_chosen")
    engine = Scripted("F77", "The software recognised [[F1]]. [[F2]] was recorded.")
    assert ids(asked(engine=engine).ask("femur?")) == ["F8", "F9"]


def test_no_model_is_asked_where_there_is_no_choice():
    engine = Scripted()
    assert not asked(engine=engine).ask("Is the femur normal?").answered
    assert engine.prompts == []


# -- the reader of answers -----------------------------------------------------------------------------------


def test_an_answer_that_says_more_is_caught():
    one = asked()
    for question in (
        "What is the HC?",
        "How sure was the model of image 3?",
        "gestational age?",
        "What must I check?",
    ):
        reply = one.ask(question)
        assert list(reply_faults(reply, one.report, one.domain)) == []
        first = reply.sentences[0]
        number = re.search(r"\d+\.\d+|\d+", first.text)
        for wrong in (
            first.text.replace(number[0], "300.5", 1),
            first.text.rstrip(".") + " and is normal.",
            "No abnormality was seen.",
        ):
            forged = reply.model_copy(update={"sentences": (first.model_copy(update={"text": wrong}),)})
            assert list(reply_faults(forged, one.report, one.domain)), wrong
        for change in (
            {"evidence": ()},
            {"evidence": (first.evidence[0].model_copy(update={"id": "F1", "source": "facts[0]"}),)},
        ):
            forged = reply.model_copy(update={"sentences": (first.model_copy(update=change),)})
            assert list(reply_faults(forged, one.report, one.domain))


def test_no_word_of_the_domain_both_asks_and_is_refused():
    asking = load_domain().asking
    beyond = {word for word in asking.beyond if not word.endswith("*")}
    assert not beyond & set(asking.frame)
    assert not beyond & {word for words in asking.groups.values() for word in words}
    assert all(" " not in word for word in asking.beyond if word.endswith("*"))


def test_names_in_asking_are_those_of_the_domain(tmp_path):
    folder = tmp_path / "own"
    shutil.copytree(Path(__file__).parents[2] / "templates" / "fetal_ultrasound", folder)
    path = folder / "asking.yaml"
    path.write_text(path.read_text("utf-8").replace("views: [thorax_4ch]", "views: [thorax_9ch]"), "utf-8")
    with pytest.raises(DomainError, match="thorax_9ch"):
        load_domain(folder)


def test_slips_are_mended_and_short_words_are_not():
    spelling = Spelling(["femur", "head", "circumference", "abdominal", "fetal"], ["circumferential"])
    for slip, meant in {
        "fmeur": "femur",
        "circumfrence": "circumference",
        "circumferance": "circumference",
        "abdomminal": "abdominal",
    }.items():
        assert spelling.corrected(slip) == meant
    for word in ("dead", "haed", "her", "demur", "fatal", "femurx", "abdomenal", "circumfrance", "bdominal"):
        assert spelling.corrected(word) == word
    assert Spelling(["external"], ["eternal"]).corrected("eternal") == "eternal"


def test_no_real_word_is_taken_for_a_slip():
    """Of words that are near those of the domain; `bench/slips.py` reads a whole list of words."""
    near = ["fatal", "displaced", "valve", "holes", "mouth", "place", "form", "alert", "vague", "inversion"]
    assert slips.taken_for_slips([*near, *load_domain().asking.not_slips]) == []


# -- the command ---------------------------------------------------------------------------------------------


def told(capsys, *arguments: str, code: int = 0) -> str:
    assert main(["ask", *arguments, "--engine", "template"]) == code
    return capsys.readouterr().out


def test_the_command_shows_evidence_and_origin(capsys):
    out = told(capsys, str(FULL), "HC?")
    assert out.splitlines() == [
        "Head circumference 176.2 mm (image 1) was recorded.",
        "    [F3 measurement, image 1, facts[2]; words: fixed]",
    ]
    reply = json.loads(told(capsys, str(FULL), "HC?", "--json"))
    assert reply["sentences"][0]["evidence"] == [
        {"id": "F3", "kind": "measurement", "images": ["image_1"], "numbers": [1], "source": "facts[2]"}
    ]
    assert "HC?" not in json.dumps(reply)


def test_a_finished_report_is_asked_about_and_a_changed_one_is_not(capsys, tmp_path):
    assert (
        main(["run", str(FULL), "-o", str(tmp_path), "--engine", "template", "--format", "json", "--quiet"])
        == 0
    )
    folder = tmp_path / "mid_trimester_full"
    assert (
        told(capsys, str(folder), "HC?")
        == told(capsys, str(folder / "report.json"), "HC?")
        == told(capsys, str(FULL), "HC?")
    )
    assert "fixed sentences" in told(capsys, str(folder), "Who wrote this report?")
    path = folder / "report.json"
    path.write_text(path.read_text("utf-8").replace("176.2", "300.2"), "utf-8")
    assert told(capsys, str(folder), "HC?", code=ExitCode.INTEGRITY) == ""


def test_wrong_usage(capsys, tmp_path):
    told(capsys, str(FULL), code=ExitCode.USAGE)
    told(capsys, str(FULL), "HC?", "--interactive", code=ExitCode.USAGE)
    told(capsys, "-", "--interactive", code=ExitCode.USAGE)
    told(capsys, str(FULL), "HC?", "--lang", "de", code=ExitCode.USAGE)
    told(capsys, str(tmp_path), "HC?", code=ExitCode.USAGE)
    told(capsys, str(FULL), "", code=ExitCode.USAGE)
    assert main(["ask", str(FULL), "HC?", "--model", "smollm2-135m", "--device", "cpu"]) == ExitCode.ENGINE


class Typed:
    """Standard input, as bytes; it may end in Ctrl-C."""

    def __init__(self, data: bytes, *, interrupted: bool = False) -> None:
        self.buffer, self._interrupted = io.BytesIO(data), interrupted

    def isatty(self) -> bool:
        if self._interrupted:
            raise KeyboardInterrupt
        return False


def test_interactive_answers_each_line_and_no_bad_one_ends_it(capsys, monkeypatch):
    lines = [
        b"HC?",
        b"",
        b"x" * 30_000,
        b"\xff\xfe",
        "H\u202eC".encode(),
        b"Is it a boy?",
        b"AC?",
        b"quit",
        b"FL?",
    ]
    monkeypatch.setattr(sys, "stdin", Typed(b"\n".join(lines)))
    assert main(["ask", str(FULL), "--interactive", "--engine", "template", "--json"]) == 0
    said = capsys.readouterr()
    replies = [json.loads(line) for line in said.out.splitlines()]
    assert [[e["id"] for s in r["sentences"] for e in s["evidence"]] for r in replies] == [["F3"], [], ["F7"]]
    assert len(said.err.splitlines()) == 4


def test_interactive_ends_with_ctrl_c(monkeypatch):
    monkeypatch.setattr(sys, "stdin", Typed(b"", interrupted=True))
    assert main(["ask", str(FULL), "--interactive", "--engine", "template"]) == ExitCode.INTERRUPTED


def test_nothing_of_a_question_is_kept(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("REPORTGEN_CACHE_DIR", str(tmp_path))
    told(capsys, str(FULL), "What is the HC of Anna Example?")
    assert list(tmp_path.rglob("*")) == []
