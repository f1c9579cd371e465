"""The generated root pair: made once, kept in a file that only its owner reads."""

from __future__ import annotations

import os
import tomllib
from typing import NamedTuple

from trug.adapters.filesystem import syscalls

NAME = "root.toml"


class RootPair(NamedTuple):
    """The access key and secret of the default account's root; ``is_new`` when this call made them."""

    access_key: str
    secret_key: str
    is_new: bool = False


def path_of(directory: str) -> str:
    """Where a data directory keeps the pair."""
    return os.path.join(directory, NAME)


def read_or_make(directory: str, made: RootPair) -> RootPair:
    """The pair that the directory keeps; ``made`` is written there first when it keeps none. OSError, ValueError."""
    path = path_of(directory)
    try:
        with open(path, "rb") as file:
            table = tomllib.load(file)
    except FileNotFoundError:
        _write(path, made)
        return made._replace(is_new=True)
    access_key, secret_key = table.get("access_key"), table.get("secret_key")
    if not isinstance(access_key, str) or not isinstance(secret_key, str):
        raise ValueError(f"{path} does not hold access_key and secret_key")
    return RootPair(access_key, secret_key)


def _write(path: str, pair: RootPair) -> None:
    """Whole or not at all, and durable."""
    staged = f"{path}.new"
    descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(f'access_key = "{pair.access_key}"\nsecret_key = "{pair.secret_key}"\n')
        file.flush()
        syscalls.sync_descriptor(file.fileno())
    os.rename(staged, path)
    syscalls.sync_folder(os.path.dirname(path))
