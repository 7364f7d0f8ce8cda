"""``model check --random``: memory and speed of a model that is not here, by random weights of its shape."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reportgen.desk.check_model import Say, Tell, again, load_step, measured
from reportgen.desk.check_steps import Checked, Step, opening, tried
from reportgen.engines import probe, store
from reportgen.engines.choose import choose, offline
from reportgen.engines.presets import Choice, Preset, describe
from reportgen.errors import EngineError, UsageError

__all__ = ["check_random"]

_SOURCE = "random weights of its shape"
_MEANINGLESS = "random weights know no language"


def check_random(
    name: str,
    device: str,
    precision: str | None,
    seconds: float,
    say: Say,
    *,
    tell: Tell = lambda _: None,
    config: dict[str, Any] | None = None,
) -> Checked:
    """Make random weights of a preset's shape in a temporary folder, and measure them loaded.

    Args:
        name: A preset whose shape is known.
        device: As of ``load_engine``, but without CUDA ``auto`` is the processor for any model.
        precision: int8 if None, on the processor too: that is what the figures are of.
        seconds: For the longest prompt, about.
        say: Called with a line about each step before it is taken.
        tell: Called with each step once it is over.
        config: Another shape, as config.json holds it.

    Raises:
        UsageError: No shape is known for that name.
        EngineError: A package is missing, there is no CUDA, or no room on the disk.
    """
    preset = describe(name)
    config = config or _shape(preset)
    if package := probe.missing_package("int8"):
        raise EngineError(f"Nothing can be measured: {package} is not installed.", probe.INSTALL)
    offline()
    from reportgen.engines import random_weights

    with random_weights.workshop() as folder:
        made = Preset(name=preset.name, title=preset.title, folder=folder, dtype=preset.dtype)
        choice = choose(made, device, precision or "int8")
        say(f"Making random weights of the shape of {preset.title} (a minute for each four billion) ...")
        random_weights.build(config, folder)
        steps = []
        for step in _steps(choice, seconds, say):
            tell(step)
            steps.append(step)
    return Checked(model=preset.title, source=_SOURCE, random=True, steps=tuple(steps))


def _shape(preset: Preset) -> dict[str, Any]:
    shapes = Path(store.__file__).parent / "shapes"
    try:
        config = json.loads((shapes / f"{preset.name}.json").read_text("utf-8"))["config"]
    except OSError:
        known = ", ".join(sorted(path.stem for path in shapes.glob("*.json")))
        raise UsageError(f"The shape of '{preset.name}' is not known.", f"Known: {known}.") from None
    assert isinstance(config, dict)
    return config


def _steps(choice: Choice, seconds: float, say: Say) -> Iterator[Step]:
    from reportgen.engines import measure

    held = measure.Held()
    yield opening(choice.preset.title, _SOURCE, measure.machine())
    whole = Choice(
        choice.preset.model_copy(update={"text_only": False}), choice.folder, choice.device, choice.precision
    )
    store.weights_sha256(choice.folder)  # remembered, so that it is no part of the time of loading
    how = "read from the disk anew" if measure.drop_pages(choice.folder) else "for the first time"
    say(f"Loading it with its image encoder at {choice.precision} on {choice.device} ...")
    yield tried("with images", lambda: load_step("with images", held, whole, how), vital=True)
    measure.drop_pages(choice.folder)
    say("Loading the language part alone, as reportgen does ...")
    yield tried("load", lambda: load_step("load", held, choice, how), vital=True)
    if held.loaded is not None:
        yield from measured(held.loaded, seconds, say)
    say("Loading it again ...")
    yield tried("load again", lambda: again(held, choice))
    for name in ("canary", "report", "8-bit"):
        yield Step(name=name, state="not done", said=(_MEANINGLESS,))
