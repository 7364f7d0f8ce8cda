"""``report.json`` read against itself and its domain: every sentence on its facts, every row on its fact."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from reportgen.carriers import carriers_of
from reportgen.domain import NARRATIVE, Domain
from reportgen.nouns import Fact, Report, Section
from reportgen.reread.printed import IMPRESSION

__all__ = ["NARRATED", "narrative_faults", "slotted_again"]

NARRATED = ("view", "candidate", "measurement")
#: The one kind that stands among the findings as it is printed.
PRINTED = "undetermined"
#: What a template does not say, and what it puts in.
_UNSAID, _QUOTED = re.compile(r"\{#.*?#\}|\{%.*?%\}", re.DOTALL), re.compile(r"\{\{.*?\}\}", re.DOTALL)
#: A word or a mark.
_PIECE = re.compile(r"[^\W\d_]+|[^\w\s]")
#: A number or a range; in Arabic "and" is a letter that stands before it without a blank.
_NUMBERS = re.compile(r"\b(\d+)(?:-(\d+))?\b", re.ASCII)
#: What a site adds to the words of the domain; what they are for is up to it.
SITE = frozenset(
    {
        "institution",
        "institution_address",
        "logo_file",
        "paper",
        "date_format",
        "colour",
        "footer",
        "disclaimer",
    }
)


def narrative_faults(report: Report, domain: Domain | None) -> Iterator[str]:
    """What is wrong, each with its path in the report; never a value.

    Args:
        report: What was read.
        domain: The one that it was made with, for words and titles; without it only facts are looked at.
    """
    facts = {fact.id: fact for fact in report.facts}
    if len(facts) != len(report.facts):
        yield "facts: two have the same id"
    told: Counter[str] = Counter()
    for number, section in enumerate(report.sections):
        told.update(name for sentence in section.sentences for name in sentence.evidence)
        for place, why in _section_faults(section, facts, report, domain):
            yield f"sections[{number}].sentences[{place}]: {why}"
    for number, fact in enumerate(report.facts):
        least = fact.required or fact.kind == PRINTED
        if (fact.kind in NARRATED or fact.kind == PRINTED) and not least <= told[fact.id] <= 1:
            yield f"facts[{number}]: told in {told[fact.id]} sentences"
    written = [s for section in report.sections if section.name == IMPRESSION for s in section.sentences]
    if len(written) != 1 and all(sentence.origin != "reviewer" for sentence in written):
        yield "sections: the impression is not its one sentence"
    yield from _row_faults(report, facts)
    if domain is not None:
        yield from _fixed_faults(report, domain)


def _section_faults(
    section: Section, facts: Mapping[str, Fact], report: Report, domain: Domain | None
) -> Iterator[tuple[int, str]]:
    """What is wrong with the sentences of a section, by their place in it."""
    passage = _passage(section, facts, report, domain)
    before = None
    for place, sentence in enumerate(section.sentences):
        told = [facts[name] for name in sentence.evidence if name in facts]
        narrated = [fact.kind in NARRATED for fact in told]
        if len(told) != len(sentence.evidence) or len(set(sentence.evidence)) != len(told):
            yield place, "names a fact that there is not, or one twice"
        elif sentence.origin == "reviewer":
            continue  # a person's own words
        elif section.name == IMPRESSION:
            if told or (domain is not None and sentence.text != domain.wording["impression"]):
                yield place, "is not the fixed sentence"
        elif not any(narrated):
            if [fact.surface for fact in told] != [sentence.text] or sentence.origin != "template":
                yield place, "is not what one fact says"
        elif not all(narrated):
            yield place, "tells a fact that only tables and lists may tell"
        elif domain is not None and not domain.has_lexicon and sentence.origin != "template":
            yield place, "is a model's, in a language without words for one"
        else:
            if why := _words_fault(sentence.text, told, passage, domain, before):
                yield place, why
            before = slotted_again(sentence.text, told)


def _passage(
    section: Section, facts: Mapping[str, Fact], report: Report, domain: Domain | None
) -> dict[str, Fact]:
    """The narrated facts of a section's region: those that it tells, and candidates that it may leave out."""
    told = {name for one in report.sections for sentence in one.sentences for name in sentence.evidence}
    own = {name for sentence in section.sentences for name in sentence.evidence}
    regions = {view.display: view.region for view in domain.views} if domain else {}
    return {
        name: fact
        for name, fact in facts.items()
        if fact.kind in NARRATED
        and (name in own or (name not in told and regions.get(fact.name) == section.name))
    }


def _words_fault(
    text: str,
    told: Sequence[Fact],
    passage: Mapping[str, Fact],
    domain: Domain | None,
    before: str | None,
) -> str:
    """Why a sentence may not stand on these facts; empty if it may."""
    slotted = slotted_again(text, told)
    if slotted is None:
        return "does not hold each of its facts verbatim and once"
    if domain is None:
        rest = re.sub(r"\[\[F\d+\]\]", "", slotted)
        return "holds a number that is no part of a fact" if re.search(r"\d", rest) else ""
    fits = (
        carriers_of(domain).fault(slotted, passage, before) is None
        if domain.has_lexicon
        else _fixed(slotted, domain)
    )
    return "" if fits else "holds words that the domain does not allow"


def _fixed(slotted: str, domain: Domain) -> bool:
    """Whether all words around the slots, and the marks, are those of the deterministic text's template."""
    around = re.sub(r"\[\[F\d+\]\]", " ", slotted)
    written = _QUOTED.sub(lambda tag: " ".join(re.findall('"([^"]*)"', tag[0])), domain.templates[NARRATIVE])
    written = _UNSAID.sub(" ", written)
    return not re.search(r"\d", around) and set(_PIECE.findall(around)) <= set(_PIECE.findall(written))


def slotted_again(text: str, told: Sequence[Fact]) -> str | None:
    """The sentence with each fact's surface as its slot again; None unless each is there exactly once."""
    slots: dict[str, list[str]] = {}
    for fact in told:
        slots.setdefault(fact.surface, []).append(fact.slot)
    for surface in sorted(slots, key=len, reverse=True):  # the longest first: one may be part of another
        if text.startswith(surface[:1].upper() + surface[1:]):
            text = surface + text[len(surface) :]
        if text.count(surface) != len(slots[surface]):
            return None
        for slot in slots[surface]:
            text = text.replace(surface, slot, 1)
    return text


def _row_faults(report: Report, facts: Mapping[str, Fact]) -> Iterator[str]:
    """Tables against facts: what a fact says of an image stands in that image's row."""
    numbers = {entry.image_id: entry.number for entry in report.images}
    if [entry.number for entry in report.images] != list(range(1, len(report.images) + 1)):
        yield "images: are not numbered in order"
    if [(row.image, row.number) for row in report.views] != list(numbers.items()):
        yield "views: are not the images in their order"
    states = {row.image: row.state for row in report.views}
    wanted = {"view": "recognised", "candidate": "uncertain", "undetermined": "undetermined"}
    for number, fact in enumerate(report.facts):
        path = f"facts[{number}]"
        if not set(fact.images) <= set(numbers):
            yield f"{path}.images: names an image that there is not"
        elif fact.kind in wanted:
            if any(states.get(image) != wanted[fact.kind] for image in fact.images):
                yield f"{path}: is not the state of its images in the table of views"
            if not _names(fact, [numbers[image] for image in fact.images]):
                yield f"{path}.surface: does not name its images"
        elif fact.kind == "measurement":
            rows = [row for row in report.biometry if (row.image,) == fact.images]
            said = [f" {row.value} {row.unit}" in fact.surface for row in rows]
            if not any(said) or not _names(fact, [numbers[image] for image in fact.images]):
                yield f"{path}.surface: is no value of its image in the table of measurements"
    for number, row in enumerate(report.biometry):
        path = f"biometry[{number}]"
        if numbers.get(row.image) != row.image_number:
            yield f"{path}.image_number: is not the image's"
        charted = f"{row.abbr} {row.value} {row.unit}: {row.centile} ("
        said = [facts[name].surface.startswith(charted) for name in row.facts if name in facts]
        if said != ([True] if row.centile else []):
            yield f"{path}.centile: is not what its fact says"


def _names(fact: Fact, numbers: Sequence[int]) -> bool:
    """Whether a surface names these images; a range names all that are in it."""
    named: set[int] = set()
    for first, last in _NUMBERS.findall(fact.surface.replace(fact.name, "", 1)):
        named.update(range(int(first), min(int(last or first), 500) + 1))
    return named >= set(numbers)


def _fixed_faults(report: Report, domain: Domain) -> Iterator[str]:
    """What every report of this domain says alike."""
    title = domain.title_single if len(report.images) == 1 else domain.title
    titles = {region.id: region.title for region in domain.regions}
    titles[IMPRESSION] = domain.presentation[IMPRESSION]
    order = list(titles)
    names = [section.name for section in report.sections]
    fixed = {
        "title": report.title == title,
        "banner": report.banner == domain.banner,
        "presentation": {**report.presentation, **domain.presentation} == report.presentation
        and set(report.presentation) - set(domain.presentation) <= SITE,
        "provenance.domain": report.provenance.domain == domain.domain,
        "provenance.lexicon_sha256": report.provenance.lexicon_sha256 == domain.lexicon_sha256,
        "sections": names == sorted(set(names), key=lambda name: order.index(name) if name in titles else -1)
        and names[-1:] == [IMPRESSION],
    }
    for number, section in enumerate(report.sections):
        fixed[f"sections[{number}].title"] = titles.get(section.name) == section.title
    for number, row in enumerate(report.views):
        views = [view for view in domain.views if view.id == row.view]
        shown = views[0].display_short if views else domain.presentation["not_determined"]
        fixed[f"views[{number}].display"] = shown == row.display
    yield from (f"{path}: is not as the domain has it" for path, good in fixed.items() if not good)
