"""Routes as AWS's API reference spells them, read into values that can be matched."""

from __future__ import annotations

import re
from enum import IntEnum

from trug.domain.frozen import frozen

ROUTE = re.compile(r"(?P<method>[A-Z]+) (?P<path>/\S*?)(?:\?(?P<query>\S+))?(?: \{(?P<header>[a-z0-9-]+)\})?\Z")
PATHS = {"/": 0, "/{Bucket}": 1, "/{Bucket}/{Key+}": 2}


class Level(IntEnum):
    """What a path names."""

    SERVICE = 0
    BUCKET = 1
    OBJECT = 2


@frozen
class Route:
    """Method, level, the query that must be there (name → value, None for any) and the header, if one is needed."""

    method: str
    level: Level
    query: tuple[tuple[str, str | None], ...] = ()
    header: str = ""

    @classmethod
    def parse(cls, spelled: str) -> Route:
        """``PUT /{Bucket}/{Key+}?partNumber&uploadId {x-amz-copy-source}``. ValueError for anything else."""
        found = ROUTE.match(spelled)
        if found is None or found["path"] not in PATHS:
            raise ValueError(f"no route: {spelled}")
        items = found["query"].split("&") if found["query"] else []
        query = tuple(
            (name, value if equals else None) for name, equals, value in (item.partition("=") for item in items)
        )
        return cls(found["method"], Level(PATHS[found["path"]]), query, found["header"] or "")

    @property
    def names(self) -> frozenset[str]:
        """The names in its query."""
        return frozenset(name for name, _ in self.query)

    @property
    def subresource(self) -> str:
        """The first name in its query: what it asks for, where the names behind it only say more. "" for none."""
        return self.query[0][0] if self.query else ""

    @property
    def weight(self) -> int:
        """How specific it is."""
        return 2 * len(self.query) + bool(self.header)
