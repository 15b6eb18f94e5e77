"""A run on disk is written by one process at a time."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout


def stamp(path: Path | None) -> tuple[int, int] | None:
    """What differs when the file has been written since; None where there is none."""
    if path is None or not path.exists():
        return None
    found = path.stat()
    return found.st_mtime_ns, found.st_size


def require_unchanged(path: Path, seen: tuple[int, int] | None) -> None:
    """ValueError where the run at `path` has been written since it had the stamp `seen`.

    Processes with different temporary folders know of each other by this alone.
    """
    if stamp(path) != seen:
        raise ValueError(
            f"Another process has gone on with the run “{path.stem}” meanwhile. Run again: what it "
            "has counted is kept."
        )


@contextmanager
def held_alone(path: Path | None, seen: tuple[int, int] | None) -> Iterator[None]:
    """Within, no other process on this machine may go on with the run at `path`; None: no file.

    seen: its stamp when it was read. ValueError where another process is at it, or was since. The
    system releases a killed process' hold.
    """
    if path is None:
        yield
        return
    # Not beside the run: the lock's file stays, since deleting it could let two in.
    name = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:16]
    lock = FileLock(Path(tempfile.gettempdir()) / f"hrv-run-{name}.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise ValueError(
            f"Another process is at the run “{path.stem}”. Wait until it has ended, or give this "
            "run another name."
        ) from error
    except OSError as error:  # such as another user's lock
        raise ValueError(
            f"The file {lock.lock_file}, which keeps other processes from the run “{path.stem}”, "
            f"cannot be opened: {error.strerror}. If no other ComfyUI is at the run, delete it."
        ) from error
    try:
        require_unchanged(path, seen)
        yield
    finally:
        lock.release()
