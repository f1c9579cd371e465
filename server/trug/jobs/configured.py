"""Buckets that have a configuration of some kind, looked for when anything was configured anywhere, and what they
have."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any, TypeVar

import msgspec

from trug.ports.reads import RowsOf
from trug.ports.rows import Bucket
from trug.ports.stores import MetadataStore

T = TypeVar("T")

logger = logging.getLogger(__name__)

PAGE = 1000


def readable(documents: Iterable[tuple[str, bytes]], model: type[T]) -> Iterator[T]:
    """Configurations as they were stored; one that cannot be read is logged and passed over, since those who come with
    requests must not be held up by it."""
    for name, document in documents:
        try:
            yield msgspec.msgpack.decode(document, type=model)
        except msgspec.DecodeError:
            logger.warning("the configuration %s cannot be read as %s", name, model.__name__)


class ConfiguredBuckets:
    """Those whose row has one of the bits of ``flags``."""

    def __init__(self, metadata: MetadataStore, flags: int) -> None:
        self._metadata = metadata
        self._flags = flags
        self._generation = -1
        self._found: list[Bucket] = []

    async def find(self) -> list[Bucket]:
        generation = self._metadata.generation
        if generation != self._generation:
            self._found = [bucket async for bucket in self._all() if bucket.configured & self._flags]
            self._generation = generation
        return self._found

    async def _all(self) -> AsyncIterator[Bucket]:
        after: Any = None
        while page := await self._metadata.fetch(RowsOf("buckets", after, PAGE)):
            for _, bucket in page:
                if bucket is not None:
                    yield bucket
            after = page[-1][0]
