"""Whether the Hugging Face Hub would give a model to this machine: one question, and no byte of the weights.

It is asked with Python's own library, so that it can be asked where huggingface_hub is not installed, and
answered in bounded time whatever network, name service and proxy do. Question, token and variables are those
of huggingface_hub, whose download would follow; what the hub answers stands in tests/fake_hub.py.
"""

import errno
import socket
import ssl
import threading
import urllib.error
import urllib.request
from concurrent.futures import Future
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPException
from typing import IO, Any, Literal
from urllib.parse import urlsplit

from reportgen.engines.hub_place import HOME, endpoint, offline_switch, token

__all__ = ["Access", "Question", "State", "access"]

State = Literal[
    "open", "not_logged_in", "licence", "pending", "token_right", "token_invalid", "absent", "offline",
    "no_network", "unreachable", "timeout", "certificate", "proxy", "unwell", "strange",
]  # fmt: skip

_TOKENS = f"{HOME}/settings/tokens"
_BY_HAND = "Or copy the folder from a machine that has it, and give it as --model."


@dataclass(frozen=True)
class Access:
    """What the hub says to a request for a model.

    Attributes:
        state: What was found, for programs.
        problem: The same for people, as a sentence; of ``open`` it says what is well. It names no account.
        cure: What to do next; empty for ``open``.
    """

    state: State
    problem: str
    cure: str = ""


def access(repo: str, timeout: float) -> Access:
    """Whether the hub gives a repository to who is logged in here; nothing is downloaded.

    Args:
        repo: Hub id, ``owner/name``.
        timeout: Seconds after which an answer is given in any case, also while a name service hangs.
    """
    return Question(repo, timeout).within(timeout)


class Question:
    """On its way once it is made; ``within`` waits for the answer. Arguments as of ``access``."""

    def __init__(self, repo: str, timeout: float) -> None:
        self._host = _host() or "the hub"
        self._answer: Future[Access] = Future()
        # Only a daemon can be left behind: looking up a name cannot be interrupted.
        threading.Thread(
            target=lambda: self._answer.set_result(_asked(repo, timeout)), daemon=True, name="hub"
        ).start()

    def within(self, seconds: float) -> Access:
        """The answer, or that there was none in time."""
        try:
            return self._answer.result(max(0.0, seconds))
        except TimeoutError:
            return _late(self._host)


def _asked(repo: str, timeout: float) -> Access:
    """Ask, and tell the answers apart."""
    host, known = _host(), token()
    if switch := offline_switch():
        return Access(
            "offline",
            f"{switch} is set, so the hub was not asked and nothing can be fetched.",
            f"Unset {switch} for `reportgen model setup`. {_BY_HAND}",
        )
    if host is None:
        return Access("strange", "HF_ENDPOINT holds no address of a hub.", f"Unset it, or set it to {HOME}.")
    if known and not _sendable(known[0]):
        return _invalid(known[1], "holds a character that no token has")
    request = urllib.request.Request(f"{endpoint()}/{repo}/resolve/main/config.json", method="HEAD")  # noqa: S310
    request.add_header("User-Agent", "reportgen")
    if known:
        request.add_header("Authorization", f"Bearer {known[0]}")
    try:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler(_proxies()), _SameHost)
        with opener.open(request, timeout=timeout) as answer:
            return _answered(repo, answer.status, answer.headers, known)
    except urllib.error.HTTPError as error:
        with error:
            return _answered(repo, error.code, error.headers, known)
    except urllib.error.URLError as error:
        return _unanswered(host, error.reason)
    except (OSError, HTTPException, ValueError) as error:
        return _unanswered(host, error)


def _host() -> str | None:
    """The hub's host, or None if its address is none."""
    try:
        place = urlsplit(endpoint())
    except ValueError:
        return None
    return place.hostname if place.scheme in {"http", "https"} else None


def _sendable(secret: str) -> bool:
    return secret.isascii() and secret.isprintable() and " " not in secret


def _proxies() -> dict[str, str]:
    """The proxies of environment or system; ``ALL_PROXY`` stands in for a missing one, as in huggingface_hub.

    Raises:
        OSError: The proxy is of a kind that cannot be asked through.
    """
    scheme, found = urlsplit(endpoint()).scheme, urllib.request.getproxies()
    proxy = found.get(scheme) or found.get("all")
    if proxy and urlsplit(proxy).scheme.startswith("socks"):
        raise OSError("Tunnel connection failed: a SOCKS proxy")
    return {**found, scheme: proxy} if proxy else found


class _SameHost(urllib.request.HTTPRedirectHandler):
    """Follows where a renamed repository went, and never takes a token to another host."""

    max_redirections = 3

    def redirect_request(  # noqa: PLR0917 - the library's signature
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        if urlsplit(newurl)[:2] != urlsplit(req.full_url)[:2]:
            return None
        further = super().redirect_request(req, fp, code, msg, headers, newurl)
        if further is not None:
            further.method = "HEAD"
        return further


def _answered(repo: str, status: int, headers: Message, known: tuple[str, str] | None) -> Access:
    code, said = headers.get("X-Error-Code", ""), headers.get("X-Error-Message", "")
    if status < 400:
        return _given(repo, headers, known)
    if known and status == 401:
        return _invalid(known[1], "is not accepted by the hub; it was revoked, or ran out")
    if known and status == 403 and (code or said or headers.get("X-Request-Id")):
        return _withheld(repo, known[1], said) if code == "GatedRepo" else _narrow(repo, known[1], said)
    if status == 401 and code == "GatedRepo":
        return Access(
            "not_logged_in",
            f"Not logged in, and the hub gives {repo} only to those who accepted its licence.",
            f"Open {HOME}/{repo}, sign in and accept the terms; then type `hf auth login`.",
        )
    if status in {401, 404}:  # without a login the hub does not tell what is private from what is not there
        what = "no config.json in" if code in {"RevisionNotFound", "EntryNotFound"} else "no"
        hidden = "" if known else ", or it is private and nobody is logged in"
        return Access("absent", f"The hub has {what} {repo}{hidden}.", "Check the name given as --model.")
    if status in {403, 407}:
        return _kept_out(f"HTTP {status}")
    return Access(
        "unwell",
        f"The hub cannot answer now (HTTP {status}).",
        "Try again later; https://status.huggingface.co says more.",
    )


def _given(repo: str, headers: Message, known: tuple[str, str] | None) -> Access:
    if not headers.get("X-Repo-Commit"):  # without it huggingface_hub fetches nothing either
        return Access(
            "strange",
            f"{_host()} answers, but not as a hub does: a proxy or a login page stands before it.",
            "Open the address in a browser on this machine, or ask who runs the network.",
        )
    return Access("open", f"The hub gives {repo} to {'this login' if known else 'anyone'}.")


def _withheld(repo: str, source: str, said: str) -> Access:
    """Gated, for an account that the hub knows."""
    if "fine-grained" in said:
        return _narrow(repo, source, said)
    if "awaiting" in said:
        return Access(
            "pending",
            f"Logged in; the licence of {repo} was accepted, and its owner has not yet agreed.",
            f"Wait; {HOME}/{repo} says how it stands.",
        )
    return Access(
        "licence",
        f"Logged in, but the licence of {repo} is not accepted with this account.",
        f"Open {HOME}/{repo}, sign in with the same account and accept the terms.",
    )


def _narrow(repo: str, source: str, said: str) -> Access:
    """A token that is right, and may not do this."""
    what = "read gated repositories" if "fine-grained" in said else f"read {repo}"
    return Access(
        "token_right",
        f"Logged in, but the token of {source} may not {what}.",
        f"On {_TOKENS} give it 'Read access to contents of all public gated repos you can access', or log in "
        "with a token of type Read: `hf auth login`.",
    )


def _invalid(source: str, why: str) -> Access:
    if source.startswith("`"):
        cure = "Type `hf auth whoami`, which renews a login that ran out; if it does not, `hf auth login`."
    else:
        cure = f"Correct {source}, or unset it and type `hf auth login`; it comes before that login."
    return Access("token_invalid", f"The token of {source} {why}.", cure)


def _kept_out(what: str) -> Access:
    return Access(
        "proxy",
        f"A proxy or firewall keeps the hub from being asked ({what}).",
        f"Set HTTPS_PROXY as who runs the network says, with name and password if it wants them. {_BY_HAND}",
    )


def _late(host: str) -> Access:
    return Access(
        "timeout",
        f"{host} gave no answer in time.",
        f"See to network, name service and proxy (HTTPS_PROXY), and try again. {_BY_HAND}",
    )


def _unanswered(host: str, why: object) -> Access:
    """What the reason of a failed connection means."""
    if isinstance(why, ssl.SSLCertVerificationError):
        return Access(
            "certificate",
            f"The certificate that {host} shows is not trusted here; often a proxy's own.",
            "Ask who runs the network for its root certificate, and set SSL_CERT_FILE to that file.",
        )
    if isinstance(why, TimeoutError):
        return _late(host)
    gone = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN}
    if isinstance(why, socket.gaierror) or (isinstance(why, OSError) and why.errno in gone):
        return Access(
            "no_network",
            f"There is no way to {host}: no network, or no name service.",
            f"Connect this machine, or set HTTPS_PROXY. {_BY_HAND}",
        )
    if isinstance(why, OSError) and "Tunnel connection failed" in str(why):
        return _kept_out(str(why).rpartition(": ")[2])
    if isinstance(why, OSError):
        return Access(
            "unreachable",
            f"{host} cannot be reached ({type(why).__name__}).",
            f"See to HF_ENDPOINT, proxy (HTTPS_PROXY) and firewall, and try again. {_BY_HAND}",
        )
    return Access(
        "strange", f"{host} answers, but not as a hub does ({type(why).__name__}).", "Check HF_ENDPOINT."
    )
