"""Whether a wrong draft would be put out, and what spoke against it."""

import json
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from correct import SLOT, Draft
from mutants import DANGEROUS, OPERATORS, Mutant, Sources
from prose import PROSE_CODES
from records import random_records
from reportgen.check import check_passage, climb
from reportgen.domain import Domain
from reportgen.narrate import fixed_sentences
from reportgen.nouns import Case, Completion, Fact, Found, Passage, Source
from reportgen.pipeline import Prepared, check_text, draft_text, prepare

__all__ = [
    "LANGUAGE",
    "MOVED",
    "MOVED_CODES",
    "STYLE",
    "cases",
    "intended",
    "judged",
    "moved",
    "said_too_much",
    "sources",
]

_STUDY = (
    r"(?:this|the|these)\b[^.;:\[]*\b"
    r"(?:study|examination|exam|case|record|data|input|scan|submission|dataset)"
)
_CALLED = r"(?:recogni[sz]|identif|classif|detect|label|pick)\w*"
_DOUBT = (
    r"candidat|uncertain|possib|tentativ|provision|unsettled|potential|suggest|propos|consider|option|"
    r"leading|forward|offer|flag|rais|doubt|unconfirm|undecided|unsure|hesita|less certain|top-ranked|"
    r"nominat|shortlist|tender|float|lean|plausib|conceiv|prelimin|prospect|highest-ranked|hypothes|entertain|weigh"
)
_PROGRAM = (
    r"software|classifier|model|algorithm|system|AI|network|machine|program|application|assistant|automat\w+|"
    r"computer\w*"
)
_CLAIM = (
    r"recogni|identif|classif|detect|select|noted|pick|singled|list|nam(?:e|ing)|report|return|label|regist|"
    r"assign|categor|found|yield|produc|g[ai]ve|allocat|predict|output"
)
#: What no sentence of the language may say, whoever wrote it: by name the kinds of its facts, what it must
#: not hold, and what it must hold.
LANGUAGE: dict[str, tuple[frozenset[str], str, str]] = {
    "a candidate without a word of doubt": (frozenset({"candidate"}), r"(?!)", _DOUBT),
    "a view that nobody recognised": (frozenset({"view"}), r"(?!)", _CLAIM),
    "a value or label from the program": (
        frozenset({"measurement", "label"}),
        rf"\b(?:by|from|of|according to) (?:(?:the|a|an|this) )?(?:\w+ )?(?:{_PROGRAM})\b",
        "",
    ),
    "a view or label for the whole study": (
        frozenset({"view", "label"}),
        rf"\b{_CALLED} {_STUDY} as \[\[|\b{_STUDY} (?:was|were|is|are|has been|have been) {_CALLED} as \[\[",
        "",
    ),
    "marks or words twice in a row": (
        frozenset({"view", "candidate", "measurement", "label"}),
        r",,|;,|:,|,\.|\b([a-z]+) \1\b",
        "",
    ),
}
#: Rules of good writing: they hold for what the grammar writes, not for all that may be read.
STYLE = frozenset({"marks or words twice in a row"})

MOVED = "moved to another passage"
MOVED_CODES = frozenset({"slot_unknown"})


def cases(number: int, seed: int, domain: Domain) -> list[Prepared]:
    """Random records, read and stated."""
    source = Source(name="(memory)", sha256="0" * 64, format="native")
    return [
        prepare(Found(case=Case.model_validate_json(json.dumps(record)), source=source), domain)
        for record in random_records(number, seed, domain)
    ]


def sources(prepared: Sequence[Prepared], domain: Domain) -> Sources:
    """What the operators draw from: the facts of these cases, and words that no draft may hold."""
    facts: dict[str, list[Fact]] = defaultdict(list)
    for case in prepared:
        for passage in case.facts.passages:
            for fact in passage.facts:
                facts[fact.carried_as].append(fact)
    never = [word.rstrip("*") for one in domain.never_words.values() for word in one.words]
    return Sources(list(dict.fromkeys((*never, *DANGEROUS))), facts)


def intended(domain: Domain) -> Iterator[tuple[str, frozenset[str]]]:
    """Operators on drafts with the codes that are there to catch them; ``word`` means all never-words."""
    lexicon = frozenset(domain.never_words)
    named = [*((one.name, one.codes) for one in OPERATORS), *PROSE_CODES.items(), (MOVED, MOVED_CODES)]
    yield from ((name, codes | lexicon if "word" in codes else codes) for name, codes in named)


def judged(mutant: Mutant, draft: Draft, domain: Domain) -> tuple[set[str], str | None]:
    """What the check says of a mutant, and the words that the ladder would put out wrongly, or None.

    With the rung of repair the correct rest of a draft may ship: wrong is a sentence that the correct draft
    does not have, a required fact that is not told, and a fact told twice. Both are looked for in the words
    themselves, not in what the check says of them.
    """
    passage, slots = mutant.passage, mutant.passage.slots
    check = check_passage(mutant.text, slots, passage.id, domain)
    codes = {objection.code for sentence in check.sentences for objection in sentence.objections}
    if check.missing:
        codes.add("slot_missing")
    completion = Completion(prompt_id="", text=mutant.text)
    told = climb(passage, completion, None, fixed_sentences(passage, domain), domain)
    if told.rung.rung == "deterministic":
        return codes, None
    said = [sentence.text for sentence in told.sentences]
    times = Counter(slot[2:-2] for sentence in said for slot in SLOT.findall(sentence))
    wrong = any(sentence in mutant.wrong or sentence not in draft.sentences for sentence in said)
    untold = any(fact.required and not times[name] for name, fact in slots.items())
    return codes, " ".join(said) if wrong or untold or max(times.values()) > 1 else None


def said_too_much(sentence: str, passage: Passage) -> Iterator[tuple[str, bool]]:
    """Rules of ``LANGUAGE`` that a sentence of the carriers falls under, and whether it breaks them."""
    kinds = {passage.slots[slot[2:-2]].carried_as for slot in SLOT.findall(sentence)}
    for name, (of, never, always) in LANGUAGE.items():
        if kinds and kinds <= of:
            held = re.search(always, sentence, re.IGNORECASE)
            yield name, not held or re.search(never, sentence, re.IGNORECASE) is not None


def moved(
    case: Prepared, domain: Domain, rng: random.Random, each: int
) -> Iterator[tuple[set[str], str | None]]:
    """Sentences told in another passage of the whole case's draft: their codes, and what would ship."""
    blocks = draft_text(case, {}, domain).strip().split("\n\n")
    if len(blocks) < 2:
        return
    for _ in range(each):
        here, there = rng.sample(range(len(blocks)), 2)
        sentences = blocks[here].split(". ")
        one = rng.choice(sentences).rstrip(".") + "."
        into = [*blocks]
        into[there] = rng.choice((f"{into[there]} {one}", f"{one} {into[there]}"))
        check = check_text(case, "\n\n".join(into), domain)
        home = case.facts.passages[there].id
        found = [s for s in check.sentences if s.text == one and s.passage == home]
        codes = {objection.code for sentence in found for objection in sentence.objections}
        good = check.accepted or not found or any(not sentence.objections for sentence in found)
        yield codes, one if good else None
