"""An engine that workers on a cluster can hold, which takes its time and says which process it is."""

import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from reportgen.engines.base import EngineInfo, Parameters
from reportgen.errors import EngineError
from reportgen.nouns import Completion, Prompt


class Slow:
    """Writes its process id; ``poison`` ends its process, ``lost`` loses it at the first prompt."""

    batch_size = 2

    def __init__(self, folder: Path, *, poison: str = "", lost: bool = False) -> None:
        self.info = EngineInfo(engine="transformers", name="Slow")
        self._folder, self._poison, self._lost = folder, poison, lost

    def generate(self, prompts: Iterable[Prompt], parameters: Parameters) -> Iterator[Completion]:
        for prompt in prompts:
            if self._lost:
                raise EngineError("The GPU is gone.", "See to it.")
            if prompt.id == self._poison:
                os._exit(9)
            time.sleep(0.05)
            yield Completion(prompt_id=prompt.id, text=str(os.getpid()))

    def fingerprint(self) -> str:
        return "slow"

    def close(self) -> None:
        pass
