"""What headers say about objects, and objects in headers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trug.domain.errors import ErrorCode, S3Error
from trug.domain.preconditions import NO_CONDITIONS, NO_WRITE_CONDITIONS, ReadConditions, WriteConditions
from trug.wire.headers import (
    copy_source_conditions,
    delete_conditions,
    metadata_headers,
    object_headers,
    read_conditions,
    refuse_unbuilt,
    user_metadata,
    write_conditions,
)
from trug.wire.request import Headers

DEFAULT = "binary/octet-stream"
STREAMING = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
DATE = "Thu, 01 Jan 1970 00:00:10 GMT"
SECOND = 1_000_000


def received(**headers: str) -> Headers:
    return of({name.replace("_", "-"): value for name, value in headers.items()})


def of(headers: dict[str, str]) -> Headers:
    return Headers([(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()])


def code_of(headers: Headers, read: object) -> ErrorCode:
    assert callable(read)
    with pytest.raises(S3Error) as refused:
        read(headers)
    return refused.value.code


ENCODINGS = {
    "D16-first": ("aws-chunked,gzip", STREAMING, "gzip"),
    "D16-last": ("gzip, aws-chunked", STREAMING, "gzip"),
    "D16-alone": ("aws-chunked", STREAMING, None),
    "D16-capitals": ("AWS-Chunked", STREAMING, None),
    "D16-among-others": ("gzip,aws-chunked, br", STREAMING, "gzip, br"),
    "D16-empty-pieces": ("aws-chunked,,", STREAMING, None),
    "D16-signed": ("aws-chunked,gzip", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "gzip"),
    "D16-not-named": ("gzip", STREAMING, "gzip"),
    "not-streamed": ("gzip,  br", "UNSIGNED-PAYLOAD", "gzip,  br"),
    "similar": ("x-aws-chunked", "UNSIGNED-PAYLOAD", "x-aws-chunked"),
    "empty": ("", STREAMING, None),
}


@pytest.mark.parametrize(("sent", "sha256", "stored"), ENCODINGS.values(), ids=ENCODINGS)
def test_content_encoding(sent: str, sha256: str, stored: str | None) -> None:
    headers = received(content_encoding=sent, x_amz_content_sha256=sha256)
    assert object_headers(headers).get("content-encoding") == stored


@pytest.mark.parametrize("sha256", ["UNSIGNED-PAYLOAD", "0" * 64, ""], ids=["D17-unsigned", "D17-literal", "D17-empty"])
def test_aws_chunked_without_streaming(sha256: str) -> None:
    headers = received(content_encoding="aws-chunked", x_amz_content_sha256=sha256)
    assert code_of(headers, object_headers) is ErrorCode.InvalidArgument


def test_system_metadata() -> None:
    sent = {
        "content-type": "text/plain",
        "cache-control": "no-cache",
        "content-disposition": 'attachment; filename="\xe9"',
        "content-language": "de",
        "expires": "0",
        "x-amz-website-redirect-location": "/index.html",
    }
    assert object_headers(of(sent | {"host": "x", "x-amz-meta-a": "1", "content-length": "5"})) == sent


@pytest.mark.parametrize("headers", [received(), received(content_type="")], ids=["absent", "empty"])
def test_the_default_content_type(headers: Headers) -> None:
    assert object_headers(headers) == {"content-type": DEFAULT}


def test_n10_a_long_content_type() -> None:
    assert object_headers(received(content_type="a" * 10_240))["content-type"] == "a" * 10_240


@pytest.mark.parametrize("name", ["content-type", "cache-control", "content-disposition", "expires"])
def test_e22_line_breaks_in_system_metadata(name: str) -> None:
    assert code_of(of({name: "a\r\nx: y"}), object_headers) is ErrorCode.InvalidArgument


REDIRECTS = {
    "N4-path": ("/a/b?c", None),
    "N4-http": ("http://example.com/", None),
    "N4-https": ("HTTPS://example.com/", None),
    "N4-longest": ("/" + "a" * 2047, None),
    "N4-script": ("javascript:alert(1)", ErrorCode.InvalidRedirectLocation),
    "N4-other-site": ("//evil", ErrorCode.InvalidRedirectLocation),
    "N4-other-site-by-backslash": ("/\\evil", ErrorCode.InvalidRedirectLocation),
    "N4-relative": ("index.html", ErrorCode.InvalidRedirectLocation),
    "N4-too-long": ("/" + "a" * 2048, ErrorCode.InvalidRedirectLocation),
    "N4-line-break": ("/a\r\nx: y", ErrorCode.InvalidArgument),
}


@pytest.mark.parametrize(("location", "code"), REDIRECTS.values(), ids=REDIRECTS)
def test_redirect_location(location: str, code: ErrorCode | None) -> None:
    headers = received(x_amz_website_redirect_location=location)
    if code is None:
        assert object_headers(headers)["x-amz-website-redirect-location"] == location
    else:
        assert code_of(headers, object_headers) is code


METADATA = {
    "plain": ("value", "value"),
    "N9-empty": ("", ""),
    "N9-raw-utf-8": ("\xc3\xa9\xe4\xb8\xad", "é中"),
    "N9-raw-latin-1": ("\xe9", "é"),
    "N9-word-b": ("=?UTF-8?B?w6nkuK0=?=", "é中"),
    "N9-word-q": ("=?utf-8?q?=C3=A9_=e4=b8=ad?=", "é 中"),
    "N9-word-latin-1": ("=?ISO-8859-1?Q?=E9?=", "é"),
    "N9-words": ("=?UTF-8?B?w6k=?= =?UTF-8?B?5Lit?=", "é中"),
    "N9-word-amid-text": ("a =?UTF-8?B?w6k=?= b", "a é b"),
    "N9-word-of-ascii-stays": ("=?UTF-8?B?YWJj?=", "=?UTF-8?B?YWJj?="),
    "N9-word-of-line-breaks-stays": ("=?UTF-8?B?DQp4?=", "=?UTF-8?B?DQp4?="),
    "N9-word-of-other-charset-stays": ("=?koi8-r?B?w6k=?=", "=?koi8-r?B?w6k=?="),
    "N9-word-broken-stays": ("=?UTF-8?B?w6?=", "=?UTF-8?B?w6?="),
    "N9-word-no-utf-8-stays": ("=?UTF-8?B?/w==?=", "=?UTF-8?B?/w==?="),
    "N9-word-unfinished-stays": ("=?UTF-8?B?w6k=", "=?UTF-8?B?w6k="),
    "A20-joined": ("1,2", "1,2"),
}


@pytest.mark.parametrize(("line", "text"), METADATA.values(), ids=METADATA)
def test_a_value_of_user_metadata(line: str, text: str) -> None:
    assert user_metadata(of({"X-Amz-Meta-A": line, "host": "x"})) == {"a": text}


def test_no_user_metadata() -> None:
    assert user_metadata(received(host="x", x_amz_metadata_directive="COPY")) == {}


BAD_METADATA = {
    **{f"E10-{code:#x}": ({"x-amz-meta-a": f"b{chr(code)}c"}, ErrorCode.InvalidArgument) for code in range(1, 32)},
    "E10-nul": ({"x-amz-meta-a": "b\0c"}, ErrorCode.InvalidArgument),
    "E10-delete": ({"x-amz-meta-a": "b\x7fc"}, ErrorCode.InvalidArgument),
    "E22-line-break-in-a-word": ({"x-amz-meta-a": "=?UTF-8?B?w6kNCng=?="}, ErrorCode.InvalidArgument),
    "N9-no-name": ({"x-amz-meta-": "1"}, ErrorCode.InvalidArgument),
    "N9-name-beyond-ascii": ({"x-amz-meta-\xe9": "1"}, ErrorCode.InvalidArgument),
    "N8-2049-bytes": ({"x-amz-meta-a": "b" * 2048}, ErrorCode.MetadataTooLarge),
    "N8-2049-bytes-of-utf-8": ({"x-amz-meta-a": "\xc3\xa9" * 1024}, ErrorCode.MetadataTooLarge),
    "N9-1000-names": ({f"x-amz-meta-{n}": "" for n in range(1000)}, ErrorCode.MetadataTooLarge),
}


@pytest.mark.parametrize(("headers", "code"), BAD_METADATA.values(), ids=BAD_METADATA)
def test_user_metadata_that_s3_refuses(headers: dict[str, str], code: ErrorCode) -> None:
    assert code_of(of(headers), user_metadata) is code


def test_n8_the_most_user_metadata() -> None:
    assert user_metadata(of({"x-amz-meta-ab": "c" * 2046})) == {"ab": "c" * 2046}


def test_n8_the_size_is_told() -> None:
    with pytest.raises(S3Error) as refused:
        user_metadata(of({"x-amz-meta-a": "b" * 3000}))
    assert refused.value.fields == {"Size": "3001", "MaxSizeAllowed": "2048"}


@given(
    st.dictionaries(
        st.from_regex(r"[a-z0-9_-]{1,9}", fullmatch=True), st.text(st.characters(exclude_categories=["Cs", "Cc"]))
    )
)
def test_user_metadata_goes_out_as_it_came(metadata: dict[str, str]) -> None:
    out = metadata_headers(metadata)
    assert all(value.isascii() and "\r" not in value and "\n" not in value for value in out.values())
    words = {name: value for name, value in metadata.items() if not value.isascii()}
    sent = metadata_headers(words)
    if sum(len(name) + len(value.encode()) for name, value in words.items()) <= 2048:
        assert user_metadata(of(sent)) == words


def test_e22_no_line_break_goes_out_whatever_was_stored() -> None:
    out = metadata_headers({"a": "b\r\nc"})
    assert all(value.isprintable() for value in out.values())


def test_conditions_of_a_read() -> None:
    assert read_conditions(received(host="x")) is NO_CONDITIONS
    assert read_conditions(
        received(if_match='"a"', if_none_match="b", if_modified_since=DATE, if_unmodified_since=DATE)
    ) == ReadConditions('"a"', "b", 10 * SECOND, 10 * SECOND)


@pytest.mark.parametrize("text", ["x", "", "2026-11-21", "9" * 10_000], ids=lambda text: f"I6-{text[:10]}")
def test_dates_that_are_none_are_ignored(text: str) -> None:
    assert read_conditions(received(if_modified_since=text, if_unmodified_since=text)).is_empty


def test_a_date_to_come_is_ignored() -> None:
    headers = received(if_modified_since=DATE, if_unmodified_since=DATE)
    assert read_conditions(headers, now=9 * SECOND) == ReadConditions(if_unmodified_since=10 * SECOND)
    assert read_conditions(headers, now=10 * SECOND).if_modified_since == 10 * SECOND


def test_conditions_of_a_copy_source() -> None:
    assert copy_source_conditions(received(if_match="a", x_amz_copy_source="b/k")) is NO_CONDITIONS
    assert copy_source_conditions(
        received(x_amz_copy_source_if_match="a", x_amz_copy_source_if_unmodified_since=DATE, if_none_match="*")
    ) == ReadConditions("a", None, None, 10 * SECOND, is_source=True)


def test_conditions_of_a_write() -> None:
    assert write_conditions(received(host="x")) is NO_WRITE_CONDITIONS
    assert write_conditions(received(if_match='"a"')) == WriteConditions(if_match='"a"')
    assert write_conditions(received(if_none_match="*")) == WriteConditions(if_none_match="*")


REFUSED_WRITES = {
    "I9-etag": {"if-none-match": '"a"'},
    "I9-empty": {"if-none-match": ""},
    "I9-list": {"if-none-match": '*, "a"'},
    "modified": {"if-modified-since": DATE},
    "unmodified": {"if-unmodified-since": DATE},
    "size": {"x-amz-if-match-size": "1"},
}


@pytest.mark.parametrize("headers", REFUSED_WRITES.values(), ids=REFUSED_WRITES)
def test_conditions_that_no_write_has(headers: dict[str, str]) -> None:
    with pytest.raises(S3Error) as refused:
        write_conditions(of(headers))
    assert refused.value.code is ErrorCode.NotImplemented
    assert refused.value.fields == {"Header": next(iter(headers))}


def test_conditions_of_a_deletion() -> None:
    assert delete_conditions(received(host="x")) is NO_WRITE_CONDITIONS
    assert delete_conditions(
        received(if_match="*", x_amz_if_match_last_modified_time=DATE, x_amz_if_match_size="0")
    ) == WriteConditions("*", None, 10 * SECOND, 0)


BAD_DELETIONS = {
    "time": ({"x-amz-if-match-last-modified-time": "x"}, ErrorCode.InvalidArgument),
    "size": ({"x-amz-if-match-size": "-1"}, ErrorCode.InvalidArgument),
    "long-size": ({"x-amz-if-match-size": "1" * 5000}, ErrorCode.InvalidArgument),
    "none-match": ({"if-none-match": "*"}, ErrorCode.NotImplemented),
    "unmodified": ({"if-unmodified-since": DATE}, ErrorCode.NotImplemented),
}


@pytest.mark.parametrize(("headers", "code"), BAD_DELETIONS.values(), ids=BAD_DELETIONS)
def test_conditions_that_no_deletion_has(headers: dict[str, str], code: ErrorCode) -> None:
    assert code_of(of(headers), delete_conditions) is code


BUILT = {
    "nothing": {},
    "private": {"x-amz-acl": "private"},
    "owner": {"x-amz-acl": "bucket-owner-full-control"},
    "standard": {"x-amz-storage-class": "STANDARD"},
    "payer": {"x-amz-request-payer": "requester"},
    "redirect": {"x-amz-website-redirect-location": "/a"},
    "owners": {"x-amz-expected-bucket-owner": "1", "x-amz-source-expected-bucket-owner": "1"},
    "metadata-of-that-name": {"x-amz-meta-x-amz-acl": "public-read", "x-amz-meta-x-amz-object-lock-mode": "1"},
    "annotations-where-none-can-be": {"x-amz-object-annotation-directive": "COPY"},
}
UNBUILT = {
    "event hold": {"x-amz-object-lock-event-hold": "ON"},
    "class": {"x-amz-storage-class": "OUTPOSTS"},
    "append": {"x-amz-write-offset-bytes": "0"},
}


@pytest.mark.parametrize("headers", BUILT.values(), ids=BUILT)
def test_what_is_built(headers: dict[str, str]) -> None:
    refuse_unbuilt(of(headers))


@pytest.mark.parametrize("headers", UNBUILT.values(), ids=UNBUILT)
def test_what_is_not_built(headers: dict[str, str]) -> None:
    with pytest.raises(S3Error) as refused:
        refuse_unbuilt(of(headers))
    assert refused.value.code is ErrorCode.NotImplemented
    assert refused.value.fields == {"Header": next(iter(headers))}


def test_what_s3_does_not_know() -> None:
    assert code_of(received(x_amz_storage_class="COLD"), refuse_unbuilt) is ErrorCode.InvalidStorageClass
    assert code_of(received(x_amz_storage_class=""), refuse_unbuilt) is ErrorCode.InvalidStorageClass
