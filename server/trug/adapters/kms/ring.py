"""A key ring in one file, its keys sealed under the master key."""

from __future__ import annotations

import json
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from trug.adapters.filesystem import syscalls
from trug.adapters.kms.rings import MADE_WHEN_NEEDED, check_new, unknown, unwrapped, version_of, wrapped_under
from trug.domain.encryption import KEY_SIZE, key_name
from trug.ports.key_management import Context
from trug.ports.keys import Clock, Keyring
from trug.ports.stores import Damaged

FORMAT = 1
SEEN_BY_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class Sealed(NamedTuple):
    """A version of a key: when it was made (µs since 1970), and the key under the master key."""

    created: int
    sealed: bytes


class FileKeyRing:
    """Keys in a file that several processes share: each looks whether it was replaced before it uses it.

    ``keyring`` seals what is in it. Damaged for a file that cannot be read, or that others may read.
    """

    def __init__(self, path: str, lock: str, *, keyring: Keyring, clock: Clock) -> None:
        self._path = path
        self._lock = lock
        self._keyring = keyring
        self._clock = clock
        self._seen: tuple[int, ...] = ()
        self._sealed: dict[str, list[Sealed]] = {}
        self._opened: dict[tuple[str, int], bytes] = {}

    def __repr__(self) -> str:
        return f"FileKeyRing({self._path!r})"

    async def wrap(self, name: str, secret: bytes, context: Context) -> bytes:
        """``secret`` under the newest version of the key; the keys that nobody creates are made here."""
        name = key_name(name)
        self._refresh()
        if name not in self._sealed and name in MADE_WHEN_NEEDED:
            self._add(name)
        version = len(self._versions(name))
        return wrapped_under(self._key(name, version), version, secret, context)

    async def unwrap(self, name: str, wrapped: bytes, context: Context) -> bytes:
        """What was wrapped. UnknownKey, Damaged."""
        name, version = key_name(name), version_of(wrapped)
        if (name, version) not in self._opened:
            self._refresh()
        return unwrapped(self._key(name, version), wrapped, context)

    def is_newest(self, name: str, wrapped: bytes) -> bool:
        """Whether wrapping it again would change nothing."""
        self._refresh()
        return version_of(wrapped) == len(self._versions(key_name(name)))

    def create(self, name: str) -> None:
        """Make a key. ValueError for a name that is none, or that a key has already."""
        with self._alone():
            check_new(name, self._sealed.get(name))
            self._append(name)

    def rotate(self, name: str) -> int:
        """Give a key a new version, which wraps from now on; its number. UnknownKey."""
        with self._alone():
            self._versions(name)
            return self._append(name)

    def entries(self) -> list[tuple[str, int, int]]:
        """(name, how many versions, when the newest was made in µs since 1970), by name."""
        self._refresh()
        return [(name, len(versions), versions[-1].created) for name, versions in sorted(self._sealed.items())]

    def _versions(self, name: str) -> list[Sealed]:
        if name not in self._sealed:
            raise unknown(name)
        return self._sealed[name]

    def _key(self, name: str, version: int) -> bytes:
        if (name, version) not in self._opened:
            versions = self._versions(name)
            if not 0 < version <= len(versions):
                raise Damaged(f"the key {name} has no version {version}")
            secret = self._keyring.unseal(versions[version - 1].sealed, context_of(name, version))
            self._opened[name, version] = bytes.fromhex(secret)
        return self._opened[name, version]

    def _add(self, name: str) -> None:
        """Make a key that is needed now, unless another process just did."""
        with self._alone():
            if name not in self._sealed:
                self._append(name)

    def _append(self, name: str) -> int:
        version = len(self._sealed.get(name, ())) + 1
        sealed = self._keyring.seal(secrets.token_hex(KEY_SIZE), context_of(name, version))
        self._sealed.setdefault(name, []).append(Sealed(self._clock.now(), sealed))
        try:
            _write(self._path, {"format": FORMAT, "keys": {key: _written(of) for key, of in self._sealed.items()}})
        finally:
            self._seen = ()
        return version

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """While nobody else changes the file."""
        lock = syscalls.open_lock(self._lock)
        try:
            syscalls.wait_for_lock(lock)
            self._refresh()
            yield
        finally:
            os.close(lock)

    def _refresh(self) -> None:
        """Read the file again when it is not the one that was read."""
        try:
            found = os.stat(self._path)
        except FileNotFoundError:
            self._seen, self._sealed = (), {}
            return
        except OSError as error:
            raise Damaged(f"the key ring {self._path} cannot be read: {error.strerror}") from error
        seen = (found.st_ino, found.st_mtime_ns, found.st_size)
        if seen != self._seen:
            self._sealed = _read(self._path)
            self._seen = seen


def context_of(name: str, version: int) -> str:
    """What the master key's seal on a key is bound to."""
    return f"kms {name} {version}"


def _written(versions: list[Sealed]) -> list[dict[str, Any]]:
    return [{"created": version.created, "sealed": version.sealed.hex()} for version in versions]


def _read(path: str) -> dict[str, list[Sealed]]:
    try:
        with open(path, encoding="ascii") as file:
            mode = os.fstat(file.fileno()).st_mode
            document = json.load(file)
        if document["format"] != FORMAT:
            raise Damaged(f"the key ring {path} has a format that this version does not know")
        keys = {
            name: [Sealed(version["created"], bytes.fromhex(version["sealed"])) for version in versions]
            for name, versions in document["keys"].items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Damaged(f"the key ring {path} cannot be read") from error
    if mode & SEEN_BY_OTHERS:
        raise Damaged(f"the key ring {path} is open to others: chmod 600 {path}")
    return keys


def _write(path: str, document: dict[str, Any]) -> None:
    """Replace the file durably, so that it is always whole."""
    unfinished = f"{path}.new"
    with syscalls.unavailable("cannot write the key ring"):
        syscalls.unlink_if_there(unfinished)
        descriptor = syscalls.create(unfinished)
        try:
            syscalls.write_at(descriptor, json.dumps(document, indent=1).encode() + b"\n", 0)
            syscalls.sync_descriptor(descriptor)
        finally:
            os.close(descriptor)
        os.rename(unfinished, path)
        syscalls.sync_folder(os.path.dirname(path))
