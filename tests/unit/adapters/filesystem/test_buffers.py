"""Buffers are used again once nobody looks at them, and never before."""

from __future__ import annotations

from trug.adapters.filesystem.buffers import Buffers

SIZE = 100


def test_a_buffer_is_used_again_once_its_view_is_gone() -> None:
    buffers = Buffers(SIZE, 2)
    first = buffers.take(SIZE)
    kept = first.obj
    first.release()
    assert buffers.take(10).obj is kept


def test_a_buffer_somebody_looks_at_is_not_given_to_another() -> None:
    buffers = Buffers(SIZE, 2)
    views = [buffers.take(SIZE) for _ in range(9)]
    for number, view in enumerate(views):
        view[:] = bytes([number]) * SIZE
    assert [bytes(view) for view in views] == [bytes([number]) * SIZE for number in range(9)]


def test_a_part_of_a_view_is_a_look_too() -> None:
    buffers = Buffers(SIZE, 1)
    part = buffers.take(SIZE)[90:]
    part[:] = b"0123456789"
    buffers.take(SIZE)[:] = bytes(SIZE)
    assert part == b"0123456789"


def test_a_long_span_has_a_buffer_of_its_own() -> None:
    buffers = Buffers(SIZE, 1)
    assert len(buffers.take(SIZE + 1)) == SIZE + 1
    assert not buffers.are_short


def test_it_is_told_when_all_are_in_use() -> None:
    buffers = Buffers(SIZE, 2)
    views = [buffers.take(1), buffers.take(1)]
    assert not buffers.are_short
    views.append(buffers.take(1))
    assert buffers.are_short
    views.clear()
    buffers.take(1)
    assert not buffers.are_short


def test_idle_buffers_are_found_behind_busy_ones() -> None:
    buffers = Buffers(SIZE, 20)
    views = [buffers.take(1) for _ in range(20)]
    idle = views.pop(10).obj
    assert any(buffers.take(1).obj is idle for _ in range(20))


def test_a_buffer_keeps_its_size() -> None:
    buffers = Buffers(SIZE, 1)
    for _ in range(5):
        assert len(buffers.take(SIZE)) == SIZE
