"""Workers on a cluster: a real one of Ray with two nodes on this machine, some of which are killed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import LOOPBACK

from batches import cohort, tree
from clusters import Slow
from reportgen.batch import Summary
from reportgen.engines import Parameters, load_engine
from reportgen.errors import EngineError, ExitCode
from reportgen.nouns import Prompt

pytestmark = [
    pytest.mark.model,
    pytest.mark.skipif(sys.platform == "win32", reason="Ray's local clusters are not for Windows"),
    pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::ResourceWarning"),
]
PROMPTS = [Prompt(messages=(("user", f"Say {n}."),)) for n in range(40)]
SHORT = Parameters(max_new_tokens=8)
TESTS = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A head without room for workers, so that the driver's node is never the one that is killed."""
    from ray.cluster_utils import Cluster

    patch = pytest.MonkeyPatch()
    patch.setenv("PYTHONPATH", str(TESTS), prepend=os.pathsep)
    patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    patch.setenv("RAY_ADDRESS", made.address)
    # Ray's processes talk by this machine's own address, also where they are all on it.
    LOOPBACK.add(made.address.rpartition(":")[0])
    yield made
    made.shutdown()
    patch.undo()


@pytest.fixture
def nodes(cluster: Any) -> Iterator[list[Any]]:
    added = [cluster.add_node(num_cpus=1) for _ in range(2)]
    cluster.wait_for_nodes()
    yield added
    for node in added:
        if node in cluster.worker_nodes:
            cluster.remove_node(node)


@pytest.fixture
def open_cluster(nodes: list[Any]) -> Iterator[Callable[..., Any]]:
    from reportgen.engines.cluster import ClusterEngine

    opened = []

    def open_one(load: Callable[[], Any], **more: Any) -> Any:
        opened.append(ClusterEngine(load, **more))
        return opened[-1]

    yield open_one
    for engine in opened:
        engine.close()


def test_all_prompts_are_written_once_by_both_nodes(open_cluster, tmp_path):
    engine = open_cluster(partial(Slow, tmp_path))
    done = list(engine.generate(PROMPTS, SHORT))
    assert sorted(one.prompt_id for one in done) == sorted(prompt.id for prompt in PROMPTS)
    assert len({one.text for one in done}) == 2  # each says which process it was
    assert engine.fingerprint() == Slow(tmp_path).fingerprint()
    assert engine.batch_size == 2 * Slow.batch_size


@pytest.mark.parametrize("what", ["node", "process"])
def test_what_a_lost_worker_had_is_written_by_another(cluster, nodes, open_cluster, tmp_path, what):
    engine = open_cluster(partial(Slow, tmp_path))
    done = []
    for completion in engine.generate(PROMPTS, SHORT):
        done.append(completion)
        if len(done) == 1:
            if what == "node":
                cluster.remove_node(nodes[0], allow_graceful=False)
            else:
                os.kill(int(completion.text), signal.SIGKILL)
    assert sorted(one.prompt_id for one in done) == sorted(prompt.id for prompt in PROMPTS)
    assert all(one.error is None for one in done)


def test_a_prompt_that_brings_down_workers_costs_itself_only(open_cluster, tmp_path):
    engine = open_cluster(partial(Slow, tmp_path, poison=PROMPTS[5].id))
    done = {one.prompt_id: one for one in engine.generate(PROMPTS[:8], SHORT)}
    assert len(done) == 8
    assert [n for n, prompt in enumerate(PROMPTS[:8]) if done[prompt.id].error] == [5]


def test_a_worker_whose_model_cannot_be_loaded_says_why(open_cluster):
    missing = partial(load_engine, "no/such-model", device="cpu")
    with pytest.raises(EngineError, match="weights of 'no/such-model'"):
        open_cluster(missing)


def test_an_engine_that_is_lost_everywhere_is_lost(open_cluster, tmp_path):
    engine = open_cluster(partial(Slow, tmp_path, lost=True))
    with pytest.raises(EngineError, match="The GPU is gone"):
        list(engine.generate(PROMPTS, SHORT))


def test_without_room_for_a_worker_a_run_does_not_wait_for_ever(cluster, monkeypatch, tmp_path):
    from reportgen.engines import cluster as room

    monkeypatch.setattr(room, "PATIENCE", 1.0)
    with pytest.raises(EngineError, match="no node of the cluster had room"):
        room.ClusterEngine(partial(Slow, tmp_path))


def test_no_cluster_is_said(monkeypatch, tmp_path):
    from reportgen.engines.cluster import ClusterEngine

    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    with pytest.raises(EngineError, match="No Ray cluster was found"):
        ClusterEngine(partial(Slow, tmp_path))


def start(folder: Path, out: Path, model: Path, *more: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "reportgen", "run", str(folder), "-o", str(out), "--format", "txt"]
    command += ["--model", str(model), "--device", "cpu", "--precision", "fp32", "--batch-size", "2", *more]
    moment = {"SOURCE_DATE_EPOCH": "1763888640"}
    return subprocess.Popen(command, env={**os.environ, **moment}, stderr=subprocess.PIPE, text=True)


def ended(process: "subprocess.Popen[str]", out: Path) -> Summary:
    _, said = process.communicate(timeout=200)
    assert process.returncode == ExitCode.DONE, said
    return Summary.model_validate_json((out / "summary.json").read_text())


def test_a_run_on_a_cluster_that_loses_a_node_ends_as_one_on_this_machine(
    cluster: Any, nodes: list[Any], tiny_gemma: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs = cohort(tmp_path / "in", 12)
    alone = start(inputs, tmp_path / "alone", tiny_gemma, "--no-cache")
    spread = start(inputs, tmp_path / "out", tiny_gemma, "--cluster", "ray")
    cache = Path(os.environ["REPORTGEN_CACHE_DIR"]) / "passages.sqlite"
    deadline = time.monotonic() + 120
    while not cache.exists():  # it is made once the first worker is ready
        assert spread.poll() is None, spread.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    cluster.remove_node(nodes[1], allow_graceful=False)
    summary = ended(spread, tmp_path / "out")
    assert ended(alone, tmp_path / "alone").rungs == summary.rungs
    assert summary.engine.model == tiny_gemma.name
    assert summary.prompts_shared > 0  # passages were deduplicated before they went to the workers
    assert tree(tmp_path / "out") == tree(tmp_path / "alone")
