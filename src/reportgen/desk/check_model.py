"""A model looked at on this machine: memory, time, context, its canary, a report, and 8-bit beside bf16."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from reportgen.desk import check_words as words
from reportgen.desk.check_steps import Checked, Step, opening, tried
from reportgen.engines import probe, room, store
from reportgen.engines.choose import choose, offline
from reportgen.engines.presets import Choice, Precision, describe
from reportgen.errors import EngineError

if TYPE_CHECKING:
    from reportgen.engines.hf_load import Loaded
    from reportgen.engines.measure import Held

__all__ = ["again", "check_model", "gb", "load_step", "measured"]

Say = Callable[[str], None]
Tell = Callable[[Step], None]
_PAIR: tuple[Precision, Precision] = ("int8", "bf16")


def check_model(
    name: str, device: str, precision: str | None, seconds: float, say: Say, *, tell: Tell = lambda _: None
) -> Checked:
    """Load a model and look at all of it.

    Args:
        name: A preset, a Hub id, or a folder.
        device, precision: As of ``load_engine``.
        seconds: For each of the steps that could take for ever, about.
        say: Called with a line about each step before it is taken.
        tell: Called with each step once it is over.

    Raises:
        UsageError: An option has a value that it cannot have.
        EngineError: The model is not here, or cannot run at all.
    """
    choice = choose(describe(name), device, precision)
    offline()
    steps = []
    for step in _steps(choice, seconds, say):
        tell(step)
        steps.append(step)
    title, source = choice.preset.title, choice.preset.source
    return Checked(model=title, source=source, random=False, steps=tuple(steps))


def _steps(choice: Choice, seconds: float, say: Say) -> Iterator[Step]:
    from reportgen.engines import measure

    held = measure.Held()
    yield opening(choice.preset.title, choice.preset.source, measure.machine())
    yield (weights := tried("weights", lambda: _weights(choice, say), vital=True))
    if weights.state == "failed":
        return
    how = "read from the disk anew" if measure.drop_pages(choice.folder) else "for the first time"
    say(f"Loading it at {choice.precision} on {choice.device} ...")
    yield tried("load", lambda: load_step("load", held, choice, how), vital=True)
    if held.loaded is None:
        return
    yield from _writing(held.loaded, seconds, say)
    say("Loading it again ...")
    yield tried("load again", lambda: again(held, choice))
    yield tried("8-bit", lambda: _agreement(held, choice, seconds, say))


def _writing(loaded: "Loaded", seconds: float, say: Say) -> Iterator[Step]:
    """The canary, speed and context, and a report unless the canary failed."""
    from reportgen.engines.hf import HfEngine

    engines = []

    def sing() -> Step:
        engines.append(HfEngine(loaded, room.batch_size(loaded.model)))
        return Step(name="canary", state="done", said=(str(engines[0].info.canary),))

    say("Asking the canary ...")
    yield tried("canary", sing, vital=True)
    yield from measured(loaded, seconds, say)
    if engines:
        say("Writing a sample report ...")
        yield tried("report", lambda: words.report(engines[0]), vital=True)
    else:
        yield Step(name="report", state="not done", said=("the canary failed",))


def _weights(choice: Choice, say: Say) -> Step:
    if why := store.fault(choice.folder):
        raise EngineError(
            f"The weights cannot be used: {why}.", f"`reportgen model setup {choice.preset.name}`."
        )
    say("Hashing the weights ...")
    commit, size = store.revision(choice.folder), store.size(choice.folder)
    figures = {"folder": str(choice.folder), "revision": commit, "bytes": size}
    figures["sha256"] = store.weights_sha256(choice.folder)
    where = f"{gb(size)} GB in {choice.folder}" + (f", revision {commit}" if commit else "")
    return Step(name="weights", state="done", said=(where, f"SHA-256 {figures['sha256']}"), figures=figures)


def again(held: "Held", choice: Choice) -> Step:
    """Load it once more, now that its files are in the system's memory."""
    _, took = held.load(choice)
    return Step(
        name="load again",
        state="done",
        said=(f"{took:.1f} s, its files in the system's memory as far as there is room",),
        figures={"seconds": took},
    )


def load_step(name: str, held: "Held", choice: Choice, how: str) -> Step:
    """Load a model, and say what it takes."""
    from reportgen.engines import measure

    loaded, took = held.load(choice)
    now = measure.memory()
    count, takes = loaded.model.num_parameters(), loaded.model.get_memory_footprint()
    pictures = store.sees_pictures(choice.folder)
    modality = "text"
    if pictures:
        modality = "text; its image encoder is left out" if choice.preset.text_only else "text and pictures"
    own = f"{gb(now.process)} GB of the process's own, at most {gb(now.process_peak)} GB with pages of files"
    gpu = "" if now.gpu_peak is None else f"; at most {gb(now.gpu_peak)} GB of the GPU"
    return Step(
        name=name,
        state="done",
        said=(
            f"{took:.1f} s, {how}; {choice.precision} on {choice.device}, {loaded.info.dtype} beside it",
            f"{count / 1e9:.3f} billion parameters; footprint {gb(takes)} GB; {own}{gpu}",
            f"modality: {modality}; context by its configuration: {loaded.limit:,} tokens",
        ),
        figures={
            "seconds": took,
            "device": choice.device,
            "precision": choice.precision,
            "dtype": loaded.info.dtype,
            "parameters": count,
            "footprint_bytes": takes,
            "process_bytes": now.process,
            "process_peak_bytes": now.process_peak,
            "gpu_peak_bytes": now.gpu_peak,
            "image_encoder": pictures,
            "text_only": choice.preset.text_only or not pictures,
            "context": loaded.limit,
        },
    )


def measured(loaded: "Loaded", seconds: float, say: Say) -> Iterator[Step]:
    """Speed, and the longest prompt."""
    say("Measuring the speed ...")
    yield tried("speed", lambda: _speed(loaded))
    say(f"Looking for the longest prompt, for at most about {seconds:g} s ...")
    yield tried("context", lambda: _context(loaded, seconds))


def _speed(loaded: "Loaded") -> Step:
    from reportgen.engines import measure

    found = measure.speed(loaded)
    said = (
        f"reads {found.read:.1f} tokens a second (a prompt of {found.prompt}), writes {found.written:.2f} "
        f"(the next {found.new}), one prompt alone"
    )
    return Step(name="speed", state="done", said=(said,), figures=vars(found))


def _context(loaded: "Loaded", seconds: float) -> Step:
    from reportgen.engines import measure

    found = measure.longest_prompt(loaded, seconds)
    said = f"the longest prompt that went: {found.tokens:,} tokens in {found.seconds:.1f} s"
    beyond = f"; {found.refused:,} did not go" if found.refused else ""
    return Step(
        name="context",
        state="done",
        said=(f"{said}{beyond}", f"the search was ended by {found.ended}"),
        figures=vars(found),
    )


def _agreement(held: "Held", choice: Choice, seconds: float, say: Say) -> Step:
    """The same prompts written at 8-bit and at bf16, one after the other: both need not fit together."""
    from reportgen.engines import measure

    def not_done(why: str) -> Step:
        return Step(name="8-bit", state="not done", said=(why,))

    if package := probe.missing_package("int8"):
        return not_done(f"{package} is not installed")
    written = {}
    for precision in sorted(_PAIR, key=lambda one: one != choice.precision):  # what is loaded comes first
        loaded = held.loaded
        if loaded is None or loaded.info.precision != precision:
            loaded = None
            held.drop()
            need, free = _need_gb(choice, precision), measure.free_memory(choice.device) / 1e9
            if need > free:
                return not_done(f"{precision} needs about {need:.1f} GB, and {free:.1f} GB are free")
            say(f"Loading it at {precision} ...")
            loaded, _ = held.load(replace(choice, precision=precision))
        say(f"Writing {words.TEN} prompts at {precision}, for at most about {seconds:g} s ...")
        written[precision] = words.ten(loaded, seconds)
    return words.agreement(written["int8"], written["bf16"])


def _need_gb(choice: Choice, precision: Precision) -> float:
    """About what a precision needs: as models.yaml says, else by the size of the files, which are bf16."""
    stated = choice.preset.memory_gb.get(precision)
    return stated or store.size(choice.folder) / 1e9 * {"int8": 0.7}.get(precision, 1.1) + 0.5


def gb(number: float) -> str:
    """Bytes as GB (1e9), two decimals."""
    return f"{number / 1e9:.2f}"
