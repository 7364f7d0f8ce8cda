"""What another model's answer betrays by its text alone: errors, letters, echoes and loops are no answers."""

import re
import unicodedata
import zlib
from collections.abc import Mapping

from reportgen.nouns.facts import Unusable

__all__ = ["fault_of", "folded", "words_of"]

#: What programs write where there is no value.
NO_VALUE = frozenset(
    {"nan", "n/a", "na", "null", "nil", "nat", "<na>", "undefined", "#n/a", "[object object]"}
)
#: Of programs and servers, in any letters; what a person may say ("failed to see", "not found") is not here.
ERROR = re.compile(
    r"""^\W*(?:\w+\.)*\w*(?:error|exception)\b(?:\s*[:(\[\]]|\s+(?:code\b|[-\u2013]|\d)|\s*$)
    | ^\W*(?:unknown|unexpected|fatal|internal|network|server|request|inference)\s(?:error|failure)\b
    | ^\W*(?:an?\s)?(?:\w+\s)?(?:error|exception)\s(?:has\s)?occurred\b
    | ^\W*(?:(?:request|connection|inference|generation|model)\s)?time-?out\b | \btimed\sout\b
    | ^\W*(?:failed|unable)\sto\s
      (?:load|connect|generate|process|fetch|parse|open|call|allocate|decode|initiali[sz]e)\b
    | ^\s*<(?:!doctype|html|head|body|\?xml)\b
    | ^\s*\{.*["'](?:errors?|exception|traceback)["']\s*: | ^\s*\{\s*["']detail["']\s*:
    | ["']object["']\s*:\s*["']error["']
    | traceback\s\(most\srecent\scall\slast\) | \bfile\s"[^"]+",\sline\s\d+
    | \bout\sof\smemory\b | \bcuda\b.{0,20}\berror\b | \bapi\s(?:error|key)\b
    | \binternal\sserver\serror\b | \bbad\sgateway\b | \bgateway\stime-?out\b
    | \bservice\s(?:temporarily\s)?unavailable\b
    | \btoo\smany\srequests\b | \brate\slimit | \bmax(?:imum)?\sretries\b
    | \bconnection\s(?:refused|reset|aborted|error)
    | \b4\d\d\s(?:bad\srequest|unauthorized|forbidden|not\sfound)\b
    | \b(?:http|status)(?:\s(?:status|error|code))*\s*:?\s*[45]\d\d\b""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
#: The name of a Python exception anywhere, as in ``ValueError: ...`` or ``TimeoutException(...)``.
RAISED = re.compile(r"\b[A-Z]\w*(?:Error|Exception|Timeout)\b\s*[:(]")
#: Special tokens, roles and frames of prompts: the model gave back, or went on with, what it was asked.
MARKUP = re.compile(
    r"""<\|[^|<>]{1,40}\|>
    | </?(?:s|bos|eos|pad|unk|image|img|video|think|(?:start|end)_of_\w+|(?:image|im|fim)_\w+)>
    | \[/?INST\] | <</?SYS>> | ^[ \t]*\#{2,}\s*(?:human|assistant|user|instruction|response|input)\b
    | ^[ \t]*(?:user|human|assistant|question|q)[ \t]*: | \bquestion\s*:.{0,1000}?\banswer\s*:
    | ^[^\w\n]*you\sare\san?\s(?:\w+\s){0,3}
      (?:expert|assistant|radiologist|sonographer|doctor|specialist|ai)\b""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL | re.MULTILINE,
)
WORD = re.compile(r"[^\W_]+")
#: The number of an entry in a list: a list that says one thing again and again is a loop too.
NUMERAL = re.compile(r"(?:^|(?<=\s))\d{1,3}[.)]\s")
#: One long word that is a few letters, or a sentence of a script without blanks, again and again.
STUTTER = re.compile(r"(.{1,12}?)\1{3,}.{0,11}")
DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212"), "-")
ALPHABET = "abcdefghijklmnopqrstuvwxyz"
#: The first so many words of a question are no answer to it.
CUT_OFF = 4
#: Words; a longer loop is left to the compression.
LONGEST_LOOP = 40
#: Characters; the compressed size of a shorter text says little.
LONG = 200


def folded(text: str) -> str:
    """The text as patterns see it: compatible characters, lower case, plain hyphens."""
    return unicodedata.normalize("NFKC", text).translate(DASHES).casefold()


def words_of(text: str) -> list[str]:
    """The words, as comparisons see them."""
    return WORD.findall(folded(text))


def fault_of(question: str, answer: str, limits: Mapping[str, float]) -> Unusable | None:
    """Why the text is no answer, or None.

    Args:
        question: What the model was asked.
        answer: What it wrote.
        limits: ``looped_share``, ``looped_words``, ``compressed`` and ``echoed`` of the domain's thresholds.
    """
    words = words_of(answer)
    # "None" is what Python writes for no value; "none" is a word.
    if answer.strip() == "None" or folded(answer.strip().rstrip(".")) in NO_VALUE:
        return "error"
    if ERROR.search(answer) or RAISED.search(answer):
        return "error"
    if not words:
        return "empty"
    if _letters(words):
        return "alphabet"
    if MARKUP.search(answer) or _echo(words_of(question), _parts(question), words, limits["echoed"]):
        return "echo"
    return "repetition" if _looped(answer, limits) else None


def _letters(words: list[str]) -> bool:
    """A row of the letters that options have, or a piece of the alphabet."""
    if all(len(word) > 3 and word in ALPHABET for word in words):
        return True
    letters = sum(len(word) == 1 and word in ALPHABET for word in words)
    return letters == len(words) > 1 or (letters > 3 and letters >= 0.8 * len(words))


def _parts(question: str) -> list[list[str]]:
    """A question with a heading (``Plane Evaluation: Assess if ...``) may come back as either part."""
    heading, _, rest = question.partition(":")
    return [part for part in (words_of(question), words_of(rest), words_of(heading)) if part]


def _echo(asked: list[str], parts: list[list[str]], words: list[str], least: float) -> bool:
    """Whether the answer is no more than the question, a large piece of it, or its heading."""
    said, whole = f" {' '.join(words)} ", f" {' '.join(asked)} "
    option = f"{said}or " in whole or f" or{said}" in whole
    cut_off = len(words) >= CUT_OFF and whole.startswith(said)
    if said in whole and not option and (cut_off or len(words) >= least * len(asked)):
        return True
    for part in parts:
        while (shorter := said.replace(f" {' '.join(part)} ", " ")) != said:
            said = shorter
    return said.strip() in {"", "answer"}


def _looped(text: str, limits: Mapping[str, float]) -> bool:
    words = words_of(NUMERAL.sub(" ", text))
    if any(len(word) > 7 and STUTTER.fullmatch(word) for word in words if len(word) > 0.5 * len(text)):
        return True
    for lag in range(1, min(LONGEST_LOOP, len(words) // 2) + 1):
        run = _longest_run(words, lag)
        # More than two whole rounds: a sentence said twice is a sentence.
        if run > lag and (run > limits["looped_share"] * len(words) or run >= limits["looped_words"]):
            return True
    plain = text.encode()
    return len(text) >= LONG and len(zlib.compress(plain, 9)) < limits["compressed"] * len(plain)


def _longest_run(words: list[str], lag: int) -> int:
    """Most words on end that each equal the word ``lag`` places before."""
    longest = run = 0
    for before, word in zip(words, words[lag:], strict=False):
        run = run + 1 if word == before else 0
        longest = max(longest, run)
    return longest
