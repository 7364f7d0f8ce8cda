"""The entries of a domain's files."""

import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

__all__ = [
    "AnswerRules",
    "Convention",
    "Entry",
    "ExamType",
    "LabelOrder",
    "Measure",
    "NamedView",
    "Never",
    "Region",
    "StatedAge",
    "Trimester",
    "View",
    "ViewName",
]


class Entry(BaseModel):
    """Keys that only document (source, verified, notes) are kept and not named."""

    model_config = ConfigDict(frozen=True, extra="allow")


class View(Entry):
    """One view that a classifier may name. ``ga_days`` is inclusive, in days."""

    id: str
    display: str
    display_short: str
    #: Both names as domain.yaml has them, in whatever language the report is: answers are read by them.
    called: tuple[str, ...] = ()
    region: str
    labels: dict[str, tuple[str, ...]] = {}
    ga_days: tuple[int, int]
    exam_group: str | None = None
    #: Key of ``wording.limits`` that a report with this view must state.
    limit: str | None = None
    biometry: tuple[str, ...] = ()


class Convention(Entry):
    """How a measurement is made (calipers, or a weight's formula); ``fits`` are the ways of the chart."""

    kind: Literal["calipers", "formula"] = "calipers"
    values: tuple[str, ...] = ()
    fits: tuple[str, ...] = ()
    chart: str | None = None
    chart_name: str | None = None
    required_for_centile: bool = False


class Measure(Entry):
    """One measurement: unit, bounds (inclusive, in ``unit``), chart."""

    name: str
    abbr: str
    narrated: str
    aliases: tuple[str, ...] = ()
    region: str
    unit: str
    unit_aliases: tuple[str, ...]
    decimals: int
    refuse_outside: tuple[float, float]
    flag_outside: tuple[float, float]
    convention: Convention = Convention()
    no_centile_if_ga_basis: tuple[str, ...] = ()
    flag_rule: dict[str, Any] = {"kind": "none"}
    chart: str | None = None
    equation: dict[str, Any] | None = None


class ExamType(Entry):
    """A kind of examination and its checklist. ``ga_days`` is inclusive, in days."""

    display: str
    ga_days: tuple[int, int]
    chosen_from_ga: bool
    nameable: tuple[dict[str, Any], ...]
    not_nameable: tuple[dict[str, Any], ...]


class LabelOrder(Entry):
    """The labels of a known classifier; in the order of its outputs where ``ordered``."""

    labels: tuple[str, ...]
    ordered: bool = True


class Never(Entry):
    """A kind of claim that no model may make, and words that make it; a star ends a stem."""

    says: str
    words: tuple[str, ...]


class Region(Entry):
    """A region of the body; the order in the domain is head to toe."""

    id: str
    title: str


class Trimester(Entry):
    """Words for a part of a pregnancy; ``days`` is inclusive."""

    words: re.Pattern[str]
    days: tuple[int, int]


class StatedAge(Entry):
    """How an answer states a gestational age; ``weeks`` has the groups first, last, plus and days."""

    weeks: re.Pattern[str]
    trimesters: tuple[Trimester, ...] = ()
    frame: frozenset[str] = frozenset()


class ViewName(Entry):
    """Names of views (their labels, and ``words``), and the views that such a name does not contradict."""

    views: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    fits: tuple[str, ...]


class NamedView(Entry):
    """How an answer names a view. ``unsettled`` are views that no name contradicts."""

    frame: frozenset[str] = frozenset()
    says_nothing: frozenset[str] = frozenset()
    unsettled: tuple[str, ...] = ()
    names: tuple[ViewName, ...] = ()


class AnswerRules(Entry):
    """How answers of other models are read. ``questions`` are patterns: age, elsewhere, closed."""

    questions: dict[Literal["age", "elsewhere", "closed"], re.Pattern[str]]
    age: StatedAge
    view: NamedView
