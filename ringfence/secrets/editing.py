"""Text in an editor, in a private file that is in memory where that is possible, and then gone."""

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

from ringfence.errors import ToolError, UsageError

PREFIX = "ringfence-secrets."
IN_MEMORY = ("tmpfs", "ramfs")
ENDINGS = (signal.SIGTERM, signal.SIGHUP)


def edit(
    content: bytes,
    judge: Callable[[bytes], object],
    again: Callable[[str], bool],
    warn: Callable[[str], None],
) -> bytes:
    """Let the user edit `content` in $VISUAL or $EDITOR, and return what `judge` accepts.

    Args:
        content: the text at first.
        judge: raises UsageError for a text that is wrong.
        again: told what is wrong; whether the editor is opened once more.
        warn: told when the text is on a disk for a while.

    Raises:
        UsageError: the text stays wrong, and the user gives up.
        ToolError: the editor is missing or failed.
    """
    with private_folder(warn) as folder:
        path = folder / "secrets.yml"
        path.touch(mode=0o600)
        path.write_bytes(content)
        while True:
            _run_editor(path)
            try:
                edited = path.read_bytes()
            except OSError:
                raise ToolError("the editor left no file: nothing was changed") from None
            try:
                judge(edited)
            except UsageError as error:
                if not again(str(error).replace(str(path), path.name)):
                    raise
            else:
                return edited


@contextlib.contextmanager
def private_folder(warn: Callable[[str], None]) -> Iterator[Path]:
    """Make a folder that only its owner enters, in memory if possible; remove it whatever happens.

    What only kill -9 or a crash of the machine can leave is removed by the next call.
    """
    base = next((path for path in _bases() if in_memory(path)), None)
    if base is None:
        base = Path(tempfile.gettempdir())
        warn(f"there is no file system in memory here: the text is in {base} while you edit it")
    _sweep(base)
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}.", dir=base))
    try:
        with _endings_are_exceptions():
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def in_memory(path: Path, mounts: Path = Path("/proc/self/mountinfo")) -> bool:
    """Whether a directory lies on a file system that is kept in memory (proc(5), mountinfo)."""
    longest, kind = "", ""
    for line in mounts.read_text(encoding="utf-8", errors="replace").splitlines():
        before, _, after = line.partition(" - ")
        point = before.split()[4]
        if path.is_relative_to(point) and len(point) >= len(longest):
            longest, kind = point, after.split()[0]
    return kind in IN_MEMORY


def _bases() -> Iterator[Path]:
    for name in (os.environ.get("XDG_RUNTIME_DIR"), "/dev/shm"):  # noqa: S108 - mkdtemp in it
        if name and Path(name).is_absolute() and os.access(name, os.W_OK | os.X_OK):
            yield Path(name)


def _sweep(base: Path) -> None:
    """Remove the folders of our own whose process is gone."""
    for folder in base.glob(f"{PREFIX}[0-9]*.*"):
        process = folder.name.removeprefix(PREFIX).partition(".")[0]
        with contextlib.suppress(OSError):
            if folder.lstat().st_uid == os.geteuid() and not Path("/proc", process).exists():
                shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _endings_are_exceptions() -> Iterator[None]:
    """Turn the signals that end a process into an exception, so that `finally` runs."""

    def leave(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, leave) for number in ENDINGS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _run_editor(path: Path) -> None:
    words = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
    # Ctrl-C belongs to the editor while it runs.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        # Only ignored signals are inherited, and an editor that ignores Ctrl-C would be odd.
        running = subprocess.Popen([*words, str(path)], preexec_fn=_default_interrupt)
        try:
            status = running.wait()
        except BaseException:
            running.terminate()
            running.wait()
            raise
    except (OSError, IndexError):
        raise ToolError(
            f"the editor {' '.join(words)!r} can't be started: set EDITOR to one that is installed"
        ) from None
    finally:
        signal.signal(signal.SIGINT, before)
    if status:
        raise ToolError(f"the editor ended with {status}: nothing was changed")


def _default_interrupt() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
