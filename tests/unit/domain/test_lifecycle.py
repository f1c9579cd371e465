"""domain/lifecycle.py: which rules are stored, what they apply to, when what is due, what goes before what."""

from __future__ import annotations

from typing import Any

import pytest

from trug.domain.errors import S3Error
from trug.domain.frozen import replace
from trug.domain.lifecycle import (
    ALL_128K,
    BY_CLASS,
    DAY,
    Act,
    Filter,
    Lifecycle,
    NoncurrentTransition,
    Rule,
    Subject,
    Transition,
    abort_step,
    after_days,
    applies,
    check_lifecycle,
    expiry_of,
    midnight,
    named,
    next_step,
    pack_lifecycle,
    steps_of,
    unpack_lifecycle,
)
from trug.domain.storage_classes import may_go

TODAY = 19_675 * DAY
NOON = TODAY + DAY // 2
LARGE = 1 << 20
ALL = Filter()
IA = Transition("STANDARD_IA", 30)
TAGGED = Filter(tags=(("a", "b"),))


def rule(**given: Any) -> Rule:
    return Rule(**{"id": "rule", "is_enabled": True, "filter": ALL} | given)


def of(*rules: Rule, minimum: str = ALL_128K) -> Lifecycle:
    return Lifecycle(rules, minimum)


def subject(**given: Any) -> Subject:
    return Subject(
        **{"key": "logs/a", "size": LARGE, "modified": NOON, "storage_class": "STANDARD", "tags": {}} | given
    )


GOOD = {
    "days": rule(days=1),
    "date": rule(date=TODAY),
    "old form": rule(filter=None, prefix="", days=1),
    "marker": rule(expires_markers=True),
    "marker false": rule(expires_markers=False),
    "noncurrent": rule(noncurrent_days=1, newer=100),
    "abort": rule(abort_days=1),
    "sizes": rule(filter=Filter(larger=0, smaller=2), days=1),
    "at once to glacier": rule(transitions=(Transition("GLACIER", 0),), days=1),
    "down the waterfall": rule(transitions=(IA, Transition("GLACIER", 60), Transition("DEEP_ARCHIVE", 150)), days=151),
    "by date": rule(transitions=(Transition("GLACIER", date=TODAY),), date=TODAY + DAY),
    "noncurrent transition": rule(noncurrent_transitions=(NoncurrentTransition("STANDARD_IA", 30, 5),)),
    "long id": rule(id="x" * 255, days=1),
    "tags": rule(filter=TAGGED, days=1, noncurrent_days=1),
}


@pytest.mark.parametrize("good", GOOD.values(), ids=GOOD)
def test_stored(good: Rule) -> None:
    lifecycle = of(good)
    check_lifecycle(lifecycle)
    assert unpack_lifecycle(pack_lifecycle(lifecycle)) == lifecycle


BAD = {
    "nothing": (rule(), "InvalidRequest"),
    "both forms": (rule(prefix="a", days=1), "MalformedXML"),
    "no form": (rule(filter=None, days=1), "MalformedXML"),
    "no day": (rule(days=0), "InvalidArgument"),
    "negative": (rule(days=-1), "InvalidArgument"),
    "two expirations": (rule(days=1, date=TODAY), "MalformedXML"),
    "days and marker": (rule(days=1, expires_markers=True), "MalformedXML"),
    "noon": (rule(date=NOON), "InvalidArgument"),
    "marker by tags": (rule(filter=TAGGED, expires_markers=True), "InvalidRequest"),
    "abort by tags": (rule(filter=TAGGED, abort_days=1), "InvalidRequest"),
    "abort by size": (rule(filter=Filter(larger=1), abort_days=1), "InvalidRequest"),
    "no abort day": (rule(abort_days=0), "InvalidArgument"),
    "no noncurrent day": (rule(noncurrent_days=0), "InvalidArgument"),
    "newer alone": (rule(newer=1, days=1), "MalformedXML"),
    "newer 0": (rule(noncurrent_days=1, newer=0), "InvalidArgument"),
    "newer 101": (rule(noncurrent_days=1, newer=101), "InvalidArgument"),
    "newer in the old form": (rule(filter=None, prefix="", noncurrent_days=1, newer=1), "InvalidRequest"),
    "sizes": (rule(filter=Filter(larger=5, smaller=5), days=1), "InvalidRequest"),
    "no such class": (rule(transitions=(Transition("STANDARD", 30),)), "MalformedXML"),
    "class twice": (rule(transitions=(IA, Transition("STANDARD_IA", 40))), "InvalidRequest"),
    "too early": (rule(transitions=(Transition("ONEZONE_IA", 29),)), "InvalidArgument"),
    "upwards": (rule(transitions=(Transition("GLACIER", 30), Transition("STANDARD_IA", 60))), "InvalidArgument"),
    "too soon after": (rule(transitions=(IA, Transition("GLACIER", 59))), "InvalidArgument"),
    "gone before": (rule(transitions=(IA,), days=30), "InvalidArgument"),
    "date and days": (rule(transitions=(Transition("GLACIER", date=TODAY),), days=30), "InvalidRequest"),
    "noncurrent gone before": (
        rule(noncurrent_transitions=(NoncurrentTransition("GLACIER", 5),), noncurrent_days=5),
        "InvalidArgument",
    ),
    "long id": (rule(id="x" * 256, days=1), "InvalidArgument"),
    "long prefix": (rule(filter=Filter(prefix="x" * 1025), days=1), "InvalidRequest"),
}


@pytest.mark.parametrize(("bad", "code"), BAD.values(), ids=BAD)
def test_not_stored(bad: Rule, code: str) -> None:
    with pytest.raises(S3Error) as refused:
        check_lifecycle(of(bad))
    assert refused.value.code.name == code


def test_how_many() -> None:
    rules = [rule(id=str(number), days=1) for number in range(1000)]
    check_lifecycle(of(*rules))
    for lifecycle, code in (
        (of(), "MalformedXML"),
        (of(*rules, rule(days=1)), "MalformedXML"),
        (of(rules[0], rules[0]), "InvalidArgument"),
        (of(rules[0], minimum="none"), "InvalidArgument"),
    ):
        with pytest.raises(S3Error) as refused:
            check_lifecycle(lifecycle)
        assert refused.value.code.name == code


def test_ids_are_made_where_there_are_none() -> None:
    made = named(of(rule(id="", days=1), rule(id="", days=2), rule(days=3))).rules
    assert len({each.id for each in made}) == 3
    assert made[2].id == "rule"
    assert len(made[0].id) == 48


@pytest.mark.parametrize(
    ("moment", "days", "at"),
    [
        (TODAY, 1, TODAY + DAY),
        (TODAY + 1, 1, TODAY + 2 * DAY),
        (NOON, 3, TODAY + 4 * DAY),
        (NOON, 0, TODAY + DAY),
        (TODAY - 1, 0, TODAY),
    ],
)
def test_days_end_at_midnight(moment: int, days: int, at: int) -> None:
    assert after_days(moment, days) == at


def test_days_of_ten_seconds() -> None:
    assert after_days(NOON + 1, 2, 10_000_000) == NOON + 30_000_000
    assert midnight(NOON, 10_000_000) == NOON


@pytest.mark.parametrize(
    ("chosen", "fits"),
    [
        (Filter(), True),
        (Filter(prefix=""), True),
        (Filter(prefix="logs/"), True),
        (Filter(prefix="log/"), False),
        (Filter(tags=(("a", "1"),)), True),
        (Filter(tags=(("a", "1"), ("b", "2"))), True),
        (Filter(tags=(("a", "1"), ("c", "3"))), False),
        (Filter(tags=(("a", "2"),)), False),
        (Filter(larger=9, smaller=11), True),
        (Filter(larger=10), False),
        (Filter(smaller=10), False),
        (Filter(prefix="logs/", tags=(("a", "1"),), larger=0), True),
    ],
)
def test_what_a_filter_fits(chosen: Filter, fits: bool) -> None:
    tags = {"a": "1", "b": "2"}
    assert applies(rule(filter=chosen), "logs/x", tags, 10) is fits
    assert not applies(rule(filter=chosen, is_enabled=False), "logs/x", tags, 10)


def chosen(lifecycle: Lifecycle, what: Subject, now: int) -> tuple[Act, str, str] | None:
    step = next_step(steps_of(lifecycle, what), now, has_versions=what.has_versions)
    return None if step is None or step.at > now else (step.act, step.rule, step.storage_class)


YEAR = NOON + 365 * DAY
PRECEDENCE: dict[str, tuple[Lifecycle, Subject, tuple[Act, str, str] | None]] = {
    "the shorter expiration": (
        of(rule(id="long", days=9), rule(id="short", days=3)),
        subject(),
        (Act.EXPIRE, "short", ""),
    ),
    "deletion before transition": (
        of(rule(id="go", transitions=(IA,)), rule(id="die", days=60)),
        subject(),
        (Act.EXPIRE, "die", ""),
    ),
    "transition before a marker": (
        of(rule(id="go", transitions=(IA,)), rule(id="die", days=60)),
        subject(has_versions=True),
        (Act.TRANSITION, "go", "STANDARD_IA"),
    ),
    "then the marker": (
        of(rule(id="go", transitions=(IA,)), rule(id="die", days=60)),
        subject(has_versions=True, storage_class="STANDARD_IA"),
        (Act.EXPIRE, "die", ""),
    ),
    "the cheaper class": (
        of(rule(id="a", transitions=(IA,)), rule(id="b", transitions=(Transition("GLACIER", 30),))),
        subject(),
        (Act.TRANSITION, "b", "GLACIER"),
    ),
    "tiering is favoured": (
        of(
            rule(id="a", transitions=(Transition("ONEZONE_IA", 30),)),
            rule(id="b", transitions=(Transition("INTELLIGENT_TIERING", 30),)),
        ),
        subject(),
        (Act.TRANSITION, "b", "INTELLIGENT_TIERING"),
    ),
    "and stays so": (
        of(
            rule(id="a", transitions=(Transition("ONEZONE_IA", 30),)),
            rule(id="b", transitions=(Transition("INTELLIGENT_TIERING", 30),)),
        ),
        subject(storage_class="INTELLIGENT_TIERING"),
        None,
    ),
    "never upwards": (of(rule(transitions=(IA,))), subject(storage_class="GLACIER_IR"), None),
    "small ones stay": (of(rule(transitions=(IA,))), subject(size=1000), None),
    "but for a rule on sizes": (
        of(rule(filter=Filter(larger=1), transitions=(IA,))),
        subject(size=1000),
        (Act.TRANSITION, "rule", "STANDARD_IA"),
    ),
    "by class: not there": (of(rule(transitions=(IA,)), minimum=BY_CLASS), subject(size=1000), None),
    "by class: there": (
        of(rule(transitions=(Transition("GLACIER", 1),)), minimum=BY_CLASS),
        subject(size=1000),
        (Act.TRANSITION, "rule", "GLACIER"),
    ),
    "a date that is over": (of(rule(date=TODAY)), subject(modified=YEAR - DAY), (Act.EXPIRE, "rule", "")),
    "a noncurrent version": (of(rule(days=1)), subject(noncurrent_since=NOON), None),
    "goes by its own days": (
        of(rule(noncurrent_days=3)),
        subject(noncurrent_since=NOON),
        (Act.REMOVE, "rule", ""),
    ),
    "among the newest": (of(rule(noncurrent_days=3, newer=2)), subject(noncurrent_since=NOON, newer=1), None),
    "behind them": (
        of(rule(noncurrent_days=3, newer=2)),
        subject(noncurrent_since=NOON, newer=2),
        (Act.REMOVE, "rule", ""),
    ),
    "noncurrent deletion before transition": (
        of(rule(id="go", noncurrent_transitions=(NoncurrentTransition("GLACIER", 1),)), rule(noncurrent_days=9)),
        subject(noncurrent_since=NOON),
        (Act.REMOVE, "rule", ""),
    ),
    "noncurrent transition": (
        of(rule(id="go", noncurrent_transitions=(NoncurrentTransition("GLACIER", 1),))),
        subject(noncurrent_since=NOON),
        (Act.TRANSITION, "go", "GLACIER"),
    ),
    "a marker with company": (of(rule(expires_markers=True)), subject(size=0, marker=True), None),
    "a marker alone": (
        of(rule(expires_markers=True)),
        subject(size=0, marker=True, is_alone=True),
        (Act.REMOVE_MARKER, "rule", ""),
    ),
    "a marker alone, of age": (
        of(rule(days=9)),
        subject(size=0, marker=True, is_alone=True),
        (Act.REMOVE_MARKER, "rule", ""),
    ),
    "markers have no tags": (of(rule(filter=TAGGED, days=9)), subject(size=0, marker=True, is_alone=True), None),
    "a noncurrent marker": (
        of(rule(noncurrent_days=9)),
        subject(size=0, marker=True, noncurrent_since=NOON),
        (Act.REMOVE, "rule", ""),
    ),
}


@pytest.mark.parametrize(("lifecycle", "what", "expected"), PRECEDENCE.values(), ids=PRECEDENCE)
def test_what_is_done(lifecycle: Lifecycle, what: Subject, expected: tuple[Act, str, str] | None) -> None:
    assert chosen(lifecycle, what, YEAR) == expected


def test_nothing_is_due_before_its_midnight() -> None:
    lifecycle = of(rule(days=2))
    steps = steps_of(lifecycle, subject())
    at = TODAY + 3 * DAY
    assert chosen(lifecycle, subject(), at - 1) is None
    assert next_step(steps, at - 1, has_versions=False) == steps[0]
    assert chosen(lifecycle, subject(), at) == (Act.EXPIRE, "rule", "")


def test_uploads() -> None:
    lifecycle = of(rule(id="a", abort_days=7), rule(id="b", filter=Filter(prefix="logs/"), abort_days=2))
    step = abort_step(lifecycle, "logs/a", NOON)
    assert step is not None
    assert (step.at, step.rule) == (TODAY + 3 * DAY, "b")
    assert abort_step(of(rule(days=1)), "logs/a", NOON) is None
    assert abort_step(of(replace(lifecycle.rules[0], is_enabled=False)), "logs/a", NOON) is None


def test_what_headers_tell() -> None:
    lifecycle = of(rule(id="go", transitions=(IA,)), rule(id="die", days=60), rule(id="never", days=90))
    step = expiry_of(lifecycle, subject())
    assert step is not None
    assert (step.at, step.rule) == (TODAY + 61 * DAY, "die")
    assert expiry_of(of(rule(transitions=(IA,))), subject()) is None


def test_classes() -> None:
    assert may_go("STANDARD", "DEEP_ARCHIVE")
    assert not may_go("ONEZONE_IA", "GLACIER_IR")
    assert not may_go("DEEP_ARCHIVE", "GLACIER")
