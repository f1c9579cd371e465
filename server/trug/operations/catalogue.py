"""All families of operations in one table."""

from __future__ import annotations

from trug.operations import (
    acl,
    attributes,
    batch,
    bucket_reports,
    bucket_settings,
    buckets,
    copies,
    cors,
    declined,
    encryption,
    lifecycle,
    listing,
    locking,
    multipart,
    object_annotations,
    objects,
    ownership,
    policies,
    postform,
    public_access,
    renaming,
    restoring,
    service,
    tagging,
    unconfigured,
    website,
)
from trug.operations.table import OperationTable

FAMILIES = (
    service,
    buckets,
    acl,
    bucket_settings,
    policies,
    public_access,
    ownership,
    bucket_reports,
    cors,
    website,
    objects,
    postform,
    attributes,
    object_annotations,
    tagging,
    copies,
    renaming,
    restoring,
    batch,
    encryption,
    locking,
    lifecycle,
    listing,
    multipart,
    unconfigured,
    declined,
)

TABLE = OperationTable(row for module in FAMILIES for row in module.family.rows)
