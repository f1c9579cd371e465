"""Pins hold what readers depend on: released from any thread, and not for ever."""

from __future__ import annotations

import threading
from queue import SimpleQueue

from trug.engine.pins import GRACE, SHARED, Pin, Pins


def test_the_oldest_of_those_held() -> None:
    pins = Pins()
    assert pins.oldest(9) == 9
    old, new = pins.hold(3), pins.hold(5)
    again = pins.hold(3)
    assert pins.oldest(9) == 3
    del old
    assert pins.oldest(9) == 3
    del again
    assert pins.oldest(9) == 5
    del new
    assert pins.oldest(9) == 9


def test_pins_are_let_go_by_any_thread() -> None:
    pins = Pins()
    handed: SimpleQueue[Pin | None] = SimpleQueue()

    def let_go() -> None:
        while handed.get() is not None:
            pass

    thread = threading.Thread(target=let_go)
    thread.start()
    for _ in range(50_000):
        handed.put(pins.hold(7))
    handed.put(None)
    thread.join()
    assert pins.oldest(9) == 9


def test_a_reading_that_takes_too_long_holds_nobody_up() -> None:
    time = 0.0
    pins = Pins(longest=10, now=lambda: time)
    standing = pins.hold(3)
    time = 9.0
    fresh = pins.hold(5)
    assert not standing.is_cut
    time = 10.0
    assert standing.is_cut
    assert not fresh.is_cut
    assert pins.oldest(9) == 3, "the piece it is at may end"
    time += GRACE
    assert pins.oldest(9) == 5
    time += 9
    assert pins.oldest(9) == 9
    del standing, fresh
    assert pins.oldest(9) == 9


def test_readings_that_begin_together_share_a_pin_but_not_for_long() -> None:
    time = 0.0
    pins = Pins(longest=10, now=lambda: time)
    first = pins.hold(3)
    assert pins.hold(3) is first
    assert pins.hold(4) is not first
    second = pins.hold(4)
    time = SHARED
    assert pins.hold(4) is not second
    del first, second
    assert pins.oldest(9) == 9, "none is held only to be shared"
