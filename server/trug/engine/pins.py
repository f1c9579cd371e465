"""Which past states of the store readers still depend on, so that the sweep leaves their bytes alone."""

from __future__ import annotations


class Pins:
    """The sequences that reads in progress began at."""

    def __init__(self) -> None:
        self._held: dict[int, int] = {}

    def hold(self, sequence: int) -> Pin:
        """Keep what was live at ``sequence`` until the pin is garbage: a reading ends in too many places to count on
        a call."""
        self._held[sequence] = self._held.get(sequence, 0) + 1
        return Pin(self, sequence)

    def release(self, sequence: int) -> None:
        left = self._held.pop(sequence) - 1
        if left:
            self._held[sequence] = left

    def oldest(self, newest: int) -> int:
        """The oldest sequence held; ``newest`` when none is."""
        return min(self._held, default=newest)


class Pin:
    """A hold on one sequence."""

    __slots__ = ("_pins", "_sequence")

    def __init__(self, pins: Pins, sequence: int) -> None:
        self._pins = pins
        self._sequence = sequence

    def __del__(self) -> None:
        self._pins.release(self._sequence)
