"""Before anything real is asked of a server: its address, the key, the model, its software, the canary."""

import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel, ValidationError

from reportgen.engines.base import EngineInfo
from reportgen.engines.chat import fold_system, without_thought
from reportgen.engines.openai_wire import GREEDY, Answer, Refused, Wire
from reportgen.errors import EngineError, UsageError

__all__ = ["Introduced", "address", "introduce", "read_key"]


@dataclass(frozen=True)
class _Software:
    """A server's software: its name for people, and where it tells its version."""

    title: str
    paths: tuple[str, ...]
    field: str


#: By what each calls itself as the owner of its models.
_KNOWN = {
    "vllm": _Software("vLLM", ("/version",), "version"),
    "llamacpp": _Software("llama.cpp", ("/props",), "build_info"),
    "sglang": _Software("SGLang", ("/server_info", "/get_server_info"), "version"),
}
_SYSTEM = "You write one plain sentence of an ultrasound report. "
_QUESTION = "Repeat this sentence: The ultrasound image was recorded."
_NEW_TOKENS = 16
#: What a chat template answers with that knows no system message; some servers call that their own failure.
_NO_SYSTEM = {400, 422, 500}


class _Model(BaseModel):
    id: str
    owned_by: str | None = None


class _Models(BaseModel):
    data: list[_Model]


@dataclass(frozen=True)
class Introduced:
    """A server that passed the canary.

    Attributes:
        software: As the server calls it; None if it is none of the known ones.
        folds: Whether the system text must go to the head of the first user message.
    """

    info: EngineInfo
    model: str
    software: str | None
    folds: bool


def address(server: str) -> str:
    """The base address as given, without a trailing slash.

    Raises:
        UsageError: It is none, or holds what does not belong there.
    """
    try:
        parts = urlsplit(server)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not server.isprintable():
        raise UsageError("--server is no address.", "Give one such as http://localhost:8000/v1.")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise UsageError(
            "--server holds more than an address: a name, a password, a query or a fragment.",
            "Give the bare address; a key comes from OPENAI_API_KEY or --api-key-file.",
        )
    return server.rstrip("/")


def read_key(file: Path | None) -> str | None:
    """The key in a file, else the one in ``OPENAI_API_KEY``, else None.

    Raises:
        UsageError: The file cannot be read, or holds no key.
    """
    try:
        key = os.environ.get("OPENAI_API_KEY", "") if file is None else file.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise UsageError("The file of --api-key-file cannot be read.", "Check its name and rights.") from None
    key = key.strip()
    if file is not None and not key:
        raise UsageError("The file of --api-key-file is empty.", "Put the key into it, and nothing else.")
    if not (key.isascii() and key.isprintable()):
        raise UsageError(
            "The key has characters that no key has.", "See to OPENAI_API_KEY or the file of --api-key-file."
        )
    return key or None


async def introduce(wire: Wire, wanted: str) -> Introduced:
    """Find out who is there, and have the canary answered.

    Args:
        wanted: The model's name at the server, or ``auto`` for its only one.

    Raises:
        UsageError: ``auto``, and the server has several models or names none.
        EngineError: No such server, no such model, or no sensible answer.
    """
    content, header = await wire.models()
    try:
        listed = _Models.model_validate_json(content).data
    except ValidationError:
        raise wire.no_api() from None
    software = next((one.owned_by for one in listed if one.owned_by in _KNOWN), None)
    model = _choose([one.id for one in listed], wanted, wire, complete=software is not None)
    folds, answer = await _sing(wire, model)
    server = await _server(wire, software) or _plain(answer.system_fingerprint or header) or "unknown"
    info = EngineInfo(
        engine="openai",
        name=f"{_plain(model.rpartition('/')[2])} ({server})",
        model=model,
        server=server,
        generation={**GREEDY, "system": "folded" if folds else "as it is"},
        canary="answered a plain question",
    )
    return Introduced(info, model, software, folds)


def _choose(listed: Sequence[str], wanted: str, wire: Wire, *, complete: bool) -> str:
    """The model's name; one that is not listed is taken where the list need not be complete."""
    names = ", ".join(map(_plain, listed)) or "none"
    if wanted == "auto" and len(listed) != 1:
        raise UsageError(
            f"--model auto takes the only model of a server; the one at {wire.place} lists: {names}.",
            "Name one with --model.",
        )
    model = listed[0] if wanted == "auto" else wanted
    if not (model.isprintable() and 0 < len(model) <= 200):
        raise UsageError("The name of the model is empty, too long or not printable.", "Give it another.")
    if complete and model not in listed:
        raise EngineError(
            f"The server at {wire.place} does not have the model of --model. It lists: {names}.",
            "Give one of these, or start the server with that model.",
        )
    return model


async def _server(wire: Wire, software: str | None) -> str:
    """Software and version; empty if the software is not known."""
    if software is None:
        return ""
    known = _KNOWN[software]
    for path in known.paths:
        try:
            told = json.loads(await wire.look(path))
        except ValueError:
            continue
        if isinstance(told, dict) and isinstance(told.get(known.field), str):
            return f"{known.title} {_plain(told[known.field])}"
    return f"{known.title}, version unknown"


async def _sing(wire: Wire, model: str) -> tuple[bool, Answer]:
    """Whether the system text must be folded, and an answer.

    Some chat templates refuse a system message; some drop it without a word, and then a longer one makes
    the prompt no longer.
    """
    talks = [(("system", _SYSTEM * times), ("user", _QUESTION)) for times in (1, 2)]
    try:
        try:
            answers = [await wire.ask(model, talk, _NEW_TOKENS) for talk in talks]
            short, long = (answer.tokens[0] for answer in answers)
            folds = 0 < short == long
        except Refused as refused:
            if refused.status not in _NO_SYSTEM:
                raise
            folds = True
        if folds:
            answers = [await wire.ask(model, fold_system(talk), _NEW_TOKENS) for talk in talks[:1]]
    except Refused as refused:
        raise _dumb(wire, f"gives no answer to a plain question. {refused}") from None
    if not all(without_thought(answer.text) for answer in answers):
        raise _dumb(wire, "answers a plain question with nothing.")
    return folds, answers[0]


def _dumb(wire: Wire, what: str) -> EngineError:
    return EngineError(
        f"The server at {wire.place} {what} Nothing was written with it.",
        "Look into its log; the model must be one that follows instructions, with a chat template.",
    )


def _plain(text: str) -> str:
    """What another program calls something, fit to be printed in a report."""
    return re.sub(r"[^ -~]", "", text).strip()[:80]
