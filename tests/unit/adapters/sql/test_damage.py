"""A value changed behind the store's back is an error of that row, and of no other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.support.changes import apply, increment
from tests.support.sql import below, play

from trug.adapters.sql.connection import PAGE
from trug.adapters.sql.store import SqlMetadata
from trug.domain.ends import pack
from trug.domain.identity import Account
from trug.domain.objects import Checksum, Listing, Record
from trug.ports.effects import (
    Declare,
    Drop,
    NameBlob,
    OpenEpoch,
    PutAccount,
    PutBucket,
    PutCurrent,
    PutEntity,
    PutHistory,
    PutInline,
    PutKey,
    PutLink,
    PutPart,
    PutUpload,
    SealEpoch,
    SetConfiguration,
    SetReferences,
)
from trug.ports.reads import (
    Accounts,
    AccountWithId,
    BlobNamed,
    BlobsBetween,
    BodyWithId,
    BucketNamed,
    BucketsOf,
    BucketWithId,
    CommonPrefixes,
    Configuration,
    Current,
    CurrentContent,
    CurrentRange,
    Declared,
    DroppedBefore,
    Entities,
    EntityAt,
    InlineContent,
    KeysOf,
    KeyWithId,
    LastEpoch,
    LinksFrom,
    LinksTo,
    NewestHistory,
    NextId,
    OpenUploads,
    PartNumbered,
    Parts,
    References,
    RowsOf,
    UnsealedEpochs,
    UploadWithId,
    VersionRange,
    WithVersionId,
)
from trug.ports.rows import AccessKey, Bucket, Completed, Entity, Extent, Link, Part, Upload, Version
from trug.ports.stores import Damaged

LAST = 2**63 - 1
LISTING = Listing("d41d8cd98f00b204e9800998ecf8427e", 5, 1_700_000_000_000_000)
COMPLETED = Completed("null", "e-1", Checksum("CRC32", "AAAA"), pack([(1, 5)]), b"r" * 32)


def version(key: str, **more: Any) -> Version:
    return Version(1, key, 3, 4, "null", LISTING, Record(metadata={"a": "b"}), **more)


def upload(number: int, key: str, **more: Any) -> Upload:
    return Upload(number, f"id-{number}", 1, key, 5, 0, "arn", "STANDARD", "", "", Record(), **more)


EVERYTHING = apply(
    PutCurrent(version("a", inline=9)),
    PutCurrent(version("b", blob=5)),
    PutHistory(version("a")),
    PutHistory(version("b", marker=True)),
    PutInline(9, b"hello"),
    PutInline(10, b"hello"),
    PutBucket(Bucket(1, "one", "acc", "us-east-1", 5)),
    PutBucket(Bucket(2, "two", "acc2", "us-east-1", 5)),
    SetConfiguration(1, "tagging", b"x"),
    PutAccount(Account("acc", "canonical")),
    PutEntity(Entity("acc", "user", "ann", b"u")),
    PutLink(Link("acc", "member", "ann", "devs")),
    PutKey(AccessKey("AK", "acc", "ann", b"sealed", 5)),
    Declare("user", "ann", b"x"),
    SetReferences("blob", 5, 2),
    Drop("blob", 5),
    PutUpload(upload(20, "a")),
    PutUpload(upload(21, "b", completed=COMPLETED)),
    *(NameBlob(blob) for blob in (4097, 4098, 4099)),
    OpenEpoch(1),
    OpenEpoch(2),
    SealEpoch(1),
    PutPart(Part(20, 1, "e", 5, 5, (Extent(inline=False, id=5, offset=0, length=5, size=5),))),
)

POINT_A = [Current(1, "a"), CurrentContent(1, "a"), WithVersionId(1, "a", "null")]
VERSIONS = VersionRange(1, "", LAST, "", 9)
LISTS = [CurrentRange(1, "", False, "", 9), CommonPrefixes(1, "", "/", "", "", 9), VERSIONS]

CASES: list[tuple[str, list[Any]]] = [
    *(
        (f"UPDATE current SET {change} WHERE key = 'a'", POINT_A)
        for change in ("id = 5", "inline = 10", "inline = NULL, blob = 9", "noncurrent_since = 1")
    ),
    ("UPDATE current SET sequence = 4 WHERE key = 'a'", [*POINT_A, VERSIONS]),
    *(
        (f"UPDATE current SET listing = {value} WHERE key = 'a'", [*POINT_A, *LISTS])
        for value in ("x'01'", "x''", "'text'")
    ),
    ("UPDATE current SET listing = (SELECT listing FROM current WHERE key = 'b') WHERE key = 'a'", LISTS),
    ("UPDATE current SET record = x'01' WHERE key = 'a'", POINT_A),
    ("UPDATE current SET record = (SELECT record FROM current WHERE key = 'b') WHERE key = 'a'", POINT_A),
    ("UPDATE current SET version_id = 'x' WHERE key = 'a'", [POINT_A[0], VERSIONS]),
    ("UPDATE current SET version_id = CAST(x'ff' AS TEXT) WHERE key = 'a'", [POINT_A[0], VERSIONS]),
    ("UPDATE current SET key = 'c' WHERE key = 'a'", [Current(1, "c"), LISTS[0], VERSIONS]),
    ("UPDATE current SET key = CAST(x'61ff' AS TEXT) WHERE key = 'a'", LISTS),
    ("UPDATE current SET bucket = 3 WHERE key = 'a'", [Current(3, "a"), CurrentRange(3, "", False, "", 9)]),
    ("UPDATE history SET id = 9 WHERE key = 'a'", [NewestHistory(1, "a")]),
    *(
        (f"UPDATE history SET {change} WHERE key = 'a'", [NewestHistory(1, "a"), VERSIONS])
        for change in ("kind = 1", "age = -2", "listing = x'01'", "version_id = 'x'")
    ),
    ("UPDATE inline SET content = x'00' WHERE id = 9", [InlineContent(9), CurrentContent(1, "a")]),
    ("UPDATE inline SET content = 'hello' WHERE id = 9", [InlineContent(9), CurrentContent(1, "a")]),
    ("UPDATE inline SET checks = x'00000000' WHERE id = 9", [InlineContent(9), CurrentContent(1, "a")]),
    ("UPDATE inline SET id = 11 WHERE id = 10", [InlineContent(11)]),
    ("DELETE FROM inline WHERE id = 9", [CurrentContent(1, "a")]),
    ("UPDATE buckets SET account = 'acc2' WHERE id = 1", [BucketNamed("one"), BucketWithId(1), BucketsOf("acc2")]),
    ("UPDATE buckets SET versioning = 'Enabled' WHERE id = 1", [BucketNamed("one"), BucketsOf("acc")]),
    ("UPDATE configurations SET document = x'79'", [Configuration(1, "tagging")]),
    ("UPDATE accounts SET canonical_id = 'x'", [AccountWithId("acc"), Accounts()]),
    ("UPDATE entities SET document = x'00'", [EntityAt("acc", "user", "ann"), Entities("acc", "user")]),
    ("UPDATE entities SET place = 'bob'", [EntityAt("acc", "user", "bob"), Entities("acc", "user")]),
    (
        "UPDATE links SET \"right\" = 'ops'",
        [LinksFrom("acc", "member", "ann"), LinksTo("acc", "member", "ops")],
    ),
    ("UPDATE access_keys SET active = 0", [KeyWithId("AK"), KeysOf("acc", "ann")]),
    ("UPDATE access_keys SET account = 'acc2'", [KeyWithId("AK"), KeysOf("acc2", "ann")]),
    ("UPDATE declared SET document = x''", [Declared("user", "ann")]),
    ("UPDATE reference_counts SET count = 3", [References("blob", 5)]),
    ("UPDATE dropped SET target = 6", [DroppedBefore(LAST, 9)]),
    ("UPDATE uploads SET key = 'c' WHERE id = 20", [UploadWithId("id-20"), OpenUploads(1, "", "", False, "", 9)]),
    ("UPDATE uploads SET document = x'0190' WHERE id = 20", [BodyWithId(20)]),
    ("UPDATE uploads SET completed = NULL WHERE id = 21", [BodyWithId(21), UploadWithId("id-21")]),
    ("UPDATE uploads SET is_open = 1 WHERE id = 21", [OpenUploads(1, "", "", False, "", 9)]),
    ("UPDATE parts SET document = x'0190'", [PartNumbered(20, 1), Parts(20)]),
    ("UPDATE parts SET number = 2", [PartNumbered(20, 2), Parts(20)]),
    ("UPDATE uploads SET changed = 9 WHERE id = 20", [BodyWithId(20), UploadWithId("id-20")]),
    *(
        (f"UPDATE files SET blob = {other} WHERE blob = 4098", [BlobsBetween(4096, 8192, 9)])
        for other in (0, 8191, 8192, 2**52)
    ),
    ("UPDATE files SET checksum = 1 WHERE blob = 4098", [BlobNamed(4098), BlobsBetween(4096, 8192, 9)]),
    ("UPDATE epochs SET sealed = 0 WHERE number = 1", [UnsealedEpochs()]),
    ("UPDATE epochs SET number = 9 WHERE number = 2", [LastEpoch(), UnsealedEpochs()]),
    ("UPDATE state SET next_id = 1, sequence = 9", [NextId()]),
    ("UPDATE state SET checksum = 1", [NextId()]),
]


async def fill(store: SqlMetadata) -> None:
    await store.commit(EVERYTHING)


@pytest.mark.parametrize(("change", "reads"), CASES, ids=[change for change, _ in CASES])
def test_damage_is_seen(tmp_path: Path, change: str, reads: list[Any]) -> None:
    async def look(store: SqlMetadata) -> None:
        for read in reads:
            with pytest.raises(Damaged):
                await store.fetch(read)
            with pytest.raises(Damaged):
                await store.view(lambda reader, read=read: reader.fetch(read))  # type: ignore[misc]
        assert await store.fetch(Current(1, "b")) == version("b", blob=5)
        assert await store.fetch(BucketNamed("two")) is not None

    play(tmp_path, fill)
    with below(tmp_path) as connection:
        connection.execute(change)
    if "UPDATE state" in change:
        with pytest.raises(Damaged):
            play(tmp_path, look)
    else:
        play(tmp_path, look)


@pytest.mark.parametrize(
    ("change", "table", "damaged"),
    [
        ("UPDATE current SET id = 99 WHERE key = 'a'", "current", (1, "a")),
        ("UPDATE history SET id = 99 WHERE key = 'a'", "history", (1, "a", -3)),
        ("UPDATE uploads SET key = 'c' WHERE id = 20", "uploads", (20,)),
        ("UPDATE parts SET number = 2", "parts", (20, 2)),
        ("UPDATE inline SET content = x'00' WHERE id = 9", "inline", (9,)),
        ("UPDATE files SET blob = 2 WHERE blob = 4098", "files", (2,)),
        ("UPDATE epochs SET sealed = 0 WHERE number = 1", "epochs", (1,)),
        ("UPDATE reference_counts SET count = 7", "reference_counts", ("blob", 5)),
        ("UPDATE dropped SET target = 6", "dropped", (1,)),
        ("UPDATE buckets SET region = 'x' WHERE id = 1", "buckets", (1,)),
        ("UPDATE configurations SET document = x''", "configurations", (1, "tagging")),
        ("UPDATE accounts SET email = 'x'", "accounts", ("acc",)),
        ("UPDATE entities SET document = x'00'", "entities", ("acc", "user", "ann")),
        ("UPDATE links SET checksum = 6", "links", ("acc", "member", "ann", "devs")),
        ("UPDATE access_keys SET secret = x''", "access_keys", ("AK",)),
        ("UPDATE declared SET document = x''", "declared", ("user", "ann")),
        # Text that is not UTF-8, in the place itself and beside it
        ("UPDATE current SET key = CAST(x'61ff' AS TEXT) WHERE key = 'a'", "current", (1, b"a\xff")),
        ("UPDATE current SET key = CAST(x'ff' AS TEXT) WHERE key = 'b'", "current", (1, b"\xff")),
        ("UPDATE current SET version_id = CAST(x'ff' AS TEXT) WHERE key = 'a'", "current", (1, "a")),
        ("UPDATE history SET key = CAST(x'ff' AS TEXT) WHERE key = 'a'", "history", (1, b"\xff", -3)),
        ("UPDATE entities SET place = CAST(x'ff' AS TEXT)", "entities", ("acc", "user", b"\xff")),
        ("UPDATE accounts SET id = CAST(x'ff' AS TEXT)", "accounts", (b"\xff",)),
        # Columns of another type
        ("UPDATE current SET bucket = 'text' WHERE key = 'a'", "current", ("text", "a")),
        ("UPDATE history SET id = 'text' WHERE key = 'a'", "history", (1, "a", -3)),
        ("UPDATE parts SET document = 'text'", "parts", (20, 1)),
    ],
)
def test_a_scan_goes_on_after_damage(tmp_path: Path, change: str, table: str, damaged: tuple[Any, ...]) -> None:
    async def scan(store: SqlMetadata) -> None:
        for limit in (1, 2, 9):
            found = await scanned(store, table, limit)
            assert [place for place, row in found if row is None] == [damaged]
            assert len(found) == before
        assert await store.view(lambda reader: reader.fetch(RowsOf(table, None, 9))) == found

    async def count(store: SqlMetadata) -> None:
        nonlocal before
        before = len(await scanned(store, table, 9))

    before = 0

    play(tmp_path, fill)
    play(tmp_path, count)
    with below(tmp_path) as connection:
        connection.execute(change)
    play(tmp_path, scan)


async def scanned(store: SqlMetadata, table: str, limit: int) -> list[tuple[Any, Any]]:
    """Every row of a table, page by page."""
    found: list[tuple[Any, Any]] = []
    after = None
    for _ in range(99):
        page = await store.fetch(RowsOf(table, after, limit))
        if not page:
            return found
        found += page
        after = page[-1][0]
    raise AssertionError("there is always another page")


def flip(directory: Path, table: str, old: int, new: int) -> None:
    """Change the rowid of a row where it lies: the row keeps its place among the others."""
    with below(directory) as connection:
        (root,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    with open(directory / "trug.db", "r+b") as file:
        file.seek((root - 1) * PAGE)
        page = file.read(PAGE)
        (cell,) = [
            cell
            for index in range(int.from_bytes(page[3:5], "big"))
            if page[(cell := int.from_bytes(page[8 + 2 * index : 10 + 2 * index], "big")) + 1] == old
        ]
        file.seek((root - 1) * PAGE + cell + 1)
        file.write(bytes([new]))


@pytest.mark.parametrize("old", range(1, 8))
@pytest.mark.parametrize("new", [0, 127])
def test_a_blob_whose_row_says_another_number_is_not_held_for_unnamed(tmp_path: Path, old: int, new: int) -> None:
    async def name(store: SqlMetadata) -> None:
        await store.commit(apply(*map(NameBlob, range(1, 8))))

    async def look(store: SqlMetadata) -> None:
        with pytest.raises(Damaged):
            await store.fetch(BlobNamed(old))
        for start, stop, limit in ((0, 100, 100), (old, old + 1, 1), (old, 200, 3)):
            with pytest.raises(Damaged):
                await store.fetch(BlobsBetween(start, stop, limit))

    async def scan(store: SqlMetadata) -> None:
        for limit in (1, 2, 3, 9):
            found = await scanned(store, "files", limit)
            damaged = {place for place, row in found if row is None}
            assert damaged <= {(new,)}
            assert damaged or limit < 9, "a page that holds the whole table has nothing to search for"

    play(tmp_path, name)
    flip(tmp_path, "files", old, new)
    play(tmp_path, look)
    play(tmp_path, scan)


def test_a_change_that_meets_damage_fails_alone(tmp_path: Path) -> None:
    async def scene(store: SqlMetadata) -> None:
        with pytest.raises(Damaged):
            await store.commit(increment(1))
        assert await store.commit(increment(2)) == 1
        assert not store.is_in_doubt

    async def count(store: SqlMetadata) -> None:
        await store.commit(increment(1))

    play(tmp_path, count)
    with below(tmp_path) as connection:
        connection.execute("UPDATE configurations SET document = x'35'")
    play(tmp_path, scene)
