"""How the effects are applied that a batch does not keep for its end: named statements, sealed rows."""

from __future__ import annotations

from collections.abc import Callable
from sqlite3 import Cursor
from typing import Any

from trug.adapters.sql import expected, packing
from trug.adapters.sql import statements as sql
from trug.adapters.sql.labels import relabel
from trug.ports import effects as do
from trug.ports.changes import Effect
from trug.ports.rows import Version

Apply = Callable[[Cursor, Any, int], int | None]
"""Applies an effect; the number is the sequence of the change it belongs to.

Answers how many bytes it wrote, where they may fill pages of their own.
"""

# Buckets


def put_bucket(cursor: Cursor, effect: do.PutBucket, _: int) -> None:
    cursor.execute(sql.PUT_BUCKET, packing.bucket_row(effect.bucket))


def remove_bucket(cursor: Cursor, effect: do.RemoveBucket, _: int) -> None:
    for statement in (sql.REMOVE_BUCKET, sql.REMOVE_CONFIGURATIONS, sql.REMOVE_COUNTERS):
        cursor.execute(statement, (effect.id,))


def set_configuration(cursor: Cursor, effect: do.SetConfiguration, _: int) -> int:
    if effect.document is None:
        cursor.execute(sql.REMOVE_CONFIGURATION, (effect.bucket, effect.kind))
        return 0
    cursor.execute(sql.PUT_CONFIGURATION, packing.named_row(effect.bucket, effect.kind, effect.document))
    return len(effect.document)


# Versions


def put_history(cursor: Cursor, effect: do.PutHistory, _: int) -> int:
    version = effect.version
    key, sequence, number, version_id, *rest = packing.version_row(version)
    place = (version.bucket, key, -sequence)
    cursor.execute(sql.PUT_HISTORY, (*place, number, version_id, int(version.marker), *rest))
    return len(rest[-1])


def remove_history(cursor: Cursor, effect: do.RemoveHistory, _: int) -> None:
    cursor.execute(sql.REMOVE_HISTORY, (effect.bucket, effect.key, -effect.sequence))


# Bytes


def name_blob(cursor: Cursor, effect: do.NameBlob, _: int) -> None:
    cursor.execute(sql.NAME_BLOB, packing.named_row(effect.blob))


def forget_blobs(cursor: Cursor, effect: do.ForgetBlobs, _: int) -> None:
    cursor.executemany(sql.FORGET_BLOB, ((blob,) for blob in effect.blobs))


def set_references(cursor: Cursor, effect: do.SetReferences, _: int) -> None:
    if effect.count < 2:
        cursor.execute(sql.REMOVE_REFERENCES, (effect.kind, effect.id))
        return
    cursor.execute(sql.PUT_REFERENCES, packing.named_row(effect.kind, effect.id, effect.count))


def drop(cursor: Cursor, effect: do.Drop, sequence: int) -> None:
    cursor.execute(sql.DROP, packing.named_row(sequence, effect.kind, effect.target))


def forget_dropped(cursor: Cursor, effect: do.ForgetDropped, _: int) -> None:
    cursor.executemany(sql.FORGET_DROPPED, ((row,) for row in effect.ids))


def open_epoch(cursor: Cursor, effect: do.OpenEpoch, _: int) -> None:
    cursor.execute(sql.OPEN_EPOCH, packing.named_row(effect.number, 0))


def seal_epoch(cursor: Cursor, effect: do.SealEpoch, _: int) -> None:
    cursor.execute(sql.SEAL_EPOCH, (packing.checksum((effect.number, 1)), effect.number))


# Multipart


def put_upload(cursor: Cursor, effect: do.PutUpload, _: int) -> int:
    row = packing.upload_row(effect.upload)
    cursor.execute(sql.PUT_UPLOAD, row)
    return len(row[8]) + len(row[9] or b"")


def touch_upload(cursor: Cursor, effect: do.TouchUpload, sequence: int) -> None:
    cursor.execute(sql.TOUCH_UPLOAD, (sequence, packing.change_check(effect.id, sequence), effect.id))


def remove_upload(cursor: Cursor, effect: do.RemoveUpload, _: int) -> None:
    cursor.execute(sql.REMOVE_UPLOAD, (effect.id,))


def put_part(cursor: Cursor, effect: do.PutPart, _: int) -> int:
    row = packing.part_row(effect.part)
    cursor.execute(sql.PUT_PART, row)
    return len(row[2])


def remove_parts(cursor: Cursor, effect: do.RemoveParts, _: int) -> None:
    cursor.executemany(sql.REMOVE_PART, ((effect.upload, number) for number in effect.numbers))


# Annotations


def put_annotation(cursor: Cursor, effect: do.PutAnnotation, _: int) -> int:
    row = packing.annotation_row(effect.annotation)
    cursor.execute(sql.PUT_ANNOTATION, row)
    return len(row[2])


def remove_annotations(cursor: Cursor, effect: do.RemoveAnnotations, _: int) -> None:
    cursor.executemany(sql.REMOVE_ANNOTATION, ((effect.version, name) for name in effect.names))


# Totals


def tally(cursor: Cursor, effect: do.Tally, _: int) -> None:
    sums = (effect.objects, effect.versions, effect.bytes, effect.uploads, effect.current)
    cursor.execute(sql.TALLY_BUCKET, (effect.bucket, *sums))
    cursor.execute(sql.TALLY_ACCOUNT, (effect.account, *sums))


# Who may


def put_account(cursor: Cursor, effect: do.PutAccount, _: int) -> None:
    cursor.execute(sql.PUT_ACCOUNT, packing.account_row(effect.account))


def remove_account(cursor: Cursor, effect: do.RemoveAccount, _: int) -> None:
    cursor.execute(sql.REMOVE_ACCOUNT, (effect.id,))


def put_entity(cursor: Cursor, effect: do.PutEntity, _: int) -> int:
    cursor.execute(sql.PUT_ENTITY, packing.named_row(*effect.entity))
    return len(effect.entity.document)


def remove_entity(cursor: Cursor, effect: do.RemoveEntity, _: int) -> None:
    cursor.execute(sql.REMOVE_ENTITY, (effect.account, effect.kind, effect.place))


def put_link(cursor: Cursor, effect: do.PutLink, _: int) -> None:
    cursor.execute(sql.PUT_LINK, packing.named_row(*effect.link))


def remove_link(cursor: Cursor, effect: do.RemoveLink, _: int) -> None:
    cursor.execute(sql.REMOVE_LINK, effect.link)


def put_key(cursor: Cursor, effect: do.PutKey, _: int) -> None:
    cursor.execute(sql.PUT_KEY, packing.key_row(effect.key))


def remove_key(cursor: Cursor, effect: do.RemoveKey, _: int) -> None:
    cursor.execute(sql.REMOVE_KEY, (effect.access_key,))


def declare(cursor: Cursor, effect: do.Declare, _: int) -> int:
    cursor.execute(sql.DECLARE, packing.named_row(effect.kind, effect.name, effect.document))
    return len(effect.document)


def keep_document(cursor: Cursor, effect: do.KeepDocument, _: int) -> int:
    if effect.document is None:
        cursor.execute(sql.REMOVE_DOCUMENT, (effect.kind, effect.name))
        return 0
    cursor.execute(sql.KEEP_DOCUMENT, packing.named_row(effect.kind, effect.name, effect.document))
    return len(effect.document)


def trim_audit(cursor: Cursor, effect: do.TrimAudit, _: int) -> None:
    cursor.execute(sql.TRIM_AUDIT, (effect.bound,))


# Search


def label(cursor: Cursor, effect: do.Label, _: int) -> int:
    versions: dict[str, Version | None] = dict.fromkeys(effect.keys)
    for key in effect.keys if effect.wanted else ():
        row = cursor.execute(sql.CURRENT, (effect.bucket, key)).fetchone()
        versions[key] = None if row is None else packing.version_of(effect.bucket, row)
    relabel(cursor, effect.bucket, versions)
    return 1024 * len(effect.keys)


# Items


def put_item(cursor: Cursor, effect: do.PutItem, _: int) -> int:
    remove_words(cursor, *effect.item[:3])
    cursor.execute(sql.PUT_ITEM, packing.item_row(effect.item))
    if effect.words:
        (number,) = cursor.execute(sql.ITEM_NUMBER, effect.item[:3]).fetchone()
        cursor.execute(sql.PUT_WORDS, (number, effect.words))
    return len(effect.item.document) + len(effect.words)


def remove_item(cursor: Cursor, effect: do.RemoveItem, _: int) -> None:
    remove_words(cursor, effect.account, effect.kind, effect.id)
    cursor.execute(sql.REMOVE_ITEM, (effect.account, effect.kind, effect.id))


def remove_words(cursor: Cursor, *place: str) -> None:
    found = cursor.execute(sql.ITEM_NUMBER, place).fetchone()
    if found is not None:
        cursor.execute(sql.REMOVE_WORDS, found)


# Lifecycle


def remind(cursor: Cursor, effect: do.Remind, sequence: int) -> int:
    rows = [(effect.at, effect.bucket, key, sequence) for key in effect.keys]
    cursor.executemany(sql.REMIND, rows)
    return sum(len(key) for key in effect.keys)


def forget_reminders(cursor: Cursor, effect: do.ForgetReminders, _: int) -> None:
    cursor.executemany(sql.FORGET_REMINDER, effect.reminders)


EFFECTS: dict[type[Effect], Apply] = {
    do.PutBucket: put_bucket,
    do.RemoveBucket: remove_bucket,
    do.SetConfiguration: set_configuration,
    do.PutHistory: put_history,
    do.RemoveHistory: remove_history,
    do.NameBlob: name_blob,
    do.ForgetBlobs: forget_blobs,
    do.SetReferences: set_references,
    do.Drop: drop,
    do.ForgetDropped: forget_dropped,
    do.OpenEpoch: open_epoch,
    do.SealEpoch: seal_epoch,
    do.PutUpload: put_upload,
    do.TouchUpload: touch_upload,
    do.RemoveUpload: remove_upload,
    do.PutPart: put_part,
    do.RemoveParts: remove_parts,
    do.PutAnnotation: put_annotation,
    do.RemoveAnnotations: remove_annotations,
    do.Tally: tally,
    do.PutAccount: put_account,
    do.RemoveAccount: remove_account,
    do.PutEntity: put_entity,
    do.RemoveEntity: remove_entity,
    do.PutLink: put_link,
    do.RemoveLink: remove_link,
    do.PutKey: put_key,
    do.RemoveKey: remove_key,
    do.Declare: declare,
    do.KeepDocument: keep_document,
    do.TrimAudit: trim_audit,
    **expected.EFFECTS,
    do.Label: label,
    do.PutItem: put_item,
    do.RemoveItem: remove_item,
    do.Remind: remind,
    do.ForgetReminders: forget_reminders,
}
