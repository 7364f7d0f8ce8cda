"""The check of a draft, sentence by sentence, against the facts of its passage.

A sentence ships if it is in the language of the domain's carriers, and each of its slots is a fact of this
very passage that no other sentence tells. All else here only says more clearly why one is not.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence

from reportgen.carriers import COUNTS, Carriers, carriers_of
from reportgen.domain import Domain
from reportgen.nouns import Check, CheckedSentence, Fact, Objection, Passage

__all__ = ["check_draft", "check_passage"]

_SLOT = re.compile(r"\[\[(F\d+)\]\]")
_SENTENCE = re.compile(r"\S.*?(?:[.!?](?=\s|$)|$)", re.DOTALL)
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_MARKUP = re.compile(r"[^A-Za-z\s,;:.'’\-\[\]\d]")
_NUMBER_WORDS = frozenset(
    "zero one once single twice both half double third quarter nine ten eleven twelve thirteen fourteen "  # noqa: SIM905
    "fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety "
    "hundred thousand dozen first second fourth fifth tenth fiftieth".split()
) | set(COUNTS)
MOST_CHARACTERS = 2_000


def check_passage(
    text: str, slots: Mapping[str, Fact], passage: str, domain: Domain, *, cut_off: bool = False
) -> Check:
    """Check the draft of one passage.

    Args:
        text: The draft as it came.
        slots: Facts by the slot names that this draft uses: ``F1`` ... local to a prompt, or case-wide ids.
        passage: The passage's id, for the verdict.
        domain: Holds the carriers.
        cut_off: The model was stopped by the length limit.
    """
    carriers = carriers_of(domain)
    structure = list(_structure(text, cut_off=cut_off))
    told: set[str] = set()
    sentences = []
    for match in _SENTENCE.finditer(text) if text.strip() else [re.compile("").match("")]:
        assert match is not None
        sentence = match[0].rstrip()
        start = match.start()
        objections = [
            Objection(code=code, message=message, span=span)
            for code, message, span in _objections(sentence, slots, told, carriers)
        ]
        inside = [
            Objection(code=o.code, message=o.message, span=(o.span[0] - start, o.span[1] - start))
            for o in structure
            if start <= o.span[0] < max(match.end(), start + 1)
        ]
        names = [name for name in _SLOT.findall(sentence) if name in slots]
        told.update(names)
        sentences.append(
            CheckedSentence(
                text=sentence,
                passage=passage,
                evidence=tuple(dict.fromkeys(slots[name].id for name in names)),
                objections=(*inside, *objections),
            )
        )
    good = {fact for s in sentences if not s.objections for fact in s.evidence}
    missing = tuple(f.id for f in slots.values() if f.required and f.id not in good)
    told_ids = {slots[name].id for name in told}
    accepted = not missing and not any(s.objections for s in sentences)
    return Check(
        accepted=accepted,
        sentences=tuple(sentences),
        missing=tuple(fact for fact in missing if fact not in told_ids),
    )


def check_draft(text: str, passages: Sequence[Passage], domain: Domain) -> Check:
    """Check the draft of a whole case: blocks in the order of the passages, one blank line between.

    Slots are case-wide. A block too many or too few is objected to, and no block is matched to another's
    passage.
    """
    blocks = re.split(r"\n[ \t]*\n", text.strip("\n")) if text.strip() else []
    sentences: list[CheckedSentence] = []
    missing: list[str] = []
    accepted = len(blocks) == len(passages)
    for number, passage in enumerate(passages):
        block = blocks[number].strip() if number < len(blocks) else ""
        one = check_passage(block, {fact.id: fact for fact in passage.facts}, passage.id, domain)
        sentences += one.sentences
        missing += one.missing
        accepted = accepted and one.accepted
    for block in blocks[len(passages) :]:
        objection = Objection(
            code="passage", message="There is no passage of this number in the facts.", span=(0, len(block))
        )
        sentences.append(CheckedSentence(text=block, passage="", objections=(objection,)))
    return Check(accepted=accepted, sentences=tuple(sentences), missing=tuple(missing))


def _structure(text: str, *, cut_off: bool) -> Iterator[Objection]:
    """What is wrong with the text as a whole, each at the place where it shows."""

    def at(code: str, message: str, start: int, end: int) -> Objection:
        return Objection(code=code, message=message, span=(start, end))

    bare = text.rstrip()
    if not bare:
        yield at("empty", "The draft is empty.", 0, 0)
        return
    last = len(bare) - 1
    for position, character in enumerate(text):
        if ord(character) > 126 or (ord(character) < 32 and character != "\n"):
            kind = "control character" if unicodedata.category(character)[0] == "C" else "character"
            yield at(
                "character", f"The {kind} U+{ord(character):04X} is not plain ASCII.", position, position + 1
            )
    if (newline := bare.strip().find("\n")) >= 0:
        yield at("line_break", "A passage is one paragraph without line breaks.", newline, newline + 1)
    if len(bare) > MOST_CHARACTERS:
        yield at("too_long", f"A passage has at most {MOST_CHARACTERS:,} characters.", last, last + 1)
    if cut_off:
        yield at("cut_off", "The model was stopped before it had finished.", last, last + 1)


def _objections(
    sentence: str, slots: Mapping[str, Fact], told: set[str], carriers: Carriers
) -> Iterator[tuple[str, str, tuple[int, int]]]:
    whole = (0, len(sentence))
    if not sentence:
        return
    found = list(_SLOT.finditer(sentence))
    seen = set(told)
    clean = True
    for match in found:
        name = match[1]
        if name not in slots:
            clean = False
            yield "slot_unknown", f"[[{name}]] is not a fact of this passage.", match.span()
        elif name in seen:
            clean = False
            yield "slot_repeated", f"[[{name}]] is told more than once.", match.span()
        seen.add(name)
    if not found:
        clean = False
        yield "no_slot", "The sentence holds no fact.", whole
    if not sentence.endswith("."):
        clean = False
        yield "unfinished", "The sentence does not end with a full stop.", (len(sentence) - 1, len(sentence))
    bare = _SLOT.sub(lambda m: " " * len(m[0]), sentence)
    for match in re.finditer(r"\d+", bare):
        clean = False
        yield "digit", "Numbers are put in by code only.", match.span()
    for match in _MARKUP.finditer(bare):
        clean = False
        yield "markup", "The character is no part of a plain sentence.", match.span()
    for match in re.finditer(r"[\[\]]+", bare):
        clean = False
        yield "slot_broken", "The brackets do not make a slot such as [[F1]].", match.span()
    for match in _WORD.finditer(bare):
        word = match[0].lower()
        if word in carriers.words:
            continue
        clean = False
        if word in _NUMBER_WORDS:
            yield "number_word", "Numbers are put in by code only.", match.span()
        else:
            yield "word", "The word is not in the lexicon.", match.span()
    if clean:
        yield from _wrong_words(sentence, bare, [match[1] for match in found], slots, carriers)


def _wrong_words(
    sentence: str, bare: str, told: Sequence[str], slots: Mapping[str, Fact], carriers: Carriers
) -> Iterator[tuple[str, str, tuple[int, int]]]:
    """What a sentence of known words and right slots says wrongly."""
    kinds = {name: fact.carried_as for name, fact in slots.items()}
    if not carriers.parse(carriers.encode(sentence, kinds)):
        message = "The words around the slots are not a carrier for facts of this kind."
        yield "carrier", message, (0, len(sentence))
    for match in _WORD.finditer(bare):
        word = match[0].lower()
        if word in COUNTS and not _counts_all(COUNTS.index(word) + 2, told, kinds):
            yield "number_word", "The count is not that of all facts of its kind.", match.span()


def _counts_all(number: int, told: Sequence[str], kinds: Mapping[str, str]) -> bool:
    """Whether some kind has ``number`` facts in the passage and the sentence tells them all."""
    return any(
        len(members) == number and members <= set(told)
        for kind in set(kinds.values())
        if (members := {name for name, other in kinds.items() if other == kind})
    )
