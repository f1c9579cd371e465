"""Encryption at rest over all operations that write and read objects: what goes in comes out, whatever the kind."""

from __future__ import annotations

import base64
import hashlib
import random
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.support.server import KMS_KEY, Server

KEY, OTHER_KEY = bytes(range(32)), bytes(32)
CUSTOMER = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": KEY}
STRANGER = CUSTOMER | {"SSECustomerKey": OTHER_KEY}
SOURCE = {f"CopySource{name}": value for name, value in CUSTOMER.items()}
CONTEXT = base64.b64encode(b'{"project": "x"}').decode()
KMS = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": KMS_KEY}
KINDS: dict[str, dict[str, Any]] = {
    "plain": {},
    "sse-s3": {"ServerSideEncryption": "AES256"},
    "kms": {"ServerSideEncryption": "aws:kms"},
    "kms-bucket-key": KMS | {"SSEKMSEncryptionContext": CONTEXT, "BucketKeyEnabled": True},
    "dsse": KMS | {"ServerSideEncryption": "aws:kms:dsse"},
    "sse-c": CUSTOMER,
}
SIZES = (0, 1, 1000, 65_520, 65_521, 300_000, 1_500_000)
CONTENT = random.Random(3).randbytes((6 << 20) + 1000)
PART = 5 << 20
HAS_MD5 = {"plain", "sse-s3"}


def reading(kind: str) -> dict[str, Any]:
    """What a read of an object of this kind has to bring."""
    return CUSTOMER if kind == "sse-c" else {}


def from_source(kind: str) -> dict[str, Any]:
    return SOURCE if kind == "sse-c" else {}


@pytest.fixture(scope="module")
def s3(private: Server) -> Any:
    return private.client()


@pytest.fixture
def bucket(private: Server) -> str:
    return private.make_bucket()


def get(s3: Any, bucket: str, key: str, kind: str, **other: Any) -> bytes:
    content: bytes = s3.get_object(Bucket=bucket, Key=key, **reading(kind), **other)["Body"].read()
    return content


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", KINDS)
def test_an_object(s3: Any, bucket: str, kind: str, size: int) -> None:
    content = CONTENT[:size]
    put = s3.put_object(Bucket=bucket, Key="k", Body=content, ChecksumAlgorithm="SHA256", **KINDS[kind])
    head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED", **reading(kind))
    assert head["ContentLength"] == size
    assert head["ETag"] == put["ETag"]
    assert (put["ETag"] == f'"{hashlib.md5(content).hexdigest()}"') == (kind in HAS_MD5)
    assert len(put["ETag"]) == 34
    assert head["ChecksumSHA256"] == base64.b64encode(hashlib.sha256(content).digest()).decode()
    assert get(s3, bucket, "k", kind) == content
    for start, stop in ((0, 1), (size // 3, size // 2), (size // 2, size), (size - 1, size)):
        if 0 <= start < stop <= size:
            assert get(s3, bucket, "k", kind, Range=f"bytes={start}-{stop - 1}") == content[start:stop]


@pytest.mark.parametrize("kind", KINDS)
def test_answers_tell_the_kind(s3: Any, bucket: str, kind: str) -> None:
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"x", **KINDS[kind])
    told = {name: value for name, value in KINDS[kind].items() if name != "SSECustomerKey"}
    if kind == "sse-c":
        told["SSECustomerKeyMD5"] = base64.b64encode(hashlib.md5(KEY).digest()).decode()
    if kind == "kms":
        told["SSEKMSKeyId"] = "arn:aws:kms:us-east-1:111111111111:alias/aws/s3"
    assert base64.b64decode(put.get("SSEKMSEncryptionContext", "")) in (b"", base64.b64decode(CONTEXT))
    for answer in (
        put,
        s3.head_object(Bucket=bucket, Key="k", **reading(kind)),
        s3.get_object(Bucket=bucket, Key="k", **reading(kind)),
        s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/k", **KINDS[kind], **from_source(kind)),
    ):
        for name, value in told.items():
            if name != "SSEKMSEncryptionContext":
                assert answer[name] == value
    if not told:
        assert not any("SSE" in name or "Encryption" in name for name in put)


@pytest.mark.parametrize("to", KINDS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_copy_of_any_kind_to_any(s3: Any, bucket: str, kind: str, to: str) -> None:
    content = CONTENT[:200_000]
    s3.put_object(Bucket=bucket, Key="k", Body=content, Metadata={"a": "b"}, Tagging="t=1", **KINDS[kind])
    copied = s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/k", **KINDS[to], **from_source(kind))
    s3.delete_object(Bucket=bucket, Key="k")
    assert get(s3, bucket, "copy", to) == content
    head = s3.head_object(Bucket=bucket, Key="copy", **reading(to))
    assert (head["Metadata"], head["ETag"]) == ({"a": "b"}, copied["CopyObjectResult"]["ETag"])
    assert s3.get_object_tagging(Bucket=bucket, Key="copy")["TagSet"] == [{"Key": "t", "Value": "1"}]
    if to in HAS_MD5:
        assert head["ETag"] == f'"{hashlib.md5(content).hexdigest()}"'


@pytest.mark.parametrize("kind", KINDS)
def test_a_copy_onto_itself_may_change_the_encryption(s3: Any, bucket: str, kind: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=CONTENT[:70_000], **KINDS[kind])
    s3.copy_object(Bucket=bucket, Key="k", CopySource=f"{bucket}/k", **KMS, **from_source(kind))
    assert get(s3, bucket, "k", "kms") == CONTENT[:70_000]
    assert s3.head_object(Bucket=bucket, Key="k")["ServerSideEncryption"] == "aws:kms"


@pytest.mark.parametrize("source", ["plain", "sse-s3", "sse-c"])
@pytest.mark.parametrize("kind", KINDS)
def test_an_upload_in_parts(s3: Any, bucket: str, kind: str, source: str) -> None:
    s3.put_object(Bucket=bucket, Key="source", Body=CONTENT, **KINDS[source])
    asked, place = reading(kind), {"Bucket": bucket, "Key": "k"}
    upload = s3.create_multipart_upload(**place, **KINDS[kind])["UploadId"]
    place |= {"UploadId": upload}
    s3.upload_part(**place, PartNumber=1, Body=b"thrown away", **asked)
    first = s3.upload_part(**place, PartNumber=1, Body=CONTENT[:PART], **asked)
    copied = s3.upload_part_copy(
        **place,
        PartNumber=2,
        CopySource=f"{bucket}/source",
        CopySourceRange=f"bytes=100-{PART + 99}",
        **asked,
        **from_source(source),
    )
    last = s3.upload_part(**place, PartNumber=3, Body=b"end", **asked)
    etags = [first["ETag"], copied["CopyPartResult"]["ETag"], last["ETag"]]
    assert (etags[2] == f'"{hashlib.md5(b"end").hexdigest()}"') == (kind in HAS_MD5)
    parts = [{"PartNumber": number, "ETag": etag} for number, etag in enumerate(etags, 1)]
    s3.complete_multipart_upload(**place, MultipartUpload={"Parts": parts})
    s3.delete_object(Bucket=bucket, Key="source")
    whole = CONTENT[:PART] + CONTENT[100 : PART + 100] + b"end"
    assert get(s3, bucket, "k", kind) == whole
    assert get(s3, bucket, "k", kind, PartNumber=2) == whole[PART : 2 * PART]
    assert get(s3, bucket, "k", kind, Range=f"bytes={PART - 70_000}-{PART + 9}") == whole[PART - 70_000 : PART + 10]
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/k", **KINDS[kind], **from_source(kind))
    assert get(s3, bucket, "copy", kind, Range=f"bytes={PART - 9}-{PART + 9}") == whole[PART - 9 : PART + 10]


def test_a_form(s3: Any, bucket: str, private: Server) -> None:
    """The fields of a form are its headers, and the bucket's default is for forms too."""
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    for fields, kind in (({}, "AES256"), ({"x-amz-server-side-encryption": "aws:kms"}, "aws:kms")):
        form = s3.generate_presigned_post(
            bucket, "k", Fields=dict(fields), Conditions=[{name: value} for name, value in fields.items()]
        )
        lines = [f'--b\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in form["fields"].items()]
        lines.append('--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\ncontent\r\n--b--\r\n')
        headers = {"content-type": "multipart/form-data; boundary=b", "host": private.endpoint.partition("//")[2]}
        answer = private.send("POST", f"/{bucket}", headers, "".join(lines).encode())
        assert answer.status == 204
        assert answer.headers["x-amz-server-side-encryption"] == kind
        assert s3.head_object(Bucket=bucket, Key="k")["ServerSideEncryption"] == kind
        assert get(s3, bucket, "k", kind) == b"content"


# --- customers' keys: rows O1 to O5 of the list of bad inputs ---


@pytest.fixture
def held(s3: Any, bucket: str) -> str:
    s3.put_object(Bucket=bucket, Key="k", Body=b"content", **CUSTOMER)
    s3.put_object(Bucket=bucket, Key="plain", Body=b"plain")
    return bucket


def refused(call: Any, **arguments: Any) -> tuple[int, str]:
    with pytest.raises(ClientError) as refusal:
        call(**arguments)
    answer = refusal.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]


def spelled_out(customer: dict[str, Any], digest: bytes | None = None) -> dict[str, Any]:
    """As it goes over the wire, for operations that boto3 does not do it for; with this MD5 where there is one."""
    if not customer:
        return {}
    key = customer["SSECustomerKey"]
    digest = hashlib.md5(key).digest() if digest is None else digest
    texts = {"SSECustomerKey": key, "SSECustomerKeyMD5": digest}
    return customer | {name: base64.b64encode(value).decode() for name, value in texts.items()}


def reads(s3: Any, bucket: str, key: str, customer: dict[str, Any]) -> list[tuple[int, str]]:
    """What each operation that reads says to this key."""
    place = {"Bucket": bucket, "Key": key}
    source = {f"CopySource{name}": value for name, value in customer.items()}
    upload = s3.create_multipart_upload(Bucket=bucket, Key="up")["UploadId"]
    copies = {"Bucket": bucket, "CopySource": f"{bucket}/{key}", **source}
    return [
        refused(s3.get_object, **place, **customer),
        refused(s3.get_object, **place, Range="bytes=0-1", **customer),
        refused(s3.head_object, **place, **customer),
        refused(s3.get_object_attributes, **place, ObjectAttributes=["ETag"], **spelled_out(customer)),
        refused(s3.copy_object, Key="copy", **copies),
        refused(s3.upload_part_copy, Key="up", UploadId=upload, PartNumber=1, **copies),
    ]


def test_o1_another_key(s3: Any, held: str) -> None:
    answers = reads(s3, held, "k", STRANGER)
    assert {status for status, _ in answers} == {403}
    assert {code for _, code in answers} == {"AccessDenied", "403"}


def test_o2_no_key(s3: Any, held: str) -> None:
    answers = reads(s3, held, "k", {})
    assert {status for status, _ in answers} == {400}
    assert {code for _, code in answers} == {"InvalidRequest", "400"}


def test_a_key_for_what_has_none(s3: Any, held: str) -> None:
    answers = reads(s3, held, "plain", CUSTOMER)
    assert {status for status, _ in answers} == {400}
    assert {code for _, code in answers} == {"InvalidRequest", "400"}


def test_a_key_that_is_not_its_md5s(s3: Any, held: str) -> None:
    wrong = spelled_out(CUSTOMER, bytes(16))
    assert refused(s3.get_object, Bucket=held, Key="k", **wrong) == (400, "InvalidArgument")
    assert refused(s3.put_object, Bucket=held, Key="new", Body=b"x", **wrong) == (400, "InvalidArgument")
    assert "new" not in [entry["Key"] for entry in s3.list_objects_v2(Bucket=held)["Contents"]]


def test_o4_keys_over_plain_http(server: Server) -> None:
    s3, bucket = server.client(), server.make_bucket()
    for call in (s3.put_object, s3.get_object, s3.create_multipart_upload):
        assert refused(call, Bucket=bucket, Key="k", **CUSTOMER) == (400, "InvalidRequest")


def test_o5_parts_with_another_key(s3: Any, held: str) -> None:
    place = {"Bucket": held, "Key": "parts"}
    upload = place | {"UploadId": s3.create_multipart_upload(**place, **CUSTOMER)["UploadId"]}
    for customer in (STRANGER, {}):
        assert refused(s3.upload_part, **upload, PartNumber=1, Body=b"x", **customer) == (400, "InvalidRequest")
        copied = {"PartNumber": 1, "CopySource": f"{held}/plain"}
        assert refused(s3.upload_part_copy, **upload, **copied, **customer) == (400, "InvalidRequest")
    part = s3.upload_part(**upload, PartNumber=1, Body=b"x", **CUSTOMER)
    parts = {"MultipartUpload": {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}}
    assert refused(s3.complete_multipart_upload, **upload, **parts, **STRANGER) == (400, "InvalidRequest")
    s3.complete_multipart_upload(**upload, **parts)
    assert get(s3, held, "parts", "sse-c") == b"x"
    plain = place | {"UploadId": s3.create_multipart_upload(**place)["UploadId"]}
    assert refused(s3.upload_part, **plain, PartNumber=1, Body=b"x", **CUSTOMER) == (400, "InvalidRequest")


def test_attributes_with_the_key(s3: Any, held: str) -> None:
    answer = s3.get_object_attributes(
        Bucket=held, Key="k", ObjectAttributes=["ObjectSize", "Checksum"], **spelled_out(CUSTOMER)
    )
    assert answer["ObjectSize"] == 7
    assert answer["Checksum"]["ChecksumType"] == "FULL_OBJECT"


@pytest.mark.parametrize("size", [7, 200_000])
def test_a_copy_under_another_customers_key(s3: Any, bucket: str, size: int) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=CONTENT[:size], **CUSTOMER)
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/k", **STRANGER, **SOURCE)
    assert refused(s3.get_object, Bucket=bucket, Key="copy", **CUSTOMER) == (403, "AccessDenied")
    assert s3.get_object(Bucket=bucket, Key="copy", **STRANGER)["Body"].read() == CONTENT[:size]
    assert get(s3, bucket, "k", "sse-c") == CONTENT[:size]


def test_what_needs_no_key(s3: Any, held: str) -> None:
    s3.put_object_tagging(Bucket=held, Key="k", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    assert get(s3, held, "k", "sse-c") == b"content"
    assert [entry["Key"] for entry in s3.list_objects_v2(Bucket=held)["Contents"]] == ["k", "plain"]
    s3.delete_object(Bucket=held, Key="k")


def test_conditions_hold(s3: Any, held: str) -> None:
    etag = s3.head_object(Bucket=held, Key="k", **CUSTOMER)["ETag"]
    assert refused(s3.get_object, Bucket=held, Key="k", IfNoneMatch=etag, **CUSTOMER) == (304, "304")
    assert refused(s3.put_object, Bucket=held, Key="k", Body=b"x", IfNoneMatch="*", **CUSTOMER)[0] == 412
    assert get(s3, held, "k", "sse-c") == b"content"


def test_reads_choose_no_encryption(server: Server, bucket: str, held: str, private: Server) -> None:
    headers = {"x-amz-server-side-encryption": "AES256"}
    for method in ("GET", "HEAD"):
        assert private.ask(method, f"/{held}/plain", headers).status == 400
    assert private.ask("GET", f"/{held}/plain", headers).code == "InvalidArgument"


def test_md5_that_the_client_sends_is_held_to(s3: Any, bucket: str) -> None:
    wrong = base64.b64encode(bytes(16)).decode()
    assert refused(s3.put_object, Bucket=bucket, Key="k", Body=b"x", ContentMD5=wrong, **KMS) == (400, "BadDigest")
    right = base64.b64encode(hashlib.md5(b"x").digest()).decode()
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", ContentMD5=right, **KMS)
    assert get(s3, bucket, "k", "kms") == b"x"
