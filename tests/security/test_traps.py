"""Traps that other servers fell into, as far as no operation's own tests hold them yet; each by its number."""

from __future__ import annotations

import re

import pytest
from tests.support.framed import SIGNED, UNSIGNED_TRAILER, chunks, framed, unsigned_frames
from tests.support.raw import Answer
from tests.support.stand import Stand, eventually


def told(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.code


def test_trap_1_frames_are_told_by_the_payload_s_mode(stand: Stand, bucket: str) -> None:
    """SDKs that leave Content-Encoding out send frames all the same."""
    frames = unsigned_frames([b"abc"])
    headers = [("x-amz-decoded-content-length", "3")]
    assert stand.ask("PUT", f"/{bucket}/key", headers, frames, payload=UNSIGNED_TRAILER).status == 200
    assert stand.get(bucket, "key") == b"abc"
    literal = b"3\r\nabc\r\n0\r\n\r\n"
    stand.put(bucket, "key", literal)
    assert stand.get(bucket, "key") == literal


def test_trap_9_framed_uploads_get_a_checksum_too(stand: Stand, bucket: str) -> None:
    head, body = framed(stand, f"/{bucket}/key", chunks([b"abc"]), decoded=3, mode=SIGNED)
    assert stand.send(head + body, "PUT").header("x-amz-checksum-crc64nvme") is not None


@pytest.mark.parametrize("size", [0, 10, 32_768, 32_769, 9 << 20])
def test_trap_13_etags_of_puts_are_bare_md5(stand: Stand, bucket: str, size: int) -> None:
    assert re.fullmatch(r'"[0-9a-f]{32}"', stand.put(bucket, "key", bytes(size)).header("etag") or "")


def test_trap_14_quotes_around_etags(stand: Stand, bucket: str) -> None:
    etag = stand.put(bucket, "key").header("etag") or ""
    bare = etag.strip('"')
    attributes = stand.ask("GET", f"/{bucket}/key?attributes", [("x-amz-object-attributes", "ETag")])
    assert attributes.texts("ETag") == [bare]
    assert stand.ask("GET", f"/{bucket}").texts("ETag") == [etag]
    assert stand.ask("GET", f"/{bucket}?versions").texts("ETag") == [etag]
    assert stand.ask("PUT", f"/{bucket}/copy", [("x-amz-copy-source", f"/{bucket}/key")]).texts("ETag") == [etag]
    for spelled in (etag, bare):
        assert stand.ask("PUT", f"/{bucket}/key", [("If-Match", spelled)], b"content").status == 200


def test_trap_15_a_change_of_one_byte_within_a_second(stand: Stand, bucket: str) -> None:
    etags = [stand.put(bucket, "key", body).header("etag") for body in (b"aaaa", b"aaab", b"aaaa")]
    assert etags[0] == etags[2] != etags[1]
    assert told(stand.ask("PUT", f"/{bucket}/key", [("If-Match", etags[1] or "")], b"x")) == (412, "PreconditionFailed")


def test_trap_17_an_unknown_upload_is_told_before_conditions(stand: Stand, bucket: str) -> None:
    stand.put(bucket, "key")
    body = b"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>x</ETag></Part></CompleteMultipartUpload>"
    answer = stand.ask("POST", f"/{bucket}/key?uploadId=x", [("If-None-Match", "*")], body)
    assert told(answer) == (404, "NoSuchUpload")


def test_trap_22_bytes_of_replaced_parts_and_objects_go(stand: Stand, bucket: str) -> None:
    before = len(stand.blobs())
    upload = stand.begin_upload(bucket)
    for number in range(5):
        stand.put_part(bucket, upload, 1, bytes([number]) * 50_000)
        stand.put(bucket, "other", bytes([number]) * 50_000)
    assert eventually(lambda: len(stand.blobs()) <= before + 2)


def test_trap_28_every_name_is_encoded(stand: Stand, bucket: str) -> None:
    stand.put(bucket, "a%20%2B/%25")
    answer = stand.ask("GET", f"/{bucket}?list-type=2&encoding-type=url&prefix=a%20&delimiter=%2B/&start-after=%20%2B")
    assert answer.texts("StartAfter") == ["+%2B"]
    assert answer.texts("Delimiter") == ["%2B/"]
    assert answer.texts("Prefix") == ["a+", "a+%2B/"]
    first = stand.ask("GET", f"/{bucket}?encoding-type=url&marker=%20%2B")
    assert (first.texts("Marker"), first.texts("Key")) == (["+%2B"], ["a+%2B/%25"])
    versions = stand.ask("GET", f"/{bucket}?versions&encoding-type=url&key-marker=%20%2B")
    assert (versions.texts("KeyMarker"), versions.texts("Key")) == (["+%2B"], ["a+%2B/%25"])
    assert answer.texts("EncodingType") == ["url"]


def test_trap_30_prefixes_and_keys_share_a_page(stand: Stand, bucket: str) -> None:
    for key in ("a/1", "a/2", "b", "c/1", "d"):
        stand.put(bucket, key)
    seen: list[str] = []
    after = ""
    for _ in range(9):
        page = stand.ask("GET", f"/{bucket}?list-type=2&delimiter=/&max-keys=1{after}")
        seen += page.texts("Key") + [each.findtext("Prefix") or "" for each in page.root.iter("CommonPrefixes")]
        assert page.text("KeyCount") == "1"
        if page.text("IsTruncated") == "false":
            break
        after = f"&continuation-token={page.text('NextContinuationToken').replace('=', '%3D')}"
    assert seen == ["a/", "b", "c/", "d"]


def test_trap_32_a_plus_is_a_plus_in_paths_alone(stand: Stand, bucket: str) -> None:
    stand.put(bucket, "a+b", b"plus")
    stand.put(bucket, "a%20b", b"blank")
    assert stand.get(bucket, "a+b") == b"plus"
    assert stand.ask("GET", f"/{bucket}?prefix=a+").texts("Key") == ["a b"]
    assert stand.ask("GET", f"/{bucket}?prefix=a%2B").texts("Key") == ["a+b"]
    stand.ask("PUT", f"/{bucket}/copy", [("x-amz-copy-source", f"/{bucket}/a+b")])
    assert stand.get(bucket, "copy") == b"plus"


def test_trap_34_expect_may_be_signed(stand: Stand, bucket: str) -> None:
    assert stand.ask("PUT", f"/{bucket}/key", [("Expect", "100-continue")], b"abc").status == 200


def test_trap_38_delete_markers(stand: Stand, versioned: str) -> None:
    stand.put(versioned, "key")
    marker = stand.ask("DELETE", f"/{versioned}/key").header("x-amz-version-id")
    for method in ("GET", "HEAD"):
        hidden = stand.ask(method, f"/{versioned}/key")
        assert (hidden.status, hidden.header("x-amz-delete-marker"), hidden.header("x-amz-version-id")) == (
            404,
            "true",
            marker,
        )
        named = stand.ask(method, f"/{versioned}/key?versionId={marker}")
        assert (named.status, named.header("allow")) == (405, "DELETE")
    for query in ("tagging", "attributes"):
        answer = stand.ask("GET", f"/{versioned}/key?{query}&versionId={marker}", [("x-amz-object-attributes", "ETag")])
        assert told(answer) == (405, "MethodNotAllowed")


def test_trap_42_markers_of_deletions_are_told(stand: Stand, versioned: str) -> None:
    stand.put(versioned, "key")
    answer = stand.ask("POST", f"/{versioned}?delete", body=b"<Delete><Object><Key>key</Key></Object></Delete>")
    assert answer.texts("DeleteMarker") == ["true"]
    marker = answer.text("DeleteMarkerVersionId")
    body = f"<Delete><Object><Key>key</Key><VersionId>{marker}</VersionId></Object></Delete>".encode()
    undone = stand.ask("POST", f"/{versioned}?delete", body=body)
    assert (undone.text("VersionId"), undone.text("DeleteMarkerVersionId")) == (marker, marker)
    assert stand.get(versioned, "key") == b"content"


def test_trap_43_a_bucket_s_uploads_go_with_it(stand: Stand) -> None:
    before = stand.blobs()
    bucket = stand.make_bucket()
    upload = stand.begin_upload(bucket)
    stand.put_part(bucket, upload, 1, bytes(50_000))
    assert stand.ask("DELETE", f"/{bucket}").status == 204
    assert stand.ask("PUT", f"/{bucket}").status == 200
    assert told(stand.ask("GET", f"/{bucket}/key?uploadId={upload}")) == (404, "NoSuchUpload")
    stand.check_no_new_blobs(before)


def test_trap_47_what_a_copy_takes_along(stand: Stand, bucket: str) -> None:
    described = [
        ("Content-Type", "text/html"),
        ("x-amz-meta-a", "1"),
        ("x-amz-tagging", "a=1"),
        ("Cache-Control", "no-store"),
    ]
    stand.put(bucket, "key", headers=described)
    source = ("x-amz-copy-source", f"/{bucket}/key")
    replaced = [source, ("x-amz-metadata-directive", "REPLACE"), ("x-amz-meta-b", "2")]
    assert stand.ask("PUT", f"/{bucket}/copy", replaced).status == 200
    head = stand.ask("HEAD", f"/{bucket}/copy")
    assert head.header("content-type") == "binary/octet-stream"
    assert (head.header("x-amz-meta-a"), head.header("cache-control"), head.header("x-amz-meta-b")) == (None, None, "2")
    assert head.header("x-amz-tagging-count") == "1"
    kept = [source, ("x-amz-meta-b", "2"), ("Content-Type", "text/plain"), ("x-amz-tagging-directive", "REPLACE")]
    assert stand.ask("PUT", f"/{bucket}/copy", kept).status == 200
    head = stand.ask("HEAD", f"/{bucket}/copy")
    assert (head.header("content-type"), head.header("x-amz-meta-a"), head.header("x-amz-meta-b")) == (
        "text/html",
        "1",
        None,
    )
    assert head.header("x-amz-tagging-count") is None


@pytest.mark.parametrize("place", ["key", "bucket", "header"])
def test_trap_55_tags_at_their_limits(stand: Stand, bucket: str, place: str) -> None:
    count = 50 if place == "bucket" else 10
    tags = {f"{number:03}{'k' * 125}": "v" * 256 for number in range(count)}
    inside = "".join(f"<Tag><Key>{key}</Key><Value>{value}</Value></Tag>" for key, value in tags.items())
    body = f"<Tagging><TagSet>{inside}</TagSet></Tagging>".encode()
    if place == "header":
        stand.put(bucket, "key", headers=[("x-amz-tagging", "&".join(f"{key}={value}" for key, value in tags.items()))])
    else:
        stand.put(bucket, "key")
        target = f"/{bucket}?tagging" if place == "bucket" else f"/{bucket}/key?tagging"
        assert stand.ask("PUT", target, body=body).status == (204 if place == "bucket" else 200)  # trap 56
    found = stand.ask("GET", f"/{bucket}?tagging" if place == "bucket" else f"/{bucket}/key?tagging")
    assert dict(zip(found.texts("Key"), found.texts("Value"), strict=True)) == tags


def test_trap_56_statuses(stand: Stand, bucket: str) -> None:
    stand.put(bucket, "key")
    assert stand.ask("DELETE", f"/{bucket}/key?tagging").status == 204
    assert stand.ask("DELETE", f"/{bucket}?tagging").status == 204
    assert stand.ask("DELETE", f"/{bucket}?policy").status == 204
    assert stand.ask("DELETE", f"/{bucket}/key").status == 204
    assert stand.ask("DELETE", f"/{bucket}").status == 204


FIELDS = {
    "GET /{b}/absent": {"Key": "absent"},
    "GET /no-such-bucket": {"BucketName": "no-such-bucket"},
    "GET /{b}?max-keys=x": {"ArgumentName": "max-keys", "ArgumentValue": "x"},
    "POST /{b}/key": {"Method": "POST", "ResourceType": "OBJECT"},
    "PUT /{b}?versions": {"Method": "PUT", "ResourceType": "VERSIONS"},
    "GET /{b}/key?versionId=" + "a" * 32: {"Key": "key", "VersionId": "a" * 32},
}


@pytest.mark.parametrize("asked", FIELDS)
def test_trap_57_fields_of_errors(stand: Stand, bucket: str, asked: str) -> None:
    stand.put(bucket, "key")
    method, target = asked.format(b=bucket).split(" ")
    answer = stand.ask(method, target)
    assert {name: answer.text(name) for name in FIELDS[asked]} == FIELDS[asked]
    assert answer.header("content-type") == "application/xml"
    assert answer.body.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>')
    assert answer.text("Resource") == target.partition("?")[0]


def test_trap_58_parts_of_a_multipart_object(stand: Stand, bucket: str) -> None:
    upload = stand.begin_upload(bucket)
    pieces = [b"a" * (5 << 20), b"b" * 100]
    etags = [stand.put_part(bucket, upload, number, piece) for number, piece in enumerate(pieces, 1)]
    parts = "".join(f"<Part><PartNumber>{n}</PartNumber><ETag>{etag}</ETag></Part>" for n, etag in enumerate(etags, 1))
    body = f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>".encode()
    assert stand.ask("POST", f"/{bucket}/key?uploadId={upload}", body=body).status == 200
    for method in ("GET", "HEAD"):
        answer = stand.ask(method, f"/{bucket}/key?partNumber=2")
        assert (answer.status, answer.header("x-amz-mp-parts-count"), answer.header("content-length")) == (
            206,
            "2",
            "100",
        )
        assert answer.header("content-range") == f"bytes {5 << 20}-{(5 << 20) + 99}/{(5 << 20) + 100}"
    across = stand.ask("GET", f"/{bucket}/key", [("Range", f"bytes={(5 << 20) - 2}-{(5 << 20) + 1}")])
    assert (across.status, across.body) == (206, b"aabb")
    assert told(stand.ask("GET", f"/{bucket}/key?partNumber=3")) == (416, "InvalidPartNumber")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_trap_59_overrides(stand: Stand, bucket: str, method: str) -> None:
    stand.put(bucket, "key")
    first = "response-content-type=text/html&response-cache-control=no-store&response-expires=x"
    second = "response-content-language=de&response-content-disposition=a&response-content-encoding=gzip"
    answer = stand.ask(method, f"/{bucket}/key?{first}&{second}")
    names = ("content-type", "cache-control", "expires", "content-language", "content-disposition", "content-encoding")
    assert [answer.header(name) for name in names] == ["text/html", "no-store", "x", "de", "a", "gzip"]
    assert stand.ask(method, f"/{bucket}/key?response-x=1").status == 400
    assert stand.ask(method, f"/{bucket}/key?response-set-cookie=1").status == 400
    assert stand.visit(method, f"/{bucket}/key?response-content-type=text/html").status == 403


def test_trap_60_markers_among_versions_of_one_moment(stand: Stand, versioned: str) -> None:
    made = [stand.put(versioned, "key", b"%d" % number).header("x-amz-version-id") for number in range(12)]
    seen: list[str] = []
    after = ""
    for _ in range(9):
        page = stand.ask("GET", f"/{versioned}?versions&max-keys=5{after}")
        seen += page.texts("VersionId")
        assert page.texts("IsLatest").count("true") == (not after)
        if page.text("IsTruncated") == "false":
            break
        after = f"&key-marker={page.text('NextKeyMarker')}&version-id-marker={page.text('NextVersionIdMarker')}"
    assert seen == made[::-1]
    assert told(stand.ask("GET", f"/{versioned}?versions&version-id-marker={made[0]}")) == (400, "InvalidArgument")


def test_trap_66_dates(stand: Stand, bucket: str) -> None:
    modified = stand.put(bucket, "key").header("date")
    shape = r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT"
    assert re.fullmatch(shape, modified or "")
    assert re.fullmatch(shape, stand.ask("HEAD", f"/{bucket}/key").header("last-modified") or "")
    iso = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z"
    assert re.fullmatch(iso, stand.ask("GET", f"/{bucket}").text("LastModified"))
    assert all(re.fullmatch(iso, text) for text in stand.ask("GET", "/").texts("CreationDate"))


@pytest.mark.parametrize("body", [b"", b"with bytes"])
def test_trap_76_folders_are_ordinary_keys(stand: Stand, bucket: str, body: bytes) -> None:
    stand.put(bucket, "dir/", body)
    stand.put(bucket, "dir/file", b"file")
    assert stand.get(bucket, "dir/") == body
    assert stand.ask("GET", f"/{bucket}?prefix=dir/&delimiter=/").texts("Key") == ["dir/", "dir/file"]
    assert stand.ask("GET", f"/{bucket}?delimiter=/").texts("Key") == []
    assert stand.ask("DELETE", f"/{bucket}/dir/").status == 204
    assert stand.get(bucket, "dir/file") == b"file"


@pytest.mark.parametrize(
    "query",
    ["versions", "uploads", "delete", "versioning", "location", "policy", "website", "lifecycle", "cors", "logging"],
)
def test_trap_77_a_bucket_s_sub_resources_are_none_of_a_key(stand: Stand, bucket: str, query: str) -> None:
    stand.put(bucket, "key")
    for method in ("GET", "PUT", "DELETE"):
        answer = stand.ask(method, f"/{bucket}/key?{query}", body=b"<x/>" if method == "PUT" else b"")
        assert answer.status in (400, 405, 501), (method, answer)
        assert answer.code in ("InvalidRequest", "MethodNotAllowed", "NotImplemented")
    assert stand.get(bucket, "key") == b"content"


@pytest.mark.parametrize(
    "query",
    ["retention", "legal-hold", "torrent", "restore", "select&select-type=2", "acl", "renameObject", "encryption"],
)
def test_trap_77_what_is_not_built_touches_nothing(stand: Stand, bucket: str, query: str) -> None:
    stand.put(bucket, "key")
    for method in ("PUT", "POST", "DELETE"):
        answer = stand.ask(method, f"/{bucket}/key?{query}", body=b"" if method == "DELETE" else b"<x/>")
        assert answer.status in (400, 405, 501), (method, answer)
        assert answer.is_xml
    assert stand.get(bucket, "key") == b"content"
    assert stand.holds(bucket) == (["key"], [])


UNBUILT = [
    ("x-amz-server-side-encryption-new", "AES256"),
    ("x-amz-object-lock-event-hold", "ON"),
    ("x-amz-storage-class", "OUTPOSTS"),
]


@pytest.mark.parametrize("header", UNBUILT, ids=lambda header: f"{header[0]}-{header[1][:9]}")
def test_what_is_not_built_is_never_ignored(stand: Stand, empty: str, header: tuple[str, str]) -> None:
    upload = stand.begin_upload(empty)
    requests = [
        ("PUT", f"/{empty}/key", []),
        ("POST", f"/{empty}/key?uploads", []),
        ("PUT", f"/{empty}/key", [("x-amz-copy-source", f"/{empty}/key")]),
    ]
    for method, target, headers in requests:
        answer = stand.ask(method, target, [*headers, header], b"" if headers or method == "POST" else b"x")
        assert told(answer) == (501, "NotImplemented"), (method, target)
    stand.ask("DELETE", f"/{empty}/key?uploadId={upload}")
