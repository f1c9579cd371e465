"""What workers show each other: pins, connections, figures; those of workers that ended do not stay."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from trug.adapters.board import LARGEST, Board, Seat
from trug.engine.pins import Pins


@pytest.fixture
def boards(tmp_path: Path) -> Iterator[list[Board]]:
    """The supervisor's, and one for each of three workers."""
    path = str(tmp_path / "board")
    boards = [Board(path, 3, is_new=number == 0) for number in range(4)]
    yield boards
    for board in boards:
        board.close()
        board.close()


@pytest.fixture
def seats(boards: list[Board]) -> list[Seat]:
    return [Seat(board, index) for index, board in enumerate(boards[1:])]


def test_pins_hold_for_the_sweep_of_another_worker(boards: list[Board], seats: list[Seat]) -> None:
    sweeping, reading, idle = (Pins(board=seat) for seat in seats)
    pin = reading.hold(7)
    later = reading.hold(8)
    assert [pins.oldest(9) for pins in (sweeping, reading, idle)] == [7, 7, 7]
    del pin
    assert sweeping.oldest(9) == 7, "it is told with the next publication"
    reading.publish()
    assert sweeping.oldest(9) == 8
    del later
    reading.publish()
    assert sweeping.oldest(9) == 9
    reading.publish()


def test_an_older_pin_shows_at_once(seats: list[Seat]) -> None:
    sweeping, reading, _ = (Pins(board=seat) for seat in seats)
    pins = [reading.hold(7), reading.hold(0)]
    assert sweeping.oldest(9) == 0
    del pins


def test_pins_of_a_worker_that_ended_are_cleared(boards: list[Board], seats: list[Seat]) -> None:
    sweeping, crashed, _ = (Pins(board=seat) for seat in seats)
    pin = crashed.hold(3)
    seats[1].count_connections(40)
    assert sweeping.oldest(9) == 3
    boards[0].clear(1)
    assert sweeping.oldest(9) == 9
    assert seats[0].fewest_connections() == 0
    assert Seat(boards[2], 1).oldest() is None
    del pin


def test_nobody_waits_for_a_worker_that_hangs(seats: list[Seat]) -> None:
    seats[1].show(3, time.monotonic() + 60)
    assert seats[0].oldest() == 3
    seats[1].show(3, time.monotonic() - 1)
    assert seats[0].oldest() is None


def test_connections_are_those_of_the_living(boards: list[Board]) -> None:
    one = Seat(boards[1], 0)
    one.count_connections(5)
    assert one.fewest_connections() is None
    other = Seat(boards[2], 1)
    other.count_connections(9)
    assert (one.fewest_connections(), other.fewest_connections()) == (9, 5)


def test_figures_stay_when_their_worker_ends(boards: list[Board], seats: list[Seat]) -> None:
    assert seats[0].figures_of_others() == []
    seats[1].publish(b"one")
    seats[1].publish(b"two and more")
    seats[2].publish(b"")
    assert seats[0].figures_of_others() == [(b"two and more", True)]
    boards[0].clear(1)
    assert seats[0].figures_of_others() == [(b"two and more", False)]
    assert Seat(boards[2], 1).published == b"two and more"
    with pytest.raises(ValueError, match="more than fit"):
        seats[1].publish(bytes(LARGEST))


def test_figures_are_never_seen_half_written(seats: list[Seat]) -> None:
    stop = threading.Event()

    def publish() -> None:
        number = 0
        while not stop.is_set():
            number = (number + 1) % 250
            seats[1].publish(bytes([number]) * (1000 + 50 * number))

    writer = threading.Thread(target=publish)
    writer.start()
    try:
        for _ in range(2000):
            for content, _ in seats[0].figures_of_others():
                assert len(set(content)) == 1
                assert len(content) == 1000 + 50 * content[0]
    finally:
        stop.set()
        writer.join(30)
