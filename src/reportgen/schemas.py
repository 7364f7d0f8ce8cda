"""The JSON Schemas of what goes in and comes out, generated from the nouns.

``python -m reportgen.schemas`` writes them into ``schemas/``; a test fails when they lag.
"""

import sys
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from reportgen import resources
from reportgen.batch.summary import Summary
from reportgen.desk.compare.noun import Comparison
from reportgen.errors import UsageError
from reportgen.files import pretty_json, write_file
from reportgen.nouns import Case, Check, Facts, Report

__all__ = ["NAMES", "schema_text", "schemas"]

_NOUNS: dict[str, type[BaseModel]] = {
    "case": Case,
    "check": Check,
    "comparison": Comparison,
    "facts": Facts,
    "report": Report,
    "summary": Summary,
}
NAMES = tuple(_NOUNS)
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schemas() -> dict[str, bytes]:
    """Each schema by name, as it lies in ``schemas/<name>.json``."""
    return {name: pretty_json(_schema(name)) for name in NAMES}


def _schema(name: str) -> dict[str, Any]:
    schema = _NOUNS[name].model_json_schema(by_alias=True)
    if name == "facts":  # printed with each fact's slot, which the noun derives from the id
        fact = schema["$defs"]["Fact"]
        fact["properties"]["slot"] = {"pattern": r"^\[\[F[1-9][0-9]*\]\]$", "title": "Slot", "type": "string"}
        fact["required"] = [*fact["required"], "slot"]
    if "schema" in schema["properties"]:
        schema["required"] = ["schema", *schema["required"]]
    return {"$schema": _DIALECT, **schema}


def schema_text(name: str) -> str:
    """One schema as shipped.

    Raises:
        UsageError: There is none of that name.
    """
    if name not in NAMES:
        raise UsageError(f"There is no schema '{name}'.", f"Use one of: {', '.join(NAMES)}.")
    return (resources.folder("schemas") / f"{name}.json").read_text("utf-8")


def write(folder: Path) -> None:
    """Write all schemas into a folder."""
    for name, data in schemas().items():
        write_file(folder / f"{name}.json", data)


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else resources.folder("schemas"))
