"""Wheels for another machine, and proof from their own metadata that nothing is missing there.

pip resolves for the machine it runs on: with ``--platform`` it takes that platform's files, but goes by this
machine's conditions, so a bundle for Windows made on Linux would lack what only Windows needs. So each wheel
is fetched without what it requires, and what it requires there is read from it.
"""

import email
import email.message
import subprocess
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from reportgen.desk.bundle.target import Target
from reportgen.errors import EngineError
from reportgen.files import sha256_file

__all__ = ["Pip", "Wheel", "collect", "pins"]

Say = Callable[[str], None]

#: How lines of pip begin that explain nothing.
_EMPTY = ("hint:", "note:", "[end of output]")


@dataclass(frozen=True)
class Wheel:
    """One wheel, and what it says of itself."""

    path: Path

    @cached_property
    def metadata(self) -> email.message.Message:
        """The headers of its METADATA."""
        return email.message_from_string(self.read("METADATA").decode("utf-8"))

    @property
    def name(self) -> str:
        """As package indexes spell it: lower case, hyphens."""
        return canonicalize_name(self.metadata["Name"])

    @property
    def version(self) -> str:
        """As its metadata has it."""
        return str(self.metadata["Version"])

    @cached_property
    def sha256(self) -> str:
        """Of the file."""
        return sha256_file(self.path)

    def read(self, name: str) -> bytes:
        """A file of its ``.dist-info`` folder; empty if there is none."""
        with zipfile.ZipFile(self.path) as archive:
            found = [one for one in archive.namelist() if one.partition(".dist-info/")[2] == name]
            return archive.read(found[0]) if found else b""

    def requires(self, target: Target, extra: str) -> Iterator[Requirement]:
        """What it needs on a machine, with one of its extras, or with none (an empty name)."""
        for line in self.metadata.get_all("Requires-Dist", []):
            one = Requirement(line)
            if one.marker is None or one.marker.evaluate(target.markers | {"extra": extra}):
                yield one


@dataclass(frozen=True)
class Pip:
    """How wheels are fetched.

    Attributes:
        command: pip's call.
        into: Where they go.
        options: On indexes.
        pinned: By package its version, from ``pins``; of others the newest that suits.
    """

    command: list[str]
    into: Path
    options: tuple[str, ...] = ()
    pinned: dict[str, str] = field(default_factory=dict)

    def run(self, problem: str, cure: str, *arguments: str) -> None:
        """Call pip.

        Raises:
            EngineError: It failed: ``problem`` with the last thing it said, and ``cure``.
        """
        command = [
            *self.command,
            *arguments[:1],
            "--disable-pip-version-check",
            *self.options,
            *arguments[1:],
        ]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)  # noqa: S603
        if done.returncode:
            said = [line.strip() for line in done.stderr.splitlines() if line.strip()]
            plain = [line for line in said if not line.startswith(_EMPTY)] or ["no output"]
            reason = next((line for line in plain[::-1] if line.startswith("ERROR: ")), plain[-1])
            raise EngineError(f"{problem} ({reason.removeprefix('ERROR: ').rstrip('.')}).", cure)

    def fetch(self, wanted: Iterable[Requirement], target: Target) -> None:
        """Have wheels for a machine, each without what it requires.

        Raises:
            EngineError: There is no such wheel, or it could not be fetched.
        """
        asked: dict[str, SpecifierSet] = {}
        for one in wanted:
            name = canonicalize_name(one.name)
            asked[name] = asked.get(name, SpecifierSet()) & one.specifier
        names = [f"{name}{self.pinned.get(name, said)}" for name, said in sorted(asked.items())]
        platforms = [word for tag in target.tags for word in ("--platform", tag)]
        self.run(
            f"pip has not all wheels for {target.platform} and Python {target.python}",
            "Check connection and proxy; give an index that has them as --index-url or --extra-index-url.",
            *("download", "--no-deps", "--only-binary", ":all:", "--dest", str(self.into)),
            *("--implementation", "cp", "--python-version", target.python, *platforms, *names),
        )


def pins(constraints: Path, target: Target) -> dict[str, str]:
    """By package the version that is pinned for a machine, as ``==1.2``."""
    lines = (line.partition("#")[0].strip() for line in constraints.read_text("utf-8").splitlines())
    found = (Requirement(line) for line in lines if line)
    return {
        canonicalize_name(one.name): str(one.specifier)
        for one in found
        if one.marker is None or one.marker.evaluate(target.markers)
    }


def collect(
    own: Wheel, extras: Iterable[str], target: Target, pip: Pip, say: Say
) -> dict[Wheel, list[Wheel]]:
    """Fetch all that a wheel needs on a machine with its extras.

    Args:
        own: The wheel to begin with.
        say: Called with a line about each round.

    Returns:
        Each wheel with those that it needs; ``own`` first.

    Raises:
        EngineError: A wheel cannot be had, or those that were got do not suit one another.
    """
    have, done = {own.name: own}, set[tuple[str, str]]()
    needs: dict[Wheel, list[Wheel]] = {own: []}
    ahead = [(own.name, extra) for extra in ("", *extras)]
    while ahead:
        done |= set(ahead)
        found = [(have[name], one) for name, extra in ahead for one in have[name].requires(target, extra)]
        if wanted := {canonicalize_name(one.name): one for _, one in found}.keys() - have:
            say(f"Fetching {len(wanted)} wheels: {', '.join(sorted(wanted))} ...")
            pip.fetch([one for _, one in found if canonicalize_name(one.name) in wanted], target)
            have = {one.name: one for one in map(Wheel, sorted(pip.into.glob("*.whl")))} | have
        for wheel, one in found:
            needed = _suitable(wheel, one, have)
            needs[wheel] = list(dict.fromkeys([*needs[wheel], needed]))
            needs.setdefault(needed, [])
        asked = (
            (canonicalize_name(one.name), extra) for _, one in found for extra in ("", *sorted(one.extras))
        )
        ahead = [one for one in dict.fromkeys(asked) if one not in done]
    return needs


def _suitable(wheel: Wheel, required: Requirement, have: dict[str, Wheel]) -> Wheel:
    found = have[canonicalize_name(required.name)]
    if not required.specifier.contains(found.version, prereleases=True):
        raise EngineError(
            f"{wheel.name} {wheel.version} needs {required.name}{required.specifier}, and the index gave "
            f"{found.name} {found.version}.",
            "Give an index that has the versions of constraints.txt.",
        )
    return found
