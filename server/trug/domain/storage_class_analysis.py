"""Storage class analysis: how much of what is stored is still read, by the age of objects ("Amazon S3 analytics –
Storage Class Analysis")."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import NamedTuple

import msgspec

from trug.domain.objects import STANDARD
from trug.domain.reports import Analytics

DAY = 86_400_000_000
"""In µs."""
AGES = (
    (0, "000-014"),
    (15, "015-029"),
    (30, "030-044"),
    (45, "045-059"),
    (60, "060-074"),
    (75, "075-089"),
    (90, "090-119"),
    (120, "120-149"),
    (150, "150-179"),
    (180, "180-364"),
    (365, "365-729"),
    (730, "730+"),
)
"""The groups: from how many days on, and what they are called."""
FIRST_DAYS = tuple(days for days, _ in AGES)
ALL = len(AGES)
"""Place of all groups together, smaller objects included."""
SMALLEST = 128 << 10
"""Bytes of an object that is looked at by age."""
OBSERVED = 30
"""Days that a result rests on."""
STABLE = 7
"""Days that an observed age must stay the same before it is recommended. AWS does not say how many."""
RARELY = 1.0
"""Infrequently accessed is of what less than its own size is read in 30 days. AWS does not say where it draws the line;
this is where its prices do: STANDARD_IA saves about as much for a GB and month as reading a GB from it costs."""
YOUNGEST = 30
"""Days after which objects may go to STANDARD_IA at all."""
MB = 1 << 20

HEADER = (
    "Date",
    "ConfigId",
    "Filter",
    "StorageClass",
    "ObjectAge",
    "ObjectCount",
    "DataUploaded_MB",
    "Storage_MB",
    "DataRetrieved_MB",
    "GetRequestCount",
    "CumulativeAccessRatio",
    "ObjectAgeForSIATransition",
    "RecommendedObjectAgeForSIATransition",
)


def place_of(age: int, size: int) -> int:
    """The place of an object's group: ``age`` in days; ``ALL`` of one that is too small for any."""
    return ALL if size < SMALLEST else bisect_right(FIRST_DAYS, max(age, 0)) - 1


def nothing() -> list[int]:
    return [0] * (ALL + 1)


class Use(msgspec.Struct, array_like=True):
    """What was done to objects of one storage class: bytes uploaded; bytes read and requests by place, the last of all
    groups together."""

    uploaded: int = 0
    retrieved: list[int] = msgspec.field(default_factory=nothing)
    requests: list[int] = msgspec.field(default_factory=nothing)

    def retrieve(self, place: int, size: int) -> None:
        """One object of a group was read, ``size`` bytes of it."""
        for each in {place, ALL}:
            self.retrieved[each] += size
            self.requests[each] += 1

    def add(self, other: Use) -> None:
        self.uploaded += other.uploaded
        self.retrieved = [one + two for one, two in zip(self.retrieved, other.retrieved, strict=True)]
        self.requests = [one + two for one, two in zip(self.requests, other.requests, strict=True)]


class Stock(msgspec.Struct, array_like=True):
    """What there is of one storage class: objects in all, and bytes by place."""

    objects: int = 0
    bytes: list[int] = msgspec.field(default_factory=nothing)

    def hold(self, place: int, size: int) -> None:
        self.objects += 1
        for each in {place, ALL}:
            self.bytes[each] += size


Uses = dict[str, Use]
Stocks = dict[str, Stock]
"""By storage class."""


def add_uses(uses: Uses, others: Uses) -> None:
    for name, use in others.items():
        uses.setdefault(name, Use()).add(use)


class Seen(NamedTuple):
    """A request for an object under some analyses: their ids, the object's class and place; the bytes that it uploaded,
    None where it read."""

    names: tuple[str, ...]
    storage_class: str
    place: int
    uploaded: int | None


class Observed(msgspec.Struct, array_like=True):
    """A day (since 1970), what was done on it, what there was at its end, and from what age on objects of STANDARD were
    infrequently accessed then, as far as anybody can tell."""

    day: int
    uses: Uses
    stocks: Stocks
    age: int | None = None


def observed(before: Sequence[Observed], day: int, uses: Uses, stocks: Stocks) -> Observed:
    """A day, with what it and the days ``before`` it come to."""
    made = Observed(day, uses, stocks)
    made.age = transition_age((*before, made))
    return made


def ratio(days: Sequence[Observed], storage_class: str, place: int) -> float | None:
    """CumulativeAccessRatio: bytes that were read of what is of this group or older, over how much there was of that on
    average; None where there was nothing."""
    places = [ALL] if place == ALL else range(place, ALL)
    read = held = 0
    for each in days:
        use, stock = each.uses.get(storage_class), each.stocks.get(storage_class)
        read += sum(use.retrieved[at] for at in places) if use is not None else 0
        held += sum(stock.bytes[at] for at in places) if stock is not None else 0
    return read * len(days) / held if held else None


def transition_age(days: Sequence[Observed]) -> int | None:
    """From what age on objects of STANDARD were infrequently accessed, over the last 30 days; None while fewer were
    observed, and where there is no such age."""
    if len(days) < OBSERVED:
        return None
    latest = days[-OBSERVED:]
    for place, age in enumerate(FIRST_DAYS):
        if age >= YOUNGEST:
            found = ratio(latest, STANDARD, place)
            if found is not None and found < RARELY:
                return age
    return None


def recommended(days: Sequence[Observed]) -> int | None:
    """The age that is to be considered, once it has been the same for some days."""
    ages = {each.age for each in days[-STABLE:]}
    return days[-1].age if len(ages) == 1 and len(days) >= STABLE else None


# --- the export -----------------------------------------------------------------------------------------------------


def export_rows(analytics: Analytics, days: Sequence[Observed]) -> Iterator[list[str]]:
    """The rows that the last of ``days`` adds to the export: a group's where there is anything to tell of it."""
    last, window = days[-1], days[-OBSERVED:]
    when = f"{date(1970, 1, 1) + timedelta(days=last.day):%m-%d-%Y}"
    for name in sorted({*last.uses, *last.stocks}):
        use, stock = last.uses.get(name, Use()), last.stocks.get(name, Stock())
        for place in range(ALL + 1):
            is_all = place == ALL
            if not (is_all or use.requests[place] or stock.bytes[place]):
                continue
            found = ratio(window, name, place)
            tells_age = is_all and name == STANDARD
            yield [
                when,
                analytics.id,
                filter_shown(analytics),
                name,
                "ALL" if is_all else AGES[place][1],
                str(stock.objects) if is_all else "",
                _megabytes(use.uploaded) if is_all else "",
                _megabytes(stock.bytes[place]),
                _megabytes(use.retrieved[place]),
                str(use.requests[place]),
                "" if found is None else _decimal(found),
                _age(last.age) if tells_age else "",
                _age(recommended(days)) if tells_age else "",
            ]


def sorted_rows(rows: Iterable[Sequence[str]]) -> list[Sequence[str]]:
    """By date within age group, ALL at the end."""
    return sorted(rows, key=lambda row: (row[4] == "ALL", row[4], row[0][6:], row[0][:5], row[3]))


def filter_shown(analytics: Analytics) -> str:
    """``prefix=docs/&tag:a=1``; empty for the whole bucket. AWS does not say how it writes them."""
    if analytics.filter is None:
        return ""
    prefix = [] if analytics.filter.prefix is None else [f"prefix={analytics.filter.prefix}"]
    return "&".join([*prefix, *[f"tag:{key}={value}" for key, value in analytics.filter.tags]])


def _age(age: int | None) -> str:
    return "" if age is None else str(age)


def _megabytes(size: int) -> str:
    return _decimal(size / MB)


def _decimal(number: float) -> str:
    return f"{number:.6f}".rstrip("0").rstrip(".")
