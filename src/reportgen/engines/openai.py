"""The openai engine: many prompts at once to a server with OpenAI's interface, such as vLLM."""

from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import ExitStack
from itertools import islice
from queue import Empty, SimpleQueue

from anyio.from_thread import start_blocking_portal

from reportgen.engines.base import EngineInfo, Parameters
from reportgen.engines.chat import fold_system, without_thought
from reportgen.engines.openai_grammar import constraint
from reportgen.engines.openai_load import address, introduce
from reportgen.engines.openai_wire import Refused, Wire
from reportgen.errors import EngineError
from reportgen.files import canonical_json, sha256
from reportgen.nouns.words import Completion, Prompt

__all__ = ["OpenAIEngine"]

#: Seconds between two moments in which Ctrl-C is heard; on Windows nothing else breaks a wait.
_HEARD = 1.0


class OpenAIEngine:
    """A language model behind a server. The canary runs before the constructor returns.

    Args:
        server: Base address, such as ``http://localhost:8000/v1``.
        model: Its name at the server, or ``auto`` for the only one.
        key: Sent as a bearer token; None where the server wants none.
        batch_size: Requests in flight.

    Raises:
        UsageError: The address is none, or ``auto`` has no answer.
        EngineError: The server is not there, or the canary failed.
    """

    def __init__(
        self, server: str, model: str = "auto", *, key: str | None = None, batch_size: int = 64
    ) -> None:
        self.batch_size = batch_size
        self._wire = Wire(address(server), key)
        with ExitStack() as opened:
            # An event loop in a thread of its own: requests in flight cost little, and can be called off.
            self._portal = opened.enter_context(start_blocking_portal())
            opened.callback(self._portal.call, self._portal.stop, True)
            opened.callback(self._portal.call, self._wire.close)
            self._met = self._portal.call(introduce, self._wire, model)
            self._opened: ExitStack | None = opened.pop_all()

    @property
    def info(self) -> EngineInfo:
        """Who writes, and the server's software."""
        return self._met.info

    def generate(self, prompts: Iterable[Prompt], parameters: Parameters) -> Iterator[Completion]:
        """One completion a prompt, as they come; prompts are read as requests become free.

        Raises:
            EngineError: The server is lost or refuses everything, or the engine was closed.
        """
        stream, flying = iter(prompts), set[Future[Completion]]()
        landed: SimpleQueue[Future[Completion]] = SimpleQueue()
        try:
            while True:
                for prompt in islice(stream, self.batch_size - len(flying)):
                    request = self._start(prompt, parameters)
                    flying.add(request)
                    request.add_done_callback(landed.put)
                if not flying:
                    return
                try:
                    request = landed.get(timeout=_HEARD)
                except Empty:
                    continue
                flying.remove(request)
                try:
                    completion = request.result()
                except CancelledError:
                    raise EngineError("The engine was closed.", "Load it again.") from None
                yield completion
        finally:
            for request in flying:
                request.cancel()

    def fingerprint(self) -> str:
        """Hash of all that shapes the words and is known: model, server's software and version, parameters.

        Where the server stands does not matter.
        """
        who = self.info.model_dump(mode="json", exclude={"canary", "why", "name"})
        return sha256(canonical_json(who))

    def close(self) -> None:
        """Call off what is in flight, and close the connections."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def _start(self, prompt: Prompt, parameters: Parameters) -> "Future[Completion]":
        if self._opened is None:
            raise EngineError("The engine was closed.", "Load it again.")
        return self._portal.start_task_soon(self._complete, prompt, parameters)

    async def _complete(self, prompt: Prompt, parameters: Parameters) -> Completion:
        messages = fold_system(prompt.messages) if self._met.folds else prompt.messages
        try:
            answer = await self._wire.ask(
                self._met.model, messages, parameters.max_new_tokens, self._bound(prompt.grammar)
            )
        except Refused as refused:
            return Completion(prompt_id=prompt.id, error=str(refused))
        before, written = answer.tokens
        return Completion(
            prompt_id=prompt.id,
            text=without_thought(answer.text),
            finish=answer.finish,
            prompt_tokens=before,
            tokens=written,
        )

    def _bound(self, grammar: str | None) -> dict[str, object] | None:
        if grammar is None:
            return None
        try:
            bound = constraint(self._met.software, grammar)
        except ValueError:
            raise Refused("The grammar is not one that can be translated for a server.") from None
        if bound is None:
            raise Refused("The server takes no grammar.")
        return bound
