"""Every read has an answer and every effect a meaning."""

from __future__ import annotations

from types import ModuleType

from trug.adapters.memory.answers import ANSWERS
from trug.adapters.memory.effects import APPLY
from trug.ports import effects, expected, reads
from trug.ports.changes import Effect, Read


def subclasses(module: ModuleType, parent: type) -> set[type]:
    return {
        thing
        for thing in vars(module).values()
        if isinstance(thing, type) and issubclass(thing, parent) and thing is not parent
    }


def test_every_read_is_answered() -> None:
    assert set(ANSWERS) == subclasses(reads, Read) | subclasses(expected, Read)


def test_every_effect_is_applied() -> None:
    assert set(APPLY) == subclasses(effects, Effect) | subclasses(expected, Effect)
