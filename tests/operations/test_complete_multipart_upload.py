"""CompleteMultipartUpload."""

from __future__ import annotations

import base64
import hashlib
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from tests.support.server import STRANGER, Answer, Server

from trug.domain.versioning import Versioning

MIB = 1 << 20
FIRST = b"a" * (5 * MIB)
LAST = b"b" * 1000


class Begun(NamedTuple):
    """An upload with its parts."""

    bucket: str
    id: str
    parts: list[dict[str, Any]]

    def complete(self, server: Server, body: bytes | None = None, headers: dict[str, str] | None = None) -> Answer:
        target = f"/{self.bucket}/key?uploadId={self.id}"
        return server.ask("POST", target, headers, document(*self.parts) if body is None else body)


def document(*parts: dict[str, Any]) -> bytes:
    inside = "".join(
        f"<Part>{''.join(f'<{name}>{value}</{name}>' for name, value in part.items())}</Part>" for part in parts
    )
    return f"<CompleteMultipartUpload>{inside}</CompleteMultipartUpload>".encode()


def begin(s3: Any, bucket: str, *contents: bytes, **options: str) -> Begun:
    upload = s3.create_multipart_upload(Bucket=bucket, Key="key", **options)["UploadId"]
    parts = []
    for number, content in enumerate(contents, 1):
        made = s3.upload_part(Bucket=bucket, Key="key", UploadId=upload, PartNumber=number, Body=content)
        parts.append({"PartNumber": number, "ETag": made["ETag"]})
    return Begun(bucket, upload, parts)


def etag_of(*contents: bytes) -> str:
    digests = b"".join(hashlib.md5(content).digest() for content in contents)
    return f'"{hashlib.md5(digests).hexdigest()}-{len(contents)}"'


def test_makes_one_object(server: Server, s3: Any, bucket: str) -> None:
    answer = begin(s3, bucket, FIRST, LAST).complete(server)
    assert (answer.status, answer.texts("ETag")) == (200, [etag_of(FIRST, LAST)])
    assert (answer.texts("Bucket"), answer.texts("Key")) == ([bucket], ["key"])
    assert answer.texts("Location") == [f"{server.endpoint}/{bucket}/key"]
    found = s3.get_object(Bucket=bucket, Key="key")
    assert found["Body"].read() == FIRST + LAST
    assert found["ETag"] == etag_of(FIRST, LAST)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


def test_location_is_a_url(server: Server, s3: Any, bucket: str) -> None:
    upload = s3.create_multipart_upload(Bucket=bucket, Key="a b&c")["UploadId"]
    etag = s3.upload_part(Bucket=bucket, Key="a b&c", UploadId=upload, PartNumber=1, Body=b"1")["ETag"]
    body = document({"PartNumber": 1, "ETag": etag})
    answer = server.ask("POST", f"/{bucket}/a%20b%26c?uploadId={upload}", {}, body)
    (location,) = answer.texts("Location")
    assert urlsplit(location).path == f"/{bucket}/a%20b%26c"


def test_parts_left_out_are_gone(server: Server, s3: Any, bucket: str) -> None:
    begun = begin(s3, bucket, FIRST, LAST, b"c")
    answer = begun.complete(server, document(begun.parts[0], begun.parts[2]))
    assert answer.texts("ETag") == [etag_of(FIRST, b"c")]
    assert s3.get_object(Bucket=bucket, Key="key")["Body"].read() == FIRST + b"c"
    assert s3.get_object(Bucket=bucket, Key="key", PartNumber=3)["Body"].read() == b"c"
    assert server.ask("GET", f"/{bucket}/key?partNumber=2").code == "InvalidPartNumber"


def test_trap_20_repeated(server: Server, s3: Any, bucket: str) -> None:
    begun = begin(s3, bucket, FIRST, LAST)
    first, second = begun.complete(server), begun.complete(server)
    assert (second.status, second.texts("ETag")) == (200, first.texts("ETag"))
    assert begun.complete(server, document(begun.parts[0])).code == "NoSuchUpload"


def test_trap_20_at_once(server: Server, s3: Any, versioned: str) -> None:
    begun = begin(s3, versioned, b"1")
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: begun.complete(server), range(8)))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.headers["x-amz-version-id"] for answer in answers}) == 1
    assert len(s3.list_object_versions(Bucket=versioned)["Versions"]) == 1


def test_versions(server: Server, s3: Any, versioned: str) -> None:
    answer = begin(s3, versioned, b"1").complete(server)
    version = answer.headers["x-amz-version-id"]
    assert s3.get_object(Bucket=versioned, Key="key", VersionId=version)["Body"].read() == b"1"
    server.set_versioning(versioned, Versioning.SUSPENDED)
    assert "x-amz-version-id" not in begin(s3, versioned, b"2").complete(server).headers


def crc32(content: bytes) -> str:
    return base64.b64encode(zlib.crc32(content).to_bytes(4, "big")).decode()


def test_checksum_of_the_full_object(server: Server, s3: Any, bucket: str) -> None:
    begun = begin(s3, bucket, FIRST, LAST, ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")
    value = crc32(FIRST + LAST)
    wrong = begun.complete(server, headers={"x-amz-checksum-crc32": crc32(LAST)})
    assert wrong.code == "BadDigest"
    headers = {"x-amz-checksum-crc32": value, "x-amz-checksum-type": "FULL_OBJECT"}
    answer = begun.complete(server, headers=headers)
    assert (answer.texts("ChecksumCRC32"), answer.texts("ChecksumType")) == ([value], ["FULL_OBJECT"])
    found = s3.head_object(Bucket=bucket, Key="key", ChecksumMode="ENABLED")
    assert (found["ChecksumCRC32"], found["ChecksumType"]) == (value, "FULL_OBJECT")


def test_trap_11_composite_checksum(server: Server, s3: Any, bucket: str) -> None:
    begun = begin(s3, bucket, FIRST, LAST, ChecksumAlgorithm="CRC32")
    digests = b"".join(zlib.crc32(content).to_bytes(4, "big") for content in (FIRST, LAST))
    parts = [part | {"ChecksumCRC32": crc32(content)} for part, content in zip(begun.parts, (FIRST, LAST), strict=True)]
    answer = begun.complete(server, document(*parts))
    assert answer.texts("ChecksumCRC32")[-1] == f"{crc32(digests)}-2"
    assert answer.texts("ChecksumType") == ["COMPOSITE"]


def test_without_a_checksum_crc64nvme_of_the_full_object(server: Server, s3: Any, bucket: str) -> None:
    plain = server.client(request_checksum_calculation="when_required")
    begun = begin(plain, bucket, FIRST, LAST)
    answer = begun.complete(server)
    s3.put_object(Bucket=bucket, Key="whole", Body=FIRST + LAST, ChecksumAlgorithm="CRC64NVME")
    whole = s3.head_object(Bucket=bucket, Key="whole", ChecksumMode="ENABLED")
    assert answer.texts("ChecksumCRC64NVME") == [whole["ChecksumCRC64NVME"]]
    assert answer.texts("ChecksumType") == ["FULL_OBJECT"]


def test_boto3_uploads_a_file(s3: Any, bucket: str, tmp_path: Any) -> None:
    content = bytes(range(256)) * (4 << 14)
    path = tmp_path / "file"
    path.write_bytes(content)
    s3.upload_file(str(path), bucket, "key")
    assert s3.get_object(Bucket=bucket, Key="key")["Body"].read() == content
    assert s3.head_object(Bucket=bucket, Key="key")["ETag"].endswith('-2"')


GOOD = {"PartNumber": 1, "ETag": '"c4ca4238a0b923820dcc509a6f75849b"'}
BAD = {
    "H8 nothing": (b"", "InvalidRequest"),
    "H12 no parts": (document(), "MalformedXML"),
    "H12 10,001 parts": (document(*(GOOD for _ in range(10_001))), "MalformedXML"),
    "H14 cut off": (document(GOOD)[:-10], "MalformedXML"),
    "H2 entity": (b"<!DOCTYPE a []>" + document(GOOD), "MalformedXML"),
    "no ETag": (document({"PartNumber": 1}), "MalformedXML"),
    "no number": (document({"ETag": "x"}), "MalformedXML"),
    "J2 part 0": (document(GOOD | {"PartNumber": 0}), "InvalidArgument"),
    "J2 part 10,001": (document(GOOD | {"PartNumber": 10_001}), "InvalidArgument"),
    "J4 wrong ETag": (document(GOOD | {"ETag": "0" * 32}), "InvalidPart"),
    "J4 missing part": (document(GOOD, GOOD | {"PartNumber": 2}), "InvalidPart"),
    "trap 21 order": (document(GOOD | {"PartNumber": 2}, GOOD), "InvalidPartOrder"),
    "trap 21 twice": (document(GOOD, GOOD), "InvalidPartOrder"),
}


@pytest.mark.parametrize(("body", "code"), BAD.values(), ids=BAD.keys())
def test_refuses_documents(server: Server, s3: Any, bucket: str, body: bytes, code: str) -> None:
    begun = begin(s3, bucket, b"1")
    assert begun.complete(server, body).code == code
    assert server.ask("HEAD", f"/{bucket}/key").status == 404
    assert begun.complete(server).status == 200


HEADERS = {
    "J13 size": ({"x-amz-mp-object-size": "2"}, "InvalidRequest"),
    "size that is none": ({"x-amz-mp-object-size": "many"}, "InvalidArgument"),
    "I9 If-None-Match": ({"If-None-Match": '"a"'}, "NotImplemented"),
    "If-Match on nothing": ({"If-Match": '"a"'}, "NoSuchKey"),
    "J12 another algorithm": ({"x-amz-checksum-sha1": base64.b64encode(bytes(20)).decode()}, "InvalidRequest"),
    "J12 another type": ({"x-amz-checksum-type": "COMPOSITE"}, "InvalidRequest"),
    "J12 no type": ({"x-amz-checksum-type": "HALF"}, "InvalidRequest"),
    "two checksums": ({"x-amz-checksum-crc32": "AAAAAA==", "x-amz-checksum-crc32c": "AAAAAA=="}, "InvalidRequest"),
    "checksum that is none": ({"x-amz-checksum-crc32": "?"}, "InvalidRequest"),
    "customer's key": ({"x-amz-server-side-encryption-customer-algorithm": "AES256"}, "InvalidRequest"),
}


@pytest.mark.parametrize(("headers", "code"), HEADERS.values(), ids=HEADERS.keys())
def test_refuses_headers(server: Server, s3: Any, bucket: str, headers: dict[str, str], code: str) -> None:
    begun = begin(s3, bucket, b"1", ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")
    assert begun.complete(server, headers=headers).code == code
    assert server.ask("HEAD", f"/{bucket}/key").status == 404
    assert begun.complete(server, headers={"x-amz-mp-object-size": "1"}).status == 200


def test_j5_small_parts(server: Server, s3: Any, bucket: str) -> None:
    answer = begin(s3, bucket, FIRST[:-1], LAST).complete(server)
    assert (answer.code, answer.texts("PartNumber")) == ("EntityTooSmall", ["1"])


def test_j6_a_part_uploaded_again(server: Server, s3: Any, bucket: str) -> None:
    begun = begin(s3, bucket, b"1")
    s3.upload_part(Bucket=bucket, Key="key", UploadId=begun.id, PartNumber=1, Body=b"2")
    assert begun.complete(server).code == "InvalidPart"


def test_trap_17_conditions(server: Server, s3: Any, bucket: str) -> None:
    begun = begin(s3, bucket, b"1")
    etag = s3.put_object(Bucket=bucket, Key="key", Body=b"0")["ETag"]
    assert begun.complete(server, headers={"If-None-Match": "*"}).code == "PreconditionFailed"
    assert begun.complete(server, headers={"If-Match": '"a"'}).code == "PreconditionFailed"
    assert begun.complete(server, headers={"If-Match": etag}).status == 200
    unknown = Begun(bucket, "unknown", begun.parts)
    assert unknown.complete(server, headers={"If-None-Match": "*"}).code == "NoSuchUpload"


def test_j1_uploads_that_are_not_there(server: Server, s3: Any, bucket: str) -> None:
    begun = begin(s3, bucket, b"1")
    other = server.ask("POST", f"/{bucket}/other?uploadId={begun.id}", {}, document(*begun.parts))
    assert other.code == "NoSuchUpload"
    s3.abort_multipart_upload(Bucket=bucket, Key="key", UploadId=begun.id)
    assert begun.complete(server).code == "NoSuchUpload"


def test_who_may(server: Server, s3: Any, bucket: str) -> None:
    begun = begin(s3, bucket, b"1")
    answer = server.ask("POST", f"/{bucket}/key?uploadId={begun.id}", {}, document(*begun.parts), keys=STRANGER)
    assert answer.code == "AccessDenied"
