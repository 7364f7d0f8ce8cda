"""One question over the wire to an OpenAI-compatible server: what comes back, and what each failure costs.

A failure costs one prompt (``Refused``) or means that the server is lost (``EngineError``). No message holds
the key or a word of the server's, which might repeat the prompt.
"""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, Literal
from urllib.parse import urlsplit

import anyio
import openai
from pydantic import BaseModel, Field, ValidationError

from reportgen.errors import EngineError

__all__ = ["GREEDY", "Answer", "Refused", "Wire"]

#: Seconds that an answer may take, with its waiting at a busy server and all tries.
ANSWER_SECONDS = 300.0
#: Seconds within which a living server says which models it has, even under load.
LIFE_SECONDS = 10.0
#: Tries after the first, of a server that is overloaded or out of reach: some eight seconds in all.
RETRIES = 4
#: Answers in a row that may fail before a server that still says what it has counts as lost.
PATIENCE = 64
#: Every question is put so. ``n`` is left out: it is 1 everywhere, and some servers warn of it.
GREEDY: dict[str, Any] = {"temperature": 0, "seed": 0}


class Refused(Exception):  # noqa: N818
    """This one prompt gets no answer; the message says why.

    Attributes:
        status: Of HTTP, if the server gave one.
    """

    def __init__(self, why: str, status: int | None = None) -> None:
        super().__init__(why)
        self.status = status


class _Message(BaseModel):
    content: str


class _Choice(BaseModel):
    message: _Message
    finish_reason: Literal["stop", "length"] | None = None


class _Usage(BaseModel):
    prompt_tokens: int = 0
    completion_tokens: int = 0


class Answer(BaseModel):
    """What of a chat completion is used. ``usage`` counts nothing where the server does not."""

    choices: tuple[_Choice, ...] = Field(min_length=1)
    usage: _Usage | None = None
    system_fingerprint: str | None = None

    @property
    def text(self) -> str:
        """As the model wrote it."""
        return self.choices[0].message.content

    @property
    def finish(self) -> Literal["stop", "length"]:
        """How it ended."""
        return self.choices[0].finish_reason or "stop"

    @property
    def tokens(self) -> tuple[int, int]:
        """Of the prompt, and of the answer."""
        return (self.usage.prompt_tokens, self.usage.completion_tokens) if self.usage else (0, 0)


class Wire:
    """A connection to one server. Its methods run in one event loop.

    Args:
        url: The base address, such as ``http://host:8000/v1``.
        key: Sent as a bearer token; None where the server wants none.

    Attributes:
        place: Host and port, for messages.
        root: The address without the trailing ``/v1``, where servers tell of themselves.
    """

    def __init__(self, url: str, key: str | None) -> None:
        self.place = urlsplit(url).netloc
        self.root = url.removesuffix("/v1")
        self._client = openai.AsyncOpenAI(
            base_url=url,
            # The package insists on a key; a server that wants none does not look at it.
            api_key=key or "none",
            timeout=ANSWER_SECONDS,
            max_retries=RETRIES,
            # A redirect may lead to another host, which must not get the key.
            http_client=openai.DefaultAsyncHttpxClient(follow_redirects=False),
        )
        self._once = self._client.with_options(max_retries=0, timeout=LIFE_SECONDS)
        self._in_vain = 0

    async def close(self) -> None:
        """Close all connections."""
        await self._client.close()

    async def ask(
        self, model: str, messages: Iterable[tuple[str, str]], limit: int, more: dict[str, Any] | None = None
    ) -> Answer:
        """One answer, greedy, of at most ``limit`` tokens.

        Args:
            more: Fields that are not OpenAI's.

        Raises:
            Refused: This prompt gets no answer.
            EngineError: The server is lost, or gives no prompt an answer.
        """
        turns: Any = [{"role": role, "content": text} for role, text in messages]
        try:
            with anyio.fail_after(ANSWER_SECONDS):
                raw = await self._client.chat.completions.with_raw_response.create(
                    model=model, messages=turns, max_tokens=limit, extra_body=more, **GREEDY
                )
            answer = Answer.model_validate_json(raw.content)
        except ValidationError:
            raise Refused("The server's answer is not a chat completion.") from None
        except openai.APIStatusError as error:
            raise await self._of_status(error.status_code) from None
        except (TimeoutError, openai.APITimeoutError):
            raise await self._unanswered(f"No answer within {ANSWER_SECONDS:g} seconds.") from None
        except openai.APIConnectionError:
            raise await self._unanswered("The connection to the server broke.") from None
        self._in_vain = 0
        return answer

    async def models(self) -> tuple[bytes, str]:
        """What the server says of its models, as it came, and what it calls itself in the header.

        Raises:
            EngineError: There is no such server.
        """
        try:
            with anyio.fail_after(LIFE_SECONDS):
                raw = await self._once.models.with_raw_response.list()
        except openai.APIStatusError as error:
            raise self._closed(error.status_code) or self.no_api() from None
        except (TimeoutError, openai.APIConnectionError):
            raise EngineError(
                f"No server answers at {self.place}.",
                "Start it, wait for it to be ready, or correct --server.",
            ) from None
        return raw.content, raw.headers.get("server", "")

    async def look(self, path: str) -> str:
        """What lies at a path below ``root``; empty if nothing does."""
        try:
            with anyio.fail_after(LIFE_SECONDS):
                return await self._once.get(self.root + path, cast_to=str)
        except (TimeoutError, openai.APIError):
            return ""

    def no_api(self) -> EngineError:
        """The error for a server that is none of this kind."""
        return EngineError(
            f"The server at {self.place} has no OpenAI-compatible list of models at the given address.",
            "Correct --server; it usually ends in /v1.",
        )

    async def _of_status(self, status: int) -> Refused | EngineError:
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return await self._unanswered(f"The server failed at this prompt (HTTP {status}).", status)
        return self._closed(status) or Refused(f"The server refuses this prompt (HTTP {status}).", status)

    def _closed(self, status: int) -> EngineError | None:
        """The error for a status that every other prompt would get as well."""
        who = f"The server at {self.place}"
        match status:
            case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
                return EngineError(
                    f"{who} refuses the key, or wants one (HTTP {status}).",
                    "Set OPENAI_API_KEY, or give --api-key-file.",
                )
            case HTTPStatus.NOT_FOUND:
                return EngineError(
                    f"{who} does not have what was asked for (HTTP 404): the model, or the address.",
                    "Correct --model, or --server, which usually ends in /v1.",
                )
            case HTTPStatus.TOO_MANY_REQUESTS:
                return EngineError(
                    f"{who} refuses more requests (HTTP 429).",
                    "Give the same command again with a smaller --batch-size; it completes the rest.",
                )
            case _ if 300 <= status < 400:
                return EngineError(
                    f"{who} leads to another address (HTTP {status}), which is not followed.",
                    "Give that address as --server.",
                )
        return None

    async def _unanswered(self, why: str, status: int | None = None) -> Refused | EngineError:
        """What a prompt without an answer means: nothing more, if the server lives."""
        self._in_vain += 1
        if self._in_vain <= PATIENCE and await self._lives():
            return Refused(why, status)
        return EngineError(
            f"The server at {self.place} was lost. {why}",
            "Start it again, and give the same command again; it completes the rest.",
        )

    async def _lives(self) -> bool:
        try:
            with anyio.fail_after(LIFE_SECONDS):
                await self._once.models.with_raw_response.list()
        except openai.APIStatusError as error:
            return error.status_code < HTTPStatus.INTERNAL_SERVER_ERROR
        except (TimeoutError, openai.APIConnectionError):
            return False
        return True
