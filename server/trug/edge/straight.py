"""The straight line: tells who asks, answers plain reads and begins plain writes, where none of it needs waiting."""

from __future__ import annotations

from typing import Any

from trug.access.authority import is_plain_owner
from trug.auth.authenticate import Authenticator
from trug.auth.authentication import Authentication
from trug.edge.control import ACCOUNT_ID
from trug.edge.health import RESERVED
from trug.edge.incoming import IS_FRAMED, Head, Intake, holds_control
from trug.edge.logged import NOTICED
from trug.engine.engine import Engine
from trug.operations.operation import AtHand, Operation, Pending, Submitting
from trug.operations.table import OperationTable
from trug.wire.reply import Reply
from trug.wire.request import Rule, WholeBody

LOOKED_AT = frozenset({"origin", "x-amz-expected-bucket-owner", ACCOUNT_ID})
IS_BARE = Rule(lambda names: LOOKED_AT.isdisjoint(names) and not IS_FRAMED.judge(names))
"""Of requests without a body whose headers ask nothing of the gateway itself."""


Found = tuple[Authentication | None, Operation[Any] | None, Reply | Pending | None]
"""What there is of an answer: who asks, None where that is not known yet, and what he is answered by which operation,
None where the long way has to be gone."""

NOTHING: Found = (None, None, None)


class Straight:
    """Looks for an answer to a request that is like those before it.

    Whatever is not as most requests have it ends here with None, and ``Gateway.respond`` goes the long way from the
    beginning: only there anything is refused. A GET of 4 KiB takes 64,000 instructions less on this one (of 224,000),
    since nothing is made that only others need: no coroutines, no WireRequest, no body, no Call.
    """

    def __init__(self, *, table: OperationTable, authenticator: Authenticator, engine: Engine, intake: Intake) -> None:
        self._operations = table.at_hand
        self._recognise = authenticator.recognise
        self._engine = engine
        self._intake = intake

    def find(self, head: Head, body: WholeBody, received: int) -> Found:
        """``received`` in µs since 1970."""
        if not self._intake.is_as_it_came(head):
            return NOTHING
        headers, path = head.headers, head.path or ""
        caller = self._recognise(head.method, path, head.query, headers, received)
        if caller is None:
            return NOTHING
        operation = self._operations.get(head.method)
        at_hand = None if operation is None else operation.at_hand
        if at_hand is None:
            return caller, None, None
        facts, is_read = headers.shape.facts, type(at_hand) is AtHand
        if not facts[at_hand.fits] or not (facts[IS_BARE] if is_read else may_be_stored(head)):
            return caller, None, None
        target = self._intake.target(path, headers)
        name, key = target.bucket, target.key
        if name is None or key is None or name in RESERVED or target.is_website or target.is_accelerated:
            return caller, None, None
        bucket = self._engine.buckets.known(name)
        if bucket is None or bucket.configured & NOTICED or not is_plain_owner(caller.identity, bucket):
            return caller, None, None
        if isinstance(at_hand, Submitting):
            return caller, operation, at_hand.begin(self._engine, bucket, key, headers, body, caller.payload)
        return caller, operation, at_hand.answer(self._engine, bucket, key)


def may_be_stored(head: Head) -> bool:
    """Whether a head, whose headers have known names, each once, is one that writes may have."""
    return head.version != "0.9" and not holds_control(head.headers)
