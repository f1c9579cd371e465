"""The key that ``--dev`` signs ID tokens with: made once, kept in a file that only its owner reads."""

from __future__ import annotations

import os

from trug.adapters.filesystem import layout


def read_or_make(directory: str) -> bytes:
    """The private key (EC, P-256) as PEM. OSError."""
    path = layout.development_key_path(directory)
    try:
        return _read(path)
    except FileNotFoundError:
        pass
    staged = f"{path}.{os.getpid()}"
    descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(_made())
    try:
        os.link(staged, path)
    except FileExistsError:
        pass  # another process was first
    finally:
        os.unlink(staged)
    return _read(path)


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _made() -> bytes:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
