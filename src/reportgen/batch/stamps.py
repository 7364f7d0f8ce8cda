"""Fingerprints: what must be equal for work not to be done again.

*content* is the input, its pictures, the domain, the settings and the program; *narrative* the prompts and
their writer; *render* one format. Moments and places are in none of them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reportgen.assemble import software_version
from reportgen.domain import Domain
from reportgen.engines.base import Engine, Parameters
from reportgen.files import canonical_json, sha256, sha256_file
from reportgen.ledger import Row
from reportgen.nouns import Found, Prompt
from reportgen.settings import Settings

__all__ = ["Stamps", "changed_outputs", "file_state", "narrative", "picture_states"]


def _hash(*parts: Any) -> str:
    return sha256(canonical_json(parts))


@dataclass(frozen=True)
class Stamps:
    """The parts of all fingerprints that are the same for every case of a run.

    Attributes:
        base: Program version, domain and settings.
        writer: Engine, parameters and lexicon.
    """

    base: str
    writer: str

    @classmethod
    def of(cls, domain: Domain, settings: Settings, engine: Engine, parameters: Parameters) -> "Stamps":
        """Take them once at the start of a run."""
        return cls(
            base=_hash(
                software_version(),
                domain.sha256,
                settings.model_dump(mode="json"),
                settings.institution.presentation,  # the logo by its content
            ),
            writer=_hash(engine.fingerprint(), parameters.plain(), domain.lexicon_sha256),
        )

    def content(self, found: Found) -> str:
        """Fingerprint of one case's evidence."""
        source = found.source
        pictures = [[one.image_id, one.sha256, one.note] for one in source.pictures]
        place = [source.name, source.row, source.format, list(source.notes)]
        return _hash(self.base, source.sha256, found.case.case_id, place, pictures)

    def render(self, format_name: str) -> str:
        """Fingerprint of the way a format is printed."""
        return _hash(self.base, format_name)

    def files(self, paths: Sequence[Path], options: dict[str, Any]) -> str | None:
        """Fingerprint of files as they lie there, unread; None if there is none or one cannot be seen."""
        states = [file_state(path) for path in paths]
        return None if not states or None in states else _hash(self.base, options, states)


def narrative(writer: str, prompts: Iterable[Prompt]) -> str:
    """Fingerprint of the words of a case."""
    return _hash(writer, [prompt.id for prompt in prompts])


def file_state(path: Path) -> list[int] | None:
    """``[size in bytes, time of change in ns]``, or None if there is no such file."""
    try:
        state = path.stat()
    except OSError:
        return None
    return [state.st_size, state.st_mtime_ns]


def picture_states(found: Found) -> dict[str, list[int]]:
    """State by absolute path of the pictures of a case.

    One that was named and is not there gets a state that no file has, so that its case is read again every
    time: the picture may have come.
    """
    # Images by number: an id is text of the input, and the ledger keeps none.
    named = {image.image_id: n for n, image in enumerate(found.case.images, 1) if image.file is not None}
    states = {}
    for one in found.source.pictures:
        if one.path is not None:
            states[str(one.path.absolute())] = file_state(one.path) or [-1, 0]
        elif one.image_id in named:
            states[f"missing picture of image {named[one.image_id]}"] = [-1, 0]
    return states


def changed_outputs(folder: Path, row: Row) -> set[str]:
    """Names of a case's files that are not as they were written.

    An equal size and time is taken as equal content; when only the time differs (a copied tree), the content
    is hashed.
    """
    changed = set()
    for name, (size, mtime, digest) in row.outputs.items():
        state = file_state(folder / name)
        if state is None or state[0] != size or (state[1] != mtime and sha256_file(folder / name) != digest):
            changed.add(name)
    return changed
