"""XML as S3 writes it, and XML as clients may send it."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote

from trug.domain.errors import ErrorCode, S3Error

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"

# Out

LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
ESCAPE_FREE = bytes(code for code in range(0x20, 0x7F) if code not in b'&<>"') + b"\t\n"
URL_FREE = LETTERS + b"/*-._"
SPECIAL = re.compile('[&<>"\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\ud800-\udfff\ufffe\uffff]')
NAMED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}
UNWRITABLE = re.compile("[\x00\ud800-\udfff\ufffe\uffff]")
REPLACEMENT = "\ufffd"
ONLY_IN_1_1 = b"&#x"
"""How ``escape`` begins references to characters that XML 1.0 has no way to write; every other is decimal."""


def escape(text: str) -> str:
    """``text`` as the content of an element.

    Carriage returns become ``&#13;`` as S3 writes them. Control characters become references, those that XML 1.0
    forbids hexadecimal ones, for which ``document`` declares version 1.1; what no version can write becomes U+FFFD.
    """
    if not text.encode("utf-8", "surrogatepass").translate(None, ESCAPE_FREE):
        return text
    return SPECIAL.sub(_reference, text)


def escape_all(texts: Sequence[str]) -> Sequence[str]:
    """``escape`` of each: one look at a whole page is what a page of plain keys costs."""
    if not "\n".join(texts).encode("utf-8", "surrogatepass").translate(None, ESCAPE_FREE):
        return texts
    return [escape(text) for text in texts]


def encode_url(text: str) -> str:
    """``text`` for ``encoding-type=url``, as S3 encodes it: space is ``+``, ``/`` and ``*-._`` stay, upper-case hex."""
    if not text.encode("utf-8", "surrogatepass").translate(None, URL_FREE):
        return text
    return quote(text, safe="/*", errors="surrogatepass").replace("%20", "+").replace("~", "%7E")


def encode_url_all(texts: Sequence[str]) -> Sequence[str]:
    """``encode_url`` of each: one look at a whole page is what a page of plain keys costs."""
    if not "".join(texts).encode("utf-8", "surrogatepass").translate(None, URL_FREE):
        return texts
    return [encode_url(text) for text in texts]


def element(name: str, text: str | None) -> str:
    """``<name>text</name>`` with the text escaped; "" when there is none."""
    return "" if text is None else f"<{name}>{escape(text)}</{name}>"


def document(root: str, *content: str | bytes, namespaced: bool = True) -> bytes:
    """A whole document around content that is XML already, in S3's namespace unless it is an error."""
    parts = [part.encode() if isinstance(part, str) else part for part in content]
    attribute = f' xmlns="{NAMESPACE}"' if namespaced else ""
    return b"".join((declaration(*parts), f"<{root}{attribute}>".encode(), *parts, f"</{root}>".encode()))


def declaration(*content: bytes) -> bytes:
    """The first line of a document with this content, in the version of XML that can write it."""
    version = "1.1" if any(b"#" in part and ONLY_IN_1_1 in part for part in content) else "1.0"
    return f'<?xml version="{version}" encoding="UTF-8"?>\n'.encode()


def _reference(found: re.Match[str]) -> str:
    character = found[0]
    if character in NAMED:
        return NAMED[character]
    if UNWRITABLE.match(character):
        return REPLACEMENT
    code = ord(character)
    return f"&#{code};" if character == "\r" or code >= 0x7F else f"&#x{code:X};"


# In

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
DECLARATION = re.compile(rb"""<\?xml\s[^>]*?\bencoding\s*=\s*["']([^"']*)["']""")
DEEPEST = 16
FEWEST_BYTES_A_TAG = 64
"""A long document of nothing but tags costs a tree of twenty times its size before anybody counts what is in it."""
TOO_DEEP = "boolean(/" + "/".join("*" * (DEEPEST + 1)) + ")"
QUALIFIED = f"{{{NAMESPACE}}}"
QUALIFIED_FOR_CONTROL = "{http://awss3control.amazonaws.com/doc/2018-08-20/}"


def parse(body: bytes, root: str, *, limit: int) -> Element:
    """The root element of a client's document, which must be called ``root``.

    UTF-8 only, with or without byte order mark, in no namespace or S3's. MissingRequestBodyError when there is nothing,
    MaxMessageLengthExceeded above ``limit`` bytes, MalformedXML for everything else that is wrong; no DTD is ever read,
    so that no entity is.
    """
    if len(body) > limit:
        raise S3Error(ErrorCode.MaxMessageLengthExceeded, fields={"MaxMessageLengthBytes": str(limit)})
    content = body.removeprefix(BYTE_ORDER_MARK)
    if not content.strip():
        raise S3Error(ErrorCode.MissingRequestBodyError)
    if content.count(b"<") > limit // FEWEST_BYTES_A_TAG:
        raise malformed()
    _check_encoding(content)
    found = _parsed(content)
    if name_of(found) != root:
        raise malformed()
    return found


def name_of(element: Element) -> str:
    """The element's name without namespace; MalformedXML when that is neither none nor S3's, nor S3 Control's."""
    tag = element.tag
    if not isinstance(tag, str):
        raise malformed()
    name = tag.removeprefix(QUALIFIED)
    if name.startswith("{"):
        name = name.removeprefix(QUALIFIED_FOR_CONTROL)
        if name.startswith("{"):
            raise malformed()
    return name


def every(parent: Element, name: str) -> list[Element]:
    """The children called ``name``, in their order."""
    return [child for child in parent if name_of(child) == name]


def only(parent: Element, name: str) -> Element | None:
    """The child called ``name``, None where there is none; MalformedXML where there are several."""
    found = every(parent, name)
    if len(found) > 1:
        raise malformed()
    return found[0] if found else None


def text_of(parent: Element, name: str) -> str | None:
    """The text of the one child called ``name``; None where there is none, "" where it is empty."""
    found = only(parent, name)
    return None if found is None else leaf_text(found)


def check_children(parent: Element, names: Collection[str]) -> None:
    """MalformedXML when a child has another name than these."""
    if any(name_of(child) not in names for child in parent):
        raise malformed()


def texts(parent: Element, names: Collection[str]) -> dict[str, str]:
    """The texts of the children by name, in one pass; MalformedXML for a name twice, or another than these."""
    found: dict[str, str] = {}
    for child in parent:
        name = name_of(child)
        if name in found or name not in names:
            raise malformed()
        found[name] = leaf_text(child)
    return found


def malformed() -> S3Error:
    """MalformedXML, to be raised."""
    return S3Error(ErrorCode.MalformedXML)


def leaf_text(leaf: Element) -> str:
    """Its text, "" where it is empty; MalformedXML when there are elements inside."""
    if len(leaf):
        raise malformed()
    return leaf.text or ""


def _check_encoding(content: bytes) -> None:
    declared = DECLARATION.match(content)
    is_marked_twice = content.startswith(BYTE_ORDER_MARK)
    if b"\0" in content or b"<!DOCTYPE" in content or is_marked_twice or (declared and declared[1].lower() != b"utf-8"):
        raise malformed()
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise malformed() from error


def _parsed(content: bytes) -> Element:
    from lxml import etree

    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        found = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise malformed() from error
    if found.xpath(TOO_DEEP):
        raise malformed()
    return found
