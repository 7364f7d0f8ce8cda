"""The command that looks whether everything is here."""

from typing import TYPE_CHECKING, Any

import click

from reportgen.cli_options import JSON, option
from reportgen.cli_out import print_json, print_lines
from reportgen.errors import ExitCode, ReportgenError

if TYPE_CHECKING:
    from reportgen.desk.doctor import Meant

__all__ = ["doctor"]

_ASKED = ("model", "engine", "device", "precision", "cluster", "domain", "lang", "settings")


@click.command()
@option("--model", metavar="auto|PRESET|HUB_ID|DIR", help="Who is meant to write.")
@option("--engine", type=click.Choice(["transformers", "openai", "template"]), help="How.")
@option("--device", type=click.Choice(["auto", "cuda", "cpu"]), help="Where.")
@option("--precision", type=click.Choice(["int8", "bf16", "fp32", "nf4"]), help="Of the weights.")
@option("--config", metavar="FILE", help="Instead of reportgen.toml in the working folder.")
@option(
    "--deep", is_flag=True, help="Also load PyTorch and compute, on the GPU and in 8 bits: up to minutes."
)
@JSON
@click.pass_context
def doctor(ctx: click.Context, /, deep: bool, as_json: bool, **asked: str | None) -> int:
    """Look whether everything is here that `run` would need, and say what to type where it is not.

    What is not given is as `run` would have it here, by reportgen.toml and the environment. "fail" is what
    `run` would stumble over: what keeps every report from being made, and if a model is named, what keeps it
    from writing; the exit code is 4 then. All else is "warn". Nothing is downloaded; where weights are to be
    fetched, the hub is asked whether it would give them, unless HF_HUB_OFFLINE is set.
    """
    from reportgen.desk import doctor as look

    findings = look.doctor(_meant(ctx, asked), deep=deep)
    print_json(look.plain(findings)) if as_json else print_lines(look.lines(findings))
    return ExitCode.ENGINE if any(one.state == "fail" for one in findings) else ExitCode.DONE


def _meant(ctx: click.Context, asked: dict[str, str | None]) -> "Meant":
    """What `run` would be asked for here, and with these options."""
    from reportgen.desk.doctor import Meant

    group = ctx.find_root().command
    assert isinstance(group, click.Group)
    typed = [word for name, value in asked.items() if value for word in (f"--{name}", value)]
    try:
        run = group.commands["run"].make_context("run", ["-o", ".", *typed, "-"], parent=ctx.parent)
    except ReportgenError as error:
        fault = (error.problem, error.cure)
    except click.ClickException as error:
        fault = (error.format_message(), "Correct it in reportgen.toml, or in the variable that holds it.")
    else:
        chosen: dict[str, Any] = {name: run.params[name] for name in _ASKED}
        return Meant(used=run.meta.get("config"), **chosen)
    return Meant(
        model=asked["model"] or "auto",
        engine=asked["engine"],
        device=asked["device"] or "auto",
        precision=asked["precision"],
        fault=fault,
    )
