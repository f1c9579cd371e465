"""Many clients at once, each on a socket of its own: conditions are decided in one order, one change after another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from tests.support.client import Answer, Client, target_of

T = TypeVar("T")

CLIENTS = 64
LONGEST = 200
PART = bytes(range(256)) * 200


def all_at_once(url: str, count: int, work: Callable[[Client, int], T]) -> list[T]:
    """What each of ``count`` clients got; they begin together."""
    barrier = Barrier(count)

    def run(number: int) -> T:
        with Client(url) as client:
            client.ask("GET", "/")
            barrier.wait(30)
            return work(client, number)

    with ThreadPoolExecutor(count) as executor:
        return list(executor.map(run, range(count)))


def statuses(answers: list[Answer]) -> Counter[int]:
    return Counter(answer.status for answer in answers)


def test_of_many_that_put_if_none_match_one_wins(url: str, client: Client, bucket: str) -> None:
    def put(client: Client, number: int) -> Answer:
        return client.put(bucket, "key", b"%d" % number * 100, {"If-None-Match": "*"})

    answers = all_at_once(url, CLIENTS, put)

    assert statuses(answers) == {200: 1, 412: CLIENTS - 1}
    (winner,) = [number for number, answer in enumerate(answers) if answer.status == 200]
    assert client.get(bucket, "key").body == b"%d" % winner * 100


def test_compare_and_swap_counts_every_success_once(url: str, client: Client, bucket: str) -> None:
    assert client.put(bucket, "counter", b"0").status == 200

    def increment(client: Client, number: int) -> list[Answer]:
        answers = []
        for _ in range(LONGEST):
            seen = client.get(bucket, "counter")
            answers.append(client.put(bucket, "counter", b"%d" % (int(seen.body) + 1), {"If-Match": seen.etag}))
            if answers[-1].status == 200:
                return answers
        return answers

    answers = [answer for tries in all_at_once(url, CLIENTS, increment) for answer in tries]

    counted = statuses(answers)
    assert counted[200] == CLIENTS
    assert counted.keys() <= {200, 412}
    assert client.get(bucket, "counter").body == b"%d" % counted[200]


def test_of_many_that_delete_if_match_one_wins(url: str, client: Client, bucket: str) -> None:
    etag = client.put(bucket, "key", b"content").etag

    def delete(client: Client, number: int) -> Answer:
        return client.ask("DELETE", target_of(bucket, "key"), headers={"If-Match": etag})

    answers = all_at_once(url, 16, delete)

    assert statuses(answers)[204] >= 1
    assert statuses(answers).keys() <= {204, 404, 412}
    assert client.get(bucket, "key").status == 404


def test_one_upload_completed_by_many_at_once_is_one_object(url: str, client: Client, bucket: str) -> None:
    upload = client.begin_upload(bucket, "key")
    etag = client.put_part(bucket, "key", upload, 1, PART).etag

    answers = all_at_once(url, 16, lambda client, _: client.complete_upload(bucket, "key", upload, {1: etag}))

    assert statuses(answers) == {200: 16}
    assert len({answer.root.findtext("ETag") for answer in answers}) == 1
    assert client.get(bucket, "key").body == PART


def test_a_part_put_while_the_upload_is_completed_is_in_it_or_refused(url: str, client: Client, bucket: str) -> None:
    for turn in range(10):
        key = f"key {turn}"
        upload = client.begin_upload(bucket, key)
        etag = client.put_part(bucket, key, upload, 1, PART).etag

        def race(client: Client, number: int, key: str = key, upload: str = upload, etag: str = etag) -> Answer:
            if number == 0:
                return client.complete_upload(bucket, key, upload, {1: etag})
            return client.put_part(bucket, key, upload, 1, PART[::-1])

        completed, put = all_at_once(url, 2, race)

        assert (completed.status, put.status) in {(200, 404), (400, 200)}, (completed, put)
        if completed.status == 200:
            assert client.get(bucket, key).body == PART
        else:
            assert completed.code == "InvalidPart"
