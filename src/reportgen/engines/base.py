"""What every engine is: prompts in, completions out, in any order."""

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from pydantic import Field

from reportgen.nouns.base import Frozen
from reportgen.nouns.words import Completion, Prompt

__all__ = ["Engine", "EngineInfo", "Parameters"]


class Parameters(Frozen):
    """How text is generated: greedy always; at most ``max_new_tokens`` a prompt."""

    max_new_tokens: int = 160


class EngineInfo(Frozen):
    """Who writes the words, for provenance and fingerprint. All but ``engine`` may be unknown.

    Attributes:
        name: How a person calls it ("MedGemma 4B int8").
        server: The software of the server that the model runs on, with its version; None without a server.
        why: Why this engine was chosen, when the choice was automatic.
    """

    engine: str
    name: str
    model: str | None = None
    revision: str | None = None
    weights_sha256: str | None = None
    precision: str | None = None
    dtype: str | None = None
    device: str | None = None
    server: str | None = None
    generation: dict[str, Any] = Field(default_factory=dict)
    canary: str | None = None
    why: str | None = None


class Engine(Protocol):
    """A writer of words. The loss of the engine raises ``EngineError``; a failed prompt does not.

    An engine may have ``batch_size``, the number of prompts that it writes at once: a run then brings it some
    eight times as many together. One that computes in the process that calls it says so by
    ``computes_here``: then reports are printed in others.
    """

    @property
    def info(self) -> EngineInfo:
        """Who it is."""

    def generate(self, prompts: Iterable[Prompt], parameters: Parameters) -> Iterator[Completion]:
        """One completion a prompt, in any order; a failed prompt is a completion with ``error`` set.

        Raises:
            EngineError: The engine itself is lost; prompts without a completion are still pending.
        """

    def fingerprint(self) -> str:
        """Equal fingerprints give equal words for equal prompts (but for batch effects in bf16 and int8)."""

    def close(self) -> None:
        """Give memory back. The engine is of no use afterwards; ``generate`` in another thread ends soon."""
