"""What else could write the words: transformers pipelines, llama.cpp, vLLM; each timed over the same prompts.

A peer that is not installed, or fails, is a row that says so. vLLM and `llama_cpp` run in a process of their
own (`python bench/peers.py < job.json`), so that each has its own memory; both get the very tokens that
reportgen's engine gets. All decode greedily, write at most so many tokens, and end where the model ends.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

from reportgen.nouns import Prompt

__all__ = ["Pace", "llama", "pipelined", "timed", "vllm"]

#: Requests that a llama.cpp server answers at once.
SLOTS = 8
PATIENCE = 120.0


@dataclass(frozen=True)
class Pace:
    """How fast somebody wrote some prompts.

    Attributes:
        note: Why it was not measured.
        read: Tokens of the prompts.
        new: Tokens written.
        seconds: For all of them; loading and warm-up are apart.
    """

    name: str
    note: str = ""
    prompts: int = 0
    read: int = 0
    new: int = 0
    seconds: float = 0.0
    load_s: float = 0.0

    @property
    def a_prompt(self) -> float | None:
        """Seconds."""
        return self.seconds / self.prompts if self.prompts else None

    @property
    def new_a_second(self) -> float | None:
        """Tokens."""
        return self.new / self.seconds if self.seconds else None


def timed(work: Callable[[], Any], times: int = 1) -> float:
    """Seconds; the median of so many times."""
    took = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        took.append(time.perf_counter() - begun)
    return median(took)


def pipelined(engine: Any, prompts: Sequence[Prompt], size: int, most: int, times: int = 1) -> Pace:
    """A plain pipeline with ``batch_size`` over the engine's own model."""
    import torch
    from transformers import pipeline

    loaded = engine._writer.loaded
    write = pipeline("text-generation", model=loaded.model, tokenizer=loaded.tokenizer)
    chats = [[{"role": role, "content": text} for role, text in prompt.messages] for prompt in prompts]
    # The engine took the checkpoint's settings off the model; without its ends a peer would never stop.
    options = {"do_sample": False, "return_full_text": False, "eos_token_id": loaded.ends}
    counted, generate = {"read": 0, "new": 0}, loaded.model.generate

    def counting(**given: Any) -> Any:
        output = generate(**given)
        rows = output[:, given["input_ids"].shape[1] :].tolist()
        counted["read"] += int(given["attention_mask"].sum())
        counted["new"] += sum(_ended(row, loaded.ends) for row in rows)
        return output

    with torch.inference_mode(), patch.object(loaded.model, "generate", counting):
        warm = timed(lambda: write(chats[:1], batch_size=1, max_new_tokens=2, **options))
        counted.update(read=0, new=0)
        seconds = timed(lambda: write(chats, batch_size=size, max_new_tokens=most, **options), times)
    read, new = (counted[kind] // times for kind in ("read", "new"))
    return Pace(f"pipeline, batch {size}", "", len(prompts), read, new, seconds, warm)


def _ended(row: list[int], ends: list[int]) -> int:
    return next((n for n, token in enumerate(row, 1) if token in ends), len(row))


def vllm(rows: Sequence[list[int]], most: int, folder: Path, precision: str, times: int = 1) -> Pace:
    """vLLM's offline engine: bf16 where reportgen computes in int8, which vLLM cannot do of itself."""
    if not find_spec("vllm"):
        return Pace("vLLM", "not installed")
    kind = {"fp32": "float32"}.get(precision, "bfloat16")
    name = f"vLLM {'nf4' if precision == 'nf4' else 'fp32' if precision == 'fp32' else 'bf16'}"
    job = {"kind": "vllm", "folder": str(folder), "dtype": kind, "nf4": precision == "nf4"}
    return _apart(name, job | {"rows": list(rows), "most": most, "times": times})


def llama(rows: Sequence[list[int]], most: int, gguf: Path | None, gpu: bool, times: int = 1) -> Pace:
    """llama.cpp: its server if it is on the PATH, else its Python binding; ``gguf`` is the same model."""
    server = shutil.which("llama-server")
    if server is None and not find_spec("llama_cpp"):
        return Pace("llama.cpp", "not installed")
    if gguf is None:
        return Pace("llama.cpp", "no GGUF of this model was given (--gguf)")
    name = f"llama.cpp {'server' if server else 'binding'} {gguf.stem.rpartition('.')[2]}"
    if server is None:
        job = {"kind": "llama", "gguf": str(gguf), "gpu": gpu, "rows": list(rows)}
        return _apart(name, job | {"most": most, "times": times})
    try:
        return _served(name, server, rows, most=most, gguf=gguf, gpu=gpu, times=times)
    except (OSError, KeyError, ValueError) as error:
        return Pace(name, f"failed ({type(error).__name__})")


def _served(
    name: str, server: str, rows: Sequence[list[int]], *, most: int, gguf: Path, gpu: bool, times: int
) -> Pace:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    context = SLOTS * (max(map(len, rows)) + most + 16)
    command = [server, "-m", str(gguf), "--host", "127.0.0.1", "--port", str(port), "-np", str(SLOTS)]
    command += ["-c", str(context), "-t", str(os.cpu_count()), "-ngl", "99" if gpu else "0"]
    begun = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(process, f"http://127.0.0.1:{port}/health")
        load_s = time.perf_counter() - begun
        ask = _asker(f"http://127.0.0.1:{port}/completion")
        ask(rows[0], 1)
        answers: list[dict[str, Any]] = []
        with ThreadPoolExecutor(SLOTS) as pool:

            def everything() -> None:
                answers[:] = pool.map(lambda row: ask(row, most), rows)

            seconds = timed(everything, times)
        new = sum(one["tokens_predicted"] for one in answers)
        return Pace(name, "", len(rows), sum(map(len, rows)), new, seconds, load_s)
    finally:
        process.terminate()
        process.wait()


def _asker(url: str) -> Callable[[list[int], int], dict[str, Any]]:
    def ask(row: list[int], most: int) -> dict[str, Any]:
        body = json.dumps({"prompt": row, "n_predict": most, "temperature": 0, "cache_prompt": True})
        request = urllib.request.Request(url, body.encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            return dict(json.load(answer))

    return ask


def _wait_for(process: "subprocess.Popen[bytes]", url: str) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(url):
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    raise OSError("the server did not come up")


def _apart(name: str, job: dict[str, Any]) -> Pace:
    """Run a job in a process of its own; its last line is the answer."""
    command = [sys.executable, str(Path(__file__).resolve())]
    done = subprocess.run(command, input=json.dumps(job), capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no output"])[-1]
        return Pace(name, f"failed: {last[:120]}")
    return Pace(name, **json.loads(done.stdout.strip().splitlines()[-1]))


def _vllm(job: dict[str, Any]) -> Callable[[list[list[int]], int], int]:
    from vllm import LLM, SamplingParams

    options = {"quantization": "bitsandbytes"} if job["nf4"] else {}
    longest = max(map(len, job["rows"])) + job["most"]
    # Half of the memory: the other model is still loaded. No picture is shown.
    model = LLM(
        model=job["folder"],
        dtype=job["dtype"],
        max_model_len=longest + 1,
        enable_prefix_caching=True,
        gpu_memory_utilization=0.5,
        limit_mm_per_prompt={"image": 0},
        **options,
    )

    def write(rows: list[list[int]], most: int) -> int:
        told = SamplingParams(temperature=0, max_tokens=most)
        answers = model.generate([{"prompt_token_ids": row} for row in rows], told)
        return sum(len(one.outputs[0].token_ids) for one in answers)

    return write


def _llama(job: dict[str, Any]) -> Callable[[list[list[int]], int], int]:
    from llama_cpp import Llama

    longest = max(map(len, job["rows"])) + job["most"]
    model = Llama(
        model_path=job["gguf"],
        n_ctx=longest + 16,
        n_threads=os.cpu_count(),
        n_gpu_layers=-1 if job["gpu"] else 0,
        verbose=False,
    )

    def write(rows: list[list[int]], most: int) -> int:
        answers = [model.create_completion(row, max_tokens=most, temperature=0) for row in rows]
        return sum(one["usage"]["completion_tokens"] for one in answers)

    return write


def main() -> int:
    """Do the job that stands on standard input."""
    job = json.load(sys.stdin)
    begun = time.perf_counter()
    write = {"vllm": _vllm, "llama": _llama}[job["kind"]](job)
    write(job["rows"][:1], 1)
    load_s = time.perf_counter() - begun
    new: list[int] = []
    seconds = timed(lambda: new.append(write(job["rows"], job["most"])), job["times"])
    rows = job["rows"]
    said = {"prompts": len(rows), "read": sum(map(len, rows)), "new": new[-1]}
    print(json.dumps(said | {"seconds": seconds, "load_s": load_s}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
