"""jobs/expected_files.py: what becomes of files that somebody was given a URL for, over time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from tests.support.stores import Scene, Stand

from trug.domain.media import active_type, is_of
from trug.domain.preconditions import NO_WRITE_CONDITIONS
from trug.domain.versioning import Versioning
from trug.engine.content import Content
from trug.engine.drafts import Draft
from trug.engine.expected import Expect, ReportStatus, Settle
from trug.jobs import expected_files
from trug.jobs.expected_files import DAY, REMEMBERED, ExpectedFiles
from trug.ports.expected import Details, ExpectedFile, ExpectedWithId
from trug.ports.reads import OpenUploads

HOUR = 3_600_000_000
TEXT = b"hello, world\n"


async def expect(stand: Stand, key: str = "a.txt", **more: Any) -> str:
    bucket = await stand.bucket("one")
    details = Details("a.txt", "text", "text/plain", len(TEXT), **more)
    row = ExpectedFile(
        f"id-{key}", "ana", bucket.id, key, "pending", "pending", 0, 0, stand.clock.now() + HOUR, details
    )
    return (await stand.metadata.commit(Expect(row))).id


async def row(stand: Stand, number: str) -> ExpectedFile:
    found = await stand.metadata.fetch(ExpectedWithId(number))
    assert found is not None
    return found


def job(stand: Stand) -> ExpectedFiles:
    return ExpectedFiles(stand.engine, stand.metadata, stand.clock)


def test_what_never_comes_expires_and_its_parts_are_given_up(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        bucket = await stand.bucket("one")
        upload = await stand.engine.multipart.create(
            bucket, "a.txt", Draft(), initiator="ana", checksum_algorithm="", checksum_type=""
        )
        number = await expect(stand, upload_id=upload.upload_id)
        await stand.metadata.commit(ReportStatus(number, "processing"))
        await job(stand).run()
        assert (await row(stand, number)).status == "processing"
        stand.clock.time += HOUR + 1
        await job(stand).run()
        assert (await row(stand, number)).status == "expired"
        assert await stand.metadata.fetch(OpenUploads(bucket.id, "", "", False, "", 9)) == []
        stand.clock.time += REMEMBERED
        await job(stand).run()
        assert await stand.metadata.fetch(ExpectedWithId(number)) is None

    on(scene)


def test_what_comes_late_is_verified_all_the_same(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        number = await expect(stand)
        stand.clock.time += HOUR + 1
        following = job(stand)
        await following.run()
        await stand.put("one", "a.txt", TEXT)
        await following.run()
        assert (await row(stand, number)).status == "verified"

    on(scene)


def test_what_came_while_nobody_looked_does_not_expire(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        number = await expect(stand)
        await stand.put("one", "a.txt", TEXT)
        stand.clock.time += 2 * DAY
        await job(stand).tidy()
        assert (await row(stand, number)).status == "verified"

    on(scene)


def test_another_process_goes_on_where_one_was_killed(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        number = await expect(stand)
        await stand.put("one", "a.txt", TEXT)
        await stand.metadata.commit(Settle(number, "uploaded"))
        await job(stand).run()
        assert (await row(stand, number)).status == "verified"

    on(scene)


def test_what_failed_and_was_not_moved_yet_is_moved(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        number = await expect(stand)
        stored = await stand.put("one", "a.txt", b"x")
        await stand.metadata.commit(Settle(number, "failed", stored.etag, "why"))
        await job(stand).run()
        assert await stand.keys("one") == [".quarantine/id-a.txt/a.txt"]
        assert (await row(stand, number)).details.moved_to == ".quarantine/id-a.txt/a.txt"

    on(scene)


@pytest.mark.parametrize("declared", ["text/html", "Text/HTML; charset=utf-8", "image/svg+xml", "text/javascript"])
def test_what_a_browser_would_run_is_not_verified_as_something_else(on: Callable[[Scene], None], declared: str) -> None:
    async def scene(stand: Stand) -> None:
        number = await expect(stand)
        bucket = await stand.bucket("one")
        following = job(stand)
        for media, status in (("text/plain", "verified"), (declared, "failed")):
            draft = Draft(headers={"content-type": media})
            await stand.engine.objects.put(bucket, "a.txt", Content(TEXT), draft, NO_WRITE_CONDITIONS)
            await following.run()
            assert (await row(stand, number)).status == status
        assert await stand.keys("one") == [".quarantine/id-a.txt/a.txt"]

    on(scene)


@pytest.mark.parametrize(
    ("declared", "active"),
    [
        ("", ""),
        ("image/png", ""),
        ("text/plain; charset=utf-8", ""),
        ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", ""),
        ("application/octet-stream", ""),
        ("text/html", "text/html"),
        ("TEXT/HTML ;x=y", "text/html"),
        ("text/html, image/png", "text/html"),
        ("application/xhtml+xml", "application/xhtml+xml"),
        ("image/svg+xml", "image/svg+xml"),
        ("application/xml", "application/xml"),
        ("application/x-javascript", "application/x-javascript"),
    ],
)
def test_types_that_browsers_run(declared: str, active: str) -> None:
    assert active_type(declared) == active


def test_where_versions_are_kept_quarantine_leaves_a_marker(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        await stand.bucket("one", Versioning.ENABLED)
        number = await expect(stand)
        await stand.put("one", "a.txt", b"x")
        await job(stand).run()
        assert await stand.keys("one") == [".quarantine/id-a.txt/a.txt"]
        assert (await row(stand, number)).status == "failed"

    on(scene)


def test_a_bucket_that_is_gone(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        number = await expect(stand)
        await stand.engine.buckets.delete(await stand.bucket("one"))
        stand.clock.time += HOUR + 1
        await job(stand).run()
        assert (await row(stand, number)).status == "expired"

    on(scene)


def test_it_runs_until_it_is_cancelled(on: Callable[[Scene], None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expected_files, "PERIOD", 0.01)

    async def scene(stand: Stand) -> None:
        running = asyncio.create_task(job(stand).keep_running())
        number = await expect(stand)
        await stand.put("one", "a.txt", TEXT)
        for _ in range(1000):
            if (await row(stand, number)).status == "verified":
                break
            await asyncio.sleep(0.005)
        running.cancel()
        await asyncio.wait([running])
        assert (await row(stand, number)).status == "verified"

    on(scene)


@pytest.mark.parametrize(
    ("media", "head", "is_right"),
    [
        ("image/png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", True),
        ("image/jpeg", b"\xff\xd8\xff\xe0\0\x10JFIF\0", True),
        ("image/jpg", b"\xff\xd8\xff\xe0\0\x10JFIF\0", True),
        ("image/png", b"\xff\xd8\xff\xe0\0\x10JFIF\0", False),
        ("image/png", b"", False),
        ("video/mp4", b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0" * 99, True),
        ("video/mp4", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", False),
        ("audio/mpeg", b"ID3\x03" + b"\0" * 99, True),
        ("application/pdf", b"%PDF-1.7\n", True),
        ("text/plain", "größe".encode()[:-4], True),
        ("text/csv", b"a,b\n1,2\n", True),
        ("text/plain", b"<html><script>", False),
        ("text/html", b"<html><script>", True),
        ("text/plain", b"a\0b", False),
        ("text/plain", b"\xff\xfe\xfd", False),
        ("application/octet-stream", b"anything", True),
    ],
)
def test_types_by_content(media: str, head: bytes, is_right: bool) -> None:
    assert is_of(media, head) is is_right
