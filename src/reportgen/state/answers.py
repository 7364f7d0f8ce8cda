"""Answers of other models: quoted as that model's words, or listed as unusable with the reason.

Nothing here judges whether an answer is true. What is refused is no answer (an error, an echo, a loop), does
not depend on the picture (the same for every view), or contradicts the record (another view, an age that
cannot be). Where a question or an answer is not understood, the answer is quoted.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from reportgen.domain import Domain, View
from reportgen.domain.entries import StatedAge
from reportgen.nouns import AnswerRow, Case
from reportgen.nouns.case import Answer
from reportgen.nouns.facts import Unusable
from reportgen.phrases import capital, images_phrase, say, strung
from reportgen.state.answer_text import fault_of, folded, words_of
from reportgen.state.biometry import used_age
from reportgen.state.notebook import Notes
from reportgen.state.views import Seen

__all__ = ["answer_rows"]

#: First and last day of a gestational age.
Days = tuple[int, int]


@dataclass
class _Given:
    """One answer with the image it is about, and what speaks against it."""

    seen: Seen
    said: Answer
    fault: Unusable | None = None
    question: str = field(init=False)

    def __post_init__(self) -> None:
        self.question = folded(self.said.question)

    @property
    def view(self) -> View | None:
        """The image's view, if it was recognised: an uncertain one can contradict nobody."""
        return self.seen.view if self.seen.state == "recognised" else None

    def asks(self, kind: Literal["age", "elsewhere", "closed"], domain: Domain) -> bool:
        """Whether the question is of a kind of the domain's ``answers.questions``."""
        pattern = domain.answers.questions.get(kind)
        return pattern is not None and pattern.search(self.question) is not None


def answer_rows(case: Case, seen: list[Seen], domain: Domain, notes: Notes) -> tuple[AnswerRow, ...]:
    """The rows of the answers' table, in the order of the input.

    Usable answers become facts; all unusable ones share one reviewer's item, which quotes none of them.
    """
    limits: Mapping[str, float] = domain.thresholds["answers"]
    given = [_Given(one, answer) for one in seen for answer in one.image.answers]
    for one in given:
        one.fault = fault_of(one.said.question, one.said.answer, limits)
    _same_for_every_view(given, domain, limits)
    age = used_age(case)
    slack = int(limits["age_days"])
    names = _names(domain)
    window = (age.total_days - slack, age.total_days + slack) if age else None
    for one in given:
        if one.fault is None and _contradicts_age(one, window, domain):
            one.fault = "contradiction_age"
        if one.fault is None and _contradicts_view(one, names, domain):
            one.fault = "contradiction_view"
    _point_out(given, domain, notes)
    return tuple(_row(one, domain, notes) for one in given)


def _row(one: _Given, domain: Domain, notes: Notes) -> AnswerRow:
    image, said = one.seen.image.image_id, one.said
    row = {"image": image, "image_number": one.seen.number, "model": said.model, "question": said.question}
    if one.fault:
        reason = say(domain, "answers.unusable", reason=say(domain, f"answers.{one.fault}"))
        return AnswerRow.model_validate({**row, "unusable": one.fault, "reason": reason})
    phrase = capital(images_phrase(domain, [one.seen.number]))
    values = {"question": said.question, "answer": said.answer, "model": said.model}
    fact = notes.fact("answer", say(domain, "printed.answer", Image=phrase, **values), said.model, [image])
    return AnswerRow.model_validate({**row, "answer": said.answer, "facts": (fact,)})


def _point_out(given: list[_Given], domain: Domain, notes: Notes) -> None:
    """One item for all: which images, and why. Neither the models' words nor their names, which are input."""
    faults: dict[str, list[Seen]] = {}
    for one in given:
        if one.fault:
            faults.setdefault(one.fault, []).append(one.seen)
    if not faults:
        return
    reasons = [
        f"{images_phrase(domain, [one.number for one in members])}: {say(domain, f'answers.{fault}')}"
        for fault, members in faults.items()
    ]
    unusable = [one.seen.image.image_id for one in given if one.fault]
    listed = strung(domain, "semicolon", reasons)
    text = say(domain, "reviewer.answers_unusable", k=len(unusable), n=len(given), reasons=listed)
    notes.item("answers_unusable", text, dict.fromkeys(unusable))


# -- the same for every view ---------------------------------------------------------------------------------


def _same_for_every_view(given: list[_Given], domain: Domain, limits: Mapping[str, float]) -> None:
    """An answer that no view changes was not read off the picture, where the question is about the view."""
    groups: dict[tuple[str, ...], list[_Given]] = {}
    for one in given:
        depends = not any(one.asks(kind, domain) for kind in domain.answers.questions)
        if one.fault is None and depends:
            groups.setdefault((folded(one.said.model), *words_of(one.question)), []).append(one)
    for members in groups.values():
        images = {one.seen.number for one in members}
        views = {one.view.id for one in members if one.view}
        same = len({" ".join(words_of(one.said.answer)) for one in members}) == 1
        enough = len(images) >= limits["same_images"] and len(views) >= limits["same_views"]
        rules = domain.answers.view
        if same and enough and _core(members[0].said.answer, rules.frame | rules.says_nothing):
            for one in members:
                one.fault = "same_for_every_view"


# -- another age ---------------------------------------------------------------------------------------------


def _contradicts_age(one: _Given, window: Days | None, domain: Domain) -> bool:
    """Whether every age that the answer states lies outside that of the view, or of the study.

    Ages count where the question asks for one, or where the answer is nothing but an age: elsewhere, as in
    "follow up at 18-22 weeks", they may be of another day.
    """
    rules, text = domain.answers.age, folded(one.said.answer)
    alone = not one.asks("elsewhere", domain) and not _words_beside_ages(text, rules)
    if not (alone or one.asks("age", domain)):
        return False
    stated = list(_ages(text, rules))
    allowed = [days for days in (one.view.ga_days if one.view else None, window) if days]
    return any(
        stated and not any(first <= days[1] and days[0] <= last for first, last in stated) for days in allowed
    )


def _ages(text: str, rules: StatedAge) -> Iterator[Days]:
    for match in rules.weeks.finditer(text):
        first, last = int(match["first"]), int(match["last"] or match["first"])
        exact = match["days"] or match["plus"]
        if first <= last:
            yield first * 7 + int(exact or 0), last * 7 + (int(exact) if exact and not match["last"] else 6)
    for trimester in rules.trimesters:
        if trimester.words.search(text):
            yield trimester.days


def _words_beside_ages(text: str, rules: StatedAge) -> set[str]:
    rest = rules.weeks.sub(" ", text)
    for trimester in rules.trimesters:
        rest = trimester.words.sub(" ", rest)
    return set(words_of(rest)) - rules.frame


# -- another view --------------------------------------------------------------------------------------------


def _contradicts_view(one: _Given, names: Mapping[str, set[str]], domain: Domain) -> bool:
    """Whether the answer is nothing but the name of another view or region than the recognised one."""
    rules = domain.answers.view
    if one.view is None or one.view.id in rules.unsettled or one.asks("elsewhere", domain):
        return False
    fits = names.get(_core(one.said.answer, rules.frame))
    return fits is not None and one.view.id not in fits


def _names(domain: Domain) -> dict[str, set[str]]:
    """What a short answer may name, and the views that it fits."""
    rules = domain.answers.view
    found: dict[str, set[str]] = {}

    def add(names: Iterable[str], fits: Iterable[str]) -> None:
        for name in names:
            if key := _core(name, rules.frame):
                found[key] = set(fits)

    for view in domain.views:
        if view.id not in rules.unsettled:
            add(_called(view), [view.id])
    for entry in rules.names:
        for view_id in entry.views:
            add(_called(domain.view(view_id)), entry.fits)
    for entry in rules.names:
        add(entry.words, entry.fits)
    return found


def _called(view: View) -> list[str]:
    return [*view.called, *(label for labels in view.labels.values() for label in labels)]


def _core(text: str, frame: frozenset[str]) -> str:
    """What is left of a short answer without the words that may stand around a name, in one spelling."""
    words = [word.strip(".,;:!?\"'()*") for word in folded(text).replace("_", " ").split()]
    return "".join(word for word in words if word not in frame).replace("-", "")
