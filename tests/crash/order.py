"""In what order a write must reach the disk: what a kill cannot show, since the kernel keeps what it was given."""

from __future__ import annotations

from collections.abc import Sequence
from os.path import basename, dirname

LOG = "/trug.db-wal"
BLOBS_PER_EPOCH = 4096
RENAMING = {"mkdir", "rename", "link", "unlink"}
"""Calls whose folder must be synced. Not rmdir: an epoch's empty folder that comes back does no harm."""

Trace = Sequence[tuple[str, str]]


def mistakes(trace: Trace) -> list[str]:
    """What a loss of power could undo although the request was answered after the last of these calls.

    A blob's bytes are synced before its name is given or, where it has had its name from the beginning, the name before
    there are bytes; the name, or that it is gone, before the log says so; and the log at last.
    """
    found = []
    unsynced: set[str] = set()
    made: set[str] = set()
    for call, path in trace:
        if call == "open" and path.startswith("/blobs/"):
            made.add(path)
        if "sync" in call:
            made -= {name for name in made if dirname(name) == path}
        if "write" in call and path in made:
            found.append(f"{path} is written before its name is synced")
        if "write" in call and path == LOG:
            found += [f"the log is written before {name} is synced" for name in unsynced if name != LOG]
        if "sync" in call:
            unsynced.discard(path)
        if call == "rename":
            found += [f"{path} is renamed before {name} is synced" for name in unsynced if is_staged(name, path)]
        touched = dirname(path) if call in RENAMING else path
        if (call in RENAMING or "write" in call) and matters(touched):
            unsynced.add(touched)
    return found + [f"{name} is never synced" for name in sorted(unsynced)]


def matters(path: str) -> bool:
    """Whether this is the log, a folder of blobs or a blob that is being written."""
    return path == LOG or path.startswith("/blobs") or (path.startswith("/staging/") and basename(path).isdigit())


def is_staged(staged: str, final: str) -> bool:
    """Whether these are the two names of one blob: ``/staging/…/BLOB`` and ``/blobs/EPOCH/NUMBER``."""
    if not staged.startswith("/staging/") or not final.startswith("/blobs/"):
        return False
    return divmod(int(basename(staged)), BLOBS_PER_EPOCH) == (int(basename(dirname(final))), int(basename(final)))
