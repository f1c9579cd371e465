"""Headers as they were sent, whatever their values hold."""

from __future__ import annotations

import random

import pytest

from trug.wire.request import Headers, Rule


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


NAMES = [b"Host", b"X-Amz-Date", b"User-Agent"]


@pytest.mark.parametrize("names", [NAMES, [*NAMES, b"x-amz-server-side-encryption-customer-key"], [*NAMES, b"host"]])
def test_headers_like_those_before(names: list[bytes]) -> None:
    """Whatever came before in the same shape, each head has its own values."""
    chance = random.Random(1)
    for number in range(200):
        values = [chance.choice([b"", b"one", b" two\t", b"\xa0\xff", b"%d" % number]) for _ in names]
        size = chance.choice([200, 4000])
        headers = Headers.arrived(list(names), list(values), size)
        assert headers == Headers(list(zip(names, values, strict=True)))
        assert list(headers) == list(dict.fromkeys(name.decode().lower() for name in names))
        assert headers.count("host") == (2 if len(names) == 4 and names[3] == b"host" else 1)


def test_no_key_of_a_customer_is_kept() -> None:
    names = [b"host", b"x-amz-server-side-encryption-customer-key"]
    headers = Headers.arrived(names, [b"a", b"secret"], 100)
    assert headers.shape.last is None


def test_a_long_head_is_not_kept() -> None:
    headers = Headers.arrived([b"a-long-header"], [b"x" * 10_000], 10_020)
    assert headers.shape.last is None


@pytest.mark.parametrize("names", [[b"%d" % number for number in range(200)], [b"a" * 2000, b"b"]])
def test_what_has_more_names_than_clients_send_is_a_shape_of_its_own(names: list[bytes]) -> None:
    first, second = (Headers.arrived(names, [b""] * len(names), 1000) for _ in range(2))
    assert first == second
    assert first.shape is not second.shape
    assert not first.shape.is_shared
    assert first.shape.last is None


def test_rules_are_asked_once_of_each_shape() -> None:
    asked: list[tuple[str, ...]] = []
    rule = Rule(lambda names: asked.append(names) or "range" in names)
    for _ in range(3):
        assert rule(Headers([(b"rule-a", b"1"), (b"Range", b"2")]))
        assert Headers([(b"rule-b", b"1")]).shape.facts[rule] is False
    assert sorted(asked) == [("rule-a", "range"), ("rule-b",)]
