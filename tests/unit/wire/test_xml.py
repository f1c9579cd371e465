"""XML out and in."""

from __future__ import annotations

import subprocess
import sys
from urllib.parse import unquote_plus
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trug.domain.errors import ErrorCode, S3Error
from trug.wire import xml
from trug.wire.xml import document, element, encode_url, encode_url_all, escape, escape_all, parse

LIMIT = 64 * 1024
NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"

ESCAPED = {
    "plain": ("photos/2026/a b.jpeg", "photos/2026/a b.jpeg"),
    "empty": ("", ""),
    "G12-markup": ("<a href=\"x\">'&'</a>", "&lt;a href=&quot;x&quot;&gt;'&amp;'&lt;/a&gt;"),
    "G12-end-of-cdata": ("]]>", "]]&gt;"),
    "carriage-return": ("a\r\nb\tc", "a&#13;\nb\tc"),
    "forbidden-in-1.0": ("\x01\x0b\x1f", "&#x1;&#xB;&#x1F;"),
    "restricted-in-1.1": ("\x7f\x85\u2028", "&#127;&#133;&#8232;"),
    "never-allowed": ("\x00\ufffe\uffff\ud800", "\ufffd" * 4),
    "G9-beyond-ascii": ("é中😀\ufeff", "é中😀\ufeff"),
}
ENCODED = {
    "plain": ("photos/2026/a-b_c.d*", "photos/2026/a-b_c.d*"),
    "space": ("a b", "a+b"),
    "plus": ("a+b", "a%2Bb"),
    "percent": ("100%", "100%25"),
    "encoded-space": ("a%20b", "a%2520b"),
    "tilde": ("~a", "%7Ea"),
    "delimiters": ("a:b@c=d&e", "a%3Ab%40c%3Dd%26e"),
    "control": ("\x01\r\n", "%01%0D%0A"),
    "utf-8": ("é中", "%C3%A9%E4%B8%AD"),
    "quotes": ("(a)'!\"", "%28a%29%27%21%22"),
}


@pytest.mark.parametrize(("text", "expected"), ESCAPED.values(), ids=ESCAPED)
def test_text_in_an_element(text: str, expected: str) -> None:
    assert escape(text) == expected
    assert list(escape_all([text, "plain"])) == [expected, "plain"]
    assert element("Key", text) == f"<Key>{expected}</Key>"


def test_no_text_no_element() -> None:
    assert element("Key", None) == ""


@pytest.mark.parametrize(("text", "expected"), ENCODED.values(), ids=ENCODED)
def test_text_for_encoding_type_url(text: str, expected: str) -> None:
    assert encode_url(text) == expected
    assert list(encode_url_all(["plain", text])) == ["plain", expected]


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_encoded_text_decodes_and_needs_no_escape(text: str) -> None:
    assert unquote_plus(encode_url(text), errors="strict") == text
    assert escape(encode_url(text)) == encode_url(text)


def test_a_document() -> None:
    assert document("Result", "<A>é</A>") == (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Result xmlns="{NAMESPACE}"><A>é</A></Result>'.encode()
    )
    assert document("Error", "", namespaced=False) == b'<?xml version="1.0" encoding="UTF-8"?>\n<Error></Error>'


def test_a_document_with_control_characters_is_of_version_1_1() -> None:
    assert document("Result", element("Key", "\x01")).startswith(b'<?xml version="1.1"')
    assert document("Result", element("Key", "&#x1;\r\x7f")).startswith(b'<?xml version="1.0"')


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")))
def test_any_text_comes_back_from_a_document(text: str) -> None:
    root = ET.fromstring(document("R", element("Key", text), namespaced=False))
    assert (root[0].text or "") == text


def body(content: str = "<A>1</A>", root: str = "Root") -> bytes:
    return f"<{root}>{content}</{root}>".encode()


GOOD = {
    "H5-no-namespace": body(),
    "H5-namespace": f'<Root xmlns="{NAMESPACE}"><A>1</A></Root>'.encode(),
    "H5-prefix": f'<s:Root xmlns:s="{NAMESPACE}"><s:A>1</s:A></s:Root>'.encode(),
    "H5-namespace-of-root-only": f'<s:Root xmlns:s="{NAMESPACE}"><A>1</A></s:Root>'.encode(),
    "H9-byte-order-mark": b"\xef\xbb\xbf" + body(),
    "H9-declared": b'<?xml version="1.0" encoding="UTF-8"?>\n' + body(),
    "H9-declared-in-small-letters": b"<?xml version='1.0' encoding='utf-8' standalone='yes'?>" + body(),
    "H9-version-only": b'<?xml version="1.0"?>' + body(),
    "H10-cdata": body("<A><![CDATA[1]]></A>"),
    "H10-comment": body("<!-- x --><A><!-- 2 -->1</A>"),
    "H10-instruction": body("<?x y?><A>1<?x y?></A>"),
    "reference": body("<A>&#49;</A>"),
    "spaces-around": b"\n  " + body() + b"\n",
}
LAUGHS = "".join(f'<!ENTITY l{n} "{"&l" + str(n - 1) + ";" if n else "lol"}{"lol" * 10}">' for n in range(20))
BAD = {
    "H1-laughs": f"<!DOCTYPE Root [{LAUGHS}]>".encode() + body("<A>&l19;</A>"),
    "H2-file": b'<!DOCTYPE Root [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + body("<A>&x;</A>"),
    "H2-http": b'<!DOCTYPE Root [<!ENTITY x SYSTEM "http://127.0.0.1:1/">]>' + body("<A>&x;</A>"),
    "H2-parameter": b'<!DOCTYPE Root [<!ENTITY % x SYSTEM "file:///etc/passwd"> %x;]>' + body(),
    "H2-external": b'<!DOCTYPE Root SYSTEM "http://127.0.0.1:1/root.dtd">' + body(),
    "H2-plain": b"<!DOCTYPE Root>" + body(),
    "H2-unknown-entity": body("<A>&x;</A>"),
    "H5-other-namespace": b'<Root xmlns="http://example.com/"><A>1</A></Root>',
    "H5-no-such-prefix": b"<s:Root><A>1</A></s:Root>",
    "H5-other-child": b'<Root xmlns:x="http://example.com/"><x:A>1</x:A></Root>',
    "H6-twice": body("<A>1</A><A>1</A>"),
    "H9-utf-16": body().decode().encode("utf-16"),
    "H9-utf-16-without-mark": body().decode().encode("utf-16-le"),
    "H9-latin-1": b'<?xml version="1.0" encoding="ISO-8859-1"?>' + body(),
    "H9-utf-7": b'<?xml version="1.0" encoding="UTF-7"?>' + body(),
    "H9-not-utf-8": body("<A>1</A>\xff").decode("utf-8").encode("latin-1"),
    "H9-nul": body("<A>\0</A>"),
    "other-root": body(root="Toor"),
    "not-xml": b"hello",
    "json": b"{}",
    "two-roots": body() + body(),
    "text-after": body() + b"x",
    "forbidden-reference": body("<A>&#0;</A>"),
    "too-deep": body("<B>" * 17 + "</B>" * 17),
    "far-too-deep": body("<B>" * 5000 + "</B>" * 5000),
    "child-in-leaf": body("<A><B/>1</A>"),
}


def read(content: bytes) -> str | None:
    return xml.text_of(parse(content, "Root", limit=LIMIT), "A")


@pytest.mark.parametrize("content", GOOD.values(), ids=GOOD)
def test_a_body_that_is_taken(content: bytes) -> None:
    assert read(content) == "1"


@pytest.mark.parametrize("content", BAD.values(), ids=BAD)
def test_a_body_that_is_refused(content: bytes) -> None:
    with pytest.raises(S3Error) as refused:
        read(content)
    assert refused.value.code is ErrorCode.MalformedXML


@pytest.mark.parametrize("cut", range(1, len(GOOD["H9-declared"])), ids=lambda cut: f"H14-{cut}")
def test_a_body_cut_short(cut: int) -> None:
    with pytest.raises(S3Error) as refused:
        read(GOOD["H9-declared"][:cut])
    assert refused.value.code is ErrorCode.MalformedXML


@pytest.mark.parametrize("content", [b"", b" \n", b"\xef\xbb\xbf"], ids=["H8-empty", "H8-blank", "H8-only-a-mark"])
def test_no_body(content: bytes) -> None:
    with pytest.raises(S3Error) as refused:
        read(content)
    assert refused.value.code is ErrorCode.MissingRequestBodyError


def test_h4_a_body_above_the_limit() -> None:
    with pytest.raises(S3Error) as refused:
        read(body("<A>1</A>" + " " * LIMIT))
    assert refused.value.code is ErrorCode.MaxMessageLengthExceeded


@given(st.binary(max_size=200))
def test_no_bytes_do_worse_than_an_error_of_s3(content: bytes) -> None:
    with pytest.raises(S3Error):
        read(content)


def test_h10_markup_in_cdata_is_text() -> None:
    assert read(body("<A><![CDATA[</A><A>2</A>]]></A>")) == "</A><A>2</A>"


def test_reading_children() -> None:
    root = parse(body("<A>1</A><B/><C> 2 </C>"), "Root", limit=LIMIT)
    assert xml.text_of(root, "B") == ""
    assert xml.text_of(root, "D") is None
    assert xml.texts(root, {"A", "B", "C"}) == {"A": "1", "B": "", "C": " 2 "}
    xml.check_children(root, {"A", "B", "C", "D"})
    with pytest.raises(S3Error):
        xml.check_children(root, {"A", "B"})
    with pytest.raises(S3Error):
        xml.texts(root, {"A", "B"})


def test_h6_a_name_twice_among_texts() -> None:
    with pytest.raises(S3Error):
        xml.texts(parse(body("<A>1</A><A>1</A>"), "Root", limit=LIMIT), {"A"})


def test_lxml_waits_for_the_first_document() -> None:
    code = "import sys, trug.wire.xml, trug.wire.documents.delete; sys.exit('lxml' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": ":".join(sys.path)})
