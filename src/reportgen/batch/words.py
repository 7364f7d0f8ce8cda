"""Answers to the prompts of many cases: each distinct prompt is asked once, and remembered for a while, and
in the cache for good."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from reportgen import pipeline
from reportgen.cache import Cache
from reportgen.domain import Domain
from reportgen.engines.base import Engine, Parameters
from reportgen.errors import EngineError, UsageError
from reportgen.files import canonical_json, sha256
from reportgen.nouns import Completion, Prompt

__all__ = ["Answered", "Words"]

#: Answers remembered beyond the cases at hand; some kilobytes each, so that memory stays flat.
REMEMBERED = 4096
#: Answers put into the cache together: what a killed run may have to ask again.
KEPT_TOGETHER = 64


class Answered(NamedTuple):
    """The answers to a case's prompts.

    Attributes:
        completions: By prompt id.
        reused: Passages whose words had been written before, for another passage of this or an earlier run.
    """

    completions: dict[str, Completion]
    reused: frozenset[str] = frozenset()


class Words:
    """Asks the engine for the words of cases, and tells ``note`` how far it is.

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
        self._engine, self._domain, self._parameters = engine, domain, parameters
        self._cache, self._note, self._warn = cache, note, warn
        self._writer = sha256(canonical_json([engine.fingerprint(), parameters.plain()]))
        self._known: OrderedDict[str, Completion] = OrderedDict()
        self.lost: EngineError | None = None
        self.asked = 0
        self.shared = 0

    @property
    def deterministic(self) -> bool:
        """No model writes, so nothing is asked."""
        return self._engine.info.engine == "template"

    def of(self, cases: Iterable[pipeline.Prepared]) -> list[Answered | None]:
        """Each case's answers, or None where the engine was lost before it had them."""
        cases = list(cases)
        if self.deterministic:
            return [Answered({}) for _ in cases]
        first = [case.prompts for case in cases]
        fresh = self._ask(first)
        second = [self._second(case) for case in cases]
        self._ask(second)
        answered = [
            Answered(self._answers([*one, *two]), _reused(case, fresh))
            if self._complete([*one, *two])
            else None
            for case, one, two in zip(cases, first, second, strict=True)
        ]
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return answered

    def _second(self, case: pipeline.Prepared) -> tuple[Prompt, ...]:
        if not self._complete(case.prompts):
            return ()
        return tuple(pipeline.second_prompts(case, self._answers(case.prompts), self._domain).values())

    def _ask(self, wanted: Iterable[Iterable[Prompt]]) -> set[str]:
        """Have all prompts answered; the ids of those that the engine was asked."""
        prompts = [prompt for prompts in wanted for prompt in prompts]
        new = {prompt.id: prompt for prompt in prompts if prompt.id not in self._known}
        for prompt in prompts:
            if prompt.id in self._known:
                self._known.move_to_end(prompt.id)
        for known in self._from_cache(list(new)):
            self._known[known.prompt_id] = known
            del new[known.prompt_id]
        if self.lost is not None:
            return set()
        self.shared += len(prompts) - len(new)
        self.asked += len(new)
        if new:
            self._generate(new)
        return set(new)

    def _generate(self, new: dict[str, Prompt]) -> None:
        unkept: list[Completion] = []
        try:
            answers = self._engine.generate(list(new.values()), self._parameters)
            for number, completion in enumerate(answers, 1):
                self._known[completion.prompt_id] = completion
                unkept.append(completion)
                if len(unkept) >= KEPT_TOGETHER:
                    self._keep(unkept)
                    unkept = []
                self._note(f"prompt {number} of {len(new)}")
        except EngineError as error:
            self.lost = error
            return
        finally:
            self._keep(unkept)
        for missing in new.keys() - self._known.keys():
            self._known[missing] = Completion(prompt_id=missing, error="the engine gave no answer")

    def _from_cache(self, prompts: Sequence[str]) -> Iterable[Completion]:
        if self._cache is None or not prompts:
            return ()
        try:
            return self._cache.find(self._writer, prompts).values()
        except UsageError as error:
            self._lose_cache(error)
            return ()

    def _keep(self, completions: Sequence[Completion]) -> None:
        if self._cache is None or not completions:
            return
        try:
            self._cache.keep(self._writer, self._engine.info.name, completions)
        except UsageError as error:
            self._lose_cache(error)

    def _lose_cache(self, error: UsageError) -> None:
        self._cache = None
        self._warn(f"Passages are not remembered any more: {error}")

    def _complete(self, prompts: Iterable[Prompt]) -> bool:
        return all(prompt.id in self._known for prompt in prompts)

    def _answers(self, prompts: Iterable[Prompt]) -> dict[str, Completion]:
        return {prompt.id: self._known[prompt.id] for prompt in prompts}


def _reused(case: pipeline.Prepared, fresh: set[str]) -> frozenset[str]:
    """The passages that an answer was there for; of equal ones that are new, the first is not."""
    reused = set()
    for passage, prompt in zip(case.facts.passages, case.prompts, strict=True):
        if prompt.id in fresh:
            fresh.discard(prompt.id)
        else:
            reused.add(passage.id)
    return frozenset(reused)
