"""What policies come to for one caller, one action and one bucket, worked out before the key and the request are known.

A plan is the evaluator's answer as far as that can be given beforehand: of the rows it would look at, those of other
buckets are gone, conditions and variables that hang on the caller alone are decided; at the rest the evaluator looks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from trug.access.actions import Action
from trug.access.callers import caller_of
from trug.access.conditions import Condition, Test
from trug.access.evaluate import ANY, KEPT_BY_ROOT, Sources, first_fitting, ruling_of
from trug.access.patterns import Patterns, Piece, Values, patterns, resolved, variables_of
from trug.access.resources import RESOURCES, Level, arn_of
from trug.access.settled import is_settled, settled_value
from trug.access.statements import BOUNDED, DENY, DIRECT, Policy, Row, Statement
from trug.domain.frozen import frozen
from trug.domain.identity import Identity
from trug.ports.rows import Bucket
from trug.ports.stores import MetadataStore

Group = tuple[Row, ...]
"""Rows of which one must fit."""
Way = tuple[Group, ...]
"""Groups that must all be fit for something to be allowed."""


@frozen
class Plan:
    """For whom and for which bucket it is, and what remains to be asked.

    What fits a row of ``denies`` is denied; of the rest is allowed what fits each group of one of the ``ways``. Keys
    that begin with none of ``guarded`` fit no deny, and for those that begin with one of ``sure`` there is a way.
    ``head`` is what stands before the key in an ARN, all of it where ``has_keys`` is False: an action on the bucket.
    """

    identity: Identity
    bucket: Bucket
    head: str
    has_keys: bool
    denies: Group
    ways: tuple[Way, ...]
    guarded: tuple[str, ...]
    sure: tuple[str, ...]

    def allows(self, key: str | None, values: Values) -> bool:
        """As ``evaluate.decide`` says of the key and a request with these values."""
        name = key if key and self.has_keys else ""
        if name.startswith(self.guarded) and first_fitting(self.denies, self.head + name, values) is not None:
            return False
        if name.startswith(self.sure):
            return True
        resource = self.head + name
        return any(all(first_fitting(group, resource, values) for group in way) for way in self.ways)


Place = tuple[int, Action, int]
"""Where an identity is in memory, an action, and the id of a bucket."""

MOST = 4096
"""Plans of a process, a kilobyte each."""


class Plans:
    """The plans that were made since anything that processes cache has changed.

    To make one takes as long as to decide twenty times: it is worth it for who asks again. Where more ask than there is
    room for, all are forgotten now and then, and no plan is made that would not be kept.
    """

    def __init__(self, metadata: MetadataStore, most: int = MOST) -> None:
        self._metadata = metadata
        self._most = most
        self._kept: dict[Place, Plan] = {}
        self._asked: set[Place] = set()
        self._generation = -1
        self._passed = 0

    def known(self, identity: Identity, action: Action, bucket: Bucket) -> Plan | None:
        """The plan for this very identity and row, as they are in memory: so that it is found by a number."""
        plan = self._kept.get((id(identity), action, bucket.id))
        if plan is None or plan.bucket is not bucket or self._metadata.generation != self._generation:
            return None
        return plan if plan.identity is identity else None

    def wants(self, identity: Identity, action: Action, bucket: Bucket) -> bool:
        """Whether to make a plan: for who asked before, and where there is room."""
        generation = self._metadata.generation
        if generation != self._generation or self._passed >= self._most:
            self._forget(generation)
        place = (id(identity), action, bucket.id)
        if place in self._asked:
            has_room = len(self._kept) < self._most
            self._passed += not has_room
            return has_room
        if len(self._asked) >= self._most * 4:
            self._asked.clear()
        self._asked.add(place)
        return False

    def keep(self, generation: int, action: Action, plan: Plan) -> None:
        """Keep what was made of what was read since this ``generation`` of the store was seen: none of one in which a
        change is under way."""
        if generation == self._generation and not generation & 1:
            self._kept[id(plan.identity), action, plan.bucket.id] = plan

    def _forget(self, generation: int) -> None:
        self._kept.clear()
        self._asked.clear()
        self._generation, self._passed = generation, 0


def plan_of(identity: Identity, action: Action, bucket: Bucket, sources: Sources) -> Plan:
    """The plan for a caller, an action and a bucket, where ``sources`` have a say."""
    return _Planning(identity, action, bucket).plan(sources)


class _Planning:
    """The making of one plan."""

    def __init__(self, identity: Identity, action: Action, bucket: Bucket) -> None:
        self._identity = identity
        self._action = action
        self._bucket = bucket
        self._has_keys = RESOURCES[action].level is Level.OBJECT
        self._head = arn_of(action, bucket.name, None)
        self._caller = caller_of(identity)

    def plan(self, sources: Sources) -> Plan:
        resource = [] if sources.resource is None else self._rows([sources.resource])
        own = self._rows(sources.policies)
        limits = [self._rows(policies) for policies in _limits(sources)]
        denies, ways = self._decided(resource, own, limits, is_at_home=sources.is_same_account)
        return Plan(
            self._identity,
            self._bucket,
            self._head,
            self._has_keys,
            denies,
            ways,
            tuple({head for row in denies for head in self._heads(row)}),
            tuple({prefix for way in ways for prefix in self._sure(way)}),
        )

    def _decided(
        self, resource: Sequence[Row], own: Sequence[Row], limits: Sequence[Sequence[Row]], *, is_at_home: bool
    ) -> tuple[Group, tuple[Way, ...]]:
        """What denies and what allows, as ``evaluate.decide`` has it."""
        caller = self._caller
        if caller.is_root and is_at_home and self._action in KEPT_BY_ROOT:
            return (), ((),)
        denies = tuple(row for rows in (resource, own, *limits) for row in rows if row.verdict.effect is DENY)
        if any(map(_is_certain, denies)):
            return denies, ()
        within = [_allowing(rows) for rows in limits]
        named = _allowing(resource)
        ways: list[list[Group]] = []
        if is_at_home:
            ways.append([tuple(row for row in named if row.standing is DIRECT)])
        if is_at_home or not caller.is_known:
            ways.append([*within, tuple(row for row in named if row.standing >= BOUNDED)])
        ways.append([*within, *([] if is_at_home else [named]), *([] if caller.is_root else [_allowing(own)])])
        return denies, tuple(way for way in map(_left, ways) if all(way))

    # --- what is left of a row ---

    def _rows(self, policies: Iterable[Policy]) -> list[Row]:
        rulings = (ruling_of(policy, self._action, self._caller) for policy in policies)
        reduced = (self._reduced(row) for ruling in rulings for row in ruling.rows)
        return [row for row in reduced if row is not None]

    def _reduced(self, row: Row) -> Row | None:
        """The row with all decided that can be; None of one that nothing of this caller's in the bucket fits."""
        statement = row.verdict.statement
        assert statement is not None  # noqa: S101 - a row is made of one
        left = list[Condition]()
        for condition in statement.conditions:
            if not self._is_settled(condition.needs):
                left.append(condition)
            elif not condition.test(self._value):
                return None
        test = _test_of(left)
        if statement.resources is None:
            return row._replace(test=test)
        return self._reaching(row._replace(test=test), statement, self._filled(statement.resources))

    def _reaching(self, row: Row, statement: Statement, resources: Patterns) -> Row | None:
        """The row, of the resources in this bucket alone."""
        is_negated = statement.excepts_resources
        reached = self._reach(resources)
        if reached is None:
            reaches = None if resources.is_plain and not is_negated else partial(_reaches, resources, is_negated)
            texts = frozenset(text for text in resources.texts if text.startswith(self._head))
            prefixes = tuple(prefix for prefix in resources.prefixes if prefix.startswith(self._head))
            return row._replace(texts=texts, prefixes=prefixes, reaches=reaches)
        if reached is is_negated:
            return None
        return row._replace(texts=frozenset[str](), prefixes=ANY, reaches=None)

    def _reach(self, resources: Patterns) -> bool | None:
        """Whether patterns are fit by all that is asked for, or by nothing of it; None: by some."""
        head = self._head
        if head.startswith(resources.prefixes):
            return True
        if not any(each.startswith(head) or head.startswith(each) for each in resources.heads):
            return False
        return None if self._has_keys or resources.templates else resources.match(head, self._value)

    def _filled(self, resources: Patterns) -> Patterns:
        """With the variables that are settled filled in."""
        settled, others = list[tuple[Piece, ...]](), list[tuple[Piece, ...]]()
        for template in resources.templates:
            (settled if self._is_settled(variables_of(template)) else others).append(template)
        if not settled:
            return resources
        filled = patterns(known for known in (resolved(each, self._value) for each in settled) if known is not None)
        return Patterns(
            resources.texts | filled.texts,
            resources.prefixes + filled.prefixes,
            resources.others + filled.others,
            tuple(others),
            resources.heads,
        )

    def _is_settled(self, keys: Iterable[str]) -> bool:
        return all(is_settled(key, self._action) for key in keys)

    def _value(self, key: str) -> tuple[str, ...] | None:
        return settled_value(key, self._identity, self._bucket)

    # --- keys of which less need be asked ---

    def _heads(self, row: Row) -> Iterable[str]:
        """What the keys begin with that a row may mean."""
        statement = row.verdict.statement
        if row.reaches is None:
            return map(self._key_of, (*row.texts, *row.prefixes))
        if statement is None or statement.resources is None or statement.excepts_resources:
            return ANY
        return map(self._key_of, statement.resources.heads)

    def _key_of(self, text: str) -> str:
        return text[len(self._head) :] if text.startswith(self._head) else ""

    def _sure(self, way: Way) -> Iterator[str]:
        """What keys begin with that need nothing else for a way."""
        if not way:
            yield ""
        if len(way) == 1:
            for row in way[0]:
                if row.test is None and row.reaches is None:
                    yield from map(self._key_of, row.prefixes)


def _limits(sources: Sources) -> list[Sequence[Policy]]:
    boundary = [] if sources.boundary is None else [[sources.boundary]]
    return [*boundary, sources.session] if sources.session else [*boundary]


def _allowing(rows: Iterable[Row]) -> Group:
    return tuple(row for row in rows if row.verdict.effect is not DENY)


def _left(way: Iterable[Group]) -> Way:
    """Without the groups that are fit whatever is asked."""
    return tuple(group for group in way if not any(map(_is_certain, group)))


def _is_certain(row: Row) -> bool:
    return row.prefixes == ANY and row.reaches is None and row.test is None


def _test_of(conditions: Sequence[Condition]) -> Test | None:
    if not conditions:
        return None
    return conditions[0].test if len(conditions) == 1 else partial(_all_hold, tuple(conditions))


def _all_hold(conditions: Sequence[Condition], values: Values) -> bool:
    return all(condition.test(values) for condition in conditions)


def _reaches(resources: Patterns, is_negated: bool, resource: str, values: Values) -> bool:  # noqa: FBT001 - bound
    return resources.match(resource, values) is not is_negated
