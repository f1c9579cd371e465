"""Buffers for bytes on their way out, used again as soon as nobody looks at them."""

from __future__ import annotations

from collections import deque

_LOOKS = 4
"""How many buffers are tried before a new one is made."""


class Buffers:
    """At most ``count`` buffers of ``size`` bytes, which are kept; beyond them, ones that are not.

    A buffer that is used again is warm, and costs no zeroing (7 of the 45 µs of reading 256 KiB). Nobody hands one
    back: bytes that somebody still looks at, such as a transport that could not send them all, cannot be resized, and
    Python says so. Not for use by several threads.
    """

    def __init__(self, size: int, count: int) -> None:
        self._size = size
        self._count = count
        self._kept: deque[bytearray] = deque()
        self.are_short = False

    def take(self, length: int) -> memoryview:
        """``length`` bytes of any content; nobody else gets them while this view, or one made from it, lives."""
        if length > self._size:
            return memoryview(bytearray(length))
        buffer = self._idle()
        return memoryview(bytearray(length) if buffer is None else buffer)[:length]

    def _idle(self) -> bytearray | None:
        """A kept buffer, the one used last if possible; None, and ``are_short``, when all may be in use."""
        kept = self._kept
        for _ in range(min(_LOOKS, len(kept))):
            if _is_idle(kept[0]):
                self.are_short = False
                return kept[0]
            kept.rotate(-1)
        self.are_short = len(kept) >= self._count
        if self.are_short:
            return None
        kept.appendleft(bytearray(self._size))
        return kept[0]


def _is_idle(buffer: bytearray) -> bool:
    try:
        buffer.pop()
    except BufferError:
        return False
    buffer.append(0)
    return True
