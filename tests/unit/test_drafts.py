"""Drafts that people wrote by hand, and how many of the correct ones the check refuses.

``tuning.jsonl`` was read while the carriers were widened. ``held.jsonl`` was written before that, by somebody
who knew neither carriers nor lexicon, and was never read to widen them.
"""

import json
from pathlib import Path

import pytest

from cases import DOMAIN
from reportgen.check import check_passage
from reportgen.nouns import Passage

FOLDER = Path(__file__).parent.parent / "drafts"


def drafts(name: str) -> list[tuple[Passage, str]]:
    passages = {
        entry["id"]: Passage.model_validate_json(json.dumps(entry))
        for entry in json.loads((FOLDER / f"passages_{name}.json").read_text("utf-8"))
    }
    lines = (FOLDER / f"{name}.jsonl").read_text("utf-8").splitlines()
    return [(passages[line["passage"]], line["draft"]) for line in map(json.loads, lines)]


@pytest.mark.parametrize("name", ["held", "tuning"])
def test_correct_drafts_are_accepted(name: str):
    written = drafts(name)
    assert len(written) >= 300
    refused = [
        draft
        for passage, draft in written
        if not check_passage(draft, passage.slots, passage.id, DOMAIN).accepted
    ]
    assert len(refused) <= 0.02 * len(written), f"{len(refused)} of {len(written)}"
