"""GPU, driver, and whether the installed PyTorch suits them."""

from collections.abc import Iterator

from reportgen.desk.doctor.finding import Finding
from reportgen.desk.doctor.plan import Plan
from reportgen.engines import presets
from reportgen.engines.nvidia import CUDA_TORCH, Driver, Gpu, TorchBuild, card_without_driver, visible

__all__ = ["look"]

_DRIVERS = "https://www.nvidia.com/drivers"
_OLDER = "https://pytorch.org/get-started/previous-versions"
_WITHOUT = (
    "Give --device cpu to run it on the processor (slowly), or --engine template to do without a model."
)


def look(plan: Plan, driver: Driver | None, build: TorchBuild | None) -> Iterator[Finding]:
    """Driver, build and memory.

    Args:
        driver: None if there is none.
        build: None if PyTorch is not installed, which is told elsewhere.
    """
    yield _driver(plan, driver)
    if build is not None:
        yield _build(plan, driver, build)
    if driver is not None and not driver.trouble:
        yield _memory(plan, driver)


def _driver(plan: Plan, driver: Driver | None) -> Finding:
    name = "NVIDIA driver"
    if driver is None and card_without_driver():
        said = "an NVIDIA GPU is in this machine, but no driver for it"
        return plan.on_gpu(name, said, f"Install the driver: {_DRIVERS}")
    if driver is None:
        if not plan.on_cuda:
            return Finding(name, "ok", "none, and none is needed")
        cure = _WITHOUT if plan.named else "If it is meant so, say so with --engine template."
        return plan.hinders(name, "none was found, so CUDA cannot be used", cure)
    if driver.trouble:
        known = f"{driver.version}; " if driver.version else ""
        cure = (
            f"Type: nvidia-smi. If it fails too, restart the machine, or install the driver again: {_DRIVERS}"
        )
        return plan.on_gpu(name, known + driver.trouble, cure)
    if driver.cuda == 0:
        return plan.on_gpu(name, f"{driver.version} is too old for any PyTorch", f"Update it: {_DRIVERS}")
    return Finding(name, "ok", f"{driver.version}, for CUDA up to {driver.cuda}")


def _build(plan: Plan, driver: Driver | None, build: TorchBuild) -> Finding:
    name = "PyTorch build"
    runs = driver.cuda if driver is not None else None
    old = f"Update the NVIDIA driver to 580 or newer ({_DRIVERS})"
    if not build.whole:
        cure = "Type: pip install --force-reinstall torch"
        return plan.hinders(name, f"the files of PyTorch {build.version} are damaged", cure)
    if build.cuda is None and driver is not None:
        what = "AMD's ROCm" if build.rocm else "the processor alone"
        cure = f"Type: {CUDA_TORCH}" if runs is None or runs >= 13 else f"{old}, then type: {CUDA_TORCH}"
        said = f"{build.version} was built for {what}, and this machine has an NVIDIA driver: no GPU is used"
        return plan.on_gpu(name, said, cure)
    if build.cuda is None:
        return Finding(name, "ok", f"{build.version}, for {'ROCm' if build.rocm else 'the processor'}")
    if runs is not None and int(build.cuda.split(".")[0]) > runs:
        said = f"{build.version} was built for CUDA {build.cuda}, and the driver runs CUDA up to {runs}"
        return plan.on_gpu(name, said, f"{old}, or install a PyTorch for an older CUDA: {_OLDER}")
    return Finding(name, "ok", f"{build.version}, for CUDA {build.cuda}")


def _memory(plan: Plan, driver: Driver) -> Finding:
    name, gpu = "GPU memory", driver.used
    if gpu is None:
        said = f"{len(driver.gpus)} GPU(s), and CUDA_VISIBLE_DEVICES={visible()} hides them from PyTorch"
        return plan.on_gpu(name, said, "Unset CUDA_VISIBLE_DEVICES.")
    if gpu.total_gb is None or gpu.free_gb is None:
        said = f"{gpu.name} does not say how much memory it has"
        return Finding(name, "warn", said, "Type: nvidia-smi. `reportgen doctor --deep` tries it.")
    said = f"{gpu.name}: {gpu.free_gb:.1f} of {gpu.total_gb:.1f} GB free. {_fits(gpu.free_gb)}"
    return _short_of(plan, gpu, said) or Finding(name, "ok", said)


def _fits(free_gb: float) -> str:
    """What of each preset there is room for."""
    told = []
    for preset in filter(lambda one: one.memory_gb, presets().values()):
        into = [f"{at} ({need:g} GB)" for at, need in preset.memory_gb.items() if need <= free_gb]
        least = min(preset.memory_gb.items(), key=lambda pair: pair[1])
        told.append(
            f"{preset.name} fits at {', '.join(into)}"
            if into
            else f"{preset.name} does not fit: it needs {least[1]:g} GB at {least[0]}"
        )
    return "; ".join(told)


def _short_of(plan: Plan, gpu: Gpu, said: str) -> Finding | None:
    """That the model that is meant does not fit, if so."""
    if plan.preset is None or plan.precision is None or not plan.on_cuda:
        return None
    assert gpu.free_gb is not None
    assert gpu.total_gb is not None
    need = plan.preset.memory_gb.get(plan.precision, 0.0)
    if need <= gpu.free_gb:
        return None
    smaller = [at for at, least in plan.preset.memory_gb.items() if least <= gpu.free_gb]
    if need <= gpu.total_gb:
        cure = "Other programs hold it: nvidia-smi lists them; end what is not needed."
    elif smaller:
        cure = f"Give --precision {smaller[-1]}."
    else:
        cure = f"Choose a smaller model, or a server (--engine openai). {_WITHOUT}"
    wants = f"{said}. {plan.preset.name} at {plan.precision} needs about {need:g} GB"
    return plan.hinders("GPU memory", wants, cure)
