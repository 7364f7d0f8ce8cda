"""A process that looks like Windows where Python's own modules let it, to run this program there.

``python -X warn_default_encoding as_windows.py IN OUT`` imports all of reportgen, and makes and verifies
reports. What Windows lacks is taken away before: modules and functions of POSIX, names that it refuses, and
the leave to open text in whatever encoding. Windows itself cannot be had here: paths stay those of POSIX.
"""

import contextlib
import importlib
import os
import pkgutil
import re
import signal
import sys
import types
import warnings
from pathlib import Path, PurePosixPath

# Others decide at import time where they are: what they do then is their matter.
THEIRS = """
asyncio bidi arabic_reshaper click concurrent.futures.process jinja2 multiprocessing.popen_spawn_posix
pikepdf PIL.Image PIL.ImageOps pydantic pypdfium2 reportlab.pdfgen.canvas segno sqlite3 tqdm.auto yaml
zoneinfo
"""
POSIX_MODULES = "fcntl grp posix pty pwd resource syslog termios tty"
#: These would look for libraries of Windows; mypy looks at the rooms that need them.
ELSEWHERE = "torch transformers ray huggingface_hub psutil"
POSIX_FUNCTIONS = """
chown fchmod fchown fork forkpty getegid geteuid getgid getloadavg getpgid getuid getxattr kill killpg link
mkfifo nice pathconf posix_spawn pread pwrite sched_getaffinity setsid setxattr symlink sync sysconf uname
"""
POSIX_SIGNALS = """
SIGKILL SIGALRM SIGHUP SIGQUIT SIGUSR1 SIGUSR2 SIGCHLD SIGPIPE SIGSTOP alarm pthread_sigmask pthread_kill
setitimer sigwait siginterrupt
"""
for name in THEIRS.split():
    importlib.import_module(name)

FORBIDDEN = re.compile(
    r'[<>:"|?*\\\x00-\x1f]|[. ]$|^(con|prn|aux|nul|(com|lpt)[0-9¹²³]) *(\.|$)', re.IGNORECASE
)
made: list[str] = []
locked: list[tuple[int, int]] = []


def watch(event: str, arguments: tuple[object, ...]) -> None:
    """Refuse to make what could not be made on Windows."""
    if event in {"os.symlink", "os.link", "os.fork", "os.exec"}:
        raise SystemError(f"{event} on Windows")
    writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
    target = arguments[1] if event == "os.rename" else arguments[0] if writes or event == "os.mkdir" else None
    if isinstance(target, str) and not target.startswith("/dev/"):
        made.append(target)
        wrong = [part for part in PurePosixPath(target).parts[1:] if FORBIDDEN.search(part)]
        if wrong:
            raise SystemError(f"{wrong} is no name on Windows")


def become_windows() -> None:
    """Take away what Windows lacks."""
    msvcrt = types.ModuleType("msvcrt")
    msvcrt.LK_NBLCK = 2
    msvcrt.locking = lambda number, mode, size: locked.append((os.fstat(number).st_size, size))
    sys.modules["msvcrt"] = msvcrt
    for name in (POSIX_MODULES + " " + ELSEWHERE).split():
        sys.modules[name] = None  # importing it is an ImportError
    for module, names in ((os, POSIX_FUNCTIONS), (signal, POSIX_SIGNALS)):
        for name in names.split():
            delattr(module, name)
    signal.SIGBREAK = signal.SIGTERM
    warnings.filterwarnings("error", category=EncodingWarning, module=r"reportgen\.")
    sys.platform = "win32"
    sys.addaudithook(watch)


def main(inputs: str, out: str) -> None:
    """Import everything, run, run again, verify."""
    import reportgen

    for found in pkgutil.walk_packages(reportgen.__path__, "reportgen."):
        torch = found.name.startswith("reportgen.engines.")
        with contextlib.suppress(ModuleNotFoundError) if torch else contextlib.nullcontext():
            importlib.import_module(found.name)
    from reportgen.cli import main as command

    run = ["run", inputs, "-o", out, "--engine", "template", "--format", "txt,pdf,html"]
    assert command(run) == 3
    assert command([*run, "--force"]) == 3
    assert command(["verify", out]) == 0
    assert command(["doctor"]) in {0, 4}
    assert command(["cache", "info"]) == 0
    assert locked
    assert set(locked) == {(0, 1)}, "one byte of an empty file: none that anybody reads"
    assert any(Path(path).name == "report.pdf" or path.endswith(".tmp") for path in made)
    print(len(made), "names, all of which Windows takes")


if __name__ == "__main__":
    become_windows()
    main(*sys.argv[1:])
