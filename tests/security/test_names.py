"""Row G of the list of bad inputs: names of buckets and keys, and the parameters of lists."""

from __future__ import annotations

import unicodedata
from urllib.parse import quote, unquote

import pytest
from tests.support.raw import Answer
from tests.support.stand import Stand

INVALID = (400, "InvalidArgument")
BAD_URI = (400, "InvalidURI")


def told(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.code


def spelled(key: str) -> str:
    return quote(key, safe="/")


# --- G1, G2: buckets ---

BUCKETS = [
    "A",
    "ab",
    "a" * 64,
    "a..b",
    "-a1",
    "a1-",
    "192.168.0.1",
    "xn--a",
    "a_b",
    "sthree-",
    "a--ol-s3",
    "a-s3alias",
    "amzn-s3-demo-x",
    "a.mrap",
    "abc--x-s3",
    "a--table-s3",
    ".abc",
    "abc.",
    "a b",
    "a%00b",
    "a%2Fb",
    "abC",
    "é%20e",
    "%E2%82%ACab",
    "a" * 5000,
    "abc%0A",
    "999.999.999.999",
    "%D9%A1%D9%A2%D9%A3",
    "minio",
    "_sys",
    "..",
    ".",
    "%2E%2E",
    "abc%E2%80%8B",
    "-",
    "--",
]


@pytest.mark.parametrize("name", BUCKETS, ids=lambda name: name[:20])
def test_g1_g2_buckets_that_are_none(stand: Stand, name: str) -> None:
    name = quote(name, safe="%.-_")
    answer = stand.ask("PUT", f"/{name}")
    if name == "-":  # where the server's own pages are
        assert told(answer) == (405, "MethodNotAllowed")
        return
    assert told(answer) == (400, "InvalidBucketName")
    assert answer.text("BucketName") == unquote(name).replace("\0", "\ufffd")
    assert told(stand.ask("GET", f"/{name}")) in ((400, "InvalidBucketName"), (404, "NoSuchBucket"))
    assert stand.ask("PUT", f"/{name}/key", body=b"x").status in (400, 404)
    assert stand.ask("DELETE", f"/{name}").status in (400, 404)


@pytest.mark.parametrize(
    "name", ["admin", "health", "api", "-", "aaa", "a-b.c-d", "1.2.3.4.5", "a" * 63, "soap", "logout"]
)
def test_g2_ordinary_buckets(stand: Stand, name: str) -> None:
    answer = stand.ask("PUT", f"/{name}")
    assert answer.status == (405 if name == "-" else 200)
    assert stand.ask("DELETE", f"/{name}").status == (405 if name == "-" else 204)


def test_g2_an_empty_bucket_name(stand: Stand) -> None:
    for target in ("//", "//key", "//../key"):
        assert stand.ask("GET", target).status in (400, 403, 404)


# --- G4 to G8: keys ---

CLIMBING = [
    "..",
    "../x",
    "a/../../x",
    "..%2Fx",
    "%2e%2e/x",
    "%2e%2e%2fx",
    "a/..%2f../x",
    "/../x",
    "./../x",
    "a/b/../../../c",
]
NOT_UTF_8 = [
    "%ff",
    "%c3",
    "%ed%a0%80",
    "..%c0%af",
    "%c0%80",
    "%f4%90%80%80",
    "a%80b",
    "%e2%82",
    "%fe%ff",
    "%f8%88%80%80%80",
]


def everywhere(stand: Stand, bucket: str, path: str) -> list[Answer]:
    """The same bad key by every route that takes one in a path or a header."""
    uri = f"/{bucket}/{path}"
    tagging = b"<Tagging><TagSet/></Tagging>"
    return [
        stand.ask("PUT", uri, body=b"x"),
        stand.ask("GET", uri),
        stand.ask("DELETE", uri),
        stand.ask("GET", f"{uri}?tagging"),
        stand.ask("PUT", f"{uri}?tagging", body=tagging),
        stand.ask("DELETE", f"{uri}?tagging"),
        stand.ask("GET", f"{uri}?attributes", [("x-amz-object-attributes", "ETag")]),
        stand.ask("POST", f"{uri}?uploads"),
        stand.ask("PUT", f"{uri}?partNumber=1&uploadId=x", body=b"x"),
        stand.ask("POST", f"{uri}?uploadId=x", body=b"<CompleteMultipartUpload/>"),
        stand.ask("DELETE", f"{uri}?uploadId=x"),
        stand.ask("GET", f"{uri}?uploadId=x"),
        stand.ask("PUT", f"/{bucket}/copy", [("x-amz-copy-source", uri)]),
        stand.ask("PUT", uri, [("x-amz-copy-source", f"/{bucket}/key")]),
        stand.visit("GET", stand.presigned("GET", uri)),
    ]


@pytest.mark.parametrize("path", [*CLIMBING, *NOT_UTF_8])
def test_g4_g8_k1_keys_that_are_none(stand: Stand, empty: str, path: str) -> None:
    answers = everywhere(stand, empty, path)
    assert {told(answer) for answer in answers} == {BAD_URI}
    assert stand.ask("HEAD", f"/{empty}/{path}").status == 400


@pytest.mark.parametrize("path", ["%00", "a%00b", "a%00", "%00a"])
def test_nul_is_in_no_key(stand: Stand, empty: str, path: str) -> None:
    """Two keys that differ after a NUL must not be one: there are none."""
    assert {told(answer) for answer in everywhere(stand, empty, path)} == {INVALID}


@pytest.mark.parametrize("path", ["x" * 1025, "%E2%82%AC" * 342, "x/" * 513, "%F0%9F%98%80" * 257])
def test_k1_long_keys(stand: Stand, empty: str, path: str) -> None:
    assert {told(answer) for answer in everywhere(stand, empty, path)} == {(400, "KeyTooLongError")}


KEYS = [
    ".",
    "./x",
    "/x",
    "a//b",
    "a/",
    "//",
    "a/../b",
    "a/..",
    "...",
    "..a",
    "a..",
    ". .",
    "%2e",
    "%252e",
    "%2e%2e%2f",
    "+",
    " ",
    " lead",
    "trail ",
    "trail.",
    "con",
    "nul",
    "AUX.txt",
    "a\\..\\b",
    "~",
    "-rf",
    "$(id)",
    "`id`",
    "${jndi:ldap://x}",
    "|",
    "a;b",
    "é",
    "e\u0301",
    "ﬁ",
    "fi",
    "İ",
    "i\u0307",
    "\u200d",
    "a\u202eb",
    "\ufeff",
    "\ufffd",
    "\u2028",
    "\U0001f600",
    "\U0010ffff",
    "\ud7ff\ue000",
    "A",
    "a",
    "ß",
    "SS",
    "\x01",
    "\x7f",
    "\x85",
    "a\nb",
    "a\rb",
    "a\tb",
    "<>&\"'",
    "]]>",
    "<!--",
    "<![CDATA[",
    "&amp;",
    "%",
    "_",
    "'; DROP TABLE current; --",
    "100%",
    '"',
    "*",
    "?",
    "#",
    "a?versionId=1",
    "x" * 1024,
    "/".join("d" * 100),
    "-/live",
    "minio/health/live",
    "favicon.ico",
    "robots.txt",
    "staging",
    "trug.db",
    "0",
]


def test_g5_to_g16_keys_are_opaque_and_distinct(stand: Stand, bucket: str) -> None:
    for key in KEYS:
        stand.put(bucket, spelled(key), key.encode())
    for key in KEYS:
        assert stand.get(bucket, spelled(key)) == key.encode(), key
    listed = stand.ask("GET", f"/{bucket}?list-type=2&encoding-type=url")
    keys = [unquote(text.replace("+", " ")) for text in listed.texts("Key")]
    assert keys == sorted(KEYS, key=str.encode)
    assert stand.ask("GET", f"/{bucket}?list-type=2").status == 200
    for key in KEYS:
        stand.ask("PUT", f"/{bucket}/copies/{spelled(key)[:500]}", [("x-amz-copy-source", f"/{bucket}/{spelled(key)}")])
        assert stand.ask("DELETE", f"/{bucket}/{spelled(key)}").status == 204
    assert not set(keys) & set(stand.holds(bucket)[0])


def test_g9_normal_forms(stand: Stand, bucket: str) -> None:
    """No form of a name is another one."""
    forms = {unicodedata.normalize(form, "Å ﬁ ṩ ½") for form in ("NFC", "NFD", "NFKC", "NFKD")} | {"Å ﬁ ṩ ½"}
    for form in forms:
        stand.put(bucket, spelled(form), form.encode())
    assert all(stand.get(bucket, spelled(form)) == form.encode() for form in forms)
    assert len(stand.holds(bucket)[0]) == len(forms)


def test_g13_a_key_below_a_key(stand: Stand, bucket: str) -> None:
    for key in ("a", "a/b", "a/b/c", "a/"):
        stand.put(bucket, key, key.encode())
    stand.ask("DELETE", f"/{bucket}/a")
    assert stand.get(bucket, "a/b") == b"a/b"
    assert stand.get(bucket, "a/") == b"a/"


# --- G12, G16, G17: text in lists ---

TEXTS = [
    "<>&\"'",
    "]]>",
    "%",
    "_",
    "'; DROP TABLE current; --",
    "\\",
    "*",
    "[a-z]",
    "\x01",
    "\ufffe",
    "é",
    "a\u0301",
    "\u2028",
    "a" * 5000,
    "../",
    "\U0010ffff",
    "\ud7ff",
    "%zz",
    "NULL",
    "null",
    "-1",
    '"',
]


LISTS = ["", "list-type=2&", "versions&key-marker=a&", "uploads&key-marker=a&"]
NAMED = [
    "prefix",
    "delimiter",
    "marker",
    "start-after",
    "key-marker",
    "version-id-marker",
    "upload-id-marker",
    "continuation-token",
    "encoding-type",
    "x",
]


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: ascii(text)[:12])
def test_g12_g16_g17_texts_in_lists(stand: Stand, bucket: str, text: str) -> None:
    value = quote(text, safe="")
    for name in NAMED:
        for kind in LISTS:
            answer = stand.ask("GET", f"/{bucket}?{kind}{name}={value}")
            assert told(answer) in ((200, ""), INVALID), (kind, name, answer)
    if text.isprintable():
        assert stand.ask("GET", f"/{bucket}?prefix={value}").texts("Prefix") == [text]


@pytest.mark.parametrize("text", ["%00", "a%00b", "%ED%A0%80"])
def test_g17_texts_that_no_key_holds(stand: Stand, bucket: str, text: str) -> None:
    stand.put(bucket, "a")
    for name in (*NAMED, "versionId"):
        for kind in LISTS:
            assert told(stand.ask("GET", f"/{bucket}?{kind}{name}={text}")) in ((200, ""), INVALID, BAD_URI), (
                kind,
                name,
            )


def test_g17_a_prefix_inside_a_character(stand: Stand, bucket: str) -> None:
    stand.put(bucket, spelled("€"))
    assert told(stand.ask("GET", f"/{bucket}?prefix=%E2%82")) == BAD_URI
    assert stand.ask("GET", f"/{bucket}?prefix=%E2%82%AC").texts("Key") == ["€"]


def test_g17_delimiters(stand: Stand, bucket: str) -> None:
    for key in ("a--b", "a--c", "a-d", "z"):
        stand.put(bucket, key)
    answer = stand.ask("GET", f"/{bucket}?list-type=2&delimiter=--")
    assert (answer.texts("Key"), answer.root.findtext("CommonPrefixes/Prefix")) == (["a-d", "z"], "a--")
    assert stand.ask("GET", f"/{bucket}?list-type=2&start-after=zz").texts("Key") == []
    assert stand.ask("GET", f"/{bucket}?list-type=2&prefix=b&start-after=a").texts("Key") == []
    assert stand.ask("GET", f"/{bucket}?list-type=2&prefix=a&start-after=b").texts("Key") == []


# --- G18, G20, G21: parameters ---

NUMBERS = [
    "-1",
    "abc",
    str(2**31),
    "1e3",
    "0x10",
    "1.0",
    " 1",
    "+1",
    "9" * 400,
    "\xb2",
    "٣",
    "--1",
    "1_000",
    "-0x1",
    "nan",
]


@pytest.mark.parametrize("query", ["max-keys", "list-type=2&max-keys", "versions&max-keys", "uploads&max-uploads"])
def test_g18_numbers_that_are_none(stand: Stand, bucket: str, query: str) -> None:
    for number in NUMBERS:
        assert told(stand.ask("GET", f"/{bucket}?{query}={quote(number)}")) == INVALID, number


@pytest.mark.parametrize("query", ["max-keys", "list-type=2&max-keys", "versions&max-keys", "uploads&max-uploads"])
def test_g18_none_and_too_many(stand: Stand, bucket: str, query: str) -> None:
    stand.put(bucket, "a")
    nothing = stand.ask("GET", f"/{bucket}?{query}=0")
    assert (nothing.status, nothing.texts("Key"), nothing.texts("IsTruncated")) == (200, [], ["false"])
    assert stand.ask("GET", f"/{bucket}?{query}={2**31 - 1}").status == 200


@pytest.mark.parametrize(
    "query",
    [
        "encoding-type=foo",
        "list-type=3",
        "list-type=1",
        "list-type=",
        "list-type=2&encoding-type=URL",
        "versions&encoding-type=x",
        "uploads&encoding-type=x",
    ],
)
def test_g20_types(stand: Stand, bucket: str, query: str) -> None:
    assert told(stand.ask("GET", f"/{bucket}?{query}")) == INVALID


UNKNOWN = "a" * 32
GARBAGE = ["x", "a" * 31, "a" * 33, "a" * 1025, "a b", "%00", "é", "../x", "NULL", "Null", "'--", "a" * 31 + "-"]


@pytest.mark.parametrize("version", GARBAGE, ids=lambda text: ascii(text)[:12])
def test_g21_versions_that_are_none(stand: Stand, versioned: str, version: str) -> None:
    stand.put(versioned, "key")
    target = f"/{versioned}/key?versionId={quote(version, safe='%')}"
    for answer in (stand.ask("GET", target), stand.ask("DELETE", target), stand.ask("GET", f"{target}&tagging")):
        assert told(answer) == INVALID
    copy = [("x-amz-copy-source", f"/{versioned}/key?versionId={version}")]
    assert told(stand.ask("PUT", f"/{versioned}/copy", copy)) == INVALID
    assert stand.holds(versioned)[0] == ["key"]


def test_g21_versions_that_are_not_there(stand: Stand, versioned: str, bucket: str) -> None:
    first = stand.put(versioned, "key").header("x-amz-version-id")
    stand.put(versioned, "other")
    for version in (UNKNOWN, first):
        target = f"/{versioned}/other?versionId={version}"
        assert told(stand.ask("GET", target)) == (404, "NoSuchVersion")
        assert stand.ask("HEAD", target).status == 404
        assert stand.ask("DELETE", target).status == 204
    assert told(stand.ask("GET", f"/{versioned}/key?versionId=")) == INVALID
    stand.put(bucket, "key")
    assert stand.ask("GET", f"/{bucket}/key?versionId=null").body == b"content"
    assert len(stand.holds(versioned)[0]) == 2
