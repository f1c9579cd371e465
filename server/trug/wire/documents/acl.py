"""AccessControlPolicy: who owns something, and who else was granted what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from trug.domain.acl import MOST_GRANTS, Acl, Grant, Grantee, GranteeKind, Permission
from trug.domain.errors import ErrorCode, S3Error
from trug.wire import xml
from trug.wire.xml import element

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

LIMIT = 128 << 10
INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
TYPE = f"{{{INSTANCE}}}type"
NAMED_BY = {GranteeKind.USER: "ID", GranteeKind.GROUP: "URI", GranteeKind.EMAIL: "EmailAddress"}
PERMISSIONS = {permission.value: permission for permission in Permission}


def parse_acl(body: bytes) -> Acl:
    """The list in a client's document; its grantees are not looked up. MalformedACLError for what is none, and for more
    than 100 grants."""
    try:
        return _acl(xml.parse(body, "AccessControlPolicy", limit=LIMIT))
    except S3Error as error:
        if error.code is not ErrorCode.MalformedXML:
            raise
        raise malformed() from error


def malformed() -> S3Error:
    return S3Error(ErrorCode.MalformedACLError)


def _acl(root: Element) -> Acl:
    xml.check_children(root, ("Owner", "AccessControlList"))
    owner, listed = xml.only(root, "Owner"), xml.only(root, "AccessControlList")
    name = None if owner is None else xml.text_of(owner, "ID")
    if not name or listed is None or len(listed) > MOST_GRANTS:
        raise malformed()
    return Acl(name, parse_grants(listed))


def parse_grants(parent: Element) -> tuple[Grant, ...]:
    """The ``<Grant>`` elements in another. MalformedACLError, MalformedXML."""
    xml.check_children(parent, ("Grant",))
    return tuple(map(_grant, parent))


def _grant(parent: Element) -> Grant:
    xml.check_children(parent, ("Grantee", "Permission"))
    grantee = xml.only(parent, "Grantee")
    permission = PERMISSIONS.get((xml.text_of(parent, "Permission") or "").strip())
    if grantee is None or permission is None:
        raise malformed()
    return Grant(_grantee(grantee), permission)


def _grantee(parent: Element) -> Grantee:
    kind = KINDS.get(str(parent.get(TYPE, "")).rpartition(":")[2])
    text = (xml.text_of(parent, NAMED_BY[kind]) or "").strip() if kind else ""
    if kind is None or not text:
        raise malformed()
    return Grantee(kind, text)


KINDS = {kind.value: kind for kind in GranteeKind}


def acl_content(acl: Acl, names: Mapping[str, str]) -> str:
    """What stands in the document; ``names`` are the display names of canonical ids, where they have any."""
    grants = grants_content(acl.grants, names)
    return f"<Owner>{_person(acl.owner, names)}</Owner><AccessControlList>{grants}</AccessControlList>"


def grants_content(grants: Iterable[Grant], names: Mapping[str, str]) -> str:
    """``<Grant>`` of each; ``names`` as in ``acl_content``."""
    return "".join(
        f"<Grant>{_grantee_element(grantee, names)}{element('Permission', permission)}</Grant>"
        for grantee, permission in grants
    )


def _grantee_element(grantee: Grantee, names: Mapping[str, str]) -> str:
    kind, text = grantee
    named = element("URI", text) if kind is GranteeKind.GROUP else _person(text, names)
    return f'<Grantee xmlns:xsi="{INSTANCE}" xsi:type="{kind.value}">{named}</Grantee>'


def _person(canonical_id: str, names: Mapping[str, str]) -> str:
    return element("ID", canonical_id) + element("DisplayName", names.get(canonical_id) or None)
