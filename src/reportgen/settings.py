"""What a site may configure beyond the options of one command: the parts of ``reportgen.toml`` that are
not options of a command, validated."""

import tomllib
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, ValidationError

from reportgen.errors import UsageError
from reportgen.institution import Institution

__all__ = ["Settings", "load_settings"]

Model = TypeVar("Model", bound=BaseModel)


class Settings(BaseModel):
    """Settings that shape reports.

    Attributes:
        thresholds: Changes to the domain's thresholds, in the same shape.
        institution: Whose reports they are.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    thresholds: dict[str, dict[str, Any]] = {}
    institution: Institution = Institution()

    @property
    def zone(self) -> ZoneInfo:
        """The time zone as an object."""
        return ZoneInfo(self.institution.timezone)


def load_settings(path: Path | None) -> tuple[Settings, dict[str, Any]]:
    """Read ``reportgen.toml``: ``[report]`` and ``[institution]`` are settings, ``[run]`` and others are
    options of commands. Paths in it are relative to the working folder.

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
        tables = tomllib.loads(path.read_text("utf-8-sig"))  # some editors of Windows write a mark
    except FileNotFoundError:
        raise UsageError(f"There is no configuration file {path}.", "Check --config.") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({type(error).__name__}).", "Check --config.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not TOML: {error}", "Correct it.") from None
    report = _validated(Settings, tables.pop("report", {}), f"{path}, [report]")
    if "institution" in report.model_fields_set:
        raise UsageError(f"{path}: there is no table [report.institution].", "Call it [institution].")
    if "institution" in tables:
        institution = _validated(Institution, tables.pop("institution"), f"{path}, [institution]")
        report = report.model_copy(update={"institution": institution})
    wrong = [name for name, table in tables.items() if not isinstance(table, dict)]
    if wrong:
        raise UsageError(
            f"{path}: '{wrong[0]}' stands outside a table.", "Put it under [report], [run] or a command."
        )
    return report, tables


def _validated(model: type[Model], table: Any, place: str) -> Model:
    try:
        return model.model_validate(table)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        message = first["msg"].removeprefix("Value error, ")
        raise UsageError(f"{place} {field}: {message}.", "Correct or remove it.") from None
