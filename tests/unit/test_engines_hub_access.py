"""Whether the hub would give a model: every answer, and every way to get none, told apart."""

import socket
import ssl
import threading
import time

import pytest

import fake_hub
from reportgen.engines import hub, hub_place
from reportgen.engines.hub import access

REPO = fake_hub.REPO
SECRET = "hf_SecretSecretSecret"
VARIABLES = (
    "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_ENDPOINT",
    "HF_HUB_DISABLE_IMPLICIT_TOKEN", "HF_TOKEN_PATH", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE",
    *(f"{kind}_proxy" for kind in ("http", "https", "all", "no")),
    *(f"{kind}_PROXY" for kind in ("HTTP", "HTTPS", "ALL", "NO")),
)  # fmt: skip


@pytest.fixture(autouse=True)
def _clean(monkeypatch, tmp_path):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))


@pytest.fixture
def there(monkeypatch):
    with fake_hub.running() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.place)
        yield server


@pytest.mark.parametrize(
    ("answer", "state", "words"),
    [
        ("open", "open", "to this login"),
        ("renamed", "open", "to this login"),
        ("not logged in", "not_logged_in", "`hf auth login`"),
        ("licence", "licence", f"https://huggingface.co/{REPO}"),
        ("pending", "pending", "has not yet agreed"),
        ("fine-grained", "token_right", "Read access to contents of all public gated repos"),
        ("forbidden", "token_right", "may not read google/"),
        ("invalid token", "token_invalid", "Correct HF_TOKEN"),
        ("unknown, anonymous", "absent", "or it is private"),
        ("unknown", "absent", "--model"),
        ("no file", "absent", "no config.json"),
        ("firewall", "proxy", "HTTPS_PROXY"),
        ("too many", "unwell", "429"),
        ("down", "unwell", "500"),
        ("login page", "strange", "login page"),
        ("elsewhere", "strange", "not as a hub does"),
    ],
)
def test_what_the_hub_says_is_told_apart(there, monkeypatch, answer, state, words):
    there.answer = answer
    if logged_in := answer not in {"not logged in", "unknown, anonymous", "down"}:
        monkeypatch.setenv("HF_TOKEN", SECRET)
    found = access(REPO, 5)
    assert found.state == state
    assert words in f"{found.problem} {found.cure}"
    assert SECRET not in f"{found.problem} {found.cure}"
    assert (found.cure == "") == (state == "open")
    assert there.asked[0] == f"HEAD /{REPO}/resolve/main/config.json"
    assert set(there.tokens) == {f"Bearer {SECRET}" if logged_in else None}


def test_what_is_open_is_given_to_anyone(there):
    assert access(REPO, 5) == hub.Access("open", f"The hub gives {REPO} to anyone.")


def test_every_answer_of_the_fake_hub_is_tried():
    tried = next(m for m in test_what_the_hub_says_is_told_apart.pytestmark if m.name == "parametrize")
    assert {row[0] for row in tried.args[1]} == set(fake_hub.ANSWERS)


def test_a_hub_that_never_answers_is_left(there):
    there.answer = "silent"
    begun = time.monotonic()
    assert access(REPO, 0.2).state == "timeout"
    assert time.monotonic() - begun < 10  # not the minute for which it is silent


def test_a_name_service_that_hangs_is_left(monkeypatch):
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: over.wait(60) and [])
    try:
        assert access(REPO, 0.2).state == "timeout"
    finally:
        over.set()


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (socket.gaierror(-3, "Temporary failure in name resolution"), "no_network"),
        (OSError(101, "Network is unreachable"), "no_network"),
        (ConnectionRefusedError(111, "Connection refused"), "unreachable"),
        (ConnectionResetError(104, "Connection reset by peer"), "unreachable"),
        (TimeoutError("timed out"), "timeout"),
        (ssl.SSLCertVerificationError(1, "self-signed certificate in certificate chain"), "certificate"),
        (OSError("Tunnel connection failed: 407 Proxy Authentication Required"), "proxy"),
    ],
)
def test_no_connection_is_told_by_its_reason(monkeypatch, error, state):
    def refuse(*_, **__):
        raise error

    monkeypatch.setattr(socket, "create_connection", refuse)
    found = access(REPO, 5)
    assert found.state == state
    assert found.cure


def test_nothing_listens_there(monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{port}")
    assert access(REPO, 5).state == "unreachable"


def test_what_is_no_http_is_told(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.getsockname()[1]}")

        def greet():
            peer, _ = server.accept()
            with peer:
                peer.recv(1000)
                peer.sendall(b"220 mail.example ESMTP\r\n")

        greeter = threading.Thread(target=greet)
        greeter.start()
        found = access(REPO, 5)
        greeter.join()
    assert found.state == "strange"


@pytest.mark.parametrize("value", ["hf.example", "file:///etc", "http://", "http://[::1"])
def test_an_address_that_is_none_is_told_and_not_opened(monkeypatch, value):
    monkeypatch.setenv("HF_ENDPOINT", value)
    found = access(REPO, 5)
    assert (found.state, "HF_ENDPOINT" in found.problem) == ("strange", True)


@pytest.mark.parametrize("name", ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"])
def test_an_offline_switch_keeps_the_hub_from_being_asked(there, monkeypatch, name):
    monkeypatch.setenv(name, "1")
    found = access(REPO, 5)
    assert (found.state, there.asked) == ("offline", [])
    assert f"Unset {name}" in found.cure


def test_switches_are_read_as_the_library_reads_them(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setenv("TRANSFORMERS_OFFLINE", "1")
    assert hub_place.offline_switch() is None  # the first that is set decides
    monkeypatch.delenv("HF_HUB_OFFLINE")
    assert hub_place.offline_switch() == "TRANSFORMERS_OFFLINE"


def test_a_token_that_cannot_be_one_is_not_sent(there, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_“pasted”")
    found = access(REPO, 5)
    assert (found.state, there.asked) == ("token_invalid", [])
    assert "pasted" not in found.problem


def test_the_token_of_a_login_is_found_and_its_cure_is_another(there, monkeypatch, tmp_path):
    assert hub_place.token() is None
    (tmp_path / "hf").mkdir()
    (tmp_path / "hf/token").write_text(SECRET + "\n")
    there.answer = "invalid token"
    assert "`hf auth whoami`" in access(REPO, 5).cure
    assert there.tokens == [f"Bearer {SECRET}"]
    monkeypatch.setenv("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")
    assert hub_place.token() is None


def test_places_are_those_of_the_library(monkeypatch, tmp_path):
    from huggingface_hub import constants

    monkeypatch.setenv("HF_HOME", constants.HF_HOME)
    assert str(hub_place.hub_cache()) == constants.HF_HUB_CACHE
    monkeypatch.delenv("HF_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert hub_place.hub_cache() == tmp_path / "huggingface" / "hub"
    assert hub_place.HOME == constants._HF_DEFAULT_ENDPOINT
    assert constants.ENV_VARS_TRUE_VALUES == hub_place._TRUE


def test_a_socks_proxy_is_named(there, monkeypatch):
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1080")
    found = access(REPO, 5)
    assert (found.state, "SOCKS" in found.problem, there.asked) == ("proxy", True, [])


def test_the_hub_can_be_asked_through_a_proxy(there, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://hub.invalid")
    monkeypatch.setenv("ALL_PROXY", there.place)
    assert access(REPO, 5).state == "open"
    assert there.asked == [f"HEAD http://hub.invalid/{REPO}/resolve/main/config.json"]


def test_the_question_runs_beside_the_rest(there):
    asked = hub.Question(REPO, 5)
    assert asked.within(5) == asked.within(0) == access(REPO, 5)
