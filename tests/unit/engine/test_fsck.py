"""fsck lists each kind of misfit, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from tests.support.bodies import request
from tests.support.changes import apply

from trug.adapters.clock import SystemClock
from trug.adapters.memory.blobs import MemoryBlobs
from trug.adapters.memory.metadata import MemoryMetadata
from trug.domain.preconditions import NO_WRITE_CONDITIONS
from trug.engine.drafts import Draft
from trug.engine.engine import Engine
from trug.engine.fsck import Fsck
from trug.ports.changes import Effect
from trug.ports.effects import (
    ForgetBlobs,
    NameBlob,
    PutInline,
    RemoveInline,
    RemoveParts,
    RemoveUpload,
    SetConfiguration,
    SetReferences,
    Tally,
)
from trug.ports.rows import Bucket
from trug.wire.body import verified_body
from trug.wire.payload import Payload


class Files:
    """The blobs that are there, and what else was put on the shelf."""

    def __init__(self, *numbers: int) -> None:
        self._numbers = numbers

    def numbers(self) -> Sequence[int]:
        return self._numbers


async def findings(damage: Sequence[Effect], *strangers: int) -> list[str]:
    metadata, blobs = MemoryMetadata(SystemClock()), MemoryBlobs()
    engine = Engine.over(metadata, blobs, SystemClock(), inline_max=8)
    bucket: Bucket = await engine.buckets.create("checked", account="1", region="us-east-1", tags={})
    for key, content in (("inline", b"small"), ("blob", b"more than eight bytes")):
        body = verified_body(request(content), Payload(), streams=True)
        await engine.objects.put(bucket, key, body, Draft(), NO_WRITE_CONDITIONS)
    made = await engine.multipart.create(bucket, "k", Draft(), initiator="", checksum_algorithm="", checksum_type="")
    body = verified_body(request(b"part"), Payload(), streams=True)
    await engine.multipart.put_part(bucket, "k", made.upload_id, 1, body)
    inline = (await engine.objects.find(bucket, "inline", None)).inline
    blob = (await engine.objects.find(bucket, "blob", None)).blob
    await metadata.commit(apply(*[_placed(effect, inline, blob, made.id, bucket.id) for effect in damage]))
    return (await Fsck(metadata, blobs, Files(*strangers)).run()).findings


def _placed(effect: Effect, inline: int | None, blob: int | None, upload: int, bucket: int) -> Effect:
    """The effect on what this store really has: 0 stands for it."""
    assert inline is not None
    assert blob is not None
    match effect:
        case RemoveInline(0):
            return RemoveInline(inline)
        case ForgetBlobs((0,)):
            return ForgetBlobs((blob,))
        case SetReferences(kind, 0, count):
            return SetReferences(kind, inline if kind == "inline" else blob, count)
        case RemoveParts(0, numbers):
            return RemoveParts(upload, numbers)
        case RemoveUpload(0):
            return RemoveUpload(upload)
        case SetConfiguration(0, kind, document):
            return SetConfiguration(bucket, kind, document)
        case Tally(0, account, objects):
            return Tally(bucket, account, objects=objects)
    return effect


MISFITS: dict[str, tuple[list[Effect], int, str]] = {
    "inline bytes missing": ([RemoveInline(0)], 0, "inline"),
    "blob without a row": ([ForgetBlobs((0,))], 0, "has no row in files"),
    "bytes without a row": ([], 777, "bytes without a row"),
    "a count too high": ([SetReferences("inline", 0, 3)], 0, "1 references, counted 3"),
    "a count of nothing": ([SetReferences("blob", 999, 2)], 0, "0 references, counted 2"),
    "a leaked blob": ([NameBlob(999)], 0, "nothing refers to it"),
    "leaked inline bytes": ([PutInline(999, b"lost")], 0, "nothing refers to it"),
    "a part lost": ([RemoveParts(0, (1,))], 0, "nothing refers to it"),
    "wrong totals": ([Tally(0, "1", objects=1)], 0, "counted"),
    "a configuration nobody knows of": ([SetConfiguration(0, "cors", b"")], 0, "marked as 0x0, configured 0x400"),
    "an upload lost": ([RemoveUpload(0)], 0, "counted"),
}


@pytest.mark.parametrize(("damage", "stranger", "text"), MISFITS.values(), ids=MISFITS.keys())
def test_misfits(damage: list[Effect], stranger: int, text: str) -> None:
    found = asyncio.run(findings(damage, *([stranger] if stranger else [])))
    assert found, "nothing was found"
    assert any(text in line for line in found), found


def test_a_whole_store() -> None:
    assert asyncio.run(findings([])) == []
