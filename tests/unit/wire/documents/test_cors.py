"""wire/documents/cors.py."""

from __future__ import annotations

import pytest

from trug.domain.cors import CorsRule
from trug.domain.errors import S3Error
from trug.wire.documents.cors import cors_content, parse_cors

MINIMAL = "<AllowedMethod>GET</AllowedMethod><AllowedOrigin>*</AllowedOrigin>"
FULL = CorsRule(("GET", "PUT"), ("https://a", "*"), ("x-*",), ("ETag",), 3000, "a <rule> & more")


def document(*rules: str) -> bytes:
    inside = "".join(f"<CORSRule>{rule}</CORSRule>" for rule in rules)
    return f'<CORSConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{inside}</CORSConfiguration>'.encode()


def test_round_trip() -> None:
    rules = (FULL, CorsRule(("DELETE",), ("null",), max_age=0))
    assert parse_cors(f"<CORSConfiguration>{cors_content(rules)}</CORSConfiguration>".encode()) == rules


def test_elements_in_any_order() -> None:
    (rule,) = parse_cors(
        document("<MaxAgeSeconds>1</MaxAgeSeconds><AllowedOrigin>*</AllowedOrigin><ID>i</ID>" + MINIMAL)
    )
    assert rule == CorsRule(("GET",), ("*", "*"), max_age=1, id="i")


def test_a_hundred_full_rules() -> None:
    content = cors_content([CorsRule(("GET", "PUT", "POST", "DELETE", "HEAD"), ("https://a", "b"))] * 100)
    assert len(parse_cors(f"<CORSConfiguration>{content}</CORSConfiguration>".encode())) == 100


@pytest.mark.parametrize(
    "body",
    [
        document(),
        document(""),
        document("<AllowedMethod>GET</AllowedMethod>"),
        document("<AllowedOrigin>*</AllowedOrigin>"),
        document("<AllowedMethod>GET</AllowedMethod><AllowedOrigin/>"),
        document(MINIMAL + "<Other>1</Other>"),
        document(MINIMAL + "<MaxAgeSeconds>-1</MaxAgeSeconds>"),
        document(MINIMAL + "<MaxAgeSeconds>1.5</MaxAgeSeconds>"),
        document(MINIMAL + "<MaxAgeSeconds>9999999999</MaxAgeSeconds>"),
        document(MINIMAL + "<MaxAgeSeconds/>"),
        document(MINIMAL + "<ID>a</ID><ID>b</ID>"),
        document(MINIMAL + "<AllowedHeader><a/></AllowedHeader>"),
        b"<CORSConfiguration><Other/></CORSConfiguration>",
        b"<Other/>",
        b"no xml",
        b'<!DOCTYPE x [<!ENTITY e "*">]><CORSConfiguration/>',
    ],
)
def test_malformed(body: bytes) -> None:
    with pytest.raises(S3Error, match="MalformedXML"):
        parse_cors(body)
