"""All families of operations in one table."""

from __future__ import annotations

from trug.operations import (
    attributes,
    batch,
    buckets,
    copies,
    declined,
    listing,
    multipart,
    objects,
    service,
    tagging,
    unconfigured,
)
from trug.operations.table import OperationTable

FAMILIES = (service, buckets, objects, attributes, tagging, copies, batch, listing, multipart, unconfigured, declined)

TABLE = OperationTable(row for module in FAMILIES for row in module.family.rows)
