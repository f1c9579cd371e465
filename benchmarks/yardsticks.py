"""What the figures are held against: this machine, and the least that the same bytes cost."""

from __future__ import annotations

import hashlib
import os
import platform
import sqlite3
import sys
import time
import zlib
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from awscrt import checksums
from benchmarks.driver import Sample

LOOP = 300_000
PIECE = 1 << 20
PACKAGES = ("uvicorn", "uvloop", "httptools", "awscrt", "msgspec")


def machine() -> list[str]:
    """Where and when this runs."""
    cpu = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.processor(),
    )
    packages = " · ".join(f"{name} {version(name)}" for name in PACKAGES)
    software = f"Python {platform.python_version()} · SQLite {sqlite3.sqlite_version} · {packages}"
    return [
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC · {os.cpu_count()} cores · {cpu}",
        f"{platform.system()} {platform.release()} · {software}",
        f"load average before: {load()}",
    ]


def load() -> str:
    return "  ".join(f"{value:.2f}" for value in os.getloadavg())


def loop() -> float:
    """CPU seconds of a fixed loop in pure Python: how fast this core is just now."""
    began, total = time.thread_time(), 0
    for number in range(LOOP):
        total += number ^ 5
    return time.thread_time() - began


class _Value:
    __slots__ = ("first", "second")

    def __init__(self, first: int, second: int) -> None:
        self.first = first
        self.second = second


def calls() -> float:
    """CPU seconds of as many calls that each make an object: an interpreter that was built without
    ``--enable-optimizations`` shows here (three times the time) more than in the loop."""
    began = time.thread_time()
    for number in range(LOOP):
        _Value(number, 1)
    return time.thread_time() - began


HASHED = bytes(1 << 24)
HASHES = {
    "MD5": lambda data: hashlib.md5(data).digest(),
    "SHA-256": lambda data: hashlib.sha256(data).digest(),
    "CRC32": zlib.crc32,
    "CRC64NVME": checksums.crc64nvme,
}


def hashing(name: str) -> float:
    """CPU seconds that this library and core take for a GiB of one digest."""
    began = time.thread_time()
    HASHES[name](HASHED)
    return (time.thread_time() - began) * (1 << 30) / len(HASHED)


def synced_writes(path: Path, content: bytes, count: int) -> Sample:
    """Append ``content`` to one file and sync it, again and again: the floor of a PUT by one client."""
    latencies: list[float] = []
    view = memoryview(content)
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        own, began = time.process_time(), time.perf_counter()
        for _ in range(count):
            then = time.perf_counter()
            for start in range(0, len(content), PIECE):
                os.write(file, view[start : start + PIECE])
            os.fdatasync(file)
            latencies.append(time.perf_counter() - then)
        wall, own = time.perf_counter() - began, time.process_time() - own
    finally:
        os.close(file)
        path.unlink()
    latencies.sort()
    return Sample(count, wall, own, own, latencies)


def note(text: str) -> None:
    """Progress, for who waits; the table goes to standard output."""
    print(text, file=sys.stderr, flush=True)
