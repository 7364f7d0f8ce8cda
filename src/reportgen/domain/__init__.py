"""A domain loaded from its folder: views, measurements, charts, checklists and the words that may be used."""

import difflib
import json
import re
from collections.abc import Iterable
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import Field, ValidationError, model_validator

from reportgen import resources
from reportgen.domain.asking import ASKING, Asking
from reportgen.domain.entries import (
    AnswerRules,
    Entry,
    ExamType,
    LabelOrder,
    Measure,
    Never,
    Region,
    View,
)
from reportgen.domain.languages import CARRIERS, NARRATIVE, WORDED, Files, in_language, languages_of, named_in
from reportgen.errors import DomainError
from reportgen.files import canonical_json, sha256

__all__ = [
    "HTML_TEMPLATE",
    "NARRATIVE",
    "TEXT_TEMPLATE",
    "Domain",
    "ExamType",
    "LabelOrder",
    "Measure",
    "View",
    "languages",
    "load_domain",
]

DEFAULT = "fetal_ultrasound"
#: The layout of ``report.txt`` among the templates of a domain.
TEXT_TEMPLATE = "report.txt.jinja"
#: That of ``report.html``; a domain without one has the shipped one's.
HTML_TEMPLATE = "report.html.jinja"
TEMPLATES = ("prompt.jinja", NARRATIVE, TEXT_TEMPLATE)


class Domain(Entry):
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
    answers: AnswerRules
    carriers: dict[str, Any]
    never_words: dict[str, Never]
    wording: dict[str, Any]
    presentation: dict[str, str]
    views: Annotated[tuple[View, ...], Field(min_length=1)]
    biometry: dict[str, Measure]
    exam_types: dict[str, ExamType]
    label_orders: dict[str, LabelOrder]
    reliability: dict[str, Any] | None = None
    templates: dict[str, str]
    #: How questions are read; None where the domain, or its language, does not say. No report depends on it.
    asking: Asking | None = None
    #: Code of the report's language, and whether it is another than that of domain.yaml.
    lang: str = "en"
    translated: bool = False
    #: Whether a clinician who speaks the language has read its words.
    reviewed: bool = True
    #: Whether there are carriers in this language: else no model's words are used.
    has_lexicon: bool = True
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
        for names in self.answers.view.names:
            _known("answers.view.names", (*names.views, *names.fits), ids)
        _known("answers.view.unsettled", self.answers.view.unsettled, ids)
        _known("default_label_set", [self.default_label_set], set(self.label_orders))
        for key, order in self.label_orders.items():
            unknown = [label for label in order.labels if self.view_of(label) is None]
            _known(f"label_orders.{key}", unknown, set())
        if self.asking:
            parts = {item["id"] for exam in self.exam_types.values() for item in exam.not_nameable}
            stray = self.asking.unknown(ids, set(self.biometry), parts)
            if stray is not None:
                raise DomainError(f"{ASKING}: '{stray}' is not known in this domain.", "Correct it there.")
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
            for name in (key, measure.abbr, *measure.aliases)
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

    def why_never(self, word: str) -> tuple[str, str] | None:
        """The code and the reason of a word that no model may ever use, if it is a known one."""
        for code, never in self.never_words.items():
            for entry in never.words:
                if word == entry or (entry.endswith("*") and word.startswith(entry[:-1])):
                    return code, never.says
        return None

    def threshold(self, view_id: str | None, state: str, name: str) -> float:
        """A threshold, with the view's own value where the site has set one."""
        own = self.thresholds.get("per_view", {}).get(view_id or "", {})
        return float(own.get(state, {}).get(name, self.thresholds[state][name]))

    def file_of(self, template: str) -> str:
        """The name of a template's file: those that hold words have one in each language."""
        return named_in(template, self.lang) if self.translated and template in WORDED else template

    @cached_property
    def letters(self) -> frozenset[str]:
        """Characters beyond plain ASCII that the carriers are written with."""
        return frozenset(
            letter for letter in json.dumps(self.carriers, ensure_ascii=False) if ord(letter) > 126
        )

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


def load_domain(name_or_folder: str | Path = DEFAULT, lang: str | None = None) -> Domain:
    """Load a domain by the name of a shipped one, or from a folder of one's own.

    Args:
        name_or_folder: The name, or the folder.
        lang: Code of the language that reports are in; None for that of domain.yaml.

    Raises:
        DomainError: There is no such folder, a file is missing, or domain.yaml contradicts itself.
        UsageError: The domain has no catalogue of that language.
    """
    return _load(_folder(name_or_folder).resolve(), lang)


def languages(name_or_folder: str | Path = DEFAULT) -> list[str]:
    """Codes of the languages that a domain has: its own, then those of its catalogues.

    Raises:
        DomainError: There is no such domain.
    """
    folder = _folder(name_or_folder)
    return languages_of(folder, _mapping(folder / "domain.yaml"))


def _folder(name_or_folder: str | Path) -> Path:
    folder = Path(name_or_folder)
    if not folder.is_dir() or not (folder / "domain.yaml").is_file():
        folder = resources.folder("templates") / str(name_or_folder)
    if not (folder / "domain.yaml").is_file():
        shipped = sorted(path.parent.name for path in resources.folder("templates").glob("*/domain.yaml"))
        raise DomainError(
            f"There is no domain '{name_or_folder}'.",
            f"Give a folder that holds domain.yaml, or one of: {', '.join(shipped)}.",
        )
    return folder


@lru_cache(maxsize=8)
def _load(folder: Path, lang: str | None) -> Domain:
    try:
        templates = {name: (folder / name).read_text("utf-8") for name in TEMPLATES}
        page = folder / HTML_TEMPLATE
        shipped = resources.folder("templates") / DEFAULT / HTML_TEMPLATE
        templates[HTML_TEMPLATE] = (page if page.is_file() else shipped).read_text("utf-8")
        files = Files(_mapping(folder / "domain.yaml"), _mapping(folder / CARRIERS), templates, {})
        files = in_language(files, folder, lang, _mapping)
    except FileNotFoundError as error:
        raise DomainError(f"{folder} has no {Path(str(error.filename)).name}.", "Add the file.") from None
    except (AttributeError, KeyError, TypeError):
        raise DomainError(
            f"{folder / 'domain.yaml'} is no domain.", "Compare it with a shipped one."
        ) from None
    facts, words, templates, about = files
    digest = sha256(canonical_json([facts, words, templates, about]))
    made = {**facts, **words, **about, "templates": templates, "sha256": digest}
    asking = folder / (named_in(ASKING, str(lang)) if about.get("translated") else ASKING)
    if asking.is_file():
        made["asking"] = _mapping(asking)
    try:
        return Domain.model_validate(made)
    except (ValidationError, TypeError) as error:
        raise DomainError(f"{folder / 'domain.yaml'}: {error}", "Correct it.") from None


def _mapping(path: Path) -> dict[str, Any]:
    try:
        data = yaml.load(path.read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe
    except yaml.YAMLError as error:
        raise DomainError(f"{path} is not YAML: {error}", "Correct it.") from None
    if not isinstance(data, dict):
        raise DomainError(f"{path} is no mapping.", "Correct it.")
    return data
