"""PutObjectAnnotation, GetObjectAnnotation, ListObjectAnnotations and DeleteObjectAnnotation."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.support.server import STRANGER, Answer, Server

from trug.ports.reads import Annotations
from trug.ports.rows import Annotation

MIB = 1 << 20


@pytest.fixture
def held(s3: Any, bucket: str) -> str:
    """A bucket that holds ``key``."""
    s3.put_object(Bucket=bucket, Key="key", Body=b"content")
    return bucket


def put(server: Server, bucket: str, name: str = "note", body: bytes = b"text", **headers: str) -> Answer:
    return server.ask("PUT", f"/{bucket}/key?annotation&annotationName={name}", headers, body)


def names(s3: Any, bucket: str, key: str = "key", **options: Any) -> list[str]:
    listed = s3.list_object_annotations(Bucket=bucket, Key=key, **options)
    return [entry["AnnotationName"] for entry in listed.get("Annotations", [])]


def read(s3: Any, bucket: str, name: str, key: str = "key", **options: Any) -> bytes:
    found = s3.get_object_annotation(Bucket=bucket, Key=key, AnnotationName=name, **options)["AnnotationPayload"]
    return found if isinstance(found, bytes) else found.read()


def code_of(refused: pytest.ExceptionInfo[ClientError]) -> str:
    code: str = refused.value.response["Error"]["Code"]
    return code


async def swept(server: Server) -> None:
    while await server.engine.sweep.run():
        pass


def test_kept_and_read(s3: Any, held: str) -> None:
    text = "Übersicht".encode()
    made = s3.put_object_annotation(Bucket=held, Key="key", AnnotationName="a/b c", AnnotationPayload=text)
    assert (made["Key"], made["AnnotationName"]) == ("key", "a/b c")
    assert made["ETag"] == f'"{hashlib.md5(text).hexdigest()}"'
    found = s3.get_object_annotation(Bucket=held, Key="key", AnnotationName="a/b c", ChecksumMode="ENABLED")
    assert (found["ETag"], found["ContentLength"], found["ChecksumCRC32"]) == (
        made["ETag"],
        len(text),
        made["ChecksumCRC32"],
    )
    assert read(s3, held, "a/b c") == text
    (entry,) = s3.list_object_annotations(Bucket=held, Key="key")["Annotations"]
    assert (entry["AnnotationName"], entry["Size"], entry["ETag"]) == ("a/b c", len(text), made["ETag"])
    assert entry["ChecksumAlgorithm"] == ["CRC32"]


def test_replaced_and_removed(server: Server, s3: Any, held: str) -> None:
    before = s3.head_object(Bucket=held, Key="key")
    put(server, held, body=b"old")
    put(server, held, body=b"new")
    assert (names(s3, held), read(s3, held, "note")) == (["note"], b"new")
    after = s3.head_object(Bucket=held, Key="key")
    assert (after["LastModified"], after["ETag"]) == (before["LastModified"], before["ETag"])
    for _ in range(2):
        s3.delete_object_annotation(Bucket=held, Key="key", AnnotationName="note")
        assert names(s3, held) == []
    with pytest.raises(ClientError) as refused:
        read(s3, held, "note")
    assert code_of(refused) == "NoSuchAnnotation"


def test_pages(server: Server, s3: Any, held: str) -> None:
    for name in ("b", "a1", "a2", "a3"):
        put(server, held, name)
    first = s3.list_object_annotations(Bucket=held, Key="key", AnnotationPrefix="a", MaxAnnotationResults=2)
    assert (first["AnnotationCount"], [entry["AnnotationName"] for entry in first["Annotations"]]) == (2, ["a1", "a2"])
    token = first["NextContinuationToken"]
    assert names(s3, held, AnnotationPrefix="a", ContinuationToken=token) == ["a3"]
    assert names(s3, held) == ["a1", "a2", "a3", "b"]
    answer = server.ask("GET", f"/{held}/key?annotation&continuation-token=%25")
    assert answer.status in (200, 400)


def test_of_a_version(server: Server, s3: Any, versioned: str) -> None:
    old = s3.put_object(Bucket=versioned, Key="key", Body=b"1")["VersionId"]
    new = s3.put_object(Bucket=versioned, Key="key", Body=b"2")["VersionId"]
    made = s3.put_object_annotation(
        Bucket=versioned, Key="key", VersionId=old, AnnotationName="note", AnnotationPayload=b"text"
    )
    assert made["ObjectVersionId"] == old
    assert (names(s3, versioned), names(s3, versioned, VersionId=old)) == ([], ["note"])
    s3.delete_object(Bucket=versioned, Key="key", VersionId=new)
    assert names(s3, versioned) == ["note"]
    s3.delete_object(Bucket=versioned, Key="key")
    with pytest.raises(ClientError) as refused:
        names(s3, versioned)
    assert code_of(refused) == "NoSuchKey"
    assert read(s3, versioned, "note", VersionId=old) == b"text"


@pytest.mark.parametrize("way", ["deleted", "put over", "copied over", "renamed over"])
def test_gone_with_the_object(server: Server, s3: Any, held: str, way: str) -> None:
    put(server, held)

    async def row() -> int:
        bucket = await server.engine.buckets.find(held)
        assert bucket is not None
        found = await server.engine.objects.find(bucket, "key", None)
        return found.id

    version = server.run(row())
    s3.put_object(Bucket=held, Key="other", Body=b"2")
    if way == "deleted":
        s3.delete_object(Bucket=held, Key="key")
    elif way == "put over":
        s3.put_object(Bucket=held, Key="key", Body=b"2")
    elif way == "copied over":
        s3.copy_object(Bucket=held, Key="key", CopySource=f"{held}/other")
    else:
        s3.rename_object(Bucket=held, Key="key", RenameSource=f"{held}/other")
    server.run(swept(server))

    async def left() -> list[Annotation]:
        return await server.engine.sweep._metadata.fetch(Annotations(version))

    assert server.run(left()) == []
    if way != "deleted":
        assert names(s3, held) == []


def test_renamed_with_the_object(server: Server, s3: Any, held: str) -> None:
    put(server, held)
    s3.rename_object(Bucket=held, Key="new", RenameSource=f"{held}/key")
    assert read(s3, held, "note", "new") == b"text"


def test_copied_unless_excluded(server: Server, s3: Any, held: str) -> None:
    put(server, held, "one")
    put(server, held, "two")
    s3.copy_object(Bucket=held, Key="copy", CopySource=f"{held}/key")
    s3.copy_object(Bucket=held, Key="bare", CopySource=f"{held}/key", AnnotationDirective="EXCLUDE")
    s3.delete_object(Bucket=held, Key="key")
    server.run(swept(server))
    assert (names(s3, held, "copy"), names(s3, held, "bare")) == (["one", "two"], [])
    assert read(s3, held, "two", "copy") == b"text"
    s3.put_object(Bucket=held, Key="copy", Body=b"over")
    with pytest.raises(ClientError) as refused:
        s3.copy_object(Bucket=held, Key="x", CopySource=f"{held}/copy", AnnotationDirective="SOME")
    assert code_of(refused) == "InvalidArgument"


@pytest.mark.parametrize(
    ("name", "body", "headers", "status", "code"),
    [
        ("", b"x", {}, 400, "InvalidAnnotationName"),
        ("aws-note", b"x", {}, 400, "InvalidAnnotationName"),
        ("S3note", b"x", {}, 400, "InvalidAnnotationName"),
        ("a%0Ab", b"x", {}, 400, "InvalidAnnotationName"),
        ("n" * 513, b"x", {}, 400, "AnnotationNameTooLong"),
        ("%C3%A4" * 257, b"x", {}, 400, "AnnotationNameTooLong"),
        ("note", b"", {}, 400, "InvalidRequest"),
        ("note", b"\xff", {}, 415, "UnsupportedMediaType"),
        ("note", b"x" * (MIB + 1), {}, 400, "EntityTooLarge"),
        ("note", b"x", {"x-amz-object-if-match": '"other"'}, 412, "PreconditionFailed"),
        ("note", b"x", {"Content-MD5": "1B2M2Y8AsgTpgAmY7PhCfg=="}, 400, "BadDigest"),
    ],
)
def test_refuses(
    server: Server, s3: Any, held: str, name: str, body: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    answer = put(server, held, name, body, **headers)
    assert (answer.status, answer.code) == (status, code)
    assert names(s3, held) == []


def test_the_largest(server: Server, s3: Any, held: str) -> None:
    assert put(server, held, "n" * 512, b"x" * MIB).status == 200
    assert read(s3, held, "n" * 512) == b"x" * MIB


def test_at_most_a_thousand(server: Server, held: str) -> None:
    from trug.engine.named import Named

    async def fill() -> None:
        bucket = await server.engine.buckets.find(held)
        assert bucket is not None
        for number in range(1000):
            annotation = Annotation(0, f"n{number}", "0" * 32, 1, 0, 0)
            await server.engine.annotations.put(Named(bucket.id, "key", None), annotation, b"x", if_match=None)

    server.run(fill())
    assert put(server, held, "one-more").code == "AnnotationLimitExceeded"
    assert put(server, held, "n7").status == 200


def test_not_of_encrypted_objects(server: Server, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="key", Body=b"1", ServerSideEncryption="AES256")
    assert put(server, bucket).code == "NotImplemented"


def test_what_is_not_there(server: Server, s3: Any, bucket: str) -> None:
    assert put(server, bucket).code == "NoSuchKey"
    for method in ("GET", "DELETE"):
        assert server.ask(method, f"/{bucket}/key?annotation&annotationName=note").code == "NoSuchKey"
    assert server.ask("GET", f"/{bucket}/key?annotation").code == "NoSuchKey"


def test_who_may(server: Server, held: str) -> None:
    target = f"/{held}/key?annotation&annotationName=note"
    for method in ("PUT", "GET", "DELETE"):
        assert server.ask(method, target, {}, b"x" if method == "PUT" else b"", keys=STRANGER).code == "AccessDenied"
