"""What is read again is kept, within its room; what is read once is not."""

from __future__ import annotations

import tracemalloc

from trug.adapters.filesystem.popular import LARGEST, OWN, SEEN, Popular, Span


def read(popular: Popular, span: Span, times: int = 2) -> None:
    for _ in range(times):
        popular.note(span, memoryview(bytearray(b"x" * span.length)))


def test_kept_from_the_second_time_on() -> None:
    popular, span = Popular(), Span(1, 0, 10)
    read(popular, span, 1)
    assert popular.find(span) is None
    read(popular, span, 1)
    assert popular.find(span) == b"x" * 10
    assert popular.find(Span(1, 0, 9)) is None
    assert popular.find(Span(2, 0, 10)) is None


def test_what_is_kept_is_a_copy() -> None:
    popular, span, buffer = Popular(), Span(1, 0, 3), bytearray(b"abc")
    for _ in range(2):
        popular.note(span, memoryview(buffer))
    buffer[:] = b"new"
    found = popular.find(span)
    assert found == b"abc"
    assert found is not None
    assert found.readonly


def test_the_oldest_go_when_there_is_no_room() -> None:
    popular = Popular(room=3 * (10 + OWN))
    spans = [Span(blob, 0, 10) for blob in range(4)]
    for span in spans:
        read(popular, span)
    assert [popular.find(span) is not None for span in spans] == [False, True, True, True]
    large = Span(9, 0, 25 + 2 * OWN)
    read(popular, large)
    assert [popular.find(span) for span in spans] == [None] * 4
    assert popular.find(large) is not None


def test_many_short_spans_take_no_more_memory_than_there_is_room() -> None:
    room = 1 << 20
    popular = Popular(room)
    tracemalloc.start()
    try:
        for offset in range(10_000):
            read(popular, Span(1 << 20, (1 << 20) + offset, 1))
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 2 * room


def test_long_spans_are_not_kept() -> None:
    popular, span = Popular(), Span(1, 0, LARGEST + 1)
    read(popular, span, 3)
    assert popular.find(span) is None


def test_what_was_read_once_is_forgotten_in_the_end() -> None:
    popular, span = Popular(), Span(1, 0, 10)
    read(popular, span, 1)
    for blob in range(2, SEEN + 2):
        read(popular, Span(blob, 0, 10), 1)
    read(popular, span, 1)
    assert popular.find(span) is None
