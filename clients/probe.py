"""What the probes share: where the server is, payloads, odd keys, and comparing what comes back."""

from __future__ import annotations

import hashlib
import json
import os
import random
import secrets
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

CLIENTS = Path(__file__).resolve().parent
MIB = 1 << 20
PART = 5 * MIB
LARGE = 12 * MIB + 345
ODD_KEYS: tuple[str, ...] = tuple(json.loads((CLIENTS / "odd_keys.json").read_text("utf-8")))

ACCESS_KEY_NAMES = ("TRUG_ROOT_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "MINIO_ROOT_USER", "MINIO_ACCESS_KEY")
SECRET_KEY_NAMES = ("TRUG_ROOT_SECRET_KEY", "AWS_SECRET_ACCESS_KEY", "MINIO_ROOT_PASSWORD", "MINIO_SECRET_KEY")
SHORT_DAYS = "TRUG_PROBE_SHORT_DAYS"
KEPT_VARIABLES = ("PATH", "TMPDIR", "SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


class Server(NamedTuple):
    """Where the server is and who we are; ``ca_file`` is empty unless the endpoint's certificate is self-signed.
    ``has_short_days``: its lifecycle rules count days of a second or so (``--lifecycle-day``). ``console`` is the
    management port."""

    endpoint: str
    access_key: str
    secret_key: str
    ca_file: str = ""
    has_short_days: bool = False
    console: str = "http://localhost:9001"

    @property
    def is_tls(self) -> bool:
        return self.endpoint.startswith("https:")

    @property
    def address(self) -> str:
        """Host and port, as clients want it that take the scheme apart."""
        return self.endpoint.partition("://")[2].rstrip("/")

    def variables(self) -> dict[str, str]:
        """The same as environment variables, for a probe that runs in a process of its own."""
        named = {
            "TRUG_ENDPOINT": self.endpoint,
            "TRUG_ROOT_ACCESS_KEY": self.access_key,
            "TRUG_ROOT_SECRET_KEY": self.secret_key,
            "TRUG_CA_FILE": self.ca_file,
            SHORT_DAYS: "1" if self.has_short_days else "",
            "TRUG_CONSOLE": self.console,
        }
        return {name: value for name, value in named.items() if value}


def find_server() -> Server:
    """The server that the environment names, then ``.env``; else ``trug serve --dev`` on its usual port."""
    known = {**_dotenv(CLIENTS.parent / ".env"), **os.environ}
    return Server(
        endpoint=known.get("TRUG_ENDPOINT", "http://localhost:9000"),
        access_key=_first(known, ACCESS_KEY_NAMES),
        secret_key=_first(known, SECRET_KEY_NAMES),
        ca_file=known.get("TRUG_CA_FILE", ""),
        has_short_days=bool(known.get(SHORT_DAYS)),
        console=known.get("TRUG_CONSOLE", "http://localhost:9001"),
    )


def _first(known: Mapping[str, str], names: Sequence[str]) -> str:
    return next((known[name] for name in names if known.get(name)), "minioadmin")


def _dotenv(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    pairs = (line.partition("=") for line in path.read_text("utf-8").splitlines() if "=" in line and line[0] != "#")
    return {name.removeprefix("export ").strip(): value.strip().strip("'\"") for name, _, value in pairs}


def clean_environment(home: str) -> dict[str, str]:
    """An environment without profiles, proxies and certificate bundles, so that clients run at their defaults."""
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    return {**kept, "HOME": home, "LANG": "C.UTF-8", "AWS_EC2_METADATA_DISABLED": "true"}


def run(lifecycle: Callable[[Server, Path], None]) -> None:
    """Run one probe from its command line: its environment cleaned, a scratch directory of its own."""
    server = find_server()
    started = time.monotonic()
    with TemporaryDirectory(prefix="trug-probe-") as scratch:
        environment = clean_environment(scratch)
        os.environ.clear()
        os.environ.update(environment)
        lifecycle(server, Path(scratch))
    print(f"ok, {time.monotonic() - started:.1f} s")


@contextmanager
def step(name: str) -> Iterator[None]:
    """Name a part of the lifecycle, so that a failure says where it was."""
    print(name, flush=True)
    try:
        yield
    except BaseException:
        print(f"failed in: {name}", file=sys.stderr, flush=True)
        raise


def new_bucket_name(client: str) -> str:
    return f"probe-{client}-{secrets.token_hex(4)}"


def payload(size: int, seed: str = "") -> bytes:
    """Bytes that look random and are the same for the same size and seed."""
    return random.Random(f"{size}:{seed}").randbytes(size)


def expect_same(got: bytes, wanted: bytes, what: str) -> None:
    """Compare by SHA-256; the failure names sizes and digests, never the bytes."""
    digests = [hashlib.sha256(data).hexdigest() for data in (got, wanted)]
    if digests[0] != digests[1]:
        raise AssertionError(f"{what}: got {len(got)} bytes {digests[0]}, wanted {len(wanted)} bytes {digests[1]}")


def expect(is_met: bool, what: object) -> None:
    if not is_met:
        raise AssertionError(what)


def expect_equal(got: object, wanted: object, what: str) -> None:
    expect(got == wanted, f"{what}: got {got!r}, wanted {wanted!r}")


def fetch(server: Server, url: str, **headers: str) -> bytes:
    """What a presigned URL answers to somebody who has nothing but the URL."""
    context = ssl.create_default_context(cafile=server.ca_file or None) if server.is_tls else None
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), context=context, timeout=30) as reply:
        return bytes(reply.read())


def send(server: Server, url: str, body: bytes) -> None:
    """PUT a body to a presigned URL."""
    context = ssl.create_default_context(cafile=server.ca_file or None) if server.is_tls else None
    request = urllib.request.Request(url, data=body, method="PUT", headers={"Content-Type": "text/plain"})
    with urllib.request.urlopen(request, context=context, timeout=30) as reply:
        expect_equal(reply.status, 200, "presigned PUT")


def command(arguments: Sequence[str], environment: Mapping[str, str], stdin: bytes = b"") -> bytes:
    """Standard output of a program; its standard error is the failure's message."""
    done = subprocess.run(
        arguments, env={**os.environ, **environment}, input=stdin, capture_output=True, timeout=300, check=False
    )
    if done.returncode:
        told = (done.stderr + done.stdout).decode("utf-8", "replace")
        raise AssertionError(f"exit {done.returncode}: {' '.join(arguments)}\n{told}")
    return done.stdout


def fits_a_file_name(key: str) -> bool:
    """Whether a tree of files can hold this key next to the other odd keys."""
    return key not in ("a", " leading and trailing ") and "//" not in key and not key.endswith("/")


def write_odd_files(directory: Path) -> dict[str, bytes]:
    """One file per odd key that a file system can hold; what each contains."""
    contents = {key: key.encode() for key in ODD_KEYS if fits_a_file_name(key)}
    for key, data in contents.items():
        path = directory / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, (path.stat().st_mtime - 60,) * 2)  # older than its upload, which lists tell in whole seconds
    return contents


def expect_files(directory: Path, contents: Mapping[str, bytes]) -> None:
    """The files below a directory are these and no others."""
    found = {
        path.relative_to(directory).as_posix(): path.read_bytes() for path in directory.rglob("*") if path.is_file()
    }
    expect_equal(sorted(found), sorted(contents), "files")
    for key, data in contents.items():
        expect_same(found[key], data, key)
