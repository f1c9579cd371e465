"""Filters compiled to SQL find what they hold of in memory."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine
from tests.support.clock import HandClock

from trug.adapters.memory.metadata import MemoryMetadata
from trug.adapters.sql import migrate, packing
from trug.adapters.sql.cold import items
from trug.adapters.sql.connection import create_file
from trug.adapters.sql.effects import put_item, remove_item
from trug.domain.filters import Among, Begins, Compared, Condition, Every, Has, Like, Matches, Not, Some, words_of
from trug.ports.effects import PutItem, RemoveItem
from trug.ports.reports import ItemQuestion
from trug.ports.rows import Item

TEXTS = ["", "a", "A", "ab", "a/b", "a%b", "[a]", "a*", "?", "é", "\U0010ffff", "ß", "a b"]
SCALARS: list[Any] = [*TEXTS, 0, 1, -1, 1.5, 2**53, True, False]
PATTERNS = ["%", "a%", "_", "%b", "\\%", "[a]", "a*", "?", "%/_"]
FIELDS = ["attributes.a", "attributes.b.c", 'attributes."x y"', 'attributes."a.b"', 'attributes."[0]"', "type", "owner"]

scalars = st.sampled_from(SCALARS)
values = st.one_of(scalars, st.none(), st.lists(scalars, max_size=2), st.dictionaries(st.sampled_from("ac"), scalars))
documents = st.fixed_dictionaries(
    {},
    optional={
        "a": values,
        "b": st.fixed_dictionaries({}, optional={"c": values}),
        "x y": values,
        "a.b": values,
        "[0]": values,
    },
)
rows = st.lists(st.tuples(documents, st.sampled_from(TEXTS), st.sampled_from([0, 5])), max_size=4)
words = st.lists(st.sampled_from(["a", "b", "ab", "e", "ss"]), min_size=1, max_size=2).map(tuple)


def of_texts(field: str) -> bool:
    return not field.startswith("attributes")


@st.composite
def compared(draw: st.DrawFn) -> Condition:
    field = draw(st.sampled_from(FIELDS))
    value = draw(st.sampled_from(TEXTS) if of_texts(field) else scalars)
    operators = ["=", "!="] if isinstance(value, bool) else ["=", "!=", "<", "<=", ">", ">="]
    return Compared(field, draw(st.sampled_from(operators)), value)


conditions = st.recursive(
    st.one_of(
        compared(),
        st.builds(Compared, st.just("expires"), st.sampled_from(["<", ">", "="]), st.sampled_from([0, 5, 9])),
        st.builds(Among, st.just("attributes.a"), st.lists(scalars, max_size=3).map(tuple)),
        st.builds(
            Like, st.sampled_from(FIELDS), st.sampled_from(["%", "a%", "_", "%b", "\\%", "[a]", "a*", "?", "%/_"])
        ),
        st.builds(Begins, st.sampled_from(FIELDS), st.sampled_from(TEXTS)),
        st.builds(Has, st.sampled_from([*FIELDS, "expires"])),
        st.builds(Matches, words),
    ),
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(Every, st.lists(inner, max_size=3).map(tuple)),
        st.builds(Some, st.lists(inner, max_size=3).map(tuple)),
    ),
    max_leaves=6,
)


class Both:
    """The same items in SQLite and in memory."""

    def __init__(self, path: Path) -> None:
        create_file(str(path))
        self.connection = migrate.open_current(str(path), "none")
        self.engine = create_engine("sqlite://", creator=lambda: self.connection, isolation_level="AUTOCOMMIT")
        self.memory = MemoryMetadata(HandClock())

    def put(self, item: Item, found_by: str) -> None:
        effect = PutItem(item, found_by)
        put_item(self.connection.cursor(), effect, 1)
        self.memory._state.apply([effect], 1)

    def clear(self) -> None:
        for item, _ in list(self.memory._state.items.since()):
            effect = RemoveItem(*item[:3])
            remove_item(self.connection.cursor(), effect, 1)
            self.memory._state.apply([effect], 1)

    def find(self, question: ItemQuestion) -> tuple[list[str], list[str]]:
        with self.engine.connect() as connection:
            stored = [packing.item_of(tuple(row)).id for row in connection.execute(items(question))]
        reports = asyncio.run(self.memory.reports())
        return stored, [item.id for item in asyncio.run(reports.item_page(question))]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Any:
    found = Both(tmp_path_factory.mktemp("filters") / "trug.db")
    yield found
    found.engine.dispose()
    found.connection.close()


def item(number: int, attributes: dict[str, Any], text: str, expires: int) -> tuple[Item, str]:
    document = msgspec.json.encode({"attributes": attributes}).decode()
    found_by = " ".join(words_of(f"{text} {attributes.get('a', '')}"))
    return Item("acc", "item", str(number), text, text, number, 0, expires, 1, document), found_by


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=rows, condition=conditions, sort=st.sampled_from(["id", "type", "created"]), descending=st.booleans())
def test_sql_and_memory_agree(both: Both, rows: Any, condition: Condition, sort: str, descending: bool) -> None:
    both.clear()
    for number, row in enumerate(rows):
        both.put(*item(number, *row))
    stored, remembered = both.find(ItemQuestion("acc", "item", condition, sort, descending))
    assert stored == remembered


def test_pages_go_on_behind_a_mark(both: Both) -> None:
    both.clear()
    for number in range(6):
        both.put(*item(number, {}, "ab"[number % 2], 0))
    for descending in (False, True):
        marks: list[str] = []
        after = None
        for _ in range(3):
            question = ItemQuestion("acc", "item", Every(()), "type", descending, after, 2)
            stored, remembered = both.find(question)
            assert stored == remembered
            marks += stored
            after = ("ab"[int(stored[-1]) % 2], stored[-1])
        assert sorted(marks) == [str(number) for number in range(6)]


def test_nothing_of_a_removed_item_is_found(both: Both) -> None:
    both.clear()
    both.put(*item(1, {"a": "needle"}, "x", 0))
    question = ItemQuestion("acc", "item", Matches(("needle",)))
    assert both.find(question) == (["1"], ["1"])
    both.put(*item(1, {"a": "other"}, "x", 0))
    assert both.find(question) == ([], [])
    both.clear()
    assert both.connection.execute("SELECT count(*) FROM item_words").fetchone() == (0,)
    with pytest.raises(sqlite3.Error):
        both.connection.execute("SELECT * FROM item_words WHERE item_words MATCH '\"'").fetchall()
