"""Asks the questions of tests/data about the samples, and counts which were answered rightly.

    python bench/ask.py [--model smollm2-135m] [FILE.jsonl ...]

A question is answered rightly if its answer rests on exactly the facts that stand beside it, or says that the
record does not say where none do. Ends with 6 if an answer says what its record does not hold.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from reportgen.desk.ask import Asked
from reportgen.engines import load_engine
from reportgen.engines.base import Engine
from reportgen.errors import IntegrityError, UsageError
from reportgen.read import ReadOptions
from reportgen.settings import Settings
from tally import markdown

__all__ = ["FILES", "Outcome", "outcomes"]

ROOT = Path(__file__).resolve().parents[1]
FILES = tuple(
    ROOT / "tests/data" / name
    for name in (
        "questions.jsonl",
        "questions_held_back.jsonl",
        "questions_fresh.jsonl",
        "questions_fourth.jsonl",
    )
)


@dataclass(frozen=True)
class Outcome:
    """One question, and what came of it.

    Attributes:
        wanted: Ids that the answer should rest on; none where the record does not say.
        got: Ids that it rests on; None where something unsupported would have been said.
        by_model: Whether the model chose.
        worded: Sentences that the model worded, and all.
    """

    case: str
    question: str
    wanted: frozenset[str]
    got: frozenset[str] | None
    by_model: bool = False
    worded: tuple[int, int] = (0, 0)

    @property
    def right(self) -> bool:
        """Whether it is exactly what was wanted."""
        return self.got == self.wanted


def outcomes(file: Path, engine: Engine) -> Iterator[Outcome]:
    """Ask each question of a file about its sample."""
    records: dict[str, Asked] = {}
    for line in file.read_text("utf-8").splitlines():
        entry = json.loads(line)
        name, wanted = entry["case"], frozenset(entry["evidence"])
        if name not in records:
            place = str(ROOT / "samples" / name / f"{name}.json")
            records[name] = Asked(place, "fetal_ultrasound", Settings(), ReadOptions(), engine=engine)
        try:
            reply = records[name].ask(entry["question"])
        except UsageError:
            yield Outcome(name, entry["question"], wanted, frozenset())
        except IntegrityError:
            yield Outcome(name, entry["question"], wanted, None)
        else:
            got = frozenset(one.id for spoken in reply.sentences for one in spoken.evidence)
            told = [spoken for spoken in reply.sentences if spoken.evidence]
            words = sum(spoken.origin != "template" for spoken in told)
            yield Outcome(
                name, entry["question"], wanted, got, reply.chosen_by == "model", (words, len(told))
            )


def _row(file: Path, found: list[Outcome], seconds: float) -> tuple[str, ...]:
    say = [one for one in found if one.wanted]
    none = [one for one in found if not one.wanted]
    worded = [sum(counts) for counts in zip(*(one.worded for one in found), strict=True)]
    return (
        file.stem,
        f"{sum(one.right for one in say)} of {len(say)}",
        f"{sum(one.right for one in none)} of {len(none)}",
        f"{sum(one.right for one in found) / len(found):.0%}",
        str(sum(one.got is None for one in found)),
        str(sum(one.by_model for one in found)),
        f"{worded[0]} of {worded[1]}",
        f"{seconds / len(found):.2f}",
    )


def main() -> int:
    """Print the table, and what was not answered rightly."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("files", nargs="*", type=Path, default=list(FILES), metavar="FILE")
    parser.add_argument("--model", help="who chooses and words; without it the deterministic engine")
    chosen = parser.parse_args()
    engine = load_engine(chosen.model, device="cpu") if chosen.model else load_engine(engine="template")
    rows, lost = [], 0
    for file in chosen.files:
        begun = time.perf_counter()
        found = list(outcomes(file, engine))
        rows.append(_row(file, found, time.perf_counter() - begun))
        lost += sum(one.got is None for one in found)
        for one in found:
            if not one.right:
                got = "UNSUPPORTED" if one.got is None else sorted(one.got)
                print(f"{one.case}: {one.question}\n    wanted {sorted(one.wanted)}, got {got}")
    head = ("questions", "answered", "none", "right", "unsupported", "model chose", "model's words", "s each")
    print(markdown(head, rows, text={0}))
    return 6 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
