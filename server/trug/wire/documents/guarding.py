"""The documents of public access blocks and ownership controls."""

from __future__ import annotations

from trug.domain.acl import Ownership
from trug.domain.public_access import SETTINGS, PublicAccessBlock, settings_of
from trug.wire import xml
from trug.wire.xml import element

LIMIT = 64 * 1024
BOOLEANS = {"true": True, "false": False}
MODES = {mode.value: mode for mode in Ownership}


def parse_block(body: bytes) -> PublicAccessBlock:
    """A ``PublicAccessBlockConfiguration``; what it does not name is off. MalformedXML."""
    found = xml.texts(xml.parse(body, "PublicAccessBlockConfiguration", limit=LIMIT), SETTINGS)
    texts = [found.get(name, "false").strip().lower() for name in SETTINGS]
    if not BOOLEANS.keys() >= set(texts):
        raise xml.malformed()
    return PublicAccessBlock(*(BOOLEANS[text] for text in texts))


def block_content(block: PublicAccessBlock) -> str:
    pairs = zip(SETTINGS, settings_of(block), strict=True)
    return "".join(element(name, str(is_set).lower()) for name, is_set in pairs)


def parse_ownership(body: bytes) -> Ownership:
    """An ``OwnershipControls`` of one rule. MalformedXML."""
    root = xml.parse(body, "OwnershipControls", limit=LIMIT)
    xml.check_children(root, ("Rule",))
    rule = xml.only(root, "Rule")
    if rule is None:
        raise xml.malformed()
    mode = MODES.get(xml.texts(rule, ("ObjectOwnership",)).get("ObjectOwnership", ""))
    if mode is None:
        raise xml.malformed()
    return mode


def ownership_content(ownership: Ownership) -> str:
    return f"<Rule><ObjectOwnership>{ownership.value}</ObjectOwnership></Rule>"
