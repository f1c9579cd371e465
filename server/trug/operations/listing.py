"""ListObjects, ListObjectsV2 and ListObjectVersions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from trug.access import actions
from trug.domain.errors import invalid_argument
from trug.domain.frozen import frozen
from trug.domain.lines import CAREFUL, ETAG_END, KEY_END, STYLE_MARKS, TIME_END, UNUSUAL, Style, shown
from trug.domain.restoration import Restoration
from trug.engine.drafts import ObjectPage, VersionPage
from trug.operations import tokens
from trug.operations.call import Call
from trug.operations.operation import Family
from trug.operations.owners import NO_OTHERS, bucket_owner, other_owners
from trug.operations.representation import Names, document, owner_element, truncation
from trug.ports.rows import Listed
from trug.wire.dates import iso_date
from trug.wire.query import integer
from trug.wire.reply import Reply
from trug.wire.request import Headers, Incoming
from trug.wire.xml import element, escape

family = Family()

PAGE = 1000
OPTIONAL_ATTRIBUTES = "x-amz-optional-object-attributes"
RESTORE_STATUS = "RestoreStatus"


@frozen
class Scope:
    """What the three lists have in common: which keys, how many, how their names are written, and whether to tell how
    far archived objects are restored."""

    prefix: str
    delimiter: str
    limit: int
    names: Names
    restorations: bool = False

    @classmethod
    def of(cls, incoming: Incoming) -> Scope:
        parameters = incoming.parameters
        return cls(
            prefix=parameters.get("prefix", ""),
            delimiter=parameters.get("delimiter", ""),
            limit=min(integer(parameters, "max-keys", default=PAGE), PAGE),
            names=Names.asked(parameters),
            restorations=asks_for_restorations(incoming.headers),
        )

    def elements(self, bucket: str) -> str:
        one = self.names.one
        delimiter = f"<Delimiter>{one(self.delimiter)}</Delimiter>" if self.delimiter else ""
        return (
            f"<Name>{bucket}</Name><Prefix>{one(self.prefix)}</Prefix>{delimiter}"
            f"<MaxKeys>{self.limit}</MaxKeys>{self.names.element}"
        )


def asks_for_restorations(headers: Headers) -> bool:
    """Whether to show ``RestoreStatus``, which is all that may be asked for. InvalidArgument for other names."""
    asked = headers.get(OPTIONAL_ATTRIBUTES)
    if asked is None:
        return False
    names = {name.strip() for name in asked.split(",")} - {""}
    if names - {RESTORE_STATUS}:
        raise invalid_argument("Invalid attribute name specified.", OPTIONAL_ATTRIBUTES, asked)
    return bool(names)


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
        f"{truncation(page.next)}{next_marker}",
        contents(page.rows, names, *await owners_of(call, page.rows), restore_statuses(call, page.restorations)),
        names.common_prefixes(page.prefixes),
    )


async def objects_page(call: Call, scope: Scope, after: str) -> ObjectPage:
    return await call.engine.listings.objects(
        call.bucket,
        prefix=scope.prefix,
        delimiter=scope.delimiter,
        after=after,
        limit=scope.limit,
        restorations=scope.restorations,
    )


def restore_statuses(call: Call, restorations: Mapping[int, Restoration]) -> dict[int, str]:
    """``<RestoreStatus>`` by index; a restored copy that has expired has none ("RestoreStatus")."""
    now, told = call.wire.received, {}
    for index, restoration in restorations.items():
        if restoration.is_under_way(now):
            told[index] = element_of_status("true")
        elif restoration.is_readable(now):
            told[index] = element_of_status("false", element("RestoreExpiryDate", iso_date(restoration.expires)))
    return told


def element_of_status(is_under_way: str, expiry: str = "") -> str:
    return f"<RestoreStatus><IsRestoreInProgress>{is_under_way}</IsRestoreInProgress>{expiry}</RestoreStatus>"


NO_OWNERS = "", NO_OTHERS


async def owners_of(call: Call, rows: Sequence[bytes]) -> tuple[str, Mapping[str, str]]:
    """``<Owner>`` of the bucket's account, and by account id those of others that own something on the page."""
    return owner_element(await bucket_owner(call)), await other_owners(call, rows)


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
    owners = await owners_of(call, page.rows) if request.fetch_owner else NO_OWNERS
    following = None if page.next is None else tokens.continuation(page.next)
    start_after = "" if request.start_after is None else f"<StartAfter>{names.one(request.start_after)}</StartAfter>"
    return document(
        "ListBucketResult",
        f"{scope.elements(call.bucket.name)}<KeyCount>{len(page.rows) + len(page.prefixes)}</KeyCount>"
        f"{truncation(page.next)}{element('ContinuationToken', request.token)}"
        f"{element('NextContinuationToken', following)}{start_after}",
        contents(page.rows, names, *owners, restore_statuses(call, page.restorations)),
        names.common_prefixes(page.prefixes),
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
        restorations=scope.restorations,
    )
    statuses = restore_statuses(call, page.restorations)
    return document(
        "ListVersionsResult",
        f"{scope.elements(call.bucket.name)}<KeyMarker>{names.one(request.key_marker)}</KeyMarker>"
        f"{element('VersionIdMarker', request.version_id_marker)}{truncation(page.next_key)}"
        f"{_next_markers(page, names)}",
        versions(
            page.versions,
            page.latest,
            names,
            *await owners_of(call, [listed.row for listed in page.versions]),
            statuses,
        ),
        names.common_prefixes(page.prefixes),
    )


def _next_markers(page: VersionPage, names: Names) -> str:
    if page.next_key is None:
        return ""
    next_version_id = element("NextVersionIdMarker", page.next_version_id or None)
    return f"<NextKeyMarker>{names.one(page.next_key)}</NextKeyMarker>{next_version_id}"


# Elements: a page has a thousand rows, whose lines need nothing but tags in place of their marks. To make elements one
# by one would take three times as long.

KEYS_END = b"</Key><LastModified>"
TIMES_END = b".000Z</LastModified><ETag>&quot;"
ETAGS_END = b"&quot;</ETag><Size>"


NONE: Mapping[int, str] = {}


def contents(
    rows: Sequence[bytes],
    names: Names,
    owner: str,
    others: Mapping[str, str] = NO_OTHERS,
    statuses: Mapping[int, str] = NONE,
) -> bytes:
    """``<Contents>`` of each row; ``owner`` is the element or empty, ``others`` those of lines that name another,
    ``statuses`` are elements by index of rows that are unusual."""
    if not rows:
        return b""
    page = b"".join(rows)
    if UNUSUAL in page or CAREFUL in page:
        written = zip(*_written(rows, names, owner, others, statuses), strict=True)
        page = "".join([f"{key}\0{line}" for key, line in written]).encode()
    begin, end = b"<Contents><Key>", b"</Contents>"
    return begin + _tagged(page.replace(KEY_END, KEYS_END), owner, end + begin).removesuffix(begin)


def versions(
    listed: Sequence[Listed],
    latest: Sequence[bool],
    names: Names,
    owner: str,
    others: Mapping[str, str] = NO_OTHERS,
    statuses: Mapping[int, str] = NONE,
) -> bytes:
    """``<Version>`` and ``<DeleteMarker>`` in the order of the page."""
    if not listed:
        return b""
    keys, lines = _written([version.row for version in listed], names, owner, others, statuses)
    elements = [
        f"<DeleteMarker><Key>{key}</Key><VersionId>{version_id}</VersionId><IsLatest>{LATEST[is_latest]}</IsLatest>"
        f"<LastModified>{line[: line.index(TIME_MARK)]}.000Z</LastModified>{owner}</DeleteMarker>"
        if marker
        else f"<Version><Key>{key}</Key><VersionId>{version_id}</VersionId><IsLatest>{LATEST[is_latest]}</IsLatest>"
        f"<LastModified>{line}"
        for key, line, (_, version_id, _, marker), is_latest in zip(keys, lines, listed, latest, strict=True)
    ]
    return _tagged("".join(elements).encode(), owner, b"</Version>")


LATEST = ("false", "true")
TIME_MARK = TIME_END.decode()


def _written(
    rows: Sequence[bytes], names: Names, owner: str, others: Mapping[str, str], statuses: Mapping[int, str]
) -> tuple[Sequence[str], list[str]]:
    """Keys as they are asked for, and lines that begin with the time."""
    halves = KEY_END.join(rows).decode().split("\0")
    lines = [
        line if line[0].isdigit() else _usual(line, owner, others, statuses.get(index, ""))
        for index, line in enumerate(halves[1::2])
    ]
    return names.all(halves[::2]), lines


def _usual(line: str, owner: str, others: Mapping[str, str], status: str) -> str:
    """With the end as an element, and behind it the mark of unusual lines, where no mark stands for it."""
    if line.startswith("\4"):
        return line[1:]
    time, etag, size, style, other = shown(line.encode())
    return f"{time}\1{escape(etag)}\2{size}</Size>{end_of(style, others.get(other, owner))}{status}\3"


def _tagged(page: bytes, owner: str, end: bytes) -> bytes:
    """A page of lines with tags in place of their marks; ``end`` stands behind each."""
    styles = [(style, mark) for style, mark in STYLE_MARKS.items() if mark in page]
    page = page.replace(TIME_END, TIMES_END).replace(ETAG_END, ETAGS_END).replace(UNUSUAL, end)
    for style, mark in styles:
        page = page.replace(mark, f"</Size>{end_of(style, owner)}".encode() + end)
    return page


def end_of(style: Style, owner: str) -> str:
    """The last elements of a version."""
    storage_class, algorithm, checksum_type = style
    checksum = element("ChecksumAlgorithm", algorithm or None) + element("ChecksumType", checksum_type or None)
    return f"{checksum}{owner}{element('StorageClass', storage_class)}"
