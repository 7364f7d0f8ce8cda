"""Answers of other models: which are quoted, which are refused and why, and where their words may stand."""

import json
import logging
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from cases import DOMAIN, case, facts, found, image
from factories import pdf_pages, solid
from reportgen.exporters import export
from reportgen.nouns import AnswerRow
from reportgen.pipeline import configured, make_report, prepare
from reportgen.settings import Settings

PLANE = "Plane Evaluation: Assess if the image is taken at a standard diagnostic plane."
SEEN = "What does the image show?"
AGE = "Gestational Age: Estimate the gestational age of the fetus based on the visible features."
NORMAL = "Normality / Abnormality: Determine whether the observed structures appear normal."
ADVICE = "Clinical Recommendations: Provide any relevant clinical recommendations."
HEAD, FEMUR, THORAX, NT, ABDOMEN = "Trans-thalamic", "Femur", "Thorax", "Standard_NT", "Abdomen"
VERBOSE = (
    "The gestational age of the fetus appears to be around 20-24 weeks. This estimation is based on the "
    "visible development of the head, which at 30 weeks would show a more mature pattern of the cortex."
)
LONG = (
    "This image shows an axial section of the fetal head. The midline echo is central and equidistant from "
    "both parietal bones, the thalami lie on either side of it, and the box of the septum pellucidum is seen "
    "in front. The skull is oval. The cerebellum is not in the section. The far field is darker than the "
    "near field, and there is some shadow behind the lower edge of the skull, as is usual."
)
# Two phrases in an order that goes round nowhere: only its size when compressed gives it away.
SHUFFLED = " ".join(("the head is seen", "a skull lies there")[n.bit_count() % 2] for n in range(64))
LIST = "1. Fetal head\n2. Femur\n3. Amniotic fluid\n4. Placenta (anterior)\n5. Umbilical cord"


def one(question: str, text: str, label: str = HEAD, weeks: tuple[int, int] | None = None) -> str | None:
    """The reason against the only answer of the only image, or None."""
    answer = {"question": question, "answer": text, "model": "blip2"}
    (row,) = facts(image(1, (label, 0.95), answers=[answer]), weeks=weeks).answers
    assert row.answer == (None if row.unusable else text)
    return row.unusable


USABLE: list[tuple[str, str, str, tuple[int, int] | None]] = [
    (SEEN, "head", HEAD, None),
    (SEEN, "a black and white photo of a fetus", FEMUR, None),
    (PLANE, "Trans-thalamic view", HEAD, (20, 3)),
    (PLANE, "Yes, standard plane.", FEMUR, None),
    (PLANE, "A", HEAD, None),
    (PLANE, "Plane Evaluation: trans-thalamic", HEAD, None),
    (SEEN, "What does the image show? A head.", HEAD, None),
    ("Is it a, b or c?", "a or b, hard to say", HEAD, None),
    ("Which of these is it?", "a) head b) femur", HEAD, None),
    ("Is the stomach seen?", "yes", ABDOMEN, None),
    ("Is the stomach seen?", "no", ABDOMEN, None),
    ("Is the stomach seen?", "Not found.", ABDOMEN, None),
    ("Is the head circumference visible?", "The head circumference is visible.", HEAD, None),
    ("Any abnormality?", "none", HEAD, None),
    (NORMAL, "normal", HEAD, None),
    (NORMAL, "Everything looks normal.", HEAD, None),
    ("Normal or abnormal?", "Abnormal", HEAD, None),
    ("Normal for gestational age or not?", "Normal for gestational age", HEAD, None),
    ("Artefacts?", "Failed to show the far field; measurement error is likely.", HEAD, None),
    ("Artefacts?", "No error was found. Exceptional quality.", HEAD, None),
    (ADVICE, "Follow up with anatomy scan at 18-22 weeks", NT, (12, 3)),
    (ADVICE, "18-22 weeks", NT, (12, 3)),
    (ADVICE, "Repeat in 4 weeks, again at 32 weeks.", HEAD, (20, 3)),
    (AGE, "24 weeks", HEAD, None),
    (AGE, "24 weeks", HEAD, (23, 0)),
    (AGE, "20-25 weeks", HEAD, (20, 3)),
    (AGE, "12w+4d", NT, (12, 3)),
    (AGE, "8-13 weeks", NT, None),
    (AGE, "First trimester.", NT, (12, 3)),
    (AGE, "second or third trimester", HEAD, (20, 3)),
    (AGE, VERBOSE, HEAD, (20, 3)),
    (AGE, "etwa 30. SSW", HEAD, (20, 3)),
    (AGE, "Cannot be estimated.", NT, None),
    (SEEN, LONG, HEAD, (20, 3)),
    (SEEN, LIST, FEMUR, None),
    (SEEN, "The femur is visible. The femur is visible.", FEMUR, None),
    (SEEN, "A very, very, very small part of the bone", FEMUR, None),
    (SEEN, "BPD 47 mm, HC 176 mm, AC 150 mm, FL 32 mm", HEAD, None),
    (SEEN, "Not the femur.", HEAD, None),
    (SEEN, "Head, abdomen and femur", FEMUR, None),
    (SEEN, "aorta", THORAX, None),
    (SEEN, "the fetal heart", "Aorta", None),
    (SEEN, "Fetal head", NT, None),
    (SEEN, "Femur", "Other", None),
    (SEEN, "Axial abdomen", "Cervical", None),
    ("Fetal Orientation: Determine it (e.g., head up/down, front/back view).", "Head", ABDOMEN, None),
    (SEEN, "Das ist der Kopf des Feten in einer queren Ebene.", FEMUR, None),
    (SEEN, "胎儿头部的横切面。", FEMUR, None),
    (SEEN, "Ein Schnitt, ein Bild, ein Kopf, ein Schatten", HEAD, None),
    (SEEN, '{"plane": "transthalamic"}', HEAD, None),
]
UNUSABLE: list[tuple[str, str, str, str]] = [
    ("error", SEEN, "ERROR: vLLM API error: 400 - Bad Request", HEAD),
    ("error", SEEN, "vLLM API error 503", HEAD),
    ("error", SEEN, "Error", HEAD),
    ("error", SEEN, "[ERROR] inference failed", HEAD),
    ("error", SEEN, "RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB", HEAD),
    ("error", SEEN, "torch.cuda.OutOfMemoryError: tried to allocate", HEAD),
    ("error", SEEN, "The model said: TypeError: chat() missing 1 required argument", HEAD),
    ("error", SEEN, 'Traceback (most recent call last):\n  File "vqa.py", line 3', HEAD),
    ("error", SEEN, "<!DOCTYPE html><html><body>502 Bad Gateway</body></html>", HEAD),
    ("error", SEEN, '{"error": {"message": "The model does not exist", "code": 404}}', HEAD),
    ("error", SEEN, '{"object": "error", "message": "too long"}', HEAD),
    ("error", SEEN, '{"detail":"Not Found"}', HEAD),
    ("error", SEEN, "Request timed out.", HEAD),
    ("error", SEEN, "HTTP 500", HEAD),
    ("error", SEEN, "404 Not Found", HEAD),
    ("error", SEEN, "An error occurred while processing the picture", HEAD),
    ("error", SEEN, "Failed to load image", HEAD),
    ("error", SEEN, "None", HEAD),
    ("error", SEEN, "nan", HEAD),
    ("error", SEEN, "N/A", HEAD),
    ("empty", SEEN, "", HEAD),
    ("empty", SEEN, " \n\t ", HEAD),
    ("empty", SEEN, "...", HEAD),
    ("empty", SEEN, "-?!", HEAD),
    ("alphabet", SEEN, "a, b, c, d", HEAD),
    ("alphabet", SEEN, "A B C D E", HEAD),
    ("alphabet", SEEN, "(a) (b)", HEAD),
    ("alphabet", SEEN, "a, b, c, d, e, f, g, h, i, j, k the", HEAD),
    ("alphabet", SEEN, "abcdefghij", HEAD),
    ("echo", SEEN, "What does the image show?", HEAD),
    ("echo", SEEN, "what does the image show what does the image show", HEAD),
    ("echo", SEEN, "What does the image show? Answer:", HEAD),
    ("echo", SEEN, "Question: What does the image show? Answer:", HEAD),
    ("echo", SEEN, "Question: What plane? Answer: axial Question: Which side?", HEAD),
    ("echo", PLANE, "Plane Evaluation", HEAD),
    ("echo", PLANE, "Assess if the image is taken at a standard diagnostic plane", HEAD),
    ("echo", AGE, "Gestational Age: Estimate the gestational age", HEAD),
    ("echo", SEEN, "<|im_start|>assistant\nA head<|im_end|>", HEAD),
    ("echo", SEEN, "<image> A head", HEAD),
    ("echo", SEEN, "USER: describe ASSISTANT: a head", HEAD),
    ("echo", SEEN, "You are an expert in fetal ultrasound imaging analysis.", HEAD),
    ("repetition", SEEN, "fetal fetal fetal", HEAD),
    ("repetition", SEEN, "the head of the head of the head", HEAD),
    ("repetition", SEEN, "The image shows a head. A head. A head. A head. A head. A head.", HEAD),
    ("repetition", SEEN, "The femur is visible. " * 3, FEMUR),
    ("repetition", SEEN, "1. Head\n2. Head\n3. Head\n4. Head", HEAD),
    ("repetition", SEEN, LONG + " and the" * 20, HEAD),
    ("repetition", SEEN, "hahahahahahaha", HEAD),
    ("repetition", SEEN, "头部头部头部头部头部", HEAD),
    ("repetition", SEEN, SHUFFLED, HEAD),
    ("contradiction_age", AGE, "25-30 weeks", NT),
    ("contradiction_age", AGE, "The fetus is about 27 weeks old.", HEAD),
    ("contradiction_age", AGE, "30 weeks 2 days", HEAD),
    ("contradiction_age", AGE, "28w3d", HEAD),
    ("contradiction_age", AGE, "32+4", HEAD),
    ("contradiction_age", AGE, "Third trimester", NT),
    ("contradiction_age", SEEN, "a fetus at 30 weeks", NT),
    ("contradiction_age", AGE, "12 weeks", "Public_Symphysis_fetal_head"),
    ("contradiction_view", SEEN, "Femur", HEAD),
    ("contradiction_view", SEEN, "The image shows a longitudinal view of the fetal femur.", ABDOMEN),
    ("contradiction_view", PLANE, "Trans-cerebellar view", HEAD),
    ("contradiction_view", PLANE, "Transverse 4-chamber heart view", HEAD),
    ("contradiction_view", SEEN, "fetal head", FEMUR),
    ("contradiction_view", SEEN, "maternal cervix", THORAX),
    ("contradiction_view", SEEN, "NT thickness", FEMUR),
]


@pytest.mark.parametrize(("question", "text", "label", "weeks"), USABLE)
def test_an_answer_that_is_one_is_quoted(
    question: str, text: str, label: str, weeks: tuple[int, int] | None
) -> None:
    assert one(question, text, label, weeks) is None


@pytest.mark.parametrize(("reason", "question", "text", "label"), UNUSABLE)
def test_an_unusable_answer_is_recognised(reason: str, question: str, text: str, label: str) -> None:
    weeks = (20, 3) if label == HEAD else None
    assert one(question, text, label, weeks) == reason


def same(question: str, text: str, *labels: str, model: str = "blip2") -> list[str | None]:
    """The reasons against one and the same answer on images of these views."""
    answer = {"question": question, "answer": text, "model": model}
    images = [image(n, (label, 0.95), answers=[answer]) for n, label in enumerate(labels, 1)]
    return [row.unusable for row in facts(*images).answers]


def test_an_answer_that_no_view_changes_is_refused_where_it_should_have_changed() -> None:
    views = (HEAD, FEMUR, THORAX)
    assert same(SEEN, "A grey picture of tissue.", *views) == ["same_for_every_view"] * 3
    assert same("Biometric Measurements: Identify any.", "BPD and HC", *views) == ["same_for_every_view"] * 3
    assert same(SEEN, "A grey picture of tissue.", HEAD, FEMUR) == [None] * 2
    assert same(SEEN, "A grey picture of tissue.", HEAD, HEAD, HEAD, FEMUR) == [None] * 4


@pytest.mark.parametrize(
    ("question", "text"),
    [
        (AGE, "20-25 weeks"),
        (NORMAL, "Normal for gestational age"),
        (ADVICE, "Prenatal routine monitoring"),
        ("Image Quality: Assess the quality.", "Good image quality"),
        ("Is the image from an ultrasound machine?", "It certainly is."),
        (PLANE, "Yes, standard plane."),
    ],
)
def test_what_may_be_the_same_on_every_view_is_quoted(question: str, text: str) -> None:
    assert same(question, text, HEAD, FEMUR, THORAX) == [None] * 3


def test_one_answer_that_differs_shows_that_the_model_looked() -> None:
    def about(n: int, label: str, text: str) -> dict[str, Any]:
        return image(n, (label, 0.95), answers=[{"question": SEEN, "answer": text, "model": "blip2"}])

    said = facts(*(about(n, label, "grey tissue") for n, label in enumerate((HEAD, FEMUR, THORAX), 1)))
    assert {row.unusable for row in said.answers} == {"same_for_every_view"}
    said = facts(
        *(about(n, label, "grey tissue") for n, label in enumerate((HEAD, FEMUR, THORAX), 1)),
        about(4, ABDOMEN, "a round section"),
    )
    assert {row.unusable for row in said.answers} == {None}


def test_an_uncertain_view_contradicts_nobody() -> None:
    answers = [{"question": q, "answer": a, "model": "m"} for q, a in ((SEEN, "Femur"), (AGE, "30 weeks"))]
    rows = facts(image(1, (NT, 0.55), (HEAD, 0.4), answers=answers)).answers
    assert [row.unusable for row in rows] == [None, None]


def test_a_site_may_set_the_limits() -> None:
    answers = [{"question": AGE, "answer": "24 weeks", "model": "m"}]
    study = {"weeks": (20, 3)}
    assert facts(image(1, (HEAD, 0.95), answers=answers), **study).answers[0].unusable == "contradiction_age"
    wide = configured(DOMAIN, Settings(thresholds={"answers": {"age_days": 28}}))
    assert facts(image(1, (HEAD, 0.95), answers=answers), domain=wide, **study).answers[0].unusable is None


def test_a_row_either_quotes_or_says_why_not() -> None:
    row = {"image": "i1", "image_number": 1, "model": "m", "question": "q"}
    assert AnswerRow(**row, answer="a").unusable is None
    for wrong in (
        {},
        {"answer": "a", "unusable": "echo"},
        {"unusable": "echo"},
        {"answer": "a", "reason": "r"},
    ):
        with pytest.raises(ValidationError, match="either quoted, or unusable"):
            AnswerRow(**row, **wrong)


def test_usable_answers_are_facts_and_the_reviewer_has_one_item_for_all_others() -> None:
    def answers(*texts: str) -> list[dict[str, str]]:
        return [{"question": SEEN, "answer": text, "model": "blip2"} for text in texts]

    said = facts(
        image(1, (HEAD, 0.95), answers=answers("ERROR: MARKone", "a pale ellipse")),
        image(2, (HEAD, 0.95), answers=answers("ERROR: MARKtwo", "a, b, c, d")),
        image(3, (HEAD, 0.95), answers=answers("ERROR: MARKthree")),
    )
    (fact,) = [fact for fact in said.printed if fact.kind == "answer"]
    assert fact.surface == 'Image 1: asked "What does the image show?", blip2 answered "a pale ellipse"'
    assert [row.facts for row in said.answers] == [(), (fact.id,), (), (), ()]
    (item,) = [item for item in said.reviewer_items if item.rule == "answers_unusable"]
    assert item.text == (
        "Answers of other models: 4 of 5 unusable, not quoted (images 1-3: the text is an error message; "
        "image 2: the text is a row of letters)."
    )
    assert item.images == ("i1", "i2", "i3")
    assert said.answers[0].reason == "Unusable: the text is an error message."
    assert facts(image(1, (HEAD, 0.95), answers=answers("a head"))).reviewer_items == ()


STUDY = case(
    image(
        1,
        (HEAD, 0.95),
        answers=[
            {"question": "Normality", "answer": "Entirely normal, QUOTED <b>one</b>.", "model": "blip2"},
            {"question": SEEN, "answer": "ERROR: SECRETerror", "model": "blip2"},
            {"question": AGE, "answer": "About 38 weeks, SECRETage", "model": "blip2"},
            {"question": SEEN, "answer": "SECRETloop SECRETloop SECRETloop", "model": "blip2"},
            {"question": SEEN, "answer": "<image> SECRETecho", "model": "blip2"},
        ],
    ),
    weeks=(20, 3),
)


def test_words_of_an_answer_stand_in_the_table_and_nowhere_else(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        report = make_report(STUDY, created_at=datetime(2026, 11, 23, tzinfo=UTC))
        text, page = export(report, "txt").decode(), " ".join(pdf_pages(export(report, "pdf")))
    whole = report.plain()
    table = {"answers": whole.pop("answers"), "facts": [f for f in whole["facts"] if f["kind"] == "answer"]}
    whole["facts"] = [fact for fact in whole["facts"] if fact["kind"] != "answer"]
    prompts = [prompt.plain() for prompt in prepare(found(STUDY), DOMAIN).prompts]
    assert "QUOTED" in json.dumps(table["answers"])
    assert "QUOTED" in json.dumps(table["facts"])
    for elsewhere in (json.dumps(whole), json.dumps(prompts), caplog.text):
        assert "QUOTED" not in elsewhere
        assert "ntirely normal" not in elsewhere
    for printed in (text, page):
        before, _, after = printed.partition("ANSWERS OF OTHER MODELS")
        inside, _, after = after.partition("IMPRESSION")
        assert "QUOTED" in inside
        assert "QUOTED" not in before + after
        assert "normal" not in (before + after).replace("abnormality", "")
    for everything in (json.dumps(report.plain()), json.dumps(prompts), text, page, caplog.text):
        assert "SECRET" not in everything
        assert "38 weeks" not in everything


def test_the_table_says_whose_words_they_are_and_marks_what_is_quoted() -> None:
    report = make_report(STUDY, created_at=datetime(2026, 11, 23, tzinfo=UTC))
    for printed in (export(report, "txt").decode(), " ".join(pdf_pages(export(report, "pdf")))):
        table = solid(printed.partition("ANSWERS OF OTHER MODELS")[2].partition("IMPRESSION")[0])
        assert solid("The quoted words are those of the named model, as supplied.") in table
        assert solid("They were not checked and are no part of the findings.") in table
        assert solid('"Entirely normal, QUOTED <b>one</b>."') in table
        assert solid("Unusable: the text is an error message.") in table
        assert solid('"Unusable') not in table
        assert table.count("blip2") == 5
        assert table.count(solid(SEEN)) == 3
