"""Lifecycle rules: which S3 stores, what they ask of a version or an upload, and when."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

import msgspec

from trug.domain.errors import ErrorCode, S3Error, invalid_argument
from trug.domain.frozen import frozen, replace
from trug.domain.restoration import ARCHIVED
from trug.domain.storage_classes import (
    ONEZONE_IA,
    STANDARD_IA,
    WATERFALL,
    depth_of,
    favour_of,
    may_go,
)

MOST_RULES = 1000
LONGEST_ID = 255
LONGEST_PREFIX = 1024
MOST_NEWER = 100
MOST_DAYS = 2**31 - 1
SECOND = 1_000_000
DAY = 86_400 * SECOND
SMALL = 128 << 10
"""Bytes below which objects stay where they are, unless a rule or the configuration says otherwise."""
ALL_128K = "all_storage_classes_128K"
BY_CLASS = "varies_by_storage_class"
MINIMUMS = (ALL_128K, BY_CLASS)
FEWEST_DAYS = {STANDARD_IA: 30, ONEZONE_IA: 30}
"""Days before which nothing may go to these classes."""


@frozen
class Filter:
    """To which objects a rule applies: to those that fit all that is given. ``larger`` and ``smaller`` in bytes, both
    exclusive; ``is_joined`` where it was written as an ``And``."""

    prefix: str | None = None
    tags: tuple[tuple[str, str], ...] = ()
    larger: int | None = None
    smaller: int | None = None
    is_joined: bool = False


@frozen
class Transition:
    """To which class objects go, after ``days`` or from ``date`` (µs) on."""

    storage_class: str
    days: int | None = None
    date: int | None = None


@frozen
class NoncurrentTransition:
    """To which class versions go that have been noncurrent for ``days``, but for the ``newer`` newest of them."""

    storage_class: str
    days: int
    newer: int | None = None


@frozen
class Rule:
    """One rule: ``prefix`` in the older form, else ``filter``; what is None it does not say."""

    id: str
    is_enabled: bool
    prefix: str | None = None
    filter: Filter | None = None
    days: int | None = None
    date: int | None = None
    expires_markers: bool | None = None
    noncurrent_days: int | None = None
    newer: int | None = None
    abort_days: int | None = None
    transitions: tuple[Transition, ...] = ()
    noncurrent_transitions: tuple[NoncurrentTransition, ...] = ()

    @property
    def selection(self) -> Filter:
        return self.filter or Filter(self.prefix)


@frozen
class Lifecycle:
    """A bucket's configuration: its rules, and what ``x-amz-transition-default-minimum-object-size`` says."""

    rules: tuple[Rule, ...]
    minimum: str = ALL_128K


def pack_lifecycle(lifecycle: Lifecycle) -> bytes:
    return msgspec.msgpack.encode(lifecycle)


@lru_cache(256)
def unpack_lifecycle(document: bytes) -> Lifecycle:
    return msgspec.msgpack.decode(document, type=Lifecycle)


def named(lifecycle: Lifecycle) -> Lifecycle:
    """With an id for each rule that has none."""
    rules = tuple(rule if rule.id else replace(rule, id=secrets.token_urlsafe(36)) for rule in lifecycle.rules)
    return replace(lifecycle, rules=rules)


# --- what S3 stores -------------------------------------------------------------------------------------------------


def check_lifecycle(lifecycle: Lifecycle) -> None:
    """What S3 refuses to store: InvalidArgument, InvalidRequest, MalformedXML ("PutBucketLifecycleConfiguration" and
    "Lifecycle configuration elements")."""
    if not 0 < len(lifecycle.rules) <= MOST_RULES:
        raise S3Error(ErrorCode.MalformedXML)
    if lifecycle.minimum not in MINIMUMS:
        raise invalid_argument("The default minimum object size is not one that S3 has.", "", lifecycle.minimum)
    ids = [rule.id for rule in lifecycle.rules if rule.id]
    if len(ids) > len(set(ids)):
        raise invalid_argument("Rule ID must be unique. Found same ID for more than one rule", "ID", _repeated(ids))
    for rule in lifecycle.rules:
        _check_rule(rule)


def _repeated(ids: Sequence[str]) -> str:
    return next(name for place, name in enumerate(ids) if name in ids[:place])


def _check_rule(rule: Rule) -> None:
    if len(rule.id) > LONGEST_ID:
        raise invalid_argument(f"ID length should not exceed allowed limit of {LONGEST_ID}", "ID", rule.id)
    if (rule.filter is None) == (rule.prefix is None):
        raise S3Error(ErrorCode.MalformedXML)
    _check_selection(rule)
    _check_expiration(rule)
    _check_noncurrent(rule)
    _check_transitions(rule)
    if rule.abort_days is not None:
        _at_least_one("DaysAfterInitiation", "AbortIncompleteMultipartUpload", rule.abort_days)
    if not any(_actions(rule)):
        raise _invalid("At least one action needs to be specified in a rule.")


def _actions(rule: Rule) -> Iterator[bool]:
    yield from (value is not None for value in (rule.days, rule.date, rule.expires_markers))
    yield from (value is not None for value in (rule.noncurrent_days, rule.abort_days))
    yield from (bool(rule.transitions), bool(rule.noncurrent_transitions))


def _check_selection(rule: Rule) -> None:
    chosen = rule.selection
    if len((chosen.prefix or "").encode()) > LONGEST_PREFIX:
        raise _invalid(f"The maximum size of a prefix is {LONGEST_PREFIX}.")
    if chosen.larger is not None and chosen.smaller is not None and chosen.smaller <= chosen.larger + 1:
        raise _invalid("'ObjectSizeLessThan' has to be a value greater than 'ObjectSizeGreaterThan'.")
    if chosen.smaller is not None and chosen.smaller < 1:
        raise _invalid("'ObjectSizeLessThan' must be a positive integer.")
    has_size = chosen.larger is not None or chosen.smaller is not None
    for name, is_asked in (
        ("AbortIncompleteMultipartUpload", rule.abort_days is not None),
        ("ExpiredObjectDeleteMarker", rule.expires_markers is not None),
    ):
        if is_asked and chosen.tags:
            raise _invalid(f"{name} cannot be specified with Tags.")
        if is_asked and has_size:
            raise _invalid(f"{name} cannot be specified with Object Size.")


def _check_expiration(rule: Rule) -> None:
    if sum(value is not None for value in (rule.days, rule.date, rule.expires_markers)) > 1:
        raise S3Error(ErrorCode.MalformedXML)
    if rule.days is not None:
        _at_least_one("Days", "Expiration", rule.days)
    _check_date(rule.date)


def _check_noncurrent(rule: Rule) -> None:
    if rule.newer is not None and rule.noncurrent_days is None:
        raise S3Error(ErrorCode.MalformedXML)
    if rule.noncurrent_days is not None:
        _at_least_one("NoncurrentDays", "NoncurrentVersionExpiration", rule.noncurrent_days)
    for newer in (rule.newer, *(transition.newer for transition in rule.noncurrent_transitions)):
        if newer is None:
            continue
        if rule.filter is None:
            raise _invalid("'NewerNoncurrentVersions' can only be specified in a rule with a Filter.")
        if not 1 <= newer <= MOST_NEWER:
            text = f"'NewerNoncurrentVersions' must be from 1 to {MOST_NEWER}."
            raise invalid_argument(text, "NewerNoncurrentVersions", str(newer))


def _check_date(date: int | None) -> None:
    if date is not None and date % DAY:
        raise invalid_argument("'Date' must be at midnight GMT", "Date", str(date))


def _at_least_one(name: str, action: str, days: int) -> None:
    if not 1 <= days <= MOST_DAYS:
        raise invalid_argument(f"'{name}' for {action} action must be a positive integer", name, str(days))


def _check_transitions(rule: Rule) -> None:
    place = f"for filter '(prefix={rule.selection.prefix or ''})'"
    bases = {transition.date is None for transition in rule.transitions}
    if rule.transitions and (rule.days is not None or rule.date is not None):
        bases.add(rule.date is None)
    if len(bases) > 1:
        raise _invalid(
            f"Found mixed 'Date' and 'Days' based Expiration and Transition actions in lifecycle rule {place}"
        )
    for transition in rule.transitions:
        _check_date(transition.date)
    _check_days("Transition", [(each.storage_class, each.days) for each in rule.transitions], place)
    noncurrent = [(each.storage_class, each.days) for each in rule.noncurrent_transitions]
    _check_days("NoncurrentVersionTransition", noncurrent, place)
    _check_order([(each.storage_class, each.days, each.date) for each in rule.transitions], place)
    _check_order([(each.storage_class, each.days, None) for each in rule.noncurrent_transitions], place)
    for days, last in (
        (rule.days, max((each.days or 0 for each in rule.transitions), default=None)),
        (rule.noncurrent_days, max((each.days for each in rule.noncurrent_transitions), default=None)),
        (rule.date, max((each.date or 0 for each in rule.transitions), default=None)),
    ):
        if days is not None and last is not None and days <= last:
            text = f"'Days' in the Expiration action {place} must be greater than 'Days' in the Transition action"
            raise invalid_argument(text, "Days", str(days))


def _check_days(action: str, steps: Iterable[tuple[str, int | None]], place: str) -> None:
    seen: set[str] = set()
    for storage_class, days in steps:
        if storage_class not in WATERFALL:
            raise S3Error(ErrorCode.MalformedXML)
        if storage_class in seen:
            raise _invalid(f"'StorageClass' must be different for '{action}' actions in same 'Rule' {place}")
        seen.add(storage_class)
        if days is None:
            continue
        fewest = FEWEST_DAYS.get(storage_class, 0)
        if not 0 <= days <= MOST_DAYS:
            raise invalid_argument(f"'Days' in {action} action must be nonnegative", "Days", str(days))
        if days < fewest:
            text = f"'Days' in {action} action must be greater than or equal to {fewest} for storageClass "
            raise invalid_argument(f"{text}'{storage_class}'", "Days", str(days))


def _check_order(steps: Iterable[tuple[str, int | None, int | None]], place: str) -> None:
    """Down the waterfall only, and at least 30 days in the classes that charge for so many."""
    ordered = sorted(steps, key=lambda step: depth_of(step[0]))
    for (above, days, date), (below, later_days, later_date) in itertools.pairwise(ordered):
        first = days if date is None else date // DAY
        second = later_days if later_date is None else later_date // DAY
        least = FEWEST_DAYS.get(above, 1)
        if first is not None and second is not None and second < first + least:
            text = f"'Days' in the Transition action with StorageClass '{below}' {place} must be {least} days more "
            raise invalid_argument(f"{text}than 'Days' in the one with StorageClass '{above}'", "Days", str(second))


def _invalid(message: str) -> S3Error:
    return S3Error(ErrorCode.InvalidRequest, message)


# --- when what is due -----------------------------------------------------------------------------------------------


class Act(Enum):
    """What may be due of a version or an upload. REMOVE is for good; EXPIRE is that of a current object, which leaves a
    delete marker where versioning is or was on."""

    TRANSITION = "Transition"
    EXPIRE = "Expiration"
    REMOVE = "NoncurrentVersionExpiration"
    REMOVE_MARKER = "ExpiredObjectDeleteMarker"
    ABORT = "AbortIncompleteMultipartUpload"


class Step(NamedTuple):
    """One thing that a rule asks for, ``at`` when (µs)."""

    at: int
    act: Act
    rule: str
    storage_class: str = ""


class Subject(NamedTuple):
    """A version as rules see it; times in µs.

    ``newer`` is how many noncurrent versions of its key are newer; ``is_alone`` of a delete marker says that it is
    all there is of its key. ``has_versions`` where versioning of its bucket is or was on.
    """

    key: str
    size: int
    modified: int
    storage_class: str
    tags: Mapping[str, str]
    marker: bool = False
    noncurrent_since: int | None = None
    newer: int = 0
    is_alone: bool = False
    has_versions: bool = False


def midnight(moment: int, day: int = DAY) -> int:
    """The first midnight UTC that is not before a moment (µs); days are ``day`` µs long."""
    return -(-moment // day) * day


def after_days(moment: int, days: int, day: int = DAY) -> int:
    """When ``days`` have passed since, rounded up to midnight UTC ("Lifecycle rules: based on an object's age")."""
    return midnight(moment + days * day, day)


def applies(rule: Rule, key: str, tags: Mapping[str, str], size: int) -> bool:
    """Whether an enabled rule's filter fits an object."""
    chosen = rule.selection
    return (
        rule.is_enabled
        and key.startswith(chosen.prefix or "")
        and (chosen.larger is None or size > chosen.larger)
        and (chosen.smaller is None or size < chosen.smaller)
        and all(tags.get(name) == value for name, value in chosen.tags)
    )


def steps_of(lifecycle: Lifecycle, subject: Subject, day: int = DAY) -> list[Step]:
    """All that the rules ask of a version, in any order."""
    rules = [rule for rule in lifecycle.rules if applies(rule, subject.key, subject.tags, subject.size)]
    if subject.noncurrent_since is not None:
        steps = [step for rule in rules for step in _noncurrent_steps(lifecycle, rule, subject, day)]
    elif subject.marker:
        steps = [step for rule in rules for step in _marker_steps(rule, subject, day)]
    else:
        steps = [step for rule in rules for step in _current_steps(lifecycle, rule, subject, day)]
    transitions = [step for step in steps if step.act is Act.TRANSITION]
    return [step for step in steps if step.act is not Act.TRANSITION or _is_chosen(step, transitions, subject)]


def _is_chosen(step: Step, transitions: Sequence[Step], subject: Subject) -> bool:
    """Whether a transition is one that may be made, and no other of its day is favoured."""
    if not may_go(subject.storage_class, step.storage_class):
        return False
    favour = favour_of(step.storage_class)
    return not any(other.at == step.at and favour_of(other.storage_class) > favour for other in transitions)


def _current_steps(lifecycle: Lifecycle, rule: Rule, subject: Subject, day: int) -> Iterator[Step]:
    at = _when(rule.days, rule.date, subject.modified, day)
    if at is not None:
        yield Step(at, Act.EXPIRE, rule.id)
    for transition in rule.transitions:
        at = _when(transition.days, transition.date, subject.modified, day)
        if at is not None and _goes(lifecycle, rule, subject, transition.storage_class):
            yield Step(at, Act.TRANSITION, rule.id, transition.storage_class)


def _noncurrent_steps(lifecycle: Lifecycle, rule: Rule, subject: Subject, day: int) -> Iterator[Step]:
    since = subject.noncurrent_since or 0
    if rule.noncurrent_days is not None and subject.newer >= (rule.newer or 0):
        yield Step(after_days(since, rule.noncurrent_days, day), Act.REMOVE, rule.id)
    for transition in () if subject.marker else rule.noncurrent_transitions:
        goes = subject.newer >= (transition.newer or 0) and _goes(lifecycle, rule, subject, transition.storage_class)
        if goes:
            at = after_days(since, transition.days, day)
            yield Step(at, Act.TRANSITION, rule.id, transition.storage_class)


def _marker_steps(rule: Rule, subject: Subject, day: int) -> Iterator[Step]:
    """A marker that is alone goes at once where a rule says so, and as an object would where one expires objects
    ("ExpiredObjectDeleteMarker")."""
    if not subject.is_alone:
        return
    if rule.expires_markers:
        yield Step(midnight(subject.modified, day), Act.REMOVE_MARKER, rule.id)
    at = _when(rule.days, rule.date, subject.modified, day)
    if at is not None:
        yield Step(at, Act.REMOVE_MARKER, rule.id)


def _when(days: int | None, date: int | None, since: int, day: int) -> int | None:
    return date if days is None else after_days(since, days, day)


def _goes(lifecycle: Lifecycle, rule: Rule, subject: Subject, storage_class: str) -> bool:
    """Whether it is large enough to go there, where the rule does not speak of sizes itself."""
    chosen = rule.selection
    if subject.size >= SMALL or chosen.larger is not None or chosen.smaller is not None:
        return True
    return lifecycle.minimum == BY_CLASS and storage_class in ARCHIVED


def next_step(steps: Sequence[Step], now: int, *, has_versions: bool) -> Step | None:
    """What is to be done of these: the first that will be due, and of those that are due now the one that goes before
    the others; None of none.

    For good before transitions, those before delete markers, the cheaper class before the dearer ("Conflicting
    lifecycle actions").
    """
    due = [step for step in steps if step.at <= now]
    if not due:
        return min(steps, key=lambda step: step.at, default=None)
    return min(due, key=lambda step: (_rank(step, has_versions=has_versions), _disfavour(step), step.at))


def _disfavour(step: Step) -> int:
    return -favour_of(step.storage_class) if step.act is Act.TRANSITION else 0


def _rank(step: Step, *, has_versions: bool) -> int:
    if step.act is Act.TRANSITION:
        return 1
    return 2 if step.act is Act.EXPIRE and has_versions else 0


def abort_step(lifecycle: Lifecycle, key: str, initiated: int, day: int = DAY) -> Step | None:
    """When which rule gives an upload up that began at ``initiated`` (µs)."""
    steps = [
        Step(after_days(initiated, rule.abort_days, day), Act.ABORT, rule.id)
        for rule in lifecycle.rules
        if rule.abort_days is not None and rule.is_enabled and key.startswith(rule.selection.prefix or "")
    ]
    return min(steps, key=lambda step: step.at, default=None)


def expiry_of(lifecycle: Lifecycle, subject: Subject, day: int = DAY) -> Step | None:
    """When which rule expires a current object, as ``x-amz-expiration`` tells."""
    steps = [step for step in steps_of(lifecycle, subject, day) if step.act is Act.EXPIRE]
    return min(steps, key=lambda step: step.at, default=None)
