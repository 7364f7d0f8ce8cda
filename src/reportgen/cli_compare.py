"""The command that compares models, precisions and prompts over the same cases."""

from pathlib import Path
from typing import Any

import click

from reportgen.cli_options import DEVICES, JSON, PRECISIONS, READ, Folder, option, read_options
from reportgen.cli_out import flush, print_json, print_lines, say

__all__ = ["compare"]


@click.command()
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@option("-o", "--output", required=True, type=Folder(), metavar="DIR", help="Folder for the comparison.")
@option("--with", "named", multiple=True, metavar="MODEL[:PRECISION][,KEY=VALUE...]",
        help="One to compare: a preset, a Hub id or a folder; 'template' is the fixed sentences. "
        "Keys: name, device, engine, server, api_key_file, domain, batch_size.")  # fmt: skip
@option("--plan", type=click.Path(dir_okay=False, exists=True), metavar="FILE",
        help="TOML with a table [[contestant]] for each: the same keys, model, precision.")  # fmt: skip
@READ
@option("--device", type=click.Choice(DEVICES), help="Of those that name none; auto as for `run`.")
@option("--precision", type=click.Choice(PRECISIONS), help="Of those that name none.")
@option("--batch-size", type=click.IntRange(1), metavar="N", help="Of those that name none.")
@option("--limit", type=click.IntRange(1), metavar="N", help="At most N cases, the first in sorted order.")
@option("--portion", type=click.IntRange(1), metavar="N",
        help="Cases written together; by default a tenth of them, at most 100.")  # fmt: skip
@option("--seed", default=1, type=int, help="Of the order of cases, and of the bootstrap.")
@option("--machine", metavar="NAME", help="What the outputs call this machine, instead of its own name.")
@option("--quiet", is_flag=True, help="Say only what goes wrong.")
@JSON
def compare(inputs: tuple[str, ...], output: str, as_json: bool, quiet: bool, **chosen: Any) -> int:
    """Have models, precisions or prompts write the same cases, and compare speed, memory and words.

    Each has a process of its own, one after the other, and none uses the cache of passages. Prints the
    comparison, and writes it into DIR as comparison.json, comparison.html and comparison.pdf. No output names
    a patient, a file or a user.
    """
    from reportgen.desk import compare as desk
    from reportgen.moments import interruptible

    order = desk.Order(
        inputs=inputs,
        out=Path(output),
        contestants=desk.contestants(
            chosen["named"],
            Path(chosen["plan"]) if chosen["plan"] else None,
            device=chosen["device"],
            precision=chosen["precision"],
            batch_size=chosen["batch_size"],
        ),
        domain=chosen["domain"],
        lang=chosen["lang"],
        settings=chosen["settings"],
        read=read_options(chosen),
        limit=chosen["limit"],
        portion=chosen["portion"],
        seed=chosen["seed"],
        machine=chosen["machine"],
    )
    with interruptible():
        done = desk.compare(order, (lambda _: None) if quiet else say, quiet=quiet)
        # A disk that is full by now costs the files and not the figures; a reader that left, the reverse.
        try:
            print_json(done.comparison.plain()) if as_json else print_lines(desk.lines(done.comparison))
            flush()
        finally:
            made = desk.write(done.comparison, order.out)
    if done.comparison.stopped:
        say("Interrupted: what had finished is kept.")
    if not quiet:
        say("\n".join(map(str, made)))
    return done.exit_code
