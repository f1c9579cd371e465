"""The audit trail on every adapter: what is told, in the commit that does it, and what breaks its chain."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.support.changes import DeliberateError, apply, fail_after, refuse
from tests.support.scenes import on_every_store
from tests.support.sql import below, play

from trug.adapters.sql.store import SqlMetadata
from trug.domain.audit import Actor
from trug.domain.identity import Account
from trug.domain.objects import Listing
from trug.domain.versioning import Versioning
from trug.engine.trail import Attested, Trail
from trug.ports.acting import acting
from trug.ports.effects import (
    Advance,
    KeepDocument,
    PutAccount,
    PutBucket,
    PutCurrent,
    PutEntity,
    PutKey,
    PutLink,
    RemoveBucket,
    RemoveKey,
    SetConfiguration,
)
from trug.ports.reads import AuditRecords
from trug.ports.rows import AccessKey, Bucket, Entity, Link, Version
from trug.ports.stores import MetadataStore

BUCKET = Bucket(1, "data", "111111111111", "us-east-1", 5)
ANN = Actor("s3:PutBucketPolicy", "arn:aws:iam::111111111111:user/ann", "AKIAANN", "192.0.2.7", "R1")


async def told(store: MetadataStore) -> list[dict[str, Any]]:
    return [json.loads(record.document) async for record in Trail(store).records()]


@on_every_store
async def test_a_change_is_told_with_who_made_it_what_was_and_what_is(store: MetadataStore) -> None:
    moment = await store.commit(apply(PutBucket(BUCKET)))

    async def policies() -> None:
        await store.commit(apply(SetConfiguration(1, "policy", b'{"a": 1}')))
        await store.commit(apply(SetConfiguration(1, "policy", b"\x01\x93\x01\xa1b\xc4\x01\xff")))

    await acting(ANN, policies())
    await store.commit(apply(PutBucket(BUCKET._replace(versioning=Versioning.ENABLED))))
    await store.commit(apply(RemoveBucket(1)))
    made, first, second, enabled, removed = await told(store)
    assert made == {
        "actor": "",
        "access_key": "",
        "address": "",
        "action": "trug",
        "request_id": "",
        "bucket": "data",
        "changes": [
            {
                "resource": "bucket/data",
                "before": None,
                "after": {"account": "111111111111", "region": "us-east-1", "versioning": ""},
            }
        ],
    }
    assert [first[name] for name in ("action", "actor", "access_key", "address", "request_id", "bucket")] == [
        *ANN,
        "data",
    ]
    assert first["changes"] == [{"resource": "bucket/data/policy", "before": None, "after": '{"a": 1}'}]
    assert second["changes"][0]["before"] == '{"a": 1}'
    assert second["changes"][0]["after"] == [1, "b", "ff"]
    assert enabled["changes"][0]["after"]["versioning"] == "Enabled"
    assert enabled["actor"] == ""
    assert removed["changes"][0]["after"] is None
    (record,) = await store.fetch(AuditRecords(0, 1))
    assert (record.sequence, record.time) == (moment.sequence, moment.time)


@on_every_store
async def test_one_change_is_one_record(store: MetadataStore) -> None:
    policy = Link("1", "attached", "user/ann", "arn:p")
    await store.commit(
        apply(
            PutAccount(Account("1", "c")),
            PutEntity(Entity("1", "user", "ann", b"\x01\x92\xa3ann\x05")),
            PutLink(policy),
            Advance(),
            PutBucket(BUCKET),
            PutBucket(BUCKET._replace(configured=1)),
        )
    )
    (record,) = await told(store)
    assert [change["resource"] for change in record["changes"]] == [
        "account/1",
        "iam/1/user/ann",
        "iam/1/user/ann/attached/arn:p",
        "bucket/data",
    ]
    assert record["changes"][1]["after"] == ["ann", 5]


@on_every_store
async def test_no_secret_is_told(store: MetadataStore) -> None:
    key = AccessKey("AKIA", "1", "ann", b"sealed-secret", 5)
    await store.commit(apply(PutKey(key)))
    await store.commit(apply(PutKey(key._replace(active=False))))
    await store.commit(apply(RemoveKey("AKIA")))
    documents = [record.document async for record in Trail(store).records()]
    assert len(documents) == 3
    assert not any(b"secret" in document for document in documents)


@on_every_store
async def test_objects_refusals_and_failures_are_not_told(store: MetadataStore) -> None:
    await store.commit(apply(PutCurrent(Version(1, "k", 1, 1, "null", Listing("e", 0, 0)))))
    await store.commit(apply(KeepDocument("key-used", "AKIA", b"1")))
    with pytest.raises(DeliberateError):
        await store.commit(refuse(DeliberateError()))
    with pytest.raises(DeliberateError):
        await store.commit(fail_after(PutBucket(BUCKET)))
    assert await told(store) == []
    assert await Trail(store).verify() == (0, "", (0, bytes(32)))


@on_every_store
async def test_what_is_long_is_told_by_its_hash(store: MetadataStore) -> None:
    await store.commit(apply(PutBucket(BUCKET), SetConfiguration(1, "lifecycle", b"x" * 100_000)))
    (record,) = await told(store)
    assert record["changes"][1]["after"].keys() == {"bytes", "sha256"}


@on_every_store
async def test_the_chain_is_cut_at_its_front_alone(store: MetadataStore) -> None:
    trail = Trail(store)
    for number in range(5):
        await store.commit(Attested("kms/a", f"version {number}"))
    records = [record async for record in trail.records()]
    whole = await trail.verify()
    assert (whole.records, whole.broken, whole.head.hash) == (5, "", records[-1].hash)
    assert await trail.cut(records[3].time) == sum(record.time < records[3].time for record in records)
    assert await trail.cut(2**62) > 0
    after = await trail.verify()
    assert (after.records, after.broken) == (1, "")
    assert [record["changes"][0]["resource"] for record in await told(store)] == ["audit"]
    await store.commit(Attested("kms/a", "version 9"))
    assert (await trail.verify()).broken == ""


TAMPERED = {
    "a document": ("UPDATE audit SET document = CAST('{}' AS BLOB) WHERE sequence = 3", 3),
    "a time": ("UPDATE audit SET time = time - 1 WHERE sequence = 3", 3),
    "a hash": ("UPDATE audit SET hash = zeroblob(32) WHERE sequence = 3", 3),
    "one removed": ("DELETE FROM audit WHERE sequence = 3", 4),
    "the first removed": ("DELETE FROM audit WHERE sequence = 1", 2),
    "the last removed": ("DELETE FROM audit WHERE sequence = 5", 5),
    "two swapped": ("UPDATE audit SET sequence = CASE sequence WHEN 2 THEN 30 ELSE sequence END", 3),
}


@pytest.mark.parametrize(("statement", "named"), TAMPERED.values(), ids=TAMPERED)
def test_what_was_tampered_with_is_named(tmp_path: Path, statement: str, named: int) -> None:
    async def write(store: SqlMetadata) -> None:
        for number in range(5):
            await store.commit(Attested("kms/a", f"version {number}"))

    async def look(store: SqlMetadata) -> None:
        verdict = await Trail(store).verify()
        assert f"record {named}" in verdict.broken

    play(tmp_path, write)
    with below(tmp_path) as connection:
        assert connection.execute(statement).rowcount
    play(tmp_path, look)
