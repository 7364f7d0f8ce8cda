import json
import random
import re

import pytest

from cases import DOMAIN
from reportgen.carriers import carriers_of
from reportgen.nouns import Fact

CARRIERS = carriers_of(DOMAIN)
KINDS = {"F1": "view", "F2": "view", "F3": "measurement", "F4": "measurement", "F5": "candidate"}


def says(sentence: str) -> bool:
    return CARRIERS.parse(CARRIERS.encode(sentence, KINDS))


@pytest.mark.parametrize(
    "sentence",
    [
        "The software recognised [[F1]].",
        "The classifier identified [[F1]] and [[F2]]; [[F3]] was recorded.",
        "[[F1]] and [[F2]] were recognised on the submitted images, with [[F3]] and [[F4]] recorded.",
        "Two views of this region were recognised: [[F1]] and [[F2]].",
        "A leading candidate was [[F5]].",
        "In addition, [[F3]] was recorded.",
        "[[F1]] was recognised, and [[F3]] and [[F4]] were supplied with the study.",
    ],
)
def test_sentences_of_the_language(sentence: str):
    assert says(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "The software recorded [[F1]].",  # a measurement's verb for a view
        "[[F3]] was recognised.",  # a view's verb for a measurement
        "[[F5]] was recognised.",  # an uncertain view told as recognised
        "[[F1]] was considered.",  # a recognised view told as uncertain
        "The image demonstrates [[F1]].",
        "[[F1]] were recognised.",
        "[[F1]] and [[F2]] was recognised.",
        "Three views of this region were recognised: [[F1]] and [[F2]].",
        "[[F1]] and [[F3]] were recorded.",  # kinds mixed in one clause
        "[[F1]] was recognised in [[F2]].",
        "The software recognised [[F1]]",
        "The software recognised.",
        "The software recognised [[F9]].",
        "[[F1]] was recognised. [[F2]] was recognised.",  # one sentence at a time
    ],
)
def test_sentences_outside_it(sentence: str):
    assert not says(sentence)


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
    facts = [
        Fact.model_validate(
            {
                "id": f"F{n}",
                "kind": "view" if kind == "label" else kind,
                "carrier": "label" if kind == "label" else None,
                "surface": "x",
                "name": "x",
            }
        )
        for n, kind in enumerate(kinds, 1)
    ]
    grammar = CARRIERS.grammar(facts)
    rng = random.Random(1)
    own = {fact.id: fact.carried_as for fact in facts}
    texts = {sample(grammar, rng) for _ in range(200)}
    assert len(texts) > 20
    for text in texts:
        assert re.findall(r"\[\[(F\d)\]\]", text) == [fact.id for fact in facts]
        for sentence in re.split(r"(?<=\.) ", text):
            assert CARRIERS.parse(CARRIERS.encode(sentence, own)), sentence
    assert len(grammar) < 120_000
