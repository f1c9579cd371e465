"""The head of a request → WireRequest: limits, trusted proxies, and the refusals that need not one byte of the body."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Protocol
from urllib.parse import quote

from trug.domain.errors import ErrorCode, S3Error, invalid_argument
from trug.domain.frozen import frozen, replace
from trug.domain.percent import decode_percent
from trug.edge.target import accelerated_domains, target_of
from trug.wire.headers import CONTROL
from trug.wire.request import Headers, RawBody, Rule, Target, WireRequest

LARGEST_PAYLOAD = 5 * 1024**3
MOST_HEADERS = 256
SILENT = frozenset({"", *(f"x-id={name}" for name in ("GetObject", "HeadObject", "PutObject", "DeleteObject"))})
"""Queries that say nothing, spelled as they are signed: several SDKs name the operation in each request."""
NOT_SPOKEN = "0.9"
"""A version of HTTP without headers and statuses, which somebody claims to speak."""
STORING = frozenset({"PUT", "POST"})
"""Methods whose header values may be stored, and come back as header values."""


@frozen
class EdgeSettings:
    """What the edge is told.

    ``domains`` host buckets, ``website_domains`` their websites; ``trusted_proxies`` are CIDRs whose ``X-Forwarded-*``
    count; ``max_header_bytes`` covers path, query and headers; without ``metrics_token`` only loopback clients see the
    metrics; with ``trusts_http`` customers' keys may come without TLS. An operation that may take long has
    ``answer_within`` seconds until its answer begins without it.
    """

    regions: tuple[str, ...] = ("us-east-1",)
    domains: tuple[str, ...] = ()
    website_domains: tuple[str, ...] = ()
    max_header_bytes: int = 32 * 1024
    trusted_proxies: tuple[str, ...] = ()
    metrics_token: str = field(default="", repr=False)
    trusts_http: bool = False
    answer_within: float = 5


@frozen
class Head:
    """The head of a request as it stood on the wire, whichever door it came in by.

    ``path`` is raw, each byte one character, None where the door does not know it so; ``query`` is raw too. ``size`` is
    how many bytes path, query and headers took, or an upper bound of it, and ``lines`` how many headers came. ``mount``
    is where this server is mounted, ``tls`` the version of TLS (``1.3``) where the door knows it.
    """

    method: str
    path: str | None
    query: str
    headers: Headers
    size: int
    lines: int
    version: str = "1.1"
    scheme: str = "http"
    client: str = ""
    mount: str = ""
    tls: str = ""


class Arriving(RawBody, Protocol):
    """A body that may not have arrived yet, as a door knows it.

    ``is_begun`` once a byte was asked for (which sends 100 Continue), ``is_finished`` once its end has come,
    ``is_gone`` when the client went before that. ``received`` counts bytes. ``length`` is also None where
    Content-Length is not a number.
    """

    awaits_continue: bool
    is_begun: bool
    is_finished: bool
    is_gone: bool
    received: int

    async def discard(self, limit: int, seconds: float) -> bool:
        """Read and forget, for so many bytes and so long at most; whether the end has come."""
        ...


def declared_length(headers: Headers) -> int | None:
    """The body's length; None for a body in chunks, and where Content-Length is not a number."""
    if "transfer-encoding" in headers:
        return None
    text = headers.get("content-length")
    if text is None:
        return 0
    return int(text) if _is_number(text) else None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 20


class Intake:
    """Makes WireRequests, or S3Errors of what cannot be one."""

    def __init__(self, settings: EdgeSettings) -> None:
        self._domains = longest_first(settings.domains)
        self._accelerated = accelerated_domains(self._domains)
        self._sites = longest_first(settings.website_domains)
        self._max_header_bytes = settings.max_header_bytes
        self._trusts_http = settings.trusts_http
        self._proxies = Proxies(settings.trusted_proxies) if settings.trusted_proxies else None

    def is_as_it_came(self, head: Head) -> bool:
        """Whether a head, whose query says nothing, has nothing in it that ``wire`` would refuse of itself or read
        otherwise than it stands there, but for its target and framing."""
        path = head.path
        return (
            self._proxies is None
            and head.version != NOT_SPOKEN
            and head.query in SILENT
            and path is not None
            and path.isascii()
            and head.size <= self._max_header_bytes
            and head.lines <= MOST_HEADERS
        )

    def target(self, path: str, headers: Headers, mount: str = "") -> Target:
        """What a request is about. Errors as ``target_of``."""
        host, accelerated = headers.get("host") or "", self._accelerated
        return target_of(path, host, self._domains, sites=self._sites, accelerated=accelerated, mount=mount)

    def wire(self, head: Head, body: Arriving, *, request_id: str, received: int) -> WireRequest:
        """The request that a head begins; ``received`` in µs since 1970.

        RequestHeaderSectionTooLarge, InvalidArgument for control characters, InvalidURI, ExpectationFailed,
        EntityTooLarge, or BadRequest where HTTP's framing is contradictory.
        """
        method, path, raw_query, headers = head.method, head.path, head.query, head.headers
        client, scheme, mount, tls = head.client, head.scheme, head.mount, head.tls
        if head.version == NOT_SPOKEN:
            raise S3Error(ErrorCode.BadRequest, "HTTP/0.9 is not spoken here.")
        if path is None or not path.isascii():
            raise S3Error(ErrorCode.InvalidURI)
        if head.size > self._max_header_bytes or head.lines > MOST_HEADERS:
            check_size(head, self._max_header_bytes)
        if IS_FRAMED(headers):
            check_framing(headers)
        if method in STORING:
            check_characters(headers)
        if self._proxies is not None and self._proxies.trusts(client):
            client, scheme = self._proxies.origin(client, scheme, headers)
            tls = ""
            headers = with_forwarded_host(headers)
        query = parsed_query(raw_query) if raw_query else ()
        prefix = quote(mount, safe="/%") if mount else ""
        return WireRequest(
            method,
            self.target(path, headers, prefix),
            query,
            raw_query,
            headers,
            body,
            scheme,
            client,
            received,
            request_id,
            dict(reversed(query)) if query else {},
            self._trusts_http or scheme == "https",
            tls,
        )


def longest_first(names: Iterable[str]) -> tuple[str, ...]:
    """Domains, lower case, without dots around them: of several that fit a host the most specific comes first."""
    return tuple(sorted((name.lower().strip(".") for name in names), key=len, reverse=True))


def text_of(raw: bytes) -> str:
    """What came over the wire, each byte one character."""
    return raw.decode() if raw.isascii() else raw.decode("latin-1")


# --- limits ---------------------------------------------------------------------------------------------------------

CONTROLS = bytes((*range(0x20), 0x7F))


def holds_control(headers: Mapping[str, str]) -> bool:
    """Whether any value has a control character: one look in C at all of them."""
    values = "".join(headers.values()).encode("utf-8", "replace")
    return len(values.translate(None, CONTROLS)) < len(values)


def check_size(head: Head, limit: int) -> None:
    """Refuse too many bytes or lines of header."""
    size = len(head.path or "") + len(head.query)
    size += sum([len(name) + len(value) + 4 for name, value in head.headers.items()])
    if size > limit or head.lines > MOST_HEADERS:
        raise S3Error(ErrorCode.RequestHeaderSectionTooLarge, fields={"MaxSizeAllowed": str(limit)})


def check_characters(headers: Headers) -> None:
    """Refuse control characters in headers (E10).

    HTTP allows a tab around and inside values; what S3 would store and give back may hold none.
    """
    if not holds_control(headers):
        return
    for name, value in headers.items():
        text = value if name.startswith("x-amz-") else value.replace("\t", " ")
        if CONTROL.search(text):
            raise invalid_argument("Header values must not contain control characters.", name, "")


FRAMING = frozenset({"transfer-encoding", "content-length", "expect"})
IS_FRAMED = Rule(lambda names: not FRAMING.isdisjoint(names) or names.count("host") > 1)


def check_framing(headers: Headers) -> None:
    """Refuse what a parser may have let through (E2, E4, E20, E24).

    BadRequest for a length that is no number, for length and coding together and for two hosts; NotImplemented for
    codings other than ``chunked``; EntityTooLarge; ExpectationFailed.
    """
    if "transfer-encoding" in headers:
        _check_coding(headers)
    elif (length := headers.get("content-length")) is not None:
        _check_length(length, headers)
    if headers.count("host") > 1:
        raise S3Error(ErrorCode.BadRequest, "A request names one host.")
    expectation = headers.get("expect")
    if expectation is not None and expectation.lower() != "100-continue":
        raise S3Error(ErrorCode.ExpectationFailed)


def _check_coding(headers: Headers) -> None:
    if headers["transfer-encoding"].lower() != "chunked":
        raise S3Error(ErrorCode.NotImplemented, fields={"Header": "Transfer-Encoding"})
    if "content-length" in headers:
        raise S3Error(ErrorCode.BadRequest, "Content-Length and Transfer-Encoding exclude each other.")


def _check_length(length: str, headers: Headers) -> None:
    if not _is_number(length):
        raise S3Error(ErrorCode.BadRequest, "Content-Length is not a number.")
    payload = headers.get("x-amz-decoded-content-length", length) or ""  # the other is longer by aws-chunked's framing
    if _is_number(payload) and int(payload) > LARGEST_PAYLOAD:
        raise S3Error(
            ErrorCode.EntityTooLarge, fields={"ProposedSize": payload, "MaxSizeAllowed": str(LARGEST_PAYLOAD)}
        )


# --- the query ------------------------------------------------------------------------------------------------------


def parsed_query(raw: str) -> tuple[tuple[str, str], ...]:
    """Decoded pairs in their order: ``+`` is a space, a name without ``=`` has an empty value. Or InvalidURI."""
    if not raw.isascii() or "#" in raw:
        raise S3Error(ErrorCode.InvalidURI)
    pairs = [pair.partition("=") for pair in raw.split("&") if pair]
    if "%" not in raw and "+" not in raw:
        return tuple([(name, value) for name, _, value in pairs])
    try:
        return tuple([(_text(name), _text(value)) for name, _, value in pairs])
    except ValueError:
        raise S3Error(ErrorCode.InvalidURI) from None


def _text(raw: str) -> str:
    return decode_percent(raw.replace("+", " "))


# --- proxies --------------------------------------------------------------------------------------------------------

Address = IPv4Address | IPv6Address


def address_of(text: str) -> Address | None:
    """The address that a peer name or an entry of X-Forwarded-For holds, with or without a port; None for none."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


class Proxies:
    """Whose ``X-Forwarded-*`` is believed (E25)."""

    def __init__(self, networks: Iterable[str]) -> None:
        self._networks: list[IPv4Network | IPv6Network] = [ip_network(text, strict=False) for text in networks]

    def trusts(self, peer: str) -> bool:
        address = address_of(peer)
        return address is not None and self._holds(address)

    def origin(self, client: str, scheme: str, headers: Headers) -> tuple[str, str]:
        """Client address and scheme as the outermost proxy we trust saw them."""
        proto = _last(headers.get("x-forwarded-proto")).lower()
        client = self._client(client, headers.get("x-forwarded-for") or "")
        return client, proto if proto in ("http", "https") else scheme

    def _client(self, client: str, forwarded_for: str) -> str:
        for entry in reversed(forwarded_for.split(",")):
            address = address_of(entry)
            if address is None:
                break
            client = str(address)
            if not self._holds(address):
                break
        return client

    def _holds(self, address: Address) -> bool:
        return any(address in network for network in self._networks)


def with_forwarded_host(headers: Headers) -> Headers:
    """The headers with the Host that the client sent to our proxy, which is the one it signed."""
    host = _last(headers.get("x-forwarded-host"))
    return headers.with_host(host) if host else headers


def _last(value: str | None) -> str:
    """Of a list of forwarded values, the one our own proxy wrote."""
    return value.rpartition(",")[2].strip() if value else ""


SIGNING = frozenset(
    {
        "x-amz-algorithm",
        "x-amz-credential",
        "x-amz-date",
        "x-amz-expires",
        "x-amz-signedheaders",
        "x-amz-signature",
        "x-amz-security-token",
        "x-amz-content-sha256",
    }
)


def with_hoisted_headers(wire: WireRequest) -> WireRequest:
    """The request as its signer meant it: SDKs that presign move ``x-amz-*`` headers into the query, and S3 reads them
    there as if they were headers. What is unsigned is another matter: the signature covers the whole query."""
    parameters = wire.parameters
    if "X-Amz-Signature" not in parameters and "Signature" not in parameters:
        return wire
    lowered = {name.lower(): value for name, value in parameters.items()}
    hoisted = {name: value for name, value in lowered.items() if name.startswith("x-amz-") and name not in SIGNING}
    return replace(wire, headers=wire.headers.with_values(hoisted)) if hoisted else wire
