"""The transformers engine: streams prompts through one model in batches, and loses none."""

import contextlib
import gc
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice

import torch

from reportgen.engines import canary
from reportgen.engines.base import EngineInfo, Parameters
from reportgen.engines.hf_load import Loaded, is_out_of_memory
from reportgen.engines.hf_write import Refused, Row, Writer, Written
from reportgen.errors import EngineError
from reportgen.files import canonical_json, sha256
from reportgen.nouns.words import Completion, Prompt

__all__ = ["HfEngine"]

#: Batches that are read ahead and sorted by length, so that batch-mates need little padding.
_WINDOW = 8


class HfEngine:
    """A language model on this machine. The canary runs before the constructor returns.

    Args:
        loaded: The model; the engine owns it from here on.
        batch_size: Prompts written at once. It is halved when memory runs out, and stays so.

    Attributes:
        batch_size: As it is now.
        computes_here: The model's steps are taken in this process.

    Raises:
        EngineError: The canary failed.
    """

    computes_here = True

    def __init__(self, loaded: Loaded, batch_size: int) -> None:
        self.batch_size = batch_size
        self._writer: Writer | None = Writer(loaded)
        self._info = loaded.info.model_copy(update={"canary": canary.sing(self._writer)})
        self._inputs = loaded.inputs

    @property
    def info(self) -> EngineInfo:
        """Who writes; what the canary found is in it."""
        return self._info

    def generate(self, prompts: Iterable[Prompt], parameters: Parameters) -> Iterator[Completion]:
        """One completion a prompt, in order of length within a window of prompts read ahead.

        Raises:
            EngineError: The device or the model is lost, or the engine was closed.
        """
        stream = iter(prompts)
        while window := list(islice(stream, self.batch_size * _WINDOW)):
            rows: list[Row] = []
            for prompt in window:
                try:
                    rows.append(self._alive().encode(prompt, parameters.max_new_tokens))
                except Refused as refusal:
                    yield Completion(prompt_id=prompt.id, error=str(refusal))
            # The id breaks ties, so that equal prompts always make equal batches.
            rows.sort(key=lambda row: (len(row.tokens) - len(row.prefix), row.prompt.id))
            yield from self._batches(deque(rows), parameters.max_new_tokens)

    def fingerprint(self) -> str:
        """Hash of all that shapes the words: model, revision, weights, tokenizer, precision, versions."""
        who = self._info.model_dump(mode="json", exclude={"canary", "why", "name"})
        return sha256(canonical_json(who | {"inputs": self._inputs}))

    def close(self) -> None:
        """Give memory back. A batch that another thread writes ends with its next token."""
        if self._writer is not None:
            self._writer.ended = True
        self._writer = None
        with contextlib.suppress(RuntimeError):  # a device that is lost has nothing to give back
            _free()

    def _alive(self) -> Writer:
        if self._writer is None:
            raise EngineError("The engine was closed.", "Load it again.")
        return self._writer

    def _batches(self, rows: deque[Row], max_new_tokens: int) -> Iterator[Completion]:
        while rows:
            batch = [rows.popleft() for _ in range(min(self.batch_size, len(rows)))]
            written = self._try(batch, max_new_tokens)
            if written is not None:
                yield from map(_completion, batch, written)
            elif len(batch) == 1:
                yield Completion(
                    prompt_id=batch[0].prompt.id,
                    error=f"The prompt ({len(batch[0].tokens)} tokens) does not fit into the memory.",
                )
            else:
                self.batch_size = len(batch) // 2
                rows.extendleft(reversed(batch))

    def _try(self, batch: list[Row], max_new_tokens: int) -> list[Written] | None:
        """The batch's answers, or None if memory ran out."""
        try:
            written = self._alive().write(batch, max_new_tokens)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise EngineError(
                    f"The model was lost while it wrote ({type(error).__name__}: {_first_line(error)}).",
                    "Run the same command again; what is done stays done.",
                ) from error
        else:
            self._alive()  # what was cut short by close is no answer
            return written
        # Outside of the handler: the traceback there still holds the tensors that are to go.
        _free()
        return None


def _completion(row: Row, written: Written) -> Completion:
    if not written.obeyed:
        return Completion(prompt_id=row.prompt.id, error="The answer does not obey its grammar.")
    return Completion(
        prompt_id=row.prompt.id,
        text=written.text,
        finish=written.finish,
        prompt_tokens=len(row.tokens),
        tokens=len(written.tokens),
    )


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0]


def _free() -> None:
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
