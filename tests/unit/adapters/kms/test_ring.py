from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pytest

from trug.adapters.clock import SystemClock
from trug.adapters.keyring import FileKeyring
from trug.adapters.kms.ring import FileKeyRing
from trug.ports.key_management import UnknownKey
from trug.ports.stores import Damaged

MASTER = os.urandom(32)
SECRET = os.urandom(32)


def ring(directory: Path, master: bytes = MASTER) -> FileKeyRing:
    return FileKeyRing(
        str(directory / "ring"), str(directory / "lock"), keyring=FileKeyring(master), clock=SystemClock()
    )


def wrapped(keys: FileKeyRing, name: str = "k") -> bytes:
    return asyncio.run(keys.wrap(name, SECRET, {}))


def unwrapped(keys: FileKeyRing, content: bytes, name: str = "k") -> bytes:
    return asyncio.run(keys.unwrap(name, content, {}))


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    ring(tmp_path).create("k")
    assert (tmp_path / "ring").stat().st_mode & 0o777 == 0o600
    (tmp_path / "ring").chmod(0o640)
    with pytest.raises(Damaged, match="open to others"):
        ring(tmp_path).entries()


def test_keys_are_kept_and_others_see_them(tmp_path: Path) -> None:
    ours, theirs = ring(tmp_path), ring(tmp_path)
    assert theirs.entries() == []
    ours.create("k")
    content = wrapped(ours)
    assert unwrapped(theirs, content) == SECRET
    assert theirs.rotate("k") == 2
    assert not ours.is_newest("k", content)
    assert ours.is_newest("k", wrapped(ours))
    assert unwrapped(ring(tmp_path), content) == SECRET
    assert [(name, count) for name, count, _ in ours.entries()] == [("k", 2)]
    assert not (tmp_path / "ring.new").exists()


def test_keys_that_nobody_creates(tmp_path: Path) -> None:
    ours, theirs = ring(tmp_path), ring(tmp_path)
    for name in ("sse-s3", "alias/aws/s3"):
        assert unwrapped(theirs, wrapped(ours, name), name) == SECRET
        assert unwrapped(ours, wrapped(theirs, name), name) == SECRET
    assert [(name, count) for name, count, _ in ours.entries()] == [("aws/s3", 1), ("sse-s3", 1)]


@pytest.mark.parametrize("name", ["", "sse-s3", "aws/s3", "-x", "a b", "x" * 129, "arn:aws:kms:::key/k", "taken"])
def test_names_that_no_key_gets(tmp_path: Path, name: str) -> None:
    ours = ring(tmp_path)
    ours.create("taken")
    with pytest.raises(ValueError, match="key"):
        ours.create(name)


def test_a_key_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UnknownKey):
        ring(tmp_path).rotate("k")


def test_the_keys_are_sealed_under_the_master_key(tmp_path: Path) -> None:
    ours = ring(tmp_path)
    ours.create("k")
    content = wrapped(ours)
    with pytest.raises(Damaged):
        unwrapped(ring(tmp_path, os.urandom(32)), content)


def test_a_version_that_is_gone(tmp_path: Path) -> None:
    ours = ring(tmp_path)
    ours.create("k")
    ours.rotate("k")
    content = wrapped(ours)
    document = json.loads((tmp_path / "ring").read_text())
    document["keys"]["k"].pop()
    (tmp_path / "ring").write_text(json.dumps(document))
    with pytest.raises(Damaged, match="no version 2"):
        unwrapped(ring(tmp_path), content)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 2, "keys": {}}', '{"format": 1, "keys": {"k": [1]}}', "ä"])
def test_a_file_that_is_none_of_ours(tmp_path: Path, text: str) -> None:
    ring(tmp_path).create("k")
    (tmp_path / "ring").write_text(text)
    with pytest.raises(Damaged):
        ring(tmp_path).entries()
