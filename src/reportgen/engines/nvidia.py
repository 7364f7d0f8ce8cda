"""NVIDIA's driver, its GPUs, and what the installed PyTorch was built for: found out without importing it.

Nothing here waits for a driver that hangs: ``nvidia-smi`` is a child that is left behind.
"""

import importlib.util
import os
import re
import shutil
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from reportgen.engines import probe
from reportgen.engines.child import Child

__all__ = ["CUDA_TORCH", "Driver", "Gpu", "Inquiry", "TorchBuild", "card_without_driver", "torch_build"]

#: The build of PyTorch for CUDA that the developers pin (constraints.txt) and the README names.
CUDA_TORCH = "pip install torch==2.13.0+cu130 --index-url https://download.pytorch.org/whl/cu130"
#: From which driver on a major version of CUDA runs, and all its minor ones with it:
#: docs.nvidia.com/deploy/cuda-compatibility/minor-version-compatibility.html, table 1.
_CUDA_FROM_DRIVER = ((580, 13), (525, 12), (450, 11))

_PROC = Path("/proc/driver/nvidia/version")
_PCI = Path("/sys/bus/pci/devices")
_QUERY = "--query-gpu=name,uuid,driver_version,memory.total,memory.free"
_ROW = re.compile(
    r"(?P<name>[^,]+), (?P<uuid>[^,]*), (?P<driver>\d+[\d.]*), (?P<total>[^,]*), (?P<free>[^,]*)"
)


@dataclass(frozen=True)
class Gpu:
    """One GPU; memory in GB (1e9 bytes), None where the driver does not say."""

    name: str
    uuid: str
    total_gb: float | None
    free_gb: float | None


@dataclass(frozen=True)
class Driver:
    """The driver as far as it could be asked.

    Attributes:
        version: Such as ``580.95.05``; None if it did not say.
        gpus: In the order of nvidia-smi.
        trouble: Why it could not be asked, as a sentence without its full stop; empty if all is well.
    """

    version: str | None
    gpus: tuple[Gpu, ...] = ()
    trouble: str = ""

    @property
    def major(self) -> int | None:
        """The number that decides what runs."""
        return int(self.version.split(".")[0]) if self.version else None

    @property
    def cuda(self) -> int | None:
        """The newest major version of CUDA that it runs; None if it did not say."""
        if self.major is None:
            return None
        return next((cuda for least, cuda in _CUDA_FROM_DRIVER if self.major >= least), 0)

    @property
    def used(self) -> Gpu | None:
        """The GPU that PyTorch would take: the first, or the first of ``CUDA_VISIBLE_DEVICES``.

        Of unlike GPUs CUDA counts the fastest as the first, and this the one in the lowest slot.
        """
        first = visible()
        if first is None:
            return self.gpus[0] if self.gpus else None
        if first.isdecimal():
            return self.gpus[int(first)] if int(first) < len(self.gpus) else None
        return next((gpu for gpu in self.gpus if first and gpu.uuid.startswith(first)), None)


def visible() -> str | None:
    """The first of ``CUDA_VISIBLE_DEVICES``, empty if it hides all; None if it is not set."""
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    return None if named is None else named.split(",")[0].strip()


class Inquiry:
    """Asks the driver from when it is made; ``within`` waits for the answer."""

    def __init__(self) -> None:
        tool = _tool()
        self._child = Child([tool, _QUERY, "--format=csv,noheader,nounits"]) if tool else None

    def leave(self) -> None:
        """Wait no longer, if it is still asked."""
        if self._child is not None:
            self._child.leave()

    def within(self, seconds: float) -> Driver | None:
        """The driver, or None if there is none."""
        if self._child is None:
            if found := _from_proc():
                return Driver(found, trouble="nvidia-smi was not found, so its GPUs are not known")
            return Driver(None, trouble="nvidia-smi was not found") if probe.has_driver() else None
        said = self._child.said(seconds)
        rows = [row for line in said.out.splitlines() if (row := _ROW.fullmatch(line.strip()))]
        if rows and not said.failed:
            gpus = tuple(Gpu(row["name"], row["uuid"], _gb(row["total"]), _gb(row["free"])) for row in rows)
            return Driver(rows[0]["driver"], gpus)
        return Driver(_from_proc(), trouble=_trouble(said.failed, said.out))


def _tool() -> str | None:
    """nvidia-smi: where the driver puts it, else on PATH; never from the working folder, as Windows would."""
    if sys.platform == "win32":
        homes = (
            Path(os.environ.get("SYSTEMROOT", r"C:\Windows")) / "System32",
            Path(os.environ.get("PROGRAMFILES", r"C:\Program Files")) / "NVIDIA Corporation" / "NVSMI",
        )
        return next(
            (str(home / "nvidia-smi.exe") for home in homes if (home / "nvidia-smi.exe").is_file()), None
        )
    return shutil.which("nvidia-smi") or shutil.which("/usr/lib/wsl/lib/nvidia-smi")


def _trouble(failed: str, out: str) -> str:
    lowered = out.lower()
    if "mismatch" in lowered:
        return "the driver was updated, and the old one is still loaded (driver/library version mismatch)"
    if "couldn't communicate" in lowered:
        return "nvidia-smi could not communicate with the driver: it is not loaded"
    if "no devices were found" in lowered:
        return "the driver finds no GPU"
    return f"nvidia-smi {failed or 'gave an answer that cannot be read'}"


def _from_proc() -> str | None:
    try:
        found = re.search(r"Kernel Module(?: for \S+)?\s+(\d+\.[\d.]+)", _PROC.read_text("utf-8"))
    except (OSError, UnicodeDecodeError):
        return None
    return found[1] if found else None


def _gb(mib: str) -> float | None:
    return int(mib) * 1024**2 / 1e9 if mib.isdecimal() else None


def card_without_driver() -> bool:
    """Whether an NVIDIA GPU is in the machine, as Linux tells without a driver. Elsewhere False."""
    for device in _PCI.glob("*"):
        try:
            vendor, kind = ((device / name).read_text("utf-8").strip() for name in ("vendor", "class"))
        except OSError:
            continue
        if vendor == "0x10de" and kind.startswith("0x03"):
            return True
    return False


@dataclass(frozen=True)
class TorchBuild:
    """What the installed PyTorch was built for.

    Attributes:
        version: Such as ``2.13.0+cpu``.
        cuda: Version of CUDA, such as ``13.0``, or None.
        rocm: Version of AMD's ROCm, or None.
        whole: Whether the package's own file says so; if not, the installation is damaged.
    """

    version: str
    cuda: str | None
    rocm: str | None
    whole: bool


def torch_build() -> TorchBuild | None:
    """The installed PyTorch, read from its files; None if there is none."""
    try:
        installed = version("torch")
        spec = importlib.util.find_spec("torch")
    except (PackageNotFoundError, ValueError):
        return None
    try:
        text = (Path(str(spec and spec.origin)).parent / "version.py").read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return TorchBuild(installed, None, None, whole=False)
    said = dict(re.findall(r"^(cuda|hip)\b[^=]*=\s*'([^']+)'", text, re.MULTILINE))
    return TorchBuild(installed, said.get("cuda"), said.get("hip"), whole="__version__" in text)
