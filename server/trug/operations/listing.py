"""ListObjects, ListObjectsV2 and ListObjectVersions."""

from __future__ import annotations

from collections.abc import Sequence

from trug.access import actions
from trug.domain.errors import invalid_argument
from trug.domain.frozen import frozen
from trug.engine.drafts import ListedVersion, ObjectPage, VersionPage
from trug.operations import tokens
from trug.operations.call import Call
from trug.operations.operation import Family
from trug.operations.representation import Names, document, owner_element, owner_of, truncation
from trug.ports.rows import Entry
from trug.wire.dates import iso_date
from trug.wire.query import integer
from trug.wire.reply import Reply
from trug.wire.request import Headers, Incoming
from trug.wire.xml import element

family = Family()

PAGE = 1000
OPTIONAL_ATTRIBUTES = "x-amz-optional-object-attributes"


@frozen
class Scope:
    """What the three lists have in common: which keys, how many, and how their names are written."""

    prefix: str
    delimiter: str
    limit: int
    names: Names

    @classmethod
    def of(cls, incoming: Incoming) -> Scope:
        parameters = incoming.parameters
        check_optional_attributes(incoming.headers)
        return cls(
            prefix=parameters.get("prefix", ""),
            delimiter=parameters.get("delimiter", ""),
            limit=min(integer(parameters, "max-keys", default=PAGE), PAGE),
            names=Names.asked(parameters),
        )

    def elements(self, bucket: str) -> str:
        one = self.names.one
        delimiter = f"<Delimiter>{one(self.delimiter)}</Delimiter>" if self.delimiter else ""
        return (
            f"<Name>{bucket}</Name><Prefix>{one(self.prefix)}</Prefix>{delimiter}"
            f"<MaxKeys>{self.limit}</MaxKeys>{self.names.element}"
        )


def check_optional_attributes(headers: Headers) -> None:
    """RestoreStatus is all that may be asked for: nothing here was ever restored from an archive, so none is shown."""
    asked = headers.get(OPTIONAL_ATTRIBUTES)
    if asked is None:
        return
    for name in asked.split(","):
        if name.strip() not in ("", "RestoreStatus"):
            raise invalid_argument("Invalid attribute name specified.", OPTIONAL_ATTRIBUTES, asked)


# ListObjects


@frozen
class ListObjects:
    scope: Scope
    marker: str

    @classmethod
    async def from_wire(cls, incoming: Incoming) -> ListObjects:
        list_type = incoming.parameters.get("list-type")
        if list_type is not None:
            raise invalid_argument("Invalid List Type specified in Request", "list-type", list_type)
        return cls(Scope.of(incoming), incoming.parameters.get("marker", ""))


@family.operation("ListObjects", "GET /{Bucket}", action=actions.LIST_BUCKET, request=ListObjects)
async def list_objects(call: Call, request: ListObjects) -> Reply:
    scope, names = request.scope, request.scope.names
    page = await objects_page(call, scope, request.marker)
    follows = page.next if scope.delimiter else None
    next_marker = "" if follows is None else f"<NextMarker>{names.one(follows)}</NextMarker>"
    return document(
        "ListBucketResult",
        f"{scope.elements(call.bucket.name)}<Marker>{names.one(request.marker)}</Marker>"
        f"{truncation(page.next)}{next_marker}"
        f"{contents(page.entries, names, owner_element(owner_of(call)))}{names.common_prefixes(page.prefixes)}",
    )


async def objects_page(call: Call, scope: Scope, after: str) -> ObjectPage:
    return await call.engine.listings.objects(
        call.bucket, prefix=scope.prefix, delimiter=scope.delimiter, after=after, limit=scope.limit
    )


# ListObjectsV2


@frozen
class ListObjectsV2:
    scope: Scope
    after: str
    """Where the page begins: what the continuation token says, else ``start-after``."""
    token: str | None
    start_after: str | None
    fetch_owner: bool

    @classmethod
    async def from_wire(cls, incoming: Incoming) -> ListObjectsV2:
        parameters = incoming.parameters
        token, start_after = parameters.get(tokens.PARAMETER), parameters.get("start-after")
        return cls(
            Scope.of(incoming),
            after=(start_after or "") if token is None else tokens.continued(token),
            token=token,
            start_after=start_after,
            fetch_owner=parameters.get("fetch-owner", "").lower() == "true",
        )


@family.operation("ListObjectsV2", "GET /{Bucket}?list-type=2", action=actions.LIST_BUCKET, request=ListObjectsV2)
async def list_objects_v2(call: Call, request: ListObjectsV2) -> Reply:
    scope, names = request.scope, request.scope.names
    page = await objects_page(call, scope, request.after)
    owner = owner_element(owner_of(call)) if request.fetch_owner else ""
    following = None if page.next is None else tokens.continuation(page.next)
    start_after = "" if request.start_after is None else f"<StartAfter>{names.one(request.start_after)}</StartAfter>"
    return document(
        "ListBucketResult",
        f"{scope.elements(call.bucket.name)}<KeyCount>{len(page.entries) + len(page.prefixes)}</KeyCount>"
        f"{truncation(page.next)}{element('ContinuationToken', request.token)}"
        f"{element('NextContinuationToken', following)}{start_after}"
        f"{contents(page.entries, names, owner)}{names.common_prefixes(page.prefixes)}",
    )


# ListObjectVersions


@frozen
class ListObjectVersions:
    scope: Scope
    key_marker: str
    version_id_marker: str

    @classmethod
    async def from_wire(cls, incoming: Incoming) -> ListObjectVersions:
        key_marker = incoming.parameters.get("key-marker", "")
        version_id_marker = incoming.parameters.get("version-id-marker", "")
        if version_id_marker and not key_marker:
            raise invalid_argument(
                "A version-id marker cannot be specified without a key marker.", "version-id-marker", version_id_marker
            )
        return cls(Scope.of(incoming), key_marker, version_id_marker)


@family.operation(
    "ListObjectVersions", "GET /{Bucket}?versions", action=actions.LIST_BUCKET_VERSIONS, request=ListObjectVersions
)
async def list_object_versions(call: Call, request: ListObjectVersions) -> Reply:
    scope, names = request.scope, request.scope.names
    page = await call.engine.listings.versions(
        call.bucket,
        prefix=scope.prefix,
        delimiter=scope.delimiter,
        key_marker=request.key_marker,
        version_id_marker=request.version_id_marker,
        limit=scope.limit,
    )
    return document(
        "ListVersionsResult",
        f"{scope.elements(call.bucket.name)}<KeyMarker>{names.one(request.key_marker)}</KeyMarker>"
        f"{element('VersionIdMarker', request.version_id_marker)}{truncation(page.next_key)}"
        f"{_next_markers(page, names)}"
        f"{versions(page.versions, names, owner_element(owner_of(call)))}{names.common_prefixes(page.prefixes)}",
    )


def _next_markers(page: VersionPage, names: Names) -> str:
    if page.next_key is None:
        return ""
    next_version_id = element("NextVersionIdMarker", page.next_version_id or None)
    return f"<NextKeyMarker>{names.one(page.next_key)}</NextKeyMarker>{next_version_id}"


# Elements, by string building: a page has a thousand entries.


def contents(entries: Sequence[Entry], names: Names, owner: str) -> str:
    """``<Contents>`` of each entry; ``owner`` is the element or empty."""
    ends = Ends(owner)
    keys = names.all([entry.key for entry in entries])
    return "".join(
        [
            f"<Contents><Key>{key}</Key><LastModified>{iso_date(modified)}</LastModified>"
            f"<ETag>&quot;{etag}&quot;</ETag><Size>{size}</Size>{ends[kind, algorithm, type_]}</Contents>"
            for key, (_, _, _, _, (etag, size, modified, kind, algorithm, type_)) in zip(keys, entries, strict=True)
        ]
    )


def versions(listed: Sequence[ListedVersion], names: Names, owner: str) -> str:
    """``<Version>`` and ``<DeleteMarker>`` in the order of the page."""
    ends = Ends(owner)
    keys = names.all([entry.key for entry, _ in listed])
    return "".join(
        [_version(key, entry, owner, ends, latest) for key, (entry, latest) in zip(keys, listed, strict=True)]
    )


def _version(key: str, entry: Entry, owner: str, ends: Ends, is_latest: bool) -> str:  # noqa: FBT001 - from a tuple
    _, _, version_id, marker, (etag, size, modified, kind, algorithm, type_) = entry
    common = (
        f"<Key>{key}</Key><VersionId>{version_id}</VersionId><IsLatest>{'true' if is_latest else 'false'}</IsLatest>"
        f"<LastModified>{iso_date(modified)}</LastModified>"
    )
    if marker:
        return f"<DeleteMarker>{common}{owner}</DeleteMarker>"
    return (
        f"<Version>{common}<ETag>&quot;{etag}&quot;</ETag><Size>{size}</Size>{ends[kind, algorithm, type_]}</Version>"
    )


class Ends(dict[tuple[str, str, str], str]):
    """The last elements of an entry by (storage class, checksum algorithm, checksum type), written once for a page."""

    def __init__(self, owner: str) -> None:
        super().__init__()
        self._owner = owner

    def __missing__(self, kind: tuple[str, str, str]) -> str:
        storage_class, algorithm, checksum_type = kind
        checksum = element("ChecksumAlgorithm", algorithm or None) + element("ChecksumType", checksum_type or None)
        end = f"{checksum}{self._owner}<StorageClass>{storage_class}</StorageClass>"
        self[kind] = end
        return end
