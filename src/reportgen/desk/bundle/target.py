"""The machine that a bundle is for: which wheels suit it, and what conditions on the system see there."""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from packaging import tags

from reportgen.errors import UsageError

__all__ = ["Target"]

#: Systems by a short name. Linux has glibc 2.31, as llguidance needs: RHEL 9, Debian 11, Ubuntu 20.04, newer.
_SHORT = {"linux": "manylinux_2_31_x86_64", "win": "win_amd64", "mac": "macosx_14_0_arm64"}
_TAG = re.compile(
    r"(?:(?P<linux>manylinux_2_(?P<glibc>\d+)|musllinux_\d+_\d+)_|(?P<mac>macosx_(?P<major>\d+)_(?P<minor>\d+))_"
    r"|(?P<win>win)_)(?P<machine>[a-z0-9_]+)"
)
#: Older names of manylinux tags, by their glibc.
_OLDER = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
_WINDOWS = {"amd64": "AMD64", "arm64": "ARM64"}


@dataclass(frozen=True)
class Target:
    """One kind of machine.

    Attributes:
        python: Version without its last part, ``3.11``.
        platform: The newest platform tag that it takes.
        tags: All platform tags of wheels that it takes, newest first.
        markers: What environment markers (PEP 508) see there.
    """

    python: str
    platform: str
    tags: tuple[str, ...]
    markers: dict[str, str]

    @property
    def machines(self) -> list[str]:
        """What processors are called there, as Python says it in small letters; x86_64 on every system."""
        machine = _read(self.platform)["machine"].replace("amd64", "x86_64")
        return ["arm64", "x86_64"] if machine == "universal2" else [machine]

    @classmethod
    def named(cls, platform: str | None, python: str | None) -> "Target":
        """The machine that a person named; what they left open is as here.

        Args:
            platform: ``linux``, ``win``, ``mac``, or a platform tag as pip takes it.
            python: ``3.11``, for example.

        Raises:
            UsageError: There is no such platform.
        """
        python = python or f"{sys.version_info.major}.{sys.version_info.minor}"
        if platform is None:
            suits = tuple(tags.platform_tags())
            # The most general one says nothing of the C library.
            first = next((tag for tag in suits if not tag.startswith("linux")), suits[0])
            return cls(python, first, suits, _markers(first, python))
        first = _SHORT.get(platform, platform)
        return cls(python, first, tuple(_suiting(first)), _markers(first, python))


def _read(platform: str) -> re.Match[str]:
    if found := _TAG.fullmatch(platform):
        return found
    raise UsageError(
        f"--platform {platform} is unknown.",
        "Give linux, win, mac, or a tag such as manylinux_2_28_aarch64, win_arm64 or macosx_14_0_arm64.",
    )


def _suiting(platform: str) -> Iterator[str]:
    found = _read(platform)
    if found["glibc"]:
        for glibc in range(int(found["glibc"]), 4, -1):
            yield f"manylinux_2_{glibc}_{found['machine']}"
            if glibc in _OLDER:
                yield f"{_OLDER[glibc]}_{found['machine']}"
        yield f"linux_{found['machine']}"
    elif found["mac"]:
        yield from tags.mac_platforms((int(found["major"]), int(found["minor"])), found["machine"])
    else:
        yield platform


def _markers(platform: str, python: str) -> dict[str, str]:
    found = _read(platform)
    if found["win"]:
        system = ("nt", "win32", "Windows")
    else:
        system = ("posix", "darwin", "Darwin") if found["mac"] else ("posix", "linux", "Linux")
    names = ("os_name", "sys_platform", "platform_system")
    # The first of its releases: a condition on a later one is for what the standard library lacked before.
    release = f"{python}.0"
    return dict(zip(names, system, strict=True)) | {
        "platform_machine": _WINDOWS.get(found["machine"], found["machine"])
        if found["win"]
        else found["machine"],
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
        "implementation_version": release,
        "python_full_version": release,
        "python_version": python,
        "platform_release": "",
        "platform_version": "",
    }
