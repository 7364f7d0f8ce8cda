"""A Hugging Face Hub on this machine that gives files, gated or not, and can break off, damage, or vanish.

It answers what its library (huggingface_hub) asks: a repository's files with sizes and hashes, redirects of
large files to a store on another host, ranges of bytes. Refusals are those of fake_hub.py.
"""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from fake_hub import ANSWERS, REPO, up

__all__ = ["REPO", "ServingHub", "serving"]

#: Files from here on are kept as large ones (LFS), with a SHA-256.
_LARGE = 20_000


class ServingHub(ThreadingHTTPServer):
    """Serves a folder as every revision of ``REPO``.

    Attributes:
        answer: A key of fake_hub's ``ANSWERS``; all but ``open`` refuse every file.
        commits: By revision as asked for.
        cut: A file's name, and the bytes after which it is broken off once; then the hub is gone.
        damaged: How many times large files come with a byte changed.
        stalls: Breaks nothing off, but sends no more, until ``over``.
        ranges: ``Range`` of the requests to the store, ``None`` without.
        store_tokens: The store's Authorization headers: a login is none of its business.
    """

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folder = folder
        self.answer = "open"
        self.commits = {"main": "a" * 40, "v1": "b" * 40}
        self.cut: tuple[str, int] | None = None
        self.damaged = 0
        self.stalls = False
        self.gone = False
        self.over = threading.Event()
        self.stalled = threading.Event()
        self.ranges: list[str | None] = []
        self.fetched: list[str] = []
        self.store_tokens: list[str | None] = []

    @property
    def place(self) -> str:
        """For ``HF_ENDPOINT``."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def files(self) -> list[dict[str, Any]]:
        """The repository's files as the hub lists them."""
        listed = []
        for path in sorted(self.folder.iterdir()):
            data = path.read_bytes()
            git = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
            one: dict[str, Any] = {"rfilename": path.name, "size": len(data), "blobId": git}
            if len(data) >= _LARGE:
                digest = hashlib.sha256(data).hexdigest()
                one |= {"lfs": {"size": len(data), "sha256": digest, "pointerSize": 134}}
            listed.append(one)
        return listed


class _Handler(BaseHTTPRequestHandler):
    server: ServingHub
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._respond(body=False)

    def do_GET(self) -> None:
        self._respond(body=True)

    def _respond(self, *, body: bool) -> None:
        hub = self.server
        if hub.gone:
            self.close_connection = True
            return
        path = unquote(urlsplit(self.path).path)
        if path.startswith("/store/"):
            hub.store_tokens.append(self.headers.get("Authorization"))
            hub.ranges.append(self.headers.get("Range"))
            self._file(path.removeprefix("/store/"), body)
        elif path.startswith(f"/api/models/{REPO}"):
            self._about(path.removeprefix(f"/api/models/{REPO}").removeprefix("/revision/") or "main")
        elif path.startswith(f"/{REPO}/resolve/"):
            self._resolve(path.removeprefix(f"/{REPO}/resolve/").split("/", 1), body)
        else:
            self._send(404, {"X-Error-Code": "RepoNotFound"})

    def _about(self, revision: str) -> None:
        commit = self.server.commits.get(revision)
        if commit is None and revision not in self.server.commits.values():
            self._send(404, {"X-Error-Code": "RevisionNotFound"})
            return
        told = {"id": REPO, "sha": commit or revision, "gated": "manual", "siblings": self.server.files()}
        self._send(200, {"Content-Type": "application/json"}, json.dumps(told).encode())

    def _resolve(self, place: list[str], body: bool) -> None:
        if self.server.answer != "open":
            self._send(*ANSWERS[self.server.answer])
            return
        revision, name = place
        commit = {"X-Repo-Commit": self.server.commits.get(revision, revision)}
        if (self.server.folder / name).stat().st_size < _LARGE:
            self._file(name, body, commit)
        else:
            port = self.server.server_address[1]
            self._send(302, commit | {"Location": f"http://localhost:{port}/store/{name}"})

    def _file(self, name: str, body: bool, headers: dict[str, str] | None = None) -> None:
        hub, data = self.server, (self.server.folder / name).read_bytes()
        if hub.damaged and len(data) >= _LARGE and body:
            hub.damaged -= 1
            data = data[:-1] + bytes([data[-1] ^ 1])
        begin = int((self.headers.get("Range") or "bytes=0-").removeprefix("bytes=").rstrip("-"))
        told = dict(headers or {})
        if begin:
            told["Content-Range"] = f"bytes {begin}-{len(data) - 1}/{len(data)}"
        if body:
            hub.fetched.append(name)
        if body and hub.cut and hub.cut[0] == name:
            self._begin(206 if begin else 200, told, len(data) - begin)
            self.wfile.write(data[begin : hub.cut[1]])
            self.wfile.flush()
            if hub.stalls:
                hub.stalled.set()
                hub.over.wait(60)
            else:
                hub.gone = True
            self.close_connection = True
            return
        self._send(206 if begin else 200, told, data[begin:], body=body)

    def _send(self, status: int, headers: dict[str, str], data: bytes = b"", *, body: bool = True) -> None:
        self._begin(status, headers, len(data))
        if body and self.command != "HEAD":
            self.wfile.write(data)

    def _begin(self, status: int, headers: dict[str, str], length: int) -> None:
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(length)}).items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@contextmanager
def serving(folder: Path) -> Iterator[ServingHub]:
    """A hub that is up inside the block."""
    hub = ServingHub(folder)
    with up(hub, hub.over):
        yield hub
