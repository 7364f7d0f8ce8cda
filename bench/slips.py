"""Finds real words that the reader of questions would take for slips of known ones: "fatal" is not "fetal".

    python bench/slips.py WORDS.txt     # one word a line, of any English word list

Prints those that are not yet in ``not_slips`` of asking.yaml: of these add the ones that are no other form of
the word that they would be mended to. A word that is mended to one that is refused does no harm, and is left
out.
"""

import sys
from pathlib import Path

from reportgen.desk.question import Reader
from reportgen.domain import load_domain

__all__ = ["taken_for_slips"]


def taken_for_slips(words: list[str]) -> list[str]:
    """Of real words, those that would change what is asked."""
    reader = Reader(load_domain(), images=1)
    return [word for word in sorted(set(words)) if reader.mends(word)]


if __name__ == "__main__":
    print(", ".join(taken_for_slips(Path(sys.argv[1]).read_text("utf-8").split())))
