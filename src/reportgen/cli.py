"""The command line: parses, calls, prints, and returns an exit code. stdout is data, stderr is for people.

Everything heavy is imported by the command that needs it, so that ``--help`` answers at once.
"""

import contextlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reportgen.cli_ask import ask
from reportgen.cli_compare import compare
from reportgen.cli_doctor import doctor
from reportgen.cli_model import model
from reportgen.cli_options import (
    CONFIG,
    CONTEXT,
    DOMAIN,
    ENGINE,
    JSON,
    READ,
    Folder,
    format_names,
    open_engine,
    option,
    read_options,
    typed,
)
from reportgen.cli_out import (
    StdoutError,
    ascii_only,
    bug,
    by_click,
    flush,
    print_json,
    print_lines,
    ready_streams,
    say,
    stdout_lost,
)
from reportgen.cli_stores import cache
from reportgen.errors import ExitCode, ReportgenError

if TYPE_CHECKING:
    from reportgen.desk.look import Desk
    from reportgen.settings import Settings

__all__ = ["cli", "main"]


def _version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        from reportgen.assemble import software_version

        print(software_version())
        ctx.exit()


@click.group(context_settings={**CONTEXT, "auto_envvar_prefix": "REPORTGEN"})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Print the version."
)
def cli() -> None:
    """Checked draft reports from ultrasound view classifications.

    The evidence supplies every fact, the model supplies only words. Every option can also be set in
    reportgen.toml or as REPORTGEN_<OPTION>.

    Exit codes: 0 all done; 1 a bug; 2 wrong usage or nothing to do; 3 some inputs rejected or failed;
    4 the model cannot run; 6 an integrity check failed; 130 interrupted.
    """


@cli.command()
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@option("-o", "--output", required=True, type=Folder(), metavar="OUT", help="Folder for the reports.")
@option("--format", "formats", default="txt,pdf", metavar="LIST", help="List of txt, pdf, html and json.")
@READ
@ENGINE
@option("--jobs", default=1, type=click.IntRange(1, 256), help="Processes that finish and print reports.")
@option("--shard", metavar="I/N", help="Do part I of N, by case id; `merge` puts the parts together.")
@option("--limit", type=click.IntRange(1), metavar="N", help="At most N cases, the first in sorted order.")
@option("--max-failures", type=click.IntRange(1), metavar="N", help="Stop after N rejected or failed cases.")
@option("--force", is_flag=True, help="Make again what is already made.")
@option("--no-cache", is_flag=True, help="Take no passage from this machine's cache, and keep none.")
@option("--dry-run", is_flag=True, help="Read everything, print what would be done, write nothing.")
@option("--quiet", is_flag=True, help="Say only what goes wrong.")
@option("--log-json", is_flag=True, help="One JSON object a line on stderr.")
@click.pass_context
def run(ctx: click.Context, /, inputs: tuple[str, ...], output: str, **chosen: Any) -> int:
    """Make the reports of INPUT...: files, folders, patterns, or - for standard input.

    The same command again does only what is not done yet, also after an interruption.
    """
    from reportgen.batch import Order, Shard, run_batch, voice

    speaker = voice(quiet=chosen["quiet"], log_json=chosen["log_json"])
    if used := ctx.meta.get("config"):
        speaker.say("config", f"options from {used}", file=str(used))
    order = Order(
        inputs=inputs,
        out=Path(output),
        formats=format_names(chosen["formats"]),
        domain=chosen["domain"],
        lang=chosen["lang"],
        settings=chosen["settings"],
        read=read_options(chosen),
        jobs=chosen["jobs"],
        shard=Shard.parse(chosen["shard"]) if chosen["shard"] else None,
        limit=chosen["limit"],
        max_failures=chosen["max_failures"],
        force=chosen["force"],
        cache=not chosen["no_cache"],
        dry_run=chosen["dry_run"],
        plan=(lambda does, row: print_lines([f"{does:<6}  {row.case_id or row.file}"]))
        if chosen["dry_run"]
        else None,
    )
    return run_batch(order, lambda: open_engine(chosen), speaker).exit_code


@cli.command()
@click.argument("folder", metavar="OUT", type=click.Path())
@JSON
def merge(folder: str, as_json: bool) -> int:
    """Put the parts of OUT, made with --shard, together, once nothing is missing or double."""
    from reportgen.batch import counted, merge_parts

    whole = merge_parts(Path(folder))
    print_json(whole.plain()) if as_json else print_lines(counted(whole))
    return whole.exit_code


@cli.command()
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@READ
@JSON
def validate(inputs: tuple[str, ...], as_json: bool, **chosen: Any) -> int:
    """Read INPUT... and say of each case whether it can be used."""
    from reportgen.desk.validate import validate as look

    refused = 0
    for verdict in look(inputs, chosen["domain"], read_options(chosen), chosen["lang"]):
        refused += not verdict.valid
        print_lines([json.dumps(verdict.plain(), ensure_ascii=ascii_only()) if as_json else verdict.line()])
    return ExitCode.REJECTED if refused else ExitCode.DONE


@cli.command()
@click.argument("case")
@READ
@JSON
def facts(case: str, as_json: bool, **chosen: Any) -> None:
    """Print what the evidence of CASE says, with the slots that stand for it in a draft."""
    from reportgen.desk import look

    desk = _desk(case, chosen)
    print_json(look.facts_json(desk.facts)) if as_json else print_lines(look.facts_lines(desk.facts))


@cli.command()
@click.argument("case")
@READ
@JSON
def prompt(case: str, as_json: bool, **chosen: Any) -> None:
    """Print each prompt of CASE with the map of its slots."""
    from reportgen.desk import look

    desk = _desk(case, chosen)
    print_json(look.prompts_json(desk)) if as_json else print_lines(look.prompts_lines(desk))


@cli.command()
@click.argument("case")
@READ
@ENGINE
def draft(case: str, **chosen: Any) -> None:
    """Print the draft of CASE as the engine writes it, unchecked, with slots."""
    from reportgen.desk import look

    desk = _desk(case, chosen)
    with contextlib.closing(open_engine(chosen)) as engine:
        print_lines([look.draft(desk, engine).rstrip("\n")])


@cli.command()
@click.argument("case")
@click.argument("draft_file", metavar="DRAFT")
@READ
@JSON
def check(case: str, draft_file: str, as_json: bool, **chosen: Any) -> int:
    """Check DRAFT (a file, or - for standard input) against the facts of CASE."""
    from reportgen.desk import look

    text = look.read_draft(draft_file, sys.stdin.buffer.read() if draft_file == "-" else None)
    verdict = _desk(case, chosen).check(text)
    print_json(verdict.plain()) if as_json else print_lines(look.check_lines(verdict))
    return ExitCode.DONE if verdict.accepted else ExitCode.REJECTED


@cli.command()
@click.argument("folder", metavar="OUT/CASE_ID", type=click.Path())
@CONFIG
@option("--format", "formats", required=True, metavar="LIST", help="List of txt, pdf, html and json.")
@option("-o", "--output", required=True, type=Folder(file_okay=False), metavar="DIR", help="Where to.")
def export(folder: str, settings: "Settings", formats: str, output: str) -> None:
    """Print a report again, in other formats, from its report.json; no model is needed."""
    from reportgen.batch.folder import export_again

    made = export_again(Path(folder), format_names(formats), Path(output), settings.institution)
    print_lines(map(str, made))


@cli.command()
@click.argument("folder", metavar="OUT", type=click.Path())
@CONFIG
@DOMAIN
@JSON
def verify(folder: str, settings: "Settings", domain: str, as_json: bool) -> int:
    """Read the reports in OUT again: whether they still say what their records hold. Writes nothing."""
    from reportgen.desk import verify as look

    for one in look.verify(Path(folder), domain, settings.institution.templates):
        print_lines([json.dumps(one.plain(), ensure_ascii=ascii_only()) if as_json else one.line()])
    return ExitCode.INTEGRITY if isinstance(one, look.Verified) and one.faults else ExitCode.DONE


@cli.command()
@click.argument("name")
def schema(name: str) -> None:
    """Print the JSON Schema NAME: case, facts, check, report, summary or comparison."""
    from reportgen.schemas import schema_text

    print_lines([schema_text(name).rstrip("\n")])


cli.add_command(doctor)
cli.add_command(model)
cli.add_command(cache)
cli.add_command(ask)
cli.add_command(compare)


@cli.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print what SHELL needs to complete commands and options."""
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    assert found is not None
    print_lines([found(cli, {}, "reportgen", "_REPORTGEN_COMPLETE").source()])


def _desk(case: str, chosen: dict[str, Any]) -> "Desk":
    from reportgen.desk.look import Desk

    return Desk(case, chosen["domain"], chosen["settings"], read_options(chosen), chosen["lang"])


def main(arguments: list[str] | None = None) -> int:
    """Run the program; its exit code. Here, and here only, anything that goes wrong is caught.

    Args:
        arguments: As typed after ``reportgen``; those of the process if None.
    """
    ready_streams()
    try:
        code = cli.main(typed(arguments), prog_name="reportgen", standalone_mode=False)
        flush()
    except StdoutError as error:
        return stdout_lost(error.__cause__)
    except SystemExit as leaving:  # click's own answer to a closed pipe
        return stdout_lost() if leaving.code == 1 else int(leaving.code or 0)
    except click.ClickException as error:
        error.show(sys.stderr)  # else click takes ASCII for a mistake, and prints UTF-8
        return ExitCode.USAGE
    except (click.Abort, KeyboardInterrupt):
        say("Interrupted.")
        return ExitCode.INTERRUPTED
    except ReportgenError as error:
        say(f"reportgen: {error}")
        return error.code
    except Exception as error:  # noqa: BLE001 - the door: what comes here is a bug of ours
        return stdout_lost(error) if by_click(error) else bug(error)
    return int(code or 0)
