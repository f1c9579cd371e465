"""Row H of the list of bad inputs: XML bodies.

H13's rows about CORS and lifecycle are in the tests of PutBucketCors and PutBucketLifecycleConfiguration.
"""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from tests.support.hostile import UNSIGNED
from tests.support.raw import Answer, Cut
from tests.support.stand import Stand

MALFORMED = (400, "MalformedXML")
TOO_LONG = (400, "MaxMessageLengthExceeded")
NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"

TAGGING = "<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag></TagSet></Tagging>"
VERSIONING = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
CORS = (
    "<CORSConfiguration><CORSRule><AllowedMethod>GET</AllowedMethod><AllowedOrigin>*</AllowedOrigin></CORSRule>"
    "</CORSConfiguration>"
)
WEBSITE = "<WebsiteConfiguration><IndexDocument><Suffix>index.html</Suffix></IndexDocument></WebsiteConfiguration>"
DELETE = "<Delete><Object><Key>key</Key></Object><Quiet>false</Quiet></Delete>"
CREATE = "<CreateBucketConfiguration><LocationConstraint>us-east-1</LocationConstraint></CreateBucketConfiguration>"
COMPLETE = (
    "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>9a0364b9e99bb480dd25e1f0284c8555</ETag></Part>"
    "</CompleteMultipartUpload>"
)
ROUTES = {
    "object-tags": ("PUT", "/{bucket}/key?tagging", TAGGING),
    "bucket-tags": ("PUT", "/{bucket}?tagging", TAGGING),
    "versioning": ("PUT", "/{bucket}?versioning", VERSIONING),
    "cors": ("PUT", "/{bucket}?cors", CORS),
    "website": ("PUT", "/{bucket}?website", WEBSITE),
    "delete": ("POST", "/{bucket}?delete", DELETE),
    "create": ("PUT", "/{bucket}-new", CREATE),
    "complete": ("POST", "/{bucket}/upload?uploadId={upload}", COMPLETE),
}


def told(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.code


class Place:
    """A bucket with an object and an upload, in which bad documents change nothing."""

    def __init__(self, stand: Stand, bucket: str) -> None:
        self.stand, self.bucket = stand, bucket
        stand.put(bucket, "key")
        self.upload = stand.begin_upload(bucket, "upload")
        stand.put_part(bucket, self.upload, 1, b"content", "upload")

    def send(self, route: str, body: bytes, **how: Any) -> Answer:
        method, target, _ = ROUTES[route]
        return self.stand.ask(method, target.format(bucket=self.bucket, upload=self.upload), body=body, **how)

    def check_unchanged(self) -> None:
        assert self.stand.get(self.bucket, "key") == b"content"
        assert self.stand.holds(self.bucket) == (["key"], ["upload"])
        assert self.stand.ask("GET", f"/{self.bucket}/key?tagging").texts("Tag") == []
        assert self.stand.ask("GET", f"/{self.bucket}?tagging").code == "NoSuchTagSet"
        assert self.stand.ask("GET", f"/{self.bucket}?versioning").texts("Status") == []
        assert self.stand.ask("HEAD", f"/{self.bucket}-new").status == 404


@pytest.fixture
def place(stand: Stand, bucket: str) -> Iterator[Place]:
    made = Place(stand, bucket)
    yield made
    made.check_unchanged()


def within(root: str) -> str:
    return ROUTES[root][2]


def dtd(subset: str, route: str, inside: str = "") -> bytes:
    text = within(route)
    root = text[1 : text.index(">")]
    content = text.replace("<Key>a", f"<Key>{inside}").replace("<Key>key", f"<Key>{inside}") if inside else text
    return f'<?xml version="1.0"?><!DOCTYPE {root} {subset}>{content}'.encode()


LAUGHS = "".join(f'<!ENTITY a{level} "{"".join([f"&a{level - 1};"] * 10)}">' for level in range(1, 10))
BILLION = f'[<!ENTITY a0 "lol">{LAUGHS}]'
QUADRATIC = f'[<!ENTITY a "{"x" * 50_000}">]'


@pytest.mark.parametrize("route", ROUTES)
def test_h1_entities(place: Place, route: str) -> None:
    with place.stand.costing(0.1):
        assert told(place.send(route, dtd(BILLION, route, "&a9;"))) in (MALFORMED, TOO_LONG)
        assert told(place.send(route, dtd(QUADRATIC, route, "&a;" * 1000))) in (MALFORMED, TOO_LONG)


@contextmanager
def listening() -> Iterator[tuple[str, list[object]]]:
    """An address that notes who connects."""
    came: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)

        def accept() -> None:
            with suppress(TimeoutError, OSError):
                came.append(server.accept())

        thread = threading.Thread(target=accept)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", came
        thread.join()


@pytest.mark.parametrize("route", ROUTES)
def test_h2_external_entities(place: Place, route: str) -> None:
    with listening() as (url, came):
        for subset in (
            '[<!ENTITY a SYSTEM "file:///etc/passwd">]',
            f'[<!ENTITY a SYSTEM "{url}/x">]',
            f'[<!ENTITY % p SYSTEM "{url}/x"> %p;]',
            f'SYSTEM "{url}/x.dtd"',
            f'PUBLIC "-//x" "{url}/x.dtd"',
            "[]",
            "",
        ):
            assert told(place.send(route, dtd(subset, route, "&a;" if "ENTITY a" in subset else ""))) == MALFORMED
        text = within(route) if route != "create" else ""  # which passes over elements it does not know
        for inclusion in (
            f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{url}/x"/>',
            f'<?xml-stylesheet href="{url}/x"?><x/>',
        ):
            if text:
                assert told(place.send(route, text.replace(">", f">{inclusion}", 1).encode())) == MALFORMED
    assert came == []


@pytest.mark.parametrize(
    "doctype", ["<!doctype a>", "<!DOCTYPE", "<!DOCTYPE a [", "<! DOCTYPE a>", "\ufeff<!DOCTYPE a []>"]
)
def test_h2_doctypes_in_other_letters(place: Place, doctype: str) -> None:
    assert told(place.send("object-tags", f"{doctype}{TAGGING}".encode())) == MALFORMED


@pytest.mark.parametrize("route", ROUTES)
def test_h4_long_documents(place: Place, route: str) -> None:
    """What is declared too long is refused unread; what lies about it is cut off at the limit."""
    text = within(route).encode()
    padded = text.replace(b">", b">" + b" " * (10 << 20), 1)
    with place.stand.costing(0.5):
        assert told(place.send(route, padded, payload=UNSIGNED)) in (MALFORMED, TOO_LONG)
    method, target, _ = ROUTES[route]
    raw = place.stand.spell(
        method,
        target.format(bucket=place.bucket, upload=place.upload),
        [("Transfer-Encoding", "chunked")],
        payload=UNSIGNED,
    )
    with place.stand.costing(0.5), place.stand.connect() as connection, suppress(Cut):
        connection.send(raw + b"a00000\r\n" + padded[: 10 << 20] + b"\r\n0\r\n\r\n")
        assert told(place.stand.seen(connection.receive(method), method)) in (
            MALFORMED,
            TOO_LONG,
            (411, "MissingContentLength"),
        )


NESTED = {
    "deep": b"<a>" * 100_000,
    "deep-closed": b"<a>" * 5000 + b"</a>" * 5000,
    "wide": b"<a/>" * 100_000,
    "attributes": b"<a " + b" ".join(b'a%d=""' % number for number in range(20_000)) + b"/>",
    "same-attributes": b'<a a="" a=""/>',
    "namespaces": b"<a " + b" ".join(b'xmlns:a%d="a"' % number for number in range(5000)) + b"/>",
    "long-name": b"<" + b"a" * 200_000 + b"/>",
    "comments": b"<!---->" * 100_000,
    "comment-bomb": b"<!-- " + b"- " * 100_000,
    "references": b"<a>" + b"&#65;" * 50_000 + b"</a>",
    "bad-references": b"<a>&#0;&#x110000;&nbsp;</a>",
}


@pytest.mark.parametrize("body", NESTED.values(), ids=NESTED.keys())
def test_h4_costly_documents(place: Place, body: bytes) -> None:
    for route in ROUTES:
        root = within(route)[1 : within(route).index(">")].encode()
        with place.stand.costing(0.5):
            answer = place.send(route, b"<" + root + b">" + body + b"</" + root + b">", payload=UNSIGNED)
        assert answer.status == 400, (route, answer)


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("namespace", ["http://evil.test/", "http://s3.amazonaws.com/doc/2006-03-01", " ", "x"])
def test_h5_other_namespaces(place: Place, route: str, namespace: str) -> None:
    assert told(place.send(route, within(route).replace(">", f' xmlns="{namespace}">', 1).encode())) == MALFORMED


@pytest.mark.parametrize("route", ROUTES)
def test_h5_prefixes_of_no_namespace(place: Place, route: str) -> None:
    text = within(route).replace("</", "\0").replace("<", "<s3:").replace("\0", "</s3:")
    assert told(place.send(route, text.encode())) == MALFORMED
    assert told(place.send(route, text.replace(">", ' xmlns:s3="x">', 1).encode())) == MALFORMED


@pytest.mark.parametrize("name", ["default", "prefix", "none", "byte-order-mark", "declaration", "cdata", "comments"])
def test_h5_h9_h10_what_is_fine(stand: Stand, bucket: str, name: str) -> None:
    text = {
        "default": TAGGING.replace(">", f' xmlns="{NAMESPACE}">', 1),
        "prefix": TAGGING.replace("</", "\0")
        .replace("<", "<s3:")
        .replace("\0", "</s3:")
        .replace(">", f' xmlns:s3="{NAMESPACE}">', 1),
        "none": TAGGING,
        "byte-order-mark": "\ufeff" + TAGGING,
        "declaration": '<?xml version="1.0" encoding="utf-8" standalone="yes"?>\n' + TAGGING,
        "cdata": TAGGING.replace("<Key>a", "<Key><![CDATA[a]]>"),
        "comments": TAGGING.replace("<Key>a", "<!-- b --><Key>a<!-- b -->"),
    }[name]
    stand.put(bucket, "key")
    assert stand.ask("PUT", f"/{bucket}/key?tagging", body=text.encode()).status == 200
    assert stand.ask("GET", f"/{bucket}/key?tagging").texts("Key") == ["a"]


TWICE = {
    "versioning": VERSIONING.replace("</Status>", "</Status><Status>Suspended</Status>"),
    "cors": CORS.replace("<AllowedMethod>", "<ID>a</ID><ID>b</ID><AllowedMethod>"),
    "website": WEBSITE.replace("</Suffix>", "</Suffix><Suffix>other.html</Suffix>"),
    "object-tags": TAGGING.replace("</TagSet>", "</TagSet><TagSet/>"),
    "bucket-tags": TAGGING.replace("<Key>a</Key>", "<Key>a</Key><Key>b</Key>"),
    "delete": DELETE.replace("</Quiet>", "</Quiet><Quiet>true</Quiet>"),
    "create": CREATE.replace("</Location", "</LocationConstraint><LocationConstraint>eu-west-1</Location"),
    "complete": COMPLETE.replace("</PartNumber>", "</PartNumber><PartNumber>2</PartNumber>"),
}


@pytest.mark.parametrize("route", ROUTES)
def test_h6_elements_twice(place: Place, route: str) -> None:
    assert told(place.send(route, TWICE[route].encode())) == MALFORMED


@pytest.mark.parametrize(
    "key", ["<Key>key</Key><Key>other</Key>", "<Key>key</Key><VersionId>null</VersionId><VersionId>x</VersionId>"]
)
def test_h6_keys_twice(place: Place, key: str) -> None:
    assert told(place.send("delete", f"<Delete><Object>{key}</Object></Delete>".encode())) == MALFORMED


@pytest.mark.parametrize("route", [route for route in ROUTES if route != "create"])
@pytest.mark.parametrize("body", [b"", b"  \r\n", b"\xef\xbb\xbf"])
def test_h8_nothing(place: Place, route: str, body: bytes) -> None:
    nothing = "InvalidRequest" if route == "complete" and not body else "MissingRequestBodyError"
    assert told(place.send(route, body)) in ((400, nothing), MALFORMED)


ENCODINGS = {
    "utf-16": lambda text: text.encode("utf-16"),
    "utf-16-be": lambda text: text.encode("utf-16-be"),
    "utf-16-declared": lambda text: f'<?xml version="1.0" encoding="UTF-16"?>{text}'.encode("utf-16"),
    "utf-32": lambda text: text.encode("utf-32"),
    "utf-7": lambda text: f'<?xml version="1.0" encoding="UTF-7"?>{text}'.replace(">a<", ">+AGE-<").encode(),
    "latin-1": lambda text: f'<?xml version="1.0" encoding="ISO-8859-1"?>{text}'.encode(),
    "latin-1-single": lambda text: f"<?xml version='1.0' encoding='latin-1'?>{text}".encode(),
    "ebcdic": lambda text: f'<?xml version="1.0" encoding="cp037"?>{text}'.encode("cp037"),
    "unknown": lambda text: f'<?xml version="1.0" encoding="evil"?>{text}'.encode(),
    "raw-latin-1": lambda text: text.encode().replace(b">", b">\xe9", 1),
    "overlong": lambda text: text.encode().replace(b">", b">\xc0\xaf", 1),
    "surrogate": lambda text: text.encode().replace(b">", b">\xed\xa0\x80", 1),
    "nul": lambda text: text.encode().replace(b">", b">\0", 1),
    "two-marks": lambda text: b"\xef\xbb\xbf\xef\xbb\xbf" + text.encode(),
    "xml-1.1": lambda text: b'<?xml version="1.1"?>' + text.encode().replace(b">", b">&#1;", 1),
    "gzip": lambda text: gzip.compress(text.encode()),
    "json": lambda text: b'{"Key": "a"}',
}


@pytest.mark.parametrize("route", ROUTES)
def test_h9_encodings(place: Place, route: str) -> None:
    for name, encode in ENCODINGS.items():
        assert told(place.send(route, encode(within(route)))) == MALFORMED, name


def test_q1_compressed_documents_are_not_inflated(place: Place) -> None:
    body = gzip.compress(TAGGING.encode())
    answer = place.stand.ask("PUT", f"/{place.bucket}/key?tagging", [("Content-Encoding", "gzip")], body)
    assert told(answer) == MALFORMED


INJECTIONS = {
    "cdata": "<Delete><Object><Key><![CDATA[</Key></Object><Object><Key>key]]></Key></Object></Delete>",
    "instruction": "<Delete><Object><Key>ke<?x y?>y-other</Key></Object></Delete>",
    "comment": "<Delete><Object><Key>k<!-- --></Key></Object></Delete>",
    "entities": "<Delete><Object><Key>&lt;/Key&gt;&lt;Key&gt;key</Key></Object></Delete>",
}


@pytest.mark.parametrize("text", INJECTIONS.values(), ids=INJECTIONS.keys())
def test_h10_nothing_is_injected(place: Place, text: str) -> None:
    answer = place.send("delete", text.encode())
    assert answer.status == 200
    assert len(answer.texts("Deleted")) == 1


def test_h10_children_inside_texts(place: Place) -> None:
    assert told(place.send("delete", b"<Delete><Object><Key>k<b>e</b>y</Key></Object></Delete>")) == MALFORMED


def test_h12_numbers_of_parts(place: Place) -> None:
    part = "<Part><PartNumber>{}</PartNumber><ETag>x</ETag></Part>"
    for count in (0, 10_001, 40_000):
        body = "".join(part.format(number % 10_000 + 1) for number in range(count))
        assert (
            told(place.send("complete", f"<CompleteMultipartUpload>{body}</CompleteMultipartUpload>".encode()))
            == MALFORMED
        )


def test_h13_numbers_of_tags_and_keys(place: Place) -> None:
    def tags(count: int) -> bytes:
        inside = "".join(f"<Tag><Key>{number}</Key><Value>x</Value></Tag>" for number in range(count))
        return f"<Tagging><TagSet>{inside}</TagSet></Tagging>".encode()

    assert place.send("object-tags", tags(11)).status == 400
    assert place.send("bucket-tags", tags(51)).status == 400
    keys = "".join(f"<Object><Key>{number}</Key></Object>" for number in range(1001))
    assert told(place.send("delete", f"<Delete>{keys}</Delete>".encode())) == MALFORMED


@pytest.mark.parametrize("route", ROUTES)
def test_h14_cut_at_each_byte(place: Place, route: str) -> None:
    text = within(route).encode()
    with_declaration = b'<?xml version="1.0" encoding="UTF-8"?>' + text
    for size in range(1, len(with_declaration)):
        answer = place.send(route, with_declaration[:size])
        assert told(answer) == MALFORMED, with_declaration[:size]


@pytest.mark.parametrize("route", ROUTES)
def test_h14_documents_of_another_name(place: Place, route: str) -> None:
    for other in ROUTES:
        if within(other) != within(route):
            assert told(place.send(route, within(other).encode())) == MALFORMED
    assert told(place.send(route, within(route).encode() * 2)) == MALFORMED
    assert told(place.send(route, within(route).encode() + b"tail")) == MALFORMED
    assert told(place.send(route, b"head" + within(route).encode())) == MALFORMED
    assert told(place.send(route, within(route).lower().encode())) == MALFORMED


TAG_TEXTS = {
    "tab": "&#9;",
    "line-break": "&#10;",
    "carriage-return": "&#13;",
    "delete": "\x7f",
    "c1": "\x85",
    "bidi": "\u202e",
    "zero-width": "\u200b",
    "private": "\ue000",
    "markup": "&lt;script&gt;",
    "quote": "&quot;",
    "percent": "%0A",
    "long": "x" * 129,
    "aws": "aws:x",
    "AWS": "AWS:x",
    "empty": "",
}


@pytest.mark.parametrize("text", TAG_TEXTS.values(), ids=TAG_TEXTS.keys())
def test_tags_of_odd_characters(place: Place, text: str) -> None:
    body = f"<Tagging><TagSet><Tag><Key>{text}</Key><Value>1</Value></Tag></TagSet></Tagging>".encode()
    assert told(place.send("object-tags", body)) == (400, "InvalidTag")
    assert told(place.send("bucket-tags", body)) == (400, "InvalidTag")
