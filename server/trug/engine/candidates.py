"""Which keys an index gives a search to look at: those with the rarest of the labels that it asks for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from trug.domain.filters import Among, Compared, Condition, Every, Matches
from trug.domain.object_fields import SECOND, SPELLED, label_name
from trug.ports.reads import Labelled, LabelledBetween
from trug.ports.stores import Reader

FEW = 1000
"""So many keys are taken out of the index together and sorted; where all labels have more, the first is paged through
by key, and ranges are of no use."""
RARE = 200
"""With a label that no more keys have, no other label is looked for."""
HIGHEST = "9" * 16
COMMON = ("extension", "storage_class", "content_type")


class Equal(NamedTuple):
    """One of these values is the label of this name."""

    name: str
    values: tuple[str, ...]

    def __str__(self) -> str:
        if len(self.values) > 1:
            return f"{self.name} in {self.values}"
        return f"{self.name} = {self.values[0]!r}"


class Between(NamedTuple):
    """The label of this name is from ``low`` to ``high``."""

    name: str
    low: str
    high: str

    def __str__(self) -> str:
        return f"{self.name} from {self.low.lstrip('0') or '0'} to {self.high.lstrip('0') or '0'}"


Lead = Equal | Between


class Candidates(NamedTuple):
    """Keys to look at, ascending, and whether there are more behind the last."""

    keys: list[str]
    has_more: bool
    lead: Lead


def leads_in(condition: Condition) -> Iterator[Lead]:
    """The labels that whatever a bound condition holds of must have."""
    match condition:
        case Every(parts):
            for part in parts:
                yield from leads_in(part)
        case Compared(field, "=", str(value)) if is_labelled(field):
            yield Equal(label_name(field), (value,))
        case Among(field, values) if is_labelled(field) and values:
            yield Equal(label_name(field), tuple(sorted(map(str, values))))
        case Matches(words):
            for word in words:
                yield Equal("word", (word,))
        case Compared("size" | "modified" as name, operator, int(value)) if operator != "!=":
            yield _between(name, operator, value // (SECOND if name == "modified" else 1))


def is_labelled(field: str) -> bool:
    return field in COMMON or field.startswith(("tag.", "metadata."))


def _between(name: str, operator: str, value: int) -> Between:
    """Bounds included: whatever they let in too much is looked at again."""
    spelled = SPELLED.format(min(max(0, value), int(HIGHEST)))
    low = spelled if operator in (">", ">=", "=") else SPELLED.format(0)
    return Between(name, low, spelled if operator in ("<", "<=", "=") else HIGHEST)


def candidates(reader: Reader, bucket: int, condition: Condition, start: str, stop: str) -> Candidates | None:
    """The keys after ``start``, and below ``stop`` where that is not empty, to look at for a page; None where the index
    is no help."""
    best: Candidates | None = None
    for lead in sorted(leads_in(condition), key=_rank):
        found = _of_lead(reader, bucket, lead, start, stop)
        if found is not None and (best is None or _cost(found) < _cost(best)):
            best = found
        if best is not None and not best.has_more and len(best.keys) <= RARE:
            break
    return best


def _rank(lead: Lead) -> int:
    """What is likely to be rare comes first: tags, metadata and words, then ranges, then what all objects have."""
    if isinstance(lead, Between):
        return 1
    return 2 if lead.name in COMMON else 0


def _cost(found: Candidates) -> tuple[bool, int]:
    return found.has_more, len(found.keys)


def _of_lead(reader: Reader, bucket: int, lead: Lead, start: str, stop: str) -> Candidates | None:
    if isinstance(lead, Between):
        keys = reader.fetch(LabelledBetween(bucket, lead.name, lead.low, lead.high, FEW + 1))
        if len(keys) > FEW:
            return None
        return Candidates(sorted(key for key in keys if key > start and (not stop or key < stop)), False, lead)
    each = [reader.fetch(Labelled(bucket, lead.name, value, start, stop, FEW + 1)) for value in lead.values]
    keys = sorted({key for keys in each for key in keys})
    is_whole = all(len(keys) <= FEW for keys in each) and len(keys) <= FEW
    return Candidates(keys[:FEW], not is_whole, lead)
