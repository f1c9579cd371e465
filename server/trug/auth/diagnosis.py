"""Why a signature does not match: the request as the client may have signed it, tried in few and likely forms.

What is found is told to whoever could sign for one of these forms, so for somebody who has the secret or a request
signed with it. Trying is work that a client makes us do: of each request there are at most ``MOST_FORMS`` forms, and
``BURST`` requests are looked at at once, then one in ``REFILL``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple
from urllib.parse import quote, unquote_to_bytes

from trug.auth.claim import is_signed_by, string_to_sign
from trug.auth.payloads import UNSIGNED
from trug.auth.scope import Scope
from trug.auth.signing import SigningKey
from trug.ports.keys import Clock, Credential
from trug.wire.request import WireRequest

MOST_FORMS = 24
MOST_PUBLIC_HOSTS = 3
BURST = 16
REFILL = 500_000
"""In µs."""

HOST = re.compile(r"[A-Za-z0-9._-]{1,255}(?::[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](?::[0-9]{1,5})?")
SLASHES = re.compile("//+")

BLANKS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("has a line break at its end", lambda secret: f"{secret}\n"),
    ("has a space at its end", lambda secret: f"{secret} "),
    ("has a space before it", lambda secret: f" {secret}"),
)
METHODS = {"GET": ("HEAD", "PUT"), "HEAD": ("GET",), "PUT": ("POST", "GET"), "POST": ("PUT",), "DELETE": ("GET",)}
REWRITTEN: dict[str, tuple[str, ...]] = {
    "accept-encoding": ("identity", "gzip", "gzip, deflate"),
    "connection": ("keep-alive", "close"),
    "content-length": ("", "0"),
    "content-type": ("", "application/x-www-form-urlencoded; charset=utf-8"),
    "user-agent": ("",),
}
"""Headers that proxies change, and what clients had in them."""


class Form(NamedTuple):
    """A canonical request in its parts; ``lines`` are those of its headers."""

    method: str
    path: str
    query: str
    lines: tuple[str, ...]
    signed: str
    payload: str

    @classmethod
    def of(cls, canonical: str) -> Form:
        method, path, query, *lines, _, signed, payload = canonical.split("\n")
        return cls(method, path, query, tuple(lines), signed, payload)

    @property
    def text(self) -> str:
        return "\n".join((*self[:3], *self.lines, "", self.signed, self.payload))

    def value(self, name: str) -> str | None:
        """What a header has that is signed."""
        head = f"{name}:"
        return next((line.removeprefix(head) for line in self.lines if line.startswith(head)), None)

    def with_value(self, name: str, value: str) -> Form:
        head = f"{name}:"
        return self._replace(lines=tuple(head + value if line.startswith(head) else line for line in self.lines))


class Mismatched(NamedTuple):
    """A request whose signature does not match: what was signed by our reckoning, and with which key."""

    wire: WireRequest
    scope: Scope
    credential: Credential
    key: SigningKey
    canonical: str
    requested: str
    signature: str


class Diagnosing:
    """Finds out what happened to requests; ``public_hosts`` (``host`` or ``host:port``) are those that clients know."""

    def __init__(self, clock: Clock, public_hosts: tuple[str, ...] = ()) -> None:
        self._clock = clock
        self._public_hosts = public_hosts[:MOST_PUBLIC_HOSTS]
        self._left = BURST
        self._refilled = 0

    def find(self, request: Mismatched) -> str:
        """What was changed between the client and here; empty when nothing likely was, or too many ask."""
        if not self._may_look():
            return ""
        form = Form.of(request.canonical)
        tried = 0
        for finding, other in self._forms(request, form):
            if other == form:
                continue
            if tried == MOST_FORMS:
                return ""
            tried += 1
            if is_signed_by(
                request.key, string_to_sign(other.text, request.requested, request.scope), request.signature
            ):
                return finding
        return blank_secret(request)

    def _may_look(self) -> bool:
        now = self._clock.now()
        earned = max(now - self._refilled, 0) // REFILL
        if earned:
            self._left, self._refilled = min(BURST, self._left + earned), now
        self._left -= 1
        if self._left < 0:
            self._left = 0
            return False
        return True

    def _forms(self, request: Mismatched, form: Form) -> Iterator[tuple[str, Form]]:
        yield from self._hosts(request.wire, form)
        yield from paths(form)
        yield from methods(form)
        yield from headers(form)
        if form.payload != UNSIGNED:
            yield f"The client signed {UNSIGNED} as the payload.", form._replace(payload=UNSIGNED)

    def _hosts(self, wire: WireRequest, form: Form) -> Iterator[tuple[str, Form]]:
        came = form.value("host")
        if came is None:
            return
        bucket = f"{wire.target.bucket}." if wire.target.is_virtual else ""
        name, port = split_host(came)
        forwarded = wire.headers.get("x-forwarded-host", "").partition(",")[0].strip()
        forwarded_port = wire.headers.get("x-forwarded-port", "").partition(",")[0].strip()
        others = [
            forwarded,
            f"{forwarded}:{forwarded_port}" if forwarded and forwarded_port else "",
            f"{name}:{forwarded_port}" if forwarded_port else "",
            name if port else "",
            *(f"{bucket}{host}" for host in self._public_hosts),
            *(f"{name}:{usual}" for usual in ("9000", "443", "80") if not port),
        ]
        for host in dict.fromkeys(others):
            if HOST.fullmatch(host):
                yield told_of_host(host, came), form.with_value("host", host)


def split_host(host: str) -> tuple[str, str]:
    name, colon, port = host.rpartition(":")
    return (name, port) if colon and port.isdigit() else (host, "")


def told_of_host(signed: str, came: str) -> str:
    is_port = split_host(signed)[0] == split_host(came)[0]
    what = "the port was changed" if is_port else "a proxy rewrote Host"
    came = came if HOST.fullmatch(came) else "another"
    return (
        f"The client signed for the host {signed}, and the request came with {came}: {what} on the way. Have the proxy "
        "pass Host on as it came."
    )


def paths(form: Form) -> Iterator[tuple[str, Form]]:
    path = form.path
    yield "The client encoded the path twice before it signed.", form._replace(path=quote(path, safe="/"))
    once = unquote_to_bytes(path).decode("latin-1")
    yield "The client signed the path decoded, or it was encoded once more on the way.", form._replace(path=once)
    single = SLASHES.sub("/", path)
    yield "The client signed the path with single slashes.", form._replace(path=single)
    other = path.rstrip("/") or "/" if path.endswith("/") else f"{path}/"
    yield "The slash at the end of the path was added or taken away on the way.", form._replace(path=other)


def methods(form: Form) -> Iterator[tuple[str, Form]]:
    for method in METHODS.get(form.method, ()):
        yield f"It was signed for {method}, and sent with {form.method}.", form._replace(method=method)


def headers(form: Form) -> Iterator[tuple[str, Form]]:
    for name, values in REWRITTEN.items():
        came = form.value(name)
        if came is None:
            continue
        finding = f"The header {name} was changed on the way: it was signed with another value than it came with."
        for value in dict.fromkeys((came.partition(";")[0].strip(), *values)):
            yield finding, form.with_value(name, value)


def blank_secret(request: Mismatched) -> str:
    """Whether the client signed with the secret and white space around it, as files and variables often have it."""
    text = string_to_sign(request.canonical, request.requested, request.scope)
    credential = request.credential
    bare = credential.secret.strip()
    if bare != credential.secret and signs(credential._replace(secret=bare), request, text):
        return "The secret key that the server has has white space around it, and the client's has none."
    for what, spoiled in BLANKS:
        if signs(credential._replace(secret=spoiled(credential.secret)), request, text):
            return f"The secret key that the client signed with {what}."
    return ""


def signs(credential: Credential, request: Mismatched, text: str) -> bool:
    return is_signed_by(SigningKey(credential, request.scope), text, request.signature)
