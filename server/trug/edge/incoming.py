"""ASGI scope → WireRequest: limits, trusted proxies, and the refusals that need not one byte of the body."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping, Sequence
from dataclasses import field, replace
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any
from urllib.parse import quote

from trug.domain.errors import ErrorCode, S3Error, invalid_argument
from trug.domain.frozen import frozen
from trug.domain.percent import decode_percent
from trug.edge.target import target_of
from trug.wire.request import Headers, WireRequest

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

LARGEST_PAYLOAD = 5 * 1024**3
MOST_HEADERS = 256
STORING = frozenset({"PUT", "POST"})
"""Methods whose header values may be stored, and come back as header values."""


@frozen
class EdgeSettings:
    """What the edge is told.

    ``domains`` host buckets; ``trusted_proxies`` are CIDRs whose ``X-Forwarded-*`` count; ``max_header_bytes`` covers
    path, query and headers; without ``metrics_token`` only loopback clients see the metrics.
    """

    regions: tuple[str, ...] = ("us-east-1",)
    domains: tuple[str, ...] = ()
    max_header_bytes: int = 32 * 1024
    trusted_proxies: tuple[str, ...] = ()
    metrics_token: str = field(default="", repr=False)


class AsgiBody:
    """The body as ASGI's ``receive`` gives it.

    ``is_begun`` once a byte was asked for (which makes the server send 100 Continue), ``is_finished`` once the end was
    seen, ``is_gone`` when the client went before it. ``received`` counts bytes. ``length`` is also None where
    Content-Length is not a number.
    """

    __slots__ = ("_receive", "awaits_continue", "is_begun", "is_finished", "is_gone", "length", "received")

    def __init__(self, receive: Receive, headers: Headers) -> None:
        self._receive = receive
        self.length = _declared_length(headers)
        self.awaits_continue = "expect" in headers
        self.is_begun = False
        self.is_finished = self.length == 0
        self.is_gone = False
        self.received = 0

    async def read(self) -> bytes:
        """The next bytes, ``b""`` at the end. IncompleteBody when the client is gone before it."""
        while not self.is_finished:
            self.is_begun = True
            message = await self._receive()
            if message["type"] == "http.disconnect":
                self.is_gone = True
                raise S3Error(ErrorCode.IncompleteBody)
            chunk: bytes = message.get("body", b"")
            self.received += len(chunk)
            self._see_end(is_last=not message.get("more_body", False))
            if chunk:
                return chunk
        return b""

    def _see_end(self, *, is_last: bool) -> None:
        """The declared length ends the body too: nobody needs to ask for an empty last message."""
        self.is_finished = is_last or self.received == self.length
        if is_last and self.length is not None and self.received != self.length:
            raise S3Error(ErrorCode.IncompleteBody)


def _declared_length(headers: Headers) -> int | None:
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
        self._domains = tuple(sorted((name.lower().strip(".") for name in settings.domains), key=len, reverse=True))
        self._max_header_bytes = settings.max_header_bytes
        self._proxies = Proxies(settings.trusted_proxies) if settings.trusted_proxies else None

    def wire(self, scope: Scope, headers: Headers, body: AsgiBody, *, request_id: str, received: int) -> WireRequest:
        """The request of an ASGI scope; ``received`` in µs since 1970.

        RequestHeaderSectionTooLarge, InvalidArgument for control characters, InvalidURI, ExpectationFailed,
        EntityTooLarge, or BadRequest where HTTP's framing is contradictory.
        """
        if scope["http_version"] == "0.9":
            raise S3Error(ErrorCode.BadRequest, "HTTP/0.9 is not spoken here.")
        raw_query: bytes = scope["query_string"]
        path = raw_path_of(scope)
        check_size(scope["headers"], len(path) + len(raw_query), self._max_header_bytes)
        check_framing(headers)
        if scope["method"] in STORING:
            check_characters(scope["headers"])
        client = peer_of(scope)
        scheme = scope["scheme"]
        if self._proxies is not None and self._proxies.trusts(client):
            client, scheme = self._proxies.origin(client, scheme, headers)
            headers = with_forwarded_host(headers, scope["headers"])
        mount = scope.get("root_path", "")
        query = parsed_query(raw_query) if raw_query else ()
        return WireRequest(
            method=scope["method"],
            target=target_of(
                path, headers.get("host") or "", self._domains, mount=quote(mount, safe="/%") if mount else ""
            ),
            query=query,
            raw_query=raw_query.decode("ascii"),
            headers=headers,
            raw_body=body,
            scheme=scheme,
            client=client,
            received=received,
            request_id=request_id,
            parameters=dict(reversed(query)) if query else {},
        )


def raw_path_of(scope: Scope) -> str:
    """The path as it stood on the wire: ``scope["path"]`` is decoded and never read."""
    raw: bytes | None = scope.get("raw_path")
    if raw is None or not raw.isascii():
        raise S3Error(ErrorCode.InvalidURI)
    return raw.decode("ascii")


def peer_of(scope: Scope) -> str:
    """The peer's address; empty where it has none, as over a Unix socket."""
    peer = scope.get("client")
    return peer[0] if peer else ""


# --- limits ---------------------------------------------------------------------------------------------------------

CONTROLS = bytes((*range(0x20), 0x7F))


def check_size(pairs: Sequence[tuple[bytes, bytes]], line: int, limit: int) -> None:
    """Refuse too many bytes or lines of header; ``line`` is how long path and query are."""
    size = line + sum([len(name) + len(value) + 4 for name, value in pairs])
    if size > limit or len(pairs) > MOST_HEADERS:
        raise S3Error(ErrorCode.RequestHeaderSectionTooLarge, fields={"MaxSizeAllowed": str(limit)})


def check_characters(pairs: Sequence[tuple[bytes, bytes]]) -> None:
    """Refuse control characters in headers (E10).

    HTTP allows a tab around and inside values; what S3 would store and give back may hold none.
    """
    values = b"".join([value for _, value in pairs])
    if len(values.translate(None, CONTROLS)) == len(values):
        return
    for name, value in pairs:
        text = value.strip(b" \t")
        if not name.startswith(b"x-amz-"):
            text = text.replace(b"\t", b" ")
        if len(text.translate(None, CONTROLS)) != len(text):
            raise invalid_argument("Header values must not contain control characters.", name.decode("latin-1"), "")


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


def parsed_query(raw: bytes) -> tuple[tuple[str, str], ...]:
    """Decoded pairs in their order: ``+`` is a space, a name without ``=`` has an empty value. Or InvalidURI."""
    if not raw.isascii() or b"#" in raw:
        raise S3Error(ErrorCode.InvalidURI)
    pairs = [pair.partition("=") for pair in raw.decode("ascii").split("&") if pair]
    if b"%" not in raw and b"+" not in raw:
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


def with_forwarded_host(headers: Headers, pairs: Iterable[tuple[bytes, bytes]]) -> Headers:
    """The headers with the Host that the client sent to our proxy, which is the one it signed."""
    host = _last(headers.get("x-forwarded-host")).encode("latin-1")
    return Headers((name, host if name == b"host" else value) for name, value in pairs) if host else headers


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
