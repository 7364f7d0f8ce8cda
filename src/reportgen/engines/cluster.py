"""One engine on each of many machines. Ray starts the workers where there is room and tells when one is lost;
this hands prompts to those that are idle, and what a lost one had to another.

Why not Ray Data: ``docs/decisions/0004``.
"""

import logging
import os
import signal
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import ray
from ray.exceptions import RayError, RayTaskError

from reportgen.engines.base import Engine, EngineInfo, Parameters
from reportgen.errors import EngineError
from reportgen.nouns.words import Completion, Prompt

__all__ = ["ClusterEngine"]

#: How long a run waits, in seconds, while no worker writes and none becomes ready.
PATIENCE = 900.0
#: Longest wait for news at a time, in seconds: how soon ``close`` is heeded.
_TICK = 0.5
#: Batches of its own that a worker gets at once, so that it can sort prompts by length.
_BATCHES = 4
#: Workers that a prompt may bring down before it is given up.
_DEATHS = 3


class _Worker:
    """Holds an engine on its node."""

    def __init__(self, load: Callable[[], Engine]) -> None:
        self._load = load

    def begin(self) -> tuple[EngineInfo, str, int]:
        """Load the engine; who it is, its fingerprint and its batch size."""
        self._engine = self._load()
        return self._engine.info, self._engine.fingerprint(), getattr(self._engine, "batch_size", 8)

    def write(self, prompts: list[Prompt], parameters: Parameters) -> list[Completion]:
        return list(self._engine.generate(prompts, parameters))


@dataclass(frozen=True)
class _Share:
    """Prompts for one worker; so many workers were lost with them."""

    prompts: tuple[Prompt, ...]
    deaths: int = 0


class ClusterEngine:
    """An ``Engine`` whose prompts are written by workers on a Ray cluster, all with the same model.

    A worker that is lost, with its process or its node, is replaced where there is room, and its prompts are
    written by others. Prompts that bring down one worker after another are found by halving, and given up.

    Args:
        load: Loads the engine on a node; it is pickled, and what it names must be installed there.
        workers: How many; None for one on each GPU of the cluster, or on each node where there is none.
        gpus: Whether a worker takes a GPU where the cluster has them.

    Attributes:
        batch_size: Prompts that all workers write at once.

    Raises:
        EngineError: No cluster was found, or no worker can load the engine.
    """

    def __init__(self, load: Callable[[], Engine], *, workers: int | None = None, gpus: bool = True) -> None:
        self._opened = _connect()
        self._load = load
        resources = ray.cluster_resources()
        self._gpu = 1 if gpus and resources.get("GPU", 0) >= 1 else 0
        nodes = sum(node["Alive"] and node["Resources"].get("CPU", 0) >= 1 for node in ray.nodes())
        self._wanted = workers or (int(resources["GPU"]) if self._gpu else nodes) or 1
        self._calls: dict[Any, tuple[Any, _Share | None]] = {}
        self._idle: list[Any] = []
        self._refused: EngineError | None = None
        self._info: EngineInfo | None = None
        self._fingerprint = ""
        self._deaths = 0
        self._news = time.monotonic()
        self._closed = False
        self._at_work = threading.Lock()
        for _ in range(self._wanted):
            self._hire()
        try:
            while self._info is None:
                list(self._hear(deque()))
        except BaseException:
            self.close()
            raise

    @property
    def info(self) -> EngineInfo:
        """Who writes; the same on every node."""
        assert self._info is not None, "the constructor waits for the first worker"
        return self._info

    def fingerprint(self) -> str:
        """That of the engine on the nodes: what it wrote there it would write here."""
        return self._fingerprint

    def generate(self, prompts: Iterable[Prompt], parameters: Parameters) -> Iterator[Completion]:
        """One completion a prompt, as the workers come to it.

        Raises:
            EngineError: No worker is left and none can be started, or the engine was closed.
        """
        size = max(self.batch_size // self._wanted, 1) * _BATCHES
        todo = deque(_cut(tuple(prompts), size, self._wanted))
        with self._at_work:
            while todo or any(share for _, share in self._calls.values()):
                while todo and self._idle:
                    self._give(self._idle.pop(), todo.popleft(), parameters)
                yield from self._hear(todo)

    def close(self) -> None:
        """Let the workers go."""
        self._closed = True
        idle = self._at_work.acquire(timeout=10 * _TICK)
        for worker in [*self._idle, *(worker for worker, _ in self._calls.values())]:
            ray.kill(worker)
        self._idle, self._calls = [], {}
        if self._opened:
            ray.shutdown()
            self._opened = False
        if idle:
            self._at_work.release()

    def _hire(self) -> None:
        options = {"num_cpus": 1, "num_gpus": self._gpu, "scheduling_strategy": "SPREAD"}
        worker = ray.remote(_Worker).options(**options).remote(self._load)
        self._calls[worker.begin.remote()] = (worker, None)

    def _give(self, worker: Any, share: _Share, parameters: Parameters) -> None:
        self._calls[worker.write.remote(list(share.prompts), parameters)] = (worker, share)

    def _hear(self, todo: "deque[_Share]") -> Iterator[Completion]:
        """What has come in the last moment: answers, workers that are ready, and losses."""
        if not self._calls:
            raise self._refused or EngineError("No worker is left.", "See to the nodes of the cluster.")
        ready, _ = ray.wait(list(self._calls), timeout=_TICK)
        if self._closed:
            raise EngineError("The engine was closed.", "Load it again.")
        for call in ready:
            worker, share = self._calls.pop(call)
            self._news = time.monotonic()
            try:
                value = ray.get(call)
            except RayTaskError as error:
                if not isinstance(error.cause, EngineError):
                    raise  # a bug of ours, told with the line where it broke
                self._lose(worker, share, todo, error.cause)
            except RayError:
                self._lose(worker, share, todo, None)
            else:
                self._idle.append(worker)
                if share is None:
                    self._welcome(worker, *value)
                else:
                    self._deaths = 0
                    yield from value
        yield from self._given_up(todo)
        writing = any(share for _, share in self._calls.values())
        if not writing and not self._idle and time.monotonic() - self._news > PATIENCE:
            raise EngineError(
                "For a quarter of an hour no node of the cluster had room for a worker.",
                "See what else runs there, then give the same command again.",
            )

    def _welcome(self, worker: Any, info: EngineInfo, fingerprint: str, batch_size: int) -> None:
        if self._info is None:
            self._info, self._fingerprint = info, fingerprint
            self.batch_size = batch_size * self._wanted
        elif fingerprint != self._fingerprint:
            self._idle.remove(worker)
            ray.kill(worker)
            self._refused = EngineError(
                "The nodes of the cluster have different models or versions.",
                "Install the same packages and weights on all of them.",
            )
            raise self._refused

    def _lose(
        self, worker: Any, share: _Share | None, todo: "deque[_Share]", why: EngineError | None
    ) -> None:
        """A worker is lost: another one takes its place, unless it was the node that could not load."""
        ray.kill(worker)
        if share is None and why is not None:
            self._refused = why
            return
        self._deaths += 1
        if self._deaths > 2 * _DEATHS * self._wanted:
            raise why or EngineError(
                "Workers of the cluster end again and again.", "See `ray logs`; perhaps memory runs out."
            )
        self._hire()
        if share is not None:
            half = len(share.prompts) // 2
            if half and share.deaths:
                if why is None:  # a prompt that ends processes is found by halving, which ends
                    self._deaths = 0
                todo.extendleft([_Share(share.prompts[:half]), _Share(share.prompts[half:])])
            else:
                todo.appendleft(_Share(share.prompts, share.deaths + 1))

    def _given_up(self, todo: "deque[_Share]") -> Iterator[Completion]:
        while todo and todo[0].deaths >= _DEATHS:
            for prompt in todo.popleft().prompts:
                yield Completion(prompt_id=prompt.id, error="The prompt brought down several workers.")


def _cut(prompts: tuple[Prompt, ...], size: int, workers: int) -> Iterator[_Share]:
    """Shares of at most ``size``, smaller where some workers would else have none."""
    size = max(min(size, -(-len(prompts) // workers)), 1)
    return (_Share(prompts[start : start + size]) for start in range(0, len(prompts), size))


def _connect() -> bool:
    """Join the cluster that ``RAY_ADDRESS`` names, or that this machine is part of; False if that is done."""
    if ray.is_initialized():
        return False
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    address = os.environ.get("RAY_ADDRESS", "auto")
    asked = threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM)
    try:
        _knock(address)
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except (OSError, ValueError, RuntimeError):
        raise EngineError(
            "No Ray cluster was found.",
            "Start one with `ray start --head`, or name it in RAY_ADDRESS, such as host:6379.",
        ) from None
    finally:
        if asked:  # Ray takes SIGTERM for itself, and a run that is told to end would not hear of it
            signal.signal(signal.SIGTERM, asked)
    return True


def _knock(address: str) -> None:
    """See that somebody listens there: Ray itself tries for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host:
        socket.create_connection((host.strip("[]"), int(port)), timeout=10).close()
