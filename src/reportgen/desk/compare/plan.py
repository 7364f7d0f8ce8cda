"""Who is compared: contestants as named on the command line, or in a file."""

import difflib
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlsplit

from pydantic import Field, StringConstraints, ValidationError

from reportgen.engines import Precision
from reportgen.errors import UsageError
from reportgen.nouns.base import Frozen, Line
from reportgen.read import ReadOptions
from reportgen.settings import Settings

__all__ = ["Contestant", "Order", "contestants", "tail"]

#: What a model is called that is none: fixed sentences.
TEMPLATE = "template"
#: So many can be told apart in one chart.
MOST = 12
_KEY = re.compile(r",(?=[A-Za-z_-]+=)")
#: A file with a plan is a page, not a book.
_LARGEST = 100_000


class Contestant(Frozen):
    """One way to write the words. What is not stated is as ``run`` has it.

    Attributes:
        name: What the outputs call it.
        model: A preset's name, a Hub id or a folder; with ``server`` the name there; ``template`` for fixed
            sentences; ``auto``.
        domain: Name or folder, where another prompt is to be tried; None for that of the comparison.
    """

    name: Annotated[Line, StringConstraints(max_length=60)]
    model: Annotated[str, StringConstraints(min_length=1)] = "auto"
    precision: Precision | None = None
    device: Literal["auto", "cuda", "cpu"] | None = None
    engine: Literal["transformers", "openai", "template"] | None = None
    server: str | None = None
    api_key_file: str | None = None
    domain: str | None = None
    batch_size: Annotated[int, Field(ge=1)] | None = None

    @property
    def told(self) -> str:
        """As it would be typed, without the folders that files lie in."""
        more = {
            "device": self.device,
            "engine": self.engine if self.engine == "transformers" else None,
            "server": self.server and _host(self.server),
            "domain": self.domain and tail(self.domain),
            "batch_size": self.batch_size,
        }
        keys = "".join(f",{key}={value}" for key, value in more.items() if value is not None)
        own = "" if self.name == _usual_name(self.model_dump()) else f",name={self.name}"
        return tail(self.model) + (f":{self.precision}" if self.precision else "") + keys + own


@dataclass(frozen=True, kw_only=True)
class Order:
    """A comparison as ordered on the command line.

    Attributes:
        inputs: Files, folders, globs, or ``-`` for standard input.
        out: The output folder; made if need be.
        domain: Name or folder; what the cases are read with.
        lang: Code of the language; None for the domain's own.
        limit: At most so many cases, the first in sorted order.
        portion: Cases that are written together; None for a tenth of them, at least 1 and at most 100.
        seed: Of the order of the cases, and of the bootstrap.
        machine: What the outputs call this machine; None for its own name.
    """

    inputs: tuple[str, ...]
    out: Path
    contestants: tuple[Contestant, ...]
    domain: str = "fetal_ultrasound"
    lang: str | None = None
    settings: Settings
    read: ReadOptions
    limit: int | None = None
    portion: int | None = None
    seed: int = 1
    machine: str | None = None


def contestants(named: Sequence[str], plan: Path | None, **usual: Any) -> tuple[Contestant, ...]:
    """Those of the file, then those named on the command line.

    Args:
        named: ``MODEL[:PRECISION][,KEY=VALUE...]`` each.
        plan: A TOML file with ``[[contestant]]`` tables, or None.
        usual: ``device``, ``precision`` and ``batch_size`` of those that state none.

    Raises:
        UsageError: One is misspelt, two have one name, or there are fewer than two.
    """
    tables = [*(_tables(plan) if plan else []), *map(_spelled, named)]
    found = tuple(_contestant(where, table, usual) for where, table in tables)
    if not 2 <= len(found) <= MOST:
        raise UsageError(
            f"{len(found)} to compare.", f"Name from 2 to {MOST} with --with, or in the file of --plan."
        )
    names = [one.name.casefold() for one in found]
    for one in found:
        if names.count(one.name.casefold()) > 1:
            raise UsageError(
                f"Two to compare are called '{one.name}'.", "Give each its own, as in --with MODEL,name=NAME."
            )
    return found


def tail(text: str) -> str:
    """A name as the outputs have it: of a file or folder without those it lies in, else as it is."""
    hub = re.fullmatch(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", text)
    if hub and not Path(text).exists():
        return text
    return Path(text.replace("\\", "/")).expanduser().resolve().name if "/" in text or "\\" in text else text


def _host(server: str) -> str:
    return urlsplit(server).netloc.rpartition("@")[2] or "server"


def _spelled(text: str) -> tuple[str, dict[str, Any]]:
    """``MODEL:PRECISION,KEY=VALUE`` as a table."""
    where = "--with"
    first, *rest = _KEY.split(text)
    model, colon, precision = first.rpartition(":")
    table: dict[str, Any] = {"model": first}
    if colon and precision in get_args(Precision):
        table = {"model": model, "precision": precision}
    elif close := difflib.get_close_matches(precision if colon else "", get_args(Precision), n=1, cutoff=0.7):
        raise UsageError(f"{where}: there is no precision '{precision}'.", f"Did you mean '{close[0]}'?")
    for part in rest:
        key, _, value = part.partition("=")
        key = key.replace("-", "_")
        if key in table:
            raise UsageError(f"{where}: '{key}' is stated twice.", "Leave one out.")
        table[key] = int(value) if key == "batch_size" and value.isdecimal() else value
    return where, table


def _tables(plan: Path) -> list[tuple[str, dict[str, Any]]]:
    """The tables of a file, each with its place for messages."""
    try:
        if plan.stat().st_size > _LARGEST:
            raise UsageError(f"{plan} is too large for a plan.", "Check --plan.")
        content = tomllib.loads(plan.read_text("utf-8-sig"))
    except OSError as error:
        raise UsageError(f"{plan} cannot be read ({type(error).__name__}).", "Check --plan.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{plan} is not TOML: {error}.", "Correct it.") from None
    tables = content.pop("contestant", [])
    if content or not isinstance(tables, list) or not all(isinstance(one, dict) for one in tables):
        raise UsageError(
            f"{plan} holds something else than [[contestant]] tables.", "Write one such table for each."
        )
    return [(f"{plan}, contestant {number}", table) for number, table in enumerate(tables, 1)]


def _contestant(where: str, table: dict[str, Any], usual: dict[str, Any]) -> Contestant:
    for key in table:
        if key not in Contestant.model_fields:
            known = list(Contestant.model_fields)
            close = difflib.get_close_matches(key, known, n=1)
            hint = f"Did you mean '{close[0]}'?" if close else f"Known: {', '.join(known)}."
            raise UsageError(f"{where}: there is no '{key}'.", hint)
    made = dict(table)
    if made.get("model") == TEMPLATE:
        made["engine"] = TEMPLATE
    if made.get("server") is not None:
        made.setdefault("engine", "openai")
    if made.get("engine") == TEMPLATE:
        made["model"] = TEMPLATE
        if "precision" in made:
            raise UsageError(f"{where}: the fixed sentences have no precision.", "Leave it out.")
    elif made.get("engine") == "openai":
        usual = {"batch_size": usual.get("batch_size")}
    if made.get("engine") != TEMPLATE:
        made |= {key: value for key, value in usual.items() if value is not None and key not in made}
    made.setdefault("name", _usual_name(made))
    try:
        return Contestant.model_validate(made)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        field, message = ".".join(map(str, first["loc"])), first["msg"].removeprefix("Value error, ")
        raise UsageError(f"{where}, {field}: {message}.", "Correct or remove it.") from None


def _usual_name(table: dict[str, Any]) -> str:
    name = tail(str(table.get("model", "auto")))
    name += f":{table['precision']}" if table.get("precision") else ""
    name += f" at {_host(str(table['server']))}" if table.get("server") else ""
    return name + (f", {tail(str(table['domain']))}" if table.get("domain") else "")
