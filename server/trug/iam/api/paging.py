"""Pages of answers: ``MaxItems`` and ``Marker`` in, ``IsTruncated`` and ``Marker`` out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from trug.iam.api.answers import Structure, Value
from trug.iam.api.kinds import MARKER, PATH_PREFIX
from trug.iam.api.parameters import Parameters
from trug.iam.api.refusals import invalid
from trug.iam.entities import Page

T = TypeVar("T")

USUAL = 100
MOST = 1000


class Asked(NamedTuple):
    """Which page is asked for: ``after`` is what the last answer's marker said."""

    after: str
    limit: int
    prefix: str


def page_of(parameters: Parameters) -> Asked:
    """ValidationError for numbers below 1 and above 1,000."""
    return Asked(
        parameters.text("Marker", MARKER, default="") if parameters.find("Marker") else "",
        parameters.integer("MaxItems", 1, MOST, USUAL),
        parameters.text("PathPrefix", PATH_PREFIX, default="/"),
    )


def paged(name: str, page: Page[T], shape: Callable[[T], Value], **more: Value) -> Structure:
    """The part of an answer that lists a page."""
    return {**more, name: [shape(row) for row in page.rows], **truncation(page.next)}


def truncation(following: str) -> dict[str, Value]:
    return {"IsTruncated": bool(following), "Marker": following or None}


def sliced(rows: Sequence[T], parameters: Parameters) -> Page[T]:
    """A page of what is all at hand; its markers are numbers."""
    asked = page_of(parameters)
    if asked.after and not (asked.after.isascii() and asked.after.isdigit() and len(asked.after) < 10):
        raise invalid("Marker", asked.after, "be what an answer gave as Marker")
    begin = int(asked.after or 0)
    end = begin + asked.limit
    return Page(list(rows[begin:end]), str(end) if end < len(rows) else "")
