"""A site's own templates, tried on a made-up case before any real one is touched."""

import json
from datetime import UTC, datetime
from itertools import chain

from reportgen import pipeline
from reportgen.batch.folder import views
from reportgen.domain import Domain
from reportgen.engines.template import TemplateEngine
from reportgen.errors import UsageError
from reportgen.nouns import Case, Found, Source
from reportgen.settings import Settings

__all__ = ["rehearse"]


def rehearse(domain: Domain, settings: Settings) -> None:
    """Print a made-up case with the site's templates.

    Raises:
        UsageError: One of them cannot be printed.
    """
    folder = settings.institution.templates
    if folder is None:
        return
    labels = chain.from_iterable(chain.from_iterable(view.labels.values()) for view in domain.views)
    image = {"image_id": "rehearsal", "predictions": [{"label": next(labels), "score": 0.9}]}
    classifier = {"name": "rehearsal", "score_kind": "softmax"}
    made_up = {"case_id": "rehearsal", "domain": domain.domain, "classifier": classifier, "images": [image]}
    source = Source(name="rehearsal", sha256="0" * 64, format="native")
    try:
        prepared = pipeline.prepare(
            Found(case=Case.model_validate_json(json.dumps(made_up)), source=source), domain
        )
        info, when = TemplateEngine().info, datetime(2000, 1, 1, tzinfo=UTC)
        report = pipeline.finish(prepared, {}, info, domain, settings, pictures={}, created_at=when)
        views(report, ("txt", "html"), {}, domain.templates)
    except Exception as error:  # noqa: BLE001 - a template may raise whatever it likes
        raise UsageError(
            f"[institution] templates: one in {folder} fails. {type(error).__name__}: {error}",
            "Correct it, or remove the setting. Nothing was touched.",
        ) from None
