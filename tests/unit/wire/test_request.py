"""Headers as they were sent, whatever their values hold."""

from __future__ import annotations

import pytest

from trug.wire.request import Headers


@pytest.mark.parametrize(
    ("pairs", "headers"),
    [
        ([], {}),
        ([(b"Host", b" a\t"), (b"X-A", b"\xa0\xff")], {"host": "a", "x-a": "\xa0\xff"}),
        ([(b"a", b""), (b"b", b"")], {"a": "", "b": ""}),
        ([(b"a", b"1"), (b"b", b"2"), (b"A", b"3")], {"a": "1,3", "b": "2"}),
        ([(b"a", b"1\n2"), (b"b", b"3")], {"a": "1\n2", "b": "3"}),
    ],
)
def test_headers(pairs: list[tuple[bytes, bytes]], headers: dict[str, str]) -> None:
    assert Headers(pairs) == headers
