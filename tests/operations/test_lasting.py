"""Operations that take longer than their answer can wait: Complete and copies over a slow store."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any, TypeVar

import pytest
from botocore.exceptions import ClientError
from tests.operations.test_complete_multipart_upload import begin, document, etag_of
from tests.support.server import Answer, Server, serving

from trug.adapters.memory.metadata import MemoryMetadata
from trug.engine.uploads import AddPart, CompleteUpload
from trug.engine.versions import CopyVersion
from trug.ports.changes import Change

T = TypeVar("T")

PATIENCE = 0.05
SLOW = (CompleteUpload, CopyVersion)
DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'


class SlowStore(MemoryMetadata):
    """Takes its time over the last change of a Complete and of copies; of parts, only over borrowed ones."""

    async def commit(self, change: Change[T]) -> T:
        if isinstance(change, SLOW) or (isinstance(change, AddPart) and change.borrowed is not None):
            await asyncio.sleep(5 * PATIENCE)
        return await super().commit(change)


@pytest.fixture(scope="module")
def slow() -> Iterator[Server]:
    with serving(answer_within=PATIENCE, store=SlowStore) as running:
        yield running


def copy(server: Server, bucket: str, source: str, headers: dict[str, str] | None = None) -> Answer:
    return server.ask("PUT", f"/{bucket}/copied", {"x-amz-copy-source": f"/{bucket}/{source}"} | (headers or {}))


def root_of(answer: Answer) -> bytes:
    """What stands behind the declaration and the spaces, of which there must be some."""
    assert answer.body.startswith(DECLARATION + b" ")
    return answer.body.removeprefix(DECLARATION).lstrip(b" ")


def test_trap_23_complete(slow: Server) -> None:
    s3, bucket = slow.client(), slow.make_bucket()
    upload = begin(s3, bucket, b"only")
    answer = upload.complete(slow)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/xml")
    assert answer.headers["transfer-encoding"] == "chunked"
    assert root_of(answer).startswith(b"<CompleteMultipartUploadResult")
    assert answer.texts("ETag") == [etag_of(b"only")]
    again = upload.complete(slow)
    assert (again.headers["content-length"], again.texts("ETag")) == (str(len(again.body)), [etag_of(b"only")])


def test_j14_complete_that_fails_inside_200(slow: Server) -> None:
    s3, bucket = slow.client(), slow.make_bucket()
    s3.put_object(Bucket=bucket, Key="key", Body=b"first")
    upload = begin(s3, bucket, b"only")
    answer = upload.complete(slow, headers={"If-None-Match": "*"})
    assert answer.status == 200
    assert root_of(answer).startswith(b"<Error><Code>PreconditionFailed</Code>")
    with pytest.raises(ClientError) as refused:
        s3.complete_multipart_upload(
            Bucket=bucket, Key="key", UploadId=upload.id, MultipartUpload={"Parts": upload.parts}, IfNoneMatch="*"
        )
    assert refused.value.response["Error"]["Code"] == "PreconditionFailed"


def test_what_fails_at_once_has_its_status(slow: Server) -> None:
    bucket = slow.make_bucket()
    upload = begin(slow.client(), bucket, b"only")
    assert upload.complete(slow, document({"PartNumber": 2, "ETag": "x"})).status == 400


def test_copies(slow: Server) -> None:
    s3, bucket = slow.client(), slow.make_bucket()
    s3.put_object(Bucket=bucket, Key="key", Body=b"content")
    assert root_of(copy(slow, bucket, "key")).startswith(b"<CopyObjectResult")
    assert s3.get_object(Bucket=bucket, Key="copied")["Body"].read() == b"content"
    late = copy(slow, bucket, "key", {"If-None-Match": "*"})
    assert (late.status, late.code) == (200, "PreconditionFailed")
    assert copy(slow, bucket, "absent").status == 404


def test_copied_parts(slow: Server) -> None:
    s3, bucket = slow.client(), slow.make_bucket()
    s3.put_object(Bucket=bucket, Key="key", Body=b"content")
    upload = s3.create_multipart_upload(Bucket=bucket, Key="made")["UploadId"]
    made: dict[str, Any] = s3.upload_part_copy(
        Bucket=bucket, Key="made", UploadId=upload, PartNumber=1, CopySource=f"{bucket}/key"
    )
    parts = [{"PartNumber": 1, "ETag": made["CopyPartResult"]["ETag"]}]
    s3.complete_multipart_upload(Bucket=bucket, Key="made", UploadId=upload, MultipartUpload={"Parts": parts})
    assert s3.get_object(Bucket=bucket, Key="made")["Body"].read() == b"content"


def test_keys_of_xml_1_1(slow: Server) -> None:
    target = f"/{slow.make_bucket()}/a%01"
    begun = slow.ask("POST", f"{target}?uploads").body.partition(b"<UploadId>")[2]
    upload = begun.partition(b"<")[0].decode()
    part = slow.ask("PUT", f"{target}?partNumber=1&uploadId={upload}", {}, b"x")
    body = document({"PartNumber": 1, "ETag": part.headers["etag"]})
    answer = slow.ask("POST", f"{target}?uploadId={upload}", {}, body)
    assert answer.body.startswith(b'<?xml version="1.1" encoding="UTF-8"?>\n ')
    assert b"<Key>a&#x1;</Key>" in answer.body
