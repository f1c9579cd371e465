"""wire/documents/website.py."""

from __future__ import annotations

import pytest

from trug.domain.errors import S3Error
from trug.domain.website import Redirect, RoutingRule, Website
from trug.wire.documents.website import parse_website, website_content

INDEX = "<IndexDocument><Suffix>i</Suffix></IndexDocument>"


def document(inside: str) -> bytes:
    return f"<WebsiteConfiguration>{inside}</WebsiteConfiguration>".encode()


def ruled(inside: str) -> bytes:
    return document(f"{INDEX}<RoutingRules><RoutingRule>{inside}</RoutingRule></RoutingRules>")


@pytest.mark.parametrize(
    "site",
    [
        Website(index="index.html"),
        Website(index="i", error="a & <b>"),
        Website(elsewhere=Redirect(host="example.com")),
        Website(elsewhere=Redirect(host="example.com", protocol="https")),
        Website(
            index="i",
            rules=(
                RoutingRule(Redirect(host="h", protocol="http", code=302, prefix="p/"), "docs/", 404),
                RoutingRule(Redirect(key=""), ""),
                RoutingRule(Redirect(prefix="", code=307), None, 403),
                RoutingRule(Redirect(host="h")),
                RoutingRule(Redirect(host="h", code=301)),
            ),
        ),
    ],
)
def test_round_trip(site: Website) -> None:
    assert parse_website(document(website_content(site))) == site


@pytest.mark.parametrize(
    "body",
    [
        document("<Other/>"),
        document("<IndexDocument/>"),
        document("<IndexDocument><Suffix>a</Suffix><Suffix>b</Suffix></IndexDocument>"),
        document(INDEX + INDEX),
        document(INDEX + "<ErrorDocument/>"),
        document("<RedirectAllRequestsTo/>"),
        document("<RedirectAllRequestsTo><HostName/></RedirectAllRequestsTo>"),
        document(
            "<RedirectAllRequestsTo><HostName>a</HostName><ReplaceKeyWith>b</ReplaceKeyWith></RedirectAllRequestsTo>"
        ),
        document(INDEX + "<RoutingRules><Other/></RoutingRules>"),
        ruled(""),
        ruled("<Redirect/>"),
        ruled("<Redirect><Other>1</Other></Redirect>"),
        ruled("<Redirect><HttpRedirectCode>30</HttpRedirectCode></Redirect>"),
        ruled("<Redirect><HttpRedirectCode>three</HttpRedirectCode></Redirect>"),
        ruled("<Redirect><HostName>a</HostName></Redirect><Condition><Other>1</Other></Condition>"),
        b"<Website/>",
    ],
)
def test_malformed(body: bytes) -> None:
    with pytest.raises(S3Error, match="MalformedXML"):
        parse_website(body)


def test_an_empty_condition() -> None:
    with pytest.raises(S3Error, match="Condition cannot be empty"):
        parse_website(ruled("<Condition/><Redirect><HostName>a</HostName></Redirect>"))
