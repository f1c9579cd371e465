"""domain/website.py: documents, redirects, and what is stored."""

from __future__ import annotations

from typing import Any

import pytest

from trug.domain.errors import S3Error
from trug.domain.website import (
    Redirect,
    RoutingRule,
    Website,
    check_website,
    folder_location,
    pack_website,
    unpack_website,
)

SITE = Website(index="index.html")


@pytest.mark.parametrize(
    ("key", "document", "index"),
    [
        ("", "index.html", None),
        ("a/", "a/index.html", None),
        ("a", "a", "a/index.html"),
        ("a/b.html", "a/b.html", "a/b.html/index.html"),
        ("/", "/index.html", None),
    ],
)
def test_documents(key: str, document: str, index: str | None) -> None:
    assert (SITE.document_of(key), SITE.index_of(key)) == (document, index)


@pytest.mark.parametrize(
    ("redirect", "matched", "key", "location"),
    [
        (Redirect(), "", "a b/ü", "http://site.test:9000/a%20b/%C3%BC"),
        (Redirect(host="example.com"), "", "a", "http://example.com/a"),
        (Redirect(host="example.com:8443", protocol="https"), "", "", "https://example.com:8443/"),
        (Redirect(prefix="documents/"), "docs/", "docs/a", "http://site.test:9000/documents/a"),
        (Redirect(prefix=""), "docs/", "docs/a", "http://site.test:9000/a"),
        (Redirect(prefix="#!/"), "", "a/b", "http://site.test:9000/#!/a/b"),
        (Redirect(prefix="resize?key="), "", "a?b#c", "http://site.test:9000/resize?key=a%3Fb%23c"),
        (Redirect(key="error.html"), "docs/", "docs/a", "http://site.test:9000/error.html"),
        (Redirect(key="a%20b"), "", "x", "http://site.test:9000/a%20b"),
        (Redirect(), "", "a%20b", "http://site.test:9000/a%2520b"),
        (Redirect(prefix="${a}\r\nset-cookie: b"), "", "x", "http://site.test:9000/$%7Ba%7D%0D%0Aset-cookie:%20bx"),
        (Redirect(), "", "a\r\nb", "http://site.test:9000/a%0D%0Ab"),
        (Redirect(), "", "/evil.test/", "http://site.test:9000//evil.test/"),
    ],
)
def test_locations(redirect: Redirect, matched: str, key: str, location: str) -> None:
    assert redirect.location(key, matched=matched, scheme="http", host="site.test:9000") == location


@pytest.mark.parametrize(
    ("key", "location"),
    [("a", "/a/"), ("a/b c", "/a/b%20c/"), ("/evil.test", "/%2Fevil.test/"), ("//e", "/%2F/e/"), ("\\e", "/%5Ce/")],
)
def test_folders_are_on_this_host(key: str, location: str) -> None:
    assert folder_location(key) == location


def test_the_first_rule_that_fits() -> None:
    gone, docs, rest = (
        RoutingRule(Redirect(host="a"), "docs/old/", 404),
        RoutingRule(Redirect(host="b"), "docs/"),
        RoutingRule(Redirect(host="c"), None, 404),
    )
    site = Website(index="i", rules=(gone, docs, rest))
    assert site.find_rule("docs/old/x") == docs
    assert site.find_rule("docs/old/x", 404) == gone
    assert site.find_rule("other", 404) == rest
    assert site.find_rule("other") is None
    assert site.find_rule("other", 403) is None


def rules(*redirects: Redirect, **condition: Any) -> Website:
    return Website(index="i", rules=tuple(RoutingRule(each, **condition) for each in redirects))


@pytest.mark.parametrize(
    ("site", "code", "message"),
    [
        (
            Website(),
            "InvalidArgument",
            "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty",
        ),
        (Website(index="a/b"), "InvalidArgument", "The IndexDocument Suffix is not well formed"),
        (Website(index="i", error="k" * 1025), "InvalidArgument", "The ErrorDocument Key is not well formed"),
        (
            Website(index="i", elsewhere=Redirect(host="a")),
            "InvalidRequest",
            "RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules.",
        ),
        (
            Website(elsewhere=Redirect(host="a", protocol="ftp")),
            "InvalidRequest",
            "Invalid protocol, protocol can be http or https. If not defined the protocol will be selected "
            "automatically.",
        ),
        (Website(elsewhere=Redirect(host="a\r\nb")), "InvalidArgument", "The host name is not valid."),
        (rules(Redirect(host="a b")), "InvalidArgument", "The host name is not valid."),
        (
            rules(Redirect(prefix="a", key="b")),
            "InvalidRequest",
            "You can only define ReplaceKeyPrefix or ReplaceKey but not both.",
        ),
        (
            rules(Redirect(code=200)),
            "InvalidRequest",
            "The provided HTTP redirect code (200) is not valid. Valid codes are 3XX except 300.",
        ),
        (
            rules(Redirect(host="a"), status=302),
            "InvalidRequest",
            "The provided HTTP error code (302) is not valid. Valid codes are 4XX or 5XX.",
        ),
        (
            rules(*[Redirect(host="a")] * 51),
            "InvalidRequest",
            "The number of routing rules should not exceed allowed limit of 50 rules.",
        ),
    ],
)
def test_what_is_not_stored(site: Website, code: str, message: str) -> None:
    with pytest.raises(S3Error) as caught:
        check_website(site)
    assert (caught.value.code.name, caught.value.message) == (code, message)


@pytest.mark.parametrize(
    "site",
    [
        SITE,
        Website(index="i", error="e/rror.html", rules=(RoutingRule(Redirect(prefix="", code=307), "a", 404),)),
        Website(elsewhere=Redirect(host="example.com", protocol="https")),
        rules(*[Redirect(host="a")] * 50),
    ],
)
def test_what_is_stored(site: Website) -> None:
    check_website(site)
    assert unpack_website(pack_website(site)) == site
