"""What the reviewer must look at about images and ages, and the fixed sentences of method and limits."""

from collections.abc import Callable

from reportgen.domain import Domain
from reportgen.nouns import Case, Checklist, Found
from reportgen.phrases import age_phrase, capital, images_phrase, joined, say, score_phrase, strung
from reportgen.state.biometry import used_age
from reportgen.state.checklist import stated_labels
from reportgen.state.notebook import Notes
from reportgen.state.views import Seen

__all__ = ["age_notes", "image_notes", "limits", "method", "reliability"]

#: More images than this of one kind share one item; the VIEWS table has the figures.
EACH = 3


def image_notes(seen: list[Seen], found: Found, domain: Domain, notes: Notes) -> None:
    """Views not determined, uncertain, close, without score, of two examinations, or shown twice."""
    if lost := [one for one in seen if one.state == "undetermined"]:
        form = "printed.undetermined" if len(lost) == 1 else "printed.undetermined_many"
        text = say(domain, form, images=images_phrase(domain, [one.number for one in lost]))
        notes.fact("undetermined", text, "undetermined", [one.image.image_id for one in lost])
    near = float(domain.thresholds["near_tie"]["margin"])
    rules: dict[str, Callable[[Seen], bool]] = {
        "undetermined": lambda one: one.state == "undetermined",
        "uncertain": lambda one: one.state == "uncertain",
        "near_tie": lambda one: (
            one.state == "uncertain"
            and len(one.ranked) > 1
            and one.margin is not None
            and one.margin < near - 1e-9
        ),
        "score_missing": lambda one: one.score is None,
    }
    for rule, holds in rules.items():
        _point_out(rule, [one for one in seen if holds(one)], domain, notes)
    _duplicates(seen, found, domain, notes)
    _mixed(seen, domain, notes)


def _point_out(rule: str, members: list[Seen], domain: Domain, notes: Notes) -> None:
    if not members:
        return
    shared = rule == "score_missing" or len(members) > EACH
    shared = shared or any(one.score is None for one in members)
    for group in [members] if shared else [[one] for one in members]:
        phrase = capital(images_phrase(domain, [one.number for one in group]))
        one = group[0]
        following = one.ranked[1] if len(one.ranked) > 1 else None
        second, second_score = (
            (following[0].display_short, score_phrase(following[2])) if following else ("", "")
        )
        text = say(
            domain,
            f"reviewer.{rule}_many" if shared and rule != "score_missing" else f"reviewer.{rule}",
            Images=phrase,
            label=one.first.display_short,
            score=score_phrase(one.score),
            second=second,
            second_score=second_score,
            next=say(domain, "reviewer.next", second=second, second_score=second_score or "").rstrip()
            if second
            else "",
        )
        images = [member.image.image_id for member in group]
        known = list(dict.fromkeys(fact for image in images for fact in notes.ids(rule, image)))
        if rule == "near_tie":
            known = [notes.fact("near_tie", text, one.first.display_short, images)]
        notes.item(rule, text, images, known)


def _duplicates(seen: list[Seen], found: Found, domain: Domain, notes: Notes) -> None:
    sums = {picture.image_id: picture.sha256 for picture in found.source.pictures}
    same: dict[str, list[Seen]] = {}
    for one in seen:
        if digest := one.image.sha256 or sums.get(one.image.image_id):
            same.setdefault(digest, []).append(one)
    for members in same.values():
        if len(members) > 1:
            phrase = capital(images_phrase(domain, [one.number for one in members]))
            text = say(domain, "reviewer.duplicate_image", Images=phrase)
            notes.flag("duplicate_image", text, phrase, [one.image.image_id for one in members])
    for view in domain.views:
        again = [one for one in seen if one.state == "recognised" and one.view and one.view.id == view.id]
        if len(again) > 1:
            phrase = images_phrase(domain, [one.number for one in again])
            text = say(domain, "printed.duplicate_view", display_short=view.display_short, images=phrase)
            notes.fact("duplicate_view", text, view.display_short, [one.image.image_id for one in again])


def _mixed(seen: list[Seen], domain: Domain, notes: Notes) -> None:
    groups = dict.fromkeys(
        one.view.exam_group for one in seen if one.state == "recognised" and one.view and one.view.exam_group
    )
    if len(groups) > 1:
        listed = joined(domain, [say(domain, f"groups.{group}") for group in groups])
        notes.flag("mixed_exam", say(domain, "reviewer.mixed_exam", groups=listed), listed)


def age_notes(case: Case, seen: list[Seen], domain: Domain, notes: Notes) -> None:
    """Ages that differ, and views that do not belong to the age: warned of, never refused."""
    ages = sorted(case.gestational_age, key=lambda age: age.total_days)
    limit = int(domain.thresholds["ga_discrepancy"]["days"])
    if ages and (days := ages[-1].total_days - ages[0].total_days) > limit:
        listed = joined(domain, [say(domain, f"age.{age.basis}", ga=age) for age in ages])
        notes.flag("ga_discrepancy", say(domain, "reviewer.ga_discrepancy", days=days, ages=listed), listed)
    age = used_age(case)
    if age is None:
        return
    for view in domain.views:
        members = [one for one in seen if one.state == "recognised" and one.view and one.view.id == view.id]
        if members and not view.ga_days[0] <= age.total_days <= view.ga_days[1]:
            text = say(
                domain,
                "reviewer.ga_view_conflict",
                display_short=view.display_short,
                images=images_phrase(domain, [one.number for one in members]),
                ga=str(age),
                lo=age_phrase(view.ga_days[0]),
                hi=age_phrase(view.ga_days[1]),
            )
            notes.flag("ga_view_conflict", text, view.display_short, [one.image.image_id for one in members])


def _is_published(case: Case, domain: Domain) -> bool:
    """Whether the classifier is, by its whole name, the one whose test was published."""
    return case.classifier.name.casefold() in {name.casefold() for name in domain.reliability_for}


def _published(case: Case, order: str | None, domain: Domain) -> bool:
    """Whether the domain's published test figures are those of this classifier."""
    test = domain.reliability
    if not test or not _is_published(case, domain):
        return False
    stated = stated_labels(case, order, domain)
    return not stated or set(stated) == set(domain.label_orders[test["label_set"]].labels)


def reliability(
    case: Case, seen: list[Seen], order: str | None, domain: Domain, notes: Notes
) -> tuple[str, ...]:
    """How often the recognised labels were right in the classifier's own published test."""
    if not _published(case, order, domain) or domain.reliability is None:
        return ()
    test = domain.reliability
    figures = {view.id: entry for label, entry in test["labels"].items() if (view := domain.view_of(label))}
    items = []
    for view in domain.views:
        members = [
            one for one in seen if one.state == "recognised" and one.score is not None and one.first is view
        ]
        if not members or view.id not in figures:
            continue
        entry = {**figures[view.id], "images": test["images"], "label": view.display_short}
        form = "single" if len(case.images) == 1 else "item"
        items.append(say(domain, f"reliability.{form}", **entry))
        ids = [one.image.image_id for one in members]
        if entry["precision"] < domain.thresholds["label_reliability"]["precision"]:
            phrase = images_phrase(domain, [one.number for one in members])
            text = say(
                domain,
                "reviewer.label_reliability",
                **{**entry, "display_short": view.display_short, "images": phrase},
            )
            notes.flag("label_reliability", text, view.display_short, ids)
        else:
            notes.fact("label_reliability", items[-1], view.display_short, ids)
    if not items or len(case.images) == 1:
        return tuple(items)
    return (
        f"{say(domain, 'reliability.head', images=test['images'])} {strung(domain, 'semicolon', items)}.",
    )


def method(case: Case, order: str | None, domain: Domain) -> tuple[str, ...]:
    """How the images were sorted, and whose the measurements are."""
    name = case.classifier.name
    known = "published" if _is_published(case, domain) else "named"
    who = say(domain, f"classifier.{known}", name=name)
    one = "_one" if len(case.images) == 1 else ""
    if all(prediction.score is None for image in case.images for prediction in image.predictions):
        first = say(domain, f"method.labelled{one}", name=name)
    elif labels := stated_labels(case, order, domain):
        first = say(domain, f"method.sorted{one}", n=len(labels), classifier=who)
    else:
        first = say(domain, f"method.sorted_unknown{one}", classifier=who)
    sources = {measurement.source for image in case.images for measurement in image.measurements}
    whose = "both" if len(sources) > 1 else next(iter(sources), "none")
    return tuple(text for text in (first, say(domain, f"method.measured_{whose}")) if text)


def _why_no_checklist(case: Case, seen: list[Seen]) -> str:
    if len(case.images) == 1:
        return "single"
    if any(one.score is None for one in seen):
        return "no_checklist_labels"
    if case.exam and case.exam.type:
        return "no_checklist_exam"
    return "no_checklist_age" if case.gestational_age and used_age(case) is None else "no_checklist"


def limits(
    case: Case,
    seen: list[Seen],
    order: str | None,
    checklist: Checklist | None,
    domain: Domain,
    *,
    cut: bool,
) -> tuple[str, ...]:
    """What this report does not say; ``cut`` if a region has more facts than its findings name."""
    single = len(case.images) == 1
    keys = ["view_name"] if domain.reviewed else ["not_reviewed", "view_name"]
    if not any(image.measurements for image in case.images):
        keys.append("no_measurement")
    keys.append("not_assessed_single" if single else "not_assessed")
    if checklist:
        keys.append("not_recognised")
    else:
        keys.append(_why_no_checklist(case, seen))
    keys.append("no_scores" if all(one.score is None for one in seen) else "scores")
    if cut:
        keys.append("cut")
    keys += dict.fromkeys(one.first.limit for one in seen if one.first.limit)
    if order is None:
        keys.append("label_order")
    said = [say(domain, f"limits.{key}") for key in keys]
    if checklist and not stated_labels(case, order, domain):
        said.append(say(domain, "limits.label_set_assumed", label_set=domain.default_label_set))
    return tuple(said)
