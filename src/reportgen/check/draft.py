"""The check of a draft, sentence by sentence, against the facts of its passage.

A sentence ships if it is in the language of the domain's carriers, and each of its slots is a fact of this
very passage that no other sentence tells. All else here only says more clearly why one is not.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence

from reportgen.carriers import Carriers, carriers_of
from reportgen.check.structure import structure
from reportgen.domain import Domain
from reportgen.nouns import Check, CheckedSentence, Fact, Objection, Passage

__all__ = ["SENTENCE", "check_draft", "check_passage"]

_SLOT = re.compile(r"\[\[(F\d+)\]\]")
_SENTENCE = re.compile(r"\S.*?(?:[.!?](?=\s|$)|$)", re.DOTALL)
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_MARK = re.compile(r"[^\w\s,;:.'’\-\[\]]|_")
_NUMBER_WORDS = frozenset(
    "zero once single twice both half double third quarter nine ten eleven twelve thirteen fourteen "  # noqa: SIM905
    "fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety "
    "hundred thousand dozen first second fourth fifth tenth fiftieth".split()
)
#: What is wrong with a sentence by itself: code, message, span in the sentence.
_Finding = tuple[str, str, tuple[int, int]]
#: What can be wrong with a sentence; docs/guard.md explains each. Words that the domain names have its codes.
SENTENCE = {
    "no_slot": "The sentence holds no fact.",
    "unfinished": "The sentence does not end with a full stop.",
    "slot_unknown": "[[{}]] is not a fact of this passage.",
    "slot_repeated": "[[{}]] is told more than once.",
    "slot_broken": "The brackets do not make a slot such as [[F1]].",
    "digit": "Numbers are put in by code only.",
    "number_word": "Numbers are put in by code only.",
    "markup": "The character is no part of a plain sentence.",
    "word": "The word is not in the lexicon.",
    "spacing": "Blanks and marks do not stand as in a plain sentence.",
    "count": "These are not all facts of their kind, or not so many.",
    "carrier_kind": "Such words may not carry facts of this kind.",
    "carrier": "From here on the words are no sentence that these facts may stand in.",
    "fixed": "In this language only the fixed sentences of the passage may be said.",
    "passage": "There is no passage of this number in the facts.",
}


def check_passage(
    text: str,
    slots: Mapping[str, Fact],
    passage: str,
    domain: Domain,
    *,
    cut_off: bool = False,
    fixed: str | None = None,
) -> Check:
    """Check the draft of one passage.

    Args:
        text: The draft as it came.
        slots: Facts by the slot names that this draft uses: ``F1`` ... local to a prompt, or case-wide ids.
        passage: The passage's id, for the verdict.
        domain: Holds the carriers.
        cut_off: The model was stopped by the length limit.
        fixed: The deterministic text with the same slots, where the language has no carriers: then nothing
            else may be said.
    """
    allowed = None if fixed is None else frozenset(sentence for _, sentence in _split(fixed))
    letters = domain.letters if fixed is None else frozenset(filter(str.isalpha, text)) | frozenset(fixed)
    pieces = list(_split(text))
    starts = [start for start, _ in pieces]
    whole: dict[int, list[Objection]] = {}
    for one in structure(text, cut_off=cut_off, letters=letters):
        # It may show between two sentences: then it is the earlier one's.
        whole.setdefault(max(bisect_right(starts, one.span[0]) - 1, 0), []).append(one)
    told: set[str] = set()
    before: str | None = None
    sentences = []
    for number, (start, sentence) in enumerate(pieces):
        own = [
            Objection(code=code, message=message, span=span)
            for code, message, span in (
                _objections(sentence, slots, told, domain, before)
                if allowed is None
                else _fixed_faults(sentence, slots, told, allowed)
            )
        ]
        inside = [_moved(one, start, len(sentence)) for one in whole.get(number, [])]
        names = [name for name in _SLOT.findall(sentence) if name in slots]
        told.update(names)
        before = sentence
        sentences.append(
            CheckedSentence(
                text=sentence,
                passage=passage,
                evidence=tuple(dict.fromkeys(slots[name].id for name in names)),
                objections=(*inside, *own),
            )
        )
    good = {fact for s in sentences if not s.objections for fact in s.evidence}
    missing = tuple(f.id for f in slots.values() if f.required and f.id not in good)
    told_ids = {slots[name].id for name in told}
    return Check(
        accepted=not missing and not any(s.objections for s in sentences),
        sentences=tuple(sentences),
        missing=tuple(fact for fact in missing if fact not in told_ids),
    )


def check_draft(
    text: str, passages: Sequence[Passage], domain: Domain, fixed: Sequence[str | None] = ()
) -> Check:
    """Check the draft of a whole case: blocks in the order of the passages, one blank line between.

    Slots are case-wide. A block too many or too few is objected to, and no block is matched to another's
    passage. ``fixed`` has the deterministic texts where the language has no carriers.
    """
    blocks = re.split(r"\n[ \t]*\n", text.strip("\n")) if text.strip() else []
    sentences: list[CheckedSentence] = []
    missing: list[str] = []
    accepted = len(blocks) == len(passages)
    for number, passage in enumerate(passages):
        block = blocks[number].strip(" \t\r\n") if number < len(blocks) else ""
        slots = {fact.id: fact for fact in passage.facts}
        only = fixed[number] if fixed else None
        one = check_passage(block, slots, passage.id, domain, fixed=only)
        sentences += one.sentences
        missing += one.missing
        accepted = accepted and one.accepted
    for block in blocks[len(passages) :]:
        objection = Objection(code="passage", message=SENTENCE["passage"], span=(0, len(block)))
        sentences.append(CheckedSentence(text=block, passage="", objections=(objection,)))
    return Check(accepted=accepted, sentences=tuple(sentences), missing=tuple(missing))


def _moved(objection: Objection, start: int, length: int) -> Objection:
    """An objection to the text as one to a sentence that begins at ``start``, with its span inside of it."""
    begin, end = (min(max(place - start, 0), length) for place in objection.span)
    return objection.model_copy(update={"span": (begin, end)})


def _split(text: str) -> Iterator[tuple[int, str]]:
    """Sentences with where they begin; an empty text is one empty sentence."""
    if not text.strip():
        yield 0, ""
    for match in _SENTENCE.finditer(text):
        if match[0].strip():
            yield match.start(), match[0].rstrip()


def _objections(
    sentence: str, slots: Mapping[str, Fact], told: set[str], domain: Domain, before: str | None
) -> Iterator[_Finding]:
    if not sentence:
        return
    carriers = carriers_of(domain)
    found = [*_slot_faults(sentence, slots, told), *_word_faults(sentence, carriers, domain)]
    yield from found
    # Words around slots are only judged where both words and slots are known.
    if not found:
        fault = carriers.fault(sentence, slots, before)
        if fault:
            code, start, end = fault
            yield code, SENTENCE[code], (start, end)


def _fixed_faults(
    sentence: str, slots: Mapping[str, Fact], told: set[str], allowed: frozenset[str]
) -> Iterator[_Finding]:
    """What is wrong where nobody knows the words: all that is not one of the fixed sentences."""
    if not sentence:
        return
    found = [*_slot_faults(sentence, slots, told), *_digits(_SLOT.sub("", sentence))]
    yield from found
    if not found and sentence not in allowed:
        yield "fixed", SENTENCE["fixed"], (0, len(sentence))


def _slot_faults(sentence: str, slots: Mapping[str, Fact], told: set[str]) -> Iterator[_Finding]:
    seen = set(told)
    found = list(_SLOT.finditer(sentence))
    for match in found:
        if match[1] not in slots:
            yield _finding("slot_unknown", match)
        elif match[1] in seen:
            yield _finding("slot_repeated", match)
        seen.add(match[1])
    if not found:
        yield "no_slot", SENTENCE["no_slot"], (0, len(sentence))
    if not sentence.endswith("."):
        last = len(sentence) - 1
        yield "unfinished", SENTENCE["unfinished"], (last, last + 1)


def _word_faults(sentence: str, carriers: Carriers, domain: Domain) -> Iterator[_Finding]:
    bare = _SLOT.sub(lambda match: " " * len(match[0]), sentence)
    yield from _digits(bare)
    for match in _MARK.finditer(bare):
        yield _finding("markup", match)
    for match in re.finditer(r"[\[\]]+", bare):
        yield _finding("slot_broken", match)
    for match in _WORD.finditer(bare):
        word = match[0].lower()
        if word in carriers.words:
            continue
        never = domain.why_never(word)
        if word in _NUMBER_WORDS:
            yield _finding("number_word", match)
        elif never:
            yield *never, match.span()
        else:
            yield _finding("word", match)


def _digits(bare: str) -> Iterator[_Finding]:
    for match in re.finditer(r"\d+", bare):
        yield _finding("digit", match)


def _finding(code: str, match: re.Match[str]) -> _Finding:
    return code, SENTENCE[code].format(*match.groups()), match.span()
