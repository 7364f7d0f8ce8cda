"""A case's folder in the output tree: written whole, read back, and set aside when it is out of date."""

import contextlib
import itertools
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from reportgen.domain import HTML_TEMPLATE, TEXT_TEMPLATE
from reportgen.errors import IntegrityError, UsageError
from reportgen.exporters import export
from reportgen.files import HeldError, move, new_folder, put_back, sha256, sha256_file, write_file
from reportgen.institution import Institution
from reportgen.ledger import Ledger
from reportgen.nouns import Report

__all__ = [
    "LEDGER",
    "PARTIAL",
    "TRUTH",
    "check_written",
    "clear_partial",
    "export_again",
    "file_name",
    "keep_failed",
    "read_report",
    "supersede",
    "views",
    "write_case",
]

PARTIAL = ".partial"
_SUPERSEDED = ".superseded"
_FAILED = ".failed"
TRUTH = "report.json"
LEDGER = "ledger.sqlite"


def file_name(format_name: str) -> str:
    """The name of a format's file in a case's folder."""
    return f"report.{format_name}"


def views(
    report: Report,
    formats: Iterable[str],
    pictures: Mapping[str, bytes] | Path,
    templates: Mapping[str, str] | None = None,
    fonts: Path | None = None,
) -> dict[str, bytes]:
    """The report in each format, by file name; ``templates`` are those of its domain."""
    layouts = templates or {}
    text, page = layouts.get(TEXT_TEMPLATE), layouts.get(HTML_TEMPLATE)
    return {file_name(name): export(report, name, pictures, text, page, fonts=fonts) for name in formats}


def write_case(
    out: Path, case_id: str, files: Mapping[str, bytes], kept: Iterable[str] = ()
) -> dict[str, list[Any]]:
    """Put a case's folder in place, whole, over an older one.

    Args:
        out: The output folder.
        case_id: Name of the folder.
        files: Content by path inside the folder.
        kept: Files of the older folder that stay as they are.

    Returns:
        ``[size, time of change in ns, sha256]`` by path inside the folder.

    Raises:
        HeldError: A program has a file of it open. The older folder is as it was.
    """
    target = out / case_id
    outputs: dict[str, list[Any]] = {}
    with new_folder(target, out / PARTIAL) as building:
        for name, data in files.items():
            write_file(building / name, data)
        for name in kept:
            (building / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(target / name, building / name)
        for other in target.iterdir() if target.is_dir() else ():
            if not other.name.startswith("report.") and other.name != "images":  # not ours: it stays
                copy = shutil.copytree if other.is_dir() else shutil.copy2
                copy(other, building / other.name)
        for name in sorted({*files, *kept}):
            state = (building / name).stat()
            data = files[name] if name in files else (building / name).read_bytes()
            outputs[name] = [state.st_size, state.st_mtime_ns, sha256(data)]
    shutil.rmtree(out / _FAILED / case_id, ignore_errors=True)
    return outputs


def keep_failed(out: Path, case_id: str, files: Mapping[str, bytes]) -> Path:
    """Keep what was made of a case and may not be put out, as evidence, until the case is done."""
    place = out / _FAILED / case_id
    # A workshop of its own: what is taken from there may never be put back as a report.
    with contextlib.suppress(HeldError), new_folder(place, out / PARTIAL / _FAILED) as building:
        for name, data in files.items():
            write_file(building / name, data)
    return place


def read_report(folder: Path) -> Report:
    """The report of a case's folder.

    Raises:
        UsageError: There is none.
        IntegrityError: ``report.json`` is damaged.
    """
    path = folder / TRUTH
    try:
        report = Report.model_validate_json(path.read_bytes())
    except OSError as error:
        raise UsageError(
            f"{folder} holds no {TRUTH} that can be read ({type(error).__name__}).",
            "Give the folder of one case inside an output folder.",
        ) from None
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise IntegrityError(
            f"{path} is not a report as it was written ({where}: {first['msg']}).", "Make it again with run."
        ) from None
    if report.report_id != report.identity():
        raise IntegrityError(
            f"{path} was changed after it was written: its facts or words do not give its report_id.",
            "Make it again with run.",
        )
    return report


def check_written(folder: Path, digests: Mapping[str, str], cure: str) -> None:
    """See that files of a case's folder are what was written.

    Args:
        folder: The case's folder.
        digests: sha256 by path inside it.
        cure: What to do if not.

    Raises:
        IntegrityError: One is missing or has another content.
    """
    for name, digest in digests.items():
        try:
            good = sha256_file(folder / name) == digest
        except OSError:
            good = False
        if not good:
            raise IntegrityError(f"{folder / name} is not as it was written.", cure)


def _check_with_ledger(folder: Path) -> None:
    """See that what a report is printed from is what the ledger beside it says, if one knows the case."""
    path = folder.absolute().parent / LEDGER
    if not path.is_file():
        return
    with contextlib.closing(Ledger(path, read_only=True)) as ledger:
        row = ledger.get(f"case:{folder.absolute().name.casefold()}")
    if row is None or TRUTH not in row.outputs:
        return
    sources = {name: digest for name, (_, _, digest) in row.outputs.items() if name == TRUTH or "/" in name}
    check_written(folder, sources, "Make it again with run --force.")


def export_again(
    folder: Path, formats: tuple[str, ...], target: Path, site: Institution | None = None
) -> list[Path]:
    """Print the report of a case's folder into another folder, from its ``report.json``.

    ``site`` has the folders of its own templates and fonts; without it the layout is the shipped one.

    Raises:
        UsageError: There is no report, no such format, or the target cannot be written.
        IntegrityError: ``report.json`` or a picture is not what was written.
    """
    report = read_report(folder)
    _check_with_ledger(folder)
    site = site or Institution()
    own = {
        name: path.read_text("utf-8")
        for name in (TEXT_TEMPLATE, HTML_TEMPLATE)
        if site.templates and (path := site.templates / name).is_file()
    }
    files = views(report, formats, folder, own, site.fonts)
    try:
        for name, data in files.items():
            write_file(target / name, data)
    except OSError as error:
        raise UsageError(
            f"{target} cannot be written ({type(error).__name__}).", "Choose another folder with -o."
        ) from None
    return [target / name for name in files]


def supersede(out: Path, case_id: str) -> bool:
    """Move a folder whose input no longer gives it to ``OUT/.superseded``; False if there is none.

    It is not deleted, since somebody may have worked with it; and not left, since it would pass for current.

    Raises:
        HeldError: A program has a file of it open. The folder is as it was.
    """
    if not (out / case_id).is_dir():
        return False
    place = out / _SUPERSEDED / case_id
    for number in itertools.count(2):
        if not place.exists():
            break
        place = out / _SUPERSEDED / f"{case_id}.{number}"
    place.parent.mkdir(exist_ok=True)
    move(out / case_id, place)
    return True


def clear_partial(out: Path) -> None:
    """Remove what killed runs left unfinished; a folder that they had moved away for a new one is put back.

    Raises:
        HeldError: A program has a file of that folder open.
    """
    put_back(out / PARTIAL, out)
    shutil.rmtree(out / PARTIAL, ignore_errors=True)
