"""A domain loaded from its folder: views, measurements, charts, checklists and the words that may be used."""

import difflib
import re
from collections.abc import Iterable
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from reportgen import resources
from reportgen.errors import DomainError
from reportgen.files import canonical_json, sha256

__all__ = ["TEXT_TEMPLATE", "Domain", "ExamType", "LabelOrder", "Measure", "View", "load_domain"]

DEFAULT = "fetal_ultrasound"
#: The layout of ``report.txt`` among the templates of a domain.
TEXT_TEMPLATE = "report.txt.jinja"
TEMPLATES = ("prompt.jinja", "narrative.jinja", TEXT_TEMPLATE)


class _Entry(BaseModel):
    """An entry of domain.yaml. Keys that only document (source, verified, notes) are kept and not named."""

    model_config = ConfigDict(frozen=True, extra="allow")


class View(_Entry):
    """One view that a classifier may name. ``ga_days`` is inclusive, in days."""

    id: str
    display: str
    display_short: str
    region: str
    labels: dict[str, tuple[str, ...]] = {}
    ga_days: tuple[int, int]
    exam_group: str | None = None
    #: Key of ``wording.limits`` that a report with this view must state.
    limit: str | None = None
    biometry: tuple[str, ...] = ()


class Convention(_Entry):
    """How a measurement is made (calipers, or a weight's formula); ``fits`` are the ways of the chart."""

    kind: Literal["calipers", "formula"] = "calipers"
    values: tuple[str, ...] = ()
    fits: tuple[str, ...] = ()
    chart: str | None = None
    chart_name: str | None = None
    required_for_centile: bool = False


class Measure(_Entry):
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


class ExamType(_Entry):
    """A kind of examination and its checklist. ``ga_days`` is inclusive, in days."""

    display: str
    ga_days: tuple[int, int]
    chosen_from_ga: bool
    nameable: tuple[dict[str, Any], ...]
    not_nameable: tuple[dict[str, Any], ...]


class LabelOrder(_Entry):
    """The labels of a known classifier; in the order of its outputs where ``ordered``."""

    labels: tuple[str, ...]
    ordered: bool = True


class Region(_Entry):
    """A region of the body; the order in the domain is head to toe."""

    id: str
    title: str


class Domain(_Entry):
    """Everything in a domain's folder, checked for consistency when it is loaded."""

    domain: str
    title: str
    title_single: str
    banner: str
    regions: tuple[Region, ...]
    thresholds: dict[str, Any]
    ga_basis: dict[str, str]
    not_labels: tuple[dict[str, str], ...] = ()
    default_label_set: str
    reliability_for: tuple[str, ...] = ()
    carriers: dict[str, Any]
    wording: dict[str, Any]
    presentation: dict[str, str]
    views: Annotated[tuple[View, ...], Field(min_length=1)]
    biometry: dict[str, Measure]
    exam_types: dict[str, ExamType]
    label_orders: dict[str, LabelOrder]
    reliability: dict[str, Any] | None = None
    templates: dict[str, str]
    sha256: str

    @model_validator(mode="after")
    def _consistent(self) -> "Domain":
        regions = {region.id for region in self.regions}
        ids = {view.id for view in self.views}
        for view in self.views:
            _known(f"views.{view.id}.region", [view.region], regions)
            _known(f"views.{view.id}.biometry", view.biometry, set(self.biometry))
        for key, measure in self.biometry.items():
            _known(f"biometry.{key}.region", [measure.region], regions)
        for key, exam in self.exam_types.items():
            _known(f"exam_types.{key}.nameable", [item["view"] for item in exam.nameable], ids)
        _known("default_label_set", [self.default_label_set], set(self.label_orders))
        for key, order in self.label_orders.items():
            unknown = [label for label in order.labels if self.view_of(label) is None]
            _known(f"label_orders.{key}", unknown, set())
        return self

    @cached_property
    def _by_label(self) -> dict[str, View]:
        found: dict[str, View] = {}
        for view in self.views:
            for label in [view.id, *(label for labels in view.labels.values() for label in labels)]:
                other = found.setdefault(fold(label), view)
                if other.id != view.id:
                    raise DomainError(
                        f"The label '{label}' stands for two views: {other.id}, {view.id}.", "Remove one."
                    )
        return found

    @cached_property
    def _by_measure(self) -> dict[str, str]:
        return {
            fold(name): key
            for key, measure in self.biometry.items()
            for name in (key, measure.abbr, measure.name, *measure.aliases)
        }

    def view_of(self, label: str) -> View | None:
        """The view that a classifier's label stands for; spelling of case, hyphens and blanks is forgiven."""
        return self._by_label.get(fold(label))

    def view(self, view_id: str) -> View:
        """The view with an id of ours."""
        return next(view for view in self.views if view.id == view_id)

    def measure_of(self, name: str) -> str | None:
        """The key of the measurement (such as ``HC``) that a name or abbreviation stands for."""
        return self._by_measure.get(fold(name))

    def labels_like(self, label: str) -> list[str]:
        """Up to three labels close to an unknown one, for a 'did you mean'."""
        spelled = {
            fold(text): text for view in self.views for texts in view.labels.values() for text in texts
        }
        close = difflib.get_close_matches(fold(label), spelled, n=3, cutoff=0.6)
        return [spelled[key] for key in close]

    def why_no_label(self, label: str) -> dict[str, str] | None:
        """What is known of a text that looks like a label and is none (``why``, ``say``)."""
        return next((entry for entry in self.not_labels if fold(entry["label"]) == fold(label)), None)

    def threshold(self, view_id: str | None, state: str, name: str) -> float:
        """A threshold, with the view's own value where the site has set one."""
        own = self.thresholds.get("per_view", {}).get(view_id or "", {})
        return float(own.get(state, {}).get(name, self.thresholds[state][name]))

    @cached_property
    def lexicon_sha256(self) -> str:
        """Hash of the carriers: what words were allowed."""
        return sha256(canonical_json(self.carriers))


def fold(text: str) -> str:
    """The spelling of a label or name that comparisons use: case, hyphens, underscores and blanks removed."""
    return re.sub(r"[\s_\-]+", "", text).casefold()


def _known(where: str, names: Iterable[str], known: set[str]) -> None:
    unknown = [name for name in names if name not in known]
    if unknown:
        raise DomainError(
            f"domain.yaml, {where}: '{unknown[0]}' is not known in this domain.",
            "Define it, or remove it there.",
        )


def load_domain(name_or_folder: str | Path = DEFAULT) -> Domain:
    """Load a domain by the name of a shipped one, or from a folder of one's own.

    Raises:
        DomainError: There is no such folder, a file is missing, or domain.yaml contradicts itself.
    """
    folder = Path(name_or_folder)
    if not folder.is_dir() or not (folder / "domain.yaml").is_file():
        folder = resources.folder("templates") / str(name_or_folder)
    if not (folder / "domain.yaml").is_file():
        shipped = sorted(path.parent.name for path in resources.folder("templates").glob("*/domain.yaml"))
        raise DomainError(
            f"There is no domain '{name_or_folder}'.",
            f"Give a folder that holds domain.yaml, or one of: {', '.join(shipped)}.",
        )
    return _load(folder.resolve())


@lru_cache(maxsize=4)
def _load(folder: Path) -> Domain:
    raw = (folder / "domain.yaml").read_bytes()
    try:
        data = yaml.load(raw, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe
        templates = {name: (folder / name).read_text("utf-8") for name in TEMPLATES}
        digest = sha256(canonical_json([sha256(raw), templates]))
        return Domain.model_validate({**data, "templates": templates, "sha256": digest})
    except yaml.YAMLError as error:
        raise DomainError(f"{folder / 'domain.yaml'} is not YAML: {error}", "Correct it.") from None
    except FileNotFoundError as error:
        raise DomainError(f"{folder} has no {Path(str(error.filename)).name}.", "Add the file.") from None
    except (ValidationError, TypeError) as error:
        raise DomainError(f"{folder / 'domain.yaml'}: {error}", "Correct it.") from None
