"""The options of the command line, which also come from ``reportgen.toml`` and the environment."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reportgen.errors import UsageError

if TYPE_CHECKING:
    from reportgen.engines import Engine
    from reportgen.read import ReadOptions

__all__ = [
    "CONTEXT",
    "DEVICES",
    "DOMAIN",
    "ENGINE",
    "JSON",
    "PRECISIONS",
    "READ",
    "Folder",
    "format_names",
    "open_engine",
    "option",
    "read_options",
    "typed",
]

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100, "show_default": True}
DEVICES = ("auto", "cuda", "cpu")
PRECISIONS = ("int8", "bf16", "fp32", "nf4")
_SHAPES = (
    "native", "fada_chatbot", "fada_web", "fada_android", "huggingface", "timm", "fetal_planes_db",
)  # fmt: skip


class _Option(click.Option):
    """An option that also comes from ``REPORTGEN_<COMMAND>_<NAME>``, else ``REPORTGEN_<NAME>``."""

    def resolve_envvar_value(self, ctx: click.Context) -> str | None:
        flag = next(flag for flag in self.opts if flag.startswith("--"))
        name = flag.lstrip("-").replace("-", "_").upper()
        return (
            os.environ.get(f"{ctx.auto_envvar_prefix}_{name}") or os.environ.get(f"REPORTGEN_{name}") or None
        )


class Folder(click.Path):
    """A folder to write into. An empty name, as of an unset variable, would be the working folder."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Refuse an empty name."""
        if not value:
            self.fail("The name of the folder is empty.", param, ctx)
        return super().convert(value, param, ctx)


def format_names(text: str) -> tuple[str, ...]:
    """The formats in a comma-separated list.

    Raises:
        UsageError: There is none.
    """
    names = tuple(name.strip().lower() for name in text.split(",") if name.strip())
    if not names:
        raise UsageError("--format names no format.", "Give at least one, such as json.")
    return names


def typed(arguments: list[str] | None) -> list[str]:
    """What stands after ``reportgen``, as it was typed if None is given.

    Windows' shells expand nothing, so a home folder (``~``) is expanded here; and patterns by who reads the
    inputs. Else click would do it: of ``results\\*`` it would name each picture as an input, and a name with
    ``$`` or ``%`` in it would become another.
    """
    if arguments is None:
        arguments = sys.argv[1:]
        if sys.platform == "win32":
            arguments = [os.path.expanduser(one) for one in arguments]  # noqa: PTH111 - most are no paths
    return arguments


def option(*names: str, **settings: Any) -> Callable[[Any], Any]:
    """As ``click.option``, for an option that the environment can set."""
    return click.option(*names, cls=_Option, **settings)


def _options(*options: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def add(command: Any) -> Any:
        for decorate in reversed(options):
            command = decorate(command)
        return command

    return add


def _configure(ctx: click.Context, _: click.Parameter, value: str | None) -> Any:
    """Read the configuration before the other options, which it gives defaults to."""
    from reportgen.desk import options

    settings, tables, used = options.load(Path(value) if value else None)
    if used is not None:
        command = ctx.command_path.split(" ", 1)[1].replace(" ", "-")
        lists = {flag.lstrip("-") for one in ctx.command.params if _repeats(one) for flag in one.opts}
        given = options.defaults(used, tables, command, _configurable(_root(ctx)), lists)
        names = {flag.lstrip("-"): param.name for param in ctx.command.params for flag in param.opts}
        ctx.default_map = {str(names[key]): value for key, value in given.items()}
        ctx.meta["config"] = used
    return settings


def _repeats(param: click.Parameter) -> bool:
    return isinstance(param, click.Option) and param.multiple


def _root(ctx: click.Context) -> click.Group:
    command = ctx.find_root().command
    assert isinstance(command, click.Group)
    return command


def _configurable(group: click.Group, prefix: str = "") -> dict[str, set[str]]:
    """By command the options that may stand in a configuration file."""
    known: dict[str, set[str]] = {}
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            known |= _configurable(command, f"{prefix}{name}-")
        else:
            params = [
                one for one in command.params if isinstance(one, click.Option) and one.name != "settings"
            ]
            known[prefix + name] = {
                flag.lstrip("-") for one in params for flag in one.opts if flag[:2] == "--"
            }
    return known


CONFIG = option(
    "--config", "settings", is_eager=True, callback=_configure, metavar="FILE",
    help="Options from a file; reportgen.toml in the working folder is used by itself.",
)  # fmt: skip
DOMAIN = option("--domain", default="fetal_ultrasound", metavar="NAME|DIR", help="What the images are of.")
LANG = option(
    "--lang",
    metavar="LANG",
    help="Language of the report, such as de or ar; by default the domain's own, English.",
)
JSON = option("--json", "as_json", is_flag=True, help="Print JSON.")
READ = _options(
    CONFIG,
    DOMAIN,
    LANG,
    option("--images", type=click.Path(file_okay=False, exists=True), metavar="DIR",
            help="Folder of the pictures, instead of the input's own."),
    option("--group-by", default="file", metavar="file|folder|COLUMN",
            help="What makes one case of foreign results."),
    option("--input-format", default="auto", metavar="auto|NAME", type=click.Choice(["auto", *_SHAPES]),
            help=f"Shape of the inputs: {', '.join(_SHAPES)}."),
    option("--confidence-scale", default="auto", type=click.Choice(["auto", "fraction", "percent"]),
            help="What confidences are; by default the shape decides."),
)  # fmt: skip
ENGINE = _options(
    option("--model", default="auto", metavar="auto|PRESET|HUB_ID|DIR",
            help="Who writes; auto is MedGemma where it can run, else the deterministic text. With a server: "
            "the model's name there, or auto for its only one."),
    option("--engine", type=click.Choice(["transformers", "openai", "template"]),
            help="How; openai asks a server, template is the deterministic text and needs no model."),
    option("--server", metavar="URL",
            help="Base address of a server with OpenAI's interface, such as http://localhost:8000/v1."),
    option("--api-key-file", type=click.Path(dir_okay=False, exists=True), metavar="FILE",
            help="Holds the server's key; without it, the variable OPENAI_API_KEY does."),
    option("--device", default="auto", type=click.Choice(DEVICES),
            help="Where the model runs."),
    option("--precision", type=click.Choice(PRECISIONS),
            help="Of the weights; by default the model's own."),
    option("--batch-size", default="auto", metavar="auto|N",
            help="Prompts written at once; for a server, requests in flight (64)."),
    option("--cluster", type=click.Choice(["ray"]),
            help="Load the model on the nodes of a Ray cluster (RAY_ADDRESS) instead of here."),
    option("--workers", type=click.IntRange(1), metavar="N",
            help="How many there; by default one a GPU, or one a node."),
)  # fmt: skip


def read_options(chosen: dict[str, Any]) -> "ReadOptions":
    """What the options of ``READ`` say."""
    from reportgen.read import ReadOptions

    return ReadOptions(
        input_format=chosen["input_format"],
        confidence_scale=chosen["confidence_scale"],
        group_by=chosen["group_by"],
        images=Path(chosen["images"]) if chosen["images"] else None,
    )


def open_engine(chosen: dict[str, Any]) -> "Engine":
    """The engine that the options of ``ENGINE`` ask for.

    Raises:
        UsageError: An option has a value that it cannot have.
        EngineError: The engine cannot run.
    """
    from reportgen.engines import load_engine

    size = chosen["batch_size"]
    if size != "auto" and not str(size).isdecimal():
        raise UsageError("--batch-size is neither 'auto' nor a number.", "Give a whole number from 1.")
    return load_engine(
        chosen["model"],
        engine=chosen["engine"],
        device=chosen["device"],
        precision=chosen["precision"],
        batch_size=None if size == "auto" else int(size),
        cluster=chosen["cluster"],
        workers=chosen["workers"],
        server=chosen["server"],
        api_key_file=Path(chosen["api_key_file"]) if chosen["api_key_file"] else None,
    )
