"""How stored things show in answers: the headers and XML elements that several operations share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from trug.domain.encryption import CustomerKey, Encryption, Protection
from trug.domain.identity import Account
from trug.domain.objects import Checksum
from trug.domain.versioning import Versioning
from trug.engine.drafts import Stored
from trug.ports.rows import Bucket, Version
from trug.wire import xml
from trug.wire.encryption import context_header, encryption_headers
from trug.wire.query import encoding_type
from trug.wire.reply import XML, Reply
from trug.wire.xml import encode_url, encode_url_all, escape, escape_all

XML_HEADERS = {"content-type": XML}


def document(root: str, *content: str | bytes, headers: dict[str, str] | None = None) -> Reply:
    """A 200 with ``content`` inside ``root`` in S3's namespace."""
    return Reply(headers=XML_HEADERS | (headers or {}), body=xml.document(root, *content))


class Names(NamedTuple):
    """How keys, prefixes, delimiters and markers are written into a list: one, or a page of them."""

    one: Callable[[str], str]
    all: Callable[[Sequence[str]], Sequence[str]]
    element: str

    @classmethod
    def asked(cls, parameters: Mapping[str, str]) -> Names:
        """As ``encoding-type`` asks. InvalidArgument for a type other than ``url``."""
        return ENCODED if encoding_type(parameters) else ESCAPED

    def common_prefixes(self, prefixes: Sequence[str]) -> str:
        return "".join([f"<CommonPrefixes><Prefix>{prefix}</Prefix></CommonPrefixes>" for prefix in self.all(prefixes)])


ESCAPED = Names(escape, escape_all, "")
ENCODED = Names(encode_url, encode_url_all, "<EncodingType>url</EncodingType>")


def truncation(following: object) -> str:
    """``<IsTruncated>``: whether something follows this page."""
    return f"<IsTruncated>{'false' if following is None else 'true'}</IsTruncated>"


def checksum_header(checksum: Checksum | None) -> dict[str, str]:
    """``x-amz-checksum-<algorithm>`` alone, as parts have it."""
    return {} if checksum is None else {f"x-amz-checksum-{checksum.algorithm.lower()}": checksum.value}


def checksum_headers(checksum: Checksum | None) -> dict[str, str]:
    """``x-amz-checksum-<algorithm>`` and ``x-amz-checksum-type``, as objects have them."""
    if checksum is None:
        return {}
    return {f"x-amz-checksum-{checksum.algorithm.lower()}": checksum.value, "x-amz-checksum-type": checksum.type}


def checksum_element(checksum: Checksum | None) -> str:
    """``<ChecksumCRC32>…`` alone, as parts have it."""
    if checksum is None:
        return ""
    name = f"Checksum{checksum.algorithm}"
    return f"<{name}>{checksum.value}</{name}>"


def checksum_elements(checksum: Checksum | None) -> str:
    """``<ChecksumCRC32>…<ChecksumType>…``, as objects have it."""
    if checksum is None:
        return ""
    return f"{checksum_element(checksum)}<ChecksumType>{checksum.type}</ChecksumType>"


def stored_headers(stored: Stored, asked: Protection | None = None) -> dict[str, str]:
    """What every operation that made a version tells of it; ``asked`` is the encryption that the client asked for."""
    headers = {"etag": f'"{stored.etag}"', **checksum_headers(stored.checksum)}
    if stored.encryption is not None:
        headers |= protection_headers(stored.encryption, asked)
    return headers if stored.version_id is None else headers | version_header(stored.version_id)


def protection_headers(encryption: Encryption | None, asked: Protection | None) -> dict[str, str]:
    """How something new is encrypted, with what the client said of it: its key's MD5, the context."""
    customer = asked if isinstance(asked, CustomerKey) else None
    return encryption_headers(encryption, customer) | context_header(asked)


def version_header(version_id: str | None) -> dict[str, str]:
    return {} if version_id is None else {"x-amz-version-id": version_id}


def shown_version(bucket: Bucket, version: Version) -> dict[str, str]:
    """The version's header on reads: none where versioning never was on."""
    return {} if bucket.versioning is Versioning.OFF else {"x-amz-version-id": version.version_id}


def owner_element(account: Account, name: str = "Owner") -> str:
    """``<Owner>``: the canonical id; a display name only where the account has one, as AWS since 2025."""
    shown = f"<DisplayName>{escape(account.display_name)}</DisplayName>" if account.display_name else ""
    return f"<{name}><ID>{account.canonical_id}</ID>{shown}</{name}>"
