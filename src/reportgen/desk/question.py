"""A question read: whether a record can answer it at all, what it names, and what it asks of that.

Nothing of the question is kept, and nothing of it reaches an answer.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from reportgen.desk.names import Named, called_in, forms_of, key_of, names_in, words_of
from reportgen.desk.spelling import Spelling
from reportgen.domain import Domain
from reportgen.domain.asking import Asking
from reportgen.errors import UsageError

__all__ = ["MOST_CHARACTERS", "Part", "Question", "Reader", "tidy"]

MOST_CHARACTERS = 500
#: Most words of a name.
_LONGEST = 6
#: Between the things of a list.
_LISTED = r"(?:\s*[,&+]\s*(?:and\s+)?|\s+(?:and|plus)\s+)"
_TOKEN = re.compile(r"[a-z]+|\d+(?:[.,]\d+)?|[^\sa-z\d]")
#: Marks of plain sentences; all others are those of a markup, a template or another alphabet.
_PLAIN = frozenset(".,;:?!'\"()-/#&%+\u2026")
_TYPED = str.maketrans("\u2018\u2019\u201c\u201d\u2013\u2014\u2010\u2011\u00a0\t", "''\"\"----  ")
_SHORT = (
    (r"\bwon't\b", "will not"),
    (r"\bcan't\b", "can not"),
    (r"n't\b", " not"),
    (r"'(?:s|re|ve|ll|d|m)?\b", " "),
)


@dataclass
class Part:
    """A part of a question that asks for itself: what it names, and the groups of the words that ask."""

    named: list[Named] = field(default_factory=list)
    groups: set[str] = field(default_factory=set)
    images: set[int] = field(default_factory=set)
    fetuses: set[str] = field(default_factory=set)
    narrowed: list[frozenset[str]] = field(default_factory=list)
    alone: bool = False
    numbers: int = 0
    values: int = 0

    @property
    def empty(self) -> bool:
        """Whether it asks for nothing."""
        return not (self.named or self.groups or self.images or self.fetuses or self.narrowed)


@dataclass
class Question:
    """A whole question.

    Attributes:
        beyond: Words that ask for more than a record holds, as ``asking`` has them.
        unknown: How many of its words nobody knows.
    """

    parts: list[Part] = field(default_factory=list)
    beyond: set[str] = field(default_factory=set)
    unknown: int = 0


def tidy(text: str) -> str:
    """The question as one line.

    Raises:
        UsageError: It is empty or too long, or has characters that nobody types.
    """
    line = text.strip().translate(_TYPED)
    if not line:
        raise UsageError(
            "The question is empty.", "Ask for a view, a measurement, a score or what is to check."
        )
    if len(line) > MOST_CHARACTERS:
        raise UsageError(
            f"The question has more than {MOST_CHARACTERS} characters.", "Ask for one thing at a time."
        )
    for character in line:
        if unicodedata.category(character)[0] == "C" or character in "\u2028\u2029":
            raise UsageError(
                f"The question holds U+{ord(character):04X}, which nobody types in a question.",
                "Type it anew.",
            )
    return line


class Reader:
    """Reads questions about records of one domain.

    Args:
        domain: With ``asking``.
        images: How many images the record has, for "the last image".
    """

    def __init__(self, domain: Domain, images: int) -> None:
        assert domain.asking is not None
        self._asking: Asking = domain.asking
        self._last = images
        self._names: dict[str, Named] = dict(names_in(domain))
        self._narrow = {
            key_of(word): frozenset(f"measure:{key}" for key in entry.measures)
            for entry in self._asking.attributes
            for word in entry.words
        }
        self._groups: dict[str, set[str]] = {}
        for group, words in self._asking.groups.items():
            for word in words:
                self._groups.setdefault(key_of(word), set()).add(group)
        self._frame = {
            key_of(word)
            for word in (*self._asking.frame, *self._asking.premises, *self._asking.interrogatives)
        }
        self._beyond = {key_of(word): word for word in self._asking.beyond if not word.endswith("*")}
        stems = [word for word in self._asking.beyond if word.endswith("*")]
        self._stems = {key_of(word): word for word in stems}
        self._known = {*self._names, *self._narrow, *self._groups, *self._frame, *self._beyond}
        self._spelling = Spelling(self._vocabulary(domain), self._asking.not_slips)
        self._beside = {
            key_of(word) for entry in self._asking.attributes if entry.beside for word in entry.words
        }
        apart = (word for group in self._asking.apart for word in self._asking.groups[group])
        self._apart = "|".join(sorted(map(re.escape, apart), key=len, reverse=True))

    def read(self, line: str) -> Question:
        """Read a question that ``tidy`` let pass."""
        question = Question()
        if any(not (c.isalnum() and c.isascii()) and c not in _PLAIN and not c.isspace() for c in line):
            question.unknown += 1
        pieces = list(self._pieces(_spoken(line)))
        asking = [piece for piece, asks in pieces if asks]
        states = "|".join(self._asking.states)
        for piece, _ in pieces:
            part = self._part(piece, question)
            if piece in asking or not asking:
                question.parts.append(part)
                question.unknown += part.numbers
                # "Is it 300 mm?" asks, and is told the value; "print 300 mm" and "HC: 300 mm" do not ask.
                question.unknown += 0 if re.match(rf"(?:{states})\b", piece) else part.values
        return question

    def mends(self, word: str) -> bool:
        """Whether a word that nobody knows is taken for a slip of one that may be asked with."""
        meant = self._spelling.corrected(word)
        if meant == word or any(word.startswith(stem) for stem in self._stems):
            return False
        return meant not in self._beyond and not any(meant.startswith(stem) for stem in self._stems)

    def _pieces(self, text: str) -> Iterator[tuple[str, bool]]:
        """The parts of a question, and whether each asks: the rest only states or supposes."""
        ask = "|".join(self._asking.interrogatives)
        state = "|".join(self._asking.states)
        opens = "|".join(self._asking.openers)
        suppose = "|".join(self._asking.premises)
        cut = (
            rf"(?<=[?;!.:])\s+|\s*,?\s+\b(?:and|or|plus|also|but|then)\s+(?=(?:{ask})\b)|,\s*(?=(?:{ask})\b)"
        )
        if self._apart:
            text = re.sub(rf"{_LISTED}((?:the )?(?:{self._apart})\b)", r"; \1", text)
            text = re.sub(rf"\b({self._apart}){_LISTED}", r"\1; ", text)
        for piece in filter(None, map(str.strip, re.split(cut, text))):
            supposed = re.match(rf"(?:{suppose})\b.*?(?:,\s*(?=(?:{ask})\b)|\s+(?=(?:{opens})\b))", piece)
            if supposed:
                yield supposed[0], False
            rest = piece[supposed.end() :] if supposed else piece
            asks = (
                rest.endswith("?")
                or re.match(rf"(?:{ask})\b", rest)
                or not re.search(rf"\b(?:{state})\b", rest)
            )
            yield rest, bool(asks) and not re.match(rf"(?:{suppose})\b", rest)

    def _part(self, text: str, question: Question) -> Part:
        part = Part()
        text = self._numbered(text, part)
        tokens = [self._spelling.corrected(token) for token in _TOKEN.findall(text)]
        tokens = [token for token in tokens if token not in _PLAIN]
        at = 0
        while at < len(tokens):
            length = next((n for n in range(_LONGEST, 0, -1) if self._knows(tokens[at : at + n], n)), 0)
            self._note(tokens[at : at + max(length, 1)], part, question, known=length > 0)
            at += max(length, 1)
        self._narrowed(part)
        return part

    def _knows(self, words: list[str], length: int) -> bool:
        return len(words) == length and any(key in self._known for key in forms_of("".join(words)))

    def _note(self, words: list[str], part: Part, question: Question, *, known: bool) -> None:
        if not known:
            word = words[0]
            if word[0].isdigit():
                part.numbers += 1
            elif stem := next(
                (self._stems[word[:n]] for n in range(len(word), 0, -1) if word[:n] in self._stems), None
            ):
                question.beyond.add(stem)
            else:
                question.unknown += 1
            return
        for key in forms_of("".join(words)):
            if key not in self._known:
                continue
            if key in self._names:
                part.named.append(self._names[key])
            if key in self._narrow:
                part.narrowed.append(self._narrow[key])
                part.alone = part.alone or key not in self._beside
            part.groups |= self._groups.get(key, set())
            if key in self._beyond and key not in self._groups:
                question.beyond.add(self._beyond[key])
            return

    def _narrowed(self, part: Part) -> None:
        """ "The circumference of the head": of what is named, that which is one."""
        if not part.narrowed:
            return
        wanted = frozenset.union(*part.narrowed)
        if any(one.exact == "measure" for one in part.named):
            return
        named = part.named or [Named(wanted if part.alone else frozenset())]
        part.named = [Named(one.about & wanted, "measure") for one in named]

    def _numbered(self, text: str, part: Part) -> str:
        """Take out the images and fetuses that are named by number or letter, and values with units."""
        asking = self._asking
        image = "|".join(asking.image_words)
        ordinals = "|".join(asking.ordinals)
        more = r"(?:\s*(?:,|and|or|&|-|to)\s*#?\d+)*"

        def listed(match: re.Match[str]) -> str:
            for first, last in re.findall(r"(\d+)(?:\s*(?:-|to)\s*(\d+))?", match[0]):
                part.images.update(range(int(first), min(int(last or first), 500) + 1))
            return " "

        def ordinal(match: re.Match[str]) -> str:
            word = match[1] or match[2]
            part.images.add(int(re.sub(r"\D", "", word) or asking.ordinals.get(word, self._last)))
            return " "

        def fetus(match: re.Match[str]) -> str:
            part.fetuses.add(match[1].upper())
            return " "

        text = re.sub(rf"\b(?:{image})\s*(?:no|number|nr)?\s*\.?\s*#?\s*\d+\b{more}", listed, text)
        text = re.sub(rf"#\s*\d+\b{more}", listed, text)
        text = re.sub(
            rf"\b(\d+(?:st|nd|rd|th)|{ordinals}|last)\s+(?:{image})\b|\b(?:{image})\s+({ordinals})\b",
            ordinal,
            text,
        )
        fetuses = "|".join(asking.fetus_words)
        text = re.sub(rf"\b(?:{fetuses})\s+([a-f]|\d)\b", fetus, text)
        text, part.values = re.subn(rf"\b\d+(?:[.,]\d+)?\s*(?:{'|'.join(asking.units)})\b", " ", text)
        return text

    def _vocabulary(self, domain: Domain) -> Iterable[str]:
        asking = self._asking
        yield from (
            word for phrase in (*asking.frame, *asking.beyond, *asking.not_names) for word in words_of(phrase)
        )
        yield from (word for words in asking.groups.values() for phrase in words for word in words_of(phrase))
        for thing in (*asking.things, *asking.attributes):
            yield from (word for phrase in thing.words for word in words_of(phrase))
        yield from (word for phrase, _ in called_in(domain) for word in words_of(phrase))
        yield from (*asking.image_words, *asking.fetus_words, *asking.units, *asking.ordinals)


def _spoken(line: str) -> str:
    text = line.lower().replace("foet", "fet")
    for pattern, words in _SHORT:
        text = re.sub(pattern, words, text)
    return text
