"""An inventory configuration, in and out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trug.domain.encryption import SSE_KMS, SSE_S3
from trug.domain.reports import (
    ALL,
    CURRENT,
    DAILY,
    FORMATS,
    INVENTORY_FIELDS,
    WEEKLY,
    Inventory,
    bucket_of_arn,
)
from trug.wire import xml
from trug.wire.documents.reports import LIMIT, needed, needed_text
from trug.wire.xml import element

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

PARTS = frozenset({"Destination", "IsEnabled", "Filter", "Id", "IncludedObjectVersions", "OptionalFields", "Schedule"})
DESTINATION = frozenset({"AccountId", "Bucket", "Format", "Prefix", "Encryption"})
TRUTH = {"true": True, "false": False}


def parse_inventory(body: bytes) -> Inventory:
    """What an ``InventoryConfiguration`` asks for. MalformedXML, InvalidS3DestinationBucket."""
    root = xml.parse(body, "InventoryConfiguration", limit=LIMIT)
    xml.check_children(root, PARTS)
    bucket = _bucket(needed(root, "Destination"))
    encryption, key = _encryption(bucket)
    destination = _destination(bucket)
    enabled = needed_text(root, "IsEnabled").lower()
    versions = needed_text(root, "IncludedObjectVersions")
    if enabled not in TRUTH or versions not in (ALL, CURRENT):
        raise xml.malformed()
    return Inventory(
        id=needed_text(root, "Id"),
        is_enabled=TRUTH[enabled],
        versions=versions,
        frequency=_frequency(needed(root, "Schedule")),
        destination=destination["Bucket"],
        format=destination["Format"],
        fields=_fields(root),
        prefix=_prefix(root),
        destination_prefix=destination.get("Prefix"),
        account=destination.get("AccountId"),
        encryption=encryption,
        key=key,
    )


def _bucket(destination: Element) -> Element:
    xml.check_children(destination, ("S3BucketDestination",))
    bucket = needed(destination, "S3BucketDestination")
    xml.check_children(bucket, DESTINATION)
    return bucket


def _encryption(bucket: Element) -> tuple[str, str]:
    """The kind of encryption and the id of its key, both empty where the bucket's own is meant."""
    asked = xml.only(bucket, "Encryption")
    if asked is None:
        return "", ""
    xml.check_children(asked, ("SSE-S3", "SSE-KMS"))
    if len(asked) != 1:
        raise xml.malformed()
    kms = xml.only(asked, "SSE-KMS")
    return (SSE_S3, "") if kms is None else (SSE_KMS, needed_text(kms, "KeyId"))


def _destination(bucket: Element) -> dict[str, str]:
    parts = (name for name in DESTINATION if name != "Encryption")
    found = {name: text for name in parts if (text := xml.text_of(bucket, name)) is not None}
    if found.get("Format") not in FORMATS or "Bucket" not in found:
        raise xml.malformed()
    bucket_of_arn(found["Bucket"])
    return found


def _frequency(schedule: Element) -> str:
    xml.check_children(schedule, ("Frequency",))
    frequency = needed_text(schedule, "Frequency")
    if frequency not in (DAILY, WEEKLY):
        raise xml.malformed()
    return frequency


def _fields(root: Element) -> tuple[str, ...]:
    optional = xml.only(root, "OptionalFields")
    if optional is None:
        return ()
    xml.check_children(optional, ("Field",))
    fields = tuple((field.text or "") for field in optional)
    if len(set(fields)) < len(fields) or not set(fields) <= set(INVENTORY_FIELDS):
        raise xml.malformed()
    return fields


def _prefix(root: Element) -> str | None:
    found = xml.only(root, "Filter")
    if found is None:
        return None
    xml.check_children(found, ("Prefix",))
    prefix = xml.text_of(found, "Prefix")
    if prefix is None:
        raise xml.malformed()
    return prefix


def inventory_content(inventory: Inventory) -> str:
    destination = (
        f"{element('AccountId', inventory.account)}{element('Bucket', inventory.destination)}"
        f"<Format>{inventory.format}</Format>{element('Prefix', inventory.destination_prefix)}"
        f"{_encryption_element(inventory)}"
    )
    prefix = "" if inventory.prefix is None else f"<Filter>{element('Prefix', inventory.prefix)}</Filter>"
    fields = "".join(f"<Field>{field}</Field>" for field in inventory.fields)
    return (
        f"{element('Id', inventory.id)}<IsEnabled>{'true' if inventory.is_enabled else 'false'}</IsEnabled>{prefix}"
        f"<Destination><S3BucketDestination>{destination}</S3BucketDestination></Destination>"
        f"<Schedule><Frequency>{inventory.frequency}</Frequency></Schedule>"
        f"<IncludedObjectVersions>{inventory.versions}</IncludedObjectVersions>"
        f"{f'<OptionalFields>{fields}</OptionalFields>' if fields else ''}"
    )


def _encryption_element(inventory: Inventory) -> str:
    if not inventory.encryption:
        return ""
    kms = f"<SSE-KMS>{element('KeyId', inventory.key)}</SSE-KMS>"
    return f"<Encryption>{'<SSE-S3/>' if inventory.encryption == SSE_S3 else kms}</Encryption>"
