"""The rules that always hold: named filters, defined here alone, composed by name into every list and search."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from trug.domain.filters import Condition, Every, Fields, Kind, Scalar, bound, parse_filter
from trug.domain.item_fields import OF_RULES as OF_ITEM_RULES
from trug.domain.object_fields import OF_OBJECTS

OF_RULES: Fields = {**OF_OBJECTS, **OF_ITEM_RULES, "bucket": Kind.TEXT, "version": Kind.TEXT}


class Rule(NamedTuple):
    """A filter that lists are composed of. No request can leave out one that ``protects``."""

    name: str
    filter: str
    protects: bool
    says: str

    @property
    def condition(self) -> Condition:
        return parse_filter(self.filter, OF_RULES, with_variables=True)


RULES: Mapping[str, Rule] = {
    rule.name: rule
    for rule in (
        Rule("of-bucket", "bucket = $bucket", True, "objects of the bucket that is searched"),
        Rule("current", "version = 'current'", True, "the current version of a key, and no delete marker"),
        Rule("listable", "prefix = $prefix", True, "keys that the caller may list"),
        Rule("own-account", "account = $account", True, "what the caller's account has"),
        Rule("own", "owner = $caller", True, "what the caller owns, who may not list what others own"),
        Rule("not-expired", "not has expires or expires > $now", False, "what has not expired"),
    )
}


def ruled(names: Iterable[str], asked: Condition, variables: Mapping[str, Scalar]) -> Condition:
    """What the rules of these names and the condition asked for say together, with the values of variables."""
    return bound(Every((*(RULES[name].condition for name in names), asked)), variables)
