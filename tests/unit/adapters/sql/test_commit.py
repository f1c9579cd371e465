"""Group commit: batches, isolation, and what each failure leaves."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest
from tests.support.changes import Ask, DeliberateError, apply, increment, refuse
from tests.support.clock import HandClock
from tests.support.ledger import Ledger
from tests.support.sql import below, log_replaced_by, play

from trug.adapters.sql import commit
from trug.adapters.sql.store import SqlMetadata
from trug.domain.objects import Listing
from trug.ports.changes import Decided, Moment, Rows
from trug.ports.effects import Announce, NameBlob, PutBucket, PutCurrent, PutInline, RemoveBucket, Tally
from trug.ports.reads import BlobNamed, BucketNamed, Configuration, Current, InlineContent
from trug.ports.rows import Bucket, Version
from trug.ports.stores import Damaged, Unavailable

NOW = 1_700_000_000_000_000
COUNT = Configuration(1, "count")

linux = pytest.mark.skipif(sys.platform != "linux", reason="looks for descriptors in /proc")


@dataclass(frozen=True)
class Held:
    """A change that holds the commit thread until it is let go, so that others gather behind it."""

    begun: threading.Event = field(default_factory=threading.Event)
    freed: threading.Event = field(default_factory=threading.Event)

    def change(self) -> Ask[None]:
        def verdict(rows: Rows, moment: Moment) -> Decided[None]:
            self.begun.set()
            assert self.freed.wait(30)
            return Decided(None)

        return Ask((), verdict)


async def together(store: SqlMetadata, *changes: Any) -> list[Any]:
    """What becomes of changes that are all in the queue before the first of them is looked at."""
    held = Held()
    first = asyncio.ensure_future(store.commit(held.change()))
    await asyncio.to_thread(held.begun.wait, 30)
    rest = [asyncio.ensure_future(store.commit(change)) for change in changes]
    await asyncio.sleep(0)
    held.freed.set()
    return (await asyncio.gather(first, *rest, return_exceptions=True))[1:]


def slow(seconds: float) -> Ask[int]:
    def verdict(rows: Rows, moment: Moment) -> Decided[int]:
        time.sleep(seconds)
        return Decided(moment.sequence)

    return Ask((), verdict)


def bucket(number: int, name: str) -> Bucket:
    return Bucket(number, name, "acc", "us-east-1", NOW)


# Batches


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches end by their number of changes alone, however slow the machine is."""
    monkeypatch.setattr(commit, "LONGEST_NS", 3600 * 10**9)


@pytest.mark.usefixtures("patient")
def test_changes_that_wait_share_a_transaction(tmp_path: Path) -> None:
    async def scene(store: SqlMetadata) -> None:
        counts = await together(store, *(increment() for _ in range(150)))
        assert counts == list(range(1, 151))
        assert (store.done.changes, store.done.batches) == (151, 4)

    play(tmp_path, scene)


def test_a_batch_ends_after_ten_milliseconds(tmp_path: Path) -> None:
    async def scene(store: SqlMetadata) -> None:
        sequences = await together(store, *(slow(0.011) for _ in range(3)), increment(), increment())
        assert sequences == [2, 3, 4, 1, 2]
        assert store.done.batches in (5, 6)

    play(tmp_path, scene)


@dataclass
class Settling(Ledger):
    """A keeper that holds the blobs of one sync for settled at the next, as keepers may."""

    decided: set[int] = field(default_factory=set)
    pending: set[int] = field(default_factory=set)
    too_early: set[int] = field(default_factory=set)

    def sync(self, blobs: Iterable[int]) -> None:
        self.too_early |= self.pending - self.decided
        self.pending = set(blobs)


def test_a_batch_that_is_cut_is_decided_before_the_next_names_are_synced(tmp_path: Path) -> None:
    keeper = Settling()

    def late(number: int) -> Ask[None]:
        def verdict(rows: Rows, moment: Moment) -> Decided[None]:
            time.sleep(0.004)
            keeper.decided.add(number)
            return Decided(None)

        return Ask((), verdict, (number,))

    async def scene(store: SqlMetadata) -> None:
        async def soon(number: int) -> None:
            await asyncio.sleep(number * 0.001)
            await store.commit(late(number))

        await asyncio.gather(*map(soon, range(30)))

    play(tmp_path, scene, blobs=keeper)
    assert keeper.too_early == set()


@pytest.mark.usefixtures("patient")
def test_a_batch_reads_a_bucket_as_its_siblings_left_it(tmp_path: Path) -> None:
    name = BucketNamed("one")
    look: Ask[Any] = Ask((name,), lambda rows, moment: Decided(rows.of(name)))

    async def scene(store: SqlMetadata) -> None:
        put, remove = apply(PutBucket(bucket(5, "one"))), apply(RemoveBucket(5))
        answers = await together(store, look, put, look, remove, look)
        assert answers[::2] == [None, bucket(5, "one"), None]
        assert store.done.batches == 2

    play(tmp_path, scene)


def test_a_batch_sums_totals_per_bucket_and_account(tmp_path: Path) -> None:
    async def scene(store: SqlMetadata) -> None:
        await together(store, *(apply(Tally(n % 2, "acc", objects=1, bytes=n)) for n in range(10)))

    play(tmp_path, scene)
    with below(tmp_path) as connection:
        assert connection.execute("SELECT bucket, objects, bytes FROM bucket_counters").fetchall() == [
            (0, 5, 20),
            (1, 5, 25),
        ]
        assert connection.execute("SELECT account, objects, bytes FROM account_counters").fetchall() == [
            ("acc", 10, 45)
        ]


def test_the_feed_has_one_row_for_each_sequence(tmp_path: Path) -> None:
    async def scene(store: SqlMetadata) -> None:
        await together(store, *(apply(Announce("put", 1, key, "null", 5, "e")) for key in "abc"))

    play(tmp_path, scene)
    with below(tmp_path) as connection:
        rows = connection.execute("SELECT * FROM feed").fetchall()
    assert rows == [(2 + n, "put", 1, key, "null", 5, "e", "") for n, key in enumerate("abc")]


def test_moments_map_seconds_to_their_first_sequence(tmp_path: Path) -> None:
    clock = HandClock(NOW)

    async def scene(store: SqlMetadata) -> None:
        for clock.time in (NOW, NOW + 999_999, NOW + 1_000_000, NOW - 1, NOW + 7_300_000):
            await store.commit(increment())

    play(tmp_path, scene, clock=clock)
    with below(tmp_path) as connection:
        rows = connection.execute("SELECT second, sequence FROM moments").fetchall()
    assert rows == [(NOW // 10**6, 1), (NOW // 10**6 + 1, 3), (NOW // 10**6 + 7, 5)]


def test_time_and_sequence_go_on_where_the_last_process_stopped(tmp_path: Path) -> None:
    moments: list[Moment] = []

    async def scene(store: SqlMetadata) -> None:
        moments.append(await store.commit(apply(Announce("put", 1))))

    play(tmp_path, scene, clock=HandClock(NOW))
    play(tmp_path, scene, clock=HandClock(NOW - 86_400_000_000))
    assert moments == [Moment(1, NOW, NOW), Moment(2, NOW, NOW)]


def test_lock_time_does_not_follow_a_wall_clock_that_leaps(tmp_path: Path) -> None:
    clock = HandClock(NOW)

    async def scene(store: SqlMetadata) -> None:
        clock.time = NOW + 40 * 86_400_000_000
        moment = await store.commit(apply(Announce("put", 1)))
        assert moment.time == clock.time
        assert NOW <= moment.lock_time < NOW + 3_600_000_000

    play(tmp_path, scene, clock=clock)


@pytest.mark.parametrize(("days", "goes_on_at"), [(29, 29), (31, 0), (3650, 0)])
def test_a_start_after_a_long_time_does_not_believe_the_clock(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, days: int, goes_on_at: int
) -> None:
    """Until somebody says that it is right; then the store knows it at the next start too."""
    day = 86_400_000_000
    clock = HandClock(NOW)
    times: list[int] = []

    async def scene(store: SqlMetadata) -> None:
        times.append((await store.commit(apply())).lock_time)

    async def accepting(store: SqlMetadata) -> None:
        store.accept_clock()
        await scene(store)

    play(tmp_path, scene, clock=clock)
    clock.time += days * day
    for played in (scene, scene, accepting, scene):
        play(tmp_path, played, clock=clock)
    assert times[0] == NOW
    for shown in times[1:3]:
        assert 0 <= shown - NOW - goes_on_at * day < 3_600_000_000
    assert times[3:] == [clock.time, clock.time]
    assert ("trug clock accept" in caplog.text) == (goes_on_at != days)


# One change among others


def test_only_the_culprit_fails(tmp_path: Path) -> None:
    """The second bucket of one name breaks a rule of the database."""
    ledger = Ledger()

    async def scene(store: SqlMetadata) -> None:
        culprit = apply(NameBlob(4097), PutBucket(bucket(6, "one")), blobs=(4097,))
        answers = await together(
            store, increment(), apply(PutBucket(bucket(5, "one"))), culprit, increment(), refuse(DeliberateError())
        )
        assert (answers[0], answers[3]) == (1, 2)
        assert isinstance(answers[2], sqlite3.IntegrityError)
        assert isinstance(answers[4], DeliberateError)
        assert await store.fetch(BucketNamed("one")) == bucket(5, "one")
        assert not await store.fetch(BlobNamed(4097))

    play(tmp_path, scene, blobs=ledger)
    assert ledger.lines == [("sync", 4097), ("unlink", 4097)]


def test_a_stop_iteration_reaches_its_caller(tmp_path: Path) -> None:
    async def scene(store: SqlMetadata) -> None:
        def verdict(rows: Rows, moment: Moment) -> Decided[None]:
            raise StopIteration

        with pytest.raises(RuntimeError):
            await store.commit(Ask((), verdict))
        assert await store.commit(increment()) == 1

    play(tmp_path, scene)


def test_a_cancelled_caller_does_not_stop_its_change_nor_its_siblings(tmp_path: Path) -> None:
    ledger = Ledger()

    async def scene(store: SqlMetadata) -> None:
        held = Held()
        first = asyncio.ensure_future(store.commit(held.change()))
        await asyncio.to_thread(held.begun.wait, 30)
        cancelled = asyncio.ensure_future(store.commit(apply(NameBlob(4097), blobs=(4097,))))
        sibling = asyncio.ensure_future(store.commit(increment()))
        await asyncio.sleep(0)
        cancelled.cancel()
        held.freed.set()
        await first
        assert await sibling == 1
        assert await store.fetch(BlobNamed(4097))

    play(tmp_path, scene, blobs=ledger)
    assert ledger.lines == [("sync", 4097)]


@dataclass
class BrokenFolder(Ledger):
    """A keeper that cannot sync one blob."""

    broken: int = 0
    error: Exception = field(default_factory=lambda: OSError(errno.EIO, "Input/output error"))

    def sync(self, blobs: Iterable[int]) -> None:
        wanted = list(blobs)
        super().sync(wanted)
        if self.broken in wanted:
            raise self.error


@pytest.mark.parametrize(
    ("error", "is_full"),
    [
        (OSError(errno.EIO, "Input/output error"), False),
        (OSError(errno.ENOSPC, "No space left"), True),
        (Unavailable("full", is_full=True), True),
    ],
    ids=["EIO", "ENOSPC", "Unavailable"],
)
def test_changes_whose_blobs_cannot_be_synced_fail_alone(tmp_path: Path, error: Exception, is_full: bool) -> None:
    keeper = BrokenFolder(broken=4097, error=error)

    async def scene(store: SqlMetadata) -> None:
        answers = await together(
            store, increment(), apply(NameBlob(4097), blobs=(4097,)), increment(), apply(NameBlob(4098), blobs=(4098,))
        )
        assert answers[::2] == [1, 2]
        for failed in answers[1::2]:
            assert isinstance(failed, Unavailable)
            assert failed.is_full == is_full
        assert not await store.fetch(BlobNamed(4098))
        assert (await store.commit(apply(NameBlob(4099), blobs=(4099,)))).sequence > 0

    play(tmp_path, scene, blobs=keeper)
    assert keeper.lines == [*((deed, 4097 + n) for deed in ("sync", "unlink") for n in (0, 1)), ("sync", 4099)]


# COMMIT fails


@linux
def test_a_full_disk_leaves_nothing_and_the_store_goes_on(tmp_path: Path) -> None:
    ledger = Ledger()

    async def scene(store: SqlMetadata) -> None:
        assert await store.commit(increment()) == 1
        generation = store.generation
        with log_replaced_by("/dev/full", os.O_RDWR):
            with pytest.raises(Unavailable) as failed:
                await store.commit(apply(NameBlob(4097), PutBucket(bucket(5, "one")), blobs=(4097,)))
            assert await store.fetch(COUNT) == b"1"
        assert failed.value.is_full
        assert (store.generation, store.is_in_doubt) == (generation, False)
        assert ledger.lines == [("sync", 4097), ("unlink", 4097)]
        assert await store.commit(increment()) == 2
        assert not await store.fetch(BlobNamed(4097))

    play(tmp_path, scene, blobs=ledger)


@linux
def test_a_log_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    ledger = Ledger()

    async def scene(store: SqlMetadata) -> None:
        assert await store.commit(increment()) == 1
        with log_replaced_by("/dev/null", os.O_RDONLY), pytest.raises(Damaged):
            await store.commit(apply(NameBlob(4097), blobs=(4097,)))
        assert ledger.lines == [("sync", 4097), ("unlink", 4097)]
        assert not store.is_in_doubt
        assert await store.commit(increment()) == 2

    play(tmp_path, scene, blobs=ledger, durability="full")


@linux
def test_a_failed_sync_leaves_the_commit_in_doubt(tmp_path: Path) -> None:
    ledger = Ledger()

    async def scene(store: SqlMetadata) -> None:
        assert await store.commit(increment()) == 1
        with log_replaced_by("/dev/null", os.O_RDWR), pytest.raises(Unavailable) as failed:
            await store.commit(apply(NameBlob(4097), PutBucket(bucket(5, "one")), blobs=(4097,)))
        assert not failed.value.is_full
        assert (store.is_in_doubt, store.generation % 2) == (True, 1)
        assert ledger.lines == [("sync", 4097)]
        with pytest.raises(Unavailable):
            await store.commit(increment())
        assert await store.fetch(COUNT) == b"1"
        await store.reopen()
        there = await store.fetch(BlobNamed(4097))
        assert (("unlink", 4097) in ledger.lines) == (not there)
        assert (store.is_in_doubt, store.generation % 2) == (False, 0)
        assert await store.commit(increment()) == 2
        assert await store.view(lambda reader: reader.fetch(COUNT)) == b"2"

    play(tmp_path, scene, blobs=ledger, durability="full")


@linux
def test_a_store_in_doubt_keeps_the_blobs_it_refuses_until_it_is_reopened(tmp_path: Path) -> None:
    """No sync after a failed one: it would say that all blobs before it are decided. And a change that is tried again
    may be the very one whose row is there."""
    ledger = Ledger()

    async def scene(store: SqlMetadata) -> None:
        await store.commit(increment())
        with log_replaced_by("/dev/null", os.O_RDWR), pytest.raises(Unavailable):
            await store.commit(increment())
        with pytest.raises(Unavailable):
            await store.commit(apply(NameBlob(4098), blobs=(4098,)))
        assert ledger.lines == []
        await store.reopen()
        assert ledger.lines == [("unlink", 4098)]
        await store.commit(apply(NameBlob(4099), blobs=(4099,)))

    play(tmp_path, scene, blobs=ledger, durability="full")
    assert ledger.lines == [("unlink", 4098), ("sync", 4099)]


@linux
def test_each_caller_gets_an_exception_of_his_own(tmp_path: Path) -> None:
    async def scene(store: SqlMetadata) -> None:
        fault = ExitStack()

        def lose_the_log(rows: Rows, moment: Moment) -> Decided[None]:
            fault.enter_context(log_replaced_by("/dev/null", os.O_RDWR))
            return Decided(None)

        await store.commit(increment())
        doubtful = await together(store, Ask((), lose_the_log), increment(), increment())
        fault.close()
        refused = await asyncio.gather(*(store.commit(increment()) for _ in range(3)), return_exceptions=True)
        for failed in (doubtful, refused):
            assert [type(error) for error in failed] == [Unavailable] * 3
            assert len({id(error) for error in failed}) == 3
        assert all(isinstance(error.__cause__, sqlite3.Error) for error in doubtful)

    play(tmp_path, scene, durability="full")


@linux
def test_a_commit_that_finds_the_disk_full_is_tried_again_in_the_room_given_up(tmp_path: Path) -> None:
    ledger = Ledger()
    full = ExitStack()

    async def scene() -> None:
        store = SqlMetadata.open(tmp_path, clock=HandClock(NOW), durability="none", blobs=ledger, on_full=full.close)
        assert await store.commit(increment()) == 1
        full.enter_context(log_replaced_by("/dev/full", os.O_RDWR))
        assert await together(store, increment(), apply(NameBlob(4097), blobs=(4097,)), increment()) == [2, ANY, 3]
        assert await store.fetch(BlobNamed(4097))
        await store.close()

    asyncio.run(scene())
    assert ledger.lines == [("sync", 4097)]


def test_room_is_given_up_once_for_a_batch(tmp_path: Path) -> None:
    ledger = Ledger()
    asked: list[str] = []

    async def scene() -> None:
        store = SqlMetadata.open(
            tmp_path, clock=HandClock(NOW), durability="none", blobs=ledger, on_full=lambda: asked.append("room")
        )
        assert await store.commit(increment()) == 1
        store._opened.committer._connection.execute("PRAGMA max_page_count = 60").fetchall()
        large = [apply(PutInline(number, bytes(400_000)), blobs=(number,)) for number in (1, 2)]
        answers = await together(store, increment(), *large, increment())
        assert answers[::3] == [2, 3]
        assert [error.is_full for error in answers[1:3]] == [True, True]
        assert asked == ["room"]
        await store.close()

    asyncio.run(scene())
    assert ledger.lines == [("sync", 1), ("sync", 2), ("unlink", 1), ("unlink", 2)]


FILL = """
import asyncio, resource, signal, sys
from tests.support.changes import apply, increment
from tests.support.ledger import Ledger
from trug.adapters.clock import SystemClock
from trug.adapters.sql import commit
from trug.adapters.sql.store import SqlMetadata
from trug.ports.effects import PutInline
from trug.ports.reads import InlineContent

async def run():
    ledger = Ledger()
    store = SqlMetadata.open(sys.argv[1], clock=SystemClock(), durability="full", blobs=ledger)
    await store.commit(increment())
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
    stored = 0
    for number in range(1, 200):
        try:
            await store.commit(apply(PutInline(number, bytes(20_000)), blobs=(number,)))
        except Exception as error:
            print(type(error).__name__, ("unlink", number) in ledger.lines, store.is_in_doubt)
            break
        stored = number
    assert await store.fetch(InlineContent(stored)) == bytes(20_000)
    assert await store.fetch(InlineContent(stored + 1)) is None
    print(stored)
    sys.stdout.flush()
    signal.raise_signal(signal.SIGKILL)

asyncio.run(run())
"""


def test_a_file_that_may_not_grow_loses_only_what_was_not_acknowledged(tmp_path: Path) -> None:
    done = in_another_process(FILL, tmp_path)
    outcome, stored = done.stdout.split("\n")[:2]
    assert outcome == "Damaged True False"

    async def scene(store: SqlMetadata) -> None:
        for number in range(1, int(stored) + 1):
            assert await store.fetch(InlineContent(number)) == bytes(20_000)
        assert await store.fetch(InlineContent(int(stored) + 1)) is None
        assert await store.commit(increment()) == 2

    assert int(stored) > 5
    play(tmp_path, scene)


ACKNOWLEDGE = """
import asyncio, sys
from tests.support.changes import increment
from trug.adapters.clock import SystemClock
from trug.adapters.sql import commit
from trug.adapters.sql.store import SqlMetadata

async def run():
    store = SqlMetadata.open(sys.argv[1], clock=SystemClock(), durability="full")
    async def client():
        for _ in range(1000):
            print(await store.commit(increment()), flush=True)
    await asyncio.gather(*(client() for _ in range(16)))

asyncio.run(run())
"""


def test_what_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    with subprocess.Popen(
        command(ACKNOWLEDGE, tmp_path), env=environment(), stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        for _ in range(200):
            child.stdout.readline()
        child.send_signal(signal.SIGKILL)
        rest = child.stdout.read().split("\n")[:-1]
    acknowledged = 200 + len(rest)

    async def scene(store: SqlMetadata) -> None:
        count = await store.fetch(COUNT)
        assert count is not None
        assert acknowledged <= int(count) <= acknowledged + 64
        assert store.sequence == int(count)

    play(tmp_path, scene)


def in_another_process(program: str, directory: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(program, directory), env=environment(), capture_output=True, text=True, timeout=60, check=False
    )


def command(program: str, directory: Path) -> list[str]:
    return [sys.executable, "-c", program, str(directory)]


def environment() -> dict[str, str]:
    root = Path(__file__).parents[4]
    return {**os.environ, "PYTHONPATH": f"{root / 'server'}:{root}"}


# Several stores on one directory


def test_two_stores_take_turns(tmp_path: Path) -> None:
    async def scene(store: SqlMetadata) -> None:
        other = SqlMetadata.open(tmp_path, clock=HandClock(NOW), durability="none")
        try:
            counts = await asyncio.gather(*(each.commit(increment()) for _ in range(40) for each in (store, other)))
            assert sorted(counts) == list(range(1, 81))
            before = store.generation
            await other.commit(apply(PutBucket(bucket(5, "one"))))
            assert store.generation == other.generation == before + 2
            assert await store.fetch(BucketNamed("one")) == bucket(5, "one")
            assert (await store.commit(apply())).sequence == store.sequence == other.sequence
        finally:
            await other.close()

    play(tmp_path, scene)


# The end


def test_closing_settles_what_waits(tmp_path: Path) -> None:
    async def scene(store: SqlMetadata) -> None:
        waiting = [asyncio.ensure_future(store.commit(increment())) for _ in range(100)]
        await asyncio.sleep(0)
        await store.close()
        assert await asyncio.gather(*waiting) == list(range(1, 101))
        with pytest.raises(Unavailable):
            await store.commit(increment())
        with pytest.raises(Unavailable):
            await store.view(lambda reader: 1)

    play(tmp_path, scene)


def test_a_store_can_be_used_by_one_loop_after_another(tmp_path: Path) -> None:
    store = SqlMetadata.open(tmp_path, clock=HandClock(NOW), durability="none")
    assert [asyncio.run(use(store)) for _ in range(3)] == [1, 2, 3]
    asyncio.run(store.close())


async def use(store: SqlMetadata) -> int:
    return await store.commit(increment())


def test_a_caller_whose_loop_has_gone_harms_nobody(tmp_path: Path) -> None:
    store = SqlMetadata.open(tmp_path, clock=HandClock(NOW), durability="none")
    held = Held()

    async def abandon() -> None:
        waiting = asyncio.ensure_future(store.commit(held.change()))
        await asyncio.to_thread(held.begun.wait, 30)
        waiting.cancel()

    asyncio.run(abandon())
    held.freed.set()
    assert asyncio.run(use(store)) == 1
    asyncio.run(store.close())


# The log


def test_the_log_is_checkpointed_as_it_grows(tmp_path: Path) -> None:
    content = bytes(1 << 20)

    async def scene(store: SqlMetadata) -> None:
        for number in range(40):
            await store.commit(apply(PutInline(number, content)))
            assert await store.fetch(InlineContent(number)) == content
        assert os.stat(tmp_path / "trug.db").st_size > 20 << 20
        assert os.stat(tmp_path / "trug.db-wal").st_size < 36 << 20

    play(tmp_path, scene)


def test_point_reads_hold_no_state_back(tmp_path: Path) -> None:
    """A reader that stays on an old state would keep the log from being used again."""
    key = Current(1, "k")

    async def scene(store: SqlMetadata) -> None:
        listing = Listing("d41d8cd98f00b204e9800998ecf8427e", 5, NOW)
        await store.commit(apply(PutCurrent(Version(1, "k", 1, 2, "null", listing))))
        for _ in range(3):
            assert await store.fetch(key) is not None
            assert await store.view(lambda reader: reader.fetch(key)) is not None
            await store.commit(increment())

    async def run() -> None:
        store = SqlMetadata.open(tmp_path, clock=HandClock(NOW), durability="none")
        await scene(store)
        connection = sqlite3.connect(tmp_path / "trug.db", isolation_level=None)
        busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        connection.close()
        assert busy == 0
        await store.close()

    asyncio.run(run())
