"""Secrets sealed under the master key with AES-256-GCM."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import secrets
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING

from trug.adapters.filesystem import syscalls
from trug.ports.stores import Damaged

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_SIZE = 32
_NONCE_SIZE = 12
_ID_SIZE = 1


class MasterKeyError(Exception):
    """The master key is missing, malformed, or readable by others. The text never holds the key."""


class FileKeyring:
    """Seals secrets under one master key of 32 bytes.

    A sealed secret is a byte that tells the master key, a random nonce of 96 bits, and AES-256-GCM's ciphertext and tag
    with the context as authenticated data.
    """

    def __init__(self, master: bytes) -> None:
        if len(master) != KEY_SIZE:
            raise MasterKeyError(f"a master key has {KEY_SIZE} bytes, not {len(master)}")
        self._master = master
        self._id = hashlib.sha256(b"trug master key id\0" + master).digest()[:_ID_SIZE]

    def __repr__(self) -> str:
        return "FileKeyring(***)"

    def seal(self, secret: str, context: str) -> bytes:
        """Encrypt; ``context`` (the access key's id) is bound to the result."""
        nonce = secrets.token_bytes(_NONCE_SIZE)
        return self._id + nonce + self._cipher.encrypt(nonce, secret.encode(), context.encode())

    def unseal(self, sealed: bytes, context: str) -> str:
        """Decrypt; Damaged when it does not fit the master key or the context."""
        from cryptography.exceptions import InvalidTag

        if sealed[:_ID_SIZE] != self._id:
            raise Damaged(f"the secret of {context} was sealed under another master key")
        nonce, content = sealed[_ID_SIZE : _ID_SIZE + _NONCE_SIZE], sealed[_ID_SIZE + _NONCE_SIZE :]
        try:
            return self._cipher.decrypt(nonce, content, context.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise Damaged(f"the sealed secret of {context} does not fit the master key") from error

    @cached_property
    def _cipher(self) -> AESGCM:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # 20 ms, which a start need not wait for

        return AESGCM(self._master)


def parse_master_key(text: str) -> bytes:
    """The 32 bytes written as hexadecimal or base64; MasterKeyError for anything else."""
    text = text.strip()
    for decode in (bytes.fromhex, _from_base64):
        try:
            key = decode(text)
        except ValueError:
            continue
        if len(key) == KEY_SIZE:
            return key
    raise MasterKeyError(f"a master key is {KEY_SIZE} bytes in hexadecimal or base64")


def read_master_key(path: str) -> bytes:
    """The master key in a file; MasterKeyError when it is missing, malformed, or others may read it."""
    try:
        with open(path, encoding="ascii") as file:
            mode = os.fstat(file.fileno()).st_mode
            text = file.read(1024)
    except (OSError, UnicodeDecodeError) as error:
        raise MasterKeyError(f"the master key {path} cannot be read") from error
    if mode & 0o077:
        raise MasterKeyError(f"the master key {path} is open to others: chmod 600 {path}")
    return parse_master_key(text)


def make_master_key(path: str) -> bytes:
    """Write a new random master key durably, so that it is either whole or not there; the one that stands when there
    is one."""
    unfinished = f"{path}.new"
    syscalls.unlink_if_there(unfinished)
    descriptor = syscalls.create(unfinished)
    try:
        syscalls.write_at(descriptor, f"{secrets.token_hex(KEY_SIZE)}\n".encode(), 0)
        syscalls.sync_descriptor(descriptor)
    finally:
        os.close(descriptor)
    with suppress(FileExistsError):  # unlike a rename, a link never replaces a key that secrets are sealed under
        os.link(unfinished, path)
    os.unlink(unfinished)
    syscalls.sync_folder(os.path.dirname(path))
    return read_master_key(path)


def _from_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, altchars=b"-_" if {"-", "_"} & set(text) else None, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
