"""What a cohort asks of an engine: its prompts, and a count of what a run has written."""

import itertools
import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from reportgen.domain import load_domain
from reportgen.engines.base import Engine, Parameters
from reportgen.nouns import Case, Completion, Found, Prompt, Source
from reportgen.pipeline import Prepared, prepare, second_prompts

__all__ = ["Counted", "prepared"]


def prepared(studies: Iterable[dict[str, Any]]) -> list[Prepared]:
    """The prompts of cases of the cohort."""
    domain = load_domain()
    source = Source(name="(memory)", sha256="0" * 64, format="native")
    return [
        prepare(Found(case=Case.model_validate_json(json.dumps(one)), source=source), domain)
        for one in studies
    ]


class Counted:
    """The engine of a run, left open when the run closes it; counts what it is asked.

    Args:
        studies: To reuse nothing: each prompt is written once for each passage of these that asks it.
    """

    def __init__(self, engine: Engine, studies: Sequence[Prepared] = ()) -> None:
        self.prompts = self.read = self.new = 0
        self.seconds = 0.0
        self._engine, self._studies = engine, studies
        self._answers: dict[str, Completion] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def generate(self, prompts: Iterable[Prompt], parameters: Parameters) -> Iterator[Completion]:
        """One completion a prompt, however often it was written: as it comes, or in the end."""
        wanted = list(prompts)
        often = self._often() if self._studies else Counter(prompt.id for prompt in wanted)
        begun = time.perf_counter()
        again = [prompt for prompt in wanted for _ in range(often[prompt.id])]
        for one in self._engine.generate(again, parameters):
            self.prompts += 1
            self.read += one.prompt_tokens
            self.new += one.tokens
            self._answers[one.prompt_id] = one
            if not self._studies:
                yield one
        self.seconds += time.perf_counter() - begun
        if self._studies:
            yield from (self._answers[prompt.id] for prompt in wanted)

    def close(self) -> None:
        """Another run uses it."""

    def _often(self) -> Counter[str]:
        """How many passages ask each prompt: the first of a passage, and the second after a refusal."""
        domain = load_domain()
        seconds = (second_prompts(one, self._answers, domain).values() for one in self._studies)
        return Counter(p.id for p in itertools.chain(*(one.prompts for one in self._studies), *seconds))
