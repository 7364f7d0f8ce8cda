"""A small server with OpenAI's interface, for tests: answers as it is told, remembers what it was asked."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

__all__ = ["FakeServer", "Reply", "running", "said", "until"]

#: Status, content type, body.
Reply = tuple[int, str, bytes]
_AGAIN_AT_ONCE = "1"
_ASKED = "/v1/chat/completions"


def said(text: str | None, finish: str | None = "stop", tokens: int = 7) -> Reply:
    """A chat completion."""
    body = {
        "choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": finish}],
        "usage": {"prompt_tokens": 30, "completion_tokens": tokens},
    }
    return 200, "application/json", json.dumps(body).encode()


class FakeServer(ThreadingHTTPServer):
    """Of vLLM's kind until a test says otherwise. The canary is always answered.

    Attributes:
        say: Answers a chat request after the canary.
        pages: What lies at other addresses.
        asked: Chat requests after the canary, as they came.
        keys: The Authorization header of every request.
        gone: Whether every connection breaks without an answer.
        most: Most chat requests that were in flight at once.
    """

    daemon_threads = True
    request_queue_size = 256

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.say: Callable[[dict[str, Any]], Reply] = lambda _: said("Fine.")
        self.canary: Callable[[dict[str, Any]], Reply] = _sung
        self.gone = False
        self.pages: dict[str, Any] = {"/version": {"version": "0.14.0"}}
        self.models("m/one", owner="vllm")
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.most = self.flying = 0
        self.lock = threading.Lock()

    def models(self, *names: str, owner: str) -> None:
        """Set the list of models."""
        self.pages["/v1/models"] = {"object": "list", "data": [{"id": n, "owned_by": owner} for n in names]}

    @property
    def place(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.server_port}"

    @property
    def url(self) -> str:
        """The base address."""
        return f"http://{self.place}/v1"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that left is no news."""


def _sung(body: dict[str, Any]) -> Reply:
    """As a model that reads its system message: the longer that is, the longer the prompt."""
    status, kind, data = said("The ultrasound image was recorded.")
    answer = json.loads(data)
    answer["usage"]["prompt_tokens"] = sum(len(turn["content"]) for turn in body["messages"])
    return status, kind, json.dumps(answer).encode()


class _Handler(BaseHTTPRequestHandler):
    server: FakeServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.keys.append(self.headers["Authorization"])
        page = self.server.pages.get(self.path)
        if isinstance(page, tuple):
            self._reply(page)
        else:
            self._reply((404 if page is None else 200, "application/json", json.dumps(page).encode()))

    def do_POST(self) -> None:
        self.server.keys.append(self.headers["Authorization"])
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert self.path == _ASKED
        if "Repeat this sentence" in body["messages"][-1]["content"]:
            self._reply(self.server.canary(body))
            return
        with self.server.lock:
            self.server.asked.append(body)
            self.server.flying += 1
            self.server.most = max(self.server.most, self.server.flying)
        try:
            reply = self.server.say(body)
        finally:
            with self.server.lock:
                self.server.flying -= 1
        self._reply(reply)

    def log_message(self, *_: Any) -> None:
        pass

    def _reply(self, reply: Reply) -> None:
        if self.server.gone:
            self.close_connection = True
            return
        status, kind, body = reply
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if status in {302, 307}:
            self.send_header("Location", body.decode())
        if status >= 429:
            self.send_header("retry-after-ms", _AGAIN_AT_ONCE)
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def running() -> Iterator[FakeServer]:
    """One on a free port, for as long as the context lasts."""
    server = FakeServer()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def until(true: Callable[[], bool], *, seconds: float = 20) -> None:
    """Wait for something that is about to happen elsewhere."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)
