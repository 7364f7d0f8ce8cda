"""Writes docs/cli.md from the program's own help: ``python docs/generate.py``. A test fails when it lags."""

from collections.abc import Iterator
from pathlib import Path

import click

from reportgen.cli import cli

HEAD = """\
# Commands

Made from the program's own help by `python docs/generate.py`; do not edit.

**Where options come from**, the first that says something: the command line; the environment, as
`REPORTGEN_RUN_FORMAT` for `run --format` or `REPORTGEN_FORMAT` for `--format` of every command; a
configuration file; the default. The configuration file is the one given with `--config`, else
`reportgen.toml` in the working folder; the program says when it uses one. Each command has a table, and
`[institution]` and `[report]` hold what shapes reports on this site:

```toml
[institution]                   # all of it may be left out
name = "Example University Hospital"
address = '''
Department of Obstetrics
1 Example Street, 12345 Exampletown'''
logo = "logo.svg"               # of PDF and page: PNG; SVG with pip install 'reportgen[svg]'
letterhead = true               # false where the paper has one: no name, address and logo
paper = "A4"                    # or "Letter"
timezone = "Europe/Berlin"      # of times without an offset, and of the times printed; UTC by default
date_format = "DD.MM.YYYY"      # or "D MMM YYYY" (the default), "DD/MM/YYYY", "MM/DD/YYYY", "YYYY-MM-DD"
footer = "Example University Hospital, Exampletown"
disclaimer = "For use within this hospital only."     # printed after the limits
colour = "#16365c"              # of headings and rules; dark enough to be read on white
templates = "our-templates"     # folder with report.txt.jinja and the like, in place of the domain's
fonts = "our-fonts"             # TrueType fonts for scripts that the shipped ones lack (fonts.md)

[report.thresholds.recognised]  # thresholds of the domain, as its domain.yaml names them
score = 0.75

[run]
output = "reports"
format = ["txt", "pdf"]
model = "medgemma-4b-it"
```

Names of files and folders in it are relative to the working folder. A table or an option that does not
exist is an error.

**Other variables.** `REPORTGEN_CACHE_DIR`: where passages already written and converted models lie.
`REPORTGEN_FONTS`: folder of fonts where no `[institution] fonts` is given ([fonts.md](fonts.md)).
`SOURCE_DATE_EPOCH`: seconds since 1970 that stand for the present, so that equal runs give equal bytes.
`OPENAI_API_KEY`: the key of the server after `--server`, if it wants one ([servers.md](servers.md)).
`REPORTGEN_DEBUG=1`: show the whole traceback of a bug; it may hold values of the input.

**Output.** stdout is data, stderr is for people: a bar on a terminal, plain lines elsewhere, with
`--log-json` one JSON object a line. Exit codes: [errors.md](errors.md).

**Shell completion.** `reportgen completion bash` (or zsh, fish) prints what the shell needs: for bash put
`eval "$(reportgen completion bash)"` into `~/.bashrc`, for zsh the same with zsh into `~/.zshrc`; for fish,
`reportgen completion fish > ~/.config/fish/completions/reportgen.fish`.
"""


def page() -> str:
    """The page as it should be."""
    return HEAD + "".join(f"\n## {name}\n\n```\n{text}\n```\n" for name, text in _helps(cli, "reportgen"))


def _helps(
    command: click.Command, name: str, parent: click.Context | None = None
) -> Iterator[tuple[str, str]]:
    # the settings of the group would be taken over; a terminal's width must not matter
    context = click.Context(
        command, info_name=name.rpartition(" ")[2], parent=parent, terminal_width=100, max_content_width=100,
        show_default=True, help_option_names=["-h", "--help"],
    )  # fmt: skip
    yield name, command.get_help(context)
    if isinstance(command, click.Group):
        for child in sorted(command.commands):
            yield from _helps(command.commands[child], f"{name} {child}", context)


if __name__ == "__main__":
    (Path(__file__).parent / "cli.md").write_text(page(), "utf-8", newline="\n")
