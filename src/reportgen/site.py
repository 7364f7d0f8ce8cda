"""The domain as a site has it: its thresholds, its templates, and what it puts on its reports."""

import math
from pathlib import Path

from reportgen.domain import Domain
from reportgen.errors import UsageError
from reportgen.files import canonical_json, sha256
from reportgen.settings import Settings

__all__ = ["configured", "templated"]


def configured(domain: Domain, settings: Settings) -> Domain:
    """The domain with the site's thresholds, templates and presentation in place of its own.

    Raises:
        UsageError: A threshold that the domain does not have, since a misspelt one would have no effect; a
            folder without templates; a logo that cannot be printed.
    """
    domain = templated(domain, settings.institution.templates)
    presentation = {**domain.presentation, **settings.institution.presentation}
    domain = domain.model_copy(update={"presentation": presentation})
    for name, values in settings.thresholds.items():
        known = domain.thresholds.get(name)
        if not isinstance(known, dict):
            raise UsageError(
                f"There is no threshold '{name}' in the domain {domain.domain}.",
                "See 'thresholds' in its domain.yaml.",
            )
        allowed = {view.id for view in domain.views} if name == "per_view" else set(known)
        wrong = sorted(set(values) - allowed)
        if wrong:
            raise UsageError(f"There is no '{wrong[0]}' in the threshold '{name}'.", "Correct or remove it.")
        for state_name, inner in values.items() if name == "per_view" else [(name, values)]:
            _check_threshold(domain, name, state_name, inner)
    changed = {
        name: {**domain.thresholds.get(name, {}), **values} for name, values in settings.thresholds.items()
    }
    return domain.model_copy(update={"thresholds": {**domain.thresholds, **changed}}) if changed else domain


def templated(domain: Domain, folder: Path | None) -> Domain:
    """The domain with the templates of a folder in place of its own.

    Raises:
        UsageError: The folder holds none, or one that cannot be read.
    """
    if folder is None:
        return domain
    try:
        own = {
            name: path.read_text("utf-8")
            for name in domain.templates
            if (path := folder / domain.file_of(name)).is_file()
        }
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{folder}: a template cannot be read ({type(error).__name__}).", "Correct it."
        ) from None
    if not own:
        known = ", ".join(map(domain.file_of, domain.templates))
        raise UsageError(
            f"{folder} holds no template of the domain {domain.domain}.",
            f"Put one of these there, or remove [institution] templates: {known}.",
        )
    changed = {name: text for name, text in own.items() if text != domain.templates[name]}
    if not changed:
        return domain
    digest = sha256(canonical_json([domain.sha256, changed]))
    return domain.model_copy(update={"templates": {**domain.templates, **changed}, "sha256": digest})


def _check_threshold(domain: Domain, name: str, view: str, values: object) -> None:
    where = f"the threshold '{name}'" + (f" of '{view}'" if name == "per_view" else "")
    states = values.items() if name == "per_view" and isinstance(values, dict) else [(name, values)]
    for state_name, limits in states:
        known = domain.thresholds.get(state_name)
        if not isinstance(limits, dict) or not isinstance(known, dict) or set(limits) - set(known):
            raise UsageError(f"There is no such value in {where}.", "Correct or remove it.")
        for key, limit in limits.items():
            fraction = isinstance(known[key], float)
            number = isinstance(limit, int | float) and not isinstance(limit, bool) and math.isfinite(limit)
            if not number or limit < 0 or (fraction and limit > 1):
                raise UsageError(
                    f"'{key}' in {where} is not a number {'from 0 to 1' if fraction else 'of 0 or more'}.",
                    "Correct or remove it.",
                )
