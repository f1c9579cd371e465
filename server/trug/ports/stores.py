"""The two stores: metadata, which decides, and blobs, which hold bytes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol, TypeVar

from trug.ports.changes import Change, Read
from trug.ports.reports import Reports
from trug.ports.rows import Fetched

R = TypeVar("R")
T = TypeVar("T")

BLOBS_PER_EPOCH = 4096


class Unavailable(Exception):
    """The store cannot take this write now; nothing says whether an earlier one in doubt is there.

    ``is_full`` is true when there was no space left (nothing of the write remains).
    """

    def __init__(self, message: str, *, is_full: bool = False) -> None:
        super().__init__(message)
        self.is_full = is_full


class Damaged(Exception):
    """Stored bytes or a stored row do not match their checksum, or cannot be read."""


class Reader(Protocol):
    """One consistent state of the metadata."""

    def fetch(self, read: Read[R]) -> R: ...


class MetadataStore(Protocol):
    """The metadata. Writes go through ``commit`` alone."""

    @property
    def sequence(self) -> int:
        """The sequence of the last commit this process knows of."""
        ...

    @property
    def generation(self) -> int:
        """Moves whenever what processes cache has changed. An odd value: a change is under way, bypass caches."""
        ...

    async def commit(self, change: Change[T]) -> T:
        """Decide and apply one change durably; raise its rejection's reason, or Unavailable.

        Each change sees the ones decided before it. A decided change takes the next sequence, a rejected one none. When
        ``reads``, ``decide`` or an effect raises, nothing of this change is applied and the exception is raised here.
        The change's blobs are synced before and, when it was surely not applied, unlinked. Once it has begun,
        cancelling the caller does not take the change back.
        """
        ...

    def submit(self, change: Change[T]) -> asyncio.Future[T]:
        """As ``commit``, begun at once and to be waited for. What is raised here, Unavailable, has not begun."""
        ...

    def at_hand(self, bucket: int, key: str, *, content: bool) -> Fetched | None:
        """The newest version of a key, with its inline bytes where ``content`` asks for them, without waiting; None
        where there is none, and for whatever else ``fetch`` is to raise."""
        ...

    async def fetch(self, read: Read[R]) -> R:
        """One read, cheap, on the latest committed state. Damaged when the row does not match its checksum."""
        ...

    async def view(self, question: Callable[[Reader], T]) -> T:
        """Several reads on one state; at most a page of results long.

        ``question`` may run on a thread of its own, so it leaves the event loop alone; what it raises is raised here.
        """
        ...

    def accept_clock(self) -> None:
        """Have lock time, which leaps nowhere by itself, go on from what the wall clock shows; of the next commit on.

        A store that is opened more than 30 days after its last commit, by the wall clock, holds lock time where it was
        until then."""
        ...

    async def reports(self) -> Reports:
        """The reads that are not hot. The first call may take a third of a second, off the event loop."""
        ...

    async def close(self) -> None: ...


class Staged(Protocol):
    """A blob that is being written; nobody else can see it."""

    @property
    def blob(self) -> int: ...

    async def write(self, chunk: memoryview, *beside: Callable[[memoryview], None]) -> None:
        """Append, and show the chunk to ``beside``, on threads and beside each other where the store has some.

        The chunk may be reused when this returns, and not before. OSError as Unavailable; what ``beside`` raise.
        """
        ...

    async def finish(
        self, last: bytes | bytearray | memoryview = b"", check: Callable[[], object] | None = None
    ) -> None:
        """Append ``last``, write the block checksums, sync the file and give it its final name.

        ``check`` is called before, off the event loop where the store has threads; what it raises is raised here. The
        name itself is durable only after ``BlobStore.sync``, which the commit does.
        """
        ...

    def hand_over(self) -> None:
        """From here on the blob belongs to the change that names it: leaving the context no longer removes it."""
        ...


class BlobFile(Protocol):
    """An open blob; ``read`` verifies block checksums."""

    async def read(self, offset: int, length: int) -> bytes | memoryview:
        """Exactly ``length`` bytes from ``offset``. Damaged when they are not what was written."""
        ...

    def at_hand(self, offset: int, length: int) -> memoryview | None:
        """The same if it can be had without waiting. None when it cannot: then ``read``."""
        ...

    def close(self) -> None: ...


class BlobKeeper(Protocol):
    """What a commit needs of the blobs that its changes bring."""

    def sync(self, blobs: Iterable[int]) -> None:
        """Make the names of these blobs durable, one sync for each distinct directory.

        The commit thread calls it before the transaction of a batch, with every blob the batch brings, and only once
        the batch before is decided and the blobs that were rejected there are unlinked; after a commit in doubt, never
        again. So a store knows which blobs are settled and when an epoch may be sealed.
        """
        ...

    def unlink(self, blobs: Iterable[int]) -> None:
        """Remove blobs that no row names. Called by the commit thread; missing ones are no error."""
        ...


class BlobStore(BlobKeeper, Protocol):
    """Immutable blobs, numbered epoch * 4096 + n, never reused."""

    def stage(self) -> AbstractAsyncContextManager[Staged]:
        """A new blob to write. Leaving the context removes it unless it was handed over."""
        ...

    async def open(self, blob: int, size: int) -> BlobFile:
        """Open for reading a blob of ``size`` bytes. Damaged when it is missing or not of this size."""
        ...

    def at_hand(self, blob: int, size: int, offset: int, length: int) -> memoryview | None:
        """A span of a blob of ``size`` bytes, verified, if it can be had without waiting. None for whatever reason it
        cannot; then ``open`` and ``read`` wait, or raise what is wrong."""
        ...

    @property
    def piece(self) -> int:
        """How many bytes to ask for at a time: a multiple of the block, smaller while slow readers hold much."""
        ...

    async def remove(self, blobs: Sequence[int]) -> None:
        """Remove blobs durably (unlink, then sync their directories). Missing ones are no error."""
        ...

    async def close(self) -> None: ...


class Epochs(Protocol):
    """The ledger of epochs that a blob store writes into."""

    async def open(self, make: Callable[[int], None]) -> int:
        """Open the next epoch: ``make(number)`` makes and syncs its place, then its row is committed."""
        ...

    async def seal(self, epoch: int) -> None:
        """Record that recovery need not look at this epoch any more."""
        ...
