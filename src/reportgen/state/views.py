"""Each image's view: recognised, uncertain or not determined, from score and margin."""

from dataclasses import dataclass
from typing import Literal

from reportgen.domain import Domain, View
from reportgen.nouns import Case, Image, ViewRow
from reportgen.nouns.case import Classifier
from reportgen.phrases import score_phrase
from reportgen.state.notebook import Notes

__all__ = ["Seen", "see"]


@dataclass(frozen=True)
class Seen:
    """One image with its ranked candidates.

    Attributes:
        number: One-based, in the order of the input.
        ranked: ``(view, label, score)``, best first, one entry a view.
        margin: Score less the next view's score; for a softmax with one candidate the least it can be;
            None when it cannot be known.
    """

    number: int
    image: Image
    ranked: tuple[tuple[View, str, float | None], ...]
    margin: float | None
    state: Literal["recognised", "uncertain", "undetermined"]

    @property
    def first(self) -> View:
        """The view with the highest score."""
        return self.ranked[0][0]

    @property
    def view(self) -> View | None:
        """The first view, unless nothing was determined."""
        return None if self.state == "undetermined" else self.first

    @property
    def score(self) -> float | None:
        """The highest score, 0-1."""
        return self.ranked[0][2]

    @property
    def next_view(self) -> View | None:
        """The view with the second highest score."""
        return self.ranked[1][0] if len(self.ranked) > 1 else None

    def row(self, domain: Domain, notes: Notes, *, single: bool) -> ViewRow:
        """The image's row of the VIEWS table; the only image of a case shows weaker candidates too."""
        rule = domain.thresholds["candidates_listed"]
        least = rule["score_single" if single else "score"]
        listed = self.ranked if self.state == "undetermined" else self.ranked[1:]
        candidates = [
            (view.display_short, score_phrase(score) or "")
            for view, _, score in listed
            if score is not None and score >= least
        ]
        return ViewRow(
            image=self.image.image_id,
            number=self.number,
            state=self.state,
            view=self.view.id if self.view else None,
            display=self.view.display_short if self.view else domain.presentation["not_determined"],
            score=score_phrase(self.score) if self.view else None,
            candidates=tuple(candidates[: int(rule["most"])]),
            label=self.ranked[0][1],
            facts=notes.ids("undetermined", self.image.image_id),
        )


def see(case: Case, domain: Domain) -> list[Seen]:
    """Rank the candidates of each image and decide its state by the domain's thresholds."""
    return [_see(number, image, case.classifier, domain) for number, image in enumerate(case.images, 1)]


def _see(number: int, image: Image, classifier: Classifier, domain: Domain) -> Seen:
    best: dict[str, tuple[View, str, float | None]] = {}
    for prediction in sorted(image.predictions, key=lambda p: (-(p.score or 0), p.label)):
        view = domain.view_of(prediction.label)
        assert view is not None, "reading refuses unknown labels"
        best.setdefault(view.id, (view, prediction.label, prediction.score))
    ranked = tuple(best.values())
    margin = _margin(ranked, classifier)
    return Seen(number, image, ranked, margin, _state(ranked, margin, domain))


def _margin(ranked: tuple[tuple[View, str, float | None], ...], classifier: Classifier) -> float | None:
    first = ranked[0][2]
    if first is None or any(score is None for _, _, score in ranked):
        return None
    if len(ranked) > 1:
        return first - (ranked[1][2] or 0.0)
    # What a softmax gives to all other classes together is the most that the next one can have.
    return first - (1 - first) if classifier.score_kind == "softmax" else None


def _state(
    ranked: tuple[tuple[View, str, float | None], ...], margin: float | None, domain: Domain
) -> Literal["recognised", "uncertain", "undetermined"]:
    view, _, score = ranked[0]
    if score is None:
        # One label without a score is somebody's statement: it is reported as such, and pointed out. Which of
        # several comes first, nobody can know.
        return "recognised" if len(ranked) == 1 else "undetermined"

    def reaches(value: float, state: str, name: str) -> bool:
        # Scores are decimal fractions: 0.9 - 0.7 must reach a margin of 0.2.
        return value >= domain.threshold(view.id, state, name) - 1e-9

    if (
        reaches(score, "recognised", "score")
        and margin is not None
        and reaches(margin, "recognised", "margin")
    ):
        return "recognised"
    return "uncertain" if reaches(score, "uncertain", "score") else "undetermined"
