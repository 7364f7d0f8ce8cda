"""Which views of the examination were recognised: "not recognised", never "missing"."""

from reportgen.domain import Domain, ExamType
from reportgen.nouns import Case, Checklist
from reportgen.phrases import say, strung
from reportgen.state.biometry import used_age
from reportgen.state.notebook import Notes
from reportgen.state.views import Seen

__all__ = ["checklist_of", "nameable", "stated_labels"]


def stated_labels(case: Case, order: str | None, domain: Domain) -> tuple[str, ...]:
    """The classifier's labels, as stated or as recognised from its output; empty when neither is known."""
    stated = case.classifier.label_set
    if isinstance(stated, tuple):
        return stated
    known = order or stated
    return domain.label_orders[known].labels if known in domain.label_orders else ()


def nameable(order: str | None, case: Case, domain: Domain) -> set[str]:
    """Ids of the views that the classifier has a label for, by its stated or recognised label list."""
    labels = stated_labels(case, order, domain) or domain.label_orders[domain.default_label_set].labels
    return {view.id for label in labels if (view := domain.view_of(label))}


def _exam(case: Case, domain: Domain) -> tuple[ExamType, bool] | None:
    """The examination whose checklist applies, and whether it was stated."""
    stated = case.exam.type if case.exam else None
    if len(case.images) == 1:
        return None
    if stated:
        exam = domain.exam_types[stated]
        return (exam, True) if exam.nameable else None
    age = used_age(case)
    if age is None:
        return None
    for exam in domain.exam_types.values():
        if exam.chosen_from_ga and exam.ga_days[0] <= age.total_days <= exam.ga_days[1]:
            return exam, False
    return None


def checklist_of(
    case: Case, seen: list[Seen], order: str | None, domain: Domain, notes: Notes
) -> Checklist | None:
    """The checklist of the case, or None: one image has none, and an unknown examination neither."""
    chosen = _exam(case, domain)
    if chosen is None or any(one.score is None for one in seen):  # a supplied label recognises nothing
        return None
    exam, stated = chosen
    can_name = nameable(order, case, domain)
    found = {one.view.id for one in seen if one.view and one.state == "recognised"}
    # A part that one classifier cannot name may be a view that another one can: the crown-rump view.
    beyond = {item["id"]: item["display"] for item in exam.not_nameable}
    required = [item["view"] for item in exam.nameable if item["required"]]
    required += [view.id for view in domain.views if view.id in beyond and view.id in can_name]
    counted = [view for view in required if view in can_name]
    absent = [domain.view(view).display_short for view in counted if view not in found]
    outside = [domain.view(view).display_short for view in required if view not in can_name]
    outside += [display for part, display in beyond.items() if part not in can_name]
    optional = [
        domain.view(item["view"]).display_short
        for item in exam.nameable
        if not item["required"] and item["view"] in found
    ]
    if absent:
        listed = strung(domain, "semicolon", absent)
        text = say(domain, "reviewer.not_recognised", Views=listed)
        notes.flag("not_recognised", text, listed)
    text = say(domain, "checklist.outside", views=strung(domain, "comma", outside))
    notes.fact("not_recognisable", text, exam.display)
    return Checklist(
        exam=exam.display,
        chosen="stated" if stated else "gestational age",
        recognised=tuple(domain.view(view).display_short for view in counted if view in found),
        not_recognised=tuple(absent),
        not_recognisable=tuple(outside),
        optional=tuple(optional),
        text=(*_heads(exam, stated, counted, absent, domain), text),
    )


def _heads(exam: ExamType, stated: bool, counted: list[str], absent: list[str], domain: Domain) -> list[str]:
    how = "stated" if stated else "chosen"
    if not counted:
        return [say(domain, "checklist.none_nameable", exam=exam.display)]
    form = "head" if absent else "complete"
    numbers = {"exam": exam.display, "k": len(counted) - len(absent), "n": len(counted)}
    said = [say(domain, f"checklist.{form}_{how}", **numbers)]
    if absent:
        said.append(say(domain, "checklist.not_recognised", views=strung(domain, "semicolon", absent)))
    return said
