"""Rows as they lie on disk: packed values, and the checksums that tie them to the other columns of their row.

Every checksum is a CRC32C over the msgpack array of columns, so it covers their types and lengths too. A packed value
of a version ends with its own checksum, over the version's plain columns and itself: such an array, checksum included,
always has the same CRC32C, which makes checking a row one encoding, one CRC and one comparison.
"""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct
from typing import Any, NamedTuple

from awscrt.checksums import crc32c
from msgspec.msgpack import Decoder, Encoder

from trug.domain import blocks
from trug.domain.identity import Account
from trug.domain.objects import EMPTY_RECORD, STANDARD, Checksum, Listing, Record
from trug.domain.versioning import Versioning
from trug.ports.rows import AccessKey, Bucket, Completed, Dropped, Entry, Epoch, Extent, Part, Upload, User, Version
from trug.ports.stores import Damaged

Row = tuple[Any, ...]

encode = Encoder().encode

# What CRC32C gives for any bytes that end with their own CRC32C, little-endian.
RESIDUE = 0x48674BC7
ROOM = bytes(4)
CRC = Struct("<I")


# Checksums


def seal(seed: int, plain: Row, value: bytes) -> bytes:
    """``value`` with the checksum that binds it to these plain columns."""
    covered = encode((*plain, value + ROOM))
    return value + CRC.pack(crc32c(covered[:-4], seed))


def is_sealed(seed: int, row: Row) -> bool:
    """Whether a row whose last column was sealed with the others is as it was written."""
    residue: int = crc32c(encode(row), seed)
    return residue == RESIDUE


def checksum(columns: Row) -> int:
    """The checksum column of a row with these other columns."""
    value: int = crc32c(encode(columns))
    return value


def checked(table: str, row: Row) -> Row:
    """The row without its checksum, which comes last; Damaged when it does not match."""
    columns = row[:-1]
    if crc32c(encode(columns)) != row[-1]:
        raise damage(table, columns[:2])
    return columns


def damage(table: str, place: Sequence[Any]) -> Damaged:
    return Damaged(f"the row {tuple(place)!r} of {table} does not match its checksum")


def checked_content(inline: int, checks: bytes, content: bytes) -> bytes:
    """Inline bytes as they were written, or Damaged."""
    if type(content) is not bytes or blocks.checks(inline, content) != checks:
        raise damage("inline", (inline,))
    return content


# The listing value. Format 1 is of fixed length: the ETag is a plain MD5 and class and checksum are one of STYLES.
# Format 2 is a msgpack array of the fields. STYLES is only ever appended to.

STYLES = (
    (STANDARD, "", ""),
    *(
        (STANDARD, algorithm, kind)
        for kind in ("FULL_OBJECT", "COMPOSITE")
        for algorithm in ("CRC64NVME", "CRC32", "CRC32C", "SHA1", "SHA256")
    ),
    *((STANDARD, algorithm, "FULL_OBJECT") for algorithm in ("MD5", "SHA512", "XXHASH64", "XXHASH3", "XXHASH128")),
    *((STANDARD, algorithm, "COMPOSITE") for algorithm in ("MD5", "SHA512", "XXHASH64", "XXHASH3", "XXHASH128")),
)
STYLE_NUMBERS = {style: number for number, style in enumerate(STYLES)}
BRIEF = Struct("<BBQQ16s")
FULL = b"\x02"

unpack_brief = BRIEF.unpack_from
decode_listing = Decoder(Listing).decode
make = tuple.__new__


def pack_listing(listing: Listing) -> bytes:
    style = STYLE_NUMBERS.get(listing[3:])
    digest = plain_md5(listing.etag)
    if style is None or digest is None:
        return FULL + encode(listing)
    return BRIEF.pack(1, style, listing.size, listing.modified, digest)


def plain_md5(etag: str) -> bytes | None:
    """The digest that this ETag spells in lower-case hex, None when it is anything else."""
    if len(etag) != 32:
        return None
    try:
        digest = bytes.fromhex(etag)
    except ValueError:
        return None
    return digest if digest.hex() == etag else None


def unpack_listing(value: bytes) -> Listing:
    """From a sealed value that was checked."""
    if value[0] == 1:
        _, style, size, modified, digest = unpack_brief(value)
        storage_class, algorithm, kind = STYLES[style]
        return make(Listing, (digest.hex(), size, modified, storage_class, algorithm, kind))
    if value[0] == 2:
        return decode_listing(value[1:-4])
    raise Damaged(f"a listing value has format {value[0]}, which this version does not know")


# The record value: a msgpack array of the fields, cut where only defaults follow.


class PackedRecord(NamedTuple):
    headers: dict[str, str] | None = None
    metadata: dict[str, str] | None = None
    tags: dict[str, str] | None = None
    checksum: Checksum | None = None
    parts: int = 0


RECORD = b"\x01"
EMPTY = RECORD + encode(())
decode_record = Decoder(PackedRecord).decode


def pack_record(record: Record) -> bytes:
    if record == EMPTY_RECORD:
        return EMPTY
    fields = (record.headers, record.metadata, record.tags, record.checksum, record.parts)
    length = next(n for n in range(len(fields), 0, -1) if fields[n - 1])
    return RECORD + encode(fields[:length])


def unpack_record(value: bytes) -> Record:
    """From a value without checksum."""
    if value == EMPTY:
        return EMPTY_RECORD
    if value[0] != 1:
        raise Damaged(f"a record value has format {value[0]}, which this version does not know")
    headers, metadata, tags, checksum, parts = decode_record(value[1:])
    return Record(headers or {}, metadata or {}, tags or {}, checksum, parts)


# Versions. The plain columns are key, sequence, id, version id, inline, blob, body and noncurrent since. Bucket and
# kind are plain columns too; they go into the checksums as a seed, so that a list of one bucket need not fetch them.

PLAIN = slice(1, 9)
PLACE = Struct("<qB")


def seed_of(bucket: int, kind: int) -> int:
    seed: int = crc32c(PLACE.pack(bucket, kind))
    return seed


def version_row(version: Version) -> Row:
    """The plain columns of a version, its listing value and its record value."""
    plain = (*version[1:5], *version[8:])
    seed = seed_of(version.bucket, version.marker)
    return (
        *plain,
        seal(seed, plain, pack_listing(version.listing)),
        seal(seed, plain, pack_record(version.record)),
    )


def version_of(bucket: int, row: Row) -> Version:
    """From kind, plain columns, listing and record (more may follow); Damaged when a checksum does not match."""
    kind, plain, listing, record = row[0], row[PLAIN], row[9], row[10]
    seed = seed_of(bucket, kind == 1)
    if not is_sealed(seed, (*plain, listing)) or not is_sealed(seed, (*plain, record)):
        raise damage("current or history", (bucket, *plain[:2]))
    key, sequence, number, version_id, inline, blob, body, noncurrent_since = plain
    shown, rest = unpack_listing(listing), unpack_record(record[:-4])
    return make(
        Version,
        (bucket, key, sequence, number, version_id, shown, rest, kind == 1, inline, blob, body, noncurrent_since),
    )


def current_entries(bucket: int, rows: Sequence[Row]) -> list[Entry]:
    """What lists show, from rows of plain columns and listing; Damaged when any checksum does not match.

    Unrolled: a page of a list comes here a thousand times.
    """
    seed = seed_of(bucket, 0)
    entries = []
    for row in rows:
        if crc32c(encode(row), seed) != RESIDUE:
            raise damage("current", (bucket, *row[:2]))
        value = row[8]
        if value[0] == 1:
            _, style, size, modified, digest = unpack_brief(value)
            storage_class, algorithm, kind = STYLES[style]
            listing = make(Listing, (digest.hex(), size, modified, storage_class, algorithm, kind))
        else:
            listing = unpack_listing(value)
        entries.append(make(Entry, (row[0], row[1], row[3], False, listing)))
    return entries


def history_entries(bucket: int, rows: Sequence[Row]) -> list[Entry]:
    """The same from rows that start with the kind."""
    seeds = (seed_of(bucket, 0), seed_of(bucket, 1))
    entries = []
    for kind, *rest in rows:
        if not is_sealed(seeds[kind == 1], tuple(rest)):
            raise damage("history", (bucket, *rest[:2]))
        key, sequence, _, version_id = rest[:4]
        entries.append(Entry(key, sequence, version_id, kind == 1, unpack_listing(rest[8])))
    return entries


# Multipart


class PackedUpload(NamedTuple):
    initiator: str
    storage_class: str
    checksum_algorithm: str
    checksum_type: str
    record: bytes


class PackedPart(NamedTuple):
    etag: str
    size: int
    modified: int
    extents: tuple[Extent, ...]
    checksum: Checksum | None


DOCUMENT = b"\x01"

decode_upload = Decoder(PackedUpload).decode
decode_completed = Decoder(Completed).decode
decode_part = Decoder(PackedPart).decode
decode_names = Decoder(tuple[str, ...]).decode


def document(value: tuple[Any, ...]) -> bytes:
    """A packed document: its format byte, then a msgpack array of the fields."""
    return DOCUMENT + encode(value)


def fields(value: bytes) -> bytes:
    """The array in a packed document; Damaged when its format is not known."""
    if value[:1] != DOCUMENT:
        raise Damaged(f"a document has format {value[:1]!r}, which this version does not know")
    return value[1:]


def upload_row(upload: Upload) -> Row:
    """id, upload id, bucket, key, open, initiated, changed and its checksum, document, completed, checksum."""
    packed = PackedUpload(
        upload.initiator,
        upload.storage_class,
        upload.checksum_algorithm,
        upload.checksum_type,
        pack_record(upload.record),
    )
    completed = None if upload.completed is None else document(upload.completed)
    place = (upload.id, upload.upload_id, upload.bucket, upload.key, int(completed is None), upload.initiated)
    values = (document(packed), completed)
    return (*place, upload.changed, change_check(upload.id, upload.changed), *values, checksum((*place, *values)))


def change_check(upload: int, changed: int) -> int:
    """The checksum of ``changed`` alone, which each UploadPart moves without reading the row."""
    return checksum((upload, changed))


def upload_of(row: Row) -> Upload:
    number, upload_id, bucket, key, _, initiated = checked("uploads", (*row[:6], *row[8:]))[:6]
    if change_check(number, row[6]) != row[7]:
        raise damage("uploads", (number, upload_id))
    packed = decode_upload(fields(row[8]))
    return Upload(
        id=number,
        upload_id=upload_id,
        bucket=bucket,
        key=key,
        initiated=initiated,
        changed=row[6],
        initiator=packed.initiator,
        storage_class=packed.storage_class,
        checksum_algorithm=packed.checksum_algorithm,
        checksum_type=packed.checksum_type,
        record=unpack_record(packed.record),
        completed=None if row[9] is None else decode_completed(fields(row[9])),
    )


def part_row(part: Part) -> Row:
    """upload, number, document, checksum."""
    columns = (part.upload, part.number, document(part[2:]))
    return (*columns, checksum(columns))


def part_of(row: Row) -> Part:
    upload, number, packed = checked("parts", row)
    return Part(upload, number, *decode_part(fields(packed)))


# The other rows: their fields, then the checksum.


def bucket_row(bucket: Bucket) -> Row:
    columns = (*bucket[:5], bucket.versioning.value)
    return (*columns, checksum(columns))


VERSIONINGS = {versioning.value: versioning for versioning in Versioning}


def bucket_of(row: Row) -> Bucket:
    number, name, account, region, created, versioning = checked("buckets", row)
    return Bucket(number, name, account, region, created, VERSIONINGS[versioning])


def account_row(account: Account) -> Row:
    columns = (account.id, account.canonical_id, account.display_name, account.email)
    return (*columns, checksum(columns))


def account_of(row: Row) -> Account:
    return Account(*checked("accounts", row))


def user_row(user: User) -> Row:
    columns = (user.account, user.name, user.created, document(user.policies))
    return (*columns, checksum(columns))


def user_of(row: Row) -> User:
    account, name, created, policies = checked("users", row)
    return User(account, name, created, decode_names(fields(policies)))


def key_row(key: AccessKey) -> Row:
    columns = (*key[:5], int(key.active))
    return (*columns, checksum(columns))


def key_of(row: Row) -> AccessKey:
    access_key, account, user, secret, created, active = checked("access_keys", row)
    return AccessKey(access_key, account, user, secret, created, active == 1)


def named_row(*columns: int | str | bytes) -> Row:
    """A row that is only its columns and their checksum."""
    return (*columns, checksum(columns))


def named_of(table: str, row: Row) -> Any:
    """The last column of such a row: all that it says about the others."""
    return checked(table, row)[-1]


def blob_of(row: Row) -> int:
    blob: int = named_of("files", row)
    return blob


def epoch_of(row: Row) -> Epoch:
    number, sealed = checked("epochs", row)
    return Epoch(number, sealed == 1)


def dropped_of(row: Row) -> Dropped:
    """``id`` is drawn by the database as the row is written, so the checksum does not cover it."""
    return Dropped(row[0], *checked("dropped", row[1:]))
