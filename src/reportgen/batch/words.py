"""Answers to the prompts of many cases: each distinct prompt is asked once, remembered for a while, and kept
in the cache for good. The engine writes for some cases while others are read and printed."""

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Generic, NamedTuple, TypeVar

from reportgen import pipeline
from reportgen.batch.engine_thread import Ended, EngineThread
from reportgen.batch.guard import Failure, guarded
from reportgen.cache import Cache
from reportgen.domain import Domain
from reportgen.engines.base import Engine, Parameters
from reportgen.errors import EngineError, UsageError
from reportgen.files import canonical_json, sha256
from reportgen.nouns import Completion, Prompt

__all__ = ["Answered", "Words"]

T = TypeVar("T")
#: Answers remembered beyond the cases at hand; some kilobytes each, so that memory stays flat.
REMEMBERED = 4096
#: Answers put into the cache together: what a killed run may have to ask again.
KEPT_TOGETHER = 64
#: New prompts that are put to the engine together: so many of its batches, so that it can sort them by length
#: and the last one, seldom full, costs little.
BATCHES = 8
#: Cases that are met for one call of the engine, however few new prompts they have: they are held in memory.
CASES = 512


class Answered(NamedTuple):
    """The answers to a case's prompts.

    Attributes:
        completions: By prompt id.
        reused: Passages whose words had been written before, for another passage of this or an earlier run.
    """

    completions: dict[str, Completion]
    reused: frozenset[str] = frozenset()


@dataclass(eq=False)
class _Held(Generic[T]):
    """A case that waits for answers.

    Attributes:
        ticket: What the caller knows it by.
        missing: Ids of the prompts that it waits for.
        fresh: Ids of the prompts that are asked on its account.
        again: By passage the prompt under a grammar, where the first answer was refused; None before the
            first answers are there.
    """

    ticket: T
    case: pipeline.Prepared
    answers: dict[str, Completion] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)
    fresh: set[str] = field(default_factory=set)
    again: dict[str, Prompt] | None = None


class Words(Generic[T]):
    """Has the engine write the words of cases, and tells ``note`` how far it is.

    ``put`` takes a case in, ``ready`` gives those that have all their answers. Which prompts share a call of
    the engine depends on the order of the cases alone, never on time.

    Args:
        cache: Where answers are kept beyond this run; None keeps them nowhere.
        warn: Told once if the cache is lost; the run goes on without it.

    Attributes:
        lost: The engine's own error, once it is lost; from then on only remembered answers are given.
        asked: Distinct prompts the engine was asked.
        shared: Prompts that needed no answer of their own.
    """

    def __init__(
        self,
        engine: Engine,
        domain: Domain,
        parameters: Parameters,
        *,
        cache: Cache | None,
        note: Callable[[str], None],
        warn: Callable[[str], None],
    ) -> None:
        self._domain, self._cache, self._note, self._warn = domain, cache, note, warn
        self._deterministic = engine.info.engine == "template"
        self._name = engine.info.name
        self._signature = sha256(canonical_json([engine.fingerprint(), parameters.plain()]))
        self._engine = EngineThread(engine, parameters)
        self._enough = BATCHES * getattr(engine, "batch_size", 8)
        self._known: OrderedDict[str, Completion] = OrderedDict()
        self._held: set[_Held[T]] = set()
        self._waiting_for: dict[str, list[_Held[T]]] = {}
        self._next: dict[str, Prompt] = {}
        self._firsts = self._met = 0  # of the call to come: new first prompts, and cases
        self._ready: deque[tuple[T, pipeline.Prepared, Answered | Failure]] = deque()
        self._unkept: list[Completion] = []
        self._no_more = False
        self.lost: EngineError | None = None
        self.asked = 0
        self.shared = 0

    def put(self, ticket: T, case: pipeline.Prepared) -> None:
        """Take a case in. Not while ``full``."""
        if self._deterministic:
            self._ready.append((ticket, case, Answered({})))
            return
        held = _Held(ticket, case)
        self._held.add(held)
        self._seek(held, case.prompts)
        self._firsts += len(held.fresh)
        self._met += 1
        self._call()

    def ready(self) -> Iterator[tuple[T, pipeline.Prepared, Answered | Failure]]:
        """The cases that have all their answers by now, or for which a bug left none; each once."""
        while self._ready:
            yield self._ready.popleft()

    @property
    def full(self) -> bool:
        """Enough for the next call has been met, and the last one is not over."""
        return self._engine.busy and self._is_enough

    @property
    def waiting(self) -> bool:
        """Some cases have not all their answers yet."""
        return bool(self._held)

    def last_call(self) -> None:
        """No case will come any more."""
        self._no_more = True
        self._call()

    def wait(self) -> None:
        """Let the engine write for up to a second, and see to what it has written."""
        for event in self._engine.events():
            if isinstance(event, Completion):
                self._learn(event)
                self._note(f"prompt {self._engine.written} of {self._engine.wanted}")
            else:
                self._end(event)
        self._call()

    def close(self) -> None:
        """End the engine, also in the middle of a call; what it has written until then is kept."""
        self._unkept += [event for event in self._engine.close() if isinstance(event, Completion)]
        self._keep()

    @property
    def _is_enough(self) -> bool:
        return self._firsts >= self._enough or self._met >= CASES

    def _call(self) -> None:
        if self._next and not self._engine.busy and (self._is_enough or self._no_more):
            # In an order that no clock decides: refused ones, which come as answers do, by their id.
            prompts = sorted(self._next.values(), key=lambda one: (0, one.id) if one.grammar else (1, ""))
            self.asked += len(prompts)
            self._engine.write(prompts)
            self._next = {}
            self._firsts = self._met = 0

    def _seek(self, held: _Held[T], prompts: Sequence[Prompt]) -> None:
        """Find what is known of the answers; what is not is waited for, and asked for unless another case
        waits for it already."""
        known = self._find([prompt.id for prompt in prompts])
        for prompt in prompts:
            if prompt.id in known:
                held.answers[prompt.id] = known[prompt.id]
            elif self.lost is not None:
                self._held.discard(held)
                return
            elif prompt.id not in held.missing:
                held.missing.add(prompt.id)
                waiting = self._waiting_for.setdefault(prompt.id, [])
                if not waiting:
                    held.fresh.add(prompt.id)
                    self._next[prompt.id] = prompt
                waiting.append(held)
        self.shared += len(prompts) - len(held.fresh & {prompt.id for prompt in prompts})
        if not held.missing:
            self._advance(held)

    def _find(self, prompts: Sequence[str]) -> dict[str, Completion]:
        found = {}
        for prompt in prompts:
            if prompt in self._known:
                self._known.move_to_end(prompt)
                found[prompt] = self._known[prompt]
        for completion in self._from_cache([one for one in prompts if one not in found]):
            self._remember(completion)
            found[completion.prompt_id] = completion
        return found

    def _remember(self, completion: Completion) -> None:
        self._known[completion.prompt_id] = completion
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)

    def _learn(self, completion: Completion) -> None:
        """An answer has come."""
        self._remember(completion)
        self._unkept.append(completion)
        if len(self._unkept) >= KEPT_TOGETHER:
            self._keep()
        for held in self._waiting_for.pop(completion.prompt_id, []):
            held.answers[completion.prompt_id] = completion
            held.missing.discard(completion.prompt_id)
            if not held.missing:
                self._advance(held)

    def _advance(self, held: _Held[T]) -> None:
        """A case has all that it waited for: ask again what was refused, or let it go."""
        if held.again is None:
            again = guarded(partial(pipeline.second_prompts, held.case, held.answers, self._domain))
            if isinstance(again, Failure):
                self._let_go(held, again)
            else:
                held.again = again
                self._seek(held, list(again.values()))
            return
        self._let_go(held, Answered(held.answers, _reused(held.case, held.again, held.fresh)))

    def _let_go(self, held: _Held[T], answered: Answered | Failure) -> None:
        self._held.discard(held)
        self._ready.append((held.ticket, held.case, answered))

    def _end(self, end: Ended) -> None:
        """A call is over; prompts that it left without an answer are answered by why there is none."""
        self._keep()
        if end.lost is not None:
            self.lost = end.lost
            self._held.clear()
            self._waiting_for.clear()
            self._next.clear()
        for prompt in end.unanswered:
            if end.failure is None:
                self._learn(Completion(prompt_id=prompt, error="the engine gave no answer"))
                continue
            for held in self._waiting_for.pop(prompt, []):
                if held in self._held:
                    self._let_go(held, end.failure)

    def _from_cache(self, prompts: Sequence[str]) -> Iterable[Completion]:
        if self._cache is None or not prompts:
            return ()
        try:
            return self._cache.find(self._signature, prompts).values()
        except UsageError as error:
            self._lose_cache(error)
            return ()

    def _keep(self) -> None:
        completions, self._unkept = self._unkept, []
        if self._cache is None or not completions:
            return
        try:
            self._cache.keep(self._signature, self._name, completions)
        except UsageError as error:
            self._lose_cache(error)

    def _lose_cache(self, error: UsageError) -> None:
        self._cache = None
        self._warn(f"Passages are not remembered any more: {error}")


def _reused(case: pipeline.Prepared, again: dict[str, Prompt], fresh: set[str]) -> frozenset[str]:
    """The passages that an answer was there for; of equal ones that are new, the first is not."""
    reused, fresh = set(), set(fresh)
    for passage, first in zip(case.facts.passages, case.prompts, strict=True):
        prompt = again.get(passage.id, first)
        if prompt.id in fresh:
            fresh.discard(prompt.id)
        else:
            reused.add(passage.id)
    return frozenset(reused)
