"""The command that answers questions about one record."""

import contextlib
import json
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from reportgen.cli_options import ENGINE, JSON, READ, open_engine, option, read_options
from reportgen.cli_out import ascii_only, flush, print_json, print_lines, say
from reportgen.errors import UsageError

if TYPE_CHECKING:
    from reportgen.desk.ask import Asked

__all__ = ["ask"]

#: Bytes of a line that are read at most; a question that long is refused anyway.
_MOST = 10_000


@click.command()
@click.argument("case")
@click.argument("question", required=False)
@READ
@ENGINE
@JSON
@option("--interactive", is_flag=True, help="Answer questions from standard input, one a line.")
def ask(case: str, question: str | None, as_json: bool, interactive: bool, **chosen: Any) -> None:
    """Answer QUESTION from the record of CASE: an input, or the folder OUT/CASE_ID of a finished report.

    Only what the record holds is told, each sentence with the facts it rests on; else "The record does not
    say." No background knowledge, no opinion, no advice. Nothing of a question is kept.
    """
    if interactive == (question is not None):
        raise UsageError(
            "Give one QUESTION, or --interactive.", 'Such as: reportgen ask case.json "What is the HC?"'
        )
    if interactive and case == "-":
        raise UsageError(
            "Standard input cannot hold both the case and the questions.", "Give the case as a file."
        )
    from reportgen.desk.ask import Asked, reply_lines

    with contextlib.closing(open_engine(chosen)) as engine:
        asked = Asked(
            case,
            chosen["domain"],
            chosen["settings"],
            read_options(chosen),
            engine=engine,
            lang=chosen["lang"],
        )
        if question is not None:
            reply = asked.ask(question)
            print_json(reply.plain()) if as_json else print_lines(reply_lines(reply))
            return
        for line in _typed():
            if line.casefold() in {"quit", "exit"}:
                return
            _answer(asked, line, as_json=as_json)


def _answer(asked: "Asked", line: str, *, as_json: bool) -> None:
    from reportgen.desk.ask import reply_lines

    try:
        reply = asked.ask(line)
    except UsageError as error:
        say(f"reportgen: {error}")
        return
    print_lines([json.dumps(reply.plain(), ensure_ascii=ascii_only())] if as_json else reply_lines(reply))
    flush()


def _typed() -> Iterator[str]:
    """Lines of standard input; a person at a terminal is prompted. What is no text is passed over."""
    stream, person = sys.stdin.buffer, sys.stdin.isatty()
    if person:
        say('Ask about the record; "quit" or Ctrl-D ends.')
    while True:
        if person:
            print("? ", end="", file=sys.stderr, flush=True)
        data = stream.readline(_MOST)
        if not data:
            return
        rest = data
        while len(rest) == _MOST and not rest.endswith(b"\n"):
            rest = stream.readline(_MOST)
        try:
            yield data.decode("utf-8-sig").strip()
        except UnicodeDecodeError:
            say("reportgen: The question is not UTF-8. Type it anew.")
