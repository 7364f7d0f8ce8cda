"""A small Hugging Face Hub on this machine, for tests: status codes, headers and words are the real one's,
as its library (huggingface_hub) reads them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

__all__ = ["ANSWERS", "FakeHub", "running", "up"]

REPO = "google/medgemma-4b-it"
_COMMIT = {"X-Repo-Commit": "0" * 40}
Answer = tuple[int, dict[str, str]]

#: What the hub answers to a request for a file, by what a person would call it.
ANSWERS: dict[str, Answer] = {
    "open": (200, _COMMIT),
    "not logged in": (
        401,
        {
            "X-Error-Code": "GatedRepo",
            "X-Error-Message": f"Access to model {REPO} is restricted. You must have access to it and be "
            "authenticated to access it. Please log in.",
        },
    ),
    "licence": (
        403,
        {
            "X-Error-Code": "GatedRepo",
            "X-Error-Message": f"Access to model {REPO} is restricted and you are not in the authorized "
            f"list. Visit https://huggingface.co/{REPO} to ask for access.",
        },
    ),
    "pending": (
        403,
        {
            "X-Error-Code": "GatedRepo",
            "X-Error-Message": f"Your request to access model {REPO} is awaiting a review from the repo "
            "authors.",
        },
    ),
    "fine-grained": (
        403,
        {
            "X-Error-Message": "Please enable access to public gated repositories in your fine-grained token "
            "settings to view this repository."
        },
    ),
    "invalid token": (401, {"X-Error-Message": "Invalid credentials in Authorization header"}),
    "unknown, anonymous": (401, {"X-Error-Message": "Invalid username or password."}),
    "unknown": (404, {"X-Error-Code": "RepoNotFound", "X-Error-Message": "Repository not found"}),
    "no file": (404, {"X-Error-Code": "EntryNotFound", "X-Error-Message": "Entry not found"}),
    "forbidden": (403, {"X-Error-Message": "Forbidden"}),
    "firewall": (403, {}),
    "too many": (429, {}),
    "down": (500, {}),
    "login page": (200, {}),
    "renamed": (307, {"Location": f"/renamed/{REPO}/resolve/main/config.json"}),
    "elsewhere": (302, {"Location": "http://127.0.0.2:1/config.json"}),
}


class FakeHub(ThreadingHTTPServer):
    """Gives every request the same answer.

    Attributes:
        answer: A key of ``ANSWERS``; ``silent`` never answers.
        asked: Methods and paths of the requests.
        tokens: Their Authorization headers.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = "open"
        self.asked: list[str] = []
        self.tokens: list[str | None] = []
        self.over = threading.Event()

    @property
    def place(self) -> str:
        """For ``HF_ENDPOINT``."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: FakeHub

    def do_HEAD(self) -> None:
        self.server.asked.append(f"HEAD {self.path}")
        self.server.tokens.append(self.headers.get("Authorization"))
        if self.server.answer == "silent":
            self.server.over.wait(60)
            self.close_connection = True
            return
        status, headers = ANSWERS["open" if self.path.startswith("/renamed") else self.server.answer]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@contextmanager
def up(hub: ThreadingHTTPServer, over: threading.Event) -> Iterator[None]:
    """Inside, a server answers; ``over`` tells those of its threads that wait that nobody does any more."""
    thread = threading.Thread(target=hub.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        hub.shutdown()
        thread.join()
        hub.server_close()


@contextmanager
def running() -> Iterator[FakeHub]:
    """A hub that is up inside the block."""
    hub = FakeHub()
    with up(hub, hub.over):
        yield hub
