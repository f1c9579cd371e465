"""How rows of a list become elements: usual ones all at once, the others as they are."""

from __future__ import annotations

import pytest
from lxml import etree

from trug.domain.lines import PLAIN, STYLES, line_of
from trug.domain.objects import Listing
from trug.operations.listing import contents, versions
from trug.operations.representation import ENCODED, ESCAPED, Names
from trug.ports.rows import Listed

NOW = 1_700_000_000_000_000
DATE = "2023-11-14T22:13:20.000Z"
MD5 = "d41d8cd98f00b204e9800998ecf8427e"
OWNER = "<Owner><ID>0</ID></Owner>"
KEYS = ["a", "b c", "d&<e>", "f\1\2\3\4\x0b\x1f", "g\5\5\5\5\6", "ü", "=/+", "z"]
LISTINGS = [
    Listing(MD5, 0, NOW),
    *(Listing(f"{MD5}-2", 7, NOW + 5, *style) for style in STYLES[1:]),
    Listing(MD5, 7, NOW, "GLACIER", "SHA256", "COMPOSITE"),
    Listing("<\1\2\3\4&\x0b>", 7, NOW),
]


def row(key: str, listing: Listing) -> bytes:
    return key.encode() + line_of(key, listing)


def fields(xml: bytes) -> list[list[tuple[str, str]]]:
    root = etree.fromstring(b'<?xml version="1.1"?><L>' + xml.replace(b"&#x", b"&amp;#x") + b"</L>")
    return [[(element.tag, element.text or "") for element in entry] for entry in root]


def written(names: Names, text: str) -> str:
    return etree.fromstring(f"<t>{names.one(text).replace('&#x', '&amp;#x')}</t>").text or ""


def expected(names: Names, key: str, listing: Listing) -> list[tuple[str, str]]:
    shown = [
        ("Key", written(names, key)),
        ("LastModified", DATE),
        ("ETag", f'"{written(ESCAPED, listing.etag)}"'),
        ("Size", str(listing.size)),
    ]
    if listing.checksum_algorithm:
        shown += [("ChecksumAlgorithm", listing.checksum_algorithm), ("ChecksumType", listing.checksum_type)]
    return [*shown, ("Owner", ""), ("StorageClass", listing.storage_class)]


@pytest.mark.parametrize("names", [ESCAPED, ENCODED], ids=["escaped", "encoded"])
@pytest.mark.parametrize("key", KEYS, ids=ascii)
def test_every_line_is_shown_with_every_key(names: Names, key: str) -> None:
    """Whatever else is on the page."""
    for listing in LISTINGS:
        page = [(key, listing)]
        assert fields(contents([row(*one) for one in page], names, OWNER)) == [expected(names, *one) for one in page]
    page = [(key, listing) for listing in LISTINGS]
    assert fields(contents([row(*one) for one in page], names, OWNER)) == [expected(names, *one) for one in page]
    page = [(other, LISTINGS[1]) for other in ("a", key, "z")]
    assert fields(contents([row(*one) for one in page], names, OWNER)) == [expected(names, *one) for one in page]


@pytest.mark.parametrize("names", [ESCAPED, ENCODED], ids=["escaped", "encoded"])
@pytest.mark.parametrize("key", KEYS, ids=ascii)
def test_versions(names: Names, key: str) -> None:
    listed = [Listed(row(key, listing), f"v{n}", n, marker=False) for n, listing in enumerate(LISTINGS)]
    gone = [Listed(row(key, Listing("", 0, NOW)), "gone", 0, marker=True)]
    latest = [True, *(False for _ in listed)]
    shown = fields(versions(gone + listed, latest, names, OWNER))
    place = ("Key", written(names, key))
    assert shown[0] == [place, ("VersionId", "gone"), ("IsLatest", "true"), ("LastModified", DATE), ("Owner", "")]
    assert shown[1:] == [
        [place, ("VersionId", f"v{n}"), ("IsLatest", "false"), *expected(names, key, listing)[1:]]
        for n, listing in enumerate(LISTINGS)
    ]


def test_nothing_is_nothing() -> None:
    assert contents([], ESCAPED, OWNER) == b""
    assert versions([], [], ESCAPED, OWNER) == b""


def test_plain_keys_are_written_as_they_are() -> None:
    """So no page of them is looked at again."""
    plain = PLAIN.decode("ascii")
    for names in (ESCAPED, ENCODED):
        assert names.one(plain) == plain
