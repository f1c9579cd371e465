"""Inventory lists: when they are made, what stands in them, how they go on."""

from __future__ import annotations

import base64
import csv
import gzip
import hashlib
import io
import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from tests.support.stores import Scene, Stand

from trug.domain.acl import canned
from trug.domain.configurations import INVENTORY, OWNERSHIP, QUOTA
from trug.domain.encryption import SSE_S3, Managed
from trug.domain.frozen import replace
from trug.domain.identity import canonical_id_of
from trug.domain.lifecycle import Filter, Lifecycle, Rule
from trug.domain.preconditions import NO_WRITE_CONDITIONS
from trug.domain.reports import ALL, CURRENT, DAILY, INVENTORY_FIELDS, PARQUET, WEEKLY, Inventory
from trug.domain.retention import COMPLIANCE, LockConfiguration
from trug.domain.versioning import Versioning
from trug.engine.configurations import Configure
from trug.engine.content import Content
from trug.engine.drafts import Draft
from trug.engine.inventory import KeepRun, is_due, unpacked_run
from trug.engine.quotas import Quota, packed
from trug.jobs.inventories import Inventories
from trug.ports.reads import Document

DAY = 86_400_000_000
TUESDAY = 1_700_000_000_000_000
"""22:13:20 UTC on 14 November 2023."""
CURRENT_LIST = Inventory("list", True, CURRENT, DAILY, "arn:aws:s3:::lists", "CSV", ("Size", "ETag"))
ALL_LIST = replace(CURRENT_LIST, versions=ALL)


async def configure(stand: Stand, inventory: Inventory) -> None:
    await stand.bucket("lists")
    document = msgspec.msgpack.encode(inventory)
    await stand.engine.configurations.store_named(await stand.bucket("data"), INVENTORY, inventory.id, document)


async def manifests(stand: Stand) -> list[dict[str, Any]]:
    keys = [key for key in await stand.keys("lists") if key.endswith("manifest.json")]
    return [json.loads(await stand.read("lists", key)) for key in keys]


async def rows_of(stand: Stand, manifest: dict[str, Any]) -> list[list[str]]:
    rows: list[list[str]] = []
    for file in manifest["files"]:
        content = await stand.read("lists", file["key"])
        assert (len(content), hashlib.md5(content).hexdigest()) == (file["size"], file["MD5checksum"])
        rows += csv.reader(io.StringIO(gzip.decompress(content).decode()))
    return rows


@pytest.mark.parametrize(
    ("frequency", "last", "days", "due"),
    [
        (DAILY, None, 0, True),
        (DAILY, TUESDAY, 0, False),
        (DAILY, TUESDAY, 0.07, False),
        (DAILY, TUESDAY, 0.08, True),
        (WEEKLY, None, 0, True),
        (WEEKLY, TUESDAY, 4, False),
        (WEEKLY, TUESDAY, 4.08, True),
        (WEEKLY, TUESDAY + 5 * DAY, 1, False),
        (WEEKLY, TUESDAY + 5 * DAY, 7, True),
    ],
)
def test_when_a_list_is_due(frequency: str, last: int | None, days: float, due: bool) -> None:
    assert is_due(frequency, last, (last or TUESDAY) + int(days * DAY)) is due


def test_a_list_of_current_objects(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        await configure(stand, replace(CURRENT_LIST, destination_prefix="all/lists"))
        for key in ("ö/b c+d", "a"):
            await stand.put("data", key, b"12345")
        job = Inventories(stand.engine, stand.metadata, stand.clock)
        assert await job.make_due() == 1
        assert await job.make_due() == 0
        (manifest,) = await manifests(stand)
        assert {name: manifest[name] for name in manifest if name != "files"} == {
            "sourceBucket": "data",
            "destinationBucket": "arn:aws:s3:::lists",
            "version": "2016-11-30",
            "creationTimestamp": "1700000000000",
            "fileFormat": "CSV",
            "fileSchema": "Bucket, Key, Size, ETag",
        }
        etag = hashlib.md5(b"12345").hexdigest()
        assert await rows_of(stand, manifest) == [
            ["data", "a", "5", etag],
            ["data", "%C3%B6/b+c%2Bd", "5", etag],
        ]
        place, (file,) = "all/lists/data/list", manifest["files"]
        assert file["key"].startswith(f"{place}/data/") and file["key"].endswith(".csv.gz")
        assert [key for key in await stand.keys("lists") if key != file["key"]] == [
            f"{place}/2023-11-14T22-13Z/manifest.checksum",
            f"{place}/2023-11-14T22-13Z/manifest.json",
            f"{place}/hive/dt=2023-11-14-22-13/symlink.txt",
        ]
        content = await stand.read("lists", f"{place}/2023-11-14T22-13Z/manifest.json")
        checksum = await stand.read("lists", f"{place}/2023-11-14T22-13Z/manifest.checksum")
        assert checksum.decode() == hashlib.md5(content).hexdigest()
        links = await stand.read("lists", f"{place}/hive/dt=2023-11-14-22-13/symlink.txt")
        assert links.decode() == f"s3://lists/{file['key']}"

    on(scene)


def test_when_rules_expire_what_is_listed(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        await stand.bucket("data", Versioning.ENABLED)
        await configure(stand, replace(ALL_LIST, fields=("Size", "LifecycleExpirationDate")))
        for key in ("expires", "expires", "stays"):
            await stand.put("data", key)
        rules = Lifecycle((Rule("rule", is_enabled=True, filter=Filter(prefix="e"), days=2),))
        await stand.engine.lifecycles.store(await stand.bucket("data"), rules)
        await Inventories(stand.engine, stand.metadata, stand.clock).make_due()
        (manifest,) = await manifests(stand)
        told = [(row[1], row[3], row[-1]) for row in await rows_of(stand, manifest)]
        assert told == [
            ("expires", "true", "2023-11-17T00:00:00.000Z"),
            ("expires", "false", ""),
            ("stays", "true", ""),
        ]

    on(scene)


def test_a_list_of_all_versions(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        await stand.bucket("data", Versioning.ENABLED)
        await configure(stand, replace(ALL_LIST, fields=INVENTORY_FIELDS, prefix="k"))
        await stand.put("data", "elsewhere")
        first = await stand.put("data", "key", b"1")
        data = await stand.bucket("data")
        await stand.engine.locks.configure(data, LockConfiguration())
        until = stand.clock.now() + DAY
        await stand.engine.locks.retain(data, "key", first.version_id, COMPLIANCE, until, bypass=False)
        await stand.engine.locks.hold(data, "key", first.version_id, "ON")
        marker = await stand.engine.objects.delete(await stand.bucket("data"), "key", None, NO_WRITE_CONDITIONS)
        await Inventories(stand.engine, stand.metadata, stand.clock).make_due()
        (manifest,) = await manifests(stand)
        columns = manifest["fileSchema"].split(", ")
        assert columns == ["Bucket", "Key", "VersionId", "IsLatest", "IsDeleteMarker", *INVENTORY_FIELDS]
        gone, kept = [dict(zip(columns, row, strict=True)) for row in await rows_of(stand, manifest)]
        assert (gone["VersionId"], gone["IsLatest"], gone["IsDeleteMarker"]) == (marker.version_id, "true", "true")
        assert (gone["Size"], gone["ETag"], gone["EncryptionStatus"]) == ("", "", "")
        assert kept["VersionId"] == first.version_id
        assert (kept["IsLatest"], kept["IsDeleteMarker"], kept["Size"]) == ("false", "false", "1")
        assert (kept["LastModifiedDate"], kept["StorageClass"]) == ("2023-11-14T22:13:20.000Z", "STANDARD")
        assert (kept["IsMultipartUploaded"], kept["EncryptionStatus"]) == ("false", "NOT-SSE")
        assert (kept["ChecksumAlgorithm"], kept["ObjectOwner"]) == ("CRC64NVME", canonical_id_of("1"))
        locks = [f"ObjectLock{name}" for name in ("Mode", "RetainUntilDate", "LegalHoldStatus")]
        assert [kept[name] for name in locks] == ["COMPLIANCE", "2023-11-15T22:13:20.000Z", "On"]
        assert [gone[name] for name in locks] == ["", "", ""]

    on(scene)


def test_encryption(on: Callable[[Scene], None]) -> None:
    """Of what is listed, and of the list."""

    async def scene(stand: Stand) -> None:
        bucket = await stand.bucket("data")
        await stand.put("data", "a")
        draft = Draft(protection=Managed(SSE_S3))
        await stand.engine.objects.put(bucket, "b", Content(b"1"), draft, NO_WRITE_CONDITIONS)
        fields = ("EncryptionStatus", "BucketKeyStatus")
        await configure(stand, replace(CURRENT_LIST, fields=fields, encryption=SSE_S3))
        await Inventories(stand.engine, stand.metadata, stand.clock).make_due()
        (manifest,) = await manifests(stand)
        rows = [["data", "a", "NOT-SSE", ""], ["data", "b", "SSE-S3", ""]]
        assert await rows_of(stand, manifest) == rows
        for key in await stand.keys("lists"):
            encryption = (await stand.engine.objects.find(await stand.bucket("lists"), key, None)).record.encryption
            assert encryption is not None and encryption.kind == SSE_S3

    on(scene)


def test_a_list_that_may_not_be_put_is_given_up(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        await configure(stand, CURRENT_LIST)
        await stand.metadata.commit(Configure(await stand.bucket("lists"), QUOTA, packed(Quota(objects=1))))
        job = Inventories(stand.engine, stand.metadata, stand.clock)
        assert [await job.make_due() for _ in range(2)] == [0, 0]
        assert await manifests(stand) == []

    on(scene)


def test_days_and_weeks(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        await configure(stand, CURRENT_LIST)
        await configure(stand, replace(CURRENT_LIST, id="weekly", frequency=WEEKLY))
        await configure(stand, replace(CURRENT_LIST, id="off", is_enabled=False))
        job = Inventories(stand.engine, stand.metadata, stand.clock)
        made = []
        for _ in range(8):
            made.append(await job.make_due())
            stand.clock.time += DAY
        assert made == [2, 1, 1, 1, 1, 2, 1, 1]  # the sixth day is a Sunday

    on(scene)


@pytest.mark.parametrize("wanted", [CURRENT_LIST, ALL_LIST])
def test_an_interrupted_list_goes_on(on: Callable[[Scene], None], wanted: Inventory) -> None:
    """After each data file it is remembered how far the list has come."""

    async def scene(stand: Stand) -> None:
        await stand.bucket("data", Versioning.ENABLED)
        keys = [f"key-{number:02}" for number in range(25)]
        for key in keys:
            await stand.put("data", key)
            await stand.put("data", key)
        await configure(stand, wanted)
        number = (await stand.bucket("data")).id

        class Interrupted(Inventories):
            async def _page(self, *place: Any) -> Any:
                if place[2] >= "key-10":
                    raise KeyboardInterrupt
                return await super()._page(*place)

        with pytest.raises(KeyboardInterrupt):
            await Interrupted(stand.engine, stand.metadata, stand.clock, rows=7).make_due()
        assert await manifests(stand) == []
        run = unpacked_run(await stand.metadata.fetch(Document(INVENTORY, f"{number}/list")))
        assert run is not None and run.files and not run.is_over
        stand.clock.time += 3 * DAY
        job = Inventories(stand.engine, stand.metadata, stand.clock, rows=7)
        assert await job.make_due() == 1
        (manifest,) = await manifests(stand)
        assert [file["key"] for file in manifest["files"]][: len(run.files)] == [file.key for file in run.files]
        listed = [row[1] for row in await rows_of(stand, manifest)]
        assert listed == (sorted(2 * keys) if wanted.versions == ALL else keys)
        assert manifest["creationTimestamp"] == str(TUESDAY // 1000)
        assert await job.make_due() == 1  # that of today

    on(scene)


def test_an_empty_bucket_has_a_list_too(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        await configure(stand, CURRENT_LIST)
        await Inventories(stand.engine, stand.metadata, stand.clock).make_due()
        (manifest,) = await manifests(stand)
        assert await rows_of(stand, manifest) == []

    on(scene)


def test_a_list_that_has_nowhere_to_go_is_given_up(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        await configure(stand, CURRENT_LIST)
        await stand.engine.buckets.delete(await stand.bucket("lists"))
        job = Inventories(stand.engine, stand.metadata, stand.clock)
        assert await job.make_due() == 0
        await stand.bucket("lists")
        assert await job.make_due() == 0
        stand.clock.time += DAY
        assert await job.make_due() == 1

    on(scene)


def test_parquet(on: Callable[[Scene], None]) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")

    async def scene(stand: Stand) -> None:
        await stand.put("data", "ö/b c", b"12345")
        fields = ("Size", "LastModifiedDate", "ETag", "IsMultipartUploaded", "ReplicationStatus")
        await configure(stand, replace(ALL_LIST, format=PARQUET, fields=fields))
        await Inventories(stand.engine, stand.metadata, stand.clock).make_due()
        (manifest,) = await manifests(stand)
        assert manifest["fileSchema"].startswith(
            "message s3.inventory { required binary bucket (UTF8); required binary key (UTF8); "
            "optional binary version_id (UTF8); optional boolean is_latest; optional boolean is_delete_marker; "
            "optional int64 size; optional int64 last_modified_date (TIMESTAMP_MILLIS); "
        )
        (file,) = manifest["files"]
        assert file["key"].endswith(".parquet")
        (row,) = parquet.read_table(io.BytesIO(await stand.read("lists", file["key"]))).to_pylist()
        assert row.pop("last_modified_date").timestamp() == 1_700_000_000
        assert row == {
            "bucket": "data",
            "key": "ö/b c",
            "version_id": "null",
            "is_latest": True,
            "is_delete_marker": False,
            "size": 5,
            "e_tag": hashlib.md5(b"12345").hexdigest(),
            "is_multipart_uploaded": False,
            "replication_status": None,
        }

    on(scene)


def test_a_configuration_made_again_has_a_list_at_once(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        job = Inventories(stand.engine, stand.metadata, stand.clock)
        for _ in range(2):
            await configure(stand, CURRENT_LIST)
            assert await job.make_due() == 1
            bucket = await stand.bucket("data")
            await stand.engine.configurations.store_named(bucket, INVENTORY, "list", None)
            assert await job.make_due() == 0

    on(scene)


def test_progress_is_one_document(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        from trug.engine.inventory import File, Run

        run = Run(5, CURRENT_LIST, "key", "id", (File("a", 1, "b"),), is_over=True)
        await stand.metadata.commit(KeepRun(9, run))
        assert unpacked_run(await stand.metadata.fetch(Document(INVENTORY, "9/list"))) == run

    on(scene)


@pytest.mark.parametrize(
    ("document", "counts"), [(b"ObjectWriter", True), (b"", True), (b"BucketOwnerEnforced", False), (None, False)]
)
def test_owners_and_lists_of_access(on: Callable[[Scene], None], document: bytes | None, counts: bool) -> None:
    """Only where lists of access count."""

    async def scene(stand: Stand) -> None:
        columns = ("ObjectAccessControlList", "ObjectOwner")
        await configure(stand, replace(CURRENT_LIST, fields=columns))
        bucket = await stand.bucket("data")
        await stand.engine.configurations.store(bucket, OWNERSHIP, document)
        other, holder = canonical_id_of("other"), canonical_id_of(bucket.account)
        draft = Draft(owner="other", acl=canned("public-read", other, holder))
        await stand.engine.objects.put(await stand.bucket("data"), "a", Content(b""), draft, NO_WRITE_CONDITIONS)
        assert await Inventories(stand.engine, stand.metadata, stand.clock).make_due() == 1
        ((*_, acl, owner),) = await rows_of(stand, *(await manifests(stand)))
        assert owner == (other if counts else holder)
        everybody = {
            "uri": "http://acs.amazonaws.com/groups/global/AllUsers",
            "type": "Group",
            "permission": "READ",
        }
        mine = {"canonicalId": owner, "type": "CanonicalUser", "permission": "FULL_CONTROL"}
        assert json.loads(base64.b64decode(acl))["grants"] == ([mine, everybody] if counts else [mine])

    on(scene)
