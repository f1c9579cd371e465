"""What lies on disk of encrypted objects, read from the files, the log and the database of a real server."""

from __future__ import annotations

import base64
import hashlib
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus, urlencode

import boto3
import pytest
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError, ResponseStreamingError
from tests.support.client import DEV
from tests.support.processes import ServerProcess, run, serving

from trug.domain.blocks import Tally

MARK = b"<<PLAINTEXT that nobody may read on disk>>"
CUSTOMERS_KEY = b"a customers key of 32 bytes long"
CUSTOMER = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": CUSTOMERS_KEY}
KINDS: dict[str, dict[str, Any]] = {
    "sse-s3": {"ServerSideEncryption": "AES256"},
    "kms": {"ServerSideEncryption": "aws:kms", "BucketKeyEnabled": True},
    "dsse": {"ServerSideEncryption": "aws:kms:dsse"},
    "sse-c": CUSTOMER,
}
SIZES = {"small": 4_000, "file": 100_000, "large": 1_500_000}
OPTIONS = ["--sse-c-over-http"]


def content_of(size: int) -> bytes:
    return (MARK * (size // len(MARK) + 1))[:size]


def client(server: ServerProcess) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=server.url,
        region_name="us-east-1",
        aws_access_key_id=DEV.access_key,
        aws_secret_access_key=DEV.secret_key,
        config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
    )


def reading(kind: str) -> dict[str, Any]:
    return CUSTOMER if kind == "sse-c" else {}


def write_all(s3: Any, kind: str) -> None:
    """Objects of all sizes, a copy of a plain one, an upload that was completed and one that was not."""
    bucket, asked = kind, KINDS[kind]
    s3.create_bucket(Bucket=bucket)
    for name, size in SIZES.items():
        s3.put_object(Bucket=bucket, Key=name, Body=content_of(size), **asked)
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/large", **asked, **as_source(kind))
    for key in ("parts", "left"):
        place = {"Bucket": bucket, "Key": key}
        place |= {"UploadId": s3.create_multipart_upload(**place, **asked)["UploadId"]}
        part = s3.upload_part(**place, PartNumber=1, Body=content_of(SIZES["file"]), **reading(kind))
        if key == "parts":
            parts = [{"PartNumber": 1, "ETag": part["ETag"]}]
            s3.complete_multipart_upload(**place, MultipartUpload={"Parts": parts})


def as_source(kind: str) -> dict[str, Any]:
    return {f"CopySource{name}": value for name, value in reading(kind).items()}


def check_all(s3: Any, kind: str) -> None:
    for key, size in (*SIZES.items(), ("copy", SIZES["large"]), ("parts", SIZES["file"])):
        answer = s3.get_object(Bucket=kind, Key=key, **reading(kind))
        assert answer["Body"].read() == content_of(size), (kind, key)


def files_with(directory: Path, text: bytes) -> list[str]:
    """The files in a folder that hold these bytes."""
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*") if _holds(path, text))


def _holds(path: Path, text: bytes) -> bool:
    return path.is_file() and text in path.read_bytes()


def get_with_key_in_query(server: ServerProcess) -> bytes:
    """As a presigned URL may carry a customer's key: its query is in the access log."""
    values = {
        "algorithm": "AES256",
        "key": base64.b64encode(CUSTOMERS_KEY).decode(),
        "key-MD5": base64.b64encode(hashlib.md5(CUSTOMERS_KEY).digest()).decode(),
    }
    query = urlencode({f"x-amz-server-side-encryption-customer-{name}": value for name, value in values.items()})
    request = AWSRequest("GET", f"{server.url}/sse-c/small?{query}")
    S3SigV4QueryAuth(DEV, "s3", "us-east-1", expires=60).add_auth(request)
    with urllib.request.urlopen(request.url, timeout=30) as answer:
        content: bytes = answer.read()
    return content


def test_what_lies_on_disk_is_ciphertext(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with serving(tmp_path, OPTIONS) as server:
        s3 = client(server)
        for kind in KINDS:
            write_all(s3, kind)
        assert (data / "trug.db-wal").stat().st_size > 0
        assert files_with(data, MARK) == []
        assert get_with_key_in_query(server) == content_of(SIZES["small"])
        server.terminate()
    for spelling in (
        CUSTOMERS_KEY,
        base64.b64encode(CUSTOMERS_KEY),
        quote_plus(base64.b64encode(CUSTOMERS_KEY)).encode(),
        CUSTOMERS_KEY.hex().encode(),
        hashlib.sha256(CUSTOMERS_KEY).digest(),
        MARK,
    ):
        assert files_with(tmp_path, spelling) == []
    with serving(tmp_path, OPTIONS) as server:
        s3 = client(server)
        for kind in KINDS:
            check_all(s3, kind)
        s3.create_bucket(Bucket="plain")
        for name, size in SIZES.items():
            s3.put_object(Bucket="plain", Key=name, Body=content_of(size))
        server.terminate()
    assert len(files_with(data, MARK)) >= 2, "the search finds what is there"
    checked = run(tmp_path, "fsck", "--dir", str(data))
    assert (checked.returncode, "0 findings" in checked.stdout) == (0, True), checked.stdout
    assert (data / "keys" / "kms.json").stat().st_mode & 0o777 == 0o600


def test_rotation_touches_no_object(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with serving(tmp_path, OPTIONS) as server:
        s3 = client(server)
        for kind in KINDS:
            write_all(s3, kind)
        before = stored(data)
        for name in ("sse-s3", "aws/s3"):
            rotated = run(tmp_path, "kms", "rotate", "--dir", str(data), name)
            assert "versions=2" in rotated.stdout, rotated
            assert "rewrapped=0" not in rotated.stdout
            again = run(tmp_path, "kms", "rewrap", "--dir", str(data), name)
            assert "rewrapped=0" in again.stdout, again
        for kind in KINDS:
            check_all(s3, kind)
        assert stored(data) == before
        server.terminate()
    keys = data / "keys" / "kms.json"
    first_versions = keys.read_bytes()
    with serving(tmp_path, OPTIONS) as server:
        for kind in KINDS:
            check_all(client(server), kind)
    assert keys.read_bytes() == first_versions


def stored(data: Path) -> dict[str, bytes]:
    """The digests of all files of blobs."""
    return {str(path): hashlib.sha256(path.read_bytes()).digest() for path in (data / "blobs").glob("*/*")}


# --- O6: what somebody else does to the files ---


def resealed(blob: int, content: bytes) -> bytes:
    """A file with right checksums of its own: who swaps ciphertext can compute them."""
    tally = Tally(blob)
    tally.update(content)
    return content + tally.footer()


def number_of(path: Path) -> int:
    return int(path.parent.name) * 4096 + int(path.name)


def swap(first: Path, second: Path, size: int) -> None:
    one, other = (path.read_bytes()[:size] for path in (first, second))
    first.write_bytes(resealed(number_of(first), other))
    second.write_bytes(resealed(number_of(second), one))


def swap_segments(first: Path, _: Path, size: int) -> None:
    content = first.read_bytes()[:size]
    segments = [content[place : place + 65_536] for place in range(0, size, 65_536)]
    segments[0], segments[1] = segments[1], segments[0]
    first.write_bytes(resealed(number_of(first), b"".join(segments)))


def bend(first: Path, _: Path, size: int) -> None:
    content = bytearray(first.read_bytes()[:size])
    content[70_000] ^= 1
    first.write_bytes(resealed(number_of(first), content))


@contextmanager
def two_blobs(tmp_path: Path, size: int) -> Iterator[tuple[Any, list[Path]]]:
    with serving(tmp_path, OPTIONS) as server:
        s3 = client(server)
        s3.create_bucket(Bucket="bucket")
        for key, content in (("first", b"1" * size), ("second", b"2" * size)):
            s3.put_object(Bucket="bucket", Key=key, Body=content, ServerSideEncryption="AES256")
        yield s3, sorted((tmp_path / "data" / "blobs").glob("*/*"), key=number_of)


@pytest.mark.parametrize("tamper", [swap, swap_segments, bend])
def test_o6_ciphertext_that_is_not_this_objects(tmp_path: Path, tamper: Callable[[Path, Path, int], None]) -> None:
    size = 200_000
    with two_blobs(tmp_path, size) as (s3, (first, second)):
        tamper(first, second, first.stat().st_size - (4 * 4 + 21))
        with pytest.raises((ClientError, HTTPClientError, ResponseStreamingError)) as refused:
            s3.get_object(Bucket="bucket", Key="first")["Body"].read()
        if isinstance(refused.value, ClientError):
            assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
