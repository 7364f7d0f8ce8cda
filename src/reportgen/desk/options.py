"""``reportgen.toml`` as the command line needs it: settings, and defaults for a command's options."""

import difflib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from reportgen.errors import UsageError
from reportgen.settings import Settings, load_settings

__all__ = ["CONFIG", "defaults", "load"]

CONFIG = Path("reportgen.toml")


def load(path: Path | None) -> tuple[Settings, dict[str, Any], Path | None]:
    """Settings and option tables of the given file, else of ``reportgen.toml`` in the working folder.

    Returns:
        The settings, the tables by command, and the file that was used.
    """
    used = path or (CONFIG if CONFIG.is_file() else None)
    return *load_settings(used), used


def defaults(
    path: Path,
    tables: Mapping[str, Any],
    command: str,
    known: Mapping[str, Collection[str]],
    lists: Collection[str] = (),
) -> dict[str, Any]:
    """The defaults that a file gives for one command's options.

    Args:
        path: The file, for messages.
        tables: From ``load``.
        command: Its name, as typed; of ``model setup`` the table is ``[model-setup]``.
        known: Names of the options that may stand in the file, without dashes, by command.
        lists: Names of this command's options that may be given several times.

    Raises:
        UsageError: A table or an option in the file does not exist; also for other commands, since nobody
            would notice it otherwise.
    """
    for name, table in tables.items():
        if name not in known:
            raise UsageError(f"{path}: there is no table [{name}].", _meant(name, ["report", *known]))
        for key in table:
            if key.replace("_", "-") not in known[name]:
                raise UsageError(f"{path}, [{name}]: there is no option '{key}'.", _meant(key, known[name]))
    given = {key.replace("_", "-"): value for key, value in tables.get(command, {}).items()}
    return {key: _listed(value) if key in lists else _text(value) for key, value in given.items()}


def _text(value: Any) -> Any:
    """A list stands for the comma-separated text that the command line has."""
    return ",".join(map(str, value)) if isinstance(value, list) else value


def _listed(value: Any) -> Any:
    """One stands for a list of one."""
    return value if isinstance(value, list) else [value]


def _meant(name: str, known: Collection[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"Did you mean '{close[0]}'?" if close else f"Known: {', '.join(sorted(known))}."
