"""A domain's files in the language that was asked for."""

import difflib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from reportgen.domain.catalogue import read_catalogue
from reportgen.domain.translate import missing_texts, translated
from reportgen.errors import DomainError, UsageError

__all__ = ["CARRIERS", "NARRATIVE", "WORDED", "Files", "in_language", "languages_of", "named_in"]

CATALOGUES = "locale"
CARRIERS = "carriers.yaml"
NARRATIVE = "narrative.jinja"
PROMPT = "prompt.jinja"
#: Templates that hold words.
WORDED = frozenset({NARRATIVE, PROMPT})


class Files(NamedTuple):
    """What a domain is made of.

    Attributes:
        facts: domain.yaml.
        words: carriers.yaml; without carriers where the language has none.
        templates: By name.
        about: Code of the language, and how far it goes: fields of ``Domain``.
    """

    facts: dict[str, Any]
    words: dict[str, Any]
    templates: dict[str, str]
    about: dict[str, Any]


def languages_of(folder: Path, facts: dict[str, Any]) -> list[str]:
    """Codes of the languages of a domain: its own, then those of its catalogues."""
    own = str(facts["presentation"]["language"]).split("-")[0]
    return [own, *sorted(path.stem for path in (folder / CATALOGUES).glob("*.po") if path.stem != own)]


def in_language(
    files: Files, folder: Path, lang: str | None, mapping: Callable[[Path], dict[str, Any]]
) -> Files:
    """The files with all that a report prints in a language.

    Args:
        files: As they lie in the folder.
        folder: Of the domain.
        lang: Code of the language, or None for the domain's own.
        mapping: Reads a YAML file.

    Raises:
        UsageError: There is no catalogue of the language.
        DomainError: The catalogue is faulty, or lacks a text: no report is half in one language.
        FileNotFoundError: There is no deterministic text in the language.
    """
    known = languages_of(folder, files.facts)
    files = files._replace(facts=_read_as(files.facts), about={"lang": known[0]})
    if lang is None or lang == known[0]:
        return files
    if lang not in known:
        close = difflib.get_close_matches(lang.casefold(), known, n=1)
        meant = f"Did you mean '{close[0]}'? " if close else ""
        raise UsageError(f"There is no language '{lang}'.", f"{meant}There are: {', '.join(known)}.")
    path = folder / CATALOGUES / f"{lang}.po"
    catalogue = read_catalogue(path)
    if lacking := missing_texts(files.facts, catalogue):
        raise DomainError(
            f"{path} lacks the words of {lacking[0]}, or their braces ({len(lacking)} in all).",
            "Translate them; docs/languages.md says how.",
        )

    def own(name: str) -> Path:
        return folder / named_in(name, lang)

    templates = {**files.templates, NARRATIVE: own(NARRATIVE).read_text("utf-8")}
    has_lexicon = own(CARRIERS).is_file()
    if has_lexicon and own(PROMPT).is_file():
        templates[PROMPT] = own(PROMPT).read_text("utf-8")
    return Files(
        facts=translated(files.facts, catalogue),
        words=mapping(own(CARRIERS)) if has_lexicon else {"carriers": {}, "never_words": {}},
        templates=templates,
        about={"lang": lang, "translated": True, "reviewed": catalogue.reviewed, "has_lexicon": has_lexicon},
    )


def named_in(name: str, lang: str) -> str:
    """The name that a language's own of a file has: ``narrative.de.jinja``."""
    stem, _, ending = name.rpartition(".")
    return f"{stem}.{lang}.{ending}"


def _read_as(facts: dict[str, Any]) -> dict[str, Any]:
    """The facts with the names that inputs and answers are read by, which no translation changes."""
    views = [
        {**view, "called": [view["display"], view["display_short"]]}
        if {"display", "display_short"} <= set(view)
        else view
        for view in facts.get("views", [])
    ]
    biometry = {
        key: {**measure, "aliases": [*measure.get("aliases", []), measure.get("name", key)]}
        for key, measure in facts.get("biometry", {}).items()
    }
    return {**facts, "views": views, "biometry": biometry}
