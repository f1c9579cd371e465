"""What each effect does, said over rows in memory."""

from __future__ import annotations

from collections.abc import Callable
from itertools import takewhile
from typing import Any

from trug.adapters.memory.table import Table
from trug.adapters.memory.tables import Tables
from trug.domain.configurations import HAS_SEARCH
from trug.domain.object_fields import labels_of
from trug.ports.changes import Effect
from trug.ports.effects import (
    Advance,
    Announce,
    Attest,
    Declare,
    Drop,
    ForgetBlobs,
    ForgetDropped,
    ForgetReminders,
    KeepDocument,
    Label,
    NameBlob,
    OpenEpoch,
    PutAccount,
    PutAnnotation,
    PutBucket,
    PutCurrent,
    PutEntity,
    PutHistory,
    PutInline,
    PutItem,
    PutKey,
    PutLink,
    PutPart,
    PutUpload,
    Remind,
    RemoveAccount,
    RemoveAnnotations,
    RemoveBucket,
    RemoveCurrent,
    RemoveEntity,
    RemoveHistory,
    RemoveInline,
    RemoveItem,
    RemoveKey,
    RemoveLink,
    RemoveParts,
    RemoveUpload,
    ReserveIds,
    SealEpoch,
    SetConfiguration,
    SetReferences,
    Tally,
    TouchUpload,
    TrimAudit,
)
from trug.ports.expected import (
    PutExpected,
    RemoveExpected,
)
from trug.ports.rows import (
    Counters,
    Dropped,
    Epoch,
    Event,
    Reminder,
    Upload,
    Version,
)


def put_bucket(tables: Tables, effect: PutBucket) -> None:
    forget_bucket_name(tables, effect.bucket.id)
    tables.buckets.put(effect.bucket, effect.bucket.id)
    tables.bucket_names.put(effect.bucket.id, effect.bucket.name)


def remove_bucket(tables: Tables, effect: RemoveBucket) -> None:
    forget_bucket_name(tables, effect.id)
    tables.buckets.remove(effect.id)
    tables.counters.remove(effect.id)
    for place in tables.configurations.places_under(effect.id):
        tables.configurations.remove(*place)


def forget_bucket_name(tables: Tables, bucket: int) -> None:
    if (old := tables.buckets.find(bucket)) is not None:
        tables.bucket_names.remove(old.name)


def set_configuration(tables: Tables, effect: SetConfiguration) -> None:
    if effect.document is None:
        tables.configurations.remove(effect.bucket, effect.kind)
    else:
        tables.configurations.put(effect.document, effect.bucket, effect.kind)


def put_current(tables: Tables, effect: PutCurrent) -> None:
    version = effect.version
    tables.current.put(version, version.bucket, version.key)
    relabel_searched(tables, version.bucket, version.key, version)


def remove_current(tables: Tables, effect: RemoveCurrent) -> None:
    tables.current.remove(effect.bucket, effect.key)
    relabel_searched(tables, effect.bucket, effect.key, None)


def relabel_searched(tables: Tables, bucket: int, key: str, version: Version | None) -> None:
    row = tables.buckets.find(bucket)
    if row is not None and row.configured & HAS_SEARCH:
        relabel(tables, bucket, key, version)


def relabel(tables: Tables, bucket: int, key: str, version: Version | None) -> None:
    for old in tables.labelled.find(bucket, key) or ():
        tables.labels.remove(bucket, *old, key)
    tables.labelled.remove(bucket, key)
    if version is not None:
        labels = labels_of(key, version.listing, version.record)
        tables.labelled.put(labels, bucket, key)
        for new in labels:
            tables.labels.put(key, bucket, *new, key)


def label(tables: Tables, effect: Label) -> None:
    for key in effect.keys:
        version = tables.current.find(effect.bucket, key) if effect.wanted else None
        relabel(tables, effect.bucket, key, version)


def put_history(tables: Tables, effect: PutHistory) -> None:
    version = effect.version
    tables.history.put(version, version.bucket, version.key, -version.sequence)


def remove_history(tables: Tables, effect: RemoveHistory) -> None:
    tables.history.remove(effect.bucket, effect.key, -effect.sequence)


def put_inline(tables: Tables, effect: PutInline) -> None:
    tables.inline.put(effect.content, effect.id)


def remove_inline(tables: Tables, effect: RemoveInline) -> None:
    tables.inline.remove(effect.id)


def name_blob(tables: Tables, effect: NameBlob) -> None:
    tables.files.put(effect.blob, effect.blob)


def forget_blobs(tables: Tables, effect: ForgetBlobs) -> None:
    for blob in effect.blobs:
        tables.files.remove(blob)


def set_references(tables: Tables, effect: SetReferences) -> None:
    if effect.count < 2:
        tables.references.remove(effect.kind, effect.id)
    else:
        tables.references.put(effect.count, effect.kind, effect.id)


def drop(tables: Tables, effect: Drop) -> None:
    tables.drops += 1
    tables.dropped.put(Dropped(tables.drops, tables.sequence, effect.kind, effect.target), tables.drops)


def forget_dropped(tables: Tables, effect: ForgetDropped) -> None:
    for dropped in effect.ids:
        tables.dropped.remove(dropped)


def open_epoch(tables: Tables, effect: OpenEpoch) -> None:
    tables.epochs.put(Epoch(effect.number, sealed=False), effect.number)


def seal_epoch(tables: Tables, effect: SealEpoch) -> None:
    if tables.epochs.find(effect.number) is not None:
        tables.epochs.put(Epoch(effect.number, sealed=True), effect.number)


def put_upload(tables: Tables, effect: PutUpload) -> None:
    keep_upload(tables, effect.upload)


def touch_upload(tables: Tables, effect: TouchUpload) -> None:
    if (upload := tables.uploads.find(effect.id)) is not None:
        keep_upload(tables, upload._replace(changed=tables.sequence))


def remove_upload(tables: Tables, effect: RemoveUpload) -> None:
    if (upload := tables.uploads.find(effect.id)) is not None:
        forget_upload(tables, upload)


def keep_upload(tables: Tables, upload: Upload) -> None:
    if (old := tables.uploads.find(upload.id)) is not None:
        forget_upload(tables, old)
    tables.uploads.put(upload, upload.id)
    tables.upload_ids.put(upload.id, upload.upload_id)
    if upload.completed is None:
        tables.open_uploads.put(upload, upload.bucket, upload.key, upload.upload_id)


def forget_upload(tables: Tables, upload: Upload) -> None:
    tables.uploads.remove(upload.id)
    tables.upload_ids.remove(upload.upload_id)
    tables.open_uploads.remove(upload.bucket, upload.key, upload.upload_id)


def put_part(tables: Tables, effect: PutPart) -> None:
    tables.parts.put(effect.part, effect.part.upload, effect.part.number)


def remove_parts(tables: Tables, effect: RemoveParts) -> None:
    for number in effect.numbers:
        tables.parts.remove(effect.upload, number)


def put_annotation(tables: Tables, effect: PutAnnotation) -> None:
    tables.annotations.put(effect.annotation, effect.annotation.version, effect.annotation.name)


def remove_annotations(tables: Tables, effect: RemoveAnnotations) -> None:
    for name in effect.names:
        tables.annotations.remove(effect.version, name)


def tally(tables: Tables, effect: Tally) -> None:
    more = Counters(effect.objects, effect.versions, effect.bytes, effect.uploads, effect.current)
    add(tables.counters, more, effect.bucket)
    add(tables.account_counters, more, effect.account)


def add(table: Table[Counters], more: Counters, place: int | str) -> None:
    so_far = table.find(place) or Counters()
    table.put(Counters._make(map(sum, zip(so_far, more, strict=True))), place)


def announce(tables: Tables, effect: Announce) -> None:
    told = (effect.kind, effect.bucket, effect.key, effect.version_id, effect.size, effect.etag, effect.account)
    tables.feed.put(Event(tables.sequence, *told, time=tables.time), tables.sequence)


def advance(tables: Tables, _: Advance) -> None:
    tables.sequence += 1


def put_account(tables: Tables, effect: PutAccount) -> None:
    tables.accounts.put(effect.account, effect.account.id)


def remove_account(tables: Tables, effect: RemoveAccount) -> None:
    tables.accounts.remove(effect.id)


def put_entity(tables: Tables, effect: PutEntity) -> None:
    account, kind, place, document = effect.entity
    tables.entities.put(document, account, kind, place)


def remove_entity(tables: Tables, effect: RemoveEntity) -> None:
    tables.entities.remove(effect.account, effect.kind, effect.place)


def put_link(tables: Tables, effect: PutLink) -> None:
    account, kind, left, right = effect.link
    tables.links.put(right, account, kind, left, right)
    tables.links_back.put(left, account, kind, right, left)


def remove_link(tables: Tables, effect: RemoveLink) -> None:
    account, kind, left, right = effect.link
    tables.links.remove(account, kind, left, right)
    tables.links_back.remove(account, kind, right, left)


def put_key(tables: Tables, effect: PutKey) -> None:
    key = effect.key
    forget_owner(tables, key.access_key)
    tables.keys.put(key, key.access_key)
    tables.keys_of.put(key.access_key, key.account, key.user, key.access_key)


def remove_key(tables: Tables, effect: RemoveKey) -> None:
    forget_owner(tables, effect.access_key)
    tables.keys.remove(effect.access_key)


def forget_owner(tables: Tables, access_key: str) -> None:
    if (old := tables.keys.find(access_key)) is not None:
        tables.keys_of.remove(old.account, old.user, access_key)


def declare(tables: Tables, effect: Declare) -> None:
    tables.declared.put(effect.document, effect.kind, effect.name)


def keep_document(tables: Tables, effect: KeepDocument) -> None:
    if effect.document is None:
        tables.documents.remove(effect.kind, effect.name)
    else:
        tables.documents.put(effect.document, effect.kind, effect.name)


def attest(_: Tables, __: Attest) -> None:
    """Told already."""


def trim_audit(tables: Tables, effect: TrimAudit) -> None:
    for record in list(takewhile(lambda record: record.sequence < effect.bound, tables.audit.since())):
        tables.audit.remove(record.sequence)


def put_item(tables: Tables, effect: PutItem) -> None:
    tables.items.put((effect.item, effect.words), *effect.item[:3])


def remove_item(tables: Tables, effect: RemoveItem) -> None:
    tables.items.remove(effect.account, effect.kind, effect.id)


def remind(tables: Tables, effect: Remind) -> None:
    for key in effect.keys:
        tables.reminders.put(Reminder(effect.at, effect.bucket, key, tables.sequence), effect.at, effect.bucket, key)


def forget_reminders(tables: Tables, effect: ForgetReminders) -> None:
    for reminder in effect.reminders:
        if tables.reminders.find(*reminder[:3]) == reminder:
            tables.reminders.remove(*reminder[:3])


def reserve_ids(tables: Tables, effect: ReserveIds) -> None:
    tables.reserved.put(effect.next)


APPLY: dict[type[Effect], Callable[[Tables, Any], None]] = {
    PutBucket: put_bucket,
    RemoveBucket: remove_bucket,
    SetConfiguration: set_configuration,
    PutCurrent: put_current,
    RemoveCurrent: remove_current,
    PutHistory: put_history,
    RemoveHistory: remove_history,
    PutInline: put_inline,
    RemoveInline: remove_inline,
    NameBlob: name_blob,
    ForgetBlobs: forget_blobs,
    SetReferences: set_references,
    Drop: drop,
    ForgetDropped: forget_dropped,
    OpenEpoch: open_epoch,
    SealEpoch: seal_epoch,
    PutUpload: put_upload,
    TouchUpload: touch_upload,
    RemoveUpload: remove_upload,
    PutPart: put_part,
    PutAnnotation: put_annotation,
    RemoveAnnotations: remove_annotations,
    RemoveParts: remove_parts,
    Tally: tally,
    Announce: announce,
    Advance: advance,
    PutAccount: put_account,
    RemoveAccount: remove_account,
    PutEntity: put_entity,
    RemoveEntity: remove_entity,
    PutLink: put_link,
    RemoveLink: remove_link,
    PutKey: put_key,
    RemoveKey: remove_key,
    Declare: declare,
    KeepDocument: keep_document,
    Attest: attest,
    TrimAudit: trim_audit,
    PutExpected: lambda tables, effect: tables.expected.put(effect.file, effect.file.id),
    RemoveExpected: lambda tables, effect: tables.expected.remove(effect.id),
    Label: label,
    PutItem: put_item,
    RemoveItem: remove_item,
    Remind: remind,
    ForgetReminders: forget_reminders,
    ReserveIds: reserve_ids,
}
