"""Measures what reportgen is for: no unsupported text ships, correct words do.

    python bench/fidelity.py [--quick] [--prose FILE ...] [--json FILE] [--check]
    python bench/fidelity.py --model smollm2-135m [--prompt FILE ...] [--passages 200]

Part a makes wrong drafts and wrong reports from correct ones, and counts which ship, and what caught others.
Part b checks correct drafts written by hand. Part c, with ``--model``, has a real model write passages.
Ends with 6 when something unsupported would ship, with ``--check`` with 1 when another target is missed.
"""

import argparse
import itertools
import json
import os
import platform
import random
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from correct import Draft, Drafts, hand_written
from figures import Figures, report
from forgeries import forgeries, made, operators
from judge import LANGUAGE, MOVED, STYLE, cases, intended, judged, moved, said_too_much, sources
from mutants import mutants_of
from prose import Prose, prose_mutants, prose_of
from reportgen.carriers import carriers_of
from reportgen.check import check_passage
from reportgen.domain import Domain, load_domain
from reportgen.exporters import export
from reportgen.nouns import Completion
from reportgen.pipeline import Prepared
from reportgen.reread import read_again
from tally import Cost, Tally
from wander import wandered
from written import choices_of, distinct, words_of

__all__ = [
    "FULL",
    "PROSE",
    "QUICK",
    "Size",
    "drafts_wrong",
    "language",
    "main",
    "measured",
    "refused",
    "reports_wrong",
]

PROSE = Path(__file__).resolve().parent / "prose.jsonl"


@dataclass(frozen=True)
class Size:
    """How much is tried.

    Attributes:
        each: Mutants of every operator from one draft.
        prose: Sentences of bad prose for one draft, at every position.
        reports: Finished reports that are changed; ``pdfs`` of them also as real PDFs of other reports.
        wandered: Random sentences of the language.
    """

    records: int
    each: int
    prose: int
    reports: int
    forged: int
    pdfs: int
    wandered: int = 50


FULL, QUICK = Size(250, 3, 5, 200, 2, 20, 5_000), Size(32, 1, 1, 12, 1, 2, 300)


def measured(domain: Domain, prose: Sequence[Prose], size: Size, seed: int) -> Figures:
    """Parts a and b."""
    prepared = cases(size.records, seed, domain)
    hands = Drafts(domain, hand_written("tuning"))
    rng = random.Random(seed)
    drafts = [
        [draft for passage in case.facts.passages for draft in hands.of(passage, rng)] for case in prepared
    ]
    flat = [draft for some in drafts for draft in some]
    figures = Figures(
        drafts=drafts_wrong(prepared, flat, domain, size, rng, prose=prose),
        reports=Tally(operators()),
        hands=hands,
        too_much=language(flat, domain, size.wandered, rng),
        refused={},
    )
    reports_wrong(figures, list(zip(prepared, drafts, strict=True))[: size.reports], domain, size, rng)
    for name in ("held", "tuning"):
        figures.refused[name] = refused(name, domain, figures.check)
    return figures


def drafts_wrong(
    prepared: Sequence[Prepared],
    drafts: Sequence[Draft],
    domain: Domain,
    size: Size,
    rng: random.Random,
    *,
    prose: Sequence[Prose],
) -> Tally:
    """Part a, drafts: mutants of correct ones, and which would ship."""
    tally, some = Tally(intended(domain)), sources(prepared, domain)
    deck = itertools.cycle(rng.sample(list(prose), len(prose)))
    for draft in drafts:
        bad = itertools.islice(deck, size.prose)
        for mutant in (*mutants_of(draft, rng, some, size.each), *prose_mutants(draft, list(bad))):
            tally.add(mutant.operator, *judged(mutant, draft, domain), mutant.text)
    for case in prepared:
        for codes, shipped in moved(case, domain, rng, 2 * size.each):
            tally.add(MOVED, codes, shipped)
    return tally


def language(
    drafts: Sequence[Draft], domain: Domain, number: int, rng: random.Random
) -> dict[str, tuple[int, list[str]]]:
    """Part a, the language: by rule how many accepted sentences fall under it, and which break it.

    They are those of the grammar and the fixed ones, and ``number`` random ones of all that may be read.
    """
    under: dict[str, tuple[int, list[str]]] = {rule: (0, []) for rule in LANGUAGE}
    written = [(s, d.passage, frozenset[str]()) for d in drafts if d.origin != "hand" for s in d.sentences]
    read = [(text, passage, STYLE) for text, passage in wandered(carriers_of(domain), number, rng)]
    for sentence, passage, excused in [*written, *read]:
        for rule, broken in said_too_much(sentence, passage):
            if rule not in excused:
                count, some = under[rule]
                under[rule] = (count + 1, [*some, sentence] if broken else some)
    return under


def reports_wrong(
    figures: Figures,
    told: Sequence[tuple[Prepared, Sequence[Draft]]],
    domain: Domain,
    size: Size,
    rng: random.Random,
) -> None:
    """Part a, reports: finished ones in words of all hands, changed; and the time to re-read true ones."""
    for number, (case, drafts) in enumerate(told):
        prompts = {
            passage.id: prompt.id for passage, prompt in zip(case.facts.passages, case.prompts, strict=True)
        }
        texts = {prompts[d.passage.id]: d.text for d in rng.sample(list(drafts), len(drafts))}
        one = made(case, {i: Completion(prompt_id=i, text=text) for i, text in texts.items()}, domain)
        files = {f"report.{name}": export(one.report, name) for name in ("json", "txt", "pdf")}
        reading = figures.reread.of(lambda files=files, one=one: read_again(files, domain, one.record))  # type: ignore[misc]
        if reading.faults:
            figures.doubted.append(f"{case.facts.case_id}, {': '.join(reading.faults[0])}")
            continue
        for forgery in forgeries(one, domain, rng, size.forged, whole=number < size.pdfs):
            figures.reports.add(forgery.operator, forgery.codes, forgery.shipped)


def refused(name: str, domain: Domain, cost: Cost) -> dict[str, Any]:
    """Part b: correct drafts written by hand that are refused. Held ones are counted, never shown."""
    lost: list[tuple[str, list[str]]] = []
    drafts = hand_written(name)
    for passage, text in drafts:
        check = cost.of(lambda p=passage, t=text: check_passage(t, p.slots, p.id, domain))  # type: ignore[misc]
        if not check.accepted:
            codes = {objection.code for sentence in check.sentences for objection in sentence.objections}
            lost.append((text, sorted(codes | ({"slot_missing"} if check.missing else set()))))
    codes = Counter(code for _, some in lost for code in some)
    shown = [text for text, _ in lost] if name != "held" else []
    return {"drafts": len(drafts), "refused": len(lost), "codes": dict(codes), "texts": shown}


def _model(options: argparse.Namespace, domain: Domain) -> list[dict[str, Any]]:
    """Part c, once for each prompt."""
    from reportgen.engines import load_engine

    engine = load_engine(options.model, device=options.device)
    passages = distinct(cases(options.passages * 2, options.seed, domain), options.passages)
    choices, found = choices_of(options.model), []
    for path in options.prompt or [None]:
        prompts = {"prompt.jinja": path.read_text("utf-8")} if path else {}
        variant = domain.model_copy(update={"templates": {**domain.templates, **prompts}})
        name = f"{engine.info.name}, {path.name if path else 'prompt.jinja'}"
        words = words_of(name, engine, passages, variant, choices)
        print(words.table(), flush=True)
        found.append(words.plain())
    engine.close()
    return found


def main(arguments: list[str] | None = None) -> int:
    """Measure, print the tables, write the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a small part of a and b, in seconds")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--prose", type=Path, nargs="+", default=[PROSE], metavar="FILE", help="bad prose, JSONL"
    )
    parser.add_argument("--model", help="part c instead: a preset's name, a Hub id, or a folder")
    parser.add_argument("--device", default="auto", choices=("auto", "cuda", "cpu"))
    parser.add_argument("--passages", type=int, default=200, metavar="N", help="passages of part c")
    parser.add_argument("--prompt", type=Path, nargs="+", metavar="FILE", help="prompt.jinja in other words")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures as JSON")
    parser.add_argument("--check", action="store_true", help="exit 1 when a target is missed")
    options = parser.parse_args(arguments)
    domain = load_domain()
    made_on = {"system": platform.platform(), "python": platform.python_version(), "cores": os.cpu_count()}
    content: dict[str, Any] = {"when": datetime.now(UTC).isoformat("T", "seconds"), "machine": made_on}
    content |= {"domain_sha256": domain.sha256, "seed": options.seed}
    shipped: list[tuple[str, str]] = []
    missed: list[str] = []
    if options.model:
        content["model"] = _model(options, domain)
    else:
        prose = [one for path in options.prose for one in prose_of(path.read_text("utf-8"))]
        figures = measured(domain, prose, QUICK if options.quick else FULL, options.seed)
        shipped, missed = figures.shipped, figures.missed
        print(report(figures))
        print(f"\n{figures.drafts.made + figures.reports.made:,} wrong texts, {len(shipped):,} ship.")
        print(*(f"SHIPS: {name}: {text}" for name, text in shipped), *missed, sep="\n")
        for name, row in (figures.drafts.rows | figures.reports.rows).items():
            print(
                *(f"Only by others: {name}: {text}" for text in row.strayed),
                sep="\n",
                end="\n" * bool(row.strayed),
            )
        content |= figures.plain()
    if options.json:
        options.json.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return 6 if shipped else 1 if missed and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
