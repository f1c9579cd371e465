"""Digests of bytes that are stored already."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping

from trug.domain.checksums import ALGORITHMS
from trug.engine.reading import Reading


async def digests_of(reading: Reading, start: int, stop: int, algorithms: Collection[str]) -> Mapping[str, bytes]:
    """Read a span of an object once and compute raw digests by algorithm name, on threads."""
    digests = {algorithm: ALGORITHMS[algorithm].new() for algorithm in algorithms}
    content = reading.content(start, stop)
    if isinstance(content, bytes):
        for digest in digests.values():
            digest.update(content)
    else:
        async for piece in _in_pieces(content):
            await asyncio.gather(*(asyncio.to_thread(digest.update, piece) for digest in digests.values()))
    return {algorithm: digest.digest() for algorithm, digest in digests.items()}


async def _in_pieces(content: memoryview | AsyncIterator[bytes | memoryview]) -> AsyncIterator[bytes | memoryview]:
    if isinstance(content, memoryview):
        yield content
        return
    async for piece in content:
        yield piece
