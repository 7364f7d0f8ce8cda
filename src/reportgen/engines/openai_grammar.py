"""A prompt's grammar as a server reads it: GBNF, under the name that the server's software has for it.

Whether an answer obeys is not looked at again here: the check of the passage reads the same language, and
refuses an answer of a server that ignored the grammar or broke off in the middle of it.
"""

import re
from collections.abc import Iterator
from typing import Any

__all__ = ["constraint", "gbnf"]

_RULE = re.compile(r"([a-z][a-z0-9_]*):(.*)")
_TOKEN = re.compile(r'(?P<literal>"(?:[^"\\]|\\.)*")|(?P<name>[a-z][a-z0-9_]*)|(?P<sign>[()|?])|\s+')


def constraint(software: str | None, grammar: str) -> dict[str, Any] | None:
    """The part of a request that binds the answer to a grammar.

    Args:
        software: The server's, as it calls itself: ``vllm``, ``llamacpp``, ``sglang``; others take none.
        grammar: In Lark, as ``carriers`` writes it.

    Returns:
        Fields beside those of OpenAI, or None where the server takes no grammar.

    Raises:
        ValueError: See ``gbnf``.
    """
    match software:
        case "vllm":
            return {"structured_outputs": {"grammar": gbnf(grammar)}}
        case "llamacpp":
            return {"grammar": gbnf(grammar)}
        case "sglang":
            return {"ebnf": gbnf(grammar)}
        case _:
            return None


def gbnf(lark: str) -> str:
    """Translate a grammar of carriers: one rule a line, of literals, names, groups, ``|`` and ``?``.

    Raises:
        ValueError: The grammar has more than that.
    """
    rules = [_RULE.fullmatch(line) for line in lark.splitlines() if line.strip()]
    return "".join(f"{_name(_found(rule)[1])} ::= {_body(_found(rule)[2])}\n" for rule in rules)


def _body(body: str) -> str:
    # Lark writes the empty text as nothing, where GBNF would go on with the next line.
    return " ".join(_tokens(body)) or '""'


def _tokens(body: str) -> Iterator[str]:
    at = 0
    while at < len(body):
        token = _found(_TOKEN.match(body, at))
        at = token.end()
        if token["name"]:
            yield _name(token["name"])
        elif not token[0].isspace():
            yield token[0]


def _found(match: re.Match[str] | None) -> re.Match[str]:
    if match is None:
        raise ValueError("the grammar has something that carriers do not need")
    return match


def _name(rule: str) -> str:
    return "root" if rule == "start" else rule.replace("_", "-")
