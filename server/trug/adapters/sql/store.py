"""The metadata in SQLite: reads where they are asked, longer ones on threads, all writes through the commit thread."""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from trug.adapters.filesystem import syscalls
from trug.adapters.sql.batch import SECOND, State, read_state, resumed
from trug.adapters.sql.commit import Committer, Done
from trug.adapters.sql.connection import Durability, StoreRefused, broken, close, create_file, open_reader
from trug.adapters.sql.generation import GENERATION, MOVING, Words
from trug.adapters.sql.hot import HOT, Hot
from trug.adapters.sql.interrupting import Errand, GivenUp
from trug.adapters.sql.lock import WriteLock
from trug.adapters.sql.migrate import open_current
from trug.adapters.sql.reads import READS
from trug.adapters.sql.upkeep import overwrite_tail
from trug.ports.changes import Change, Read
from trug.ports.keys import Clock
from trug.ports.reads import BlobNamed
from trug.ports.rows import Fetched
from trug.ports.stores import BlobKeeper, Damaged, Reader, Unavailable

if TYPE_CHECKING:
    from trug.adapters.sql.cold import ColdReads

R = TypeVar("R")
T = TypeVar("T")

FILE = "trug.db"
READERS = 4
DAY = 86_400 * SECOND

log = logging.getLogger(__name__)


class Snapshot:
    """What one cursor sees (ports.stores.Reader)."""

    __slots__ = ("_cursor",)

    def __init__(self, cursor: sqlite3.Cursor) -> None:
        self._cursor = cursor

    def fetch(self, read: Read[R]) -> R:
        try:
            result: R = READS[type(read)](self._cursor, read)
        except sqlite3.Error as error:
            raise broken(error) from error
        return result

    def state(self) -> State:
        """The row of numbers. Damaged when it is."""
        try:
            return read_state(self._cursor)
        except sqlite3.Error as error:
            raise broken(error) from error


class Interruptible(Snapshot):
    """What one question sees, as long as somebody waits for its answer: GivenUp from then on."""

    __slots__ = ("_errand",)

    def __init__(self, cursor: sqlite3.Cursor, errand: Errand) -> None:
        super().__init__(cursor)
        self._errand = errand

    def fetch(self, read: Read[R]) -> R:
        if self._errand.is_given_up:
            raise GivenUp
        return super().fetch(read)


class ReaderPool:
    """Threads that each have a connection of their own; a question sees one state from its first read to its last."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._threads = ThreadPoolExecutor(READERS, thread_name_prefix="trug-read")
        self._own = threading.local()
        self._cursors: list[sqlite3.Cursor] = []

    async def ask(self, question: Callable[[Reader], T]) -> T:
        """What the question answers; it is interrupted when whoever asks is cancelled."""
        errand = Errand()
        try:
            return await self._asked(question, errand)
        except asyncio.CancelledError:
            errand.give_up()
            raise

    def _asked(self, question: Callable[[Reader], T], errand: Errand) -> asyncio.Future[T]:
        try:
            return asyncio.get_running_loop().run_in_executor(self._threads, self._answer, question, errand)
        except RuntimeError as error:
            raise Unavailable("the store is closed") from error

    def _answer(self, question: Callable[[Reader], T], errand: Errand) -> T:
        try:
            cursor = self._cursor()
            cursor.execute("BEGIN")
        except sqlite3.Error as error:
            raise broken(error) from error
        try:
            errand.begin(cursor.connection)
            return question(Interruptible(cursor, errand))
        finally:
            errand.end()
            self._leave(cursor)

    def _leave(self, cursor: sqlite3.Cursor) -> None:
        """The end of a question, which never hides what became of it. A connection that cannot go on is given up."""
        try:
            if cursor.connection.in_transaction:
                cursor.execute("ROLLBACK")
        except sqlite3.Error:
            log.exception("a connection that reads has failed, another takes its place")
            self._own.cursor = None
            self._cursors.remove(cursor)
            with suppress(sqlite3.Error):
                close(cursor)

    def _cursor(self) -> sqlite3.Cursor:
        cursor: sqlite3.Cursor | None = getattr(self._own, "cursor", None)
        if cursor is None:
            cursor = self._own.cursor = open_reader(self._path).cursor()
            self._cursors.append(cursor)
        return cursor

    def end(self) -> None:
        """Wait for the last question."""
        self._threads.shutdown()

    def close(self) -> None:
        while self._cursors:
            close(self._cursors.pop())


class Cold:
    """The reads that are not hot: what they run on is imported and opened at the first (29 MiB and 300 ms)."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._opened: ColdReads | None = None
        self._is_closed = False

    async def open(self) -> ColdReads:
        if self._opened is not None:
            return self._opened
        opened = await asyncio.to_thread(self._open)
        if self._is_closed:
            raise Unavailable("the store is closed")
        if self._opened is None:
            self._opened = opened
        return self._opened

    def _open(self) -> ColdReads:
        from trug.adapters.sql.cold import ColdReads

        return ColdReads(self._path)

    async def close(self) -> None:
        self._is_closed = True
        if self._opened is not None:
            await self._opened.close()


class Opened:
    """Everything of this process that has the store's file open. Readers close before the writer does.

    ``is_first``: nobody has the store open, and what processes share about it begins anew. ``has_peers``: others may
    have it open, so that SQLite has not cut off what an unfinished commit left at the end of the log.
    """

    def __init__(
        self,
        directory: str,
        *,
        clock: Clock,
        durability: Durability,
        blobs: BlobKeeper | None,
        on_full: Callable[[], None] | None,
        is_first: bool,
        has_peers: bool,
    ) -> None:
        path = f"{directory}/{FILE}"
        self._directory = directory
        self.is_shut = False
        self._is_closed = False
        with ExitStack() as undo:
            self._lock = WriteLock(lock_path(directory))
            undo.callback(self._lock.close)
            self.words = Words(f"{directory}/locks/generation")
            undo.callback(self.words.close)
            with self._lock:
                make_file(directory, path)
                writer = open_current(path, durability)
                undo.callback(writer.close)
                if is_first:
                    mark = read_state(writer.cursor()).lock_time
                    self.words.begin(_resumed(clock.now(), mark), time.monotonic_ns())
                if has_peers:
                    overwrite_tail(writer, on_full)
                self.committer = Committer(
                    writer, directory, lock=self._lock, words=self.words, clock=clock, blobs=blobs, on_full=on_full
                )
            self._here = open_reader(path).cursor()
            if durability == "full":
                syscalls.sync_folder(directory)  # for the log's name: SQLite ignores it when its own sync fails
            undo.pop_all()
        self._clock = clock
        self.here = Snapshot(self._here)
        self.hot = Hot(self.words, self.here)
        self.pool = ReaderPool(path)
        self.cold = Cold(path)
        self.committer.start()

    def accept_clock(self) -> None:
        """Have lock time go on from the wall clock."""
        self.words.lock_base = self._clock.now(), time.monotonic_ns()

    def is_well_told(self, reader: Snapshot) -> bool:
        """Whether the words say what the row says, or something newer."""
        state = reader.state()
        return self.words.value == 2 * state.generation and self.words.sequence >= state.sequence

    def tell(self, reader: Reader) -> None:
        """Make the words say what the row says; on a thread that reads, before its first read. Under a lock of its
        own: what the commit thread holds would not keep this thread out."""
        assert isinstance(reader, Snapshot)  # noqa: S101 - it comes from the pool
        lock = WriteLock(lock_path(self._directory))
        try:
            with lock:
                state = reader.state()
                self.words.show(state.generation)
                self.words.sequence = state.sequence
        finally:
            lock.close()

    def shut(self) -> None:
        """Take nothing more. Called on the loop that asks."""
        self.is_shut = True
        self.committer.stop()

    def close(self) -> None:
        """Settle what was asked, then close everything, each whatever becomes of the others. Again is no error.

        For a thread: SQLite checkpoints and removes the log as its last connection closes.
        """
        if self._is_closed:
            return
        self._is_closed = True
        self.shut()
        self.committer.join()
        self.pool.end()
        with ExitStack() as last_to_first:
            last_to_first.callback(self._lock.close)
            last_to_first.callback(self.words.close)
            last_to_first.callback(self._close_writer)
            last_to_first.callback(close, self._here)
            last_to_first.callback(self.pool.close)

    def _close_writer(self) -> None:
        with self._lock:
            self.committer.close()


def _resumed(wall: int, mark: int) -> int:
    """As ``resumed``, and loud where the wall clock is not believed."""
    lock_time = resumed(wall, mark)
    if lock_time < wall:
        days = (wall - lock_time) // DAY
        log.warning(
            "the clock is %d days ahead of what this store last saw: retention of Object Lock goes on from there. If "
            "the clock is right, say so: trug clock accept",
            days,
        )
    return lock_time


def store_path(directory: str) -> str:
    return f"{directory}/{FILE}"


def lock_path(directory: str) -> str:
    return f"{directory}/locks/write"


def make_file(directory: str, path: str) -> None:
    """An empty file for a new store. StoreRefused when there are blobs, so that a file is missing."""
    if os.path.exists(path):
        return
    blobs = f"{directory}/blobs"
    if os.path.isdir(blobs) and os.listdir(blobs):
        raise StoreRefused(f"{path} is missing, but {blobs} holds what it described: restore it from a backup")
    create_file(path)


class SqlMetadata:
    """A MetadataStore (ports.stores) in the SQLite file ``trug.db`` of a data directory; for one event loop at a time.

    ``is_in_doubt`` is true after a failed sync: reads go on, writes raise Unavailable until ``reopen``. While that is
    under way, and after it has failed, reads raise Unavailable too.
    """

    def __init__(self, opener: Callable[..., Opened], blobs: BlobKeeper | None, opened: Opened) -> None:
        self._opener = opener
        self._blobs = blobs
        self._opened = opened
        self._replacing = threading.Lock()
        self._is_closed = False

    @classmethod
    def open(
        cls,
        directory: str | os.PathLike[str],
        *,
        clock: Clock,
        durability: Durability = "full",
        blobs: BlobKeeper | None = None,
        on_full: Callable[[], None] | None = None,
        is_first: bool = True,
        is_shared: bool = False,
    ) -> SqlMetadata:
        """Open the store in ``directory``, making or migrating it if need be.

        ``on_full`` makes room when the disk is full, on the commit thread: what found none is then tried once more.
        ``is_shared``: several processes open the store; all but the one that ``is_first`` do so when it has.
        StoreRefused when it is newer than this program or no store; Damaged when it cannot be read.
        """
        place = os.fspath(directory)
        os.makedirs(f"{place}/locks", 0o700, exist_ok=True)
        opener = partial(Opened, place, clock=clock, durability=durability, blobs=blobs, on_full=on_full)
        again = partial(opener, is_first=False, has_peers=is_shared)
        return cls(again, blobs, opener(is_first=True, has_peers=False) if is_first else again())

    @property
    def sequence(self) -> int:
        opened = self._opened
        return opened.committer.sequence if self._is_closed or opened.is_shut else opened.words.sequence

    @property
    def generation(self) -> int:
        opened = self._opened
        return MOVING if self._is_closed or opened.is_shut else opened.words.all[GENERATION]

    @property
    def is_in_doubt(self) -> bool:
        opened = self._opened
        return opened.committer.is_in_doubt or (opened.is_shut and not self._is_closed)

    @property
    def done(self) -> Done:
        """What the commit thread has done since the store was opened."""
        return self._opened.committer.done

    async def commit(self, change: Change[T]) -> T:
        return await self.submit(change)

    def submit(self, change: Change[T]) -> asyncio.Future[T]:
        if self._is_closed:
            raise Unavailable("the store is closed")
        return self._opened.committer.submit(change)

    def at_hand(self, bucket: int, key: str, *, content: bool) -> Fetched | None:
        opened = self._opened
        if self._is_closed or opened.is_shut:
            return None
        try:
            return opened.hot.find(bucket, key, content=content)
        except (Damaged, Unavailable):
            return None

    async def fetch(self, read: Read[R]) -> R:
        opened = self._open()
        reader = opened.hot if type(read) in HOT else opened.here
        return reader.fetch(read)

    async def view(self, question: Callable[[Reader], T]) -> T:
        return await self._open().pool.ask(question)

    async def reports(self) -> ColdReads:
        return await self._open().cold.open()

    def accept_clock(self) -> None:
        self._open().accept_clock()

    async def compare(self) -> None:
        """See that the words in shared memory fit the rows, and repair them: a process may have ended between the
        COMMIT and the words, or somebody removed their file."""
        opened = self._open()
        if not opened.is_well_told(opened.here):
            await self.view(opened.tell)

    def _open(self) -> Opened:
        opened = self._opened
        if self._is_closed or opened.is_shut:
            raise Unavailable("the store is closed or is being opened again")
        return opened

    async def reopen(self) -> None:
        """Close every connection and open them again, so that what is in doubt is decided by the rows that are there.

        Blobs of doubtful changes that no row names are unlinked. Other processes' recovery does the same for theirs.
        What the opening raises is raised here; the store then answers nothing until it is opened by another call.
        """
        self._refuse_closed()
        opened = self._opened
        opened.shut()
        await opened.cold.close()
        await asyncio.to_thread(self._replace, opened)
        late = opened.committer.doubtful
        if late:
            await asyncio.to_thread(self._unlink, late)

    def _refuse_closed(self) -> None:
        if self._is_closed:
            raise Unavailable("the store is closed")

    def _replace(self, opened: Opened) -> None:
        """On a thread; nothing is done when another call was faster."""
        with self._replacing:
            self._refuse_closed()
            if self._opened is not opened:
                return
            opened.close()
            following = self._opener()
            with ExitStack() as undo:
                undo.callback(following.close)
                doubtful = opened.committer.doubtful.copy()
                self._unlink([blob for blob in doubtful if is_surely_unnamed(following, blob)])
                opened.committer.doubtful -= doubtful
                undo.pop_all()
            self._opened = following

    def _unlink(self, blobs: Collection[int]) -> None:
        if self._blobs is not None and blobs:
            self._blobs.unlink(blobs)

    async def close(self) -> None:
        """Settle what waits, then close. Again is no error."""
        self._is_closed = True
        self._opened.shut()
        await self._opened.cold.close()
        await asyncio.to_thread(self._close_opened)

    def _close_opened(self) -> None:
        with self._replacing:
            self._opened.close()


def is_surely_unnamed(opened: Opened, blob: int) -> bool:
    """False also where damage leaves it open: recovery looks again."""
    try:
        return not opened.here.fetch(BlobNamed(blob))
    except Damaged:
        log.exception("it cannot be seen whether a row names blob %d", blob)
        return False
