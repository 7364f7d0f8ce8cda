import json
import random
import re
import time

import pytest

from cases import DOMAIN
from reportgen.carriers import KINDS as ALL_KINDS
from reportgen.carriers import Carriers, carriers_of
from reportgen.errors import DomainError
from reportgen.nouns import Fact

CARRIERS = carriers_of(DOMAIN)


def fact(slot: str, kind: str, images: int = 1) -> Fact:
    return Fact.model_validate(
        {
            "id": slot,
            "kind": "view" if kind == "label" else kind,
            "carrier": "label" if kind == "label" else None,
            "surface": "x",
            "name": "x",
            "images": tuple(f"IMG_{n}" for n in range(images)),
        }
    )


KINDS = {
    "F1": "view",
    "F2": "view",
    "F3": "measurement",
    "F4": "measurement",
    "F5": "candidate",
    "F6": "label",
}
FACTS = {slot: fact(slot, kind, images=2 if slot == "F2" else 1) for slot, kind in KINDS.items()}


def fault(sentence: str, before: str | None = None) -> str | None:
    """The code of what is wrong with a sentence that follows one of some facts."""
    found = CARRIERS.fault(sentence, FACTS, before)
    return found and found[0]


@pytest.mark.parametrize(
    "sentence",
    [
        "The software recognised [[F1]].",
        "The classifier identified [[F1]] and [[F2]]; [[F3]] was recorded.",
        "[[F1]] and [[F2]] were recognised on the submitted images, with [[F3]] and [[F4]] recorded.",
        "Two views of this region were recognised: [[F1]] and [[F2]].",
        "Two views were recognised: [[F1]] and [[F2]].",
        "The recognised views were [[F1]] and [[F2]].",
        "A leading candidate was [[F5]].",
        "In addition, [[F3]] was recorded.",
        "[[F1]] was recognised, and [[F3]] and [[F4]] were supplied with the study.",
        "AI recognised [[F1]], [[F2]] was recognised too, and [[F5]] was put forward as uncertain.",
        "The classifier recognised [[F1]] and listed [[F5]] as a possible candidate.",
        "[[F3]] was recorded, as was [[F4]].",
        "A label for [[F6]] and the measurement [[F3]] were supplied with the images.",
        "An image was classified as [[F1]].",
    ],
)
def test_sentences_of_the_language(sentence: str):
    assert fault(sentence) is None


@pytest.mark.parametrize(
    ("sentence", "code"),
    [
        ("The software recorded [[F1]].", "carrier"),  # a measurement's verb for a view
        ("[[F3]] was recognised.", "carrier_kind"),  # a view's verb for a measurement
        ("[[F5]] was recognised.", "carrier_kind"),  # an uncertain view told as recognised
        ("[[F6]] was recognised.", "carrier_kind"),  # nobody recognised a label that was supplied
        ("[[F1]] was considered.", "carrier_kind"),  # a recognised view told as uncertain
        ("The software entered [[F3]].", "carrier"),  # the software measured nothing
        ("[[F1]] were recognised.", "carrier"),
        ("[[F1]] and [[F2]] was recognised.", "carrier"),
        ("Three views of this region were recognised: [[F1]] and [[F2]].", "count"),
        (
            "In this study, two views were recognised: [[F1]] and [[F2]].",
            "carrier",
        ),  # other regions have more
        ("On the submitted images, the following views were recognised: [[F1]] and [[F2]].", "carrier"),
        ("The recognised view was [[F1]].", "count"),  # there are two
        ("An image was classified as [[F2]].", "carrier"),  # the fact rests on two
        ("[[F1]] and [[F3]] were recorded.", "carrier_kind"),
        ("[[F1]] was recognised in [[F2]].", "carrier"),
        ("[[F3]] was recorded on [[F1]].", "carrier"),
        ("The view includes [[F3]].", "carrier"),  # nobody knows on which view a value was taken
        ("[[F1]] was recognised with a measurement of [[F3]].", "carrier"),
        ("[[F1]] was recognised as [[F2]].", "carrier"),
        ("The software recognised [[F1]]", "carrier"),
        ("The software recognised.", "carrier"),
        ("[[F1]] was recognised. [[F2]] was recognised.", "carrier"),  # one sentence at a time
        ("The software  recognised [[F1]].", "spacing"),
        ("The software recognised [[F1]] .", "spacing"),
        ("It recognised [[F1]].", "carrier"),  # nobody was named before
    ],
)
def test_sentences_outside_it(sentence: str, code: str):
    assert fault(sentence) == code


def test_it_refers_to_the_program_of_the_sentence_before():
    assert fault("It also recognised [[F1]].", before="The software recognised [[F2]].") is None


def test_it_refers_to_nothing_where_no_program_was_named():
    assert fault("It suggested [[F5]].", before="[[F3]] was recorded.")


def test_so_was_refers_to_facts_of_the_same_kind():
    assert fault("So was [[F3]].", before="[[F4]] was recorded.") is None
    assert fault("So was [[F3]].")  # nothing was said before
    assert fault("So was [[F3]].", before="[[F1]] was recognised.")  # a measurement is not recognised
    assert fault("So was [[F3]].", before="[[F4]] was recorded, with [[F1]] recognised.")


def test_a_fault_is_where_no_reading_goes_on():
    sentence = "The software recognised [[F1]] in [[F2]]."
    _, start, end = CARRIERS.fault(sentence, FACTS) or ("", 0, 0)
    assert sentence[start:end] == "[[F2]]"


def sample(grammar: str, rng: random.Random) -> str:
    """A random text of a Lark grammar of the kind that carriers write."""
    rules = dict(line.split(": ", 1) for line in grammar.strip().split("\n"))

    def text(rule: str) -> str:
        choice = rng.choice(re.split(r" \| (?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", rules[rule]))
        parts = re.findall(r'"(?:[^"\\]|\\.)*"|\w+', choice)
        return "".join(json.loads(part) if part[0] == '"' else text(part) for part in parts)

    return text("start")


@pytest.mark.parametrize(
    "kinds",
    [
        ["view"],
        ["candidate"],
        ["measurement"] * 3,
        ["view", "view", "candidate", "measurement", "measurement"],
        ["view"] * 8,
        ["label", "label", "measurement"],
    ],
)
def test_the_grammar_writes_only_what_the_check_accepts_and_tells_every_fact_once(kinds: list[str]):
    facts = {f"F{n}": fact(f"F{n}", kind) for n, kind in enumerate(kinds, 1)}
    grammar = CARRIERS.grammar(list(facts.values()))
    rng = random.Random(1)
    texts = {sample(grammar, rng) for _ in range(300)}
    assert len(texts) > 100
    for text in texts:
        assert sorted(re.findall(r"\[\[(F\d)\]\]", text)) == sorted(facts)
        for sentence in re.split(r"(?<=\.) ", text):
            assert CARRIERS.fault(sentence, facts) is None, sentence
    assert len(grammar) < 150_000


@pytest.mark.parametrize(
    "kinds", [["view"] * 3, ["measurement"] * 4, ["candidate", "candidate", "label", "label"]]
)
def test_of_some_facts_of_a_kind_the_grammar_writes_nothing_that_is_said_of_all(kinds: list[str]):
    facts = {f"F{n}": fact(f"F{n}", kind) for n, kind in enumerate(kinds, 1)}
    left = [name for name in facts if name != "F1"]
    grammar = CARRIERS.grammar([facts[name] for name in left], list(facts.values()))
    rng = random.Random(2)
    texts = {sample(grammar, rng) for _ in range(300)}
    assert len(texts) > 100
    for text in texts:
        assert sorted(re.findall(r"\[\[(F\d)\]\]", text)) == [f"F{n}" for n in range(1, len(left) + 1)]
        here = re.sub(r"\[\[F(\d)\]\]", lambda slot: f"[[{left[int(slot[1]) - 1]}]]", text)
        for sentence in re.split(r"(?<=\.) ", here):
            assert CARRIERS.fault(sentence, facts) is None, sentence


def named(templates: object) -> set[str]:
    """The phrases that templates name."""
    return set(re.findall(r"<(?:\w+:)?(\w+)>", json.dumps(templates)))


def test_every_phrase_is_used():
    data = DOMAIN.carriers
    reading = {part: templates for part, templates in data.items() if part != "write"}
    used = named(reading) | {"sentence", "separator", "addition"}
    for part in ("phrases", "constructions", *ALL_KINDS):
        assert set(data[part]) <= used, part
    write = data["write"]
    assert set(write["phrases"]) <= named(write) | {"agent", "leads", "joiners"}


def broken(**phrases: list[str]) -> dict[str, object]:
    return {**DOMAIN.carriers, "phrases": {**DOMAIN.carriers["phrases"], **phrases}}


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("in [addition", "leaves a bracket open"),
        ("in &addition", "cannot be read from character 4"),
        ("<nobody>", "'<nobody>' is not one of phrases"),
        ("with {1}", "belongs to no kind"),
        ("<lead> in addition", "begins with itself"),
        ("<view:nobody>", "no phrase of view"),
    ],
)
def test_a_template_that_cannot_be_read_is_named(template: str, problem: str):
    with pytest.raises(DomainError, match=problem):
        Carriers(broken(lead=[template])).fault("The software recognised [[F1]].", FACTS)


@pytest.mark.parametrize(
    ("marks", "problem"),
    [
        ({"wide": ["everywhere", "everywere"]}, "'everywere' is marked as wide"),
        ({"wyde": []}, "no mark 'wyde'"),
    ],
)
def test_a_mark_that_marks_nothing_is_named(marks: dict[str, list[str]], problem: str):
    with pytest.raises(DomainError, match=problem):
        Carriers({**DOMAIN.carriers, "marks": {**DOMAIN.carriers["marks"], **marks}})


def test_strange_words_leave_nothing_behind():
    carriers = Carriers(DOMAIN.carriers)
    for number in range(50):
        assert carriers.fault(f"The software recognised strange{'x' * number} [[F1]].", FACTS)
    assert not carriers._automaton._symbols


def test_a_sentence_made_to_be_slow_is_read_in_no_time():
    """The work grows with words times carriers, whatever the sentence."""
    slow = "The software recognised [[F1]]" + " among the images of the study in the images" * 60 + "."
    begun = time.process_time()
    fault(slow)
    assert time.process_time() - begun < 2
