"""minio-py: MinIO's client for Python."""

from __future__ import annotations

import io
import os
from datetime import timedelta
from pathlib import Path

from minio import Minio, S3Error
from minio.commonconfig import REPLACE, ComposeSource, CopySource, Tags
from minio.deleteobjects import DeleteObject
from minio.versioningconfig import ENABLED, VersioningConfig
from probe import (
    LARGE,
    ODD_KEYS,
    PART,
    Server,
    expect,
    expect_equal,
    expect_same,
    fetch,
    new_bucket_name,
    payload,
    run,
    send,
    step,
)

BIG = payload(LARGE, "minio-py")


def lifecycle(server: Server, scratch: Path) -> None:
    if server.ca_file:
        os.environ["SSL_CERT_FILE"] = server.ca_file
    client = Minio(server.address, access_key=server.access_key, secret_key=server.secret_key, secure=server.is_tls)
    bucket = new_bucket_name("minio-py")
    with step("create bucket"):
        client.make_bucket(bucket)
    try:
        upload(client, bucket, scratch)
        listing(client, bucket)
        reads(server, client, bucket)
        copies(client, bucket)
        tags(client, bucket)
        versions(client, bucket)
    finally:
        remove(client, bucket)


def read(client: Minio, bucket: str, key: str, offset: int = 0, length: int = 0, version: str | None = None) -> bytes:
    reply = client.get_object(bucket, key, offset=offset, length=length, version_id=version)
    try:
        return bytes(reply.read())
    finally:
        reply.close()
        reply.release_conn()


def put(client: Minio, bucket: str, key: str, data: bytes) -> str | None:
    return client.put_object(bucket, key, io.BytesIO(data), len(data)).version_id


def upload(client: Minio, bucket: str, scratch: Path) -> None:
    with step("buckets"):
        expect(client.bucket_exists(bucket), "the bucket exists")
        expect(bucket in [one.name for one in client.list_buckets()], "the bucket is listed")
    with step("upload small and empty"):
        client.put_object(bucket, "small", io.BytesIO(b"hello"), 5, metadata={"Colour": "blue"})
        put(client, bucket, "empty", b"")
        expect_same(read(client, bucket, "small"), b"hello", "small")
        expect_same(read(client, bucket, "empty"), b"", "empty")
        expect_equal(client.stat_object(bucket, "small").metadata["x-amz-meta-colour"], "blue", "metadata")
    with step("upload large, in parts"):
        (scratch / "large").write_bytes(BIG)
        client.fput_object(bucket, "large", str(scratch / "large"), part_size=PART)
        client.fget_object(bucket, "large", str(scratch / "back"))
        expect_same((scratch / "back").read_bytes(), BIG, "large")
        expect(client.stat_object(bucket, "large").etag.endswith("-3"), "three parts")
        client.put_object(bucket, "unknown length", io.BytesIO(BIG), -1, part_size=PART)
        expect_same(read(client, bucket, "unknown length"), BIG, "unknown length")
    with step("odd keys"):
        for key in ODD_KEYS:
            put(client, bucket, f"odd/{key}", key.encode())
        for key in ODD_KEYS:
            expect_same(read(client, bucket, f"odd/{key}"), key.encode(), key)


def listing(client: Minio, bucket: str) -> None:
    with step("list"):
        odd = sorted((f"odd/{key}" for key in ODD_KEYS), key=str.encode)
        for v1 in (False, True):
            found = client.list_objects(bucket, prefix="odd/", recursive=True, use_api_v1=v1)
            expect_equal([one.object_name for one in found], odd, "keys")
        top = [one.object_name for one in client.list_objects(bucket)]
        expect_equal(sorted(top), ["empty", "large", "odd/", "small", "unknown length"], "top")
        with_metadata = list(client.list_objects(bucket, prefix="small", include_user_meta=True, fetch_owner=True))
        expect_equal(len(with_metadata), 1, "listing with metadata")


def reads(server: Server, client: Minio, bucket: str) -> None:
    with step("ranges"):
        expect_same(read(client, bucket, "large", PART - 1, 2), BIG[PART - 1 : PART + 1], "range over parts")
        expect_same(read(client, bucket, "large", LARGE - 7), BIG[-7:], "open range")
    with step("presigned"):
        url = client.presigned_get_object(bucket, f"odd/{ODD_KEYS[7]}", expires=timedelta(minutes=1))
        expect_same(fetch(server, url), ODD_KEYS[7].encode(), "presigned GET")
        send(server, client.presigned_put_object(bucket, "given + taken", expires=timedelta(minutes=1)), b"given")
        expect_same(read(client, bucket, "given + taken"), b"given", "presigned PUT")


def copies(client: Minio, bucket: str) -> None:
    with step("copy"):
        client.copy_object(bucket, "copy/ünï", CopySource(bucket, f"odd/{ODD_KEYS[7]}"))
        expect_same(read(client, bucket, "copy/ünï"), ODD_KEYS[7].encode(), "copy")
        source = CopySource(bucket, "small")
        client.copy_object(bucket, "small", source, metadata={"colour": "red"}, metadata_directive=REPLACE)
        expect_equal(client.stat_object(bucket, "small").metadata["x-amz-meta-colour"], "red", "replaced metadata")
    with step("compose"):
        client.compose_object(bucket, "composed", [ComposeSource(bucket, "large"), ComposeSource(bucket, "small")])
        expect_same(read(client, bucket, "composed"), BIG + b"hello", "composed")


def tags(client: Minio, bucket: str) -> None:
    with step("tags"):
        wanted = Tags.new_object_tags()
        wanted["kind"] = "probe"
        client.set_object_tags(bucket, "small", wanted)
        expect_equal(client.get_object_tags(bucket, "small"), wanted, "tags")


def versions(client: Minio, bucket: str) -> None:
    with step("versions"):
        client.set_bucket_versioning(bucket, VersioningConfig(ENABLED))
        expect_equal(client.get_bucket_versioning(bucket).status, ENABLED, "versioning")
        first = put(client, bucket, "versioned", b"first")
        second = put(client, bucket, "versioned", b"second")
        client.remove_object(bucket, "versioned")
        found = list(client.list_objects(bucket, prefix="versioned", include_version=True))
        kept = [one.version_id for one in found if not one.is_delete_marker]
        expect_equal(kept, [second, first], "versions")
        expect_equal(len(found), 3, "versions and the delete marker")
        expect_same(read(client, bucket, "versioned", version=first), b"first", "first version")


def remove(client: Minio, bucket: str) -> None:
    with step("delete everything"):
        found = client.list_objects(bucket, recursive=True, include_version=True)
        named = [DeleteObject(one.object_name or "", one.version_id) for one in found]
        expect_equal(list(client.remove_objects(bucket, named)), [], "errors of remove_objects")
    with step("remove bucket"):
        client.remove_bucket(bucket)
        expect(not client.bucket_exists(bucket), "the bucket is gone")
        try:
            read(client, bucket, "small")
        except S3Error as error:
            expect_equal(error.code, "NoSuchBucket", "error code")


if __name__ == "__main__":
    run(lifecycle)
