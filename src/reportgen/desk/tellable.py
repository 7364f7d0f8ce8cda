"""What a record can tell: its facts, and the rows and lines of its report, each with what it is about."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from reportgen.domain import Domain
from reportgen.nouns import BiometryRow, Fact, Report, ViewRow
from reportgen.phrases import capital, images_phrase, say, strung

__all__ = ["NARRATED", "Tellable", "tellables"]

#: Kinds whose sentences are a model's, or the domain's deterministic text.
NARRATED = ("view", "candidate", "measurement")


@dataclass(frozen=True)
class Tellable:
    """One thing that an answer can say.

    Attributes:
        id: Of the fact, or its place in ``report.json``.
        text: The sentence that code prints; of a narrated fact its surface.
        source: Its place in ``report.json``.
        numbers: Of the images, one-based.
        about: ``view:<id>``, ``measure:<key>``, ``part:<id>``.
        fact: Where words are put around it.
    """

    id: str
    kind: str
    text: str
    source: str
    images: tuple[str, ...] = ()
    numbers: frozenset[int] = frozenset()
    about: frozenset[str] = frozenset()
    fetus: str | None = None
    fact: Fact | None = None


def tellables(report: Report, domain: Domain, *, written: bool) -> list[Tellable]:
    """All of it, facts first.

    Args:
        report: The record.
        domain: The one that it was made with; its ``asking`` has the sentences.
        written: Whether the report was put out: else nobody wrote its words yet.
    """
    return list(_Record(report, domain).all(written=written))


class _Record:
    def __init__(self, report: Report, domain: Domain) -> None:
        assert domain.asking is not None
        self.report, self.domain, self.said = report, domain, domain.asking.sentences
        self.number = {entry.image_id: entry.number for entry in report.images}
        self.short = {view.display_short: f"view:{view.id}" for view in domain.views}
        self.long = {view.display: f"view:{view.id}" for view in domain.views}
        self.by_id: dict[str, Tellable] = {}

    def all(self, *, written: bool) -> Iterator[Tellable]:
        for place, fact in enumerate(self.report.facts):
            if fact.kind != "answer":
                one = self._fact(fact, f"facts[{place}]")
                self.by_id[fact.id] = one
                yield one
        yield from self._rows()
        yield from self._values()
        for place, item in enumerate(self.report.reviewer_items):
            about = {key for name in item.facts if name in self.by_id for key in self.by_id[name].about}
            yield self._line("reviewer", item.text, f"reviewer_items[{place}]", item.images, frozenset(about))
        yield from self._lines(written=written)

    def _fact(self, fact: Fact, source: str) -> Tellable:
        about, fetus = self._about(fact)
        surface = fact.surface
        if fact.kind == "centile":
            surface = self.said["centile"].format(surface=surface)
        elif fact.kind == "label_reliability" and not surface.endswith("."):
            surface = self.said["reliability"].format(surface=surface)
        return Tellable(
            id=fact.id,
            kind=fact.kind,
            text=surface,
            source=source,
            images=fact.images,
            numbers=self._numbers(fact.images),
            about=frozenset(about),
            fetus=fetus,
            fact=fact if fact.kind in NARRATED else None,
        )

    def _about(self, fact: Fact) -> tuple[set[str], str | None]:
        """What a fact is about, and the fetus that it names."""
        if fact.kind in {"view", "candidate"}:
            return {self.long[fact.name]} if fact.name in self.long else set(), None
        if fact.kind == "measurement":
            rows = [row for row in self.report.biometry if self._told_by(row, fact)]
            return {f"measure:{self.domain.measure_of(row.abbr)}" for row in rows}, rows[
                0
            ].fetus if rows else None
        if fact.kind == "not_recognised":
            names = self.report.checklist.not_recognised if self.report.checklist else ()
            return {self.short[name] for name in names if name in self.short}, None
        if fact.kind == "not_recognisable":
            return self._outside(), None
        if fact.kind == "centile_withheld":
            abbrs = fact.surface.partition(":")[0].split(say(self.domain, "joining.comma"))
            return {f"measure:{key}" for abbr in abbrs if (key := self.domain.measure_of(abbr))}, None
        if key := self.domain.measure_of(fact.name):
            named = re.match(r"\S+ \((\w+)\)", fact.surface)
            return {f"measure:{key}"}, named[1] if named else None
        if fact.name in self.short:
            return {self.short[fact.name]}, None
        return {
            f"view:{row.view}" for row in self.report.views if row.view and row.image in fact.images
        }, None

    def _told_by(self, row: BiometryRow, fact: Fact) -> bool:
        return (row.image,) == fact.images and fact.surface == self._surface(row)

    def _surface(self, row: BiometryRow) -> str:
        """A value as facts have it."""
        key = self.domain.measure_of(row.abbr)
        named = self.domain.biometry[key].narrated if key else row.name
        if row.fetus:
            named += say(self.domain, "surface.fetus", fetus=row.fetus)
        form = "surface.measurement" if row.source == "operator" else "surface.measurement_model"
        image = images_phrase(self.domain, [row.image_number])
        return say(self.domain, form, name=named, value=row.value, unit=row.unit, image=image)

    def _outside(self) -> set[str]:
        names = set(self.report.checklist.not_recognisable if self.report.checklist else ())
        parts = {
            f"part:{item['id']}"
            for exam in self.domain.exam_types.values()
            for item in exam.not_nameable
            if item["display"] in names
        }
        return parts | {key for name, key in self.short.items() if name in names}

    def _rows(self) -> Iterator[Tellable]:
        """The table of views: scores, further candidates, and views that no narrated fact tells."""
        told = {
            image for fact in self.report.facts if fact.kind in {"view", "candidate"} for image in fact.images
        }
        for place, row in enumerate(self.report.views):
            image = capital(images_phrase(self.domain, [row.number]))
            listed = strung(
                self.domain,
                "semicolon",
                [self.said["candidate"].format(name=name, score=score) for name, score in row.candidates],
            )
            named = {"Image": image, "display": row.display, "score": row.score, "candidates": listed}
            source = f"views[{place}]"
            if row.score is not None:
                yield self._row(row, "score", self.said["score"].format(**named), source)
            elif row.state == "undetermined" and listed:
                yield self._row(row, "score", self.said["score_open"].format(**named), source)
                yield self._row(row, "next", self.said["score_open"].format(**named), source)
            if row.state != "undetermined" and listed:
                yield self._row(row, "next", self.said["next"].format(**named), source)
            if row.state == "recognised" and row.image not in told:
                yield self._row(row, "view", self.said["view"].format(**named), source)

    def _row(self, row: ViewRow, kind: str, text: str, source: str) -> Tellable:
        about = {f"view:{row.view}"} if row.view else set()
        return self._line(kind, text, source, (row.image,), frozenset(about))

    def _values(self) -> Iterator[Tellable]:
        """Values that no fact tells: the findings name at most so many of a region."""
        facts = [fact for fact in self.report.facts if fact.kind.startswith("measurement")]
        for place, row in enumerate(self.report.biometry):
            key = self.domain.measure_of(row.abbr)
            in_set = any(
                fact.kind != "measurement" and fact.name == row.abbr and row.image in fact.images
                for fact in facts
            )
            if key is None or in_set or any(self._told_by(row, fact) for fact in facts):
                continue
            yield Tellable(
                id=f"biometry[{place}]",
                kind="measurement",
                text=capital(self._surface(row)) + ".",
                source=f"biometry[{place}]",
                images=(row.image,),
                numbers=frozenset({row.image_number}),
                about=frozenset({f"measure:{key}"}),
                fetus=row.fetus,
            )

    def _lines(self, *, written: bool) -> Iterator[Tellable]:
        """What stands in the report beside facts and tables."""
        report, words = self.report, self.domain.presentation
        count = self.domain.wording["header"]["images"].format(n=len(report.images))
        yield self._line("images", self.said["images"].format(text=count), "images")
        for kind, title in (("gestation", "gestation"), ("date", "examined")):
            for place, (name, text) in enumerate(report.header):
                if name == words[title] and text != words["not_supplied"]:
                    yield self._line(kind, self.said[kind].format(text=text), f"header[{place}]")
        if report.checklist:
            for place, text in enumerate(report.checklist.text[:1]):
                yield self._line("checklist", text, f"checklist.text[{place}]")
        for kind, texts in (("method", report.method), ("limit", report.limits)):
            for place, text in enumerate(texts):
                yield self._line(kind, text, f"{kind if kind == 'method' else 'limits'}[{place}]")
                if kind == "limit" and (also := self._limit(text)):
                    yield self._line(also, text, f"limits[{place}]")
        if answers := report.answers:
            numbers = [row.image_number for row in answers]
            images = capital(images_phrase(self.domain, numbers))
            ids = tuple(dict.fromkeys(row.image for row in answers))
            yield self._line("answer", self.said["answer"].format(Images=images), "answers", ids)
        if written:
            yield self._line("imprint", self.said["imprint"].format(text=report.imprint), "imprint")

    def _limit(self, text: str) -> str | None:
        """What a limit answers, where it says why the record has none of something."""
        limits = self.domain.wording["limits"]
        if text == limits["no_measurement"]:
            return "no_measurement"
        none = [said for key, said in limits.items() if key == "single" or key.startswith("no_checklist")]
        return "no_checklist" if text in none else None

    def _line(
        self,
        kind: str,
        text: str,
        source: str,
        images: tuple[str, ...] = (),
        about: frozenset[str] = frozenset(),
    ) -> Tellable:
        return Tellable(
            id=source,
            kind=kind,
            text=text,
            source=source,
            images=images,
            numbers=self._numbers(images),
            about=about,
        )

    def _numbers(self, images: tuple[str, ...]) -> frozenset[int]:
        return frozenset(self.number[image] for image in images if image in self.number)
