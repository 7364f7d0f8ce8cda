"""A bill of materials: each package and the model, with version, licence and hash (CycloneDX 1.6, JSON)."""

import uuid
from datetime import datetime
from typing import Any
from urllib.parse import quote

from reportgen.desk.bundle.wheels import Wheel
from reportgen.files import canonical_json

__all__ = ["bill"]

_LICENCE = "License :: "


def bill(made: datetime, needs: dict[Wheel, list[Wheel]], model: dict[str, Any]) -> dict[str, Any]:
    """The bill of a bundle, as its JSON holds it.

    Args:
        made: When the bundle was made.
        needs: Each wheel with those that it needs; the program itself first.
        model: A component of its own.
    """
    own = next(iter(needs))
    components = [model, *(_package(one) for one in needs)]
    graph = [{"ref": _purl(one), "dependsOn": sorted(map(_purl, needed))} for one, needed in needs.items()]
    main = {"type": "application", "bom-ref": "bundle", "name": "reportgen-bundle", "version": own.version}
    graph.insert(0, {"ref": "bundle", "dependsOn": [_purl(own), model["bom-ref"]]})
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": uuid.uuid5(uuid.NAMESPACE_URL, canonical_json(components).decode()).urn,
        "version": 1,
        "metadata": {"timestamp": made.isoformat(timespec="seconds"), "component": main},
        "components": components,
        "dependencies": graph,
    }


def _purl(wheel: Wheel) -> str:
    return f"pkg:pypi/{wheel.name}@{quote(wheel.version, safe='')}"


def _package(wheel: Wheel) -> dict[str, Any]:
    said = wheel.metadata
    found = {
        "type": "library",
        "bom-ref": _purl(wheel),
        "name": wheel.name,
        "version": wheel.version,
        "description": said["Summary"],
        "licenses": _licences(wheel),
        "hashes": [{"alg": "SHA-256", "content": wheel.sha256}],
        "purl": _purl(wheel),
    }
    return {key: value for key, value in found.items() if value}


def _licences(wheel: Wheel) -> list[dict[str, Any]]:
    """As the package states it: an SPDX expression, else a name, else what its classifiers say."""
    if expression := wheel.metadata["License-Expression"]:
        return [{"expression": expression}]
    # Older packages put the whole text there.
    if (name := (wheel.metadata["License"] or "").strip()) and "\n" not in name and len(name) < 100:
        return [{"license": {"name": name}}]
    classifiers = [one for one in wheel.metadata.get_all("Classifier", []) if one.startswith(_LICENCE)]
    return [{"license": {"name": one.rpartition(" :: ")[2]}} for one in classifiers]
