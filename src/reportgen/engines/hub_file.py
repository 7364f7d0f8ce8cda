"""One file of a repository as the Hub describes it, and whether a file on this machine is that one."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reportgen.files import sha256_file

__all__ = ["HubFile", "recorded"]


@dataclass(frozen=True)
class HubFile:
    """One file.

    Attributes:
        size: In bytes.
        sha256: Of a large file (LFS).
        git: The object id in git of any other: SHA-1 over a header and the content.
    """

    name: str
    size: int
    sha256: str | None
    git: str

    @property
    def etag(self) -> str:
        """What the Hub's cache calls it."""
        return self.sha256 or self.git

    def fault(self, path: Path) -> str | None:
        """What is wrong with a file on this machine, as a clause, or None."""
        if not path.is_file():
            return "is missing"
        if (size := path.stat().st_size) != self.size:
            return f"has {size:,} bytes, not {self.size:,}"
        if self.sha256:
            return None if sha256_file(path) == self.sha256 else f"has not the SHA-256 {self.sha256}"
        content = path.read_bytes()
        made = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False)
        return None if made.hexdigest() == self.git else f"has not the git hash {self.git}"


def recorded(record: dict[str, Any]) -> list[HubFile]:
    """The files in what ``model setup`` wrote down; none where it did not come from the Hub."""
    return [HubFile(name, **said) for name, said in record.get("files", {}).items()]
