"""The engine at work in a thread of its own, one call at a time, while the run reads and prints."""

import queue
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from reportgen.batch.guard import Failure, guarded
from reportgen.engines.base import Engine, Parameters
from reportgen.errors import EngineError
from reportgen.moments import unheard
from reportgen.nouns import Completion, Prompt

__all__ = ["Ended", "EngineThread"]

#: Longest wait for an answer at a time, in seconds: meanwhile nothing else is seen to.
_PATIENCE = 1.0


@dataclass(frozen=True)
class Ended:
    """A call is over.

    Attributes:
        unanswered: Ids of the prompts without a completion; none when the engine was lost.
        lost: The engine's own error.
        failure: A bug that ended the call.
    """

    unanswered: tuple[str, ...] = ()
    lost: EngineError | None = None
    failure: Failure | None = None


class EngineThread:
    """One engine and one thread.

    Attributes:
        busy: A call is under way.
        wanted: Prompts of the last call.
        written: How many of them are answered.
    """

    def __init__(self, engine: Engine, parameters: Parameters) -> None:
        self.busy = False
        self.wanted = self.written = 0
        self._engine, self._parameters = engine, parameters
        self._thread = ThreadPoolExecutor(1, "engine")
        self._events: queue.SimpleQueue[Completion | Ended] = queue.SimpleQueue()

    def write(self, prompts: list[Prompt]) -> None:
        """Begin a call. Not while ``busy``."""
        self.busy, self.wanted, self.written = True, len(prompts), 0
        with unheard():
            self._thread.submit(self._call, prompts)

    def events(self) -> Iterator[Completion | Ended]:
        """What has happened since, waited for up to a second if a call is under way."""
        wait = self.busy
        while True:
            try:
                event = self._events.get(timeout=_PATIENCE) if wait else self._events.get_nowait()
            except queue.Empty:
                return
            wait = False
            self.written += isinstance(event, Completion)
            self.busy = self.busy and not isinstance(event, Ended)
            yield event

    def close(self) -> Iterator[Completion | Ended]:
        """End the engine and the call that is under way; what has happened until then."""
        self._engine.close()
        self._thread.shutdown()
        self.busy = False
        return self.events()

    def _call(self, prompts: list[Prompt]) -> None:
        open_ones = {prompt.id: None for prompt in prompts}

        def write() -> EngineError | None:
            try:
                for completion in self._engine.generate(prompts, self._parameters):
                    open_ones.pop(completion.prompt_id, None)
                    self._events.put(completion)
            except EngineError as error:
                return error
            except OSError as error:
                what = f"The engine failed ({type(error).__name__})."
                return EngineError(what, "Give the same command again: it completes the rest.")
            return None

        ended = guarded(write)
        if isinstance(ended, EngineError):
            self._events.put(Ended(lost=ended))
        else:
            self._events.put(Ended(tuple(open_ones), failure=ended))
