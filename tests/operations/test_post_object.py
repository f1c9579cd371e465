"""PostObject: uploads by HTML form."""

from __future__ import annotations

import base64
import hashlib
import http.client
import io
import shutil
import subprocess
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError
from tests.support.forms import BOUNDARY, CONTENT_TYPE, END, expiring, form, part, signed, signed_v2
from tests.support.server import ROOT, SECONDS, STRANGER, USER, Answer, Server

KEY = {"key": "a/b c"}
MD5 = hashlib.md5(b"content").hexdigest()


def post(server: Server, target: str, body: bytes, headers: Mapping[str, str] | None = None) -> Answer:
    return server.send("POST", target, {"Content-Type": CONTENT_TYPE, **(headers or {})}, body)


def upload(
    server: Server,
    bucket: str,
    fields: Mapping[str, str] = KEY,
    conditions: Iterable[Any] = (),
    *,
    content: bytes = b"content",
    filename: str = "a.txt",
    keys: tuple[str, str] = ROOT,
) -> Answer:
    """Post a form whose policy demands exactly these fields, and ``conditions``."""
    every = [{"bucket": bucket}, *({name: value} for name, value in fields.items()), *conditions]
    return post(server, f"/{bucket}", form(signed(keys, fields, every), content, filename))


def stored(s3: Any, bucket: str) -> list[str]:
    return [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket).get("Contents", ())]


def encoded_word(text: str) -> str:
    """Text as metadata comes back when it is not ASCII."""
    return f"=?UTF-8?B?{base64.b64encode(text.encode()).decode()}?="


# --- what it does ---


def test_stores_the_file(server: Server, s3: Any, bucket: str) -> None:
    answer = upload(server, bucket)
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["etag"] == f'"{MD5}"'
    assert answer.headers["location"] == f"{server.endpoint}/{bucket}/a%2Fb%20c"
    assert answer.headers["x-amz-checksum-crc64nvme"]
    found = s3.get_object(Bucket=bucket, Key="a/b c")
    assert (found["Body"].read(), found["ContentType"]) == (b"content", "binary/octet-stream")


def test_locks_the_file(server: Server, s3: Any) -> None:
    bucket = server.make_bucket(locks=True)
    lock = {
        "x-amz-object-lock-mode": "GOVERNANCE",
        "x-amz-object-lock-retain-until-date": "2100-01-01T00:00:00Z",
        "x-amz-object-lock-legal-hold": "ON",
    }
    assert upload(server, bucket, {**KEY, **lock}).status == 204
    head = s3.head_object(Bucket=bucket, Key="a/b c")
    assert (head["ObjectLockMode"], head["ObjectLockLegalHoldStatus"]) == ("GOVERNANCE", "ON")
    del lock["x-amz-object-lock-mode"]
    assert upload(server, bucket, {**KEY, **lock}).code == "InvalidArgument"


@pytest.mark.parametrize("addressing", ["path", "virtual"])
def test_addresses(server: Server, s3: Any, bucket: str, addressing: str) -> None:
    body = form(signed(ROOT, {**KEY, "success_action_status": "201"}, bucket=bucket))
    if addressing == "path":
        answer, base = post(server, f"/{bucket}/", body), f"{server.endpoint}/{bucket}"
    else:
        answer, base = post(server, "/", body, {"Host": f"{bucket}.s3.test"}), f"http://{bucket}.s3.test"
    assert answer.status == 201
    assert answer.texts("Location") == [answer.headers["location"]] == [f"{base}/a%2Fb%20c"]
    assert stored(s3, bucket) == ["a/b c"]


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_boto3(server: Server, s3: Any, bucket: str, version: str) -> None:
    presigned = server.client(signature_version=version).generate_presigned_post(
        bucket,
        "user/${filename}",
        Fields={"acl": "private", "Content-Type": "image/png", "x-amz-meta-Name": "ü"},
        Conditions=[
            {"acl": "private"},
            ["starts-with", "$Content-Type", "image/"],
            ["starts-with", "$x-amz-meta-Name", ""],
        ],
    )
    target = urlsplit(presigned["url"]).path
    answer = post(server, target, form(presigned["fields"], b"\x89PNG", "me.png"))
    assert answer.status == 204
    found = s3.get_object(Bucket=bucket, Key="user/me.png")
    assert (found["Body"].read(), found["ContentType"], found["Metadata"]) == (
        b"\x89PNG",
        "image/png",
        {"name": encoded_word("ü")},
    )


def test_version_2(server: Server, s3: Any, bucket: str) -> None:
    conditions = [
        {"bucket": bucket},
        ["starts-with", "$key", "a"],
        {"acl": "private"},
    ]
    fields = signed_v2(USER, {**KEY, "acl": "private"}, conditions)
    assert post(server, f"/{bucket}", form(fields)).status == 204
    assert stored(s3, bucket) == ["a/b c"]


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl here")
def test_curl(server: Server, s3: Any, bucket: str, tmp_path: Path) -> None:
    """As a browser would: the client's own encoding of the form, streamed from a file."""
    content = bytes(range(256)) * 5000 + b"\r\n--" + BOUNDARY.encode()
    (tmp_path / "two words.bin").write_bytes(content)
    presigned = s3.generate_presigned_post(bucket, "up/${filename}", Conditions=[["content-length-range", 1, 10**7]])
    fields = [text for name, value in presigned["fields"].items() for text in ("--form-string", f"{name}={value}")]
    command = ["curl", "-sS", "-w", "%{http_code}", *fields, "-F", "file=@two words.bin", presigned["url"]]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS, check=True)
    assert done.stdout == "204"
    assert s3.get_object(Bucket=bucket, Key="up/two words.bin")["Body"].read() == content


@pytest.mark.parametrize("size", [0, 1, 16 << 10, (16 << 10) + 1, 200_000, 300_000, 5_000_000])
def test_sizes(server: Server, s3: Any, bucket: str, size: int) -> None:
    content = bytes(range(251)) * (size // 251 + 1)
    answer = upload(server, bucket, content=content[:size])
    assert answer.headers["etag"] == f'"{hashlib.md5(content[:size]).hexdigest()}"'
    assert s3.get_object(Bucket=bucket, Key="a/b c")["Body"].read() == content[:size]


def test_versions(server: Server, s3: Any, versioned: str) -> None:
    ids = [upload(server, versioned).headers["x-amz-version-id"] for _ in range(2)]
    assert len({*ids}) == 2
    assert s3.head_object(Bucket=versioned, Key="a/b c")["VersionId"] == ids[1]


def test_what_an_object_carries(server: Server, s3: Any, bucket: str) -> None:
    fields = {
        **KEY,
        "Cache-Control": "no-cache",
        "Content-Type": "text/plain",
        "Content-Disposition": 'attachment; filename="${filename}"',
        "Content-Encoding": "gzip",
        "Expires": "Sat, 21 Nov 2026 10:00:00 GMT",
        "x-amz-website-redirect-location": "/other",
        "x-amz-storage-class": "STANDARD",
        "x-amz-meta-one": "1",
        "X-Amz-Meta-Two": "€",
        "tagging": "<Tagging>\n<TagSet><Tag><Key>a</Key><Value>ö</Value></Tag></TagSet></Tagging>",
    }
    conditions = [{"bucket": bucket}, *(["starts-with", f"${name}", ""] for name in fields)]
    assert post(server, f"/{bucket}", form(signed(ROOT, fields, conditions))).status == 204
    found = s3.head_object(Bucket=bucket, Key="a/b c")
    assert found["CacheControl"] == "no-cache"
    assert found["ContentType"] == "text/plain"
    assert found["ContentDisposition"] == 'attachment; filename="a.txt"'
    assert found["ContentEncoding"] == "gzip"
    assert found["ExpiresString"] == "Sat, 21 Nov 2026 10:00:00 GMT"
    assert found["WebsiteRedirectLocation"] == "/other"
    assert found["Metadata"] == {"one": "1", "two": encoded_word("€")}
    assert s3.get_object_tagging(Bucket=bucket, Key="a/b c")["TagSet"] == [{"Key": "a", "Value": "ö"}]


def test_encryption(server: Server, s3: Any, bucket: str) -> None:
    answer = upload(server, bucket, {**KEY, "x-amz-server-side-encryption": "AES256"}, content=b"x" * 500_000)
    assert (answer.status, answer.headers["x-amz-server-side-encryption"]) == (204, "AES256")
    found = s3.get_object(Bucket=bucket, Key="a/b c")
    assert (found["ServerSideEncryption"], found["Body"].read()) == ("AES256", b"x" * 500_000)


def test_headers_of_the_request_say_nothing_of_the_object(server: Server, s3: Any, bucket: str) -> None:
    body = form(signed(ROOT, KEY, bucket=bucket))
    headers = {"x-amz-meta-a": "1", "x-amz-tagging": "a=1", "Cache-Control": "no-cache", "x-amz-acl": "public-read"}
    assert post(server, f"/{bucket}", body, headers).status == 204
    found = s3.head_object(Bucket=bucket, Key="a/b c")
    assert (found["Metadata"], "CacheControl" in found, "TagCount" in found) == ({}, False, False)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("x-amz-checksum-crc32", base64.b64encode(zlib.crc32(b"content").to_bytes(4, "big")).decode()),
        ("x-amz-checksum-sha256", base64.b64encode(hashlib.sha256(b"content").digest()).decode()),
        ("Content-MD5", base64.b64encode(hashlib.md5(b"content").digest()).decode()),
    ],
)
def test_digests(server: Server, s3: Any, bucket: str, field: str, value: str) -> None:
    answer = upload(server, bucket, {**KEY, field: value})
    assert answer.status == 204
    assert answer.headers.get(field.lower(), value) == value
    refused = upload(server, bucket, {**KEY, field: value}, content=b"another")
    assert (refused.status, refused.code) == (400, "BadDigest")
    large = upload(server, bucket, {**KEY, field: value}, content=b"x" * 1_000_000)
    assert (large.status, large.code) == (400, "BadDigest")
    assert s3.get_object(Bucket=bucket, Key="a/b c")["Body"].read() == b"content"


def test_conditions_of_the_request(server: Server, s3: Any, bucket: str) -> None:
    body = form(signed(ROOT, KEY, bucket=bucket))
    assert post(server, f"/{bucket}", body, {"If-None-Match": "*"}).status == 204
    assert post(server, f"/{bucket}", body, {"If-None-Match": "*"}).code == "PreconditionFailed"


# --- what it answers ---


@pytest.mark.parametrize(("asked", "status"), [("200", 200), ("201", 201), ("204", 204), ("404", 204), ("", 204)])
def test_success_action_status(server: Server, bucket: str, asked: str, status: int) -> None:
    answer = upload(server, bucket, {**KEY, "success_action_status": asked})
    assert answer.status == status
    if status != 201:
        assert answer.body == b""
        return
    assert answer.headers["content-type"] == "application/xml"
    assert answer.body.decode() == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<PostResponse><Location>{server.endpoint}/{bucket}/a%2Fb%20c</Location><Bucket>{bucket}</Bucket>"
        f"<Key>a/b c</Key><ETag>&quot;{MD5}&quot;</ETag></PostResponse>"
    )


@pytest.mark.parametrize(
    ("address", "location"),
    [
        ("https://example.com/done", "https://example.com/done?{told}"),
        ("http://example.com/?a=1", "http://example.com/?a=1&{told}"),
        ("HTTPS://example.com/#top", "HTTPS://example.com/?{told}#top"),
        ("https://example.com/ü", "https://example.com/%C3%BC?{told}"),
    ],
)
@pytest.mark.parametrize("field", ["success_action_redirect", "redirect"])
def test_success_action_redirect(server: Server, bucket: str, address: str, location: str, field: str) -> None:
    answer = upload(server, bucket, {**KEY, field: address, "success_action_status": "201"})
    told = f"bucket={bucket}&key=a%2Fb%20c&etag=%22{MD5}%22"
    assert (answer.status, answer.headers["location"]) == (303, location.format(told=told))


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "//evil.test",
        "/done",
        "data:text/html,x",
        "https://a b",
        "https://a\r\nset-cookie: b",
        "",
    ],
)
def test_m9_addresses_that_are_none(server: Server, bucket: str, address: str) -> None:
    answer = upload(server, bucket, {**KEY, "success_action_redirect": address})
    assert answer.status == 204
    assert "set-cookie" not in answer.headers


def test_m9_an_address_that_the_policy_does_not_allow(server: Server, s3: Any, bucket: str) -> None:
    fields = {**KEY, "success_action_redirect": "https://evil.test/"}
    conditions = [{"bucket": bucket}, KEY, ["starts-with", "$success_action_redirect", "https://example.com/"]]
    assert post(server, f"/{bucket}", form(signed(ROOT, fields, conditions))).code == "AccessDenied"
    assert stored(s3, bucket) == []


# --- what it refuses ---


def refused(
    server: Server, s3: Any, bucket: str, body: bytes, headers: Mapping[str, str] | None = None
) -> tuple[int, str]:
    answer = post(server, f"/{bucket}", body, headers)
    assert stored(s3, bucket) == []
    return answer.status, answer.code


def test_nobodys_forms(server: Server, s3: Any, bucket: str) -> None:
    assert refused(server, s3, bucket, form(KEY)) == (403, "AccessDenied")
    assert post(server, "/no-such-bucket", form(KEY)).code == "NoSuchBucket"


def test_who_may(server: Server, s3: Any, bucket: str) -> None:
    assert refused(server, s3, bucket, form(signed(STRANGER, KEY, bucket=bucket))) == (403, "AccessDenied")
    answer = post(server, "/no-such-bucket", form(signed(ROOT, KEY, bucket="no-such-bucket")))
    assert answer.code == "NoSuchBucket"
    assert upload(server, bucket, keys=USER).status == 204


def test_m1_policies_that_do_not_hold(server: Server, s3: Any, bucket: str) -> None:
    expired = signed(ROOT, KEY, bucket=bucket, expires=expiring(-1))
    answer = post(server, f"/{bucket}", form(expired))
    assert (answer.status, answer.code) == (403, "AccessDenied")
    assert answer.texts("Message") == ["Invalid according to Policy: Policy expired."]
    forged = signed((ROOT[0], "guess"), KEY, bucket=bucket)
    assert refused(server, s3, bucket, form(forged)) == (403, "SignatureDoesNotMatch")
    unknown = signed(("AKIANOBODY", "guess"), KEY, bucket=bucket)
    assert refused(server, s3, bucket, form(unknown)) == (403, "InvalidAccessKeyId")
    altered = {**signed(ROOT, KEY, bucket=bucket), "policy": signed(ROOT, {"key": "x"}, bucket=bucket)["policy"]}
    assert refused(server, s3, bucket, form(altered)) == (403, "SignatureDoesNotMatch")
    for document in ("[]", "x", "[" * 10_000):
        nonsense = signed(ROOT, KEY, document=document)
        assert refused(server, s3, bucket, form(nonsense)) == (400, "InvalidPolicyDocument")


@pytest.mark.parametrize(
    "field", ["acl", "tagging", "x-amz-meta-a", "success_action_redirect", "Content-Type", "x-other"]
)
def test_m2_every_field_is_covered(server: Server, s3: Any, bucket: str, field: str) -> None:
    """Trap 52; tags too (GHSA-w5fh)."""
    fields = {**signed(ROOT, KEY, bucket=bucket), field: "private"}
    answer = post(server, f"/{bucket}", form(fields))
    assert (answer.status, answer.code) == (403, "AccessDenied")
    assert answer.texts("Message") == [f"Invalid according to Policy: Extra input fields: {field.lower()}"]
    assert stored(s3, bucket) == []


def test_fields_to_ignore(server: Server, bucket: str) -> None:
    fields = {**signed(ROOT, KEY, bucket=bucket), "x-ignore-submit": "Upload"}
    assert post(server, f"/{bucket}", form(fields)).status == 204


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        ([["starts-with", "$key", "user/"]], 'Policy Condition failed: ["starts-with", "$key", "user/"]'),
        ([{"key": "other"}], 'Policy Condition failed: ["eq", "$key", "other"]'),
        ([KEY, {"acl": "private"}], 'Policy Condition failed: ["eq", "$acl", "private"]'),
    ],
)
def test_conditions(server: Server, s3: Any, bucket: str, conditions: list[Any], message: str) -> None:
    answer = post(server, f"/{bucket}", form(signed(ROOT, KEY, [{"bucket": bucket}, *conditions])))
    assert (answer.status, answer.code) == (403, "AccessDenied")
    assert answer.texts("Message") == [f"Invalid according to Policy: {message}"]
    assert stored(s3, bucket) == []


def test_names_are_put_in_before_the_policy_is_asked(server: Server, s3: Any, bucket: str) -> None:
    conditions = [{"bucket": bucket}, ["starts-with", "$key", "user/ana/"]]
    fields = signed(ROOT, {"key": "${filename}"}, conditions)
    assert post(server, f"/{bucket}", form(fields, filename="user/ana/x")).code == "AccessDenied"
    fields = signed(ROOT, {"key": "user/ana/${filename}"}, conditions)
    assert post(server, f"/{bucket}", form(fields, filename="../../x")).status == 204
    assert stored(s3, bucket) == ["user/ana/x"]


def test_m4_another_bucket(server: Server, s3: Any, bucket: str) -> None:
    other = server.make_bucket()
    fields = signed(ROOT, KEY, bucket=other)
    assert refused(server, s3, bucket, form(fields)) == (403, "AccessDenied")
    assert refused(server, s3, bucket, form({**fields, "bucket": other})) == (403, "AccessDenied")
    assert refused(server, s3, bucket, form({**fields, "bucket": bucket})) == (403, "AccessDenied")
    unbound = signed(ROOT, KEY, [KEY])
    assert refused(server, s3, bucket, form(unbound)) == (403, "AccessDenied")


@pytest.mark.parametrize(
    ("size", "code"),
    [(9, "EntityTooSmall"), (10, ""), (20, ""), (21, "EntityTooLarge"), (1_000_000, "EntityTooLarge")],
)
def test_content_length_range(server: Server, s3: Any, bucket: str, size: int, code: str) -> None:
    answer = upload(server, bucket, KEY, [["content-length-range", 10, 20]], content=b"x" * size)
    assert (answer.status, stored(s3, bucket)) == ((400, []) if code else (204, ["a/b c"]))
    if code:
        assert answer.code == code
        assert int(answer.texts("ProposedSize")[0]) > 20 or answer.texts("ProposedSize") == [str(size)]
        assert answer.texts("MaxSizeAllowed" if size > 20 else "MinSizeAllowed") == ["20" if size > 20 else "10"]


def test_a_large_file_that_is_too_small(server: Server, s3: Any, bucket: str) -> None:
    answer = upload(server, bucket, KEY, [["content-length-range", 10**6, 10**7]], content=b"x" * 500_000)
    assert (answer.code, stored(s3, bucket)) == ("EntityTooSmall", [])


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("acl", "public-read", "AccessControlListNotSupported"),
        ("acl", "nonsense", "InvalidArgument"),
        ("x-amz-storage-class", "NONSENSE", "InvalidStorageClass"),
        ("x-amz-website-redirect-location", "javascript:alert(1)", "InvalidRedirectLocation"),
        ("x-amz-meta-a", "a" * 2100, "MetadataTooLarge"),
        ("x-amz-meta-a", "a\r\nb", "InvalidArgument"),
        ("Content-Type", "text/html\r\nset-cookie: a", "InvalidArgument"),
        ("Content-Encoding", "aws-chunked", "InvalidArgument"),
        ("Content-MD5", "nonsense", "InvalidDigest"),
        ("x-amz-checksum-crc32", "nonsense", "InvalidRequest"),
        ("x-amz-checksum-rot13", "nonsense", "InvalidRequest"),
        ("x-amz-trailer", "x-amz-checksum-crc32", "BadDigest"),
        ("tagging", "a=1", "MalformedXML"),
        ("tagging", "", "MissingRequestBodyError"),
        (
            "tagging",
            "<Tagging><TagSet>" + "<Tag><Key>k</Key><Value>v</Value></Tag>" * 2 + "</TagSet></Tagging>",
            "InvalidTag",
        ),
        ("x-amz-security-token", "token", "InvalidToken"),
    ],
)
def test_fields_that_cannot_be(server: Server, s3: Any, bucket: str, field: str, value: str, code: str) -> None:
    assert upload(server, bucket, {**KEY, field: value}).code == code
    assert stored(s3, bucket) == []


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (form({}), {}, 400, "InvalidArgument"),
        (part("key", "k") + END, {}, 400, "InvalidArgument"),
        (part("file", "x", "f") + part("key", "k") + END, {}, 400, "InvalidArgument"),
        (part("key", "k") + part("file", "x", "f") + part("file", "y", "f") + END, {}, 400, "InvalidArgument"),
        (form({**KEY, "x-ignore-a": "a" * 20_480}), {}, 400, "MaxPostPreDataLengthExceeded"),
        (form([("key", "a"), ("KEY", "b")]), {}, 400, "InvalidArgument"),
        (form(KEY), {"Content-Type": "text/plain"}, 412, "PreconditionFailed"),
        (form(KEY), {"Content-Type": "multipart/form-data; boundary=other"}, 400, "MalformedPOSTRequest"),
        (form(KEY)[:-10], {}, 400, "MalformedPOSTRequest"),
        (form({**KEY, "policy": "e30="}), {}, 400, "InvalidArgument"),
        (form({**KEY, "x-amz-signature": "0"}), {}, 400, "InvalidArgument"),
    ],
)
def test_m5_to_m12_forms_that_are_none(
    server: Server, s3: Any, bucket: str, body: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    assert refused(server, s3, bucket, body, headers) == (status, code)


def test_a_form_is_signed_by_its_policy_alone(server: Server, s3: Any, bucket: str) -> None:
    body = form(signed(ROOT, KEY, bucket=bucket))
    for keys, code in ((ROOT, "InvalidRequest"), (STRANGER, "AccessDenied"), ((ROOT[0], "x"), "SignatureDoesNotMatch")):
        assert server.ask("POST", f"/{bucket}", {"Content-Type": CONTENT_TYPE}, body, keys=keys).code == code
    assert stored(s3, bucket) == []


def test_m10_what_s3_says_of_another_type(server: Server, bucket: str) -> None:
    answer = post(server, f"/{bucket}", b"", {"Content-Type": "text/plain"})
    assert answer.texts("Condition") == ["Bucket POST must be of the enclosure-type multipart/form-data"]


def test_a_form_in_chunks_has_no_length(server: Server, bucket: str) -> None:
    body = form(KEY)
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    answer = post(server, f"/{bucket}", chunked, {"Transfer-Encoding": "chunked"})
    assert (answer.status, answer.code) == (411, "MissingContentLength")


def test_a_client_that_leaves_in_the_middle(server: Server, s3: Any, bucket: str) -> None:
    body = form(signed(ROOT, KEY, bucket=bucket), b"x" * 1_000_000)
    address = urlsplit(server.endpoint)
    for sent in (100, 2000, 500_000, len(body) - 10):
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=SECONDS)
        connection.putrequest("POST", f"/{bucket}")
        connection.putheader("Content-Type", CONTENT_TYPE)
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body[:sent])
        connection.close()
    assert upload(server, bucket, {"key": "after"}).status == 204
    assert stored(s3, bucket) == ["after"]


def test_the_next_request_is_not_confused(server: Server, bucket: str) -> None:
    """A form that is refused early does not leave its rest to be read as a request."""
    address = urlsplit(server.endpoint)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=SECONDS)
    for content in (b"GET / HTTP/1.1\r\n\r\n" * 10, b"x" * 300_000):
        connection.request("POST", f"/{bucket}", form(KEY, content), {"Content-Type": CONTENT_TYPE})
        with connection.getresponse() as response:
            assert (response.status, b"AccessDenied" in response.read()) == (403, True)
    connection.request("GET", "/-/live")
    with connection.getresponse() as response:
        assert response.status == 200
    connection.close()


def test_pages_of_other_origins(server: Server, s3: Any, bucket: str) -> None:
    rule = {"AllowedMethods": ["POST"], "AllowedOrigins": ["https://a"], "ExposeHeaders": ["Location"]}
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})
    for body, status in ((form(signed(ROOT, KEY, bucket=bucket)), 204), (form(KEY), 403)):
        answer = post(server, f"/{bucket}", body, {"Origin": "https://a"})
        assert (answer.status, answer.headers["access-control-allow-origin"]) == (status, "https://a")


def test_sub_resources_are_no_forms(server: Server, s3: Any, bucket: str) -> None:
    answer = server.send("POST", f"/{bucket}?delete", {"Content-Type": CONTENT_TYPE}, form(KEY))
    assert answer.code == "AccessDenied"
    with pytest.raises(ClientError, match="NoSuchKey"):
        s3.get_object(Bucket=bucket, Key="a/b c")["Body"].read(io.DEFAULT_BUFFER_SIZE)
