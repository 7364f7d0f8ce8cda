"""The commands on the passages that are kept on this machine."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reportgen.cli_options import JSON
from reportgen.cli_out import print_json, print_lines, say
from reportgen.errors import ExitCode

if TYPE_CHECKING:
    from reportgen.cache import Cache

__all__ = ["cache"]


@click.group()
def cache() -> None:
    """Passages that models have written: kept for equal evidence, checked again at each use."""


@cache.command()
@JSON
def info(as_json: bool) -> None:
    """Say where the cache lies and what is in it."""
    from reportgen.desk.passages import info_lines

    with _opened() as kept:
        found = kept.info()
    print_json(found.plain()) if as_json else print_lines(info_lines(found))


@cache.command()
def clear() -> None:
    """Forget all passages. Reports stay as they are."""
    with _opened() as kept:
        print_lines([f"{kept.clear():,} passages forgotten"])


@cache.command("export")
@click.argument("file", type=click.Path(dir_okay=False))
def export_(file: str) -> None:
    """Write all passages to FILE, for another machine."""
    from reportgen.desk.passages import export_passages

    with _opened() as kept:
        print_lines([f"{export_passages(kept, Path(file)):,} passages written"])


@cache.command("import")
@click.argument("file", type=click.Path(dir_okay=False))
def import_(file: str) -> int:
    """Take passages from FILE, which `cache export` wrote. What is already here stays."""
    from reportgen.desk.passages import import_passages

    with _opened() as kept:
        came = import_passages(kept, Path(file))
    print_lines([f"{came.read:,} read, {came.new:,} new, {len(came.refused):,} refused"])
    for number in came.refused[:20]:
        say(f"{file}, line {number}: no passage. It was left out.")
    return ExitCode.REJECTED if came.refused else ExitCode.DONE


@contextlib.contextmanager
def _opened() -> Iterator["Cache"]:
    from reportgen.cache import Cache, cache_path

    with contextlib.closing(Cache(cache_path())) as kept:
        yield kept
