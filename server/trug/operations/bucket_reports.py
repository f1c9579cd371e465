"""Metrics, analytics, Intelligent-Tiering and inventory configurations: a bucket may have many, each with an id."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import msgspec

from trug.access import actions
from trug.access.actions import Action
from trug.domain import configurations as kinds
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.frozen import frozen
from trug.domain.reports import (
    ORC,
    PARQUET,
    Analytics,
    IntelligentTiering,
    Inventory,
    Metrics,
    bucket_of_arn,
    check_id,
)
from trug.engine import parquet
from trug.operations import tokens
from trug.operations.call import Call
from trug.operations.operation import Family, Handler, Operation
from trug.operations.representation import document, truncation
from trug.ports.rows import Bucket
from trug.wire.documents import inventory as inventory_document
from trug.wire.documents import reports as documents
from trug.wire.reply import Reply
from trug.wire.request import Incoming
from trug.wire.xml import element

family = Family()


class Configuration(Protocol):
    """What is configured under an id."""

    @property
    def id(self) -> str: ...


FIELDS_KEY = "s3:inventoryaccessibleoptionalfields"
"""The condition key whose values only an inventory's document says: asked for once it was read."""


class Kind(NamedTuple):
    """A kind of configuration: how its operations are called, what is read and written, and what is stored.

    ``root`` is its element, ``listed`` that of a page of a list. ``kept`` says what does not come of it, where nothing
    acts on it.
    """

    kind: str
    name: str
    subresource: str
    root: str
    listed: str
    read: Action
    write: Action
    model: type[Any]
    parse: Callable[[bytes], Any]
    content: Callable[[Any], str]
    kept: str = ""


KINDS = (
    Kind(
        kinds.METRICS,
        "Metrics",
        "metrics",
        "MetricsConfiguration",
        "ListMetricsConfigurationsResult",
        actions.GET_METRICS_CONFIGURATION,
        actions.PUT_METRICS_CONFIGURATION,
        Metrics,
        documents.parse_metrics,
        documents.metrics_content,
    ),
    Kind(
        kinds.ANALYTICS,
        "Analytics",
        "analytics",
        "AnalyticsConfiguration",
        "ListBucketAnalyticsConfigurationResult",
        actions.GET_ANALYTICS_CONFIGURATION,
        actions.PUT_ANALYTICS_CONFIGURATION,
        Analytics,
        documents.parse_analytics,
        documents.analytics_content,
    ),
    Kind(
        kinds.INTELLIGENT_TIERING,
        "IntelligentTiering",
        "intelligent-tiering",
        "IntelligentTieringConfiguration",
        "ListBucketIntelligentTieringConfigurationsOutput",
        actions.GET_INTELLIGENT_TIERING_CONFIGURATION,
        actions.PUT_INTELLIGENT_TIERING_CONFIGURATION,
        IntelligentTiering,
        documents.parse_intelligent_tiering,
        documents.intelligent_tiering_content,
        "objects stay where frequent access has them",
    ),
    Kind(
        kinds.INVENTORY,
        "Inventory",
        "inventory",
        "InventoryConfiguration",
        "ListInventoryConfigurationsResult",
        actions.GET_INVENTORY_CONFIGURATION,
        actions.PUT_INVENTORY_CONFIGURATION,
        Inventory,
        inventory_document.parse_inventory,
        inventory_document.inventory_content,
    ),
)


# --- requests -------------------------------------------------------------------------------------------------------


@frozen
class Named:
    """One configuration by its id."""

    id: str

    @classmethod
    async def from_wire(cls, incoming: Incoming) -> Named:
        return cls(incoming.parameters["id"])


@frozen
class Put:
    """A configuration as it was sent, for the id in the query."""

    id: str
    body: bytes

    @classmethod
    async def from_wire(cls, incoming: Incoming) -> Put:
        return cls(incoming.parameters["id"], await incoming.body.read(documents.LIMIT))


@frozen
class Page:
    """A page of a list, and the token it begins with."""

    token: str | None

    @classmethod
    async def from_wire(cls, incoming: Incoming) -> Page:
        return cls(incoming.parameters.get(tokens.PARAMETER))


# --- handlers -------------------------------------------------------------------------------------------------------


def _putting(kind: Kind) -> Handler:
    async def put(call: Call, request: Put) -> Reply:
        configuration = kind.parse(request.body)
        name = check_id(request.id, configuration.id)
        if isinstance(configuration, Inventory):
            await call.authorise(kind.write, call.bucket, told={FIELDS_KEY: configuration.fields})
            await _check_inventory(call, configuration)
        if isinstance(configuration, Analytics) and configuration.export is not None:
            export = configuration.export
            await _check_destination(call, export.bucket, export.account, export.prefix, name)
        stored = msgspec.msgpack.encode(configuration)
        await call.engine.configurations.store_named(call.bucket, kind.kind, name, stored)
        return Reply()

    return put


async def _check_inventory(call: Call, inventory: Inventory) -> None:
    """NotImplemented for formats that cannot be written here; errors of ``_check_destination``."""
    if inventory.format == ORC:
        raise S3Error(ErrorCode.NotImplemented, "Inventory lists are written as CSV and as Parquet, not as ORC.")
    if inventory.format == PARQUET and not parquet.is_available():
        text = "Inventory lists are written as Parquet where trug was installed with the extra trug[parquet]."
        raise S3Error(ErrorCode.NotImplemented, text)
    await _check_destination(call, inventory.destination, inventory.account, inventory.destination_prefix, inventory.id)


async def _check_destination(call: Call, arn: str, account: str | None, prefix: str | None, name: str) -> None:
    """InvalidS3DestinationBucket for a bucket that nothing about this one can be put into: it is not there, is
    elsewhere, or another account's. AccessDenied for who may not write there himself."""
    found = await call.engine.buckets.find(bucket_of_arn(arn))
    if found is None or not _may_receive(call.bucket, found) or account not in (None, call.bucket.account):
        raise S3Error(ErrorCode.InvalidS3DestinationBucket)
    await call.authorise(actions.PUT_OBJECT, found, "/".join(filter(None, (prefix, call.bucket.name, name))))


def _may_receive(source: Bucket, destination: Bucket) -> bool:
    return (destination.account, destination.region) == (source.account, source.region)


def _getting(kind: Kind) -> Handler:
    async def get(call: Call, request: Named) -> Reply:
        stored = await call.engine.configurations.named(call.bucket, kind.kind, request.id)
        return document(kind.root, _content(kind, stored))

    return get


def _deleting(kind: Kind) -> Handler:
    async def delete(call: Call, request: Named) -> Reply:
        await call.engine.configurations.store_named(call.bucket, kind.kind, request.id, None)
        return Reply(204)

    return delete


def _listing(kind: Kind) -> Handler:
    async def page(call: Call, request: Page) -> Reply:
        after = tokens.continued(request.token) if request.token else ""
        found, following = await call.engine.configurations.page(call.bucket, kind.kind, after=after)
        listed = "".join(f"<{kind.root}>{_content(kind, stored)}</{kind.root}>" for _, stored in found)
        token = None if following is None else tokens.continuation(following)
        return document(
            kind.listed,
            f"{element('ContinuationToken', request.token)}{truncation(following)}"
            f"{element('NextContinuationToken', token)}{listed}",
        )

    return page


def _content(kind: Kind, stored: bytes) -> str:
    return kind.content(msgspec.msgpack.decode(stored, type=kind.model))


def _operations(kind: Kind) -> list[Operation[Any]]:
    name, route = f"Bucket{kind.name}Configuration", f"/{{Bucket}}?{kind.subresource}"
    rows: list[tuple[str, str, Action, type[Any], Handler]] = [
        (f"Put{name}", f"PUT {route}&id", kind.write, Put, _putting(kind)),
        (f"Get{name}", f"GET {route}&id", kind.read, Named, _getting(kind)),
        (f"Delete{name}", f"DELETE {route}&id", kind.write, Named, _deleting(kind)),
        (f"List{name}s", f"GET {route}", kind.read, Page, _listing(kind)),
    ]
    return [Operation(*row, kind="kept" if kind.kept else "acts", note=kind.kept) for row in rows]


for each in KINDS:
    family.rows += _operations(each)
