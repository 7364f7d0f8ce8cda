"""``model bundle`` with small wheels from a stand-in for pip: what is taken, refused, and found damaged."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import zipfile
from collections import namedtuple
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from reportgen.cli import main
from reportgen.desk import bundle
from reportgen.desk.bundle import Wish, make_bundle, own
from reportgen.desk.bundle.sbom import bill
from reportgen.desk.bundle.target import Target
from reportgen.desk.bundle.wheels import Pip, Wheel
from reportgen.engines import store
from reportgen.engines.presets import describe, presets
from reportgen.errors import EngineError, ExitCode, UsageError

#: Gives wheels of a folder as pip does: `download` by name, `wheel` for the program's own.
PIP = """
import pathlib, re, shutil, sys
shop, words = pathlib.Path(sys.argv[1]), sys.argv[2:]
(shop / "asked.txt").open("a").write(" ".join(words) + "\\n")
if words[0] == "download" and "--platform" in words:
    last = len(words) - words[::-1].index("--platform")
    wanted = [re.split("[=<>!]", one)[0] for one in words[last + 1 :]]
else:
    wanted = ["reportgen"]
for name in wanted:
    found = sorted(shop.glob(name.replace("-", "_") + "-*.whl"))
    if not found:
        sys.exit("ERROR: No matching distribution found for " + name)
    shutil.copy(found[-1], words[words.index("--dest" if "--dest" in words else "--wheel-dir") + 1])
"""
LICENCE = b"the text of Apache-2.0"
#: What CycloneDX 1.6 requires of the parts that a bundle uses, from its schema.
CYCLONEDX = {
    "type": "object",
    "required": ["bomFormat", "specVersion"],
    "properties": {
        "bomFormat": {"const": "CycloneDX"},
        "specVersion": {"const": "1.6"},
        "serialNumber": {"pattern": "^urn:uuid:[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$"},
        "version": {"type": "integer", "minimum": 1},
        "components": {
            "uniqueItems": True,
            "items": {
                "required": ["type", "name", "version", "licenses", "purl"],
                "properties": {
                    "type": {"enum": ["library", "machine-learning-model"]},
                    "hashes": {
                        "items": {
                            "required": ["alg", "content"],
                            "properties": {"content": {"pattern": "^[0-9a-f]{64}$"}},
                        }
                    },
                    "licenses": {
                        "minItems": 1,
                        "items": {"oneOf": [{"required": ["license"]}, {"required": ["expression"]}]},
                    },
                    "purl": {"pattern": "^pkg:(pypi|huggingface)/[^+]+@[^+]+$"},
                },
            },
        },
        "dependencies": {"items": {"required": ["ref"]}},
    },
}


def wheel(shop: Path, name: str, version: str, *lines: str, licence: str = "License: MIT") -> Path:
    """A wheel with nothing but metadata in it."""
    head = f"{name.replace('-', '_')}-{version}"
    path = shop / f"{head}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        said = ["Metadata-Version: 2.4", f"Name: {name}", f"Version: {version}", licence, *lines]
        archive.writestr(f"{head}.dist-info/METADATA", "\n".join([*said, "", "text"]))
        archive.writestr(
            f"{head}.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{head}.dist-info/licenses/LICENSE", LICENCE)
    return path


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Wheels of a program and of what it needs, given by a stand-in for pip."""
    shop = tmp_path / "shop"
    shop.mkdir()
    needs = (
        "Alpha>=1",
        "only_win>=1; sys_platform == 'win32'",
        "old>=1; python_version < '3.12'",
        "beta[fast]; extra == 'medgemma'",
    )
    here = own.distribution("reportgen").version
    wheel(shop, "reportgen", here, *(f"Requires-Dist: {one}" for one in needs))
    wheel(shop, "alpha", "1.5", "Requires-Dist: gamma")
    for name in ("gamma", "only-win", "old", "delta"):
        wheel(shop, name, "2.0", licence="License-Expression: BSD-3-Clause")
    wheel(shop, "beta", "3.0+cpu", "Requires-Dist: delta; extra == 'fast'", "Requires-Dist: alpha<2")
    script = tmp_path / "pip.py"
    script.write_text(PIP)
    monkeypatch.setattr(bundle, "pip_command", lambda _cure: [sys.executable, str(script), str(shop)])
    constraints = tmp_path / "constraints.txt"
    constraints.write_text(
        "# made\nalpha==1.5\nold==2.0 ; python_version < '3.12'\nold==3.0 ; python_version >= '3.12'\n"
    )
    monkeypatch.setattr(bundle, "constraints", lambda: constraints)
    return shop


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A folder that looks like a model, with files that nobody wants elsewhere."""
    folder = tmp_path / "our-model"
    folder.mkdir()
    for name in ("config.json", "tokenizer_config.json", "notes.txt", "LICENSE.md"):
        (folder / name).write_text("{}")
    (folder / "model.safetensors").write_bytes(b"weights")
    return folder


def made(
    model: Path | str, out: Path, *, platform: str = "linux", python: str = "3.11", **more: Any
) -> list[str]:
    """Make a bundle; what was said."""
    said: list[str] = []
    wish = {"target": Target.named(platform, python), "extras": ("medgemma",), **more}
    make_bundle(Wish(str(model), **wish), out, said.append)
    return said


def packages(out: Path) -> set[str]:
    return {path.name.split("-")[0] for path in (out / "wheels").iterdir()}


def test_wheels_are_those_that_the_other_machine_needs_not_this_one(
    shop: Path, model: Path, tmp_path: Path
) -> None:
    made(model, tmp_path / "linux")
    assert packages(tmp_path / "linux") == {"reportgen", "alpha", "gamma", "beta", "delta", "old"}
    made(model, tmp_path / "win", platform="win", python="3.12", extras=())
    assert packages(tmp_path / "win") == {"reportgen", "alpha", "gamma", "only_win"}
    asked = (shop / "asked.txt").read_text()
    assert "--platform win_amd64 alpha==1.5 only-win>=1" in asked
    assert "--platform manylinux2014_x86_64" in asked
    assert "old==2.0" in asked
    assert "old==3.0" not in asked


def test_indexes_are_handed_to_pip(shop: Path, model: Path, tmp_path: Path) -> None:
    made(model, tmp_path / "out", indexes=("--extra-index-url", "https://wheels.example"))
    for line in (shop / "asked.txt").read_text().splitlines():
        assert "--extra-index-url https://wheels.example" in line


def test_a_wheel_that_cannot_be_had_is_named_and_leaves_nothing(
    shop: Path, model: Path, tmp_path: Path
) -> None:
    next(shop.glob("gamma-*")).unlink()
    before = set(tmp_path.iterdir())
    with pytest.raises(EngineError, match=r"manylinux_2_31_x86_64 and Python 3.11 \(No matching .* gamma\)"):
        made(model, tmp_path / "out")
    assert set(tmp_path.iterdir()) == before


def test_what_pip_said_last_is_told_and_not_its_hints(tmp_path: Path) -> None:
    said = (
        "Collecting\n  ValueError: no file README.md\n      [end of output]\n\nhint: See above for details.\n"
    )
    pip = Pip([sys.executable, "-c", f"import sys; sys.exit({said!r})"], tmp_path)
    with pytest.raises(EngineError, match=r"It went wrong \(ValueError: no file README.md\)\. Do better\."):
        pip.run("It went wrong", "Do better.", "wheel")


def test_versions_that_do_not_suit_one_another_are_named(shop: Path, model: Path, tmp_path: Path) -> None:
    wheel(shop, "beta", "3.0+cpu", "Requires-Dist: alpha>=2")
    with pytest.raises(EngineError, match=r"beta 3.0\+cpu needs alpha>=2, and the index gave alpha 1.5"):
        made(model, tmp_path / "out")


def test_an_interrupt_leaves_nothing(
    shop: Path, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    before = set(tmp_path.iterdir())
    monkeypatch.setattr(bundle, "bill", interrupted)
    with pytest.raises(KeyboardInterrupt):
        made(model, tmp_path / "out")
    assert set(tmp_path.iterdir()) == before


def test_sigterm_is_an_interrupt(
    shop: Path, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = set(tmp_path.iterdir())
    monkeypatch.setattr(bundle, "bill", lambda *_: signal.raise_signal(signal.SIGTERM))
    heard = signal.signal(signal.SIGTERM, lambda *_: pytest.fail("nobody listens"))
    try:
        asked = ["model", "bundle", str(model), "-o", str(tmp_path / "out")]
        assert main([*asked, "--platform", "linux", "--python", "3.11"]) == ExitCode.INTERRUPTED
    finally:
        signal.signal(signal.SIGTERM, heard)
    assert set(tmp_path.iterdir()) == before


def test_what_is_there_already_is_not_touched(shop: Path, model: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine").write_text("mine")
    with pytest.raises(UsageError, match="is there already, and is no empty folder"):
        made(model, out)
    (out / "mine").unlink()
    made(model, out)
    assert (out / "SHA256SUMS").is_file()


def test_weights_stay_where_they_are_and_take_no_room_twice(shop: Path, model: Path, tmp_path: Path) -> None:
    made(model, tmp_path / "out")
    there = tmp_path / "out" / "models" / "our-model"
    assert sorted(path.name for path in there.iterdir()) == [
        "config.json", "model.safetensors", "reportgen-model.json", "tokenizer_config.json",
    ]  # fmt: skip
    assert (there / "model.safetensors").samefile(model / "model.safetensors")


def test_weights_are_copied_where_no_link_can_be(
    shop: Path, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise OSError(18, "cross-device link")

    monkeypatch.setattr(Path, "hardlink_to", refused)
    made(model, tmp_path / "out")
    copied = tmp_path / "out" / "models" / "our-model" / "model.safetensors"
    assert copied.read_bytes() == b"weights"
    assert not copied.samefile(model / "model.safetensors")


def test_a_full_disk_is_told_before(
    shop: Path, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(bundle.shutil, "disk_usage", lambda _: usage(0, 0, 1_000_000_000))
    with pytest.raises(UsageError, match=r"needs up to 3.6 GB, and 1.0 GB are free"):
        made(model, tmp_path / "out")
    assert not (shop / "asked.txt").exists()
    made(model, tmp_path / "out", extras=())


def test_a_model_that_is_not_here_or_is_damaged_is_refused(shop: Path, model: Path, tmp_path: Path) -> None:
    with pytest.raises(
        EngineError, match=r"weights of 'medgemma-4b-it' are not on this machine.*model setup"
    ):
        made("medgemma-4b-it", tmp_path / "out")
    sizes = {"model.safetensors": {"size": 8, "sha256": "0" * 64, "git": ""}}
    store.keep_record(presets()["medgemma-4b-it"], model, {"model": "google/medgemma-4b-it", "files": sizes})
    with pytest.raises(EngineError, match=r"model.safetensors in .* has 7 bytes, not 8"):
        made("medgemma-4b-it", tmp_path / "out")


def test_medgemma_goes_with_its_notice_and_says_if_the_terms_are_not_there(
    shop: Path, model: Path, tmp_path: Path
) -> None:
    (model / "LICENSE.md").unlink()
    store.keep_record(
        presets()["medgemma-4b-it"], model, {"model": "google/medgemma-4b-it", "revision": "a" * 40}
    )
    said = made("medgemma-4b-it", tmp_path / "out")
    notice = (tmp_path / "out" / "licence" / "NOTICE.txt").read_text("utf-8")
    assert (
        "HAI-DEF is provided under and subject to the Health AI Developer Foundations Terms of Use" in notice
    )
    assert "a" * 40 in notice
    assert "NOT IN THIS BUNDLE" in notice
    assert any("text of the licence of MedGemma 4B is not here" in line for line in said)
    terms = tmp_path / "terms.txt"
    terms.write_text("the terms")
    said = made("medgemma-4b-it", tmp_path / "whole", terms=terms)
    assert (tmp_path / "whole/licence/model-terms.txt").read_text() == "the terms"
    assert "NOT IN THIS BUNDLE" not in (tmp_path / "whole/licence/NOTICE.txt").read_text("utf-8")
    assert not any("text of the licence" in line for line in said)


def test_a_licence_that_came_with_the_weights_goes_along(shop: Path, model: Path, tmp_path: Path) -> None:
    made(model, tmp_path / "out")
    assert (tmp_path / "out" / "licence" / "model-LICENSE.md").is_file()
    assert "NOT IN THIS BUNDLE" not in (tmp_path / "out/licence/NOTICE.txt").read_text("utf-8")


def test_the_bill_has_what_the_standard_requires_and_every_wheel(
    shop: Path, model: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    made(model, out)
    told = json.loads((out / "sbom.cdx.json").read_text("utf-8"))
    model_part = told["components"].pop(0)
    jsonschema.validate(told, CYCLONEDX)
    assert model_part["type"] == "machine-learning-model"
    assert model_part["components"][0]["hashes"][0]["content"] == bundle.verify.digest(
        model / "model.safetensors"
    )
    sums = dict(line.split("  ")[::-1] for line in (out / "SHA256SUMS").read_text("utf-8").splitlines())
    hashes = {one["hashes"][0]["content"] for one in told["components"]}
    assert hashes == {told for name, told in sums.items() if name.startswith("wheels/")}
    by_name = {one["name"]: one for one in told["components"]}
    assert by_name["beta"]["purl"] == "pkg:pypi/beta@3.0%2Bcpu"
    assert by_name["beta"]["licenses"] == [{"license": {"name": "MIT"}}]
    assert by_name["gamma"]["licenses"] == [{"expression": "BSD-3-Clause"}]
    needs = {one["ref"]: one["dependsOn"] for one in told["dependencies"]}
    assert needs["pkg:pypi/beta@3.0%2Bcpu"] == ["pkg:pypi/alpha@1.5", "pkg:pypi/delta@2.0"]
    assert set(needs["bundle"]) == {by_name["reportgen"]["bom-ref"], "model"}


def test_a_licence_text_or_nothing_gives_way_to_the_classifiers(tmp_path: Path) -> None:
    classifier = "Classifier: License :: OSI Approved :: BSD License"
    path = wheel(tmp_path, "long", "1", classifier, licence="License: Copyright\n        and so on")
    told = bill(datetime(2026, 1, 1, tzinfo=UTC), {Wheel(path): []}, {"bom-ref": "model"})
    assert told["components"][1]["licenses"] == [{"license": {"name": "BSD License"}}]


@pytest.fixture
def whole(shop: Path, model: Path, tmp_path: Path) -> Path:
    """A bundle for this machine's Python and system."""
    made(model, tmp_path / "out", platform=None, python=None)
    return tmp_path / "out"


def spoil(folder: Path, how: str) -> str:
    """Do something to a bundle; what is to be said of it."""
    target = folder / "models" / "our-model" / "model.safetensors"
    if how == "flipped":
        content = bytearray(target.read_bytes())
        content[3] ^= 1
        target.unlink()  # a link to the model itself
        target.write_bytes(content)
        return "wrong    models/our-model/model.safetensors"
    if how == "missing":
        (folder / "wheels" / "gamma-2.0-py3-none-any.whl").unlink()
        return "missing  wheels/gamma-2.0-py3-none-any.whl"
    if how == "no sums":
        (folder / "SHA256SUMS").unlink()
        return "missing  SHA256SUMS"
    (folder / "wheels" / ".hidden.whl").write_bytes(b"")
    return "extra    wheels/.hidden.whl"


@pytest.mark.parametrize("how", ["flipped", "missing", "added", "no sums"])
def test_what_changed_on_the_way_is_found_by_name(
    whole: Path, how: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["model", "bundle", "--verify", str(whole)]) == ExitCode.DONE
    told = spoil(whole, how)
    capsys.readouterr()
    assert main(["model", "bundle", "--verify", str(whole)]) == ExitCode.INTEGRITY
    assert capsys.readouterr().out.splitlines() == [told]
    done = run_install(whole, tmp_path / "there")
    assert done.returncode == 1
    assert told in done.stdout
    assert "The bundle is damaged" in done.stderr
    assert not (tmp_path / "there").exists()


def run_install(folder: Path, *arguments: object) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-B", str(folder / "install.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="coreutils")
def test_the_sums_are_read_by_the_usual_tool(whole: Path) -> None:
    subprocess.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=whole, check=True)


def test_an_installation_that_cannot_be_is_refused_first(whole: Path, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("mine")
    assert "is there already" in run_install(whole, tmp_path / "full").stderr
    about = json.loads((whole / "bundle.json").read_text("utf-8"))
    for change, said in (
        ({"python": "3.99"}, "the bundle is for 3.99"),
        ({"system": "plan9"}, "The bundle is for"),
    ):
        (whole / "bundle.json").write_text(json.dumps(about | change), "utf-8")
        done = run_install(whole, tmp_path / "there")
        assert (done.returncode, said in done.stderr) == (1, True)
        assert not (tmp_path / "there").exists()


def test_an_installation_that_breaks_off_leaves_nothing(whole: Path, tmp_path: Path) -> None:
    (whole / "SHA256SUMS").unlink()
    next((whole / "wheels").glob("gamma-*")).unlink()
    (whole / "SHA256SUMS").write_text(bundle.verify.sums(whole), "utf-8")
    done = run_install(whole, tmp_path / "there")
    assert done.returncode == 1
    assert "No matching distribution found for gamma" in done.stderr
    assert not (tmp_path / "there").exists()


def test_the_scripts_and_the_text_name_what_is_in_the_bundle(whole: Path) -> None:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert f'python{version}}}" -B "$here/install.py" "$@"' in (whole / "install.sh").read_text()
    assert (
        b'& py "-' + version.encode() + b'" -B (Join-Path $PSScriptRoot'
        in (whole / "install.ps1").read_bytes()
    )
    text = (whole / "INSTALL.txt").read_text("utf-8")
    assert not re.search(r"\$\w", text)
    assert "--model FOLDER/share/reportgen/models/our-model" in text


def test_a_platform_that_nobody_knows_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["model", "bundle", "x", "-o", "y", "--platform", "amiga"]) == ExitCode.USAGE
    assert "--platform amiga is unknown" in capsys.readouterr().err
    assert main(["model", "bundle", "x"]) == ExitCode.USAGE
    assert "needs the name of a model and -o DIR" in capsys.readouterr().err


@pytest.mark.parametrize("more", [["our-model"], ["-o", "new"]])
def test_checking_a_bundle_makes_none(
    whole: Path, more: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["model", "bundle", "--verify", str(whole), *more]) == ExitCode.USAGE
    assert "--verify looks at a bundle, and makes none." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("platform", "tags", "markers"),
    [
        ("linux", ("manylinux_2_31_x86_64", "manylinux2014_x86_64", "linux_x86_64"), ("linux", "x86_64")),
        ("manylinux_2_28_aarch64", ("manylinux_2_17_aarch64", "linux_aarch64"), ("linux", "aarch64")),
        ("win", ("win_amd64",), ("win32", "AMD64")),
        ("mac", ("macosx_14_0_arm64", "macosx_11_0_universal2"), ("darwin", "arm64")),
    ],
)
def test_a_platform_takes_its_tags_and_sees_its_markers(
    platform: str, tags: tuple[str, ...], markers: tuple[str, str]
) -> None:
    target = Target.named(platform, "3.13")
    assert set(tags) <= set(target.tags)
    assert (target.markers["sys_platform"], target.markers["platform_machine"]) == markers
    assert target.markers["python_version"] == "3.13"


def test_this_machine_is_described_as_it_describes_itself() -> None:
    from packaging.markers import default_environment

    here, told = default_environment(), Target.named(None, None).markers
    for name in ("os_name", "sys_platform", "platform_system", "platform_machine", "python_version"):
        assert told[name] == here[name]


def test_a_source_that_went_on_to_another_version_is_refused(shop: Path, model: Path, tmp_path: Path) -> None:
    for path in shop.glob("reportgen-*"):
        path.unlink()
    wheel(shop, "reportgen", "99.0")
    with pytest.raises(EngineError, match=r"is reportgen 99\.0 by now"):
        made(model, tmp_path / "out")


def test_without_a_checkout_the_wheel_is_made_from_where_it_was_installed_from_or_fetched(
    shop: Path, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Here:
        version = own.distribution("reportgen").version
        place = tmp_path.as_uri()

        def read_text(self, name: str) -> str:
            assert name == "direct_url.json"
            return json.dumps({"url": self.place})

    monkeypatch.setattr(own, "checkout", lambda: None)
    monkeypatch.setattr(own, "distribution", lambda _: Here())
    made(model, tmp_path / "one")
    assert (shop / "asked.txt").read_text().splitlines()[0].endswith(os.fspath(tmp_path))
    (shop / "asked.txt").unlink()
    Here.place = (tmp_path / "gone").as_uri()
    made(model, tmp_path / "two")
    assert (shop / "asked.txt").read_text().splitlines()[0].endswith(f"reportgen=={Here.version}")


def test_a_model_that_a_bundle_brought_is_found_by_its_name(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store.sys, "prefix", str(tmp_path / "environment"))
    preset = describe("someone/else")
    assert store.find(preset) is None
    place = tmp_path / "environment" / "share" / "reportgen" / "models" / "someone--else"
    shutil.copytree(model, place)
    (place / store.MARKER).write_text(json.dumps({"model": "someone/else", "revision": "b" * 40}))
    assert store.find(preset) == place
    assert store.find(describe("someone/else-2")) is None
    assert store.revision(place) == store.record(preset)["revision"] == "b" * 40
    store.keep_record(preset, model, {"model": "someone/else", "revision": "c" * 40})
    assert store.find(preset) == model  # what a person fetched counts more
    store.keep_record(preset, tmp_path / "gone", {"model": "someone/else", "revision": "c" * 40})
    assert store.find(preset) == place
    (place / "config.json").unlink()
    assert store.find(preset) is None
    (place / "config.json").write_text("{}")
    (place / store.MARKER).write_text(json.dumps({"model": None, "revision": "b" * 40}))
    assert store.find(preset) is None  # a folder of the same name that is another model
    (place / store.MARKER).write_text(json.dumps({"model": "someone/else", "revision": "b" * 40}))
    assert store.find(preset.model_copy(update={"revision": "d" * 40})) is None
