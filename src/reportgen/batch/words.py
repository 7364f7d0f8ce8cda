"""Answers to the prompts of many cases: each distinct prompt is asked once, and remembered for a while."""

from collections import OrderedDict
from collections.abc import Callable, Iterable

from reportgen import pipeline
from reportgen.domain import Domain
from reportgen.engines.base import Engine, Parameters
from reportgen.errors import EngineError
from reportgen.nouns import Completion, Prompt

__all__ = ["Words"]

#: Answers remembered beyond the cases at hand; some kilobytes each, so that memory stays flat.
REMEMBERED = 4096


class Words:
    """Asks the engine for the words of cases, and tells ``note`` how far it is.

    Attributes:
        lost: The engine's own error, once it is lost; from then on only remembered answers are given.
        asked: Distinct prompts the engine was asked.
        shared: Prompts that needed no answer of their own.
    """

    def __init__(
        self, engine: Engine, domain: Domain, parameters: Parameters, note: Callable[[str], None]
    ) -> None:
        self._engine, self._domain, self._parameters, self._note = engine, domain, parameters, note
        self._known: OrderedDict[str, Completion] = OrderedDict()
        self.lost: EngineError | None = None
        self.asked = 0
        self.shared = 0

    @property
    def deterministic(self) -> bool:
        """No model writes, so nothing is asked."""
        return self._engine.info.engine == "template"

    def of(self, cases: Iterable[pipeline.Prepared]) -> list[dict[str, Completion] | None]:
        """Each case's answers by prompt id, or None where the engine was lost before it had them."""
        cases = list(cases)
        if self.deterministic:
            return [{} for _ in cases]
        first = [case.prompts for case in cases]
        self._ask(first)
        second = [self._second(case) for case in cases]
        self._ask(second)
        answered = [
            self._answers([*one, *two]) if self._complete([*one, *two]) else None
            for one, two in zip(first, second, strict=True)
        ]
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return answered

    def _second(self, case: pipeline.Prepared) -> tuple[Prompt, ...]:
        if not self._complete(case.prompts):
            return ()
        return tuple(pipeline.second_prompts(case, self._answers(case.prompts), self._domain).values())

    def _ask(self, wanted: Iterable[Iterable[Prompt]]) -> None:
        prompts = [prompt for prompts in wanted for prompt in prompts]
        new = {prompt.id: prompt for prompt in prompts if prompt.id not in self._known}
        for prompt in prompts:
            if prompt.id in self._known:
                self._known.move_to_end(prompt.id)
        if self.lost is not None:
            return
        self.shared += len(prompts) - len(new)
        if not new:
            return
        self.asked += len(new)
        try:
            answers = self._engine.generate(list(new.values()), self._parameters)
            for number, completion in enumerate(answers, 1):
                self._known[completion.prompt_id] = completion
                self._note(f"prompt {number} of {len(new)}")
        except EngineError as error:
            self.lost = error
            return
        for missing in new.keys() - self._known.keys():
            self._known[missing] = Completion(prompt_id=missing, error="the engine gave no answer")

    def _complete(self, prompts: Iterable[Prompt]) -> bool:
        return all(prompt.id in self._known for prompt in prompts)

    def _answers(self, prompts: Iterable[Prompt]) -> dict[str, Completion]:
        return {prompt.id: self._known[prompt.id] for prompt in prompts}
