"""How values are made here: slotted dataclasses that nobody changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[T]) -> type[T]:
    """A dataclass with slots, equality and a hash, which the type checker holds to be frozen.

    Not ``frozen=True``: that sets each field through ``object.__setattr__``, and made a value of eleven fields cost
    3.5 µs instead of 0.45; a request makes a dozen.
    """
    return dataclass(slots=True, unsafe_hash=True)(cls)
