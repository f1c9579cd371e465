"""A bucket as a website: which document a path means, and where a visitor is sent instead."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import quote

import msgspec

from trug.domain.errors import ErrorCode, S3Error, invalid_argument
from trug.domain.frozen import frozen

MOST_RULES = 50
LONGEST_KEY = 1024
PROTOCOLS = frozenset({"http", "https"})
MOVED = 301
REDIRECT_CODES = frozenset({301, 302, 303, 304, 305, 307, 308})
"""3XX except 300, of those that HTTP has."""
CLIENT_ERRORS = range(400, 500)
ERRORS = range(400, 600)

KEY_SAFE = "/~!$&'()*+,;=:@"
URL_SAFE = KEY_SAFE + "?#[]%"
"""What is left as it is in the parts of a location that a site's owner wrote: they may be queries and fragments."""
BLANK = re.compile(r"[\s\x00-\x1f\x7f]")


@frozen
class Redirect:
    """Where to: empty ``host`` and ``protocol`` are the request's own. At most one of the replacements is not None.
    ``code`` is None where none was asked for, which means 301."""

    host: str = ""
    protocol: str = ""
    code: int | None = None
    prefix: str | None = None
    key: str | None = None

    @property
    def status(self) -> int:
        return MOVED if self.code is None else self.code

    def location(self, key: str, *, matched: str, scheme: str, host: str) -> str:
        """The Location for a request for ``key`` that came to ``scheme`` and ``host`` (with its port).

        ``matched`` is the prefix that the rule's condition asks for, which ``prefix`` replaces. Everything is encoded:
        no text that visitors or owners chose can end the header or, from a key, begin a query.
        """
        if self.key is not None:
            path = quote(self.key, safe=URL_SAFE)
        elif self.prefix is not None:
            path = quote(self.prefix, safe=URL_SAFE) + encoded_key(key[len(matched) :])
        else:
            path = encoded_key(key)
        return f"{self.protocol or scheme}://{quote(self.host or host, safe=URL_SAFE)}/{path}"


@frozen
class RoutingRule:
    """Redirects requests for keys that begin with ``prefix``; with ``status``, those that failed with it."""

    redirect: Redirect
    prefix: str | None = None
    status: int | None = None

    def fits(self, key: str, status: int | None) -> bool:
        """``status`` is None before the object was looked for."""
        return self.status == status and key.startswith(self.prefix or "")


@frozen
class Website:
    """A configuration: ``index`` is the suffix of folders' documents, ``error`` the key of the error document.

    ``elsewhere`` redirects everything; then there is nothing else.
    """

    index: str = ""
    error: str = ""
    elsewhere: Redirect | None = None
    rules: tuple[RoutingRule, ...] = ()

    def document_of(self, key: str) -> str:
        """The key of the document that a path means: a folder's is its index document."""
        return key + self.index if not key or key.endswith("/") else key

    def index_of(self, key: str) -> str | None:
        """The index document of the folder that a path without a slash at its end may mean."""
        return None if not key or key.endswith("/") else f"{key}/{self.index}"

    def find_rule(self, key: str, status: int | None = None) -> RoutingRule | None:
        """The first rule for a request; with ``status``, for one that failed so."""
        return next((rule for rule in self.rules if rule.fits(key, status)), None)


def folder_location(key: str) -> str:
    """The path of a folder on this host: never ``//…``, which would be another host's."""
    path = encoded_key(key)
    return f"/%2F{path[1:]}/" if path.startswith("/") else f"/{path}/"


def encoded_key(key: str) -> str:
    return quote(key, safe=KEY_SAFE, errors="surrogatepass")


# What is stored


def check_website(site: Website) -> None:
    """InvalidArgument or InvalidRequest for what S3 does not store ("PutBucketWebsite")."""
    if site.elsewhere is not None:
        if site != Website(elsewhere=site.elsewhere):
            raise _invalid("RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules.")
        _check_target(site.elsewhere)
        return
    if not site.index:
        raise invalid_argument(
            "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty", "IndexDocument", ""
        )
    if "/" in site.index or len(site.index.encode("utf-8", "surrogatepass")) > LONGEST_KEY:
        raise invalid_argument("The IndexDocument Suffix is not well formed", "IndexDocument", site.index)
    if len(site.error.encode("utf-8", "surrogatepass")) > LONGEST_KEY:
        raise invalid_argument("The ErrorDocument Key is not well formed", "ErrorDocument", site.error)
    if len(site.rules) > MOST_RULES:
        raise _invalid(f"The number of routing rules should not exceed allowed limit of {MOST_RULES} rules.")
    for rule in site.rules:
        _check_rule(rule)


def _check_rule(rule: RoutingRule) -> None:
    redirect = rule.redirect
    if rule.status is not None and rule.status not in ERRORS:
        raise _invalid(f"The provided HTTP error code ({rule.status}) is not valid. Valid codes are 4XX or 5XX.")
    if redirect.prefix is not None and redirect.key is not None:
        raise _invalid("You can only define ReplaceKeyPrefix or ReplaceKey but not both.")
    if redirect.status not in REDIRECT_CODES:
        raise _invalid(
            f"The provided HTTP redirect code ({redirect.code}) is not valid. Valid codes are 3XX except 300."
        )
    _check_target(redirect)


def _check_target(redirect: Redirect) -> None:
    if redirect.protocol and redirect.protocol not in PROTOCOLS:
        raise _invalid(
            "Invalid protocol, protocol can be http or https. If not defined the protocol will be selected "
            "automatically."
        )
    if BLANK.search(redirect.host):
        raise invalid_argument("The host name is not valid.", "HostName", redirect.host)


def _invalid(message: str) -> S3Error:
    return S3Error(ErrorCode.InvalidRequest, message)


# As stored

_DECODER = msgspec.msgpack.Decoder(Website)


def pack_website(site: Website) -> bytes:
    """The configuration as one document of a bucket."""
    return msgspec.msgpack.encode(site)


@lru_cache(256)
def unpack_website(document: bytes) -> Website:
    """The configuration in what ``pack_website`` made."""
    return _DECODER.decode(document)
