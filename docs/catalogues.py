"""Brings the catalogues of languages up to date with domain.yaml: ``python docs/catalogues.py``.

A text that changed keeps its old translation, marked fuzzy, until somebody has seen to it; what is gone stays
at the end as a comment. ``python docs/catalogues.py pl rtl`` begins a new one. docs/languages.md says more.
"""

import io
import sys
from pathlib import Path
from typing import Any

import yaml
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from reportgen import resources
from reportgen.domain.translate import texts_of

HEADER = """\
# Words of the domain {domain}, for reportgen. docs/languages.md says how to translate them, and what must be
# true before X-Reviewed is.
msgid ""
msgstr ""
"Language: {lang}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"X-Direction: {direction}\\n"
"X-Reviewed: false\\n"
"""


def template(facts: dict[str, Any], known: Catalog | None = None) -> Catalog:
    """All texts of a domain, each once, with the paths that it stands at; and with a context of its own where
    the catalogue ``known`` gives it one."""
    paths: dict[tuple[str | None, str], list[str]] = {}
    for path, text in texts_of(facts):
        own = known is not None and known.get(text, path) is not None
        paths.setdefault((path if own else None, text), []).append(path)
    made = Catalog()
    for (context, text), where in paths.items():
        made.add(text, context=context, auto_comments=where)
    return made


def begun(facts: dict[str, Any], lang: str, direction: str) -> str:
    """A new catalogue, nothing of it translated."""
    return _written(HEADER.format(domain=facts["domain"], lang=lang, direction=direction), template(facts))


def updated(facts: dict[str, Any], content: str) -> str:
    """A catalogue as it should be."""
    header = content[: content.index("\n\n") + 1]
    catalogue = read_po(io.StringIO(content))
    catalogue.update(template(facts, catalogue), update_header_comment=False)
    return _written(header, catalogue)


def _written(header: str, catalogue: Catalog) -> str:
    stream = io.BytesIO()
    write_po(stream, catalogue, width=110, omit_header=True)
    return f"{header}\n{stream.getvalue().decode().strip()}\n"


def domains() -> list[Path]:
    """The folders of the shipped domains."""
    return sorted(path.parent for path in resources.folder("templates").glob("*/domain.yaml"))


def facts_of(folder: Path) -> dict[str, Any]:
    """What is in a domain.yaml."""
    return dict(yaml.safe_load((folder / "domain.yaml").read_text("utf-8")))


def main(arguments: list[str]) -> None:
    """Bring all catalogues up to date, or begin one."""
    for folder in domains():
        facts = facts_of(folder)
        if arguments:
            lang, direction = arguments[0], (*arguments[1:], "ltr")[0]
            path = folder / "locale" / f"{lang}.po"
            path.parent.mkdir(exist_ok=True)
            if not path.exists():
                path.write_text(begun(facts, lang, direction), "utf-8", newline="\n")
        for path in sorted((folder / "locale").glob("*.po")):
            path.write_text(updated(facts, path.read_text("utf-8")), "utf-8", newline="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
