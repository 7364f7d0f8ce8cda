"""Writes the language of carriers as a Lark grammar, as llguidance reads it, for the facts of one passage.

Each fact is told once. Facts of one kind keep their order, kinds may come in any order and share a sentence.
The language is finite: it cannot loop. Slots are numbered from F1.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from reportgen.carriers.tree import COUNTS, Choice, Count, Maybe, Node, Place, Seq, Word, nodes_of

__all__ = ["Written", "grammar"]

_Range = tuple[str, int, int]
_State = tuple[int, ...]


@dataclass(frozen=True)
class Written:
    """What sentences are written with: trees by what they are for and, where they carry slots, by kind."""

    leads: Choice
    joiners: Choice
    agents: Choice
    clauses: Mapping[str, Choice]
    active: Mapping[str, Choice]
    tails: Mapping[str, Choice]


def grammar(language: Written, kinds: Sequence[str], partial: Collection[str] = ()) -> str:
    """The grammar of all texts that tell every slot once.

    Args:
        language: The trees.
        kinds: The kind of each slot.
        partial: Kinds of which the passage has more facts than these.
    """
    return _Writer(language, kinds, partial).written()


class _Writer:
    """Rules by name. ``h_`` rules begin a sentence, with a capital and no blank before; others go on."""

    def __init__(self, language: Written, kinds: Sequence[str], partial: Collection[str]) -> None:
        self._language, self._partial = language, partial
        self._kinds = tuple(dict.fromkeys(kinds))
        self._of = {k: [n for n, kind in enumerate(kinds, 1) if kind == k] for k in self._kinds}
        self._rules: dict[str, str] = {}

    def written(self) -> str:
        done = tuple(len(self._of[kind]) for kind in self._kinds)
        for state in product(*(range(total + 1) for total in done)):
            name = _name(state)
            if state == done:
                self._rules |= {f"a{name}": '"."', f"b{name}": '"."'}
                continue
            self._rules[f"s{name}"] = self._chunks(state, head=True, then="a")
            if not any(state):
                continue
            self._rules[f"c{name}"] = self._chunks(state, head=False, then="b")
            tails = self._tails(state)
            lead = self._choice(self._language.leads, None, head=True)
            stop = [f'". " s{name}', f'". " {lead} c{name}', *tails]
            self._rules[f"b{name}"] = " | ".join(stop)
            joins = [f"{self._choice(self._language.joiners, None, head=False)} c{name}"]
            self._rules[f"a{name}"] = " | ".join([*stop, *joins])
        start = f"start: s{_name(tuple(0 for _ in done))}"
        return "\n".join([start, *(f"{name}: {body}" for name, body in self._rules.items())]) + "\n"

    def _next(self, state: _State) -> list[tuple[_Range, _State]]:
        """What may be told next: a kind's facts from its first untold one, and the state after it."""
        return [
            ((kind, state[n], end), (*state[:n], end, *state[n + 1 :]))
            for n, kind in enumerate(self._kinds)
            for end in range(state[n] + 1, len(self._of[kind]) + 1)
        ]

    def _chunks(self, state: _State, *, head: bool, then: str) -> str:
        options = []
        for what, after in self._next(state):
            clause = self._choice(self._language.clauses[what[0]], what, head=head)
            if clause:
                options.append(f"{clause} {then}{_name(after)}")
            deed = self._choice(self._language.active[what[0]], what, head=False)
            if deed:
                agent = self._choice(self._language.agents, None, head=head)
                options.append(f"{agent} {deed} {then}{_name(after)}")
        return " | ".join(options)

    def _tails(self, state: _State) -> list[str]:
        found = []
        for what, after in self._next(state):
            tail = self._choice(self._language.tails[what[0]], what, head=False)
            if tail and any(state[n] for n, kind in enumerate(self._kinds) if kind != what[0]):
                found.append(f"{tail} b{_name(after)}")
        return found

    def _choice(self, choice: Choice, what: _Range | None, *, head: bool) -> str | None:
        """The name of the rule for a choice, or None if it cannot carry just these slots."""
        carries = what if _carries(choice) else None
        name = f"{'h' if head else 'm'}_{choice.name}" + ("_{}_{}".format(*carries[1:]) if carries else "")
        if name not in self._rules:
            self._rules[name] = ""
            options = [self._seq(option, carries, head=head) for option in choice.options]
            self._rules[name] = " | ".join(option for option in options if option)
        return name if self._rules[name] else None

    def _seq(self, seq: Seq, what: _Range | None, *, head: bool) -> str | None:
        if not seq:
            return None
        node, rest = seq[0], seq[1:]
        if head and isinstance(node, Maybe):
            both = [self._seq((*node.part, *rest), what, head=True), self._seq(rest, what, head=True)]
            return " | ".join(option for option in both if option) or None
        first = self._node(node, what, head=head)
        if first is None:
            return None
        if not rest:
            return first
        following = self._seq(rest, what, head=False)
        return None if following is None else f"{first} {following}"

    def _node(self, node: Node, what: _Range | None, *, head: bool) -> str | None:
        if isinstance(node, Word):
            if head:
                return f'"{node.text[:1].upper()}{node.text[1:]}"'
            return f'"{node.text}"' if node.text in ",;:." else f'" {node.text}"'
        if isinstance(node, Choice):
            return self._choice(node, what, head=head)
        if isinstance(node, Maybe):
            part = self._seq(node.part, what, head=False)
            return f"({part})?" if part else '""'
        assert what is not None, "a place stands in a carrier of some kind"
        kind, start, end = what
        if isinstance(node, Count):
            if not self._is_all(kind, end - start):
                return None
            word = COUNTS[end - start - 1]
            return f'"{word.capitalize()}"' if head else f'" {word}"'
        return self._slots(node, kind, start, end, head=head)

    def _slots(self, place: Place, kind: str, start: int, end: int, *, head: bool) -> str | None:
        numbers = self._of[kind][start:end]
        enough = place.few if len(numbers) == 1 else place.many
        if not enough or (place.all and not self._is_all(kind, len(numbers))):
            return None
        slots = [f"[[F{n}]]" for n in numbers]
        text = slots[0] if len(slots) == 1 else f"{', '.join(slots[:-1])} and {slots[-1]}"
        return f'"{text}"' if head else f'" {text}"'

    def _is_all(self, kind: str, told: int) -> bool:
        return kind not in self._partial and told == len(self._of[kind])


@lru_cache(maxsize=4096)
def _carries(choice: Choice) -> bool:
    return any(isinstance(node, Place | Count) for node in nodes_of([choice]))


def _name(state: _State) -> str:
    return "_".join(map(str, state))
