"""The configurations of metrics, analytics and Intelligent-Tiering, in and out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trug.domain.reports import (
    FEWEST_DAYS,
    Analytics,
    Export,
    IntelligentTiering,
    Metrics,
    bucket_of_arn,
    check_tierings,
)
from trug.wire import xml
from trug.wire.documents.filters import filter_element, filter_of
from trug.wire.xml import element

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

LIMIT = 64 * 1024


def needed(parent: Element, name: str) -> Element:
    """The one child of this name. MalformedXML."""
    found = xml.only(parent, name)
    if found is None:
        raise xml.malformed()
    return found


def needed_text(parent: Element, name: str) -> str:
    """Its text. MalformedXML where it is absent or empty."""
    text = xml.text_of(parent, name)
    if not text:
        raise xml.malformed()
    return text


# --- metrics --------------------------------------------------------------------------------------------------------


def parse_metrics(body: bytes) -> Metrics:
    root = xml.parse(body, "MetricsConfiguration", limit=LIMIT)
    xml.check_children(root, ("Id", "Filter"))
    return Metrics(needed_text(root, "Id"), filter_of(root))


def metrics_content(metrics: Metrics) -> str:
    return element("Id", metrics.id) + filter_element(metrics.filter)


# --- analytics ------------------------------------------------------------------------------------------------------


def parse_analytics(body: bytes) -> Analytics:
    root = xml.parse(body, "AnalyticsConfiguration", limit=LIMIT)
    xml.check_children(root, ("Id", "Filter", "StorageClassAnalysis"))
    analysis = needed(root, "StorageClassAnalysis")
    xml.check_children(analysis, ("DataExport",))
    export = xml.only(analysis, "DataExport")
    return Analytics(needed_text(root, "Id"), filter_of(root), None if export is None else _export(export))


def _export(export: Element) -> Export:
    xml.check_children(export, ("OutputSchemaVersion", "Destination"))
    if needed_text(export, "OutputSchemaVersion") != "V_1":
        raise xml.malformed()
    destination = needed(export, "Destination")
    xml.check_children(destination, ("S3BucketDestination",))
    found = xml.texts(
        needed(destination, "S3BucketDestination"), frozenset({"Format", "BucketAccountId", "Bucket", "Prefix"})
    )
    if found.get("Format") != "CSV" or "Bucket" not in found:
        raise xml.malformed()
    bucket_of_arn(found["Bucket"])
    return Export(found["Bucket"], found.get("Prefix"), found.get("BucketAccountId"))


def analytics_content(analytics: Analytics) -> str:
    export = analytics.export
    inside = ""
    if export is not None:
        destination = (
            f"<Format>CSV</Format>{element('BucketAccountId', export.account)}"
            f"{element('Bucket', export.bucket)}{element('Prefix', export.prefix)}"
        )
        inside = (
            "<DataExport><OutputSchemaVersion>V_1</OutputSchemaVersion><Destination><S3BucketDestination>"
            f"{destination}</S3BucketDestination></Destination></DataExport>"
        )
    analysis = f"<StorageClassAnalysis>{inside}</StorageClassAnalysis>"
    return element("Id", analytics.id) + filter_element(analytics.filter) + analysis


# --- Intelligent-Tiering --------------------------------------------------------------------------------------------

STATES = {"Enabled": True, "Disabled": False}


def parse_intelligent_tiering(body: bytes) -> IntelligentTiering:
    root = xml.parse(body, "IntelligentTieringConfiguration", limit=LIMIT)
    xml.check_children(root, ("Id", "Filter", "Status", "Tiering"))
    status = needed_text(root, "Status")
    tierings = tuple(_tiering(each) for each in xml.every(root, "Tiering"))
    if status not in STATES or not tierings:
        raise xml.malformed()
    check_tierings(tierings)
    return IntelligentTiering(needed_text(root, "Id"), STATES[status], tierings, filter_of(root))


def _tiering(each: Element) -> tuple[str, int]:
    found = xml.texts(each, frozenset({"Days", "AccessTier"}))
    tier, days = found.get("AccessTier", ""), found.get("Days", "")
    if tier not in FEWEST_DAYS or not (days.isascii() and days.isdigit() and len(days) < 10):
        raise xml.malformed()
    return tier, int(days)


def intelligent_tiering_content(tiering: IntelligentTiering) -> str:
    tierings = "".join(
        f"<Tiering><Days>{days}</Days><AccessTier>{tier}</AccessTier></Tiering>" for tier, days in tiering.tierings
    )
    status = "Enabled" if tiering.is_enabled else "Disabled"
    return f"{element('Id', tiering.id)}{filter_element(tiering.filter)}<Status>{status}</Status>{tierings}"
