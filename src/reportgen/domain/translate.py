"""Which texts of ``domain.yaml`` a report prints, and the same domain with these in another language."""

import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

from reportgen.domain.catalogue import Catalogue

__all__ = ["PLACEHOLDER", "missing_texts", "texts_of", "translated"]

#: Paths of the texts; ``*`` is every key, or every entry of a list, which is called by its id.
_WORDS = (
    ("title",),
    ("title_single",),
    ("banner",),
    ("regions", "*", "title"),
    ("wording", "**"),
    ("presentation", "**"),
    ("views", "*", "display"),
    ("views", "*", "display_short"),
    ("biometry", "*", "name"),
    ("biometry", "*", "narrated"),
    ("biometry", "*", "chart"),
    ("biometry", "*", "convention", "chart_name"),
    ("exam_types", "*", "display"),
    ("exam_types", "*", "not_nameable", "*", "display"),
)
#: Said by the catalogue's header.
_HEADER = {"presentation.language", "presentation.direction"}
PLACEHOLDER = re.compile(r"\{(\w+)\}")


def texts_of(facts: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Each text that is translated, with its path (``views.crl.display``), in the order of the file."""
    seen: dict[str, str] = {}

    def note(path: str, text: str) -> str:
        seen[path] = text
        return text

    for pattern in _WORDS:
        _visit(facts, pattern, "", note)
    yield from seen.items()


def translated(facts: dict[str, Any], catalogue: Catalogue) -> dict[str, Any]:
    """The facts of a domain with the words of a catalogue; a text that it lacks stays as it is."""
    facts = deepcopy(facts)
    for pattern in _WORDS:
        _visit(facts, pattern, "", lambda path, text: catalogue.said(path, text) or text)
    facts["presentation"]["language"] = catalogue.language
    facts["presentation"]["direction"] = catalogue.direction
    return facts


def missing_texts(facts: dict[str, Any], catalogue: Catalogue) -> list[str]:
    """Paths of the texts that the catalogue lacks, or that have other placeholders there."""
    return [
        path
        for path, text in texts_of(facts)
        if (said := catalogue.said(path, text)) is None
        or sorted(PLACEHOLDER.findall(said)) != sorted(PLACEHOLDER.findall(text))
    ]


def _visit(node: Any, pattern: tuple[str, ...], path: str, change: Callable[[str, str], str]) -> None:
    """Put what ``change`` says in the place of each text that the pattern leads to."""
    key, rest = pattern[0], pattern[1:]
    everything = key == "**"
    for place, inner in _children(node):
        name = (
            str(inner.get("id", place)) if isinstance(node, list) and isinstance(inner, dict) else str(place)
        )
        if not (everything or key in {"*", name}):
            continue
        where = f"{path}.{name}".lstrip(".")
        if isinstance(inner, str):
            if (everything or not rest) and inner and where not in _HEADER:
                node[place] = change(where, inner)
        elif everything or rest:
            _visit(inner, pattern if everything else rest, where, change)


def _children(node: Any) -> list[tuple[Any, Any]]:
    if isinstance(node, dict):
        return list(node.items())
    return list(enumerate(node)) if isinstance(node, list) else []
