"""Texts that people wrote to get past the check, each false or more than the record holds: all are refused.

They were accepted once. A word of a refused text is harmless; what it says of its facts is not.
"""

import json
from pathlib import Path

from cases import DOMAIN
from reportgen.check import check_passage
from reportgen.nouns import Fact

FALSE = [
    json.loads(line)
    for line in (Path(__file__).parent / "drafts" / "false.jsonl").read_text("utf-8").splitlines()
]


def facts(kinds: list[str], many: list[str]) -> dict[str, Fact]:
    return {
        slot: Fact.model_validate(
            {
                "id": slot,
                "kind": "view" if kind == "label" else kind,
                "carrier": "label" if kind == "label" else None,
                "surface": "x",
                "name": "x",
                "images": ("a", "b") if slot in many else ("a",),
                "required": False,
            }
        )
        for number, kind in enumerate(kinds, 1)
        for slot in [f"F{number}"]
    }


def test_no_false_draft_is_accepted() -> None:
    assert len(FALSE) > 400
    accepted = [
        one["text"]
        for one in FALSE
        if not any(
            sentence.objections
            for sentence in check_passage(
                one["text"], facts(one["kinds"], one.get("many", [])), "P1", DOMAIN
            ).sentences
        )
    ]
    assert accepted == []
