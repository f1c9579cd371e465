"""What is asked of search, and what it answers."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

BucketName = Annotated[str, Meta(min_length=1, max_length=255, description="The bucket's name.")]
FilterText = Annotated[str, Meta(max_length=4096, description="Only objects that this filter holds of.")]


class SearchAsked(Struct):
    """``limit`` is 100 where it is 0 or less, and at most 1,000."""

    bucket: BucketName
    filter: FilterText = ""
    prefix: Annotated[str, Meta(max_length=1024, description="Only keys that begin so.")] = ""
    limit: int = 100
    token: Annotated[str, Meta(max_length=4096, description="next_token of the page before.")] = ""
    explain: Annotated[bool, Meta(description="Say how it was looked for.")] = False


class FoundObject(Struct):
    """An object that was found."""

    key: str
    url: str
    size_bytes: int
    etag: str
    extension: str
    storage_class: str
    last_modified: str


class RuleShown(Struct):
    """A rule that the search was composed of; no request can leave out one that ``protects``."""

    name: str
    filter: str
    protects: bool
    says: str


class Explanation(Struct):
    """What was looked for, and ``by`` which way."""

    rules: list[RuleShown]
    filter: str
    by: str


class SearchPage(Struct):
    """A page of objects by key; ``next_token`` is not there on the last one. A page may be short, and others follow."""

    objects: list[FoundObject]
    next_token: str | UnsetType = UNSET
    explanation: Explanation | UnsetType = UNSET


class IndexAsked(Struct):
    """One bucket."""

    bucket: BucketName


class IndexSwitch(Struct):
    """Whether a bucket is to have an index."""

    bucket: BucketName
    enabled: bool


class IndexShown(Struct):
    """``state`` is off, building, ready or clearing. Searches go by the index when it is ready."""

    bucket: str
    state: str


class FilterNamed(Struct):
    """A named filter: of the bucket, or of the account without one."""

    name: Annotated[str, Meta(min_length=1, max_length=64, description="Letters, digits, - and _.")]
    bucket: Annotated[str, Meta(max_length=255, description="The bucket whose filter it is.")] = ""


class FiltersAsked(Struct):
    """Whose filters: the bucket's, or the account's without one."""

    bucket: Annotated[str, Meta(max_length=255)] = ""
    after: Annotated[str, Meta(max_length=64, description="Only names after this one.")] = ""


class FilterToKeep(Struct):
    """A filter, and what it is about; a bucket's is about objects."""

    filter: Annotated[str, Meta(min_length=1, max_length=4096)]
    over: Literal["objects", "items", "users"] = "objects"


class FilterShown(Struct):
    """A named filter."""

    name: str
    filter: str
    over: str


class FilterList(Struct):
    """At most 100 filters by name; ``next`` is what to send as ``after`` where there are more."""

    filters: list[FilterShown]
    next: str | UnsetType = UNSET
