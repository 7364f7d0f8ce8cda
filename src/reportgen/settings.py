"""What a site may configure beyond the options of one command: the parts of ``reportgen.toml`` that are
not options of a command, validated."""

import tomllib
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from reportgen.errors import UsageError

__all__ = ["Settings", "load_settings"]


class Settings(BaseModel):
    """Settings that shape reports.

    Attributes:
        timezone: IANA name; times without an offset are in it, and report times are printed in it.
        thresholds: Changes to the domain's thresholds, in the same shape.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    timezone: str = "UTC"
    thresholds: dict[str, dict[str, Any]] = {}

    @field_validator("timezone")
    @classmethod
    def _exists(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError("is not an IANA time zone such as Europe/Berlin") from None
        return value

    @property
    def zone(self) -> ZoneInfo:
        """The time zone as an object."""
        return ZoneInfo(self.timezone)


def load_settings(path: Path | None) -> tuple[Settings, dict[str, Any]]:
    """Read ``reportgen.toml``: ``[report]`` is settings, ``[run]`` and others are options of commands.

    Args:
        path: The file, or None for the defaults.

    Returns:
        The settings, and the option tables for the command line by command name.

    Raises:
        UsageError: The file is missing, is not TOML, or holds a setting that does not exist.
    """
    if path is None:
        return Settings(), {}
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise UsageError(f"There is no configuration file {path}.", "Check --config.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not TOML: {error}", "Correct it.") from None
    try:
        settings = Settings.model_validate(tables.pop("report", {}))
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{path}, [report] {field}: {first['msg']}.", "Correct or remove it.") from None
    wrong = [name for name, table in tables.items() if not isinstance(table, dict)]
    if wrong:
        raise UsageError(
            f"{path}: '{wrong[0]}' stands outside a table.", "Put it under [report], [run] or a command."
        )
    return settings, tables
