"""What is in memory is had at once, and what is not is told."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import pytest

from trug.adapters.filesystem import cached


@pytest.fixture(params=["openat2", "open"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Systems that can tell what is cached, and those that cannot."""
    if request.param == "open":
        monkeypatch.setattr(cached, "_syscall", lambda: None)


@pytest.mark.usefixtures("way")
def test_a_file_is_opened_to_be_read(tmp_path: Path) -> None:
    path = tmp_path / "grün"
    path.write_bytes(b"abc")
    descriptor = cached.open_cached(str(path))
    assert descriptor is not None
    assert os.read(descriptor, 9) == b"abc"
    assert not os.get_inheritable(descriptor)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.write(descriptor, b"x")
    os.close(descriptor)


@pytest.mark.usefixtures("way")
def test_a_name_nobody_has(tmp_path: Path) -> None:
    path = tmp_path / "none"
    assert not path.exists()
    try:
        assert cached.open_cached(str(path)) is None
    except FileNotFoundError as error:
        assert error.filename == str(path)


@pytest.mark.usefixtures("way")
def test_k2_a_symlink_is_not_followed(tmp_path: Path) -> None:
    path = tmp_path / "link"
    path.symlink_to(tmp_path)
    with pytest.raises(OSError, match="link") as refused:
        cached.open_cached(str(path))
    assert refused.value.errno == errno.ELOOP


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what is cached")
def test_bytes_are_read_from_the_page_cache_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"abc" * 1000)
    descriptor = os.open(path, os.O_RDONLY)
    first, second = bytearray(1000), bytearray(3000)
    got = cached.read_cached(descriptor, [first, second], 0)
    if got:
        assert got == 3000
        assert first + second[:2000] == b"abc" * 1000
    cached.fetch_ahead(descriptor, 0, 3000)
    os.close(descriptor)
    with pytest.raises(OSError, match="Bad file descriptor"):
        cached.read_cached(descriptor, [first], 0)


def test_where_the_system_cannot_tell_nothing_is_cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cached, "_NOW", None)
    assert cached.read_cached(-1, [bytearray(1)], 0) == 0
