"""The engine that writes no words: every passage gets the domain's deterministic text."""

from collections.abc import Iterable, Iterator

from reportgen.engines.base import EngineInfo, Parameters
from reportgen.files import canonical_json, sha256
from reportgen.nouns.words import Completion, Prompt

__all__ = ["TemplateEngine"]


class TemplateEngine:
    """No model. ``generate`` yields nothing, so every passage falls to the last rung of the ladder.

    Callers that see ``info.engine == "template"`` may leave ``generate`` out altogether.

    Args:
        why: Why no model writes, in one clause ("no CUDA device was found").
    """

    def __init__(self, why: str | None = None) -> None:
        self._info = EngineInfo(engine="template", name="deterministic text (no language model)", why=why)

    @property
    def info(self) -> EngineInfo:
        """Who it is; ``why`` says why no model writes."""
        return self._info

    def generate(self, prompts: Iterable[Prompt], parameters: Parameters) -> Iterator[Completion]:  # noqa: ARG002
        """No completion for any prompt; ``prompts`` is not even read."""
        return iter(())

    def fingerprint(self) -> str:
        """A constant: the words depend on the domain alone, which has a fingerprint of its own."""
        return sha256(canonical_json({"engine": "template"}))

    def close(self) -> None:
        """There is nothing to give back."""
