"""The body of PutBucketWebsite, and the answer of GetBucketWebsite."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from trug.domain.errors import ErrorCode, S3Error
from trug.domain.website import Redirect, RoutingRule, Website
from trug.wire import xml
from trug.wire.xml import element

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

LIMIT = 128 * 1024
"""Bytes of a configuration ("Configuring a webpage redirect" in the Amazon S3 user guide)."""
STATUS = re.compile(r"[0-9]{3}\Z")
REDIRECT = frozenset({"HostName", "Protocol", "HttpRedirectCode", "ReplaceKeyPrefixWith", "ReplaceKeyWith"})
CONDITION = frozenset({"KeyPrefixEquals", "HttpErrorCodeReturnedEquals"})


def parse_website(body: bytes) -> Website:
    """A ``WebsiteConfiguration`` as sent, its values not yet checked.

    MalformedXML and its kin; InvalidRequest for a condition that asks for nothing.
    """
    root = xml.parse(body, "WebsiteConfiguration", limit=LIMIT)
    xml.check_children(root, ("IndexDocument", "ErrorDocument", "RedirectAllRequestsTo", "RoutingRules"))
    elsewhere = xml.only(root, "RedirectAllRequestsTo")
    return Website(
        index=_inner(root, "IndexDocument", "Suffix"),
        error=_inner(root, "ErrorDocument", "Key"),
        elsewhere=None if elsewhere is None else _elsewhere(elsewhere),
        rules=_rules(xml.only(root, "RoutingRules")),
    )


def website_content(site: Website) -> str:
    """What stands inside ``WebsiteConfiguration``."""
    index = f"<IndexDocument>{element('Suffix', site.index)}</IndexDocument>" if site.index else ""
    error = f"<ErrorDocument>{element('Key', site.error)}</ErrorDocument>" if site.error else ""
    elsewhere = "" if site.elsewhere is None else _target("RedirectAllRequestsTo", site.elsewhere)
    rules = "".join(f"<RoutingRule>{_rule_content(rule)}</RoutingRule>" for rule in site.rules)
    return f"{elsewhere}{index}{error}{f'<RoutingRules>{rules}</RoutingRules>' if rules else ''}"


def _inner(root: Element, name: str, inner: str) -> str:
    """The one text that an element must hold; "" where the element is absent."""
    parent = xml.only(root, name)
    if parent is None:
        return ""
    text = xml.texts(parent, (inner,)).get(inner)
    if text is None:
        raise xml.malformed()
    return text


def _elsewhere(parent: Element) -> Redirect:
    found = xml.texts(parent, ("HostName", "Protocol"))
    if not found.get("HostName"):
        raise xml.malformed()
    return Redirect(host=found["HostName"], protocol=found.get("Protocol", ""))


def _rules(parent: Element | None) -> tuple[RoutingRule, ...]:
    if parent is None:
        return ()
    xml.check_children(parent, ("RoutingRule",))
    return tuple(map(_rule, parent))


def _rule(parent: Element) -> RoutingRule:
    xml.check_children(parent, ("Condition", "Redirect"))
    target, condition = xml.only(parent, "Redirect"), xml.only(parent, "Condition")
    if target is None:
        raise xml.malformed()
    redirect = _redirect(xml.texts(target, REDIRECT))
    return RoutingRule(redirect) if condition is None else _conditional(redirect, xml.texts(condition, CONDITION))


def _conditional(redirect: Redirect, found: dict[str, str]) -> RoutingRule:
    if not found:
        raise S3Error(
            ErrorCode.InvalidRequest,
            "Condition cannot be empty. To redirect all requests without a condition, the condition element "
            "shouldn't be present.",
        )
    status = found.get("HttpErrorCodeReturnedEquals")
    return RoutingRule(redirect, found.get("KeyPrefixEquals"), None if status is None else _status(status))


def _redirect(found: dict[str, str]) -> Redirect:
    if not found:
        raise xml.malformed()
    return Redirect(
        host=found.get("HostName", ""),
        protocol=found.get("Protocol", ""),
        code=_status(found["HttpRedirectCode"]) if "HttpRedirectCode" in found else None,
        prefix=found.get("ReplaceKeyPrefixWith"),
        key=found.get("ReplaceKeyWith"),
    )


def _status(text: str) -> int:
    if not STATUS.match(text.strip()):
        raise xml.malformed()
    return int(text)


def _target(name: str, redirect: Redirect) -> str:
    return f"<{name}>{element('HostName', redirect.host)}{element('Protocol', redirect.protocol or None)}</{name}>"


def _rule_content(rule: RoutingRule) -> str:
    redirect = rule.redirect
    status = None if rule.status is None else str(rule.status)
    condition = element("HttpErrorCodeReturnedEquals", status) + element("KeyPrefixEquals", rule.prefix)
    texts = (
        ("Protocol", redirect.protocol or None),
        ("HostName", redirect.host or None),
        ("ReplaceKeyPrefixWith", redirect.prefix),
        ("ReplaceKeyWith", redirect.key),
        ("HttpRedirectCode", None if redirect.code is None else str(redirect.code)),
    )
    target = "".join(element(name, text) for name, text in texts)
    return f"{f'<Condition>{condition}</Condition>' if condition else ''}<Redirect>{target}</Redirect>"
