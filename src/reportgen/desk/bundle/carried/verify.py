"""Compares every file of a bundle with SHA256SUMS. It needs Python's own library only, and changes nothing.

    python -B verify.py

SHA256SUMS finds damage. Against somebody who changes files on purpose, compare its own hash, which is printed
here and was printed where the bundle was made, by another way than the bundle came.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

SUMS = "SHA256SUMS"


def digest(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    found = hashlib.sha256()
    with path.open("rb") as stream:
        while piece := stream.read(1 << 20):
            found.update(piece)
    return found.hexdigest()


def same(path: Path, told: str) -> bool:
    """Whether a file has this digest; one that cannot be read, as from a worn disk, has not."""
    try:
        return digest(path) == told
    except OSError:
        return False


def files(folder: Path) -> list[str]:
    """All files of a bundle but SHA256SUMS, by their names in it."""
    found = (path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    return sorted(name for path in found if (name := path.relative_to(folder).as_posix()) != SUMS)


def sums(folder: Path) -> str:
    """What SHA256SUMS of a folder holds, as sha256sum reads it."""
    return "".join(f"{digest(folder / name)}  {name}\n" for name in files(folder))


def faults(folder: Path) -> list[str]:
    """What is wrong with a bundle, a file a line; empty if nothing is."""
    try:
        lines = (folder / SUMS).read_text("utf-8").splitlines()
    except (OSError, ValueError):
        return [f"missing  {SUMS}"]
    listed = {name: told for told, _, name in (line.partition("  ") for line in lines)}
    there = set(files(folder))
    missing = [f"missing  {name}" for name in listed if name not in there]
    wrong = [f"wrong    {name}" for name in listed if name in there and not same(folder / name, listed[name])]
    extra = [f"extra    {name}" for name in there if name not in listed]
    return sorted(missing) + sorted(wrong) + sorted(extra)


def main(folder: Path) -> int:
    """Say what is wrong; 1 if anything is."""
    found = faults(folder)
    for line in found:
        print(line)
    if found:
        print(f"{len(found)} files are not as they were. Copy the bundle again; do not install this one.")
        return 1
    print(f"All {len(files(folder))} files are as they were. SHA-256 of {SUMS}: {digest(folder / SUMS)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(__file__).resolve().parent))
