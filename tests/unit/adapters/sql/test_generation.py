"""The generation's word, and the write lock."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from trug.adapters.sql.generation import Word
from trug.adapters.sql.lock import WriteLock


def test_a_word_is_seen_by_all_who_open_it(tmp_path: Path) -> None:
    one, two = (Word(str(tmp_path / "generation")) for _ in range(2))
    assert one.value == two.value == 0
    one.show(5, moving=True)
    assert two.value == 11
    two.show(6)
    assert one.value == 12
    one.close()
    two.close()
    again = Word(str(tmp_path / "generation"))
    assert again.value == 12
    again.close()
    again.close()


def test_a_lock_is_closed_once(tmp_path: Path) -> None:
    lock = WriteLock(str(tmp_path / "write"))
    lock.close()
    others = [os.open(tmp_path / "write", os.O_RDONLY) for _ in range(4)]
    lock.close()
    for descriptor in others:
        os.close(descriptor)


def test_the_write_lock_is_held_by_one(tmp_path: Path) -> None:
    one, two = (WriteLock(str(tmp_path / "write")) for _ in range(2))
    taken = threading.Event()

    def take() -> None:
        with two:
            taken.set()

    with one:
        thread = threading.Thread(target=take)
        thread.start()
        assert not taken.wait(0.05)
    thread.join(30)
    assert taken.is_set()
    assert (one.waited, two.waited > 0) == (0, True)
    one.close()
    two.close()
