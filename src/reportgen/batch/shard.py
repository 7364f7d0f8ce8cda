"""One of N equal parts of a run, done by a process of its own, perhaps on another machine."""

import re
from dataclasses import dataclass

from reportgen.errors import UsageError
from reportgen.files import sha256

__all__ = ["Shard"]

_TEXT = re.compile(r"([1-9]\d{0,5})/([1-9]\d{0,5})")


@dataclass(frozen=True, order=True)
class Shard:
    """Part ``number`` of ``of``, both from 1. Which cases are in it depends on their ids alone.

    Example:
        >>> str(Shard.parse("3/8"))
        '3-of-8'
    """

    number: int
    of: int

    @classmethod
    def parse(cls, text: str) -> "Shard":
        """The part that ``I/N`` stands for.

        Raises:
            UsageError: It stands for none.
        """
        found = _TEXT.fullmatch(text.strip())
        if found is None or int(found[1]) > int(found[2]):
            raise UsageError(
                "--shard is not I/N with I from 1 to N.", "Give 1/8 to 8/8 for eight parts, for instance."
            )
        return cls(int(found[1]), int(found[2]))

    def takes(self, name: str) -> bool:
        """Whether what is called so (a case id, or the name of an input that gives none) is in this part;
        upper and lower case are the same."""
        return int(sha256(name.casefold())[:15], 16) % self.of == self.number - 1

    def __str__(self) -> str:
        return f"{self.number}-of-{self.of}"
