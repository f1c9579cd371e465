"""The body of RestoreObject."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from trug.domain.errors import ErrorCode, S3Error
from trug.domain.restoration import STANDARD, TIERS
from trug.wire import xml

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

LIMIT = 64 * 1024
KNOWN = frozenset({"Days", "GlacierJobParameters", "Tier", "Description"})
OF_SELECT = frozenset({"Type", "SelectParameters", "OutputLocation"})
LONGEST = 2**31 - 1
LONGEST_IN_DIGITS = len(str(LONGEST))


class RestoreAsked(NamedTuple):
    """For how many days, and by which retrieval tier."""

    days: int
    tier: str


def parse_restore(body: bytes) -> RestoreAsked:
    """What a ``RestoreRequest`` asks for.

    NotImplemented for select requests and for those that name an output location, MalformedXML for what is none.
    """
    root = xml.parse(body, "RestoreRequest", limit=LIMIT)
    if any(xml.name_of(child) in OF_SELECT for child in root):
        raise S3Error(ErrorCode.NotImplemented, "Select requests are not implemented.")
    xml.check_children(root, KNOWN)
    return RestoreAsked(_days(xml.text_of(root, "Days")), _tier(root))


def _days(text: str | None) -> int:
    if text is None or not text.isascii() or not text.isdigit() or len(text) > LONGEST_IN_DIGITS:
        raise xml.malformed()
    days = int(text)
    if not 1 <= days <= LONGEST:
        raise xml.malformed()
    return days


def _tier(root: Element) -> str:
    parameters = xml.only(root, "GlacierJobParameters")
    tier = xml.text_of(root, "Tier")
    if parameters is not None:
        inner = xml.texts(parameters, ("Tier",)).get("Tier")
        if inner is None or tier not in (None, inner):
            raise xml.malformed()
        tier = inner
    if tier not in (None, *TIERS):
        raise xml.malformed()
    return tier or STANDARD
