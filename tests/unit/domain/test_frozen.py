from __future__ import annotations

from dataclasses import field
from typing import ClassVar, Generic, TypeVar

import pytest

from trug.domain.frozen import frozen, replace

T = TypeVar("T")


class Question(Generic[T]):
    __slots__ = ()
    is_asked: ClassVar[bool] = True


@frozen
class Point(Question[int]):
    """A place."""

    x: int
    y: int = 2
    tags: dict[str, str] = field(default_factory=dict)
    secret: str = field(default="", repr=False)

    @property
    def sum(self) -> int:
        return self.x + self.y


@frozen
class Pair:
    first: int
    second: str


class Twin(Pair):
    """The same fields."""


def test_fields_defaults_and_what_the_class_says() -> None:
    point = Point(1)
    assert (point.x, point.y, point.tags, point.sum, point.is_asked) == (1, 2, {}, 3, True)
    assert Point(1, 5) == Point(x=1, y=5)
    assert Point(1).tags is not Point(1).tags
    assert Point.__doc__ == "A place."


def test_a_value_cannot_be_changed_but_replaced() -> None:
    pair = Pair(1, "a")
    with pytest.raises(AttributeError):
        pair.first = 2  # type: ignore[misc]
    with pytest.raises(AttributeError):
        pair.third = 2  # type: ignore[attr-defined]
    assert replace(pair, second="b") == Pair(1, "b")
    assert pair == Pair(1, "a")
    with pytest.raises(TypeError):
        replace(pair, third=3)  # type: ignore[call-arg]


def test_equal_values_have_equal_hashes_and_classes_are_told_apart() -> None:
    assert hash(Pair(1, "a")) == hash(Pair(1, "a"))
    assert Pair(1, "a") != Pair(1, "b")
    assert Pair(1, "a") != Twin(1, "a")
    assert {Pair(1, "a"): 1}[Pair(1, "a")] == 1


def test_a_value_has_slots_only() -> None:
    assert not hasattr(Pair(1, "a"), "__dict__")
    assert not hasattr(Point(1), "__dict__")


@pytest.mark.parametrize("arguments", [(), (1,), (1, "a", 3)])
def test_what_is_missing_or_too_much_is_a_type_error(arguments: tuple[object, ...]) -> None:
    with pytest.raises(TypeError):
        Pair(*arguments)  # type: ignore[arg-type]


def test_the_repr_hides_what_is_to_be_hidden() -> None:
    assert repr(Pair(1, "a")) == "Pair(first=1, second='a')"
    assert repr(Point(1, secret="hush")) == "Point(x=1, y=2, tags={})"
