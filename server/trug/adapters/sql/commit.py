"""The group-commit thread: all changes that wait at the same moment share one transaction and one sync."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import sqlite3
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from copy import copy
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple, TypeVar

from trug.adapters.sql.batch import Batch, LockClock, read_state
from trug.adapters.sql.checkpoint import Checkpoints
from trug.adapters.sql.connection import PAGE, broken, close
from trug.adapters.sql.generation import Words
from trug.adapters.sql.hot import slot_of
from trug.adapters.sql.lock import WriteLock
from trug.adapters.sql.upkeep import NOTHING, Due, carry_out, due
from trug.ports.acting import ACTOR
from trug.ports.changes import Change, Rejected
from trug.ports.keys import Clock
from trug.ports.stores import BlobKeeper, Unavailable

T = TypeVar("T")

LARGEST = 64
LONGEST_NS = 10_000_000

IDLE_S = 0.2
"""How long nobody must write before the store looks after itself."""

# These come before the commit frame is whole, so the transaction is surely not there. Any other failure of COMMIT
# leaves it in doubt: with EIO on the log's sync, COMMIT raised, and after a kill and a restart the rows were there.
SURELY_ABSENT = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE}

NO_ROOM = {errno.ENOSPC, errno.EDQUOT}

log = logging.getLogger(__name__)


class Waiting:
    """A change in the queue and, in the end, what became of it."""

    __slots__ = ("actor", "change", "error", "future", "is_synced", "result")

    def __init__(self, change: Change[Any], future: asyncio.Future[Any]) -> None:
        self.change = change
        self.actor = ACTOR.get()
        self.future = future
        self.is_synced = False
        self.result: Any = None
        self.error: BaseException | None = None


class Done(NamedTuple):
    """What the thread has done so far, for the metrics."""

    changes: int = 0
    batches: int = 0
    lock_wait_ns: int = 0


class Committer:
    """Owns the one connection that writes; everything but ``submit`` and ``stop`` happens on its thread.

    From the moment a change is submitted its blobs belong to this thread. They are unlinked when it is sure that no
    row names them, and when that is in doubt they are left in ``doubtful``. ``on_full`` may make room on a full disk:
    it is called once for a batch that found none, which is then tried once more.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        directory: str,
        *,
        lock: WriteLock,
        words: Words,
        clock: Clock,
        blobs: BlobKeeper | None,
        on_full: Callable[[], None] | None = None,
    ) -> None:
        self._connection = connection
        self._cursor = connection.cursor()
        self._directory = directory
        self._lock = lock
        self._words = words
        self._clock = clock
        self._blobs = blobs
        self._on_full = on_full
        self._checkpoints = Checkpoints(connection, words.log)
        self._queue: SimpleQueue[list[Waiting] | None] = SimpleQueue()
        self._submitted: list[Waiting] = []
        self._waiting: list[Waiting] = []
        self._written = 0
        self._is_ending = False
        self._has_chores = True
        self._done = Done()
        self._thread = threading.Thread(target=self._run, name="trug-commit", daemon=True)
        state = read_state(self._cursor)
        self._lock_clock = LockClock(clock, words)
        self._words.show(state.generation)
        self._words.sequence = self.sequence = state.sequence
        self.doubtful: set[int] = set()
        self.is_in_doubt = False

    @property
    def done(self) -> Done:
        return self._done._replace(lock_wait_ns=self._lock.waited)

    def start(self) -> None:
        self._thread.start()

    def submit(self, change: Change[T]) -> asyncio.Future[T]:
        """Queue a change; its future belongs to the running loop. Unavailable after ``stop``."""
        if self._is_ending:
            self.doubtful.update(change.blobs)
            raise Unavailable("the store is closed or is being opened again")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._submitted.append(Waiting(change, future))
        if len(self._submitted) == 1:
            loop.call_soon(self._hand_over)
        return future

    def _hand_over(self) -> None:
        """Give the thread all that was submitted in one turn of the loop: batches are twice as large, and the two
        threads fight a sixth as often over the interpreter (PUT 4 KiB at 16 connections: 0.9 times the CPU)."""
        submitted, self._submitted = self._submitted, []
        if submitted:
            self._queue.put(submitted)

    def stop(self) -> None:
        """Take no more changes, and end the thread when those that wait are settled."""
        if not self._is_ending:
            self._is_ending = True
            self._hand_over()
            self._queue.put(None)

    def join(self) -> None:
        if self._thread.ident is not None:
            self._thread.join()

    def close(self) -> None:
        """After ``join``, under the write lock."""
        close(self._cursor)

    # The thread

    def _run(self) -> None:
        while self._gather():
            try:
                self._sync_names()
                taken = self._work(self._waiting[:LARGEST]) if self._waiting else 0
            except BaseException as error:
                log.exception("the commit thread met what it did not expect, and takes no more writes")
                self._doubt(self._waiting, error)
                taken = len(self._waiting)
                self._settle(self._waiting)
            self._waiting = self._waiting[taken:]

    def _gather(self) -> bool:
        """Wait for a change, then take what else is there; false when the end was asked for and nothing waits.

        What a batch has left over comes first and alone: to sync the names of others would tell the keeper that all
        blobs before them are decided.
        """
        if self._waiting:
            return True
        item = self._next()
        while item is not None:
            self._waiting += item
            if len(self._waiting) >= LARGEST:
                return True
            try:
                item = self._queue.get(block=False)
            except Empty:
                return True
        self._queue.put(None)  # the end stays the last thing in the queue
        return bool(self._waiting)

    def _next(self) -> list[Waiting] | None:
        """The next in the queue. While there is none, the store looks after itself, until nothing is left to do."""
        while self._has_chores:
            try:
                return self._queue.get(timeout=IDLE_S)
            except Empty:
                self._has_chores = self._look_after()
        return self._queue.get()

    def _sync_names(self) -> None:
        """Make the names of blobs durable before any row names them.

        What cannot be synced fails, and is not tried again: a second sync of the same folder might claim a success that
        it did not have. In doubt nothing is synced any more: all will be refused.
        """
        if self.is_in_doubt:
            return
        new = [waiting for waiting in self._waiting if not waiting.is_synced]
        bringing = [waiting for waiting in new if waiting.change.blobs]
        try:
            if self._blobs is not None and bringing:
                self._blobs.sync(blobs_of(bringing))
        except Exception as error:
            self._fail(bringing, error)
            self._settle(bringing)
            self._waiting = [waiting for waiting in self._waiting if waiting not in bringing]
        for waiting in new:
            waiting.is_synced = True

    def _work(self, batch: list[Waiting]) -> int:
        """Decide, commit and settle; how many from the front of the batch that were."""
        with self._lock:
            taken = self._commit(batch)
            self._done = self._done._replace(changes=self._done.changes + taken, batches=self._done.batches + 1)
            self._settle(batch[:taken])
            self._checkpoint()
        self._has_chores = True
        return taken

    def _commit(self, batch: list[Waiting]) -> int:
        """All in one transaction or, when one of them raises, each in its own: only the culprit fails."""
        try:
            return self._with_reserve(batch)
        except Exception as error:
            if len(batch) == 1:
                self._fail(batch, error)
                return 1
        for waiting in batch:
            self._alone([waiting])
        return len(batch)

    def _alone(self, batch: list[Waiting]) -> None:
        try:
            self._together(batch)
        except Exception as error:
            self._fail(batch, error)

    def _with_reserve(self, batch: list[Waiting]) -> int:
        """Once more with what room can be made, when there is none."""
        try:
            return self._together(batch)
        except sqlite3.Error as error:
            if self._on_full is None or code_of(error) != sqlite3.SQLITE_FULL:
                raise
        try:
            self._on_full()
        except Exception:
            log.exception("no room could be made on a full disk")
        return self._together(batch)

    def _together(self, batch: list[Waiting]) -> int:
        transaction = self._begin(batch)
        if transaction is None:
            return len(batch)
        try:
            taken = decide(transaction, batch)
            transaction.finish()
        except BaseException:
            self._roll_back()
            raise
        self._end(transaction, batch[:taken])
        return taken

    def _begin(self, batch: list[Waiting]) -> Batch | None:
        """A transaction; None when there cannot be one, and the batch has failed."""
        refusal = self._refusal()
        if refusal is not None:
            self._fail(batch, refusal)
            return None
        try:
            self._cursor.execute("BEGIN IMMEDIATE")
            transaction = Batch(self._cursor, self._clock, self._lock_clock)
        except Exception as error:
            self._roll_back()
            self._fail(batch, error)
            return None
        self._words.show(transaction.generation)
        return transaction

    def _end(self, transaction: Batch, batch: list[Waiting]) -> None:
        """COMMIT, and what follows from how it went. sqlite3.Error when nothing of it is there."""
        generation = transaction.generation
        self._words.show(generation, moving=transaction.refreshes)
        for read in transaction.changed:
            self._words.stamps[slot_of(read.bucket, read.key)] = transaction.sequence
        try:
            self._cursor.execute("COMMIT")
        except sqlite3.Error as error:
            self._roll_back()
            if code_of(error) in SURELY_ABSENT:
                self._words.show(generation)
                raise
            log.exception("a commit failed: its changes may be there or not")
            self._doubt(batch, error)
            return
        self._words.sequence = self.sequence = transaction.sequence
        self._words.show(generation + transaction.refreshes)
        self._written += transaction.content
        self._unlink([waiting for waiting in batch if waiting.error is not None])

    def _refusal(self) -> Unavailable | None:
        if self._checkpoints.is_overgrown and not self.is_in_doubt:
            self._trusting(self._checkpoints.run)
        if self.is_in_doubt:
            return Unavailable("the store takes no writes until it is opened again: a sync has failed")
        if self._checkpoints.is_overgrown:
            return Unavailable("the write-ahead log is too long: readers hold it")
        return None

    def _roll_back(self) -> None:
        """Leave the transaction, if SQLite has not left it by itself."""
        try:
            if self._connection.in_transaction:
                self._cursor.execute("ROLLBACK")
        except sqlite3.Error:
            log.exception("a transaction could not be rolled back")
            self.is_in_doubt = True

    def _fail(self, batch: Sequence[Waiting], error: Exception) -> None:
        """Nothing of these changes is there.

        In doubt their blobs stay: a change that is tried again may be the one whose rows are there.
        """
        blame(batch, self._reason(error))
        if self.is_in_doubt:
            self.doubtful.update(blobs_of(batch))
        else:
            self._unlink(batch)

    def _doubt(self, batch: Sequence[Waiting], error: BaseException) -> None:
        """These changes may be there or not: whoever opens the store again finds out by the rows."""
        self.is_in_doubt = True
        self.doubtful.update(blobs_of(batch))
        reason = Unavailable("the write may be there or not: a sync has failed")
        reason.__cause__ = error
        blame(batch, reason)

    def _reason(self, error: Exception) -> Exception:
        """A failure in storage language."""
        if isinstance(error, sqlite3.Error):
            reason = self._reason_of_write(error)
        elif isinstance(error, OSError):
            reason = Unavailable(f"a folder could not be synced: {error.strerror}", is_full=error.errno in NO_ROOM)
        elif isinstance(error, StopIteration):  # a future does not take one
            reason = RuntimeError("a change raised StopIteration")
        else:
            return error
        reason.__cause__ = error
        return reason

    def _reason_of_write(self, error: sqlite3.Error) -> Exception:
        """SQLite says alike of a quota, a read-only file system and a broken disk that it could not write; a file of
        our own tells them apart."""
        if code_of(error) != sqlite3.SQLITE_IOERR_WRITE:
            return broken(error)
        number = probe(f"{self._directory}/probe")
        if number in NO_ROOM or number == errno.EROFS:
            return Unavailable(f"the store cannot be written: {os.strerror(number)}", is_full=number in NO_ROOM)
        return broken(error)

    def _unlink(self, batch: Sequence[Waiting]) -> None:
        blobs = blobs_of(batch)
        if self._blobs is None or not blobs:
            return
        try:
            self._blobs.unlink(blobs)
        except Exception:
            log.exception("blobs that nothing names could not be removed; recovery will")

    def _checkpoint(self) -> None:
        written, self._written = self._written, 0
        self._trusting(lambda: self._checkpoints.after_commit(written))

    def _trusting(self, checkpoint: Callable[[], None]) -> None:
        try:
            checkpoint()
        except sqlite3.Error:
            log.exception("a checkpoint failed: the store takes no writes until it is opened again")
            self.is_in_doubt = True

    def _look_after(self) -> bool:
        """Do one slice of the store's own work; whether there may be more."""
        try:
            chores = due(self._cursor, self.sequence, self._clock.now() // 1_000_000)
            if chores == NOTHING:
                return False
            with self._lock:
                return self._refusal() is None and self._do_chores(chores)
        except Exception:
            log.exception("the store could not look after itself")
            return False

    def _do_chores(self, chores: Due) -> bool:
        try:
            self._cursor.execute("BEGIN IMMEDIATE")
            carry_out(self._cursor, chores)
        except BaseException:
            self._roll_back()
            raise
        try:
            self._cursor.execute("COMMIT")
        except sqlite3.Error as error:
            self._roll_back()
            self.is_in_doubt |= code_of(error) not in SURELY_ABSENT
            raise
        self._written += chores.content
        self._checkpoint()
        return True

    def _settle(self, batch: Sequence[Waiting]) -> None:
        """Wake each loop once for all of its callers."""
        callers: dict[asyncio.AbstractEventLoop, list[Waiting]] = defaultdict(list)
        for waiting in batch:
            callers[waiting.future.get_loop()].append(waiting)
        for loop, settled in callers.items():
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(answer, settled)


def decide(transaction: Batch, batch: Sequence[Waiting]) -> int:
    """Run changes until there are none left or time is up; how many were run."""
    deadline = time.monotonic_ns() + LONGEST_NS
    wanted = transaction.foresee([waiting.change for waiting in batch])
    for count, (waiting, reads) in enumerate(zip(batch, wanted, strict=True), 1):
        decision = transaction.run(waiting.change, reads, waiting.actor)
        if isinstance(decision, Rejected):
            waiting.error = decision.reason
        else:
            waiting.result, waiting.error = decision.result, None
        if time.monotonic_ns() > deadline:
            return count
    return len(batch)


def answer(batch: Iterable[Waiting]) -> None:
    """On the callers' loop: each gets its result or its error, unless it has gone."""
    for waiting in batch:
        if waiting.future.done():
            continue
        if waiting.error is None:
            waiting.future.set_result(waiting.result)
        else:
            waiting.future.set_exception(waiting.error)


def blame(batch: Iterable[Waiting], reason: Exception) -> None:
    """Give each the reason, none of them the same: whoever raises an exception writes his traceback into it."""
    for count, waiting in enumerate(batch):
        waiting.error = own(reason) if count else reason


def own(reason: Exception) -> Exception:
    """A copy, where one can be made."""
    try:
        twin = copy(reason)
    except Exception:
        return reason
    twin.__cause__ = reason.__cause__ or reason
    return twin


def code_of(error: sqlite3.Error) -> int | None:
    """SQLite's code; None for mistakes that never reached SQLite."""
    return getattr(error, "sqlite_errorcode", None)


def blobs_of(batch: Iterable[Waiting]) -> list[int]:
    return [blob for waiting in batch for blob in waiting.change.blobs]


def probe(path: str) -> int:
    """The number of the error that writing a small file here gives, 0 when it gives none."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, bytes(PAGE))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
            os.unlink(path)
    except OSError as error:
        return error.errno or errno.EIO
    return 0
