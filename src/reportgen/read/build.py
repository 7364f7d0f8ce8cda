"""From what adapters and native records say to a checked case with its pictures."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from reportgen.domain import Domain
from reportgen.errors import InputError
from reportgen.files import sha256
from reportgen.nouns import Case, Found, Source
from reportgen.nouns.case import CASE_SCHEMA
from reportgen.read.checks import check_case
from reportgen.read.foreign import Candidate, Result
from reportgen.read.ids import base_name
from reportgen.read.pictures import find_pictures
from reportgen.read.records import Record
from reportgen.read.refusal import refusal

__all__ = ["Member", "Origin", "foreign_case", "native_case"]

#: Where foreign records have what a native case has in its classifier block; only one shape has a version.
_CLASSIFIER = {"classifier.label_set": "", "classifier.version": "modelName"}


@dataclass(frozen=True, slots=True)
class Origin:
    """The file that a record was read from."""

    name: str
    folder: Path
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Member:
    """One image's foreign result with where it was found."""

    result: Result
    record: Record
    origin: Origin


def native_case(record: Record, origin: Origin, domain: Domain, images: Path | None) -> Found:
    """A native record as a checked case.

    Raises:
        InputError: It is refused.
    """
    try:
        case = Case.model_validate_json(record.text.removeprefix("\ufeff"))
    except ValidationError as error:
        raise refusal(error, record.value) from None
    check_case(case, domain)
    pictures = find_pictures(case, images or origin.folder)
    source = Source(
        name=origin.name,
        row=record.row,
        sha256=record.sha256,
        format="native",
        size=origin.size,
        mtime_ns=origin.mtime_ns,
        pictures=pictures,
    )
    return Found(case=case, source=source)


def foreign_case(
    members: Sequence[Member],
    case_id: str,
    domain: Domain,
    images: Path | None,
    *,
    name: str | None = None,
    notes: tuple[str, ...] = (),
) -> Found:
    """The results of one or several images as one checked case.

    Args:
        members: One for each image, in order.
        case_id: The id to give it.
        domain: What it is checked against.
        images: Folder of the pictures; None for the folder of each input.
        name: What the source is called, where it is a folder.
        notes: What else the report must state about the input.

    Raises:
        InputError: It is refused; the place is that of the member at fault.
    """
    first = members[0]
    for member in members[1:]:
        if member.record.shape != first.record.shape or member.result.classifier != first.result.classifier:
            raise _placed(
                InputError(
                    "The results of this group come from different classifiers.",
                    "Group those of one classifier.",
                ),
                member,
            )
    ids = _image_ids(members)
    value = {
        "schema": CASE_SCHEMA,
        "case_id": case_id,
        "domain": domain.domain,
        "classifier": dict(first.result.classifier),
        "images": [_image(member.result, image_id) for member, image_id in zip(members, ids, strict=True)],
    }
    try:
        case = Case.model_validate_json(json.dumps(value))
        check_case(case, domain)
    except ValidationError as error:
        raise _translated(refusal(error), members) from None
    except InputError as error:
        raise _translated(error, members) from None
    tries = [_tries(member.result) for member in members]
    pictures = find_pictures(case, images or first.origin.folder, tries)
    single = len(members) == 1 and name is None
    origins = {member.origin.name: member.origin for member in members}.values()
    digests = [member.record.sha256 for member in members]
    source = Source(
        name=first.origin.name if name is None else name,
        row=first.record.row if single else None,
        sha256=digests[0] if single else sha256("\n".join(digests)),
        format=str(first.record.shape),
        size=sum(origin.size for origin in origins),
        mtime_ns=max(origin.mtime_ns for origin in origins),
        notes=first.result.notes + notes,
        pictures=pictures,
    )
    return Found(case=case, source=source)


def _image_ids(members: Sequence[Member]) -> list[str]:
    """File names where there are any, told apart by a number; ``image-1`` and so on where there are none."""
    paths: set[str] = set()
    ids: list[str] = []
    used: set[str] = set()
    for n, member in enumerate(members, 1):
        path = member.result.image
        if path is not None and path in paths:
            raise _placed(
                InputError("The group holds two results for one image.", "Remove one of them."), member
            )
        paths.add(path or "")
        wanted = base_name(path) if path else f"image-{n}"
        ids.append(wanted if wanted not in used else f"{wanted} ({n})")
        used.add(ids[-1])
    return ids


def _image(result: Result, image_id: str) -> dict[str, Any]:
    image: dict[str, Any] = {"image_id": image_id}
    if result.image:
        image["file"] = base_name(result.image)
    image["predictions"] = [_prediction(candidate) for candidate in result.candidates]
    return image


def _prediction(candidate: Candidate) -> dict[str, Any]:
    values = {"label": candidate.label, "score": candidate.score, "index": candidate.index}
    return {key: value for key, value in values.items() if value is not None}


def _tries(result: Result) -> tuple[str, ...]:
    return result.pictures or ((base_name(result.image),) if result.image else ())


def _translated(error: InputError, members: Sequence[Member]) -> InputError:
    """An error about the case that was built, told in the terms of the record it was built from."""
    for n, member in enumerate(members):
        own = f"images[{n}]"
        if error.path != own and not error.path.startswith(f"{own}."):
            continue
        path = ""
        for j, candidate in enumerate(member.result.candidates):
            places = {
                "label": candidate.label_path,
                "score": candidate.score_path,
                "index": candidate.index_path,
            }
            for key, place in places.items():
                if error.path == f"{own}.predictions[{j}].{key}":
                    path = place
        return _placed(InputError(error.problem, error.cure, path=path), member)
    path = "" if len(members) > 1 else _CLASSIFIER.get(error.path, error.path)
    return _placed(InputError(error.problem, error.cure, path=path), members[0])


def _placed(error: InputError, member: Member) -> InputError:
    return error.located(member.origin.name, member.record.row)
