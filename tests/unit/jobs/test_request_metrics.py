"""Request metrics of buckets: kept as long as their configuration, bounded, and in a form that Prometheus reads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

import msgspec
import pytest
from tests.support.stores import Scene, Stand

from trug.adapters.board import LARGEST
from trug.domain.configurations import METRICS
from trug.domain.reports import Filter, Metrics
from trug.domain.request_metrics import COUNTERS, GET, PUT, Measured, Measures
from trug.jobs import request_metrics
from trug.jobs.request_metrics import MOST, RequestMetrics
from trug.observe import Figures


async def configure(stand: Stand, name: str, *ids: str, chosen: Filter | None = None) -> int:
    """The number of the bucket, which has these configurations now."""
    for each in ids:
        document = msgspec.msgpack.encode(Metrics(each, chosen))
        await stand.engine.configurations.store_named(await stand.bucket(name), METRICS, each, document)
    return (await stand.bucket(name)).id


async def remove(stand: Stand, name: str, each: str) -> None:
    await stand.engine.configurations.store_named(await stand.bucket(name), METRICS, each, None)


def count(metrics: RequestMetrics, bucket: int, name: str, counter: int = GET) -> None:
    measures = metrics.measures_of(bucket, name)
    if measures is not None:
        measures.count(counter)


def test_configurations_are_known_as_they_are_now(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        metrics = RequestMetrics(stand.metadata, {})
        bucket = (await stand.bucket("data")).id
        assert await metrics.filters_of(bucket) is None
        assert await metrics.filters_of(99) is None
        await configure(stand, "data", "1", chosen=Filter("a/"))
        for _ in range(2):
            found = await metrics.filters_of(bucket)
            assert found is not None
            assert found.matching("a/b", {}) == ["1"]
        await configure(stand, "data", "2")
        found = await metrics.filters_of(bucket)
        assert found is not None
        assert found.matching("a/b", {}) == ["2", "1"]
        for each in ("1", "2"):
            await remove(stand, "data", each)
        assert await metrics.filters_of(bucket) is None

    on(scene)


def test_what_is_configured_no_more_is_forgotten(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        metrics = RequestMetrics(stand.metadata, {})
        one, other = await configure(stand, "one", "a", "b"), await configure(stand, "other", "a")
        for bucket, name in ((one, "a"), (one, "b"), (other, "a")):
            count(metrics, bucket, name)
        await metrics.forget_gone()
        assert {number: set(by_name) for number, by_name in metrics.measured.items()} == {one: {"a", "b"}, other: {"a"}}
        await remove(stand, "one", "b")
        await stand.engine.buckets.delete(await stand.bucket("other"))
        await metrics.forget_gone()
        assert {number: set(by_name) for number, by_name in metrics.measured.items()} == {one: {"a"}}
        await remove(stand, "one", "a")
        await metrics.forget_gone()
        assert metrics.measured == {}

    on(scene)


def test_is_forgotten_beside_requests_too(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        metrics = RequestMetrics(stand.metadata, {})
        bucket = await configure(stand, "data", "a")
        count(metrics, bucket, "a")
        await remove(stand, "data", "a")
        job = asyncio.create_task(metrics.keep_current(0.001))
        for _ in range(30_000):
            await asyncio.sleep(0.001)
            if not metrics.measured:
                break
        assert metrics.measured == {}
        job.cancel()
        with suppress(asyncio.CancelledError):
            await job

    on(scene)


def test_a_configuration_that_cannot_be_read_is_passed_over(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        metrics = RequestMetrics(stand.metadata, {})
        bucket = await configure(stand, "data", "good")
        await stand.engine.configurations.store_named(await stand.bucket("data"), METRICS, "bad", b"\x01")
        found = await metrics.filters_of(bucket)
        assert found is not None
        assert found.ids == {"good"}

    on(scene)


def test_lines(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        metrics = RequestMetrics(stand.metadata, {})
        assert await metrics.lines({}) == []
        bucket = await configure(stand, "data", "b", "a")
        count(metrics, bucket, "b", PUT)
        measures = metrics.measures_of(bucket, "a")
        assert measures is not None
        measures.count_answer(GET, status=404, received=1, sent=20, first_byte=0.25, seconds=0.5)
        lines = [line for line in await metrics.lines(metrics.measured) if not line.startswith("#")]
        assert lines == [
            'trug_bucket_all_requests_total{bucket="data",filter_id="a"} 1',
            'trug_bucket_all_requests_total{bucket="data",filter_id="b"} 1',
            'trug_bucket_get_requests_total{bucket="data",filter_id="a"} 1',
            'trug_bucket_put_requests_total{bucket="data",filter_id="b"} 1',
            'trug_bucket_downloaded_bytes_total{bucket="data",filter_id="a"} 20',
            'trug_bucket_downloaded_bytes_total{bucket="data",filter_id="b"} 0',
            'trug_bucket_uploaded_bytes_total{bucket="data",filter_id="a"} 1',
            'trug_bucket_uploaded_bytes_total{bucket="data",filter_id="b"} 0',
            'trug_bucket_4xx_errors_total{bucket="data",filter_id="a"} 1',
            'trug_bucket_4xx_errors_total{bucket="data",filter_id="b"} 0',
            'trug_bucket_5xx_errors_total{bucket="data",filter_id="a"} 0',
            'trug_bucket_5xx_errors_total{bucket="data",filter_id="b"} 0',
            'trug_bucket_first_byte_seconds_sum{bucket="data",filter_id="a"} 0.250000',
            'trug_bucket_first_byte_seconds_count{bucket="data",filter_id="a"} 1',
            'trug_bucket_first_byte_seconds_sum{bucket="data",filter_id="b"} 0.000000',
            'trug_bucket_first_byte_seconds_count{bucket="data",filter_id="b"} 0',
            'trug_bucket_request_seconds_sum{bucket="data",filter_id="a"} 0.500000',
            'trug_bucket_request_seconds_count{bucket="data",filter_id="a"} 1',
            'trug_bucket_request_seconds_sum{bucket="data",filter_id="b"} 0.000000',
            'trug_bucket_request_seconds_count{bucket="data",filter_id="b"} 0',
        ]

    on(scene)


def test_what_others_counted_before_they_heard_of_it_is_not_shown(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        metrics = RequestMetrics(stand.metadata, {})
        bucket = await configure(stand, "data", "a")
        of_all: Measured = {bucket: {"a": Measures(), "gone": Measures()}, 99: {"a": Measures()}}
        lines = await metrics.lines(of_all)
        assert lines
        assert {line.partition("{")[2].partition("}")[0] for line in lines if "{" in line} == {
            'bucket="data",filter_id="a"'
        }

    on(scene)


def test_there_is_an_end_to_what_is_counted(on: Callable[[Scene], None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_metrics, "MOST", 2)

    async def scene(stand: Stand) -> None:
        metrics = RequestMetrics(stand.metadata, {})
        bucket = await configure(stand, "data", "a", "b", "c")
        for name in "abcabc":
            count(metrics, bucket, name)
        assert set(metrics.measured[bucket]) == {"a", "b"}
        assert metrics.uncounted == 2
        await remove(stand, "data", "a")
        await metrics.forget_gone()
        count(metrics, bucket, "c")
        assert set(metrics.measured[bucket]) == {"b", "c"}

    on(scene)


def test_the_most_figures_fit_on_the_board() -> None:
    large = Measures([1 << 62] * len(COUNTERS), 1 << 62, 1.5, 1 << 62, 1.5)
    measured = {(1 << 40) + number: {f"{number:064}": large} for number in range(MOST)}
    content = msgspec.msgpack.encode(Figures({}, {}, {}, measured))
    assert len(content) < LARGEST * 3 // 4
    assert msgspec.msgpack.decode(content, type=Figures).measured == measured
