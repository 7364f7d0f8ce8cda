"""A text with one thing changed, in every way that a reading must find."""

import itertools
import re
from collections.abc import Iterator

__all__ = ["altered", "mutants"]


def altered(word: str) -> str:
    """The word with its first digit one higher, or with another last letter."""
    if re.search(r"\d", word):
        return re.sub(r"\d", lambda digit: str((int(digit[0]) + 1) % 10), word, count=1)
    return word[:-1] + ("x" if word[-1] != "x" else "y")


def mutants(text: str) -> Iterator[tuple[str, str]]:
    """The text with one thing changed: each word altered, left out, said twice, or with a number before it;
    each line left out; each two neighbours, words or lines, in each other's place."""
    words = [found.span() for found in re.finditer(r"\S+", text)]
    for start, end in words:
        word = text[start:end]
        yield f"altered {word}", text[:start] + altered(word) + text[end:]
        yield f"without {word}", text[:start] + text[end:]
        yield f"twice {word}", f"{text[:end]} {word}{text[end:]}"
        yield f"42 before {word}", f"{text[:start]}42 {text[start:]}"
    for (a, b), (c, d) in itertools.pairwise(words):
        if text[a:b] != text[c:d]:
            yield f"swapped {text[a:d]}", text[:a] + text[c:d] + text[b:c] + text[a:b] + text[d:]
    lines = text.split("\n")
    for number, line in enumerate(lines):
        following = lines[number + 1] if number + 1 < len(lines) else ""
        if line.strip():
            yield f"without line {number}", "\n".join(lines[:number] + lines[number + 1 :])
        if line.strip() and following.strip() and line.split() != following.split():
            yield (
                f"swapped line {number}",
                "\n".join([*lines[:number], following, line, *lines[number + 2 :]]),
            )
