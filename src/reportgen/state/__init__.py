"""Case and domain to facts: what the evidence says, and what a reviewer must look at. No model, no guess."""

from reportgen.domain import Domain
from reportgen.label_order import verified_order
from reportgen.nouns import Fact, Facts, Found, Passage
from reportgen.phrases import images_phrase, say
from reportgen.state.answers import answer_rows
from reportgen.state.biometry import Biometry, biometry
from reportgen.state.checklist import checklist_of
from reportgen.state.notebook import Notes
from reportgen.state.notes import age_notes, image_notes, limits, method, reliability
from reportgen.state.views import Seen, see

__all__ = ["state"]

MOST_FACTS = 8


def state(found: Found, domain: Domain) -> Facts:
    """Everything that the evidence of one case says.

    Passages go head to toe; facts are numbered through the case, narrated ones first. Nothing here is
    random, and nothing depends on the order of dictionary keys or on the time.
    """
    case = found.case
    seen = see(case, domain)
    order = verified_order(case.classifier, case.images, domain)
    measured = biometry(case, seen, domain)
    narrated = _narrated(seen, measured, domain)
    passages = _passages(narrated, domain)
    notes = Notes(first=1 + sum(len(passage.facts) for passage in passages))
    image_notes(seen, found, domain, notes)
    checklist = checklist_of(case, seen, order, domain, notes)
    measured.note(notes)
    age_notes(case, seen, domain, notes)
    reliable = reliability(case, seen, order, domain, notes)
    answers = answer_rows(case, seen, domain, notes)
    return Facts(
        case_id=case.case_id,
        passages=passages,
        printed=tuple(notes.facts),
        reviewer_items=tuple(notes.items),
        views=tuple(view.row(domain, notes, single=len(seen) == 1) for view in seen),
        biometry=measured.rows,
        biometry_notes=measured.footnotes,
        biometry_caption=measured.caption,
        checklist=checklist,
        answers=answers,
        method=method(case, order, domain),
        reliability=reliable,
        limits=limits(
            case,
            seen,
            order,
            checklist,
            domain,
            cut=any(len(entries) > MOST_FACTS for entries in narrated.values()),
        ),
    )


def _narrated(seen: list[Seen], measured: Biometry, domain: Domain) -> dict[str, list[dict[str, object]]]:
    """Narrated facts by region, still without ids: views, then candidates, then measurements."""
    found: dict[str, list[dict[str, object]]] = {region.id: [] for region in domain.regions}
    order = {view.id: n for n, view in enumerate(domain.views)}
    for kind, wanted in (("view", "recognised"), ("candidate", "uncertain")):
        groups: dict[tuple[str, str, bool], list[Seen]] = {}
        for one in seen:
            if one.state == wanted and one.view:
                following = one.next_view.id if kind == "candidate" and one.next_view else ""
                groups.setdefault((one.view.id, following, one.score is None), []).append(one)
        for (view_id, following, supplied), members in sorted(
            groups.items(), key=lambda item: order[item[0][0]]
        ):
            view = domain.view(view_id)
            form = "view" if kind == "view" else "candidate" if following else "candidate_alone"
            surface = say(
                domain,
                f"surface.{form}",
                display=view.display,
                images=images_phrase(domain, [one.number for one in members]),
                next=domain.view(following).display if following else "",
            )
            found[view.region].append(
                {
                    "kind": kind,
                    "carrier": "label" if supplied else None,
                    "surface": surface,
                    "name": view.display,
                    "images": tuple(one.image.image_id for one in members),
                    "required": kind == "view",
                }
            )
    for region, facts in measured.narrated().items():
        found[region] += facts
    return found


def _passages(narrated: dict[str, list[dict[str, object]]], domain: Domain) -> tuple[Passage, ...]:
    passages: list[Passage] = []
    number = 0
    for region in domain.regions:
        facts = []
        for entry in narrated[region.id][:MOST_FACTS]:
            number += 1
            facts.append(Fact.model_validate({"id": f"F{number}", **entry}))
        if facts:
            passages.append(Passage(id=f"P{len(passages) + 1}", region=region.id, facts=tuple(facts)))
    return tuple(passages)
