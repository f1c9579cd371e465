"""boto3: the client and its managed transfers."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError
from probe import (
    LARGE,
    MIB,
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

IN_PARTS = TransferConfig(multipart_threshold=PART, multipart_chunksize=PART)
BIG = payload(LARGE, "boto3")


def lifecycle(server: Server, scratch: Path) -> None:
    s3 = connect(server)
    bucket = new_bucket_name("boto3")
    with step("create bucket"):
        s3.create_bucket(Bucket=bucket)
    try:
        upload(s3, bucket, scratch)
        listing(s3, bucket)
        reads(s3, bucket)
        presigned(server, s3, bucket)
        copies(s3, bucket)
        multipart(s3, bucket)
        tags(s3, bucket)
        versions(s3, bucket)
    finally:
        remove(s3, bucket)


def connect(server: Server, **config: Any) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=server.endpoint,
        aws_access_key_id=server.access_key,
        aws_secret_access_key=server.secret_key,
        region_name="us-east-1",
        verify=server.ca_file or None,
        config=Config(**config) if config else None,
    )


def read(s3: Any, bucket: str, key: str, **options: str) -> bytes:
    return bytes(s3.get_object(Bucket=bucket, Key=key, **options)["Body"].read())


def upload(s3: Any, bucket: str, scratch: Path) -> None:
    with step("head and list buckets"):
        s3.head_bucket(Bucket=bucket)
        expect(bucket in [one["Name"] for one in s3.list_buckets()["Buckets"]], "the bucket is listed")
        s3.get_bucket_location(Bucket=bucket)
    with step("upload small, empty and a stream"):
        s3.put_object(
            Bucket=bucket, Key="small", Body=b"hello", Metadata={"Colour": "blue"}, ContentType="text/x-probe"
        )
        s3.put_object(Bucket=bucket, Key="empty")
        s3.upload_fileobj(io.BytesIO(payload(MIB)), bucket, "stream")
        expect_same(read(s3, bucket, "small"), b"hello", "small")
        expect_same(read(s3, bucket, "empty"), b"", "empty")
        expect_same(read(s3, bucket, "stream"), payload(MIB), "stream")
        head = s3.head_object(Bucket=bucket, Key="small", ChecksumMode="ENABLED")
        expect_equal(head["Metadata"], {"colour": "blue"}, "metadata")
        expect_equal(head["ContentType"], "text/x-probe", "content type")
        expect("ChecksumCRC32" in head, "the CRC32 that boto3 sends is kept")
    with step("upload and download large"):
        (scratch / "large").write_bytes(BIG)
        s3.upload_file(str(scratch / "large"), bucket, "large", Config=IN_PARTS)
        s3.download_file(bucket, "large", str(scratch / "back"), Config=IN_PARTS)
        expect_same((scratch / "back").read_bytes(), BIG, "large")
        expect(s3.head_object(Bucket=bucket, Key="large")["ETag"].endswith('-3"'), "three parts")
    with step("odd keys"):
        for key in ODD_KEYS:
            s3.put_object(Bucket=bucket, Key=f"odd/{key}", Body=key.encode())
        for key in ODD_KEYS:
            expect_same(read(s3, bucket, f"odd/{key}"), key.encode(), key)


def listing(s3: Any, bucket: str) -> None:
    odd = sorted((f"odd/{key}" for key in ODD_KEYS), key=str.encode)
    with step("list"):
        for name in ("list_objects_v2", "list_objects"):
            pages = s3.get_paginator(name).paginate(Bucket=bucket, Prefix="odd/", PaginationConfig={"PageSize": 5})
            expect_equal([one["Key"] for page in pages for one in page["Contents"]], odd, name)
            top = getattr(s3, name)(Bucket=bucket, Delimiter="/")
            expect_equal([one["Prefix"] for one in top["CommonPrefixes"]], ["odd/"], "common prefixes")
            expect_equal([one["Key"] for one in top["Contents"]], ["empty", "large", "small", "stream"], "top")
        after = s3.list_objects_v2(Bucket=bucket, StartAfter="large", FetchOwner=True)
        expect_equal(after["Contents"][0]["Key"], odd[0], "start-after")
        expect("ID" in after["Contents"][0]["Owner"], "fetch-owner")


def reads(s3: Any, bucket: str) -> None:
    with step("ranges"):
        for asked, wanted in (
            ("bytes=0-0", BIG[:1]),
            ("bytes=5242879-5242880", BIG[5242879:5242881]),
            (f"bytes={LARGE - 7}-", BIG[-7:]),
            ("bytes=-100", BIG[-100:]),
        ):
            expect_same(read(s3, bucket, "large", Range=asked), wanted, asked)
        second = s3.get_object(Bucket=bucket, Key="large", PartNumber=2)
        expect_same(second["Body"].read(), BIG[PART : 2 * PART], "part 2")
        expect_equal(second["PartsCount"], 3, "parts count")
        refused(lambda: read(s3, bucket, "small", Range="bytes=99-"), "InvalidRange")
    with step("conditions"):
        etag = s3.head_object(Bucket=bucket, Key="small")["ETag"]
        expect_same(read(s3, bucket, "small", IfMatch=etag), b"hello", "If-Match")
        refused(lambda: read(s3, bucket, "small", IfNoneMatch=etag), "304")
        refused(lambda: s3.put_object(Bucket=bucket, Key="small", IfNoneMatch="*"), "PreconditionFailed")
        refused(lambda: read(s3, bucket, "absent"), "NoSuchKey")
    with step("attributes"):
        told = s3.get_object_attributes(
            Bucket=bucket, Key="large", ObjectAttributes=["ETag", "ObjectParts", "ObjectSize"]
        )
        expect_equal(told["ObjectSize"], LARGE, "size")
        expect_equal(told["ObjectParts"]["TotalPartsCount"], 3, "parts")


def presigned(server: Server, s3: Any, bucket: str) -> None:
    for name, signer in (("default", s3), ("s3v4", connect(server, signature_version="s3v4"))):
        with step(f"presigned, {name}"):
            asked = {"Bucket": bucket, "Key": f"odd/{ODD_KEYS[7]}", "ResponseContentType": "text/odd"}
            url = signer.generate_presigned_url("get_object", asked, ExpiresIn=60)
            expect_same(fetch(server, url), ODD_KEYS[7].encode(), "presigned GET")
            asked = {"Bucket": bucket, "Key": "large"}
            url = signer.generate_presigned_url("get_object", asked, ExpiresIn=60)
            expect_same(fetch(server, url, Range="bytes=10-19"), BIG[10:20], "presigned range")
            url = signer.generate_presigned_url("list_objects_v2", {"Bucket": bucket, "Prefix": "small"}, ExpiresIn=60)
            expect(b"<Key>small</Key>" in fetch(server, url), "presigned list")
            asked = {"Bucket": bucket, "Key": f"given {name}", "ContentType": "text/plain"}
            send(server, signer.generate_presigned_url("put_object", asked, ExpiresIn=60), b"given")
            expect_same(read(s3, bucket, f"given {name}"), b"given", "presigned PUT")


def copies(s3: Any, bucket: str) -> None:
    with step("copy"):
        source = {"Bucket": bucket, "Key": f"odd/{ODD_KEYS[7]}"}
        s3.copy_object(Bucket=bucket, Key="copy/ünï", CopySource=source)
        expect_same(read(s3, bucket, "copy/ünï"), ODD_KEYS[7].encode(), "copy")
        itself = {"Bucket": bucket, "Key": "small"}
        s3.copy_object(**itself, CopySource=itself, MetadataDirective="REPLACE", Metadata={"colour": "red"})
        expect_equal(s3.head_object(**itself)["Metadata"], {"colour": "red"}, "replaced metadata")
        refused(lambda: s3.copy_object(**itself, CopySource=itself), "InvalidRequest")
    with step("copy large, whole and in parts"):
        s3.copy_object(Bucket=bucket, Key="copy/whole", CopySource={"Bucket": bucket, "Key": "large"})
        expect_same(read(s3, bucket, "copy/whole"), BIG, "whole copy")
        s3.copy({"Bucket": bucket, "Key": "large"}, bucket, "copy/parts", Config=IN_PARTS)
        expect_same(read(s3, bucket, "copy/parts"), BIG, "copy in parts")


def multipart(s3: Any, bucket: str) -> None:
    named = {"Bucket": bucket, "Key": "by/hand"}
    with step("multipart by hand"):
        upload_id = s3.create_multipart_upload(**named, ContentType="text/x-parts")["UploadId"]
        parts = []
        for number, start in enumerate(range(0, LARGE, PART), 1):
            sent = s3.upload_part(**named, UploadId=upload_id, PartNumber=number, Body=BIG[start : start + PART])
            parts.append({"PartNumber": number, "ETag": sent["ETag"]})
        listed = s3.list_parts(**named, UploadId=upload_id)["Parts"]
        expect_equal([one["Size"] for one in listed], [PART, PART, LARGE - 2 * PART], "part sizes")
        open_uploads = s3.list_multipart_uploads(Bucket=bucket)["Uploads"]
        expect_equal([one["UploadId"] for one in open_uploads], [upload_id], "open uploads")
        s3.complete_multipart_upload(**named, UploadId=upload_id, MultipartUpload={"Parts": parts})
        expect_same(read(s3, bucket, "by/hand"), BIG, "by hand")
    with step("abort"):
        upload_id = s3.create_multipart_upload(**named)["UploadId"]
        s3.upload_part(**named, UploadId=upload_id, PartNumber=1, Body=b"never seen")
        s3.abort_multipart_upload(**named, UploadId=upload_id)
        refused(lambda: s3.list_parts(**named, UploadId=upload_id), "NoSuchUpload")


def tags(s3: Any, bucket: str) -> None:
    with step("tags"):
        wanted = [{"Key": "kind", "Value": "probe + co"}]
        s3.put_object_tagging(Bucket=bucket, Key="small", Tagging={"TagSet": wanted})
        expect_equal(s3.get_object_tagging(Bucket=bucket, Key="small")["TagSet"], wanted, "tags")
        s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": wanted})
        expect_equal(s3.get_bucket_tagging(Bucket=bucket)["TagSet"], wanted, "bucket tags")


def versions(s3: Any, bucket: str) -> None:
    named = {"Bucket": bucket, "Key": "versioned"}
    with step("versions"):
        s3.put_object(**named, Body=b"null")
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        expect_equal(s3.get_bucket_versioning(Bucket=bucket)["Status"], "Enabled", "versioning")
        first = s3.put_object(**named, Body=b"first")["VersionId"]
        second = s3.put_object(**named, Body=b"second")["VersionId"]
        marker = s3.delete_object(**named)
        expect(marker["DeleteMarker"], "a delete marker")
        refused(lambda: read(s3, bucket, "versioned"), "NoSuchKey")
        expect_same(read(s3, bucket, "versioned", VersionId=first), b"first", "first version")
        expect_same(read(s3, bucket, "versioned", VersionId="null"), b"null", "null version")
        told = s3.list_object_versions(Bucket=bucket, Prefix="versioned")
        expect_equal([one["VersionId"] for one in told["Versions"]], [second, first, "null"], "versions")
        expect_equal([one["VersionId"] for one in told["DeleteMarkers"]], [marker["VersionId"]], "markers")
        expect_equal(
            [one["IsLatest"] for one in told["Versions"] + told["DeleteMarkers"]], [False] * 3 + [True], "latest"
        )
        s3.delete_object(**named, VersionId=marker["VersionId"])
        expect_same(read(s3, bucket, "versioned"), b"second", "undeleted")


def remove(s3: Any, bucket: str) -> None:
    with step("delete everything"):
        for page in s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket):
            for one in page.get("Uploads", []):
                s3.abort_multipart_upload(Bucket=bucket, Key=one["Key"], UploadId=one["UploadId"])
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            found = page.get("Versions", []) + page.get("DeleteMarkers", [])
            named = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in found]
            told = s3.delete_objects(Bucket=bucket, Delete={"Objects": named}) if named else {}
            expect_equal(told.get("Errors", []), [], "errors of DeleteObjects")
    with step("remove bucket"):
        s3.delete_bucket(Bucket=bucket)
        refused(lambda: s3.head_bucket(Bucket=bucket), "404")


def refused(call: Any, code: str) -> None:
    try:
        call()
    except ClientError as error:
        expect_equal(error.response["Error"]["Code"], code, "error code")
        return
    raise AssertionError(f"{code} was expected, and the call succeeded")


if __name__ == "__main__":
    run(lifecycle)
