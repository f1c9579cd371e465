"""The preloaded library that counts file-system calls and acts on a chosen one, and the page it is told by."""

from __future__ import annotations

import ctypes
import enum
import errno
import hashlib
import mmap
import os
import shutil
import struct
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

SOURCE = Path(__file__).with_name("inj.c")

# struct control of inj.c
NUMBERS = struct.Struct("@qqii")
CALL = slice(NUMBERS.size, NUMBERS.size + 32)
PATH = slice(CALL.stop, CALL.stop + 480)


class Action(enum.IntEnum):
    """What happens at the chosen call; TEAR writes half of it first, SHORT takes half of it and goes on."""

    PASS, KILL, TEAR, SHORT, FAIL = range(5)


class Blow(NamedTuple):
    """What strikes a call."""

    name: str
    action: Action
    error: int = 0

    def __str__(self) -> str:
        return self.name


BLOWS = {
    blow.name: blow
    for blow in (
        Blow("kill", Action.KILL),
        Blow("tear", Action.TEAR),
        Blow("SHORT", Action.SHORT),
        *(Blow(errno.errorcode[number], Action.FAIL, number) for number in (errno.EIO, errno.ENOSPC, errno.EDQUOT)),
    )
}


def find_compiler() -> str | None:
    return shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")


def build() -> str:
    """The path of the library, compiled at most once per version of its source."""
    compiler = find_compiler()
    assert compiler is not None, "a C compiler is needed"
    version = hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"trug-crash-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    assert folder.stat().st_uid == os.getuid()
    library = folder / f"inj-{version}.so"
    if not library.exists():
        unfinished = folder / f"{version}.{os.getpid()}"
        subprocess.run(
            [compiler, "-O2", "-shared", "-fPIC", "-o", str(unfinished), str(SOURCE), "-ldl"], check=True, timeout=60
        )
        unfinished.rename(library)
    return str(library)


class Control:
    """The shared page of one run after another."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.trace_path = path.with_suffix(".trace")
        self.trace_path.touch()
        path.write_bytes(bytes(mmap.PAGESIZE))
        with path.open("r+b") as file:
            self._page = mmap.mmap(file.fileno(), mmap.PAGESIZE)

    @property
    def count(self) -> int:
        """Calls since the counter was set."""
        return int(NUMBERS.unpack_from(self._page)[0])

    @property
    def struck(self) -> str:
        """The call that was acted on and its file; empty while none was."""
        call, path = (bytes(self._page[place]).partition(b"\0")[0].decode() for place in (CALL, PATH))
        return f"{call} {path}" if call else ""

    @property
    def trace(self) -> list[tuple[str, str]]:
        """The calls since the counter was set, each with its file below the data directory."""
        calls = (line.partition(" ") for line in self.trace_path.read_text().splitlines())
        return [(call, path) for call, _, path in calls]

    def arm(self, target: int, blow: Blow) -> None:
        """Count anew, and strike the call of this number."""
        self._page[CALL.start : PATH.stop] = bytes(PATH.stop - CALL.start)
        os.truncate(self.trace_path, 0)
        NUMBERS.pack_into(self._page, 0, 0, target, blow.action, blow.error)

    def disarm(self) -> None:
        """Count anew, and strike none."""
        os.truncate(self.trace_path, 0)
        NUMBERS.pack_into(self._page, 0, 0, 0, Action.PASS, 0)

    def close(self) -> None:
        self._page.close()


def attach(page: str, trace: str, directory: str) -> None:
    """In the process that was started with the library: begin to count what happens below the folder."""
    library = ctypes.CDLL(None)
    if library.inject_attach(os.fsencode(page), os.fsencode(trace), os.fsencode(directory)) != 0:
        raise RuntimeError("the shim could not open what it shares with the harness")
