"""Sizes as people write them."""

from __future__ import annotations

import re

_SIZE = re.compile(r"([0-9]{1,18}(?:\.[0-9]{1,6})?)\s*([kmgtp]?)(i?b?)\Z", re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}


def parse_size(text: str) -> int:
    """Bytes of ``1048576``, ``10GiB``, ``1.5 TB``: units of 1024 with an ``i`` or alone, of 1000 with a ``B`` alone.
    ValueError."""
    found = _SIZE.match(text.strip())
    if found is None:
        raise ValueError(f"{text} is no size: write bytes, or 10GiB, 500MB")
    number, unit, suffix = found[1], found[2].lower(), found[3].lower()
    base = 1000 if suffix == "b" and unit else 1024
    return int(float(number) * base ** _POWERS[unit]) if "." in number else int(number) * base ** _POWERS[unit]


UNITS = ("KB", "MB", "GB", "TB", "PB", "EB")


def formatted_size(size: int) -> str:
    """``812 B``, ``1.5 KB``, ``20.0 MB``: by powers of 1,024, with one decimal above bytes."""
    if size < 1024:
        return f"{size} B"
    power = (size.bit_length() - 1) // 10
    if round(size / 1024**power, 1) >= 1024:
        power += 1
    return f"{size / 1024**power:.1f} {UNITS[power - 1]}"
