"""Which files a run is about: files, folders, patterns and standard input, in a stable order."""

import glob
import itertools
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from reportgen.errors import UsageError
from reportgen.files import sha256

__all__ = ["SUFFIXES", "InputFile", "Inputs", "discover"]

#: What is looked for in folders and by patterns; a file that is named itself may have any name.
SUFFIXES = (".json", ".jsonl", ".csv")


@dataclass(frozen=True, slots=True)
class InputFile:
    """One input.

    Attributes:
        path: Where it is; None for standard input.
        name: Relative to the folder that was given, with ``/``; the file's own name where it was named
            itself; ``-`` for standard input. Characters that cannot be printed are replaced.
        root: Name of the folder that was given, for files that lie directly in it.
    """

    path: Path | None
    name: str
    root: str = ""


class Inputs:
    """The files of a run, found while they are asked for.

    Attributes:
        ignored: Files passed over in folders and patterns so far, because they have another suffix; complete
            when the iteration has ended. Hidden files are neither read nor counted.
    """

    def __init__(self, inputs: Sequence[str], skip: Path | None = None) -> None:
        self.ignored = 0
        self._skip = skip.resolve() if skip else None
        self._folders: list[Path] = []
        self._files: set[Path] = set()
        self._found = self._all(inputs)

    def __iter__(self) -> Iterator[InputFile]:
        return self

    def __next__(self) -> InputFile:
        return next(self._found)

    def _all(self, inputs: Sequence[str]) -> Iterator[InputFile]:
        found = itertools.chain.from_iterable(self._one(text, len(inputs) > 1) for text in inputs)
        yield from found

    def _one(self, text: str, several: bool) -> Iterator[InputFile]:
        path = Path(text)
        if text == "-":
            if Path("-") not in self._files:
                self._files.add(Path("-"))
                yield InputFile(None, "-")
        elif path.is_dir():
            yield from self._walk(path, path)
            self._folders.append(path.resolve())
        elif os.path.lexists(path):
            yield from self._file(path, path.name, path.absolute().parent.name, several)
        else:
            yield from self._pattern(text)

    def _pattern(self, pattern: str) -> Iterator[InputFile]:
        # Sorted by folder first, so that the files of one folder follow one another.
        matches = sorted(map(Path, glob.iglob(pattern, recursive=True)), key=lambda p: (p.parent, p.name))  # noqa: PTH207 - the pattern is the user's
        fixed = Path(*itertools.takewhile(lambda part: not glob.has_magic(part), Path(pattern).parts))
        for path in matches:
            if path.is_dir():
                yield from self._walk(path, fixed)
                self._folders.append(path.resolve())
            elif path.suffix.lower() in SUFFIXES:
                yield from self._file(path, _relative(path, fixed), path.absolute().parent.name, True)
            else:
                self.ignored += 1

    def _file(self, path: Path, name: str, root: str, several: bool) -> Iterator[InputFile]:
        if several and self._seen(path):
            return
        if several:
            self._files.add(path.absolute())
        yield InputFile(path, _printable(name), _printable(root))

    def _seen(self, path: Path) -> bool:
        absolute = path.absolute()
        return absolute in self._files or any(absolute.is_relative_to(folder) for folder in self._folders)

    def _walk(self, folder: Path, base: Path) -> Iterator[InputFile]:
        """Files of a folder by name, then those of its subfolders; links to folders are not followed."""
        if self._is_skipped(folder) or folder.resolve() in self._folders:
            return
        try:
            names, folders = self._list(folder)
        except OSError:
            yield InputFile(folder, _printable(_relative(folder, base)))
            return
        root = _printable(base.absolute().name) if folder == base else ""
        for name in names:
            if not self._files or not self._seen(folder / name):
                yield InputFile(folder / name, _printable(_relative(folder / name, base)), root)
        for name in folders:
            yield from self._walk(folder / name, base)

    def _list(self, folder: Path) -> tuple[list[str], list[str]]:
        """Sorted names of the files to read, and of the subfolders. A folder called x.json is listed as a
        file: it stands where a file is expected, and reading it says so."""
        names: list[str] = []
        folders: list[str] = []
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.name.lower().endswith(SUFFIXES):
                    names.append(entry.name)
                elif entry.is_dir(follow_symlinks=False):
                    folders.append(entry.name)
                else:
                    self.ignored += 1
        return sorted(names), sorted(folders)

    def _is_skipped(self, folder: Path) -> bool:
        return self._skip is not None and folder.resolve().is_relative_to(self._skip)


def discover(inputs: Sequence[str], skip: Path | None = None) -> Inputs:
    """Find the inputs of a run.

    Args:
        inputs: Files, folders (searched with their subfolders), patterns, or ``-`` for standard input.
        skip: A folder that is not searched, such as the run's own output.

    An input that does not exist is given at the end, so that reading it says so and the others are read.

    Raises:
        UsageError: Nothing was found.
    """
    there = [text for text in inputs if text == "-" or os.path.lexists(text) or _matches(text)]
    missing = [text for text in dict.fromkeys(inputs) if text not in there]
    found = Inputs(there, skip)
    first = next(found, None)
    if first is None:
        if missing:
            said = f"There is no such file or folder: {_printable(missing[0])}."
            raise UsageError(said, "Check the name.")
        what = f"; {found.ignored} other files were passed over" if found.ignored else ""
        raise UsageError(
            f"Nothing to do was found{what}.",
            "Give files, folders or patterns with *.json, *.jsonl or *.csv results, or - for standard input.",
        )
    absent = [InputFile(Path(text), _printable(Path(text).as_posix())) for text in missing]
    found._found = itertools.chain([first], found._found, absent)
    return found


def _matches(pattern: str) -> bool:
    found = glob.iglob(pattern, recursive=True) if glob.has_magic(pattern) else iter(())  # noqa: PTH207
    return next(found, None) is not None


def _relative(path: Path, base: Path) -> str:
    return path.relative_to(base).as_posix() if path != base else path.absolute().name


def _printable(name: str) -> str:
    """A name that any terminal and file can hold; what was replaced is told apart by a hash."""
    if name.isprintable():
        return name
    raw = os.fsencode(name)
    readable = raw.decode("utf-8", "backslashreplace")  # what is not UTF-8 is shown as \\xff
    return "".join(one if one.isprintable() else "?" for one in readable) + f"~{sha256(raw)[:6]}"
