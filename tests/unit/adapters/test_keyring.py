"""Secrets under the master key: what fits is read, all else is damage; keys are made once and kept private."""

from __future__ import annotations

import base64
import os
import stat
from pathlib import Path

import pytest

from trug.adapters.keyring import FileKeyring, MasterKeyError, make_master_key, parse_master_key, read_master_key
from trug.ports.stores import Damaged

KEY = bytes(range(32))
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYé"


def test_a_sealed_secret_is_read_again_and_never_the_same_twice() -> None:
    ring = FileKeyring(KEY)
    sealed = {ring.seal(SECRET, "AKIA") for _ in range(50)}
    assert len(sealed) == 50
    assert {FileKeyring(KEY).unseal(one, "AKIA") for one in sealed} == {SECRET}
    assert all(SECRET.encode() not in one for one in sealed)


def test_another_key_or_context_is_damage() -> None:
    sealed = FileKeyring(KEY).seal(SECRET, "AKIA")
    with pytest.raises(Damaged, match="another master key"):
        FileKeyring(bytes(32)).unseal(sealed, "AKIA")
    with pytest.raises(Damaged):
        FileKeyring(KEY).unseal(sealed, "AKIB")


def test_a_flip_or_cut_anywhere_is_damage() -> None:
    ring = FileKeyring(KEY)
    sealed = ring.seal("s", "AKIA")
    for place in range(len(sealed)):
        flipped = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
        for wrong in (flipped, sealed[:place]):
            with pytest.raises(Damaged):
                ring.unseal(wrong, "AKIA")


@pytest.mark.parametrize(
    "text", [KEY.hex(), KEY.hex().upper(), base64.b64encode(KEY).decode(), base64.urlsafe_b64encode(KEY).decode()]
)
def test_keys_are_hexadecimal_or_base64(text: str) -> None:
    assert parse_master_key(f" {text}\n") == KEY


def test_base64_of_both_alphabets() -> None:
    key = b"\xfb\xff" * 16
    assert parse_master_key(base64.b64encode(key).decode()) == key
    assert parse_master_key(base64.urlsafe_b64encode(key).decode()) == key


@pytest.mark.parametrize("text", ["", "secret-passphrase", KEY.hex()[:-2], KEY.hex() + "00", "é" * 64, "=" * 44])
def test_other_texts_are_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(MasterKeyError) as raised:
        parse_master_key(text)
    assert not text or text not in str(raised.value)


def test_a_key_is_made_once(tmp_path: Path) -> None:
    path = str(tmp_path / "master.key")
    Path(f"{path}.new").write_text("left by a crash")
    key = make_master_key(path)
    assert make_master_key(path) == key == read_master_key(path)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert os.listdir(tmp_path) == ["master.key"]


def test_a_key_open_to_others_or_missing_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    with pytest.raises(MasterKeyError, match="cannot be read"):
        read_master_key(str(path))
    path.write_text(KEY.hex())
    path.chmod(0o640)
    with pytest.raises(MasterKeyError, match="chmod 600"):
        read_master_key(str(path))


def test_the_ring_does_not_print_its_key() -> None:
    assert repr(FileKeyring(KEY)) == "FileKeyring(***)"
