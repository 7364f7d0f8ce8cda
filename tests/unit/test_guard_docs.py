"""docs/guard.md explains every code, and its examples are refused for the reason that it gives."""

import re

import pytest

from cases import DOMAIN
from reportgen import resources
from reportgen.check import SENTENCE, STRUCTURE, check_passage
from reportgen.nouns import Fact

GUARD = (resources.folder("templates").parent / "docs" / "guard.md").read_text("utf-8")
KINDS = {"F1": "view", "F2": "view", "F3": "candidate", "F4": "measurement"}
FACTS = {
    slot: Fact.model_validate(
        {
            "id": slot,
            "kind": kind,
            "surface": slot,
            "name": slot,
            "images": ("a", "b") if slot == "F2" else ("a",),
            "required": kind != "candidate",
        }
    )
    for slot, kind in KINDS.items()
}
EXPLAINED = dict(re.findall(r"^### `(\w+)`\n(.*?)(?=^##|\Z)", GUARD, re.MULTILINE | re.DOTALL))
EXAMPLES = {
    code: example[1]
    for code, text in EXPLAINED.items()
    if (example := re.search(r"```\n(.*?)\n?```", text, re.DOTALL))
}


def codes(draft: str) -> set[str]:
    verdict = check_passage(draft, FACTS, "P1", DOMAIN)
    assert verdict.accepted == (not verdict.missing and not any(s.objections for s in verdict.sentences))
    return {objection.code for sentence in verdict.sentences for objection in sentence.objections}


def test_every_code_is_explained_and_no_other():
    assert set(EXPLAINED) == {*STRUCTURE, *SENTENCE, *DOMAIN.never_words}


def test_all_but_four_have_an_example():
    """A long text, a cut-off one, a case and another language do not fit a line; other tests have them."""
    assert set(EXPLAINED) - set(EXAMPLES) == {"too_long", "cut_off", "passage", "fixed"}


@pytest.mark.parametrize("code", EXAMPLES)
def test_an_example_is_refused_for_its_reason(code: str):
    assert code in codes(EXAMPLES[code])


def test_the_good_example_is_accepted():
    good = re.search(r"This one is accepted:\n\n```\n(.*?)\n```", GUARD)
    assert good
    assert codes(good[1]) == set()
