"""Inventory lists, made page by page and put into their destination; a list that was interrupted goes on."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import uuid
import zlib
from collections.abc import AsyncIterator, Sequence
from typing import Any, Protocol

import msgspec

from trug.domain.acl import Ownership
from trug.domain.configurations import HAS_INVENTORY, INVENTORY
from trug.domain.encryption import Managed
from trug.domain.errors import S3Error
from trug.domain.frozen import replace
from trug.domain.identity import canonical_id_of
from trug.domain.preconditions import NO_WRITE_CONDITIONS
from trug.domain.reports import ALL, PARQUET, Inventory, bucket_of_arn
from trug.engine import parquet
from trug.engine.configurations import progress_name
from trug.engine.content import Content
from trug.engine.drafts import Draft, ListedVersion
from trug.engine.engine import Engine
from trug.engine.inventory import (
    File,
    KeepRun,
    Run,
    is_due,
    items_of,
    manifest_of,
    moment_of,
    place_of,
    unpacked_run,
)
from trug.engine.inventory_columns import Column, Item, columns_of, csv_lines, rows_of
from trug.engine.listing import listed_objects, listed_versions
from trug.jobs.configured import ConfiguredBuckets
from trug.ports.keys import Clock
from trug.ports.reads import AccountWithId, Configurations, Document
from trug.ports.rows import Bucket
from trug.ports.stores import MetadataStore

logger = logging.getLogger(__name__)

PERIOD = 60.0
"""Seconds between two looks at what is due."""
PAGE = 1000
ROWS = 100_000
"""Rows of one data file: as many as are made again after an interruption."""


class Sheet(Protocol):
    """A data file in the making."""

    suffix: str

    def add(self, rows: Sequence[Sequence[Any]]) -> None: ...

    def finish(self) -> bytes: ...


class CsvSheet:
    """CSV, compressed while it is written."""

    suffix = "csv.gz"

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = columns
        self._compressor = zlib.compressobj(wbits=31)
        self._pieces: list[bytes] = []

    def add(self, rows: Sequence[Sequence[Any]]) -> None:
        self._pieces.append(self._compressor.compress(csv_lines(rows, self._columns)))

    def finish(self) -> bytes:
        return b"".join((*self._pieces, self._compressor.flush()))


class ParquetSheet:
    """Parquet, whose columns are written when all rows are there."""

    suffix = "parquet"

    def __init__(self, columns: Sequence[Column]) -> None:
        self._types = {column.parquet: column.type for column in columns}
        self._rows: list[Sequence[Any]] = []

    def add(self, rows: Sequence[Sequence[Any]]) -> None:
        self._rows += rows

    def finish(self) -> bytes:
        return parquet.encoded(self._types, self._rows)


class Inventories:
    """Makes the lists that are due, of all buckets."""

    def __init__(self, engine: Engine, metadata: MetadataStore, clock: Clock, *, rows: int = ROWS) -> None:
        self._engine = engine
        self._metadata = metadata
        self._clock = clock
        self._rows = rows
        self._buckets = ConfiguredBuckets(metadata, HAS_INVENTORY)

    async def keep_made(self, period: float = PERIOD) -> None:
        """Make what is due, every ``period`` seconds, until cancelled. A failure is logged."""
        while True:
            await asyncio.sleep(period)
            try:
                await self.make_due()
            except Exception:
                logger.exception("inventory lists could not be looked after")

    async def make_due(self) -> int:
        """Make all lists that are due, one after the other; how many were finished."""
        made = 0
        for bucket in await self._buckets.find():
            async for inventory, run in self._due(bucket):
                try:
                    made += await self._make(bucket, inventory, run)
                except Exception:
                    logger.exception("the inventory %s of %s was interrupted", inventory.id, bucket.name)
        return made

    async def _due(self, bucket: Bucket) -> AsyncIterator[tuple[Inventory, Run | None]]:
        """Lists to be begun (None), or gone on with."""
        for name, document in await self._metadata.fetch(Configurations(bucket.id, INVENTORY)):
            inventory = msgspec.msgpack.decode(document, type=Inventory)
            run = unpacked_run(await self._metadata.fetch(Document(INVENTORY, progress_name(bucket.id, name))))
            if run is not None and not run.is_over:
                yield inventory, run
            elif inventory.is_enabled and is_due(
                inventory.frequency, None if run is None else run.begun, self._clock.now()
            ):
                yield inventory, None

    async def _make(self, bucket: Bucket, inventory: Inventory, run: Run | None) -> bool:
        """Whether the list was finished, and not given up because it has nowhere to go, or may not go there."""
        if run is None:
            run = Run(self._clock.now(), inventory)
            await self._metadata.commit(KeepRun(bucket.id, run))
        destination = await self._destination(bucket, run.inventory)
        if destination is None:
            await self._metadata.commit(KeepRun(bucket.id, replace(run, is_over=True)))
            return False
        try:
            run = await self._write_files(bucket, destination, run)
            await self._publish(bucket, destination, run)
        except S3Error as refusal:
            logger.warning("the inventory %s of %s is given up: %s", run.inventory.id, bucket.name, refusal)
            await self._metadata.commit(KeepRun(bucket.id, replace(run, is_over=True)))
            return False
        await self._metadata.commit(KeepRun(bucket.id, replace(run, is_over=True)))
        return True

    async def _destination(self, source: Bucket, inventory: Inventory) -> Bucket | None:
        found = await self._engine.buckets.find(bucket_of_arn(inventory.destination))
        if found is not None and (found.account, found.region) == (source.account, source.region):
            return found
        logger.warning("the inventory %s of %s has no bucket to go to", inventory.id, source.name)
        return None

    async def _write_files(self, bucket: Bucket, destination: Bucket, run: Run) -> Run:
        """Data files until the end of the bucket, remembering after each how far they go."""
        owner = await self._owner(bucket)
        expiry = await self._engine.lifecycles.expiries(bucket)
        lists_count = await self._engine.access_lists.ownership_of(bucket) is not Ownership.ENFORCED
        columns = columns_of(run.inventory)
        key: str | None = run.key
        version_id = run.version_id
        while key is not None:
            sheet: Sheet = (ParquetSheet if run.inventory.format == PARQUET else CsvSheet)(columns)
            count = 0
            while key is not None and count < self._rows:
                listed, following, next_version = await self._page(bucket, run.inventory, key, version_id)
                items = await items_of(
                    self._metadata, bucket, listed, run.inventory, owner, expiry, lists_count=lists_count
                )
                items = await self._with_owners(items) if lists_count else items
                await asyncio.to_thread(sheet.add, rows_of(items, columns))
                count += len(items)
                key, version_id = following, next_version
            if count or not run.files:
                file = await self._put_file(destination, run, bucket, sheet)
                run = replace(run, files=(*run.files, file), key=key or "", version_id=version_id)
                if key is not None:
                    await self._metadata.commit(KeepRun(bucket.id, run))
        return run

    async def _page(
        self, bucket: Bucket, inventory: Inventory, key: str, version_id: str
    ) -> tuple[list[ListedVersion], str | None, str]:
        """A page after a key, and a version of it; and after which the next begins, None on the last."""
        prefix, limit = inventory.prefix or "", min(PAGE, self._rows)
        if inventory.versions == ALL:
            versions = await self._engine.listings.versions(
                bucket, prefix=prefix, delimiter="", key_marker=key, version_id_marker=version_id, limit=limit
            )
            return listed_versions(versions), versions.next_key, versions.next_version_id or ""
        page = await self._engine.listings.objects(bucket, prefix=prefix, delimiter="", after=key, limit=limit)
        return listed_objects(page), page.next, ""

    async def _put_file(self, destination: Bucket, run: Run, source: Bucket, sheet: Sheet) -> File:
        content = await asyncio.to_thread(sheet.finish)
        key = f"{place_of(run.inventory, source.name)}/data/{uuid.uuid4()}.{sheet.suffix}"
        await self._put(destination, run.inventory, key, content, "application/octet-stream")
        return File(key, len(content), hashlib.md5(content).hexdigest())

    async def _publish(self, source: Bucket, destination: Bucket, run: Run) -> None:
        """The manifest, its checksum, and the list of files for Hive: what readers wait for comes last."""
        inventory, moment = run.inventory, moment_of(run.begun)
        place, manifest = place_of(inventory, source.name), manifest_of(run, source.name)
        links = "\n".join(f"s3://{destination.name}/{file.key}" for file in run.files).encode()
        checksum = hashlib.md5(manifest).hexdigest().encode()
        folder = f"{place}/{moment:%Y-%m-%dT%H-%MZ}"
        for key, content, kind in (
            (f"{place}/hive/dt={moment:%Y-%m-%d-%H-%M}/symlink.txt", links, "text/plain"),
            (f"{folder}/manifest.json", manifest, "application/json"),
            (f"{folder}/manifest.checksum", checksum, "text/plain"),
        ):
            await self._put(destination, inventory, key, content, kind)

    async def _put(self, bucket: Bucket, inventory: Inventory, key: str, content: bytes, kind: str) -> None:
        protection = Managed(inventory.encryption, inventory.key) if inventory.encryption else None
        draft = Draft(headers={"content-type": kind}, protection=protection)
        await self._engine.objects.put(bucket, key, Content(content), draft, NO_WRITE_CONDITIONS)

    async def _with_owners(self, items: list[Item]) -> list[Item]:
        """With the owners that objects name themselves."""
        others = {item.record.owner for item in items} - {""}
        owners = {name: (await self._engine.accounts.with_id(name)).canonical_id for name in others}
        return [item._replace(owner=owners.get(item.record.owner, item.owner)) for item in items]

    async def _owner(self, bucket: Bucket) -> str:
        account = await self._metadata.fetch(AccountWithId(bucket.account))
        return canonical_id_of(bucket.account) if account is None else account.canonical_id
