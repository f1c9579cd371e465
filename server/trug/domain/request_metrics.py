"""Request metrics of buckets: which requests a metrics configuration is about, and what is counted of them.

"Metrics and dimensions" and "CloudWatch metrics configurations" in the Amazon S3 user guide say what is meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

import msgspec

from trug.domain.reports import Filter

COUNTERS = (
    ("all_requests", "AllRequests"),
    ("get_requests", "GetRequests"),
    ("put_requests", "PutRequests"),
    ("delete_requests", "DeleteRequests"),
    ("head_requests", "HeadRequests"),
    ("post_requests", "PostRequests"),
    ("list_requests", "ListRequests"),
    ("downloaded_bytes", "BytesDownloaded"),
    ("uploaded_bytes", "BytesUploaded"),
    ("4xx_errors", "4xxErrors"),
    ("5xx_errors", "5xxErrors"),
)
"""What they are called here and by AWS, in the order of ``Measures.counts``."""
ALL, GET, PUT, DELETE, HEAD, POST, LIST, DOWNLOADED, UPLOADED, CLIENT_ERRORS, SERVER_ERRORS = range(len(COUNTERS))
KINDS = frozenset({GET, PUT, DELETE, HEAD, POST, LIST})
"""Those that are shown only where there were such requests."""

BY_METHOD = {"GET": GET, "PUT": PUT, "DELETE": DELETE, "HEAD": HEAD, "POST": POST}
BY_OPERATION = {
    "ListObjects": LIST,
    "ListObjectsV2": LIST,
    "ListObjectVersions": LIST,
    "ListMultipartUploads": LIST,
    "DeleteObjects": DELETE,
    "PostObject": POST,
    "ListParts": ALL,  # "paginated list-oriented requests" are no GetRequests, and what they list is no bucket
    "ListObjectAnnotations": ALL,
    "SelectObjectContent": ALL,
}
"""What is not counted by its method."""


def counter_of(operation: str, method: str, *, has_key: bool) -> int | None:
    """Which counter a request adds to beside ``ALL``; ``ALL`` where there is none.

    None for a request that metrics are not about: "Request metrics are reported for object-level operations. They are
    also reported for operations that list bucket contents […] but they are not reported for other operations".
    """
    found = BY_OPERATION.get(operation)
    if found is None and has_key:
        return BY_METHOD.get(method, ALL)
    return found


class Filtered(Protocol):
    """A configuration that is about some of a bucket's objects."""

    @property
    def id(self) -> str: ...

    @property
    def filter(self) -> Filter | None: ...


class Filters:
    """The configurations of a kind that a bucket has, to be asked which of them an object, or a request, falls under.

    A key is held against each length of prefix that there is, and not against each configuration: there may be 1,000.
    """

    __slots__ = ("_by_prefix", "_lengths", "_whole", "ids")

    def __init__(self, configurations: Iterable[Filtered]) -> None:
        whole, ids = [], set()
        self._by_prefix: dict[str, list[tuple[str, tuple[tuple[str, str], ...]]]] = {}
        for each in configurations:
            ids.add(each.id)
            if each.filter is None:
                whole.append(each.id)
            else:
                self._by_prefix.setdefault(each.filter.prefix or "", []).append((each.id, each.filter.tags))
        self.ids = frozenset(ids)
        self._whole = tuple(whole)
        self._lengths = sorted({len(prefix) for prefix in self._by_prefix})

    def heeds_tags(self, key: str) -> bool:
        """Whether it takes the object's tags to tell."""
        return any(tags for _, tags in self._on(key))

    def matching(self, key: str | None, tags: Mapping[str, str]) -> list[str]:
        """The ids of those that a request falls under: ``tags`` are those of the object that it is about.

        ``key`` is None of a request that is about no single object: "only requests that operate on single objects can
        match the filter".
        """
        if key is None:
            return list(self._whole)
        found = [name for name, wanted in self._on(key) if all(tags.get(tag) == value for tag, value in wanted)]
        return [*self._whole, *found]

    def _on(self, key: str) -> Iterable[tuple[str, tuple[tuple[str, str], ...]]]:
        for length in self._lengths:
            if length > len(key):
                return
            yield from self._by_prefix.get(key[:length], ())


class Measures(msgspec.Struct, gc=False, array_like=True):
    """What is counted of the requests under one configuration.

    ``first_byte_seconds`` is the sum of FirstByteLatency of ``first_bytes`` requests, ``seconds`` that of
    TotalRequestLatency of ``answered`` ones.
    """

    counts: list[int] = msgspec.field(default_factory=lambda: [0] * len(COUNTERS))
    first_bytes: int = 0
    first_byte_seconds: float = 0.0
    answered: int = 0
    seconds: float = 0.0

    def add(self, other: Measures) -> None:
        self.counts = [one + two for one, two in zip(self.counts, other.counts, strict=True)]
        self.first_bytes += other.first_bytes
        self.first_byte_seconds += other.first_byte_seconds
        self.answered += other.answered
        self.seconds += other.seconds

    def count(self, counter: int) -> None:
        """One more request, which adds to ``counter`` too."""
        self.counts[ALL] += 1
        if counter != ALL:
            self.counts[counter] += 1

    def count_answer(
        self, counter: int, *, status: int, received: int, sent: int, first_byte: float | None, seconds: float
    ) -> None:
        """One more request and its answer: bytes each way, and seconds until the first and the last byte of the answer
        (``first_byte`` None where that is unknown)."""
        self.count(counter)
        self.counts[DOWNLOADED] += sent
        self.counts[UPLOADED] += received
        if 400 <= status < 600:
            self.counts[CLIENT_ERRORS if status < 500 else SERVER_ERRORS] += 1
        if first_byte is not None:
            self.first_bytes += 1
            self.first_byte_seconds += first_byte
        self.answered += 1
        self.seconds += seconds


Measured = dict[int, dict[str, Measures]]
"""By the bucket's number and the configuration's id."""


def add_all(measured: Measured, others: Measured) -> None:
    """Add what somebody else counted."""
    for bucket, by_name in others.items():
        mine = measured.setdefault(bucket, {})
        for name, measures in by_name.items():
            mine.setdefault(name, Measures()).add(measures)
